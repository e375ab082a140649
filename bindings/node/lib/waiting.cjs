"use strict";
// Decisions that wait for a store, and the cells that drivers carry.

const { admitted, isAdmission } = require("./admitted.cjs");
const { bytes, callable, fault, items, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { CountersealError, settled } = require("./errors.cjs");
const { keyOf } = require("./keys.cjs");
const native = require("./native.cjs");
const { WINDOW, limit, nativeStore, sizes } = require("./stores.cjs");
const { sessionsIn } = require("./refreshed.cjs");
const { endedIn } = require("./ended_sessions.cjs");
const { isReceipt, received } = require("./received.cjs");
const { LIVE, live } = require("./token_rights.cjs");
const { proven } = require("./verified.cjs");

/** What a verdict begins with that is a number: the version of a subject, or how many were ended. */
const NUMBER = "\u0004";
/** What a verdict begins with that is text for people. */
const TEXT = "\u0005";
/** Whoever holds this has the native half of a decision in hand. */
const BEGUN = Symbol("begun");

let isWaiting;

class Waiting {
  #native;
  /** The token that it is about, if it is about one. */
  #token;

  constructor(begun, made, token) {
    if (begun !== BEGUN) throw wrong("Waiting", "what begins a decision; it is not made by hand");
    this.#native = made;
    this.#token = token;
  }

  statement(dialect, given) {
    const told = options(given, ["futureSeconds"]).futureSeconds;
    return settled(this.#native.statement(text("dialect", dialect), maybe(whole, "futureSeconds", told)));
  }

  answer(rows) {
    settled(this.#native.answer(rows === null ? null : items("rows", rows).map(row)));
  }

  verdict() {
    return this.#ended(this.#native.verdict());
  }

  run(store) {
    return this.#ended(this.#native.run(nativeStore("store", store)));
  }

  async runAsync(store) {
    return this.#ended(await settled(this.#native.runAsync(nativeStore("store", store))));
  }

  /** What it ended in: a proof, someone who is within a limit, a key, a number, sessions, text, or nothing. */
  #ended(answer) {
    const found = settled(answer);
    if (typeof found !== "string") return made(found);
    if (found === LIVE) return live(this.#token);
    if (found[0] === TEXT) return found.slice(1);
    if (found[0] === NUMBER) return Number(found.slice(1));
    if (isAdmission(found)) return admitted(found);
    return isReceipt(found) ? received(found) : proven(found, this.#native);
  }

  static {
    isWaiting = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** Runs a decision to its end with `await execute({ name, text, values })`, which gives rows: arrays of cells. */
async function drive(waiting, dialect, execute, given) {
  if (!isWaiting(waiting)) throw wrong("waiting", "Waiting");
  callable("execute", execute);
  let cause;
  const next = () => waiting.statement(dialect, given);
  for (let asked = next(); asked !== null; asked = next()) {
    let rows = null;
    try {
      rows = await execute(asked);
    } catch (error) {
      cause = error;
    }
    waiting.answer(rows);
  }
  return concluded(waiting, cause);
}

/** What is no text: nothing, sessions, which of them ended, or a key. */
function made(found) {
  if (found === null) return null;
  return Array.isArray(found.found) ? sessionsIn(found) : (endedIn(found) ?? keyOf(found));
}

/** The verdict; what the driver threw goes with a refusal as its cause. */
function concluded(waiting, cause) {
  try {
    return waiting.verdict();
  } catch (refused) {
    if (cause !== undefined && refused instanceof CountersealError) refused.cause = cause;
    throw refused;
  }
}

function migrations(dialect, given) {
  const parts = options(given, [...WINDOW, "now"]);
  return settled(native.Waiting.migrations(text("dialect", dialect), sizes(parts), now(parts.now)));
}

function sweeping(dialect, given) {
  const parts = options(given, ["room", "now", "limit"]);
  const room = maybe(text, "room", parts.room, "request");
  return settled(native.Waiting.sweeping(text("dialect", dialect), room, now(parts.now), limit(parts)));
}

function sweepingCells(dialect, given) {
  const parts = options(given, ["now", "limit"]);
  return settled(native.Waiting.sweepingCells(text("dialect", dialect), now(parts.now), limit(parts)));
}

/** The proof that a decision of a verifier ended in. */
function accepted(answer, decision) {
  return proven(settled(answer), decision);
}

function row(cells) {
  return items("rows", cells).map(cell);
}

/** A cell from a driver; one of another kind is refused here, by its code. */
function cell(value) {
  if (value === null) return null;
  if (typeof value === "string") return text("rows", value);
  if (typeof value === "number") return whole("rows", value);
  if (typeof value !== "bigint") return bytes("rows", value);
  if (BigInt.asIntN(64, value) !== value) throw fault("binding_argument_range", "rows: numbers of 64 bits");
  return value;
}

/** The decision that the native half began, about a token if it is. */
function waiting(answer, token) {
  return new Waiting(BEGUN, settled(answer), token);
}

module.exports = { Waiting, accepted, drive, migrations, sweeping, sweepingCells, waiting };
