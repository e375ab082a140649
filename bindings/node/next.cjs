"use strict";

const { authenticatorOf } = require("./lib/authenticator.cjs");
const { ArgumentError } = require("./lib/errors.cjs");
const { head, problem } = require("./lib/http.cjs");
const { keep, sent } = require("./lib/sent.cjs");

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
    return handler(request, proof, context);
  };
}

function createProxy(authenticator) {
  const asked = authenticator === undefined ? undefined : authenticatorOf(authenticator);
  const { NextResponse } = require("next/server");
  return async (request) => {
    try {
      if (asked !== undefined) await proven(asked, request);
    } catch (error) {
      return problemResponse(error);
    }
    const headers = new Headers(request.headers);
    for (const name of [...headers.keys()]) if (name.startsWith(OWN)) headers.delete(name);
    return NextResponse.next({ request: { headers } });
  };
}

function verified(authenticator) {
  return sent()?.proofs.get(authenticatorOf(authenticator))?.verified ?? null;
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
    const body = await read(request, asked.bodyLimitBytes);
    const verified = await asked.authenticate({ ...head(came), body });
    came.proofs.set(asked, { verified, body });
  }
  return came.proofs.get(asked);
}

/** The raw body, or its beginning of one byte more than `limit`, which is refused by its size. */
async function read(request, limit) {
  if (request.bodyUsed) throw new ArgumentError("binding_body_consumed");
  const chunks = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return Buffer.concat(chunks, Math.min(length, limit + 1));
}

/** Fields of this package are never a stranger's. */
const OWN = "cs-";

module.exports = { createProxy, problemResponse, register, signedRoute, verified };
