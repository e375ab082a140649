"use strict";
// What the host provides: a clock, and random bytes.

const { randomFillSync } = require("node:crypto");
const { bytes, options, whole } = require("./arguments.cjs");

const pool = new Uint8Array(4096);
let next = pool.length;

/** `length` random bytes that are handed out once. They are drawn many at a time: a draw costs as much as a signature. */
function random(length) {
  if (next + length > pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  next += length;
  return pool.subarray(next - length, next);
}

/** The seed given, or `length` random bytes. */
function seed(given, length) {
  return given === undefined || given === null ? random(length) : bytes("seed", given);
}

/** The instant given, or the host's clock, in milliseconds. */
function now(given) {
  return given === undefined || given === null ? Date.now() : whole("now", given);
}

/** The instant of options that have nothing else. */
function at(given) {
  return now(options(given, ["now"]).now);
}

module.exports = { at, now, seed };
