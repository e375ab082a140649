"use strict";
// Arguments, checked: whatever comes in, what goes on to the native half has the type that it expects, and
// what cannot be has one of our codes. No foreign code runs here unguarded, and no inherited member counts.

const { types } = require("node:util");
const { CODES } = require("../codes.cjs");
const { ArgumentError } = require("./errors.cjs");

/** A byte more than any policy's body limit. */
const MAX_BYTES = 64 * 1024 * 1024 + 1;
/** The most items of any list. */
const MAX_ITEMS = 65_536;

/** The bytes of nothing. */
const EMPTY = new Uint8Array(0);

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const lengthOf = getter("byteLength");
const bufferOf = getter("buffer");
const copyInto = Function.prototype.call.bind(typedArray.set);

/** The language's own getter, which members that an object has itself cannot stand before. */
function getter(name) {
  return Function.prototype.call.bind(Object.getOwnPropertyDescriptor(typedArray, name).get);
}

/** A value of another type than it may have. */
function wrong(name, wanted) {
  return fault("binding_argument_type", `${name}: ${wanted}`);
}

/** An error that names the argument and what it may be, never what it was. */
function fault(code, what) {
  return new ArgumentError(code, { text: `${CODES[code].means} (${what}); ${CODES[code].fix}` });
}

/** Well-formed text. */
function text(name, value) {
  if (typeof value !== "string") throw wrong(name, "string");
  if (value.length > MAX_BYTES) throw tooLong(name, MAX_BYTES);
  if (!value.isWellFormed()) throw fault("binding_argument_text", name);
  return value;
}

/** Bytes that nobody else can change while they are read: memory that threads share is copied. */
function bytes(name, value) {
  if (!types.isUint8Array(value)) throw wrong(name, "Uint8Array");
  const length = lengthOf(value);
  if (length > MAX_BYTES) throw tooLong(name, MAX_BYTES);
  const buffer = bufferOf(value);
  if (types.isSharedArrayBuffer(buffer)) return copied(value, length);
  if (length === 0 && isDetached(buffer)) throw wrong(name, "Uint8Array whose buffer was not transferred");
  return value;
}

/** Bytes, or the text that they are in UTF-8. */
function raw(name, value) {
  return typeof value === "string" ? Buffer.from(text(name, value)) : bytes(name, value);
}

function copied(value, length) {
  const copy = new Uint8Array(length);
  copyInto(copy, value);
  return copy;
}

/** The language refuses views of a buffer that is gone. */
function isDetached(buffer) {
  try {
    return new Uint8Array(buffer) === undefined;
  } catch {
    return true;
  }
}

/** A whole number that JavaScript does not round; its range is checked where it is used. */
function whole(name, value) {
  if (typeof value !== "number") throw wrong(name, "number");
  if (!Number.isSafeInteger(value)) throw fault("binding_argument_range", `${name}: whole numbers`);
  return value;
}

/** `true` or `false`. */
function flag(name, value) {
  if (typeof value !== "boolean") throw wrong(name, "boolean");
  return value;
}

/** A function. */
function callable(name, value) {
  if (typeof value !== "function") throw wrong(name, "function");
  return value;
}

/** `value` by `check`, or `otherwise` when it was left out. */
function maybe(check, name, value, otherwise) {
  return value === undefined || value === null ? otherwise : check(name, value);
}

/** The items of an array; nothing else is iterated. */
function items(name, value) {
  return guarded(name, "array whose items can be read", () => {
    if (!Array.isArray(value)) throw wrong(name, "array");
    if (value.length > MAX_ITEMS) throw tooLong(name, MAX_ITEMS);
    return Array.from({ length: value.length }, (_, at) => value[at]);
  });
}

/** An array of texts. */
function texts(name, value) {
  return items(name, value).map((item) => text(name, item));
}

/** The members that an object has itself, in an object without inherited ones; unknown names are refused. */
function options(value, known) {
  if (value === undefined || value === null) return NONE;
  return guarded("options", "object whose members can be read", () => {
    if (typeof value !== "object" || Array.isArray(value)) throw wrong("options", "object");
    const found = { __proto__: null };
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) throw fault("binding_argument_choice", `options: ${known.join(", ")}`);
      found[name] = value[name];
    }
    return found;
  });
}

/** What `read` finds; what the foreign code in getters and proxies throws becomes an error of ours. */
function guarded(name, wanted, read) {
  try {
    return read();
  } catch (error) {
    // A foreign proxy of an error is none.
    throw types.isNativeError(error) && error instanceof ArgumentError ? error : wrong(name, wanted);
  }
}

function tooLong(name, most) {
  return fault("binding_argument_length", `${name}: at most ${most}`);
}

const NONE = Object.freeze({ __proto__: null });

module.exports = {
  EMPTY,
  MAX_BYTES,
  MAX_ITEMS,
  bytes,
  callable,
  fault,
  flag,
  guarded,
  items,
  maybe,
  options,
  raw,
  text,
  texts,
  tooLong,
  whole,
  wrong,
};
