"use strict";
// Verifying as a service does: keys that come from a store, decisions on a store of its own, and each one reported.

const { callable, flag, maybe, options, wrong } = require("./arguments.cjs");
const { CountersealError } = require("./errors.cjs");
const { fields } = require("./limit.cjs");
const { limiter } = require("./limiter.cjs");
const { problemBody, warn } = require("./problem.cjs");
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
    const parts = options(given, [...SETTINGS, ...LIMITS, "signResponses"]);
    const settings = SETTINGS.map((name) => [name, maybe(callable, name, parts[name])]);
    const limits = LIMITS.map((name) => [name, maybe(limiter, name, parts[name])]);
    const signResponses = maybe(flag, "signResponses", parts.signResponses, false);
    this.#settings = { __proto__: null, ...Object.fromEntries([...settings, ...limits]), signResponses };
  }

  get bodyLimitBytes() {
    return this.#verifier.bodyLimitBytes;
  }

  /** Whether routes sign what they answer. */
  get signsResponses() {
    return this.#settings.signResponses;
  }

  async authenticate(request) {
    return this.#reported(request, (at) => this.#learned(request, at, () => this.#verify(request, at)));
  }

  /**
   * Counts a message for its address, and then verifies its head and, piece by piece, the content that `read` hands
   * over: the proof, the body, and the limits' fields. Of a forgery no content is read.
   */
  async incoming(message, head, read) {
    const { byAddress, byFailure, byKey } = this.#settings;
    const admitted = [];
    if (byAddress !== undefined) admitted.push(await byAddress.byAddress(message));
    const received = await this.#reported(head, (at) => this.#receive(head, at, read)).catch(async (error) => {
      if (error?.blame === "peer") await byFailure?.byAddress(message);
      throw error;
    });
    if (byKey !== undefined) admitted.push(await byKey.byKey(received.verified.keyId));
    return { ...received, headers: fields(admitted) };
  }

  /** What `decide` comes to, told to whoever listens. */
  async #reported(request, decide) {
    const at = { now: this.#settings.clock?.() ?? Date.now() };
    try {
      const decided = await decide(at);
      this.#settings.onEvent?.((decided.verified ?? decided).event);
      return decided;
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      if (error.event !== null) this.#settings.onEvent?.(error.event);
      if (OF_TIME.includes(error.code)) this.#tellTime(request, at, error);
      throw error;
    }
  }

  async #receive(head, at, read) {
    const content = await this.#learned(head, at, () => this.#verifier.beginContent(head, at));
    const body = await read((piece) => content.update(piece));
    const { drive } = this.#settings;
    if (drive !== undefined) return { verified: await drive(content.finish()), body };
    return { verified: this.#verifier.blocking ? await content.verifyAsync() : content.verify(), body };
  }

  /** What `decide` comes to, once the key is known that it needs. */
  async #learned(request, at, decide) {
    await this.#learn(request, at);
    try {
      return await decide();
    } catch (error) {
      if (error.code !== "request_key_unknown" || this.#loads.size === 0) throw error;
    }
    // Another request has just asked for keys, perhaps for this one's; nothing was claimed yet.
    await Promise.all(this.#loads.values());
    return decide();
  }

  #verify(request, at) {
    const { drive, signResponses: answers } = this.#settings;
    if (drive !== undefined) return drive(this.#verifier.begin(request, at));
    const asked = { ...at, answers };
    return this.#verifier.blocking ? this.#verifier.verifyAsync(request, asked) : this.#verifier.verify(request, asked);
  }

  /** Adds what tells a genuine client this clock. */
  #tellTime(request, at, error) {
    // The answer to HEAD has no content.
    const content = request.method === "HEAD" ? "" : problemBody(error);
    const signed = this.#verifier.signRefusal(request, error.http, content, at);
    if (signed !== null) error.headers = Object.freeze({ ...error.headers, ...signed });
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

/** The codes of requests that are genuine and outside of their window. */
const OF_TIME = ["request_expired", "request_outside_window"];
const SETTINGS = ["clock", "drive", "loadKey", "onEvent"];
const LIMITS = ["byAddress", "byFailure", "byKey"];

module.exports = { Authenticator, authenticatorOf };
