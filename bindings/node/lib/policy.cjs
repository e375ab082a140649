"use strict";
// Policies and profiles.

const { flag, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

const COVERED = ["cover", "coverScheme", "audience", "digest"];
const FOREIGN = ["tag", "require", "requireNonce", "requireDigest"];
const BOUNDS = ["pastSeconds", "futureSeconds", "retainSeconds", "bodyLimitBytes"];

/** Whoever holds this has the native half of a policy or profile in hand. */
const MADE = Symbol("made");

let nativeOfForeign;
let nativeOfPolicy;
let nativeOfProfile;

class Policy {
  #native;

  constructor(authorities, given) {
    this.#native = authorities === MADE ? given : create(authorities, given);
  }

  static parse(json) {
    return new Policy(MADE, settled(native.Policy.parse(text("json", json))));
  }

  get profile() {
    return new Profile(MADE, settled(this.#native.profile()));
  }

  get bodyLimitBytes() {
    return settled(this.#native.bodyLimitBytes());
  }

  static {
    nativeOfPolicy = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class ForeignPolicy {
  #native;

  constructor(authorities, given) {
    const parts = options(given, [...FOREIGN, ...BOUNDS]);
    const foreign = {
      tag: maybe(text, "tag", parts.tag),
      require: maybe(texts, "require", parts.require),
      requireNonce: maybe(flag, "requireNonce", parts.requireNonce, true),
      requireDigest: maybe(flag, "requireDigest", parts.requireDigest, true),
    };
    this.#native = settled(native.ForeignPolicy.create(foreign, bounded(authorities, parts)));
  }

  get bodyLimitBytes() {
    return settled(this.#native.bodyLimitBytes());
  }

  static {
    nativeOfForeign = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class Profile {
  #native;

  constructor(given, made) {
    this.#native = given === MADE ? made : settled(native.Profile.create(covered(options(given, COVERED))));
  }

  static parse(json) {
    return new Profile(MADE, settled(native.Profile.parse(text("json", json))));
  }

  static {
    nativeOfProfile = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

function create(authorities, given) {
  const parts = options(given, [...COVERED, ...BOUNDS]);
  return settled(native.Policy.create(covered(parts), bounded(authorities, parts)));
}

/** Authorities and bounds, which policies of both kinds have. */
function bounded(authorities, parts) {
  const members = { authorities: maybe(texts, "authorities", authorities, []) };
  for (const name of BOUNDS) members[name] = maybe(whole, name, parts[name]);
  return members;
}

function covered(parts) {
  return {
    cover: maybe(texts, "cover", parts.cover, []),
    coverScheme: maybe(flag, "coverScheme", parts.coverScheme, false),
    audience: maybe(text, "audience", parts.audience),
    digest: maybe(text, "digest", parts.digest),
  };
}

/** The native half of a policy of either kind. */
function nativePolicy(value) {
  const found = nativeOfPolicy(value) ?? nativeOfForeign(value);
  if (found === undefined) throw wrong("policy", "Policy or ForeignPolicy");
  return found;
}

/** The native half of a profile, or of the profile of a policy. */
function nativeProfile(name, value) {
  const policy = nativeOfPolicy(value);
  const found = policy === undefined ? nativeOfProfile(value) : settled(policy.profile());
  if (found === undefined) throw wrong(name, "Profile or Policy");
  return found;
}

module.exports = { ForeignPolicy, Policy, Profile, nativePolicy, nativeProfile };
