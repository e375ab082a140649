"use strict";
// An issuer's own keys in a store: rotated, published, signed with and verified with.

const { setTimeout: sleep } = require("node:timers/promises");
const { inspect } = require("node:util");
const { bytes, callable, fault, flag, maybe, options, raw, text, whole, wrong } = require("./arguments.cjs");
const { at, now, seed } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { joinedValues } = require("./message.cjs");
const native = require("./native.cjs");
const { warn } = require("./problem.cjs");
const { inTime } = require("./time.cjs");
const { waiting } = require("./waiting.cjs");

const SPANS = ["lifeSeconds", "maxAgeSeconds", "hostsSeconds", "periodSeconds", "leadSeconds", "toleranceSeconds"];

/** Whoever holds this has what the native half published in hand. */
const PUBLISHED = Symbol("published");

/** How long a reading may take, in milliseconds. */
const PATIENCE = 30_000;

let nativeOf;

class TokenRing {
  #native;

  constructor(issuer, sealingKey, given) {
    const parts = options(given, SPANS);
    const members = {};
    for (const name of SPANS) members[name] = maybe(whole, name, parts[name]);
    this.#native = settled(native.TokenRing.create(text("issuer", issuer), bytes("sealingKey", sealingKey), members));
  }

  get issuer() {
    return settled(this.#native.issuer());
  }

  load(given) {
    return waiting(this.#native.load(at(given)));
  }

  rotate(given) {
    const parts = options(given, ["algorithm", "pem", "held", "now", "seed"]);
    const key = {
      algorithm: maybe(text, "algorithm", parts.algorithm),
      pem: maybe(raw, "pem", parts.pem),
      held: maybe(flag, "held", parts.held, false),
    };
    return waiting(this.#native.rotate(key, now(parts.now), seed(parts.seed, 76)));
  }

  ensure(given) {
    const parts = options(given, ["now", "seed"]);
    return waiting(this.#native.ensure(now(parts.now), seed(parts.seed, 76)));
  }

  revoke(keyId, given) {
    return waiting(this.#native.revoke(text("keyId", keyId), at(given)));
  }

  hold(key) {
    settled(this.#native.hold(raw("pem", key)));
  }

  published(given) {
    return new PublishedKeys(PUBLISHED, settled(this.#native.published(at(given))));
  }

  keys(given) {
    const lines = settled(this.#native.keys(at(given)))
      .split("\n")
      .slice(0, -1);
    const keys = [];
    while (lines.length > 0) keys.push(keyOf(lines.splice(0, 6)));
    return keys;
  }

  async follow(given) {
    const parts = options(given, ["signal", "drive", "store", "everySeconds", "clock", "onFailure"]);
    const { signal } = parts;
    if (!(signal instanceof AbortSignal)) throw wrong("signal", "AbortSignal");
    const drive = maybe(callable, "drive", parts.drive);
    if (drive === undefined && parts.store === undefined) throw new ArgumentError("binding_store_missing");
    const every = maybe(whole, "everySeconds", parts.everySeconds);
    if (every !== undefined && (every < 1 || every > 3_600))
      throw fault("binding_argument_range", "everySeconds: 1 to 3600");
    const clock = maybe(callable, "clock", parts.clock, Date.now);
    const onFailure = maybe(callable, "onFailure", parts.onFailure, warn);
    while (!signal.aborted) {
      const pause = every === undefined ? this.pause({ now: clock() }) : every * 1_000;
      // It keeps no process alive that has nothing else to do.
      await sleep(pause, undefined, { ref: false, signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const reading = this.load({ now: clock() });
        await inTime(PATIENCE, "the store", drive === undefined ? reading.runAsync(parts.store) : drive(reading));
      } catch (error) {
        // Whatever it is, the next reading may do better; what was read before serves for as long as it may.
        onFailure(error);
      }
    }
  }

  pause(given) {
    return settled(this.#native.pause(at(given)));
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<TokenRing of ${this.issuer}>`;
  }

  static {
    nativeOf = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class PublishedKeys {
  #native;
  #lines;

  constructor(published, made) {
    if (published !== PUBLISHED)
      throw wrong("PublishedKeys", "what TokenRing.published returns; it is not made by hand");
    this.#native = made;
    this.#lines = settled(made.told()).split("\n");
  }

  get contentType() {
    return this.#lines[0];
  }

  get etag() {
    return this.#lines[1];
  }

  get cacheControl() {
    return this.#lines[2];
  }

  get body() {
    return this.#lines[3];
  }

  isKnown(headers) {
    return settled(this.#native.isKnown(joinedValues(headers, "if-none-match")));
  }
}

function keyOf([id, state, ...times]) {
  const [announced, active, ends, gone] = times.map((time) => (time === "" ? null : Number(time)));
  return { id, state, announced, active, ends, gone };
}

/** The native half of a ring; undefined for what is none. */
function nativeTokenRing(value) {
  return nativeOf(value);
}

/** The ring that this is. */
function tokenRingOf(value) {
  if (nativeOf(value) === undefined) throw wrong("ring", "TokenRing");
  return value;
}

module.exports = { PublishedKeys, TokenRing, nativeTokenRing, tokenRingOf };
