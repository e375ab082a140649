"use strict";
// Refusals, and how those of the native half become errors.

const { CODES } = require("../codes.cjs");

class CountersealError extends Error {
  constructor(
    code,
    { text, detail = [], event = null, retryAfter = null, headers = [], clearsCookies = false, cause } = {},
  ) {
    const facts = CODES[code];
    if (facts === undefined) throw new TypeError("a refusal has one of the codes of counterseal");
    super(`${code}: ${text ?? `${facts.means}; ${facts.fix}`}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.blame = facts.blame;
    this.public = facts.public;
    this.http = facts.http;
    this.fix = facts.fix;
    this.detail = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(detail)));
    this.event = event;
    this.retryAfter = retryAfter;
    this.headers = Object.freeze(Object.fromEntries(headers));
    this.clearsCookies = clearsCookies;
  }
}

class ArgumentError extends CountersealError {}
class InternalError extends CountersealError {}
class LimitError extends CountersealError {}
class PolicyError extends CountersealError {}
class RefreshError extends CountersealError {}
class ReplayError extends CountersealError {}
class RequestError extends CountersealError {}
class ResponseError extends CountersealError {}
class SignError extends CountersealError {}
class SigningKeyError extends CountersealError {}
class StoreError extends CountersealError {}
class TokenError extends CountersealError {}
class WebhookError extends CountersealError {}

const families = {
  __proto__: null,
  ArgumentError,
  InternalError,
  LimitError,
  PolicyError,
  RefreshError,
  ReplayError,
  RequestError,
  ResponseError,
  SignError,
  SigningKeyError,
  StoreError,
  TokenError,
  WebhookError,
};

for (const [name, family] of Object.entries({ ...families, CountersealError })) {
  // As on the errors of the language itself: one name for all, and not listed with the members.
  Object.defineProperty(family.prototype, "name", { value: name, configurable: true, writable: true });
}

/** What the native half answered, or the throw of its refusal: a text that begins with U+0000. */
function settled(answer) {
  if (typeof answer === "string" && answer.charCodeAt(0) === 0) throw refused(answer);
  return answer;
}

/** The error of a refusal: its lines are family, code, text, event, seconds to wait, whether to forget tokens, and pairs of fields and of detail. */
function refused(refusal) {
  const [family, code, text, event, wait, clears, count, ...rest] = refusal.slice(1, -1).split("\n");
  const told = 2 * Number(count);
  return new families[family](code, {
    text: family === "ArgumentError" ? text.replace(ARGUMENT, camel) : text,
    detail: pairs(rest.slice(told)),
    headers: pairs(rest.slice(0, told)),
    event: event === "" ? null : event,
    retryAfter: wait === "" ? null : Number(wait),
    clearsCookies: clears === "1",
  });
}

/** Names and values, one after the other, as pairs. */
function pairs(flat) {
  const found = [];
  for (let at = 0; at + 1 < flat.length; at += 2) found.push([flat[at], flat[at + 1]]);
  return found;
}

/** The argument that an error names: `past_seconds` is `pastSeconds` here. */
const ARGUMENT = /\([a-z_]+/;

function camel(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

module.exports = { CountersealError, ...families, pairs, refused, settled };
