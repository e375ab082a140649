"use strict";
// Responses, and what they are checked against.

const { inspect } = require("node:util");
const { options, whole, wrong } = require("./arguments.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { content, fieldsOf, joinedLines, own } = require("./message.cjs");

/** Whoever holds this has something of the native half in hand. */
const MADE = Symbol("made");

class Sent {
  #native;

  constructor(made, sent) {
    if (made !== MADE) throw wrong("Sent", "what Signer.send returns; it is not made by hand");
    this.#native = sent;
  }

  get headers() {
    return fieldsOf(settled(this.#native.headers()));
  }

  check(response) {
    const { status, headers, body } = parts(response);
    return new VerifiedResponse(MADE, settled(this.#native.check(status, headers, body)).split("\n"));
  }

  clock(response, given) {
    const { status, headers, body } = parts(response);
    const roundTrip = whole("roundTripMs", options(given, ["roundTripMs"]).roundTripMs);
    const [now, signAnew] = JSON.parse(settled(this.#native.clock(status, headers, body, roundTrip)));
    return { now, signAnew };
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return "<Sent>";
  }
}

class VerifiedResponse {
  #lines;

  constructor(made, lines) {
    if (made !== MADE) throw wrong("VerifiedResponse", "what Sent.check returns; it is not made by hand");
    this.#lines = lines;
  }

  get keyId() {
    return this.#lines[0];
  }

  get status() {
    return Number(this.#lines[1]);
  }

  get created() {
    return Number(this.#lines[2]);
  }

  toJSON() {
    const { keyId, status, created } = this;
    return { keyId, status, created };
  }
}

/** Status, field lines and content of a response. */
function parts(response) {
  const status = whole("status", own(response, "status", "response"));
  return { status, headers: joinedLines(own(response, "headers", "response")), body: content(response) };
}

/** What the native half keeps of a request that was sent. */
function sentBy(answer) {
  return new Sent(MADE, settled(answer));
}

module.exports = { Sent, VerifiedResponse, sentBy };
