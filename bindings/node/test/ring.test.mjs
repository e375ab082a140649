// Keys that are rotated: in stores, behind Next.js's handlers, and for verifiers of others.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Memory, Standing, TokenKeys, TokenMinter, TokenPolicy, TokenRing, TokenVerifier } from "counterseal";
import { keysRoute } from "counterseal/next";
import { createLocalJWKSet, jwtVerify } from "jose";
import { NOW } from "./support.mjs";

const ISSUER = "https://login.example";
const SECRET = new Uint8Array(32).fill(7);
const MINUTE = 60_000;
const LEAD = (600 + 450 + 300) * 1_000;
const KEEP = 33 * MINUTE;
const policy = new TokenPolicy("access", { issuer: ISSUER, audience: "orders" });

const ring = (options) => new TokenRing(ISSUER, SECRET, options);
const memory = () => new Memory({ now: NOW, onePerWorker: true });
const mint = (host, now) => new TokenMinter(host, policy).mint("user-7", { lifeSeconds: 600, now }).token;
const states = (host, now) => host.keys({ now }).map(({ state }) => state);
const pem = (type, options) => generateKeyPairSync(type, options).privateKey.export({ type: "pkcs8", format: "pem" });

function refused(code, act) {
  assert.throws(act, (error) => error.code === code);
}

test("o20 a rotation refuses no token on any host", () => {
  const [store, issuer, other] = [memory(), ring(), ring()];
  const verifier = new TokenVerifier(policy, other);
  refused("jwt_ring_empty", () => verifier.verify("a.b.c", { now: NOW }));
  refused("jwt_ring_empty", () => mint(issuer, NOW));
  issuer.rotate({ now: NOW }).run(store);
  other.load({ now: NOW }).run(store);
  const first = mint(issuer, NOW);
  assert.equal(verifier.verify(first, { now: NOW }).subject, "user-7");

  issuer.rotate({ algorithm: "EdDSA", now: NOW }).run(store);
  assert.deepEqual(states(issuer, NOW), ["active", "announced"]);
  refused("jwt_ring_announced", () => issuer.rotate({ now: NOW }).run(store));
  const later = NOW + LEAD;
  for (const host of [issuer, other]) host.load({ now: later }).run(store);
  const second = mint(issuer, later);
  const [before, after] = issuer.keys({ now: later });
  assert.deepEqual([before.ends, after.active, before.gone], [later, later, later + KEEP]);
  assert.equal(verifier.verify(second, { now: later }).keyId, after.id);
  assert.deepEqual(verifier.keyIds, [before.id, after.id]);

  const gone = later + KEEP;
  other.load({ now: gone }).run(store);
  assert.deepEqual(states(other, gone), ["retired", "active"]);
  refused("jwt_key_unknown", () => verifier.verify(first, { now: gone }));
});

test("o16 a proof that was kept goes with its key, and with its host's knowledge", () => {
  const [store, host] = [memory(), ring()];
  host.rotate({ now: NOW }).run(store);
  const [verifier, token] = [new TokenVerifier(policy, host), mint(host, NOW)];
  const kept = verifier.verify(token, { now: NOW });
  assert.equal(verifier.verify(token, { now: NOW }), kept);
  host.rotate({ now: NOW }).run(store);
  assert.notEqual(verifier.verify(token, { now: NOW }), kept);
  host.revoke(host.keys({ now: NOW })[0].id, { now: NOW }).run(store);
  refused("jwt_key_unknown", () => verifier.verify(token, { now: NOW }));
  const stale = NOW + 5 * MINUTE;
  refused("jwt_ring_stale", () => verifier.verify(token, { now: stale }));
  refused("jwt_ring_stale", () => host.published({ now: stale }));
  const keys = TokenKeys.fromJwks(host.published({ now: NOW }).body);
  refused("binding_argument_type", () => verifier.replaceKeys(keys));
});

test("a proof that was kept is of use to other rooms after the ring was read again", () => {
  const [store, host, standing] = [memory(), ring(), new Standing("people", { anySubject: true })];
  host.rotate({ now: NOW }).run(store);
  const verifier = new TokenVerifier(policy, host);
  const token = mint(host, NOW);
  verifier.verify(token, { now: NOW });
  for (const now of [NOW + 61_000, NOW + 122_000, NOW + 300_000]) {
    host.load({ now }).run(store);
    const kept = verifier.verify(token, { now });
    assert.equal(standing.begin(kept, { now }).run(store).token.subject, "user-7");
  }
});

test("hosts that start at once have one key", () => {
  const [store, hosts] = [memory(), [ring(), ring(), ring()]];
  for (const host of hosts) host.ensure({ now: NOW }).run(store);
  assert.equal(new Set(hosts.map((host) => host.published({ now: NOW }).body)).size, 1);
  hosts[0].rotate({ now: NOW }).run(store);
  hosts[1].ensure({ now: NOW }).run(store);
  assert.deepEqual(states(hosts[1], NOW), ["active", "announced"]);
});

