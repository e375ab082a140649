"use strict";
// Content that follows its request in pieces.

const { wrong } = require("./arguments.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { piece } = require("./message.cjs");
const { accepted, waiting } = require("./waiting.cjs");

/** Whoever holds this has the native half of some content in hand. */
const BEGUN = Symbol("begun");

class Content {
  #native;
  #verifier;

  constructor(begun, made, verifier) {
    if (begun !== BEGUN) throw wrong("Content", "what beginContent returns; it is not made by hand");
    this.#native = made;
    this.#verifier = verifier;
  }

  update(bytes) {
    settled(this.#native.update(piece(bytes)));
  }

  finish() {
    return waiting(this.#native.finish());
  }

  verify() {
    const begun = settled(this.#native.finish());
    return accepted(this.#verifier.settle(begun), begun);
  }

  async verifyAsync() {
    const begun = settled(this.#native.finish());
    return accepted(await settled(this.#verifier.settleAsync(begun)), begun);
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }
}

/** The content that the native half waits for. */
function contentOf(answer, verifier) {
  return new Content(BEGUN, settled(answer), verifier);
}

module.exports = { Content, contentOf };
