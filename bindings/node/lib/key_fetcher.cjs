"use strict";
// Keys of issuers of others: when to fetch them, and what of the answer to take. It connects to nothing itself.

const { bytes, flag, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { at, now, seed } = require("./chance.cjs");
const { refused, settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { tokenKeysOf } = require("./token_keys.cjs");

const SPANS = ["timeoutSeconds", "refreshSeconds", "limitSeconds", "coolDownSeconds"];
const ANSWER = ["status", "body", "contentType", "url", "maxAgeSeconds", "now"];

let isKeyFetcher;

class KeyFetcher {
  #native;

  constructor(issuer, url, given) {
    const parts = options(given, ["loopback", ...SPANS, "now", "seed"]);
    const members = { loopback: maybe(flag, "loopback", parts.loopback, false) };
    for (const name of SPANS) members[name] = maybe(whole, name, parts[name]);
    const [moment, drawn] = [now(parts.now), seed(parts.seed, 8)];
    this.#native = settled(native.KeyFetcher.create(text("issuer", issuer), text("url", url), members, moment, drawn));
  }

  get issuer() {
    return settled(this.#native.issuer());
  }

  handleWanted(token, given) {
    return settled(this.#native.handleWanted(text("token", token), at(given)));
  }

  handleTimeout(given) {
    settled(this.#native.handleTimeout(at(given)));
  }

  get nextTimeout() {
    return settled(this.#native.nextTimeout());
  }

  order() {
    return settled(this.#native.order());
  }

  handleResponse(number, given) {
    const parts = options(given, ANSWER);
    const answer = {
      status: whole("status", parts.status),
      body: bytes("body", parts.body),
      contentType: maybe(text, "contentType", parts.contentType),
      url: maybe(text, "url", parts.url),
      maxAgeSeconds: maybe(whole, "maxAgeSeconds", parts.maxAgeSeconds),
    };
    return settled(this.#native.handleResponse(whole("number", number), answer, now(parts.now)));
  }

  handleFailure(number, cause, given) {
    settled(this.#native.handleFailure(whole("number", number), text("cause", cause), at(given)));
  }

  keys(given) {
    return tokenKeysOf(settled(this.#native.keys(at(given))));
  }

  get generation() {
    return settled(this.#native.generation());
  }

  get lastError() {
    const [found] = settled(this.#native.lastError());
    return found === undefined ? null : refused(found);
  }

  static {
    isKeyFetcher = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** The fetcher that this is. */
function keyFetcher(value) {
  if (!isKeyFetcher(value)) throw wrong("fetcher", "KeyFetcher");
  return value;
}

module.exports = { KeyFetcher, keyFetcher };
