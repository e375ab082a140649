"use strict";
// Requests as Node's own server hands them over, and answers to refusals.

const { STATUS_CODES } = require("node:http");
const { finished } = require("node:stream");
const { bytes, callable, guarded, maybe, options, wrong } = require("./arguments.cjs");
const { authenticatorOf, warn } = require("./authenticator.cjs");
const { ArgumentError, CountersealError } = require("./errors.cjs");
const { receiverOf } = require("./webhook.cjs");

/** Counts and verifies what a server of `node:http` or `node:https` received; gives the proof, the body, and fields for the response. */
async function verifyIncoming(authenticator, message, given) {
  const asked = authenticatorOf(authenticator);
  const came = guarded("message", "IncomingMessage", () => checked(message));
  const known = maybe(bytes, "body", options(given, ["body"]).body);
  const request = guarded("message", "IncomingMessage", () => head(came));
  return asked.incoming(message, async () => {
    const body = known ?? (await read(message, asked.bodyLimitBytes));
    return { ...request, body };
  });
}

/** Takes a delivery that a server of `node:http` or `node:https` received, once; gives the message and the raw body. */
async function receiveIncoming(receiver, message, given) {
  const asked = receiverOf(receiver);
  const came = guarded("message", "IncomingMessage", () => checked(message));
  const parts = options(given, ["body", "drive", "now"]);
  const drive = maybe(callable, "drive", parts.drive);
  const lines = guarded("message", "IncomingMessage", () => came.message.rawHeaders.map(raw));
  const body = maybe(bytes, "body", parts.body) ?? (await read(message, asked.bodyLimitBytes));
  const at = { now: parts.now };
  if (drive === undefined) return { received: asked.receive(lines, body, at), body };
  return { received: await drive(asked.begin(lines, body, at)), body };
}

/** The message, if it has what a request and a stream have. */
function checked(message) {
  const { url, rawHeaders, on, resume } = message;
  const isRequest = typeof url === "string" && Array.isArray(rawHeaders);
  if (!isRequest || typeof on !== "function" || typeof resume !== "function") throw wrong("message", "IncomingMessage");
  return arrived(message);
}

/** What may change or be gone later. */
function arrived(message) {
  return { message, target: message.url, scheme: message.socket?.encrypted ? "https" : "http" };
}

/** The request without its content, as it was sent: Node reads bytes as ISO 8859-1. */
function head({ message, target, scheme }) {
  const mark = target.indexOf("?");
  const lines = message.rawHeaders;
  const hosts = lines.filter((_, at) => at % 2 === 1 && lines[at - 1].toLowerCase() === "host");
  return {
    method: message.method,
    scheme,
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
  const chunks = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const take = (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) end();
    };
    const end = (error) => {
      if (error) return reject(error);
      // What still comes is dropped, as Node does with what nobody reads.
      message.off("data", take).resume();
      return resolve(Buffer.concat(chunks, Math.min(length, limit + 1)));
    };
    finished(message, end);
    message.on("data", take);
  });
}

/** The answer to a refusal (RFC 9457): the public code and the status, nothing else. Another error is one of the program. */
function problem(error) {
  const isRefusal = isOurs(error);
  const { http, public: code, retryAfter, headers: told } = isRefusal ? error : INTERNAL;
  // The peer cannot be told what the program did wrong; and who went away did no wrong.
  if (isRefusal ? error.blame === "integrator" : !isOfGone(error)) warn(error);
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...told };
  if (retryAfter !== null) headers["retry-after"] = `${retryAfter}`;
  // RFC 9110 section 11.6.1: a 401 names a scheme.
  if (http === 401) headers["www-authenticate"] = "Signature";
  const body = JSON.stringify({ type: "about:blank", title: STATUS_CODES[http], status: http, code });
  return { status: http, headers, body };
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const OTHER = /[^\x00-\x7f]/;

module.exports = { arrived, head, problem, receiveIncoming, verifyIncoming };
