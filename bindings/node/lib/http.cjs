"use strict";
// Requests as Node's own server hands them over.

const { finished } = require("node:stream");
const { bytes, callable, guarded, maybe, options, wrong } = require("./arguments.cjs");
const { authenticatorOf } = require("./authenticator.cjs");
const { ArgumentError } = require("./errors.cjs");
const { receiverOf } = require("./webhook.cjs");

/** Counts and verifies what a server of `node:http` or `node:https` received; gives the proof, the body, and fields for the response. */
async function verifyIncoming(authenticator, message, given) {
  const asked = authenticatorOf(authenticator);
  const came = guarded("message", "IncomingMessage", () => checked(message));
  const known = maybe(bytes, "body", options(given, ["body"]).body);
  const request = guarded("message", "IncomingMessage", () => head(came));
  return asked.incoming(message, request, async (take) => {
    if (known === undefined) return collect(message, take);
    take(known);
    return known;
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
  let length = 0;
  return collect(message, (chunk) => {
    length += chunk.length;
    return length <= limit;
  });
}

/** The raw body, of which `take` sees each piece first: it may throw, or say `false` to end it there. */
function collect(message, take) {
  if (message.readableDidRead) throw new ArgumentError("binding_body_consumed");
  const chunks = [];
  return new Promise((resolve, reject) => {
    const end = (error) => {
      // What still comes is dropped, as Node does with what nobody reads.
      message.off("data", each).resume();
      return error ? reject(error) : resolve(Buffer.concat(chunks));
    };
    const each = (chunk) => {
      chunks.push(chunk);
      try {
        if (take(chunk) === false) end();
      } catch (error) {
        end(error);
      }
    };
    finished(message, end);
    message.on("data", each);
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const OTHER = /[^\x00-\x7f]/;

module.exports = { arrived, head, receiveIncoming, verifyIncoming };
