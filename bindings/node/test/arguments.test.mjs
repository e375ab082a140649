// Arguments that cannot be: each one gets a code of ours, and the process lives on.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as counterseal from "counterseal";
import {
  ArgumentError,
  Cells,
  Key,
  KeyFetcher,
  KeyVault,
  Limit,
  Limiter,
  Memory,
  Policy,
  Receiver,
  Refresher,
  RemoteVerifier,
  Requirement,
  Ring,
  Sender,
  SharedCells,
  SharedRing,
  Signer,
  Sqlite,
  Standing,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenPolicy,
  TokenRing,
  TokenSigner,
  TokenVerifier,
  Verifier,
} from "counterseal";
import {
  AUTHORITY,
  key,
  minted,
  NOW,
  REQUEST,
  refused,
  SECRET,
  signed,
  tokenPolicy,
  tokenSigner,
  tokenVerifier,
  verifier,
} from "./support.mjs";

const signer = new Signer(key());
const SECRETS = [`whsec_${"A".repeat(32)}`];
const sender = new Sender(SECRETS);
const receiver = new Receiver("a", SECRETS);
const limit = new Limit("a", { burst: 1, everyMs: 1 });
const minter = new TokenMinter(tokenSigner(), tokenPolicy());
const refresher = new Refresher({ confirmation: "wired", withinSeconds: 60, signing: [1, SECRET] });
const fetcher = () => new KeyFetcher("a", "https://a.example/keys");
const proven = () => tokenVerifier().verify(minted().token, { now: NOW });
const TYPE = "binding_argument_type";
const RANGE = "binding_argument_range";

/** What is no number of a time, a size or a span, with the code that it gets. */
const NUMBERS = [
  [Number.NaN, RANGE],
  [Number.POSITIVE_INFINITY, RANGE],
  [Number.NEGATIVE_INFINITY, RANGE],
  [1.5, RANGE],
  [-1, RANGE],
  [2 ** 53, RANGE],
  [2 ** 63, RANGE],
  [2 ** 64, RANGE],
  [1n, TYPE],
  [2n ** 64n, TYPE],
  ["1", TYPE],
  [true, TYPE],
  [{}, TYPE],
  [[1], TYPE],
  [new Date(NOW), TYPE],
  [new Number(1), TYPE],
  [Symbol("1"), TYPE],
  [() => 1, TYPE],
];

const KEPT = tokenVerifier();
KEPT.verify(minted({ seed: new Uint8Array(16) }).token, { now: NOW });

