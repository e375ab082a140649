"use strict";
// What is proven of a token beyond that it is genuine: that it may still act, and that it grants.

const { inspect } = require("node:util");
const { wrong } = require("./arguments.cjs");
const { held } = require("./token_verified.cjs");

/** Whoever holds this has an answer of the native half in hand. */
const PROVEN = Symbol("proven");
/** What a decision that a token may act ends in, and no other outcome does: see `Ended` in `src/waiting.rs`. */
const LIVE = "\u0003";

let tokenWithin;

/** A token, and something that was proven of it. */
class Rights {
  #token;

  constructor(proof, token) {
    if (proof !== PROVEN) throw wrong(new.target.name, "what proves it; it is not made by hand");
    this.#token = token;
  }

  get token() {
    return this.#token;
  }

  toJSON() {
    return this.#token.toJSON();
  }

  [inspect.custom]() {
    return `<${this.constructor.name} by ${this.#token.keyId} until ${this.#token.expires}>`;
  }

  static {
    tokenWithin = (value) => (typeof value === "object" && value !== null && #token in value ? value.#token : value);
  }
}

class LiveToken extends Rights {}

class Authorized extends Rights {
  #authenticated;

  constructor(proof, token, authenticated) {
    super(proof, token);
    this.#authenticated = authenticated;
  }

  get authenticated() {
    return this.#authenticated;
  }
}

class AdmittedJob extends Rights {
  #rule;
  #until;

  constructor(proof, token, rule, until) {
    super(proof, token);
    this.#rule = rule;
    this.#until = until;
  }

  get rule() {
    return this.#rule;
  }

  get until() {
    return this.#until;
  }
}

/** That a rule admits this token, which is over then. */
function admittedJob(token, rule, until) {
  return new AdmittedJob(PROVEN, token, rule, until);
}

/** That this token may act. */
function live(token) {
  return new LiveToken(PROVEN, token);
}

/** That this token grants, and when its bearer authenticated. */
function authorized(token, authenticated) {
  return new Authorized(PROVEN, token, authenticated);
}

/** The token that this is, or the one in a further proof; and its native half, as of an instant. */
function tokenIn(value, at) {
  const token = tokenWithin(value);
  const found = held(token, at);
  if (found === undefined) throw wrong("token", "VerifiedToken, LiveToken, Authorized or AdmittedJob");
  return { token, held: found };
}

module.exports = { AdmittedJob, Authorized, LIVE, LiveToken, admittedJob, authorized, live, tokenIn };
