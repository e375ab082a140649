// A panic in any exported function arrives as a refusal, and the process lives on.
//
// The addon is built once more for this, with panics on demand: see `guard` in bindings/shared.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { AUDIENCE, JWKS, live, signedJob } from "./jobs.mjs";
import { NOW, ROOT, SECRET } from "./support.mjs";

const native = createRequire(import.meta.url)(built());

/** The path of an addon that panics on demand. */
function built() {
  const script = join(ROOT, "bindings/node/build.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "--panic-probe"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

const empty = new Uint8Array(0);
const seed = new Uint8Array(16);
const members = { since: NOW, scope: "", revoked: false };
const profile = { cover: [], coverScheme: false };
const key = native.Key.create("worker-7", SECRET, members);
const policy = native.Policy.create(profile, { authorities: ["api.example"] });
const signer = native.Signer.create(key);
const store = native.Store.memory({}, NOW);
const verifier = native.Verifier.create(policy, [key], store);
const vault = native.KeyVault.create(SECRET);
const plain = ["GET", "https", "api.example", "/", ""].join("\0");
const request = [plain, ...signer.sign(plain, empty, NOW, seed).split("\n").slice(0, -1)].join("\0");
const limit = native.Limit.create("a", { burst: 1, everyMs: 1, admitsUnknown: false, yields: false });
const counting = { cost: 1, isCrowded: false, now: NOW };
const sender = native.Sender.create([`whsec_${"A".repeat(32)}`]);
const receiver = native.Receiver.create("a", [`whsec_${"A".repeat(32)}`], null, {});
const delivery = sender.sign("msg_1", empty, NOW).split("\n").slice(0, -1).join("\0");
const waiting = () => verifier.begin(request, empty, NOW);
const foreign = { requireNonce: true, requireDigest: true };
const sent = signer.send(plain, empty, NOW, seed);
const answered = () => {
  const decided = waiting();
  decided.run(native.Store.memory({}, NOW));
  return decided;
};
const response = answered().signResponse(200, empty, NOW).split("\n").slice(0, -1).join("\0");
const late = NOW + 61_000;
const refusal = verifier.signRefusal(request, empty, 401, empty, late).split("\n").slice(0, -1).join("\0");
const tokenKey = native.TokenKey.hmac("a", "HS256", SECRET);
const tokenSigner = native.TokenSigner.hmac("a", "HS256", SECRET);
const tokenPolicy = native.TokenPolicy.create("access", { issuer: "https://login.example", audience: ["orders"] });
const tokenKeys = native.TokenKeys.create([tokenKey]);
const minter = native.TokenMinter.create(tokenSigner, tokenPolicy);
const tokens = native.TokenVerifier.create(tokenPolicy, tokenKeys);
const token = minter.mint("user-7", 60, {}, NOW, seed).split("\n")[0];
const held = tokens.hold(token, null, null, NOW);
const standing = native.Standing.create("login", { anySubject: true, withAccessKey: false });
const holder = { client: "web" };
const refreshing = { confirmation: "wired", withinSeconds: 60, verifying: [], detecting: [] };
const refresher = native.Refresher.create({ ...refreshing, signing: { number: 1, secret: SECRET } });
const sessionSeed = new Uint8Array(40);
const session = "AAAAAAAAAAAAAAAAAAAAAA";
const fresh = { userVer: 0 };
const begun = refresher.beginSession("a", "b", fresh, holder, NOW, sessionSeed).run(native.Store.memory({}, NOW));
const feed = native.SessionFeed.create(30);
const ended = feed.read(NOW).run(native.Store.memory({}, NOW));
const asks = { any: false, methods: [], levels: [], rootGrants: false };
const requirement = native.Requirement.create(["a"], asks);
const ring = native.TokenRing.create("a", new Uint8Array(32), {});
const rotated = { algorithm: "EdDSA", held: false };
ring.rotate(rotated, NOW, new Uint8Array(76)).run(native.Store.memory({}, NOW));
const published = ring.published(NOW);
const fetching = { loopback: false };
const fetcher = native.KeyFetcher.create("a", "https://a.example/keys", fetching, NOW, seed.subarray(8));
const jobRules = [{ name: "a", repository: [74, 65], refs: ["refs/heads/main"], anyRef: false, onlyProtected: false }];
const jobs = native.OidcPolicy.github(null, AUDIENCE, jobRules, null);
const [job, jobKeys] = [signedJob(live()), native.TokenKeys.fromJwks(JWKS)];
const claimRules = [{ name: "a", equals: [["b", "c"]], has: [], like: [] }];
const pair = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
const svidJwk = { ...p256, use: "jwt-svid", kid: "a" };
const jwk = { ...pair.publicKey.export({ format: "jwk" }), alg: "EdDSA", kid: "a" };
const publicPem = pair.publicKey.export({ type: "spki", format: "pem" });
const privatePem = Buffer.from(pair.privateKey.export({ type: "pkcs8", format: "pem" }));

/** A call that works, for every exported function. */
const CALLS = {
  "Content.finish": () => verifier.beginContent(request, NOW).finish(),
  "Content.update": () => verifier.beginContent(request, NOW).update(empty),
  "EndedSessions.check": () => ended.check(session, NOW),
  "EndedSessions.size": () => ended.size(),
  "ForeignPolicy.bodyLimitBytes": () =>
    native.ForeignPolicy.create(foreign, { authorities: ["api.example"] }).bodyLimitBytes(),
  "ForeignPolicy.create": () => native.ForeignPolicy.create(foreign, { authorities: ["api.example"] }),
  "HeldToken.told": () => held.told(),
  "Key.create": () => native.Key.create("worker-7", SECRET, members),
  "Key.facts": () => key.facts(),
  "KeyFetcher.create": () => native.KeyFetcher.create("a", "https://a.example/keys", fetching, NOW, seed.subarray(8)),
  "KeyFetcher.generation": () => fetcher.generation(),
  "KeyFetcher.handleFailure": () => fetcher.handleFailure(1, "tls", NOW),
  "KeyFetcher.handleResponse": () => fetcher.handleResponse(1, { status: 200, body: empty }, NOW),
  "KeyFetcher.handleTimeout": () => fetcher.handleTimeout(NOW),
  "KeyFetcher.handleWanted": () => fetcher.handleWanted(token, NOW),
  "KeyFetcher.issuer": () => fetcher.issuer(),
  "KeyFetcher.keys": () => fetcher.keys(NOW),
  "KeyFetcher.lastError": () => fetcher.lastError(),
  "KeyFetcher.nextTimeout": () => fetcher.nextTimeout(),
  "KeyFetcher.order": () => fetcher.order(),
  "KeyVault.create": () => native.KeyVault.create(SECRET),
  "KeyVault.endKey": () => native.KeyVault.endKey("worker-7", NOW),
  "KeyVault.load": () => vault.load("worker-7"),
  "KeyVault.revokeKey": () => native.KeyVault.revokeKey("worker-7", NOW),
  "KeyVault.rotate": () => vault.rotate("worker-7", NOW, "worker-8", SECRET, members, seed.subarray(4)),
  "KeyVault.save": () => vault.save("worker-7", SECRET, members, seed.subarray(4)),
  "Limit.byAddress": () => limit.byAddress("192.0.2.7", counting),
  "Limit.byKey": () => limit.byKey("a", counting),
  "Limit.byName": () => limit.byName("a", counting),
  "Limit.clientAddress": () => native.Limit.clientAddress("192.0.2.7", "forwarded", [], 0),
  "Limit.create": () =>
    native.Limit.create("a", { burst: 1, everyMs: 1, site: [1, 1], admitsUnknown: false, yields: false }),
  "OidcPolicy.github": () => native.OidcPolicy.github(null, AUDIENCE, jobRules, null),
  "OidcPolicy.hold": () => jobs.hold(job, jobKeys, NOW),
  "OidcPolicy.issuer": () => jobs.issuer(),
  "OidcPolicy.ofIssuer": () => native.OidcPolicy.ofIssuer("a", "b", claimRules, null),
  "OidcPolicy.verify": () => jobs.verify(job, jobKeys, NOW),
  "Policy.bodyLimitBytes": () => policy.bodyLimitBytes(),
  "Policy.create": () => native.Policy.create(profile, { authorities: ["api.example"] }),
  "Policy.parse": () => native.Policy.parse('{"authorities": ["api.example"]}'),
  "Policy.profile": () => policy.profile(),
  "Profile.create": () => native.Profile.create(profile),
  "Profile.parse": () => native.Profile.parse("{}"),
  "PublishedKeys.isKnown": () => published.isKnown(""),
  "PublishedKeys.told": () => published.told(),
  "Receiver.begin": () => receiver.begin(delivery, empty, NOW),
  "Receiver.bodyLimitBytes": () => receiver.bodyLimitBytes(),
  "Receiver.check": () => receiver.check(delivery, empty, NOW),
  "Receiver.create": () => native.Receiver.create("a", [`whsec_${"A".repeat(32)}`], null, {}),
  "Receiver.receive": () => receiver.receive(delivery, empty, NOW),
  "Refresher.beginSession": () => refresher.beginSession("a", "b", fresh, holder, NOW, sessionSeed),
  "Refresher.confirm": () => refresher.confirm(session, 0, NOW),
  "Refresher.create": () => native.Refresher.create({ ...refreshing, signing: { number: 1, secret: SECRET } }),
  "Refresher.explain": () => refresher.explain(begun.token, holder, NOW),
  "Refresher.inspect": () => native.Refresher.inspect(begun.token),
  "Refresher.logOut": () => refresher.logOut(session, NOW),
  "Refresher.mint": () => refresher.mint(begun.token, holder, NOW),
  "Refresher.refresh": () => refresher.refresh(begun.token, holder, NOW, seed),
  "Refresher.revoke": () => refresher.revoke(session, NOW),
  "Refresher.revokeAll": () => refresher.revokeAll("a", "b", {}, NOW),
  "Refresher.sessions": () => refresher.sessions("a", "b", NOW),
  "Requirement.check": () => requirement.check(held, null, NOW),
  "Requirement.create": () => native.Requirement.create(["a"], asks),
  "Requirement.permissions": () => requirement.permissions(),
  "Sender.create": () => native.Sender.create([`whsec_${"A".repeat(32)}`]),
  "Sender.messageId": () => native.Sender.messageId(seed),
  "Sender.sign": () => sender.sign("msg_1", empty, NOW),
  "Sent.check": () => sent.check(200, response, empty),
  "Sent.clock": () => sent.clock(401, refusal, empty, 1),
  "Sent.headers": () => sent.headers(),
  "SessionFeed.create": () => native.SessionFeed.create(30),
  "SessionFeed.read": () => feed.read(NOW),
  "Signer.create": () => native.Signer.create(key),
  "Signer.explain": () => signer.explain(plain, empty, NOW, seed),
  "Signer.keyId": () => signer.keyId(),
  "Signer.send": () => signer.send(plain, empty, NOW, seed),
  "Signer.sign": () => signer.sign(plain, empty, NOW, seed),
  "Standing.begin": () => standing.begin(held, NOW),
  "Standing.bump": () => standing.bump("a", NOW),
  "Standing.create": () => native.Standing.create("login", { anySubject: true, withAccessKey: false }),
  "Standing.deny": () => standing.deny("a", NOW, NOW),
  "Standing.disable": () => standing.disable("a", NOW),
  "Standing.disableKey": () => standing.disableKey("a", NOW),
  "Standing.enable": () => standing.enable("a", NOW),
  "Standing.register": () => standing.register("a", NOW),
  "Standing.registerKey": () => standing.registerKey("a", "b", NOW),
  "Standing.versionOf": () => standing.versionOf("a", NOW),
  "Store.cellGauge": () => store.cellGauge(NOW),
  "Store.cells": () => native.Store.cells(1, seed),
  "Store.gauge": () => store.gauge(),
  "Store.isCrowded": () => store.isCrowded(NOW),
  "Store.memory": () => native.Store.memory({}, NOW),
  "Store.ring": () => native.Store.ring({ perSecond: 10 }, NOW, seed),
  "Store.shared": () => native.Store.shared(join(import.meta.dirname, "no/such/directory\0"), {}, NOW, seed),
  "Store.sharedCells": () => native.Store.sharedCells("no/such/directory\0", 1, seed),
  "Store.sqlite": () => native.Store.sqlite(":memory:\0", {}, NOW),
  "Store.sweep": () => store.sweep(NOW, 1),
  "Store.sweepCells": () => store.sweepCells(NOW, 1),
  "TokenKey.facts": () => tokenKey.facts(),
  "TokenKey.fromJwk": () => native.TokenKey.fromJwk(JSON.stringify(jwk)),
  "TokenKey.hmac": () => native.TokenKey.hmac("a", "HS256", SECRET),
  "TokenKey.public": () => native.TokenKey.public("a", "EdDSA", publicPem),
  "TokenKeys.create": () => native.TokenKeys.create([tokenKey]),
  "TokenKeys.fromJwks": () => native.TokenKeys.fromJwks(JSON.stringify({ keys: [jwk] })),
  "TokenKeys.fromSpiffeBundle": () => native.TokenKeys.fromSpiffeBundle(JSON.stringify({ keys: [svidJwk] })),
  "TokenKeys.ids": () => tokenKeys.ids(),
  "TokenMinter.create": () => native.TokenMinter.create(tokenSigner, tokenPolicy),
  "TokenMinter.mint": () => minter.mint("user-7", 60, {}, NOW, seed),
  "TokenMinter.ofRing": () => native.TokenMinter.ofRing(ring, tokenPolicy),
  "TokenPolicy.create": () => native.TokenPolicy.create("access", { issuer: "https://a.example", audience: ["a"] }),
  "TokenPolicy.issuer": () => tokenPolicy.issuer(),
  "TokenRing.create": () => native.TokenRing.create("a", new Uint8Array(32), {}),
  "TokenRing.ensure": () => ring.ensure(NOW, new Uint8Array(76)),
  "TokenRing.hold": () => ring.hold(privatePem),
  "TokenRing.issuer": () => ring.issuer(),
  "TokenRing.keys": () => ring.keys(NOW),
  "TokenRing.load": () => ring.load(NOW),
  "TokenRing.pause": () => ring.pause(NOW),
  "TokenRing.published": () => ring.published(NOW),
  "TokenRing.revoke": () => ring.revoke("a", NOW),
  "TokenRing.rotate": () => ring.rotate(rotated, NOW, new Uint8Array(76)),
  "TokenSigner.hmac": () => native.TokenSigner.hmac("a", "HS256", SECRET),
  "TokenSigner.key": () => tokenSigner.key(),
  "TokenSigner.private": () => native.TokenSigner.private("a", privatePem),
  "TokenVerifier.bearer": () => native.TokenVerifier.bearer("Bearer a.b.c", NOW),
  "TokenVerifier.claimsUnfit": () => native.TokenVerifier.claimsUnfit(),
  "TokenVerifier.create": () => native.TokenVerifier.create(tokenPolicy, tokenKeys),
  "TokenVerifier.explain": () => tokens.explain(token, undefined, undefined, NOW),
  "TokenVerifier.generation": () => tokens.generation(NOW),
  "TokenVerifier.hold": () => tokens.hold(token, null, null, NOW),
  "TokenVerifier.inspect": () => native.TokenVerifier.inspect(token),
  "TokenVerifier.issuer": () => tokens.issuer(),
  "TokenVerifier.keyIds": () => tokens.keyIds(),
  "TokenVerifier.ofRing": () => native.TokenVerifier.ofRing(tokenPolicy, ring),
  "TokenVerifier.replaceKeys": () => tokens.replaceKeys(tokenKeys),
  "TokenVerifier.verify": () => tokens.verify(token, NOW),
  "TokenVerifier.verifyBound": () => tokens.verifyBound(token, new Uint8Array(32), null, NOW),
  "Verifier.begin": waiting,
  "Verifier.beginContent": () => verifier.beginContent(request, NOW),
  "Verifier.blocking": () => verifier.blocking(),
  "Verifier.bodyLimitBytes": () => verifier.bodyLimitBytes(),
  "Verifier.create": () => native.Verifier.create(policy, [key], store),
  "Verifier.explain": () => verifier.explain(request, empty),
  "Verifier.forgetKey": () => verifier.forgetKey("worker-9"),
  "Verifier.keyIds": () => verifier.keyIds(),
  "Verifier.keyToLoad": () => verifier.keyToLoad(request, empty, NOW),
  "Verifier.keyToRefresh": () => verifier.keyToRefresh(NOW),
  "Verifier.putKey": () => verifier.putKey(key),
  "Verifier.replaceKeys": () => verifier.replaceKeys([key]),
  "Verifier.settle": () => verifier.settle(waiting()),
  "Verifier.settleAsync": () => verifier.settleAsync(waiting()),
  "Verifier.signRefusal": () => verifier.signRefusal(request, empty, 401, empty, late),
  "Verifier.verify": () => verifier.verify(request, empty, NOW),
  "Verifier.verifyAsync": () => verifier.verifyAsync(request, empty, NOW),
  "Waiting.answer": () => waiting().answer([["fresh"]]),
  "Waiting.migrations": () => native.Waiting.migrations("sqlite", {}, NOW),
  "Waiting.run": () => waiting().run(store),
  "Waiting.runAsync": () => waiting().runAsync(store),
  "Waiting.signResponse": () => answered().signResponse(200, empty, NOW),
  "Waiting.statement": () => waiting().statement("sqlite"),
  "Waiting.sweeping": () => native.Waiting.sweeping("sqlite", "request", NOW, 1),
  "Waiting.sweepingCells": () => native.Waiting.sweepingCells("sqlite", NOW, 1),
  "Waiting.verdict": () => {
    const decided = waiting();
    decided.answer([["fresh"]]);
    return decided.verdict();
  },
};

after(() => {
  delete process.env.COUNTERSEAL_PANIC_PROBE;
});

/** What `call` answers while the function `name` panics. */
function forced(name, call) {
  process.env.COUNTERSEAL_PANIC_PROBE = name;
  try {
    return call();
  } finally {
    delete process.env.COUNTERSEAL_PANIC_PROBE;
  }
}

function assertPanicked(answer, name) {
  const [family, code, , , , , , what, which] = answer.slice(1).split("\n");
  assert.deepEqual([answer.charCodeAt(0), family, code], [0, "InternalError", "binding_panicked"]);
  assert.deepEqual([what, which], ["function", name]);
}

test("b01_every_exported_function_is_in_the_list", () => {
  const names = Object.entries(native).flatMap(([name, made]) => {
    const own = Object.getOwnPropertyNames(made).filter((member) => typeof made[member] === "function");
    const methods = Object.getOwnPropertyNames(made.prototype);
    return [...own, ...methods].filter((member) => member !== "constructor").map((member) => `${name}.${member}`);
  });
  assert.deepEqual(names.toSorted(), Object.keys(CALLS));
});

for (const [name, call] of Object.entries(CALLS)) {
  test(`b01_a_panic_in_${name}_is_a_refusal`, () => {
    assertPanicked(forced(name, call), name);
    const again = call();
    assert(typeof again !== "string" || !again.includes("binding_panicked"));
  });
}

test("b01_a_panic_in_a_thread_of_the_pool_is_a_refusal", async () => {
  process.env.COUNTERSEAL_PANIC_PROBE = "Verification.compute";
  try {
    assertPanicked(await verifier.verifyAsync(request, empty, NOW), "Verification.compute");
  } finally {
    delete process.env.COUNTERSEAL_PANIC_PROBE;
  }
});

test("b01_what_was_decided_on_a_panicked_verdict_is_gone", () => {
  const decided = waiting();
  assertPanicked(
    forced("Waiting.answer", () => decided.answer([["fresh"]])),
    "Waiting.answer",
  );
  assert.equal(decided.answer([["held"]]), null);
  assert.match(decided.verdict(), /request_replayed/);
});
