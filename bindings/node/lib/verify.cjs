"use strict";
// Verifying.

const { inspect } = require("node:util");
const { flag, maybe, options, text, whole } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const { nativeKey, nativeKeys } = require("./keys.cjs");
const { contentOf } = require("./content.cjs");
const { content, fieldsOf, joined } = require("./message.cjs");
const native = require("./native.cjs");
const { nativePolicy } = require("./policy.cjs");
const { nativeStore } = require("./stores.cjs");
const { proven } = require("./verified.cjs");
const { accepted, waiting } = require("./waiting.cjs");

let isVerifier;

class Verifier {
  #native;

  constructor(policy, keys, store, given) {
    const known = maybe((_, value) => nativeKeys(value), "keys", keys, []);
    const claims = maybe(nativeStore, "store", store);
    const refresh = maybe(whole, "refreshSeconds", options(given, ["refreshSeconds"]).refreshSeconds);
    this.#native = settled(native.Verifier.create(nativePolicy(policy), known, claims, refresh));
  }

  verify(request, given) {
    const { now: moment, answers } = asked(given);
    if (!answers) return proven(settled(this.#native.verify(joined(request), content(request), moment)));
    const begun = settled(this.#native.begin(joined(request), content(request), moment));
    return accepted(this.#native.settle(begun), begun);
  }

  async verifyAsync(request, given) {
    const { now: moment, answers } = asked(given);
    if (!answers)
      return proven(settled(await settled(this.#native.verifyAsync(joined(request), content(request), moment))));
    const begun = settled(this.#native.begin(joined(request), content(request), moment));
    return accepted(await settled(this.#native.settleAsync(begun)), begun);
  }

  begin(request, given) {
    return waiting(this.#native.begin(joined(request), content(request), at(given)));
  }

  beginContent(request, given) {
    return contentOf(this.#native.beginContent(joined(request), at(given)), this.#native);
  }

  signRefusal(request, status, body, given) {
    const refusal = content({ body });
    const code = whole("status", status);
    const signed = this.#native.signRefusal(joined(request), content(request), code, refusal, at(given));
    const lines = settled(signed);
    return lines === null ? null : fieldsOf(lines);
  }

  explain(request, given) {
    const base = maybe(text, "base", options(given, ["base"]).base);
    const found = settled(this.#native.explain(joined(request), content(request), base));
    const { line, component = null, at } = found.difference ?? {};
    const difference = found.difference ? { line, component, at } : null;
    return { base: found.base, brokenRule: found.brokenRule ?? null, difference };
  }

  keyToLoad(request, given) {
    return settled(this.#native.keyToLoad(joined(request), content(request), at(given)));
  }

  keyToRefresh(given) {
    return settled(this.#native.keyToRefresh(at(given)));
  }

  putKey(key) {
    settled(this.#native.putKey(nativeKey("key", key)));
  }

  forgetKey(id) {
    settled(this.#native.forgetKey(text("id", id)));
  }

  replaceKeys(keys) {
    settled(this.#native.replaceKeys(nativeKeys(keys)));
  }

  get keyIds() {
    return settled(this.#native.keyIds()).split("\n").slice(0, -1);
  }

  get bodyLimitBytes() {
    return settled(this.#native.bodyLimitBytes());
  }

  get blocking() {
    return settled(this.#native.blocking());
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<Verifier of ${this.keyIds.length} keys>`;
  }

  static {
    isVerifier = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** When, and whether responses will be signed. */
function asked(given) {
  const parts = options(given, ["now", "answers"]);
  return { now: now(parts.now), answers: maybe(flag, "answers", parts.answers, false) };
}

function at(given) {
  return given === undefined ? now() : now(options(given, ["now"]).now);
}

module.exports = { Verifier, isVerifier };
