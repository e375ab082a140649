"use strict";
// A message that was received.

const { wrong } = require("./arguments.cjs");

/** Whoever holds this has what the native half said of a message in hand. */
const RECEIVED = Symbol("received");
/** What such a text begins with, and no other outcome does. */
const MARK = "\u0002";

class Received {
  #lines;

  /** Only a receiver makes one. */
  constructor(proof, lines) {
    if (proof !== RECEIVED) throw wrong("Received", "what a receiver returns; it is not made by hand");
    this.#lines = lines;
  }

  get endpoint() {
    return this.#lines[0];
  }

  get id() {
    return this.#lines[1];
  }

  get created() {
    return Number(this.#lines[2]);
  }

  get event() {
    return this.#lines[3];
  }

  toJSON() {
    const { endpoint, id, created } = this;
    return { endpoint, id, created };
  }
}

/** Whether this text is about a message that was received. */
function isReceipt(text) {
  return text.startsWith(MARK);
}

/** The message that these lines are about. */
function received(text) {
  return new Received(RECEIVED, text.slice(MARK.length).split("\n"));
}

module.exports = { Received, isReceipt, received };
