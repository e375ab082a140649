"use strict";
// Verifying tokens of an issuer of others, whose keys are fetched.

const { setTimeout: sleep } = require("node:timers/promises");
const { callable, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { ArgumentError, TokenError } = require("./errors.cjs");
const { keyFetcher } = require("./key_fetcher.cjs");
const { warn } = require("./problem.cjs");
const { Late, inTime } = require("./time.cjs");
const { nativeTokenPolicy } = require("./token_mint.cjs");
const { TokenVerifier } = require("./token_verify.cjs");

let isRemoteVerifier;

class RemoteVerifier {
  #policy;
  #fetcher;
  #settings;
  #verifier;
  #generation = 0;
  #fetching;
  #stop;

  constructor(policy, fetcher, given) {
    const parts = options(given, ["cache", "clock", "fetch", "onFailure"]);
    nativeTokenPolicy(policy);
    this.#policy = policy;
    this.#fetcher = keyFetcher(fetcher);
    this.#settings = {
      cache: maybe(whole, "cache", parts.cache),
      clock: maybe(callable, "clock", parts.clock, Date.now),
      // Asked for each time: frameworks replace the global one.
      fetch: maybe(callable, "fetch", parts.fetch, (...asked) => fetch(...asked)),
      onFailure: maybe(callable, "onFailure", parts.onFailure, warn),
    };
  }

  get issuer() {
    return this.#policy.issuer;
  }

  async verify(token, given) {
    const shown = options(given, ["certificate", "key"]);
    text("token", token);
    this.#refresh();
    if (this.#fetcher.generation === 0) await this.#fetching;
    try {
      return this.#verify(token, shown);
    } catch (error) {
      if (error.code !== "jwt_key_unknown" || !this.#fetcher.handleWanted(token, this.#at())) throw error;
    }
    this.#start();
    await this.#fetching;
    return this.#verify(token, shown);
  }

  async follow(given) {
    const { signal } = options(given, ["signal"]);
    if (!(signal instanceof AbortSignal)) throw wrong("signal", "AbortSignal");
    while (!signal.aborted) {
      this.#refresh();
      await this.#fetching;
      const due = this.#fetcher.nextTimeout ?? 0;
      const pause = Math.min(60_000, Math.max(1_000, due - this.#settings.clock()));
      // It keeps no process alive that has nothing else to do.
      await sleep(pause, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  close() {
    this.#stop?.abort();
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  #verify(token, shown) {
    const at = this.#at();
    const keys = this.#fetcher.keys(at);
    return this.#with(keys).verify(token, { ...shown, ...at });
  }

  #with(keys) {
    const { generation } = this.#fetcher;
    const { cache } = this.#settings;
    if (this.#verifier === undefined) this.#verifier = new TokenVerifier(this.#policy, keys, { cache });
    else if (generation !== this.#generation) this.#verifier.replaceKeys(keys);
    this.#generation = generation;
    return this.#verifier;
  }

  /** Starts a fetch that is due. */
  #refresh() {
    const [at, due] = [this.#at(), this.#fetcher.nextTimeout];
    if (due !== null && due <= at.now) this.#fetcher.handleTimeout(at);
    this.#start();
  }

  /** The machine gives one order at a time, and the next one when this was answered. */
  #start() {
    const order = this.#fetcher.order();
    if (order !== null) this.#fetching = this.#follow(order);
  }

  /** Never rejects: whoever waits for it looks at the keys. */
  async #follow({ number, url, timeoutMs, maxBytes }) {
    this.#stop = new AbortController();
    try {
      const { fetch } = this.#settings;
      const answer = await inTime(timeoutMs, "the issuer", got(fetch, url, maxBytes, this.#stop.signal));
      this.#fetcher.handleResponse(number, { ...answer, ...this.#at() });
    } catch (error) {
      // What was answered and is no set of keys is the fetcher's `lastError`; whatever else was thrown is no answer.
      if (!(error instanceof TokenError)) this.#fetcher.handleFailure(number, causeOf(error), this.#at());
    } finally {
      this.#stop.abort();
    }
    this.#tell();
  }

  #tell() {
    const { lastError } = this.#fetcher;
    try {
      if (lastError !== null) this.#settings.onFailure(lastError);
    } catch (error) {
      warn(error);
    }
  }

  #at() {
    return { now: whole("now", this.#settings.clock()) };
  }

  static {
    isRemoteVerifier = (value) => typeof value === "object" && value !== null && #fetcher in value;
  }
}

/** What came of a GET: no redirect is followed, nothing comes out of a cache, and no more is read than is allowed and a byte. */
async function got(fetch, url, most, signal) {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const response = await fetch(url, { headers, redirect: "manual", cache: "no-store", credentials: "omit", signal });
  if (response.type === "opaqueredirect") throw new Redirected();
  const age = MAX_AGE.exec(response.headers.get("cache-control") ?? "");
  return {
    status: response.status,
    body: await beginning(response, most + 1),
    contentType: response.headers.get("content-type"),
    url: response.headers.get("location") ?? response.url,
    maxAgeSeconds: age === null ? undefined : Number(age[1]),
  };
}

/** The first bytes of a body, at most so many. */
async function beginning(response, most) {
  const pieces = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    length += piece.length;
    if (length >= most) break;
  }
  return Buffer.concat(pieces, Math.min(length, most));
}

/** Why there is no answer, in the machine's words. */
function causeOf(error) {
  if (error instanceof Redirected) return "redirect";
  if (error instanceof Late) return "timeout";
  for (let [cause, depth] = [error, 0]; cause && depth < 8; depth += 1) {
    if (TIMEOUT.test(`${cause.code} ${cause.name}`)) return "timeout";
    if (TLS.test(cause.code)) return "tls";
    cause = cause.cause;
  }
  return "connection";
}

/** Not followed, and not to be seen where it goes. */
class Redirected extends Error {}

const MAX_AGE = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/i;
const TIMEOUT = /TIMEOUT|ETIMEDOUT|TimeoutError/;
/** The codes of TLS and of certificates that Node has from OpenSSL. */
const TLS = /CERT|SSL|TLS|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH/;

/** The verifier that this is, if it is one. */
function isRemote(value) {
  return isRemoteVerifier(value);
}

module.exports = { RemoteVerifier, isRemote };
