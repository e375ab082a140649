"use strict";
// What a token must grant.

const { flag, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { authorized, tokenIn } = require("./token_rights.cjs");

const MEMBERS = ["any", "maxAgeSeconds", "methods", "levels", "grantedBy", "rootGrants"];

let isRequirement;

class Requirement {
  #native;

  constructor(permissions, given) {
    const parts = options(given, MEMBERS);
    const members = {
      any: maybe(flag, "any", parts.any, false),
      maxAgeSeconds: maybe(whole, "maxAgeSeconds", parts.maxAgeSeconds),
      methods: maybe(texts, "methods", parts.methods, []),
      levels: maybe(texts, "levels", parts.levels, []),
      grantedBy: maybe(text, "grantedBy", parts.grantedBy),
      rootGrants: maybe(flag, "rootGrants", parts.rootGrants, false),
    };
    this.#native = settled(native.Requirement.create(texts("permissions", permissions), members));
  }

  check(value, given) {
    const parts = options(given, ["proof", "now"]);
    const [proof, moment] = [maybe(fresh, "proof", parts.proof), now(parts.now)];
    const { token, held } = tokenIn(value, moment);
    return authorized(token, settled(this.#native.check(held, proof, moment)));
  }

  get permissions() {
    return settled(this.#native.permissions()).split("\n").slice(0, -1);
  }

  static {
    isRequirement = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** An authentication that was seen just now. */
function fresh(_, value) {
  const { session, subject, method, at } = options(value, ["session", "subject", "method", "at"]);
  return {
    session: text("session", session),
    subject: text("subject", subject),
    method: text("method", method),
    at: whole("at", at),
  };
}

/** The requirement that this is, for a setting called `name`. */
function requirement(name, value) {
  if (!isRequirement(value)) throw wrong(name, "Requirement");
  return value;
}

module.exports = { Requirement, requirement };
