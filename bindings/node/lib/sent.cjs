"use strict";
// Requests as they were sent, kept beside what a framework makes of them.
//
// Next.js hands on a URL whose dot segments are resolved and whose query is written anew: `%20` becomes `+`, `?a`
// becomes `?a=`, some names are missing. What was signed is lost there; but Node tells when a request comes in, and
// what happens because of it can ask for it.

const { AsyncLocalStorage } = require("node:async_hooks");
const { subscribe } = require("node:diagnostics_channel");
const { arrived } = require("./http.cjs");

const requests = new AsyncLocalStorage();
let subscribed = false;

/** Keeps each request of this process from now on, for as long as it is worked on. */
function keep() {
  if (subscribed) return;
  subscribed = true;
  subscribe("http.server.request.start", ({ request }) => {
    // Next.js overwrites the target later.
    requests.enterWith({ ...arrived(request), proofs: new Map() });
  });
}

/** The request that is worked on, as it arrived, and its proofs; undefined if it came in before `keep`. */
function sent() {
  return requests.getStore();
}

module.exports = { keep, sent };
