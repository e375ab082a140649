"use strict";
// Sessions that go on by refresh tokens.

const { bytes, items, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { at, now, seed } = require("./chance.cjs");
const { ArgumentError, settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { waiting } = require("./waiting.cjs");

const SPANS = ["withinSeconds", "windowSeconds", "retries", "idleSeconds", "absoluteSeconds", "skewSeconds"];
const POLICY = ["confirmation", ...SPANS, "onReuse", "binding", "signing", "verifying", "detecting"];
const HOLDER = ["client", "deviceSecret", "key"];
const WHICH = ["but", "client", "device"];

class Refresher {
  #native;

  constructor(given) {
    const parts = options(given, POLICY);
    const members = {
      confirmation: text("confirmation", parts.confirmation),
      withinSeconds: whole("withinSeconds", parts.withinSeconds),
      onReuse: maybe(text, "onReuse", parts.onReuse),
      binding: maybe(text, "binding", parts.binding),
      signing: secret("signing", parts.signing),
      verifying: maybe(secrets, "verifying", parts.verifying, []),
      detecting: maybe(secrets, "detecting", parts.detecting, []),
    };
    for (const name of SPANS.slice(1)) members[name] = maybe(whole, name, parts[name]);
    this.#native = settled(native.Refresher.create(members));
  }

  beginSession(tenant, subject, given) {
    const parts = options(given, [...HOLDER, "userVer", "device", "access", "now", "seed"]);
    const fresh = {
      userVer: whole("userVer", parts.userVer),
      device: maybe(text, "device", parts.device),
      access: maybe(text, "access", parts.access),
    };
    const names = [text("tenant", tenant), text("subject", subject)];
    return waiting(this.#native.beginSession(...names, fresh, holder(parts), now(parts.now), seed(parts.seed, 40)));
  }

  refresh(token, given) {
    const parts = options(given, [...HOLDER, "now", "seed"]);
    const moment = now(parts.now);
    return waiting(this.#native.refresh(text("token", token), holder(parts), moment, seed(parts.seed, 16)));
  }

  mint(token, given) {
    const parts = options(given, [...HOLDER, "now"]);
    return waiting(this.#native.mint(text("token", token), holder(parts), now(parts.now)));
  }

  explain(token, given) {
    const parts = options(given, [...HOLDER, "now"]);
    return waiting(this.#native.explain(text("token", token), holder(parts), now(parts.now)));
  }

  confirm(session, generation, given) {
    const told = [text("session", session), whole("generation", generation)];
    return waiting(this.#native.confirm(...told, at(given)));
  }

  logOut(session, given) {
    return waiting(this.#native.logOut(text("session", session), at(given)));
  }

  revoke(session, given) {
    return waiting(this.#native.revoke(text("session", session), at(given)));
  }

  revokeAll(tenant, subject, given) {
    const parts = options(given, [...WHICH, "now"]);
    const which = {};
    for (const name of WHICH) which[name] = maybe(text, name, parts[name]);
    return waiting(this.#native.revokeAll(text("tenant", tenant), text("subject", subject), which, now(parts.now)));
  }

  sessions(tenant, subject, given) {
    return waiting(this.#native.sessions(text("tenant", tenant), text("subject", subject), at(given)));
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }
}

/** Who presents a token. */
function holder(parts) {
  return {
    client: text("client", parts.client),
    deviceSecret: maybe(bytes, "deviceSecret", parts.deviceSecret),
    key: maybe(bytes, "key", parts.key),
  };
}

/** A pair of a number and bytes. */
function secret(name, value) {
  const pair = items(name, value);
  if (pair.length !== 2) throw wrong(name, "pair of a number and bytes");
  return { number: whole(name, pair[0]), secret: bytes(name, pair[1]) };
}

function secrets(name, value) {
  return items(name, value).map((pair) => secret(name, pair));
}

/** What stands in a text, if it has the form of a refresh token. */
function inspectRefreshToken(token) {
  return settled(native.Refresher.inspect(text("token", token)));
}

module.exports = { Refresher, inspectRefreshToken };
