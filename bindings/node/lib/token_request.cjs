"use strict";
// Tokens of requests that a framework hands over.

const { callable, guarded, maybe, options, wrong } = require("./arguments.cjs");
const { CountersealError } = require("./errors.cjs");
const { bearer, tokenVerifierOf } = require("./token_verify.cjs");

const SETTINGS = ["certificate", "claims", "clock", "onEvent"];

/** What finds the proof of a request's token, and its claims, as these settings say. */
function tokenReader(verifier, given) {
  const asked = tokenVerifierOf(verifier);
  const parts = options(given, SETTINGS);
  const [certificate, claims, clock, onEvent] = SETTINGS.map((name) => maybe(callable, name, parts[name]));
  return (request) => {
    const headers = guarded("request", "Request", () => headersOf(request));
    try {
      const now = clock?.() ?? Date.now();
      const verified = asked.verify(bearer(headers, { now }), { certificate: certificate?.(request), now });
      return { verified, claims: claims === undefined ? verified.claims : verified.read(claims) };
    } catch (error) {
      if (error instanceof CountersealError && error.event !== null) onEvent?.(error.event);
      throw error;
    }
  };
}

function headersOf(request) {
  const { headers } = request;
  if (typeof headers !== "object" || headers === null) throw wrong("request", "Request");
  return headers;
}

module.exports = { tokenReader };
