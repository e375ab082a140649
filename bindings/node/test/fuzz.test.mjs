// Any arguments in any place: what is not accepted is refused by an error of ours, and nothing else happens.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as counterseal from "counterseal";
import { CountersealError } from "counterseal";
import { jobs } from "./jobs.mjs";
import {
  BEGAN,
  key,
  minted,
  NOW,
  REQUEST,
  SECRET,
  signed,
  tokenPolicy,
  tokenSigner,
  tokenVerifier,
  verifier,
} from "./support.mjs";

/** About this many calls in all; each turn makes one of each. */
const CALLS = Number(process.env.COUNTERSEAL_CALLS ?? 100_000);
const SEED = process.env.COUNTERSEAL_SEED ?? "calls";
const exported = { ...counterseal };
const SECRETS = [`whsec_${"A".repeat(32)}`];

/** Numbers from 0 to 1 that are the same in each run. */
function* chances(name) {
  for (let turn = 0; ; turn += 1) {
    const digest = createHash("sha256").update(`${name}/${turn}`).digest();
    for (let at = 0; at < 32; at += 4) yield digest.readUInt32LE(at) / 2 ** 32;
  }
}

function maker(name) {
  const chance = chances(name);
  const next = () => chance.next().value;
  const pick = (list) => list[Math.floor(next() * list.length)];
  const throwing = {
    get method() {
      throw new Error("foreign code ran");
    },
  };
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const leaves = [
    ...[
      undefined,
      null,
      true,
      false,
      0,
      -0,
      1,
      -1,
      1.5,
      NOW,
      2 ** 53,
      2 ** 63,
      Number.NaN,
      Infinity,
      0n,
      -1n,
      2n ** 64n,
    ],
    ...[
      "",
      "a",
      "\0",
      "\u0001",
      "\ud800",
      "\u{1f600}",
      "GET",
      "https",
      "api.example",
      "/v1/jobs",
      "sqlite",
      "postgres",
      "worker-7",
    ],
    ...["__proto__", "constructor", "{}", '{"authorities":["a.example"]}', "x".repeat(5_000)],
    ...[Symbol("a"), () => "a", class {}, /a/, new Date(NaN), new Map(), new Set(), new WeakMap(), new Error("a")],
    ...[new Uint8Array(0), new Uint8Array(16), SECRET, new Uint8Array(new SharedArrayBuffer(32)), detached],
    ...[
      new Uint16Array(4),
      new DataView(new ArrayBuffer(8)),
      new ArrayBuffer(16),
      new Float64Array(2),
      Buffer.from("é"),
    ],
    ...[
      throwing,
      new Proxy({}, {}),
      new Proxy(SECRET, {}),
      new Proxy([], {}),
      new Headers({ a: "b" }),
      Object.create(null),
    ],
    ...[key(), REQUEST, signed(), verifier(), new counterseal.Memory({ now: BEGAN }), new counterseal.Signer(key())],
    ...[tokenSigner(), tokenSigner().key, tokenPolicy(), tokenVerifier(), minted().token, "HS256", "access"],
    ...[tokenVerifier().verify(minted().token, { now: NOW }), new counterseal.Requirement(["a"])],
    ...[new counterseal.Standing("a"), new counterseal.KeyFetcher("a", "https://a.example/keys")],
    ...[new counterseal.TokenRing("a", SECRET), new counterseal.Memory(), refresher()],
    ...[new counterseal.Policy(["a.example"]), new counterseal.Profile(), new counterseal.KeyVault(SECRET)],
  ];
  const names = [
    "method",
    "scheme",
    "authority",
    "path",
    "query",
    "headers",
    "body",
    "now",
    "seed",
    "since",
    "until",
    "scope",
    "issuer",
    "audience",
    "lifeSeconds",
    "claims",
    "certificate",
    "cache",
    "any",
    "methods",
    "maxAgeSeconds",
    "proof",
    "status",
    "name",
    "equals",
    "refs",
    "repository",
  ];
  const value = (depth = 0) => {
    const kind = next();
    if (depth > 2 || kind < 0.6) return pick(leaves);
    const members = Array.from({ length: Math.floor(next() * 5) }, () => value(depth + 1));
    if (kind < 0.8) return members;
    return {
      ...(next() < 0.5 ? pick([REQUEST, signed(), {}]) : {}),
      ...Object.fromEntries(members.map((one) => [pick(names), one])),
    };
  };
  return { pick, value };
}

