"use strict";
// Rate limits.

const { flag, items, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { waiting } = require("./waiting.cjs");

const COUNTING = ["cost", "isCrowded", "now"];

let isLimit;

class Limit {
  #native;
  #yields;

  constructor(name, given) {
    const parts = options(given, ["burst", "everyMs", "site", "admitsUnknown", "yields"]);
    this.#yields = maybe(flag, "yields", parts.yields, false);
    const members = {
      burst: whole("burst", parts.burst),
      everyMs: whole("everyMs", parts.everyMs),
      site: maybe(rate, "site", parts.site),
      admitsUnknown: maybe(flag, "admitsUnknown", parts.admitsUnknown, false),
      yields: this.#yields,
    };
    this.#native = settled(native.Limit.create(text("name", name), members));
  }

  byAddress(client, given) {
    return waiting(this.#native.byAddress(text("client", client), counting(given)));
  }

  byKey(id, given) {
    return waiting(this.#native.byKey(text("id", id), counting(given)));
  }

  byName(name, given) {
    return waiting(this.#native.byName(text("name", name), counting(given)));
  }

  get yields() {
    return this.#yields;
  }

  static {
    isLimit = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** The address of the client of a connection from `peer`, where `hops` proxies have written into `field`. */
function clientAddress(peer, values, given) {
  const parts = options(given, ["hops", "field"]);
  const field = maybe(text, "field", parts.field, "x-forwarded-for");
  const lines = items("values", values).map((value) => text("values", value));
  const end = maybe(text, "peer", peer);
  return settled(native.Limit.clientAddress(end, field, lines, whole("hops", parts.hops)));
}

/** The fields of a response that several limits have a say in: each field is a list. */
function fields(admitted) {
  const found = {};
  for (const { headers } of admitted)
    for (const [name, value] of Object.entries(headers))
      found[name] = Object.hasOwn(found, name) ? `${found[name]}, ${value}` : value;
  return found;
}

function counting(given) {
  const parts = options(given, COUNTING);
  return {
    cost: maybe(whole, "cost", parts.cost, 1),
    isCrowded: maybe(flag, "isCrowded", parts.isCrowded, false),
    now: now(parts.now),
  };
}

/** Burst and milliseconds. */
function rate(name, value) {
  const numbers = items(name, value).map((number) => whole(name, number));
  if (numbers.length !== 2) throw wrong(name, "a pair of burst and milliseconds");
  return numbers;
}

module.exports = { Limit, clientAddress, fields, isLimit };
