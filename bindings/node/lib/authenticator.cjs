"use strict";
// Verifying as a service does: keys that come from a store, decisions on a store of its own, and each one reported.

const { types } = require("node:util");
const { callable, maybe, options, wrong } = require("./arguments.cjs");
const { CountersealError } = require("./errors.cjs");
const { fields } = require("./limit.cjs");
const { limiter } = require("./limiter.cjs");
const { isVerifier } = require("./verify.cjs");

let isAuthenticator;

class Authenticator {
  #verifier;
  #settings;
  /** The loads of keys that are under way, by id. */
  #loads = new Map();

  constructor(verifier, given) {
    if (!isVerifier(verifier)) throw wrong("verifier", "Verifier");
    this.#verifier = verifier;
    const parts = options(given, [...SETTINGS, ...LIMITS]);
    const settings = SETTINGS.map((name) => [name, maybe(callable, name, parts[name])]);
    const limits = LIMITS.map((name) => [name, maybe(limiter, name, parts[name])]);
    this.#settings = { __proto__: null, ...Object.fromEntries([...settings, ...limits]) };
  }

  get bodyLimitBytes() {
    return this.#verifier.bodyLimitBytes;
  }

  async authenticate(request) {
    try {
      const at = { now: this.#settings.clock?.() ?? Date.now() };
      await this.#learn(request, at);
      const verified = await this.#decide(request, at);
      this.#settings.onEvent?.(verified.event);
      return verified;
    } catch (error) {
      if (error instanceof CountersealError && error.event !== null) this.#settings.onEvent?.(error.event);
      throw error;
    }
  }

  /** Counts a message for its address, and then verifies what `read` makes of it: the proof, its body, and the limits' fields. */
  async incoming(message, read) {
    const { byAddress, byFailure, byKey } = this.#settings;
    const admitted = [];
    if (byAddress !== undefined) admitted.push(await byAddress.byAddress(message));
    const request = await read();
    const verified = await this.authenticate(request).catch(async (error) => {
      if (error?.blame === "peer") await byFailure?.byAddress(message);
      throw error;
    });
    if (byKey !== undefined) admitted.push(await byKey.byKey(verified.keyId));
    return { verified, body: request.body, headers: fields(admitted) };
  }

  async #decide(request, at) {
    try {
      return await this.#verify(request, at);
    } catch (error) {
      if (error.code !== "request_key_unknown" || this.#loads.size === 0) throw error;
    }
    // Another request has just asked for keys, perhaps for this one's; nothing was claimed yet.
    await Promise.all(this.#loads.values());
    return this.#verify(request, at);
  }

  #verify(request, at) {
    const { drive } = this.#settings;
    if (drive !== undefined) return drive(this.#verifier.begin(request, at));
    return this.#verifier.blocking ? this.#verifier.verifyAsync(request, at) : this.#verifier.verify(request, at);
  }

  static {
    isAuthenticator = (value) => typeof value === "object" && value !== null && #verifier in value;
  }

  /** Loads the key that the request names, and the known one whose turn it is, if any. */
  async #learn(request, at) {
    if (this.#settings.loadKey === undefined) return;
    for (const id of [this.#verifier.keyToLoad(request, at), this.#verifier.keyToRefresh(at)]) {
      if (id !== null) await this.#loadOnce(id);
    }
  }

  /** Loads a key, together with whoever needs the same one meanwhile. */
  async #loadOnce(id) {
    if (!this.#loads.has(id))
      this.#loads.set(
        id,
        this.#load(id).finally(() => this.#loads.delete(id)),
      );
    await this.#loads.get(id);
  }

  async #load(id) {
    const key = await this.#ask(id);
    if (key === null) this.#verifier.forgetKey(id);
    else if (key !== undefined) this.#verifier.putKey(key);
  }

  /** The key; null when there is none, and undefined when that is not known. */
  async #ask(id) {
    try {
      return (await this.#settings.loadKey(id)) ?? null;
    } catch (error) {
      if (error instanceof CountersealError && error.code === "request_key_missing") return null;
      // A key that is known stays known: it was good, and the store that says more is away.
      warn(error);
      return undefined;
    }
  }
}

/** An authenticator, or one with nothing but this verifier. */
function authenticatorOf(value) {
  if (isAuthenticator(value)) return value;
  if (isVerifier(value)) return new Authenticator(value);
  throw wrong("authenticator", "Authenticator or Verifier");
}

/** Tells the operator what cannot be told to the peer. */
function warn(error) {
  process.emitWarning(types.isNativeError(error) ? error : new Error("what was thrown is no error", { cause: error }));
}

const SETTINGS = ["clock", "drive", "loadKey", "onEvent"];
const LIMITS = ["byAddress", "byFailure", "byKey"];

module.exports = { Authenticator, authenticatorOf, warn };
