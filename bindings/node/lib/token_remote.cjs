"use strict";
// Verifying tokens of an issuer of others, whose keys are fetched.

const { maybe, options, text, whole } = require("./arguments.cjs");
const { ArgumentError } = require("./errors.cjs");
const { FETCHING, RemoteKeys } = require("./remote_keys.cjs");
const { nativeTokenPolicy } = require("./token_mint.cjs");
const { TokenVerifier } = require("./token_verify.cjs");

let isRemoteVerifier;

class RemoteVerifier {
  #policy;
  #keys;
  #cache;
  #verifier;
  #generation = 0;

  constructor(policy, fetcher, given) {
    const parts = options(given, ["cache", ...FETCHING]);
    nativeTokenPolicy(policy);
    this.#policy = policy;
    this.#keys = new RemoteKeys(fetcher, parts, policy.issuer);
    this.#cache = maybe(whole, "cache", parts.cache);
  }

  get issuer() {
    return this.#policy.issuer;
  }

  async verify(token, given) {
    const shown = options(given, ["certificate", "key"]);
    return this.#keys.judged(text("token", token), (keys, at) => this.#with(keys).verify(token, { ...shown, ...at }));
  }

  async follow(given) {
    return this.#keys.follow(given);
  }

  close() {
    this.#keys.close();
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  #with(keys) {
    const { generation } = this.#keys;
    if (this.#verifier === undefined) this.#verifier = new TokenVerifier(this.#policy, keys, { cache: this.#cache });
    else if (generation !== this.#generation) this.#verifier.replaceKeys(keys);
    this.#generation = generation;
    return this.#verifier;
  }

  static {
    isRemoteVerifier = (value) => typeof value === "object" && value !== null && #keys in value;
  }
}

/** Whether this is such a verifier. */
function isRemote(value) {
  return isRemoteVerifier(value);
}

module.exports = { RemoteVerifier, isRemote };