const numbers = {
  "now of sign": (now) => signer.sign(REQUEST, { now }),
  "now of verify": (now) => verifier().verify(signed(), { now }),
  "now of begin": (now) => verifier().begin(signed(), { now }),
  "now of keyToLoad": (now) => verifier({ keys: [] }).keyToLoad(signed(), { now }),
  "now of keyToRefresh": (now) => verifier().keyToRefresh({ now }),
  "since of a key": (since) => new Key("a", SECRET, { since }),
  "until of a key": (until) => new Key("a", SECRET, { until }),
  lifeSeconds: (lifeSeconds) => new Signer(key(), { lifeSeconds }),
  pastSeconds: (pastSeconds) => new Policy([AUTHORITY], { pastSeconds }),
  futureSeconds: (futureSeconds) => new Policy([AUTHORITY], { futureSeconds }),
  retainSeconds: (retainSeconds) => new Policy([AUTHORITY], { retainSeconds }),
  bodyLimitBytes: (bodyLimitBytes) => new Policy([AUTHORITY], { bodyLimitBytes }),
  refreshSeconds: (refreshSeconds) => new Verifier(new Policy([AUTHORITY]), [], null, { refreshSeconds }),
  "capacity of memory": (capacity) => new Memory({ capacity }),
  "now of a store": (now) => new Memory({ now }),
  "perSecond of a ring": (perSecond) => new Ring({ perSecond }),
  "ownerCap of a ring": (ownerCap) => new Ring({ ownerCap }),
  "pastSeconds of a store": (pastSeconds) => new Memory({ pastSeconds }),
  "limit of a sweep": (limit) => new Memory().sweep({ limit }),
  "oldUntil of a rotation": (oldUntil) => new KeyVault(SECRET).rotate("a", "b", SECRET, { oldUntil }),
  "end of a key": (until) => counterseal.endKey("a", until),
  "now of a revocation": (now) => counterseal.revokeKey("a", { now }),
  "burst of a limit": (burst) => new Limit("a", { burst, everyMs: 1 }),
  "everyMs of a limit": (everyMs) => new Limit("a", { burst: 1, everyMs }),
  "site of a limit": (value) => new Limit("a", { burst: 1, everyMs: 1, site: [1, value] }),
  "cost of a charge": (cost) => limit.byKey("a", { cost }),
  "now of a charge": (now) => limit.byName("a", { now }),
  cells: (cells) => new Cells({ cells }),
  "now of a gauge": (now) => new Cells().gauge({ now }),
  hops: (hops) => counterseal.clientAddress("192.0.2.7", [], { hops }),
  "hops of a limiter": (hops) => new Limiter(limit, { store: new Cells(), hops }),
  "now of a message": (now) => sender.sign("a", "", { now }),
  "now of a delivery": (now) => receiver.check([], "", { now }),
  "pastSeconds of a receiver": (pastSeconds) => new Receiver("a", SECRETS, null, { pastSeconds }),
  "bodyLimitBytes of a receiver": (bodyLimitBytes) => new Receiver("a", SECRETS, null, { bodyLimitBytes }),
  "now of migrations": (now) => counterseal.migrations("sqlite", { now }),
  "now of a mint": (now) => minted({ now }),
  "lifeSeconds of a mint": (lifeSeconds) => minted({ lifeSeconds }),
  "until of a mint": (until) => minted({ until }),
  userVer: (userVer) => minted({ userVer }),
  "generation of a mint": (generation) => minted({ generation }),
  "leewaySeconds of tokens": (leewaySeconds) => tokenPolicy("access", { leewaySeconds }),
  "lifeSeconds of tokens": (lifeSeconds) => tokenPolicy("access", { lifeSeconds }),
  "cache of proofs": (cache) => tokenVerifier({ cache }),
  "now of a token": (now) => tokenVerifier().verify(minted().token, { now }),
  "now of a token that is kept": (now) => KEPT.verify(minted({ seed: new Uint8Array(16) }).token, { now }),
  "now of a requirement": (now) => new Requirement(["a"]).check(proven(), { now }),
  "maxAgeSeconds of a requirement": (maxAgeSeconds) => new Requirement(["a"], { methods: ["hwk"], maxAgeSeconds }),
  "at of a proof": (at) =>
    new Requirement(["a"]).check(proven(), { proof: { session: "a", subject: "a", method: "a", at } }),
  "now of a ring": (now) => new TokenRing("a", SECRET).load({ now }),
  "lifeSeconds of a ring": (lifeSeconds) => new TokenRing("a", SECRET, { lifeSeconds }),
  "now of a rotation": (now) => new TokenRing("a", SECRET).rotate({ now }),
  "now of a standing": (now) => new Standing("a").begin(proven(), { now }),
  "now of a change": (now) => new Standing("a").bump("a", { now }),
  "expires of a denial": (expires) => new Standing("a").deny("a", { expires }),
  "cacheSeconds of a standing": (cacheSeconds) => new Standing("a", { cacheSeconds }),
  "cachePlaces of a standing": (cachePlaces) => new Standing("a", { cachePlaces }),
  "now of a fetcher": (now) => new KeyFetcher("a", "https://a.example/keys", { now }),
  "refreshSeconds of a fetcher": (refreshSeconds) => new KeyFetcher("a", "https://a.example/keys", { refreshSeconds }),
  "now of a timeout": (now) => fetcher().handleTimeout({ now }),
  "now of keys": (now) => fetcher().keys({ now }),
  "status of an answer": (status) => fetcher().handleResponse(1, { status, body: SECRET }),
  "now of a bearer": (now) => counterseal.bearer({}, { now }),
  "limit of sweeping": (limit) => counterseal.sweeping("sqlite", { limit }),
  "limit of sweeping cells": (limit) => counterseal.sweepingCells("sqlite", { limit }),
};

