"use strict";

const { authenticatorOf } = require("./lib/authenticator.cjs");
const { ArgumentError } = require("./lib/errors.cjs");
const { head } = require("./lib/http.cjs");
const { problem } = require("./lib/problem.cjs");
const { keep, sent } = require("./lib/sent.cjs");
const { callable, maybe, options, wrong } = require("./lib/arguments.cjs");
const { Sessions } = require("./lib/sessions.cjs");
const { tokenRingOf } = require("./lib/token_ring.cjs");
const { tokenReader, tokenReaderAsync } = require("./lib/token_request.cjs");

function register() {
  keep();
}

function signedRoute(authenticator, handler) {
  const asked = authenticatorOf(authenticator);
  return async (request, context) => {
    let proof;
    try {
      proof = await proven(asked, request);
    } catch (error) {
      return problemResponse(error);
    }
    const response = told(await handler(request, proof, context), proof);
    return asked.signsResponses ? signed(response, request.method, proof.verified) : response;
  };
}

function tokenRoute(verifier, handler, options) {
  const read = tokenReaderAsync(verifier, options);
  return async (request, context) => {
    let proof;
    try {
      proof = await read(request);
    } catch (error) {
      return problemResponse(error);
    }
    return handler(request, proof, context);
  };
}

function keysRoute(ring, given) {
  const published = tokenRingOf(ring);
  const clock = maybe(callable, "clock", options(given, ["clock"]).clock);
  return async (request) => {
    try {
      const keys = published.published({ now: clock?.() });
      const headers = { etag: keys.etag, "cache-control": keys.cacheControl };
      if (keys.isKnown([...request.headers])) return new Response(null, { status: 304, headers });
      return new Response(keys.body, { headers: { ...headers, "content-type": keys.contentType } });
    } catch (error) {
      return problemResponse(error);
    }
  };
}

function verifyToken(request, verifier, options) {
  return tokenReader(verifier, options)(request);
}

async function verifyTokenAsync(request, verifier, options) {
  return tokenReaderAsync(verifier, options)(request);
}

function createProxy(authenticator) {
  const asked = authenticator === undefined ? undefined : authenticatorOf(authenticator);
  const { NextResponse } = require("next/server");
  return async (request) => {
    let proof;
    try {
      if (asked !== undefined) proof = await proven(asked, request);
    } catch (error) {
      return problemResponse(error);
    }
    const headers = new Headers(request.headers);
    for (const name of [...headers.keys()]) if (name.startsWith(OWN)) headers.delete(name);
    return told(NextResponse.next({ request: { headers } }), proof);
  };
}

function createSessionProxy(given) {
  const made = typeof given === "function" ? given : () => given;
  if (made !== given) sessionsOf(given);
  const { NextResponse } = require("next/server");
  return async (request) => {
    const sessions = sessionsOf(await made());
    const { headers, set, response } = await sessions.pass(request);
    if (response !== null) return response;
    const passed = NextResponse.next({ request: { headers } });
    for (const [name, value] of set) passed.headers.append(name, value);
    return passed;
  };
}

function sessionsOf(value) {
  if (!(value instanceof Sessions)) throw wrong("sessions", "Sessions");
  return value;
}

function verified(authenticator) {
  return sent()?.proofs.get(authenticatorOf(authenticator))?.verified ?? null;
}

/** The response with the fields of limits, once: what proxy and handler say is put together by Next.js. */
function told(response, proof) {
  const lines = Object.entries(proof?.headers ?? {});
  if (lines.length === 0) return response;
  proof.headers = {};
  try {
    for (const [name, value] of lines) response.headers.set(name, value);
    return response;
  } catch {
    // One whose fields cannot be set any more, such as an answer of `fetch`.
    const { status, statusText, headers } = response;
    return new Response(response.body, { status, statusText, headers: [...headers, ...lines] });
  }
}

/** The response, signed as it leaves: its content is read to the end for that. */
async function signed(response, method, verified) {
  const { status, statusText } = response;
  const body = Buffer.from(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  // The answer to HEAD has no content.
  const fields = verified.signResponse(status, method === "HEAD" ? "" : body);
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
  return new Response(EMPTY.includes(status) ? null : body, { status, statusText, headers });
}

function problemResponse(error) {
  const { status, headers, body } = problem(error);
  return new Response(body, { status, headers });
}

/** The proof and the body of the request that is worked on; it is verified once, by proxy or handler. */
async function proven(asked, request) {
  const came = sent();
  if (came === undefined) throw new ArgumentError("binding_raw_target_missing");
  if (!came.proofs.has(asked)) {
    came.proofs.set(asked, await asked.incoming(came.message, head(came), (take) => read(request, take)));
  }
  return came.proofs.get(asked);
}

/** The raw body, of which `take` sees each piece first. */
async function read(request, take) {
  if (request.bodyUsed) throw new ArgumentError("binding_body_consumed");
  const chunks = [];
  for await (const chunk of request.body ?? []) {
    take(chunk);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Statuses of responses without content (RFC 9110 section 15). */
const EMPTY = [204, 205, 304];
/** Fields of this package are never a stranger's. */
const OWN = "cs-";

module.exports = {
  createProxy,
  createSessionProxy,
  keysRoute,
  problemResponse,
  register,
  signedRoute,
  tokenRoute,
  verified,
  verifyToken,
  verifyTokenAsync,
};
