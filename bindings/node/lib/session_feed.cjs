"use strict";
// What verifiers of access tokens know of sessions that have ended.

const { options, whole } = require("./arguments.cjs");
const { at } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { waiting } = require("./waiting.cjs");

class SessionFeed {
  #native;
  #trustedForSeconds;

  constructor(given) {
    const parts = options(given, ["trustedForSeconds"]);
    this.#trustedForSeconds = whole("trustedForSeconds", parts.trustedForSeconds);
    this.#native = settled(native.SessionFeed.create(this.#trustedForSeconds));
  }

  get trustedForSeconds() {
    return this.#trustedForSeconds;
  }

  read(given) {
    return waiting(this.#native.read(at(given)));
  }
}

module.exports = { SessionFeed };
