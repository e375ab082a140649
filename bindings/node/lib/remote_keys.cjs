"use strict";
// The keys of an issuer of others, kept fresh: fetched when they are needed, and no oftener.

const { setTimeout: sleep } = require("node:timers/promises");
const { callable, fault, maybe, options, whole, wrong } = require("./arguments.cjs");
const { TokenError } = require("./errors.cjs");
const { keyFetcher } = require("./key_fetcher.cjs");
const { warn } = require("./problem.cjs");
const { Late, inTime } = require("./time.cjs");

/** What the options of whoever fetches are called. */
const FETCHING = ["clock", "fetch", "onFailure"];

class RemoteKeys {
  #fetcher;
  #settings;
  #fetching;
  #stop;

  constructor(fetcher, parts, issuer) {
    this.#fetcher = keyFetcher(fetcher);
    // Keys of another issuer would sign for this one.
    if (this.#fetcher.issuer !== issuer) throw fault("binding_argument_choice", "fetcher: one for the policy's issuer");
    this.#settings = {
      clock: maybe(callable, "clock", parts.clock, Date.now),
      // Asked for each time: frameworks replace the global one.
      fetch: maybe(callable, "fetch", parts.fetch, (...asked) => fetch(...asked)),
      onFailure: maybe(callable, "onFailure", parts.onFailure, warn),
    };
  }

  /** How many different sets of keys there have been. */
  get generation() {
    return this.#fetcher.generation;
  }

  /** What `judge(keys, at)` finds of a token, again with other keys if the one that it names is being fetched. */
  async judged(token, judge) {
    const now = () => judge(this.#fetcher.keys(this.#at()), this.#at());
    this.#refresh();
    if (this.#fetcher.generation === 0) await this.#fetching;
    try {
      return now();
    } catch (error) {
      if (error.code !== "jwt_key_unknown" || !this.#fetcher.handleWanted(token, this.#at())) throw error;
    }
    this.#start();
    await this.#fetching;
    return now();
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
    // A response that no network gave has no URL.
    url: response.headers.get("location") ?? (response.url || undefined),
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

module.exports = { FETCHING, RemoteKeys };
