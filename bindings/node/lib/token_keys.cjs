"use strict";
// Keys of tokens.

const { inspect } = require("node:util");
const { bytes, items, raw, text, wrong } = require("./arguments.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has the native half of a key in hand. */
const MADE = Symbol("made");

let nativeOfKey;
let nativeOfKeys;
let nativeOfSigner;

class TokenKey {
  #native;
  #facts;

  constructor(made, key) {
    if (made !== MADE) throw wrong("TokenKey", "what hmac, public or fromJwk returns; it is not made by hand");
    this.#native = key;
  }

  static hmac(id, algorithm, secret) {
    const key = native.TokenKey.hmac(text("id", id), text("algorithm", algorithm), bytes("secret", secret));
    return new TokenKey(MADE, settled(key));
  }

  static public(id, algorithm, pem) {
    const key = native.TokenKey.public(text("id", id), text("algorithm", algorithm), text("pem", pem));
    return new TokenKey(MADE, settled(key));
  }

  static fromJwk(json) {
    return new TokenKey(MADE, settled(native.TokenKey.fromJwk(text("json", json))));
  }

  get id() {
    return this.#known()[0];
  }

  get algorithm() {
    return this.#known()[1];
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<TokenKey ${this.id} ${this.algorithm}>`;
  }

  #known() {
    this.#facts ??= settled(this.#native.facts()).split("\n");
    return this.#facts;
  }

  static {
    nativeOfKey = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class TokenSigner {
  #native;
  #key;

  constructor(made, signer) {
    if (made !== MADE) throw wrong("TokenSigner", "what hmac or private returns; it is not made by hand");
    this.#native = signer;
  }

  static hmac(id, algorithm, secret) {
    const signer = native.TokenSigner.hmac(text("id", id), text("algorithm", algorithm), bytes("secret", secret));
    return new TokenSigner(MADE, settled(signer));
  }

  static private(id, pem) {
    return new TokenSigner(MADE, settled(native.TokenSigner.private(text("id", id), raw("pem", pem))));
  }

  get key() {
    this.#key ??= new TokenKey(MADE, settled(this.#native.key()));
    return this.#key;
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<TokenSigner ${this.key.id} ${this.key.algorithm}>`;
  }

  static {
    nativeOfSigner = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class TokenKeys {
  #native;

  constructor(keys, made) {
    this.#native = keys === MADE ? made : create(keys);
  }

  static fromJwks(json) {
    return new TokenKeys(MADE, settled(native.TokenKeys.fromJwks(text("json", json))));
  }

  static fromSpiffeBundle(json) {
    return new TokenKeys(MADE, settled(native.TokenKeys.fromSpiffeBundle(text("json", json))));
  }

  get ids() {
    return settled(this.#native.ids()).split("\n").slice(0, -1);
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<TokenKeys of ${this.ids.length}>`;
  }

  static {
    nativeOfKeys = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

function create(keys) {
  const found = items("keys", keys).map((key) => {
    const made = nativeOfKey(key);
    if (made === undefined) throw wrong("keys", "TokenKeys or TokenKey objects");
    return made;
  });
  return settled(native.TokenKeys.create(found));
}

/** The keys of this native half. */
function tokenKeysOf(made) {
  return new TokenKeys(MADE, made);
}

/** The native half of keys, or of an array of them. */
function nativeTokenKeys(value) {
  return nativeOfKeys(value) ?? create(value);
}

/** The native half of a signer. */
function nativeTokenSigner(value) {
  const found = nativeOfSigner(value);
  if (found === undefined) throw wrong("signer", "TokenSigner or TokenRing");
  return found;
}

module.exports = { TokenKey, TokenKeys, TokenSigner, nativeTokenKeys, nativeTokenSigner, tokenKeysOf };
