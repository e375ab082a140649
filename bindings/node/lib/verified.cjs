"use strict";
// The proof that a request was accepted.

const { inspect } = require("node:util");
const { options, text, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { ArgumentError, pairs, settled } = require("./errors.cjs");
const { content, fieldsOf } = require("./message.cjs");

/** Whoever holds this has a proof of the native half in hand. */
const PROOF = Symbol("proof");

class Verified {
  #lines;
  #text;
  #decision;

  /** Only a verifier makes one. */
  constructor(proof, lines, decision) {
    if (proof !== PROOF) throw wrong("Verified", "what a verifier returns; it is not made by hand");
    this.#text = lines;
    this.#decision = decision;
  }

  get keyId() {
    return this.#line(0);
  }

  get scope() {
    return this.#line(1);
  }

  get created() {
    return Number(this.#line(2));
  }

  get expires() {
    return Number(this.#line(3));
  }

  get nonce() {
    return new Uint8Array(Buffer.from(this.#line(4), "hex"));
  }

  get event() {
    return this.#line(5);
  }

  get covered() {
    this.#line(0);
    return pairs(this.#lines.slice(6));
  }

  component(name) {
    text("name", name);
    const found = this.covered.find(([known]) => known === name);
    return found === undefined ? null : found[1];
  }

  signResponse(status, body, given) {
    // A native object costs more than the whole verification, so it is made for those who ask.
    if (this.#decision === undefined) throw new ArgumentError("binding_answers_unasked");
    const parts = options(given, ["now"]);
    const answered = content({ body });
    return fieldsOf(settled(this.#decision.signResponse(whole("status", status), answered, now(parts.now))));
  }

  toJSON() {
    const { keyId, scope, created, expires } = this;
    return { keyId, scope, created, expires };
  }

  [inspect.custom]() {
    return `<Verified ${this.keyId}>`;
  }

  /** The text is taken apart when something is asked. */
  #line(number) {
    this.#lines ??= this.#text.split("\n");
    return this.#lines[number];
  }
}

/** The proof of these lines; it can sign responses if it has the decision that it came from. */
function proven(lines, decision) {
  return new Verified(PROOF, lines, decision);
}

module.exports = { Verified, proven };
