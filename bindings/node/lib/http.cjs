"use strict";
// Requests as Node's own server hands them over, and answers to refusals.

const { STATUS_CODES } = require("node:http");
const { bytes, maybe, options, wrong } = require("./arguments.cjs");
const { authenticatorOf, warn } = require("./authenticator.cjs");
const { ArgumentError, CountersealError } = require("./errors.cjs");

/** Verifies what a server of `node:http` or `node:https` received, and gives the proof and the body. */
async function verifyIncoming(authenticator, message, given) {
  const asked = authenticatorOf(authenticator);
  if (typeof message?.url !== "string" || !Array.isArray(message.rawHeaders)) throw wrong("message", "IncomingMessage");
  const body = maybe(bytes, "body", options(given, ["body"]).body) ?? (await read(message, asked.bodyLimitBytes));
  const verified = await asked.authenticate({ ...head(message, message.url), body });
  return { verified, body };
}

/** The request without its content, as it was sent: Node reads bytes as ISO 8859-1. */
function head(message, target) {
  const mark = target.indexOf("?");
  const lines = message.rawHeaders;
  const hosts = lines.filter((_, at) => at % 2 === 1 && lines[at - 1].toLowerCase() === "host");
  return {
    method: message.method,
    scheme: message.socket.encrypted ? "https" : "http",
    // Without exactly one Host there is no authority, and none is refused (RFC 9112 section 3.2).
    authority: hosts.length === 1 ? raw(hosts[0]) : "",
    path: raw(mark < 0 ? target : target.slice(0, mark)),
    query: mark < 0 ? "" : raw(target.slice(mark + 1)),
    headers: lines.map(raw),
  };
}

/** Text of ASCII characters, or the bytes that the characters stand for. */
function raw(text) {
  return OTHER.test(text) ? Buffer.from(text, "latin1") : text;
}

/** The raw body, or its beginning of one byte more than `limit`, which is refused by its size. */
function read(message, limit) {
  if (message.readableDidRead) throw new ArgumentError("binding_body_consumed");
  const { promise, resolve, reject } = withResolvers();
  const chunks = [];
  let length = 0;
  const take = (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) finish();
  };
  const finish = () => {
    // What still comes is dropped, as Node does with what nobody reads.
    message.off("data", take).resume();
    resolve(Buffer.concat(chunks, Math.min(length, limit + 1)));
  };
  message.on("data", take).once("end", finish).once("error", reject);
  message.once("close", () => reject(new Error("the client went away before its request was whole")));
  return promise;
}

function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

/** The answer to a refusal (RFC 9457): the public code and the status, nothing else. */
function problem(error) {
  if (!(error instanceof CountersealError)) throw error;
  // The peer cannot be told what the program did wrong.
  if (error.blame === "integrator") warn(error);
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store" };
  if (error.retryAfter !== null) headers["retry-after"] = `${error.retryAfter}`;
  // RFC 9110 section 11.6.1: a 401 names a scheme.
  if (error.http === 401) headers["www-authenticate"] = "Signature";
  const title = STATUS_CODES[error.http];
  const body = JSON.stringify({ type: "about:blank", title, status: error.http, code: error.public });
  return { status: error.http, headers, body };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const OTHER = /[^\x00-\x7f]/;

module.exports = { head, problem, verifyIncoming };