test("a token does not outlive its key, and a ring is of one issuer", () => {
  const [store, host] = [memory(), ring()];
  host.rotate({ now: NOW }).run(store);
  const jobs = new TokenPolicy("job", { issuer: ISSUER, audience: "orders" });
  const job = new TokenMinter(host, jobs).mint("user-7", { lifeSeconds: 7_200, now: NOW });
  assert.deepEqual([job.expires, job.decidedBy], [NOW + 30 * MINUTE, "ring"]);
  const other = new TokenPolicy("access", { issuer: "https://other.example", audience: "orders" });
  refused("binding_argument_choice", () => new TokenMinter(host, other));
  refused("binding_argument_choice", () => new TokenVerifier(other, host));
});

test("a lost key is followed by the one that waits", () => {
  const [store, host] = [memory(), ring({ periodSeconds: 30 * 86_400 })];
  for (let turn = 0; turn < 2; turn += 1) host.rotate({ now: NOW }).run(store);
  const later = NOW + LEAD;
  host.load({ now: later }).run(store);
  const [lost, waiting] = host.keys({ now: later });
  host.revoke(lost.id, { now: later }).run(store);
  assert.equal(new TokenVerifier(policy, host).verify(mint(host, later), { now: later }).keyId, waiting.id);
  refused("jwt_ring_missing", () => host.revoke("unknown", { now: later }).run(store));
});

test("keys of the host are announced stored or held", () => {
  const [store, first, second] = [memory(), ring(), ring()];
  const held = pem("ec", { namedCurve: "P-256" });
  first.rotate({ pem: held, held: true, now: NOW }).run(store);
  second.load({ now: NOW }).run(store);
  assert.ok(new TokenVerifier(policy, second).verify(mint(first, NOW), { now: NOW }));
  refused("jwt_ring_private", () => mint(second, NOW));
  second.hold(held);
  second.load({ now: NOW }).run(store);
  assert.ok(mint(second, NOW));
  first.rotate({ pem: Buffer.from(pem("ed25519")), now: NOW }).run(store);
  second.load({ now: NOW + LEAD }).run(store);
  assert.ok(mint(second, NOW + LEAD));
  refused("binding_argument_type", () => first.rotate({ held: true, now: NOW }));
});

test("a ring needs its sealing key, and the right one", () => {
  const store = memory();
  ring().rotate({ now: NOW }).run(store);
  const stranger = new TokenRing(ISSUER, new Uint8Array(32));
  refused("seal_broken", () => stranger.load({ now: NOW }).run(store));
  refused("binding_argument_length", () => new TokenRing(ISSUER, new Uint8Array(31)));
  for (const options of [{ lifeSeconds: 0 }, { maxAgeSeconds: 3_601 }, { leadSeconds: 10 }]) {
    refused("jwt_ring_setup_window", () => ring(options));
  }
});

test("a route publishes, and says when nothing is new", async () => {
  let now = NOW;
  const [store, host] = [memory(), ring()];
  host.rotate({ now }).run(store);
  const route = keysRoute(host, { clock: () => now });
  const get = (headers) => route(new Request("https://login.example/.well-known/jwks.json", { headers }));
  const answered = await get();
  assert.equal(answered.headers.get("content-type"), "application/jwk-set+json");
  assert.equal(answered.headers.get("cache-control"), "public, max-age=300, must-revalidate");
  const etag = answered.headers.get("etag");
  const keys = createLocalJWKSet(await answered.json());
  const read = { issuer: ISSUER, audience: "orders", currentDate: new Date(NOW) };
  assert.equal((await jwtVerify(mint(host, NOW), keys, read)).payload.sub, "user-7");
  const known = await get({ "if-none-match": `"a", W/${etag}` });
  assert.deepEqual([known.status, await known.text(), known.headers.get("etag")], [304, "", etag]);
  host.rotate({ now }).run(store);
  assert.equal((await (await get({ "if-none-match": etag })).json()).keys.length, 2);
  now += 5 * MINUTE;
  const stale = await get();
  assert.deepEqual([stale.status, (await stale.json()).code], [503, "unavailable"]);
});

test("a host follows the others", async () => {
  const [store, issuer, host, failures] = [memory(), ring(), ring(), []];
  const ending = new AbortController();
  const onFailure = (error) => failures.push(error.code ?? error.name);
  const clock = () => NOW;
  let turns = 0;
  const drive = async (reading) => {
    turns += 1;
    if (turns === 1) throw new RangeError("a driver of one's own");
    await reading.runAsync(store);
  };
  const follow = { signal: ending.signal, drive, everySeconds: 1, clock, onFailure };
  const following = host.follow(follow);
  while (failures.length < 2) await sleep(50);
  issuer.rotate({ now: NOW }).run(store);
  while (host.keys({ now: NOW }).length === 0) await sleep(50);
  ending.abort();
  await following;
  assert.deepEqual(failures.slice(0, 2), ["RangeError", "jwt_ring_empty"]);
  assert.equal(host.pause({ now: NOW }), 60_000);
  await assert.rejects(host.follow({ signal: ending.signal }), (error) => error.code === "binding_store_missing");
});