/** Where arguments go. What would write to the file system is left out. */
const PLACES = {
  constructors: (...args) => {
    const makers = [
      "AdmittedJob",
      "Authenticator",
      "Authorized",
      "Content",
      "EndedSessions",
      "ForeignPolicy",
      "Key",
      "Admitted",
      "Cells",
      "KeyFetcher",
      "KeyVault",
      "Limit",
      "Limiter",
      "LiveToken",
      "Memory",
      "Minted",
      "OidcPolicy",
      "OidcVerifier",
      "Policy",
      "Profile",
      "PublishedKeys",
      "Received",
      "Receiver",
      "Refreshed",
      "Refresher",
      "RemoteVerifier",
      "Requirement",
      "Ring",
      "Sender",
      "Sent",
      "SessionFeed",
      "SessionWatch",
      "Sessions",
      "Signer",
      "Standing",
      "TokenKey",
      "TokenKeys",
      "TokenMinter",
      "TokenPolicy",
      "TokenRing",
      "TokenSigner",
      "TokenVerifier",
      "Verified",
      "VerifiedResponse",
      "VerifiedToken",
      "Verifier",
      "Waiting",
    ];
    return makers.map((name) => () => Reflect.construct(exported[name], args));
  },
  functions: (...args) => FUNCTIONS.map((name) => () => exported[name](...args)),
  parsers: (...args) => [() => counterseal.Policy.parse(...args), () => counterseal.Profile.parse(...args)],
  signer: (...args) => methods(new counterseal.Signer(key()), args, ["explain", "send", "sign"]),
  vault: (...args) => methods(new counterseal.KeyVault(SECRET), args, ["load", "rotate", "save"]),
  verifier: (...args) => {
    const names = ["begin", "beginContent", "explain", "forgetKey", "keyToLoad", "keyToRefresh", "putKey"];
    return methods(verifier(), args, [...names, "replaceKeys", "signRefusal", "verify"]);
  },
  responses: (...args) => {
    const proof = verifier().verify(signed(), { now: NOW, answers: true });
    const content = verifier().beginContent(signed(), { now: NOW });
    return [
      ...methods(SIGNER.send(REQUEST, { now: NOW }), args, ["check", "clock"]),
      ...methods(proof, args, ["component", "signResponse"]),
      ...methods(content, args, ["update", "finish", "verify"]),
    ];
  },
  limit: (...args) =>
    methods(new counterseal.Limit("a", { burst: 1, everyMs: 1 }), args, ["byAddress", "byKey", "byName"]),
  refresher: (...args) => {
    const names = [
      "beginSession",
      "confirm",
      "explain",
      "logOut",
      "mint",
      "refresh",
      "revoke",
      "revokeAll",
      "sessions",
    ];
    const feed = new counterseal.SessionFeed({ trustedForSeconds: 30 });
    const ended = feed.read({ now: NOW }).run(new counterseal.Memory({ now: NOW }));
    return [...methods(refresher(), args, names), ...methods(feed, args, ["read"]), ...methods(ended, args, ["check"])];
  },
  tokens: (...args) => {
    const verified = tokenVerifier().verify(minted().token, { now: NOW });
    return [
      ...methods(counterseal.TokenKey, args, ["fromJwk", "hmac", "public"]),
      ...methods(counterseal.TokenKeys, args, ["fromJwks", "fromSpiffeBundle"]),
      ...methods(counterseal.TokenSigner, args, ["hmac", "private"]),
      ...methods(new counterseal.TokenMinter(tokenSigner(), tokenPolicy()), args, ["mint"]),
      ...methods(tokenVerifier(), args, ["explain", "replaceKeys", "verify"]),
      ...methods(verified, args, ["read"]),
    ];
  },
  rights: (...args) => {
    const [standing, fetcher] = [new counterseal.Standing("a"), new counterseal.KeyFetcher("a", "https://a.example/k")];
    const changes = [
      "begin",
      "bump",
      "deny",
      "disable",
      "disableKey",
      "enable",
      "register",
      "registerKey",
      "versionOf",
    ];
    const events = ["handleFailure", "handleResponse", "handleTimeout", "handleWanted", "keys"];
    const ring = new counterseal.TokenRing("a", SECRET);
    ring.rotate().run(new counterseal.Memory());
    return [
      ...methods(ring, args, ["ensure", "hold", "keys", "load", "pause", "published", "revoke", "rotate"]),
      ...methods(ring.published(), args, ["isKnown"]),
      ...methods(standing, args, changes),
      ...methods(fetcher, args, events),
      ...methods(new counterseal.Requirement(["a"]), args, ["check"]),
      ...methods(counterseal.OidcPolicy, args, ["github", "ofIssuer"]),
      ...methods(jobs(), args, ["verify"]),
    ];
  },
  webhooks: (...args) => [
    ...methods(new counterseal.Sender(SECRETS), args, ["sign"]),
    ...methods(new counterseal.Receiver("a", SECRETS), args, ["begin", "check", "receive"]),
  ],
  stores: (...args) => [
    ...methods(new counterseal.Cells({ cells: 1 }), args, ["gauge", "isCrowded"]),
    ...methods(new counterseal.Memory({ now: BEGAN }), args, ["sweep", "sweepCells"]),
  ],
  waiting: (...args) => {
    const waiting = verifier().begin(signed(), { now: NOW });
    return methods(waiting, args, ["statement", "answer", "run", "verdict"]);
  },
};

