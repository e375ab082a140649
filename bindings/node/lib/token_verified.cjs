"use strict";
// The proof that a token is genuine. It may be kept and given to many, so it does not change.

const { inspect } = require("node:util");
const { callable, wrong } = require("./arguments.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has a proof of the native half in hand. */
const PROOF = Symbol("proof");
/** How many digits at the end say where the payload begins: see `TokenProof` in `src/token_verify.rs`. */
const DIGITS = 4;

let heldIn;
let holdsAt;

class VerifiedToken {
  #text;
  /** The native half of it, or what gives that. */
  #half;
  #lines;
  #claims;

  /** Only a verifier makes one. */
  constructor(proof, text, half) {
    if (proof !== PROOF) throw wrong("VerifiedToken", "what a verifier returns; it is not made by hand");
    this.#text = text;
    this.#half = half;
    Object.freeze(this);
  }

  get keyId() {
    return this.#line(9);
  }

  get issued() {
    return this.#number(10);
  }

  get begins() {
    return this.#number(11);
  }

  get expires() {
    return this.#number(0);
  }

  get boundBy() {
    return this.#line(12) || null;
  }

  get userVer() {
    return this.#number(5);
  }

  get generation() {
    return this.#number(6);
  }

  get subject() {
    return this.#said(1);
  }

  get id() {
    return this.#said(2);
  }

  get session() {
    return this.#said(3);
  }

  get accessKey() {
    return this.#said(4);
  }

  get payload() {
    return this.#text.slice(this.#head(), -DIGITS);
  }

  get claims() {
    this.#claims ??= frozen(JSON.parse(this.payload));
    return this.#claims;
  }

  read(parse) {
    callable("parse", parse);
    const claims = this.claims;
    try {
      const read = parse(claims);
      // A promise says nothing yet, so whoever waits for none would let everybody in.
      if (typeof read?.then !== "function") return read;
      read.then(undefined, () => undefined);
    } catch {
      // What it says of the claims is the peer's, and not for an error of ours.
      return settled(native.TokenVerifier.claimsUnfit());
    }
    throw wrong("parse", "function that answers at once, not with a promise");
  }

  toJSON() {
    const { keyId, id, issued, begins, expires } = this;
    return { keyId, id, issued, begins, expires };
  }

  [inspect.custom]() {
    return `<VerifiedToken by ${this.keyId} until ${this.expires}>`;
  }

  /** A line that is a number becomes one when it is asked for. */
  #number(at) {
    const line = this.#line(at);
    if (typeof line !== "string") return line;
    this.#lines[at] = line === "" ? null : Number(line);
    return this.#lines[at];
  }

  /** A text of the issuer's, as it was before it was put on one line; no such claim is empty. */
  #said(at) {
    const line = this.#line(at);
    if (!line.includes("\\")) return line || null;
    return line.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
  }

  /** The text is taken apart when something is asked. */
  #line(at) {
    this.#lines ??= [];
    this.#lines[at] ??= lineOf(this.#text, at);
    return this.#lines[at];
  }

  #head() {
    return Number(this.#text.slice(-DIGITS));
  }

  static {
    heldIn = (value, at) => {
      if (typeof value !== "object" || value === null || !(#half in value)) return undefined;
      if (typeof value.#half === "function") value.#half = settled(value.#half(at));
      return value.#half;
    };
    holdsAt = (verified, moment) => moment >= verified.#number(7) && moment < verified.#number(8);
  }
}

/** One of the lines; for the first few that costs less than to take all of them apart. */
function lineOf(text, at) {
  let from = 0;
  for (let before = 0; before < at; before += 1) from = text.indexOf("\n", from) + 1;
  return text.slice(from, text.indexOf("\n", from));
}

/** The same object, which nobody can change any more. Its depth has a limit that the native half kept. */
function frozen(value) {
  for (const member of Object.values(value)) if (typeof member === "object" && member !== null) frozen(member);
  return Object.freeze(value);
}

/** Whether a proof that was kept is in time. */
function holds(verified, moment) {
  return holdsAt(verified, moment);
}

/**
 * The native half of a proof, for other rooms; undefined for what is no proof. A text costs less than a native object, so it is
 * obtained when it is asked for: of a verifier whose keys were replaced meanwhile, which may refuse.
 */
function held(value, at) {
  return heldIn(value, at);
}

/** The proof of this text, and its native half, or what gives that when it is asked for. */
function tokenOf(text, half) {
  return new VerifiedToken(PROOF, text, half);
}

module.exports = { VerifiedToken, held, holds, tokenOf };
