"use strict";
// Tokens of CI systems and of other issuers, admitted by rules.

const { flag, guarded, items, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { now } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { FETCHING, RemoteKeys } = require("./remote_keys.cjs");
const { nativeTokenKeys } = require("./token_keys.cjs");
const { admittedJob } = require("./token_rights.cjs");
const { tokenOf } = require("./token_verified.cjs");

const LISTS = ["repositoryNames", "subjects", "events", "refs", "environments", "runners"];
const GITHUB = [
  "name",
  "repository",
  "anyRepositoryOf",
  "anyRef",
  "onlyProtected",
  "workflow",
  "calledWorkflow",
  ...LISTS,
];

/** Whoever holds this has the native half of a policy in hand. */
const MADE = Symbol("made");

let isOidcPolicy;

class OidcPolicy {
  #native;

  constructor(made, policy) {
    if (made !== MADE) throw wrong("OidcPolicy", "what github or ofIssuer returns; it is not made by hand");
    this.#native = policy;
  }

  static github(audience, rules, given) {
    const parts = options(given, ["issuer", "maxAgeSeconds"]);
    const issuer = maybe(text, "issuer", parts.issuer);
    const age = maybe(whole, "maxAgeSeconds", parts.maxAgeSeconds);
    const made = items("rules", rules).map(githubRule);
    return new OidcPolicy(MADE, settled(native.OidcPolicy.github(issuer, text("audience", audience), made, age)));
  }

  static ofIssuer(issuer, audience, rules, given) {
    const age = maybe(whole, "maxAgeSeconds", options(given, ["maxAgeSeconds"]).maxAgeSeconds);
    const made = items("rules", rules).map(claimRule);
    const policy = native.OidcPolicy.ofIssuer(text("issuer", issuer), text("audience", audience), made, age);
    return new OidcPolicy(MADE, settled(policy));
  }

  verify(token, keys, given) {
    const [known, moment] = [nativeTokenKeys(keys), now(options(given, ["now"]).now)];
    const told = settled(this.#native.verify(text("token", token), known, moment));
    const [rule, until] = told.split("\n", 2);
    const proof = told.slice(rule.length + until.length + 2);
    const verified = tokenOf(proof, () => this.#native.hold(token, known, moment));
    return admittedJob(verified, rule, Number(until));
  }

  get issuer() {
    return settled(this.#native.issuer());
  }

  static {
    isOidcPolicy = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

class OidcVerifier {
  #policy;
  #keys;

  constructor(policy, fetcher, given) {
    if (!isOidcPolicy(policy)) throw wrong("policy", "OidcPolicy");
    this.#policy = policy;
    this.#keys = new RemoteKeys(fetcher, options(given, FETCHING), policy.issuer);
  }

  get issuer() {
    return this.#policy.issuer;
  }

  async verify(token) {
    return this.#keys.judged(text("token", token), (keys, at) => this.#policy.verify(token, keys, at));
  }

  async follow(given) {
    return this.#keys.follow(given);
  }

  close() {
    this.#keys.close();
  }
}

/** A rule for GitHub, as the native half takes it: what is said to be one of none is not what is not said. */
function githubRule(value) {
  const parts = options(value, GITHUB);
  const rule = {
    name: text("name", parts.name),
    repository: maybe(ids, "repository", parts.repository),
    anyRepositoryOf: maybe(whole, "anyRepositoryOf", parts.anyRepositoryOf),
    anyRef: maybe(flag, "anyRef", parts.anyRef, false),
    onlyProtected: maybe(flag, "onlyProtected", parts.onlyProtected, false),
    workflow: maybe(text, "workflow", parts.workflow),
    calledWorkflow: maybe(text, "calledWorkflow", parts.calledWorkflow),
  };
  for (const name of LISTS) rule[name] = maybe(texts, name, parts[name]);
  return rule;
}

function claimRule(value) {
  const parts = options(value, ["name", "equals", "has", "like"]);
  return {
    name: text("name", parts.name),
    equals: maybe(conditions, "equals", parts.equals, []),
    has: maybe(conditions, "has", parts.has, []),
    like: maybe(conditions, "like", parts.like, []),
  };
}

/** A repository's id and its owner's. */
function ids(name, value) {
  const { id, ownerId } = options(value, ["id", "ownerId"]);
  return [whole(name, id), whole(name, ownerId)];
}

/** The members of an object, each a claim with a text or an array of them. */
function conditions(name, value) {
  return guarded(name, "object whose members can be read", () => {
    if (typeof value !== "object" || Array.isArray(value)) throw wrong(name, "object");
    return Object.keys(value).map((claim) => {
      const said = value[claim];
      const one = name === "has" ? [text(name, said)] : texts(name, said);
      return [text(name, claim), ...one];
    });
  });
}

module.exports = { OidcPolicy, OidcVerifier };
