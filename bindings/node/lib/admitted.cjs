"use strict";
// Someone who is within a limit.

const { wrong } = require("./arguments.cjs");
const { pairs } = require("./errors.cjs");

/** Whoever holds this has what the native half said of someone in hand. */
const ADMITTED = Symbol("admitted");
/** What such a text begins with, and no proof does. */
const MARK = "\u0001";

class Admitted {
  #lines;

  /** Only a limit makes one. */
  constructor(admitted, lines) {
    if (admitted !== ADMITTED) throw wrong("Admitted", "what a limit decides; it is not made by hand");
    this.#lines = lines;
  }

  get left() {
    return this.#lines[0] === "" ? null : Number(this.#lines[0]);
  }

  get steppedAside() {
    return this.#lines[1] !== "";
  }

  get headers() {
    return Object.fromEntries(pairs(this.#lines.slice(2)));
  }

  toJSON() {
    const { left, steppedAside } = this;
    return { left, steppedAside };
  }
}

/** Whether this text is about someone who is within a limit. */
function isAdmission(text) {
  return text.startsWith(MARK);
}

/** Who these lines are about. */
function admitted(text) {
  return new Admitted(ADMITTED, text.slice(MARK.length).split("\n"));
}

module.exports = { Admitted, admitted, isAdmission };
