"use strict";
// Policies and profiles.

const { flag, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

const COVERED = ["cover", "coverScheme", "audience", "digest"];
const BOUNDS = ["pastSeconds", "futureSeconds", "retainSeconds", "bodyLimitBytes"];

/** Whoever holds this has the native half of a policy or profile in hand. */
const MADE = Symbol("made");

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
  const members = { authorities: maybe(texts, "authorities", authorities, []) };
  for (const name of BOUNDS) members[name] = maybe(whole, name, parts[name]);
  return settled(native.Policy.create(covered(parts), members));
}

function covered(parts) {
  return {
    cover: maybe(texts, "cover", parts.cover, []),
    coverScheme: maybe(flag, "coverScheme", parts.coverScheme, false),
    audience: maybe(text, "audience", parts.audience),
    digest: maybe(text, "digest", parts.digest),
  };
}

/** The native half of a policy. */
function nativePolicy(value) {
  const found = nativeOfPolicy(value);
  if (found === undefined) throw wrong("policy", "Policy");
  return found;
}

/** The native half of a profile, or of the profile of a policy. */
function nativeProfile(name, value) {
  const policy = nativeOfPolicy(value);
  const found = policy === undefined ? nativeOfProfile(value) : settled(policy.profile());
  if (found === undefined) throw wrong(name, "Profile or Policy");
  return found;
}

module.exports = { Policy, Profile, nativePolicy, nativeProfile };
