"use strict";
// Keys at rest.

const { bytes, maybe, options, text, whole } = require("./arguments.cjs");
const { now, seed } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { waiting } = require("./waiting.cjs");

class KeyVault {
  #native;

  constructor(secret) {
    this.#native = settled(native.KeyVault.create(bytes("secret", secret)));
  }

  load(id) {
    return waiting(this.#native.load(text("id", id)));
  }

  save(id, secret, given) {
    const parts = options(given, ["since", "until", "scope", "seed"]);
    const members = stored(parts);
    return waiting(this.#native.save(text("id", id), bytes("secret", secret), members, seed(parts.seed, 12)));
  }

  rotate(old, id, secret, given) {
    const parts = options(given, ["oldUntil", "since", "until", "scope", "seed"]);
    const members = stored(parts);
    const over = whole("oldUntil", parts.oldUntil);
    return waiting(
      this.#native.rotate(
        text("old", old),
        over,
        text("id", id),
        bytes("secret", secret),
        members,
        seed(parts.seed, 12),
      ),
    );
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }
}

function endKey(id, until) {
  return waiting(native.KeyVault.endKey(text("id", id), whole("until", until)));
}

function revokeKey(id, given) {
  return waiting(native.KeyVault.revokeKey(text("id", id), now(options(given, ["now"]).now)));
}

/** The members of a new record: it begins now unless it is said when. */
function stored(parts) {
  return {
    since: maybe(whole, "since", parts.since, Date.now()),
    until: maybe(whole, "until", parts.until),
    scope: maybe(text, "scope", parts.scope, ""),
    revoked: false,
  };
}

module.exports = { KeyVault, endKey, revokeKey };