for (const [name, call] of Object.entries(numbers)) {
  test(`b07_${name}_is_a_whole_number_in_its_range`, () => {
    for (const [value, code] of NUMBERS) {
      const error = refused(code, () => call(value));
      assert(error instanceof ArgumentError);
    }
  });
}

const texts = {
  "id of a key": (text) => new Key(text, SECRET),
  "scope of a key": (scope) => new Key("a", SECRET, { scope }),
  "authorities of a policy": (text) => new Policy([text]),
  "cover of a policy": (text) => new Policy([AUTHORITY], { cover: [text] }),
  "audience of a policy": (audience) => new Policy([AUTHORITY], { audience }),
  "digest of a policy": (digest) => new Policy([AUTHORITY], { digest }),
  "JSON of a policy": (text) => Policy.parse(text),
  "path of a ring": (text) => new SharedRing(text),
  "path of a database": (text) => new Sqlite(text),
  dialect: (text) => counterseal.migrations(text),
  "permission of a requirement": (text) => new Requirement([text]),
  "method of a requirement": (text) => new Requirement(["a"], { maxAgeSeconds: 1, methods: [text] }),
  "issuer of a ring": (text) => new TokenRing(text, SECRET),
  "algorithm of a rotation": (algorithm) => new TokenRing("a", SECRET).rotate({ algorithm }),
  "key that is revoked in a ring": (text) => new TokenRing("a", SECRET).revoke(text),
  "tenant of a standing": (text) => new Standing(text),
  "subject of a change": (text) => new Standing("a").bump(text),
  "access key of a change": (text) => new Standing("a").disableKey(text),
  "issuer of a fetcher": (text) => new KeyFetcher(text, "https://a.example/keys"),
  "URL of a fetcher": (text) => new KeyFetcher("a", text),
  "token that is wanted": (text) => fetcher().handleWanted(text),
  "cause of a failure": (text) => fetcher().handleFailure(1, text),
  "id of a stored key": (text) => new KeyVault(SECRET).load(text),
  "name of a component": (text) => verifier().verify(signed(), { now: NOW }).component(text),
  "id to forget": (text) => verifier().forgetKey(text),
  "base of an explanation": (base) => verifier().explain(signed(), { base }),
  "name of a limit": (text) => new Limit(text, { burst: 1, everyMs: 1 }),
  "client of a charge": (text) => limit.byAddress(text),
  "id of a charge": (text) => limit.byKey(text),
  "name of a charge": (text) => limit.byName(text),
  "path of cells": (text) => new SharedCells(text),
  peer: (peer) => counterseal.clientAddress(peer, [], { hops: 0 }),
  "value of a forwarding field": (text) => counterseal.clientAddress(null, [text], { hops: 0 }),
  "field of proxies": (field) => counterseal.clientAddress(null, [], { hops: 0, field }),
  "secret of a sender": (text) => new Sender([text]),
  "id of a message": (text) => sender.sign(text, ""),
  "endpoint of a receiver": (text) => new Receiver(text, SECRETS),
  "id of a key of tokens": (text) => TokenKey.hmac(text, "HS256", SECRET),
  "algorithm of a key of tokens": (text) => TokenKey.hmac("a", text, SECRET),
  "PEM of a public key": (text) => TokenKey.public("a", "ES256", text),
  JWK: (text) => TokenKey.fromJwk(text),
  "JWK Set": (text) => TokenKeys.fromJwks(text),
  "SPIFFE bundle": (text) => TokenKeys.fromSpiffeBundle(text),
  "id of a signer of tokens": (text) => TokenSigner.hmac(text, "HS256", SECRET),
  "profile of tokens": (text) => tokenPolicy(text),
  "issuer of tokens": (issuer) => tokenPolicy("access", { issuer }),
  "audience of tokens": (text) => tokenPolicy("access", { audience: [text] }),
  matchAudience: (matchAudience) => tokenPolicy("access", { matchAudience }),
  "typ of tokens": (typ) => tokenPolicy("access", { typ }),
  "subject of a token": (text) => minter.mint(text, { lifeSeconds: 1 }),
  "session of a token": (session) => minted({ session }),
  "access key of a token": (accessKey) => minted({ accessKey }),
  token: (text) => tokenVerifier().verify(text),
  "token that is explained": (text) => tokenVerifier().explain(text),
  "token that is inspected": (text) => counterseal.inspectToken(text),
  "refresh token that is explained": (text) => refresher.explain(text, { client: "web" }),
  "refresh token that is inspected": (text) => counterseal.inspectRefreshToken(text),
  room: (room) => counterseal.sweeping("sqlite", { room }),
  "scheme of a request": (scheme) => signer.sign({ ...REQUEST, scheme }),
};

