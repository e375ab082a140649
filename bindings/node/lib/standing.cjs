"use strict";
// Whether a genuine token may still act.

const { flag, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { at, now } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { tokenIn } = require("./token_rights.cjs");
const { waiting } = require("./waiting.cjs");

const MEMBERS = ["anySubject", "withAccessKey", "cacheSeconds", "cachePlaces"];

let isStanding;

class Standing {
  #native;

  constructor(tenant, given) {
    const parts = options(given, MEMBERS);
    const members = {
      anySubject: maybe(flag, "anySubject", parts.anySubject, false),
      withAccessKey: maybe(flag, "withAccessKey", parts.withAccessKey, false),
      cacheSeconds: maybe(whole, "cacheSeconds", parts.cacheSeconds),
      cachePlaces: maybe(whole, "cachePlaces", parts.cachePlaces),
    };
    this.#native = settled(native.Standing.create(text("tenant", tenant), members));
  }

  begin(value, given) {
    const moment = at(given);
    const { token, held } = tokenIn(value, moment);
    return waiting(this.#native.begin(held, moment), token);
  }

  versionOf(subject, given) {
    return waiting(this.#native.versionOf(text("subject", subject), at(given)));
  }

  register(subject, given) {
    return waiting(this.#native.register(text("subject", subject), at(given)));
  }

  bump(subject, given) {
    return waiting(this.#native.bump(text("subject", subject), at(given)));
  }

  disable(subject, given) {
    return waiting(this.#native.disable(text("subject", subject), at(given)));
  }

  enable(subject, given) {
    return waiting(this.#native.enable(text("subject", subject), at(given)));
  }

  deny(id, given) {
    const parts = options(given, ["expires", "now"]);
    return waiting(this.#native.deny(text("id", id), whole("expires", parts.expires), now(parts.now)));
  }

  registerKey(accessKey, subject, given) {
    return waiting(this.#native.registerKey(text("accessKey", accessKey), text("subject", subject), at(given)));
  }

  disableKey(accessKey, given) {
    return waiting(this.#native.disableKey(text("accessKey", accessKey), at(given)));
  }

  static {
    isStanding = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** The standing that this is, for a setting called `name`. */
function standing(name, value) {
  if (!isStanding(value)) throw wrong(name, "Standing");
  return value;
}

module.exports = { Standing, standing };
