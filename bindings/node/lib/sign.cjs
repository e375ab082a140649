"use strict";
// Signing.

const { inspect } = require("node:util");
const { maybe, options, whole } = require("./arguments.cjs");
const { now, seed } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { nativeKey } = require("./keys.cjs");
const { content, fieldsOf, joined } = require("./message.cjs");
const native = require("./native.cjs");
const { nativeProfile } = require("./policy.cjs");
const { sentBy } = require("./response.cjs");

let isSigner;

class Signer {
  #native;

  constructor(key, given) {
    const parts = options(given, ["profile", "lifeSeconds"]);
    const profile = maybe(nativeProfile, "profile", parts.profile);
    const life = maybe(whole, "lifeSeconds", parts.lifeSeconds);
    this.#native = settled(native.Signer.create(nativeKey("key", key), profile, life));
  }

  get keyId() {
    return settled(this.#native.keyId());
  }

  sign(request, given) {
    const parts = options(given, ["now", "seed"]);
    const signed = this.#native.sign(joined(request), content(request), now(parts.now), seed(parts.seed, 16));
    return fieldsOf(settled(signed));
  }

  send(request, given) {
    const parts = options(given, ["now", "seed"]);
    return sentBy(this.#native.send(joined(request), content(request), now(parts.now), seed(parts.seed, 16)));
  }

  explain(request, given) {
    const parts = options(given, ["now", "seed"]);
    return settled(this.#native.explain(joined(request), content(request), now(parts.now), seed(parts.seed, 16)));
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<Signer ${this.keyId}>`;
  }

  static {
    isSigner = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

module.exports = { Signer, isSigner };