/** What is called by itself; what answers with a promise is tested with the arguments, and errors are made by hand. */
const FUNCTIONS = [
  "bearer",
  "clientAddress",
  "endKey",
  "inspectRefreshToken",
  "inspectToken",
  "messageId",
  "migrations",
  "revokeKey",
  "sessionFetch",
  "signingFetch",
  "sweeping",
  "sweepingCells",
  "verifiedResponse",
];
const SIGNER = new counterseal.Signer(key());

function refresher() {
  return new counterseal.Refresher({ confirmation: "wired", withinSeconds: 60, signing: [1, SECRET] });
}

function methods(object, args, names) {
  return names.map((name) => () => object[name](...args));
}

const each = Object.values(PLACES).reduce((sum, place) => sum + place().length, 0);
const TURNS = Math.ceil(CALLS / each);

for (const [name, place] of Object.entries(PLACES)) {
  test(`b03_b05_b07_b08_any_arguments_of_${name}_are_taken_or_refused`, () => {
    const { pick, value } = maker(`${SEED}/${name}`);
    let refusals = 0;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const args = Array.from({ length: pick([0, 1, 2, 3]) }, () => value());
      for (const call of place(...args)) refusals += outcome(call);
    }
    assert(refusals > TURNS / 2);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });
}

const source = readFileSync(import.meta.filename, "utf8").split("whatever_is_exported")[0];

test("whatever_is_exported_is_called_here_or_says_why_not", () => {
  const called = new Set([...Object.keys(counterseal)].filter((name) => source.includes(`"${name}"`)));
  const others = Object.keys(counterseal).filter((name) => !called.has(name) && !name.endsWith("Error"));
  assert.deepEqual(others, [
    "CODES", // no function
    "SharedCells", // opens files, as the next ones
    "SharedRing",
    "Sqlite",
    "drive", // answers with a promise, as the next ones
    "problem", // takes anything on purpose
    "receiveIncoming",
    "verifyIncoming",
  ]);
});

/** 1 for a refusal, 0 for an answer; whatever else is thrown fails the test. */
function outcome(call) {
  try {
    call();
    return 0;
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    assert(!error.message.includes("foreign"));
    return 1;
  }
}
