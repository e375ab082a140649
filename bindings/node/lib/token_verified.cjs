"use strict";
// The proof that a token is genuine. It may be kept and given to many, so it does not change.

const { inspect } = require("node:util");
const { callable, wrong } = require("./arguments.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has a proof of the native half in hand. */
const PROOF = Symbol("proof");
/** How many lines stand before the payload: see `TokenProof` in `src/token_verify.rs`. */
const LINES = 13;

let heldIn;
let holdsAt;

class VerifiedToken {
  #from;
  #until;
  #text;
  /** What verified it, and what it verified. */
  #verifier;
  #token;
  #moment;
  #shown;
  #held;
  #lines;
  #claims;

  /** Only a verifier makes one. */
  constructor(proof, text, verifier, token, moment, shown) {
    if (proof !== PROOF) throw wrong("VerifiedToken", "what a verifier returns; it is not made by hand");
    const [from, until] = text.split("\n", 2);
    this.#from = Number(from);
    this.#until = Number(until);
    this.#text = text;
    this.#verifier = verifier;
    this.#token = token;
    this.#moment = moment;
    this.#shown = shown;
    Object.freeze(this);
  }

  get keyId() {
    return this.#line(2);
  }

  get issued() {
    return Number(this.#line(3));
  }

  get begins() {
    return Number(this.#line(4));
  }

  get expires() {
    return Number(this.#line(5));
  }

  get boundBy() {
    return this.#maybe(6);
  }

  get userVer() {
    return this.#number(7);
  }

  get generation() {
    return this.#number(8);
  }

  get subject() {
    return this.#said(9);
  }

  get id() {
    return this.#said(10);
  }

  get session() {
    return this.#said(11);
  }

  get accessKey() {
    return this.#said(12);
  }

  get payload() {
    return this.#line(LINES);
  }

  get claims() {
    this.#claims ??= frozen(JSON.parse(this.payload));
    return this.#claims;
  }

  read(parse) {
    callable("parse", parse);
    const claims = this.claims;
    try {
      return parse(claims);
    } catch {
      // What it says of the claims is the peer's, and not for an error of ours.
      return settled(native.TokenVerifier.claimsUnfit());
    }
  }

  toJSON() {
    const { keyId, id, issued, begins, expires } = this;
    return { keyId, id, issued, begins, expires };
  }

  [inspect.custom]() {
    return `<VerifiedToken by ${this.keyId} until ${this.expires}>`;
  }

  #number(at) {
    const line = this.#line(at);
    return line === "" ? null : Number(line);
  }

  #maybe(at) {
    return this.#line(at) || null;
  }

  /** A text of the issuer's, as it was before it was put on one line; no such claim is empty. */
  #said(at) {
    const line = this.#line(at);
    if (!line.includes("\\")) return line || null;
    return line.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
  }

  /** The text is taken apart when something is asked. */
  #line(at) {
    this.#lines ??= taken(this.#text);
    return this.#lines[at];
  }

  #hold() {
    const { certificate, key } = this.#shown ?? {};
    return settled(this.#verifier.hold(this.#token, certificate, key, this.#moment));
  }

  static {
    heldIn = (value) => {
      if (typeof value !== "object" || value === null || !(#held in value)) return undefined;
      value.#held ??= value.#hold();
      return value.#held;
    };
    holdsAt = (verified, moment) => moment >= verified.#from && moment < verified.#until;
  }
}

/** The lines, and after them the payload. */
function taken(text) {
  const lines = text.split("\n", LINES);
  const before = lines.reduce((sum, line) => sum + line.length + 1, 0);
  return [...lines, text.slice(before)];
}

/** The same value, which nobody can change any more. Its depth has a limit that the native half kept. */
function frozen(value) {
  if (typeof value !== "object" || value === null) return value;
  for (const name of Object.keys(value)) frozen(value[name]);
  return Object.freeze(value);
}

/** Whether a proof that was kept is in time. */
function holds(verified, moment) {
  return holdsAt(verified, moment);
}

/**
 * The native half of a proof, for other rooms; undefined for what is no proof. Texts cost less than a native object, so it is
 * obtained when it is asked for: of a verifier whose keys were replaced meanwhile, which may refuse.
 */
function held(value) {
  return heldIn(value);
}

/** The proof of these lines, by which `verifier` has found `token` genuine at `moment`, for the keys that were `shown`. */
function tokenOf(text, verifier, token, moment, shown) {
  return new VerifiedToken(PROOF, text, verifier, token, moment, shown);
}

module.exports = { VerifiedToken, held, holds, tokenOf };
