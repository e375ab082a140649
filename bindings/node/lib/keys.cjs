"use strict";
// Keys.

const { inspect } = require("node:util");
const { bytes, flag, maybe, items, options, text, whole, wrong } = require("./arguments.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has the native half of a key in hand. */
const MADE = Symbol("made");

let nativeOf;

class Key {
  #native;
  #facts;

  constructor(id, secret, given) {
    this.#native = id === MADE ? secret : create(id, secret, given);
  }

  get id() {
    return this.#known().id;
  }

  get since() {
    return this.#known().since;
  }

  get until() {
    return this.#known().until ?? null;
  }

  get scope() {
    return this.#known().scope;
  }

  get revoked() {
    return this.#known().revoked;
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<Key ${this.id}>`;
  }

  #known() {
    this.#facts ??= settled(this.#native.facts());
    return this.#facts;
  }

  static {
    nativeOf = (name, value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) throw wrong(name, "Key");
      return value.#native;
    };
  }
}

function create(id, secret, given) {
  const parts = options(given, ["since", "until", "scope", "revoked"]);
  const members = {
    since: maybe(whole, "since", parts.since, 0),
    until: maybe(whole, "until", parts.until),
    scope: maybe(text, "scope", parts.scope, ""),
    revoked: maybe(flag, "revoked", parts.revoked, false),
  };
  return settled(native.Key.create(text("id", id), bytes("secret", secret), members));
}

/** The key of this native half. */
function keyOf(made) {
  return new Key(MADE, made);
}

/** The native half of one key. */
function nativeKey(name, value) {
  return nativeOf(name, value);
}

/** The native halves of an array of keys. */
function nativeKeys(value) {
  return items("keys", value).map((key) => nativeOf("keys", key));
}

module.exports = { Key, keyOf, nativeKey, nativeKeys };
