"use strict";
// Answers to refusals.

const { STATUS_CODES } = require("node:http");
const { types } = require("node:util");
const { CountersealError } = require("./errors.cjs");

/** The answer to a refusal (RFC 9457): the public code and the status, nothing else. Another error is one of the program. */
function problem(error) {
  const isRefusal = isOurs(error);
  const { http, public: code, retryAfter, headers: told } = isRefusal ? error : INTERNAL;
  // The peer cannot be told what the program did wrong; and who went away did no wrong.
  if (isRefusal ? error.blame === "integrator" : !isOfGone(error)) warn(error);
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...told };
  if (retryAfter !== null) headers["retry-after"] = `${retryAfter}`;
  // RFC 9110 section 11.6.1: a 401 names a scheme.
  if (http === 401) headers["www-authenticate"] ??= "Signature";
  return { status: http, headers, body: problemBody({ http, public: code }) };
}

/** The content of that answer. */
function problemBody({ http, public: code }) {
  return JSON.stringify({ type: "about:blank", title: STATUS_CODES[http], status: http, code });
}

/** Tells the operator what cannot be told to the peer. */
function warn(error) {
  process.emitWarning(types.isNativeError(error) ? error : new Error("what was thrown is no error", { cause: error }));
}

/** Whether it is a refusal; what cannot be read, such as a revoked proxy, is none. */
function isOurs(error) {
  try {
    return error instanceof CountersealError;
  } catch {
    return false;
  }
}

function isOfGone(error) {
  try {
    return GONE.includes(error?.code);
  } catch {
    return false;
  }
}

/** The codes of a client that went away. */
const GONE = ["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"];
/** What the peer is told of a fault of the program. */
const INTERNAL = { http: 500, public: "internal_error", retryAfter: null, headers: {} };

module.exports = { isOurs, problem, problemBody, warn };
