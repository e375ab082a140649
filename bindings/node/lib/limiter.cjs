"use strict";
// A limit and the store that counts for it, as a service uses them.

const { callable, guarded, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { ArgumentError, LimitError } = require("./errors.cjs");
const { clientAddress, isLimit } = require("./limit.cjs");
const { isCells, nativeStore } = require("./stores.cjs");

let isLimiter;

class Limiter {
  #limit;
  #store;
  #drive;
  #hops;
  #field;
  #onEvent;
  #clock;

  constructor(limit, given) {
    if (!isLimit(limit)) throw wrong("limit", "Limit");
    const parts = options(given, ["store", "drive", "hops", "field", "onEvent", "clock"]);
    maybe(nativeStore, "store", parts.store);
    this.#limit = limit;
    this.#store = parts.store ?? null;
    this.#drive = maybe(callable, "drive", parts.drive, null);
    if ((this.#store === null) === (this.#drive === null)) throw new ArgumentError("binding_store_missing");
    this.#hops = maybe(whole, "hops", parts.hops, 0);
    this.#field = maybe(text, "field", parts.field, "x-forwarded-for");
    this.#onEvent = maybe(callable, "onEvent", parts.onEvent);
    this.#clock = maybe(callable, "clock", parts.clock, Date.now);
    // What cannot be is refused now, and not with the first request.
    clientAddress(null, [], { hops: this.#hops, field: this.#field });
  }

  byAddress(message, given) {
    return this.#run((counting) => this.#limit.byAddress(this.#clientOf(message), counting), given);
  }

  byKey(id, given) {
    return this.#run((counting) => this.#limit.byKey(id, counting), given);
  }

  byName(name, given) {
    return this.#run((counting) => this.#limit.byName(name, counting), given);
  }

  async #run(begin, given) {
    const { cost } = options(given, ["cost"]);
    const now = this.#clock();
    try {
      const waiting = begin({ cost, now, isCrowded: this.#isCrowded(now) });
      return await (this.#drive === null ? waiting.run(this.#store) : this.#drive(waiting));
    } catch (error) {
      if (error instanceof LimitError && error.event !== null) this.#onEvent?.(error.event);
      throw error;
    }
  }

  #clientOf(message) {
    const { peer, lines } = guarded("message", "IncomingMessage", () => connection(message));
    const values = lines.filter((_, at) => at % 2 === 1 && lines[at - 1].toLowerCase() === this.#field);
    return clientAddress(peer, values, { hops: this.#hops, field: this.#field });
  }

  #isCrowded(now) {
    return this.#limit.yields && isCells(this.#store) && this.#store.isCrowded({ now });
  }

  static {
    isLimiter = (value) => typeof value === "object" && value !== null && #limit in value;
  }
}

/** The other end of a connection, and the names and values of the field lines in turn. */
function connection(message) {
  const { rawHeaders, socket } = message;
  if (!Array.isArray(rawHeaders) || typeof socket !== "object") throw wrong("message", "IncomingMessage");
  return { peer: socket?.remoteAddress, lines: rawHeaders };
}

/** The limiter that this is, for a setting called `name`. */
function limiter(name, value) {
  if (!isLimiter(value)) throw wrong(name, "Limiter");
  return value;
}

module.exports = { Limiter, limiter };