for (const [name, call] of Object.entries(texts)) {
  test(`b03_${name}_is_well_formed_text`, () => {
    for (const text of ["\ud800", "a\udc00b", "\udfff\ud800"]) refused("binding_argument_text", () => call(text));
    for (const value of [1, 1n, true, Symbol("a"), () => "a", {}, ["a"], new String("a"), Buffer.from("a")]) {
      const taken = refused(TYPE, () => call(value));
      assert(taken instanceof ArgumentError);
    }
  });
}

const parts = {
  method: (value) => ({ ...REQUEST, method: value }),
  authority: (value) => ({ ...REQUEST, authority: value }),
  path: (value) => ({ ...REQUEST, path: value }),
  query: (value) => ({ ...REQUEST, query: value }),
  body: (value) => ({ ...REQUEST, body: value }),
  "name of a field": (value) => ({ ...REQUEST, headers: [[value, "a"]] }),
  "value of a field": (value) => ({ ...REQUEST, headers: { "x-a": value } }),
  "value among flat fields": (value) => ({ ...REQUEST, headers: ["x-a", value] }),
};

for (const [name, request] of Object.entries(parts)) {
  test(`b03_b05_${name}_of_a_request_is_well_formed_text_or_bytes`, () => {
    for (const text of ["\ud800", "a\udc00b"]) {
      refused("binding_argument_text", () => signer.sign(request(text)));
      refused("binding_argument_text", () => verifier().verify(request(text)));
    }
    for (const value of [
      1,
      1n,
      true,
      Symbol("a"),
      () => "a",
      {},
      ["a"],
      new Uint16Array(2),
      new ArrayBuffer(2),
      detached(),
    ]) {
      refused(TYPE, () => signer.sign(request(value)));
      refused(TYPE, () => verifier().verify(request(value)));
    }
  });
}

test("b03_a_pair_of_surrogates_across_two_parts_is_no_text", () => {
  const request = { ...REQUEST, path: "/\ud83d", query: "\ude00" };
  refused("binding_argument_text", () => signer.sign(request));
});

