"use strict";
// A request as one text, and its content: texts that cross one by one cost more than the signature.

const { EMPTY, MAX_BYTES, MAX_ITEMS, bytes, fault, guarded, raw, tooLong, wrong } = require("./arguments.cjs");
const { pairs } = require("./errors.cjs");

/** The parts of a request, joined for the native half: see `message` in `src/message.rs`. */
function joined(request) {
  return join(read(request), nameOf);
}

/** Field lines, joined in the same way. */
function joinedLines(headers) {
  const parts = [];
  guarded("headers", HEADERS, () => addLines(parts, headers));
  return join(parts, () => "headers");
}

/** The values of the field lines of this name, joined in the same way; what is undefined is no line. */
function joinedValues(headers, wanted) {
  const parts = [];
  guarded("headers", HEADERS, () => addLines(parts, headers));
  const values = pairs(parts).filter(([name, value]) => lower(name) === wanted && value !== undefined);
  return join(
    values.map(([, value]) => value),
    () => "headers",
  );
}

/** A field name in lower case. */
function lower(name) {
  const known = typeof name === "string" ? name : Buffer.from(bytes("headers", name)).toString("latin1");
  return known.toLowerCase();
}

function join(parts, nameOf) {
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at];
    if (typeof part !== "string" || part.includes("\0") || part.startsWith("\u0001"))
      parts[at] = marked(part, nameOf(at));
  }
  const whole = parts.join("\0");
  if (whole.length > MAX_BYTES) throw tooLong("request", MAX_BYTES);
  if (!whole.isWellFormed())
    throw fault("binding_argument_text", nameOf(parts.findIndex((part) => !part.isWellFormed())));
  return whole;
}

/** The content: bytes, or text in UTF-8. */
function content(request) {
  const body = own(request, "body");
  if (body === undefined || body === null) return EMPTY;
  return raw("body", body);
}

/** A piece of content. */
function piece(value) {
  return raw("piece", value);
}

/** Names and values, one on a line, as an object. */
function fieldsOf(lines) {
  return Object.fromEntries(pairs(lines.split("\n").slice(0, -1)));
}

/** The values of all parts but the content, in their order. */
function read(request) {
  if (typeof request !== "object" || request === null) throw wrong("request", "object");
  return guarded("request", "object whose members can be read", () => {
    const parts = [
      own(request, "method"),
      own(request, "scheme"),
      own(request, "authority"),
      own(request, "path"),
      own(request, "query") ?? "",
    ];
    addLines(parts, own(request, "headers"));
    return parts;
  });
}

/** A member that the object, a request unless said, has itself. */
function own(object, name, what = "request") {
  if (typeof object !== "object" || object === null) throw wrong(what, "object");
  return guarded(what, "object whose members can be read", () =>
    Object.hasOwn(object, name) ? object[name] : undefined,
  );
}

/** Field lines: an object, pairs, names and values in turn (as `rawHeaders`), or what has `entries` (as `Headers`). */
function addLines(parts, headers) {
  if (headers === undefined || headers === null) return;
  if (typeof headers !== "object") throw wrong("headers", HEADERS);
  if (Array.isArray(headers)) return Array.isArray(headers[0]) ? addPairs(parts, headers) : addFlat(parts, headers);
  if (
    typeof headers.entries === "function" &&
    headers.entries !== Object.prototype.entries &&
    !Object.hasOwn(headers, "entries")
  )
    return addPairs(parts, headers.entries());
  for (const name of Object.keys(headers)) addLine(parts, name, headers[name]);
}

function addPairs(parts, lines) {
  for (const line of lines) {
    if (!Array.isArray(line) || line.length !== 2) throw wrong("headers", HEADERS);
    addLine(parts, line[0], line[1]);
  }
}

function addFlat(parts, lines) {
  if (lines.length % 2 !== 0) throw wrong("headers", HEADERS);
  for (let at = 0; at < lines.length; at += 2) addLine(parts, lines[at], lines[at + 1]);
}

function addLine(parts, name, value) {
  if (parts.length >= PLAIN + 2 * MAX_ITEMS) throw tooLong("headers", MAX_ITEMS);
  parts.push(name, value);
}

/** A part that is bytes, or has one of the two marks in it: each of its bytes is written one higher. */
function marked(part, name) {
  if (typeof part !== "string" && name === "scheme") throw wrong(name, "string");
  let shifted = "\u0001";
  for (const byte of raw(name, part)) shifted += String.fromCharCode(byte + 1);
  return shifted;
}

function nameOf(at) {
  return ["method", "scheme", "authority", "path", "query"][at] ?? "headers";
}

const HEADERS = "an object, pairs, names and values in turn, or Headers";
/** How many parts a request has besides its field lines. */
const PLAIN = 5;

module.exports = { content, fieldsOf, joined, joinedLines, joinedValues, own, piece };
