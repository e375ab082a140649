"use strict";
// Policies of tokens, and minting.

const { inspect } = require("node:util");
const { bytes, guarded, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { now, seed } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { nativeTokenSigner } = require("./token_keys.cjs");
const { nativeTokenRing } = require("./token_ring.cjs");

const POLICY = ["issuer", "audience", "matchAudience", "typ", "leewaySeconds", "lifeSeconds"];
const CLAIMS = ["until", "userVer", "accessKey", "session", "generation", "certificate", "key", "claims"];
const MINT = ["lifeSeconds", ...CLAIMS, "now", "seed"];

/** Whoever holds this has what the native half minted in hand. */
const MINTED = Symbol("minted");

let nativeOfPolicy;

class TokenPolicy {
  #native;

  constructor(profile, given) {
    const parts = options(given, POLICY);
    const members = {
      issuer: text("issuer", parts.issuer),
      audience: audience(parts.audience),
      matchAudience: maybe(text, "matchAudience", parts.matchAudience),
      typ: maybe(text, "typ", parts.typ),
      leewaySeconds: maybe(whole, "leewaySeconds", parts.leewaySeconds),
      lifeSeconds: maybe(whole, "lifeSeconds", parts.lifeSeconds),
    };
    this.#native = settled(native.TokenPolicy.create(text("profile", profile), members));
  }

  get issuer() {
    return settled(this.#native.issuer());
  }

  static {
    nativeOfPolicy = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) throw wrong("policy", "TokenPolicy");
      return value.#native;
    };
  }
}

class TokenMinter {
  #native;

  constructor(signer, policy) {
    const ring = nativeTokenRing(signer);
    const made =
      ring === undefined
        ? native.TokenMinter.create(nativeTokenSigner(signer), nativeOfPolicy(policy))
        : native.TokenMinter.ofRing(ring, nativeOfPolicy(policy));
    this.#native = settled(made);
  }

  mint(subject, given) {
    const parts = options(given, MINT);
    const life = whole("lifeSeconds", parts.lifeSeconds);
    const said = {
      until: maybe(whole, "until", parts.until),
      userVer: maybe(whole, "userVer", parts.userVer),
      accessKey: maybe(text, "accessKey", parts.accessKey),
      session: maybe(text, "session", parts.session),
      generation: maybe(whole, "generation", parts.generation),
      certificate: maybe(bytes, "certificate", parts.certificate),
      key: maybe(bytes, "key", parts.key),
      claims: maybe(members, "claims", parts.claims),
    };
    const moment = now(parts.now);
    const minted = this.#native.mint(text("subject", subject), life, said, moment, seed(parts.seed, 16));
    return new Minted(MINTED, settled(minted).split("\n"));
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }
}

class Minted {
  #lines;

  constructor(minted, lines) {
    if (minted !== MINTED) throw wrong("Minted", "what TokenMinter.mint returns; it is not made by hand");
    this.#lines = lines;
  }

  get token() {
    return this.#lines[0];
  }

  get expires() {
    return Number(this.#lines[1]);
  }

  get decidedBy() {
    return this.#lines[2];
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<Minted until ${this.expires}>`;
  }
}

/** One name, or an array of them. */
function audience(value) {
  return typeof value === "string" ? [text("audience", value)] : texts("audience", value);
}

/** Further claims: JSON text, or what `JSON.stringify` makes it of. */
function members(name, value) {
  if (typeof value === "string") return text(name, value);
  return text(
    name,
    guarded(name, WRITABLE, () => JSON.stringify(value)),
  );
}

/** The native half of a policy of tokens. */
function nativeTokenPolicy(value) {
  return nativeOfPolicy(value);
}

const WRITABLE = "object that JSON.stringify can write";

module.exports = { Minted, TokenMinter, TokenPolicy, nativeTokenPolicy };