/** A view of a buffer that was transferred. */
function detached() {
  const view = new Uint8Array(4);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

const buffers = {
  "secret of a key": (bytes) => new Key("a", bytes),
  "seed of a signature": (seed) => signer.sign(REQUEST, { seed }),
  "seed of a ring": (seed) => new Ring({ seed }),
  "seed of cells": (seed) => new Cells({ seed }),
  "secret of a vault": (bytes) => new KeyVault(bytes),
  "secret to save": (bytes) => new KeyVault(SECRET).save("a", bytes),
  "seed of a fetcher": (seed) => new KeyFetcher("a", "https://a.example/keys", { seed }),
  "seed of a token": (seed) => minted({ seed }),
  "certificate of a token": (certificate) => minted({ certificate }),
  "key of a token": (key) => tokenVerifier().verify("a.b.c", { key }),
  "seed to save": (seed) => new KeyVault(SECRET).save("a", SECRET, { seed }),
};

for (const [name, call] of Object.entries(buffers)) {
  test(`b05_${name}_is_bytes_of_its_length`, () => {
    const views = [
      new Uint16Array(16),
      new DataView(new ArrayBuffer(32)),
      new ArrayBuffer(32),
      new SharedArrayBuffer(32),
    ];
    for (const value of [...views, "k".repeat(32), 32, [1, 2], {}, detached(), new Proxy(SECRET, {})]) {
      refused(TYPE, () => call(value));
    }
    for (const value of [new Uint8Array(0), new Uint8Array(3)]) {
      const error = refused(
        name === "secret of a key" || name === "secret to save" ? "key_too_short" : "binding_argument_length",
        () => call(value),
      );
      assert(!error.message.includes("[object"));
    }
  });
}

test("b05_bytes_beyond_any_limit_are_refused_before_they_are_copied", () => {
  const most = 64 * 1024 * 1024 + 1;
  const body = new Uint8Array(most + 1);
  refused("binding_argument_length", () => signer.sign({ ...REQUEST, body }));
  refused("binding_argument_length", () => verifier().verify({ ...signed(), body }));
  refused("binding_argument_length", () => signer.sign({ ...REQUEST, path: "/".padEnd(most + 1, "a") }));
  refused("request_too_large", () => verifier().verify({ ...signed(), body: body.subarray(1) }));
});

test("b05_a_view_that_lies_about_itself_is_read_as_it_is", () => {
  const seed = new Uint8Array(16).fill(7);
  Object.defineProperty(seed, "length", { value: 2 ** 40 });
  Object.defineProperty(seed, "byteLength", { value: 0 });
  Object.defineProperty(seed, "buffer", { get: () => assert.fail("the own member was read") });
  assert.deepEqual(
    signer.sign(REQUEST, { now: NOW, seed }),
    signer.sign(REQUEST, { now: NOW, seed: new Uint8Array(16).fill(7) }),
  );
});

test("b05_shared_memory_is_copied_before_it_is_read", () => {
  const body = new Uint8Array(new SharedArrayBuffer(11));
  body.set(Buffer.from(REQUEST.body));
  assert.equal(verifier().verify({ ...signed(), body }, { now: NOW }).keyId, "worker-7");
  class Evil extends Uint8Array {
    static get [Symbol.species]() {
      return assert.fail("the species was asked");
    }
  }
  const evil = new Evil(new SharedArrayBuffer(11));
  evil.set(Buffer.from(REQUEST.body));
  assert.equal(verifier().verify({ ...signed(), body: evil }, { now: NOW }).keyId, "worker-7");
});

/** What throws whenever it is looked at. */
function trap() {
  const throwing = () => {
    throw new Error("foreign code ran");
  };
  const names = Object.getOwnPropertyNames(Reflect);
  return new Proxy({}, Object.fromEntries(names.map((name) => [name, throwing])));
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const throwingGetter = {
  get now() {
    throw new Error("foreign code ran");
  },
};

test("b08_what_throws_when_it_is_read_gets_a_code", () => {
  const { path, ...rest } = REQUEST;
  const getter = {
    ...rest,
    get path() {
      throw new RangeError("foreign code ran");
    },
  };
  const calls = [
    () => signer.sign(getter),
    () => signer.sign(REQUEST, throwingGetter),
    () => verifier().verify(getter),
    () =>
      signer.sign({
        ...REQUEST,
        headers: {
          get "x-a"() {
            throw new Error("foreign code ran");
          },
        },
      }),
    () =>
      signer.sign({
        ...REQUEST,
        headers: {
          entries: 1,
          __proto__: {
            entries() {
              throw new Error("foreign code ran");
            },
          },
        },
      }),
    () =>
      new Policy(
        Object.defineProperty([], 0, {
          get() {
            throw new Error("foreign code ran");
          },
        }),
      ),
    ...[trap(), revoked()].flatMap((value) => [
      () => signer.sign(value),
      () => signer.sign(REQUEST, value),
      () => signer.sign({ ...REQUEST, headers: value }),
      () => signer.sign({ ...REQUEST, headers: [value] }),
      () => signer.sign({ ...REQUEST, body: value }),
      () => signer.sign({ ...REQUEST, path: value }),
      () => new Key(value, SECRET),
      () => new Key("a", value),
      () => new Key("a", SECRET, value),
      () => new Signer(value),
      () => new Policy(value),
      () => new Policy([value]),
      () => new Policy([AUTHORITY], value),
      () => new Verifier(value),
      () => new Verifier(new Policy([AUTHORITY]), [value]),
      () => new Verifier(new Policy([AUTHORITY]), [], value),
      () => new Memory(value),
      () => new Sender(value),
      () => new Sender([value]),
      () => sender.sign("a", value),
      () => new Receiver("a", SECRETS, value),
      () => receiver.check(value, ""),
      () => receiver.check([[value, "a"]], ""),
      () => receiver.check([], value),
      () => TokenKey.hmac(value, "HS256", SECRET),
      () => new TokenKeys(value),
      () => new TokenKeys([value]),
      () => new TokenPolicy("access", value),
      () => tokenPolicy("access", { audience: value }),
      () => new TokenMinter(value, tokenPolicy()),
      () => new TokenMinter(tokenSigner(), value),
      () => minter.mint("a", value),
      () => minted({ claims: value }),
      () => new TokenVerifier(value, []),
      () => new TokenVerifier(tokenPolicy(), value),
      () => tokenVerifier().verify(value),
      () => tokenVerifier().verify("a", value),
      () => tokenVerifier().replaceKeys(value),
      () => counterseal.bearer(value),
      () => new Requirement(value),
      () => new Requirement(["a"], value),
      () => new Requirement(["a"], { methods: value }),
      () => new Requirement(["a"]).check(value),
      () => new Requirement(["a"]).check(proven(), value),
      () => new Requirement(["a"]).check(proven(), { proof: value }),
      () => new TokenRing(value, SECRET),
      () => new TokenRing("a", value),
      () => new TokenRing("a", SECRET, value),
      () => new TokenRing("a", SECRET).rotate(value),
      () => new TokenRing("a", SECRET).hold(value),
      () => new Standing(value),
      () => new Standing("a", value),
      () => new Standing("a").begin(value),
      () => new Standing("a").bump(value),
      () => new Standing("a").deny("a", value),
      () => new KeyFetcher("a", value),
      () => new KeyFetcher("a", "https://a.example/keys", value),
      () => fetcher().handleWanted(value),
      () => fetcher().handleResponse(1, value),
      () => fetcher().handleFailure(1, value),
      () => new RemoteVerifier(value, fetcher()),
      () => new RemoteVerifier(tokenPolicy(), value),
      () => new RemoteVerifier(tokenPolicy(), fetcher(), value),
      () => counterseal.bearer([[value, "a"]]),
      () => counterseal.bearer([["authorization", value]]),
      () => new Limit(value, { burst: 1, everyMs: 1 }),
      () => new Limit("a", value),
      () => new Limit("a", { burst: 1, everyMs: 1, site: value }),
      () => limit.byName("a", value),
      () => limit.byKey("a").run(value),
      () => new Limiter(value, { store: new Cells() }),
      () => new Limiter(limit, value),
      () => new Limiter(limit, { store: value }),
      () => counterseal.clientAddress(null, value, { hops: 0 }),
      () => new counterseal.Authenticator(verifier(), { byKey: value }),
      () => verifier().putKey(value),
      () => verifier().begin(signed(), { now: NOW }).answer([value]),
      () =>
        verifier()
          .begin(signed(), { now: NOW })
          .answer([[value]]),
    ]),
  ];
  for (const [at, call] of calls.entries()) {
    const error = refused(TYPE, call);
    assert(!error.message.includes("foreign"), `${at}`);
  }
});

test("b08_inherited_members_do_not_count", () => {
  Object.defineProperty(Object.prototype, "body", { value: "polluted", configurable: true });
  Object.defineProperty(Object.prototype, "now", { value: 0, configurable: true });
  try {
    const { body, ...plain } = REQUEST;
    const get = { ...plain, method: "GET", headers: {} };
    const headers = new Signer(new Key("a", SECRET)).sign(get, {});
    assert(!("content-digest" in headers));
    assert(!headers["signature-input"].includes("created=0;"));
    refused(TYPE, () => signer.sign(Object.create(REQUEST)));
  } finally {
    delete Object.prototype.body;
    delete Object.prototype.now;
  }
});

for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "lifeseconds"]) {
  test(`b08_an_option_called_${name}_is_refused_and_changes_nothing`, () => {
    const options = JSON.parse(`{"${name}": {"polluted": true}}`);
    const calls = [
      () => new Key("a", SECRET, options),
      () => new Signer(key(), options),
      () => new Policy([AUTHORITY], options),
      () => signer.sign(REQUEST, options),
      () => new Memory(options),
      () => new Limit("a", options),
      () => limit.byKey("a", options),
      () => new Cells(options),
      () => new Limiter(limit, options),
      () => new TokenPolicy("access", options),
      () => minter.mint("a", options),
      () => new TokenVerifier(tokenPolicy(), [tokenSigner().key], options),
      () => tokenVerifier().verify("a", options),
      () => counterseal.bearer({}, options),
      () => new Requirement(["a"], options),
      () => new Requirement(["a"]).check(proven(), options),
      () => new TokenRing("a", SECRET, options),
      () => new TokenRing("a", SECRET).rotate(options),
      () => new Standing("a", options),
      () => new Standing("a").begin(proven(), options),
      () => new Standing("a").deny("a", options),
      () => new KeyFetcher("a", "https://a.example/keys", options),
      () => fetcher().handleResponse(1, options),
      () => new RemoteVerifier(tokenPolicy(), fetcher(), options),
    ];
    for (const call of calls) refused("binding_argument_choice", call);
    assert.equal({}.polluted, undefined);
  });

  test(`b08_a_field_called_${name}_is_a_field`, () => {
    const headers = JSON.parse(`{"${name}": "1", "content-type": "application/json"}`);
    const sent = signed({ ...REQUEST, headers: Object.entries(headers) });
    assert.equal(typeof sent.headers, "object");
    assert.equal({}.polluted, undefined);
  });
}

test("what_a_word_may_be_is_said", () => {
  const error = refused("binding_argument_choice", () => new Policy([AUTHORITY], { digest: "md5" }));
  assert(error.message.includes("(digest: sha-256 or sha-512)"), error.message);
  refused("binding_argument_choice", () => signer.sign({ ...REQUEST, scheme: "ftp" }));
  refused("binding_argument_choice", () => counterseal.migrations("mysql"));
  const range = refused(RANGE, () => new Policy([AUTHORITY], { pastSeconds: -1 }));
  assert(range.message.includes("(pastSeconds: 0 to "), range.message);
});

test("b02_an_error_text_may_hold_NUL", () => {
  const error = new counterseal.RequestError("request_replayed", { text: "a\0b", detail: [["a", "\0"]] });
  assert.equal(error.message, "request_replayed: a\0b");
  refused("key_id_invalid", () => new Key("a\0b", SECRET));
  refused("binding_argument_text", () => new SharedRing("/tmp/a\0b"));
});
