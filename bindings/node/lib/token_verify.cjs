"use strict";
// Verifying tokens.

const { inspect } = require("node:util");
const { MAX_ITEMS, bytes, fault, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { joinedValues } = require("./message.cjs");
const native = require("./native.cjs");
const { nativeTokenKeys } = require("./token_keys.cjs");
const { nativeTokenPolicy } = require("./token_mint.cjs");
const { nativeTokenRing } = require("./token_ring.cjs");
const { holds, tokenOf } = require("./token_verified.cjs");

let heldBy;
let isTokenVerifier;

class TokenVerifier {
  #native;
  /** Proofs by their tokens. There is a new map for each set of keys, so that nothing of the old ones gets into it. */
  #kept = new Map();
  #most;
  /** Which keys of a ring the map is for; verifiers without a ring are told of other keys. */
  #generation;

  constructor(policy, keys, given) {
    const most = maybe(whole, "cache", options(given, ["cache"]).cache, USUAL);
    if (most < 0 || most > MAX_ITEMS) throw fault("binding_argument_range", `cache: 0 to ${MAX_ITEMS}`);
    this.#most = most;
    const ring = nativeTokenRing(keys);
    if (ring === undefined) {
      this.#native = settled(native.TokenVerifier.create(nativeTokenPolicy(policy), nativeTokenKeys(keys)));
      return;
    }
    this.#native = settled(native.TokenVerifier.ofRing(nativeTokenPolicy(policy), ring));
    this.#generation = NONE;
  }

  verify(token, given) {
    if (given === undefined) return this.#verify(token, Date.now(), false);
    return this.#shown(token, given, false);
  }

  explain(token, given) {
    const parts = options(given, ["certificate", "key", "now"]);
    const certificate = maybe(bytes, "certificate", parts.certificate);
    const key = maybe(bytes, "key", parts.key);
    return settled(this.#native.explain(text("token", token), certificate, key, now(parts.now)));
  }

  replaceKeys(keys) {
    settled(this.#native.replaceKeys(nativeTokenKeys(keys)));
    this.#kept = new Map();
  }

  get keyIds() {
    return settled(this.#native.keyIds()).split("\n").slice(0, -1);
  }

  get issuer() {
    return settled(this.#native.issuer());
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<TokenVerifier of ${this.keyIds.length} keys>`;
  }

  #shown(token, given, isHeld) {
    const parts = options(given, ["certificate", "key", "now"]);
    const moment = now(parts.now);
    const certificate = maybe(bytes, "certificate", parts.certificate);
    const key = maybe(bytes, "key", parts.key);
    if (certificate === undefined && key === undefined) return this.#verify(token, moment, isHeld);
    const shown = [certificate?.slice(), key?.slice()];
    const half = (at) => this.#native.hold(token, ...shown, this.#at(moment, at));
    if (isHeld) return provenBy(settled(half(moment)));
    return tokenOf(settled(this.#native.verifyBound(text("token", token), certificate, key, moment)), half);
  }

  /** The proof that was kept, while it holds by the clock; whatever else there is to say about a token, the native half says. */
  #verify(token, moment, isHeld) {
    if (this.#generation !== undefined) this.#follow(moment);
    const kept = this.#kept;
    const found = kept.get(token);
    if (found !== undefined && holds(found, moment)) return found;
    const verified = isHeld ? this.#hold(text("token", token), moment) : this.#proven(text("token", token), moment);
    if (this.#most > 0) {
      // One that is full begins anew: nothing in it is missed but for time.
      if (kept.size >= this.#most) kept.clear();
      kept.set(token, verified);
    }
    return verified;
  }

  /** Forgets the proofs of other keys than the ring has now. */
  #follow(moment) {
    const generation = settled(this.#native.generation(moment));
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#kept = new Map();
  }

  #proven(token, moment) {
    const half = (at) => this.#native.hold(token, null, null, this.#at(moment, at));
    return tokenOf(settled(this.#native.verify(token, moment)), half);
  }

  /** When a native half is made: with the keys of a ring then, which was read since the token was verified at `moment`. */
  #at(moment, at) {
    return this.#generation === undefined ? moment : at;
  }

  #hold(token, moment) {
    return provenBy(settled(this.#native.hold(token, null, null, moment)));
  }

  static {
    heldBy = (verifier, token, given) => verifier.#shown(token, given, true);
    isTokenVerifier = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** The token of the `Authorization` field of these field lines. */
function bearer(headers, given) {
  const moment = now(options(given, ["now"]).now);
  return settled(native.TokenVerifier.bearer(joinedValues(headers, "authorization"), moment));
}

/** The proof of this native half. */
function provenBy(half) {
  return tokenOf(settled(half.told()), half);
}

/** As `verifier.verify(token, given)`, for whoever asks other rooms about the token next: it is verified once for both. */
function verifyHeld(verifier, token, given) {
  return heldBy(verifier, token, given);
}

/** What stands in a token, verified or not, as text for people. */
function inspectToken(token) {
  return settled(native.TokenVerifier.inspect(text("token", token)));
}

/** The verifier that this is. */
function tokenVerifierOf(value) {
  if (!isTokenVerifier(value)) throw wrong("verifier", "TokenVerifier");
  return value;
}

/** No keys yet. */
const NONE = -1;
/** How many proofs are kept, unless it is said. */
const USUAL = 1_024;

module.exports = { TokenVerifier, bearer, inspectToken, tokenVerifierOf, verifyHeld };
