// Tokens of an issuer of others, whose keys are fetched over a real connection.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTls } from "node:https";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { KeyFetcher, RemoteVerifier, Requirement, TokenSigner } from "counterseal";
import { tokenRoute, verifyTokenAsync } from "counterseal/next";
import { minted, NOW, refused, rejected, SECRET, tokenPolicy } from "./support.mjs";

const ISSUER = "https://login.example";
const HOUR = 3_600_000;

/** A key of an issuer: what signs, and what it publishes. */
function pair(kid) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = TokenSigner.private(kid, privateKey.export({ type: "pkcs8", format: "pem" }));
  return { signer, jwk: { ...publicKey.export({ format: "jwk" }), alg: "EdDSA", use: "sig", kid } };
}

const [FIRST, SECOND] = [pair("first"), pair("second")];

/** An issuer that answers as it is told, and counts how often it was asked; and a verifier of its tokens. */
async function issuer(t, options = {}, settings = {}) {
  const self = { asked: 0, clock: NOW, published: [FIRST.jwk], failures: [], fields: [] };
  self.keys = (response) => {
    response.setHeader("content-type", "application/jwk-set+json");
    response.end(JSON.stringify({ keys: self.published }));
  };
  self.answer = self.keys;
  const server = createServer((request, response) => {
    self.asked += 1;
    self.fields.push(request.headers);
    self.answer(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  self.url = `http://127.0.0.1:${server.address().port}/keys`;
  self.fetcher = new KeyFetcher(ISSUER, self.url, { loopback: true, timeoutSeconds: 1, now: NOW, ...options });
  self.verifier = new RemoteVerifier(tokenPolicy(), self.fetcher, {
    clock: () => self.clock,
    onFailure: (error) => self.failures.push(error.code),
    ...settings,
  });
  t.after(() => {
    self.verifier.close();
    server.closeAllConnections();
    server.close();
  });
  self.said = async ({ signer }) => {
    try {
      return (await self.verifier.verify(minted({ signer, now: self.clock }).token)).subject;
    } catch (error) {
      return error.code;
    }
  };
  return self;
}

test("keys_are_fetched_once_when_the_first_tokens_come_and_when_one_is_unknown", async (t) => {
  const far = await issuer(t);
  const several = await Promise.all(Array.from({ length: 20 }, () => far.said(FIRST)));
  assert.deepEqual([[...new Set(several)], far.asked], [["user-7"], 1]);
  assert.match(far.fields[0].accept, /^application\/jwk-set\+json/);
  far.published.push(SECOND.jwk);
  far.clock += 31_000;
  const rotated = await Promise.all(Array.from({ length: 20 }, () => far.said(SECOND)));
  assert.deepEqual([[...new Set(rotated)], far.asked], [["user-7"], 2]);
  assert.equal(far.verifier.issuer, ISSUER);
  assert.deepEqual(far.failures, []);
});

test("o03_a_flood_of_unknown_keys_asks_the_issuer_seldom", async (t) => {
  const far = await issuer(t);
  assert.equal(await far.said(FIRST), "user-7");
  for (let at = 0; at < 200; at += 1) {
    const signer = TokenSigner.hmac(`stranger-${at}`, "HS256", SECRET);
    assert.equal(await far.said({ signer }), "jwt_key_unknown");
    far.clock += 100;
  }
  assert(far.asked <= 2, `${far.asked}`);
});

test("o07_a_key_that_is_withdrawn_is_refused_once_keys_are_fetched_anew_and_its_proofs_with_it", async (t) => {
  const far = await issuer(t);
  const { token } = minted({ signer: FIRST.signer, lifeSeconds: 1_800, now: NOW });
  assert.equal((await far.verifier.verify(token)).subject, "user-7");
  assert.equal(await far.verifier.verify(token), await far.verifier.verify(token));
  far.published = [SECOND.jwk];
  far.clock += 11 * 60_000;
  await far.said(SECOND);
  assert.equal(await far.said(SECOND), "user-7");
  await rejected("jwt_key_unknown", far.verifier.verify(token));
});

const ANSWERS = {
  jwt_fetch_timeout: (response) => response.writeHead(200).write("{"),
  jwt_fetch_too_large: (response) => {
    response.setHeader("content-type", "application/json");
    response.end(Buffer.alloc(400_000, " "));
  },
  jwt_fetch_redirect: (response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end(),
  jwt_fetch_content_type: (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
  jwt_fetch_secret: (response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: [{ ...FIRST.jwk, d: "AA" }] }));
  },
  jwt_fetch_status: (response) => response.writeHead(500).end(),
  jwt_fetch_connection: (response) => response.destroy(),
};

for (const [code, answer] of Object.entries(ANSWERS)) {
  test(`o06_an_answer_that_is_none_keeps_the_keys_until_they_are_too_old_with_${code}`, async (t) => {
    const far = await issuer(t);
    far.answer = answer;
    assert.equal(await far.said(FIRST), "jwt_keys_unavailable");
    assert.equal(far.fetcher.lastError.code, code);
    assert.equal(far.fetcher.lastError.message.split(far.fetcher.lastError.fix).length, 2);
    assert.deepEqual(far.failures, [code]);
    far.answer = far.keys;
    far.clock += 61_000;
    assert.equal(await far.said(FIRST), "user-7");
    assert.equal(far.fetcher.lastError, null);
    far.answer = answer;
    far.clock += HOUR - 1;
    assert.equal(await far.said(FIRST), "user-7");
    far.clock += 1;
    assert.equal(await far.said(FIRST), "jwt_keys_stale");
  });
}

test("o06_nobody_goes_where_a_redirect_leads", async (t) => {
  const [far, other] = [await issuer(t), await issuer(t)];
  far.answer = (response) => response.writeHead(302, { location: other.url }).end();
  assert.equal(await far.said(FIRST), "jwt_keys_unavailable");
  assert.deepEqual([far.asked, other.asked, far.fetcher.lastError.code], [1, 0, "jwt_fetch_redirect"]);
});

test("b05_a_body_that_grows_as_it_is_unpacked_is_read_to_the_limit", async (t) => {
  const far = await issuer(t);
  const packed = Buffer.concat(Array(1_000).fill(gzipSync(Buffer.alloc(1_000_000, " "))));
  far.answer = (response) => {
    response.setHeader("content-type", "application/json");
    response.setHeader("content-encoding", "gzip");
    response.end(packed);
  };
  const most = () => process.resourceUsage().maxRSS;
  const before = most();
  assert.equal(await far.said(FIRST), "jwt_keys_unavailable");
  assert(["jwt_fetch_timeout", "jwt_fetch_too_large"].includes(far.fetcher.lastError.code));
  assert(most() - before < 200_000, `${most() - before} KiB`);
});

test("an_issuer_that_is_away_is_named_by_its_cause_and_answered_as_a_service_that_is", async () => {
  const fetcher = new KeyFetcher(ISSUER, "http://127.0.0.1:9/keys", { loopback: true, now: NOW });
  const failures = [];
  const settings = { clock: () => NOW, onFailure: (error) => failures.push(error.code) };
  const verifier = new RemoteVerifier(tokenPolicy(), fetcher, settings);
  const error = await rejected("jwt_keys_unavailable", verifier.verify(minted({ signer: FIRST.signer }).token));
  assert.deepEqual([error.http, failures], [503, ["jwt_fetch_connection"]]);
});

test("a_certificate_that_nobody_vouches_for_is_a_failure_of_tls", async (t) => {
  // No certificate at all: the handshake fails, as it does with one that is not to be trusted.
  const server = createTls(() => assert.fail("a request came"));
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "localhost"), "listening");
  t.after(() => server.close());
  const url = `https://localhost:${server.address().port}/keys`;
  const fetcher = new KeyFetcher(ISSUER, url, { now: NOW });
  const verifier = new RemoteVerifier(tokenPolicy(), fetcher, { clock: () => NOW, onFailure: () => undefined });
  await rejected("jwt_keys_unavailable", verifier.verify(minted({ signer: FIRST.signer }).token));
  assert.equal(fetcher.lastError.code, "jwt_fetch_tls");
});

test("o05_where_keys_are_is_said_by_the_integrator_and_never_by_a_token", () => {
  for (const url of [
    "http://iss.example/keys",
    "https://iss.example@evil.test/keys",
    "https://iss.example%2f.evil/keys",
    "",
    "x",
  ])
    refused("jwt_fetch_setup_url", () => new KeyFetcher("https://iss.example", url, { now: NOW }));
});

test("a_fetch_of_ones_own_is_bounded_too", async (t) => {
  const never = () => new Promise(() => undefined);
  const throwing = () => {
    throw new Error("foreign code ran");
  };
  const failing = (code) => async () => {
    throw new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code }) });
  };
  const followed = async () => ({
    status: 200,
    url: "https://evil.test/keys",
    headers: new Headers({ "content-type": "application/json" }),
    body: [Buffer.from(JSON.stringify({ keys: [FIRST.jwk] }))],
  });
  const opaque = async () => ({ type: "opaqueredirect", status: 0, headers: new Headers(), body: null });
  for (const [fetch, code] of [
    [never, "jwt_fetch_timeout"],
    [throwing, "jwt_fetch_connection"],
    [failing("DEPTH_ZERO_SELF_SIGNED_CERT"), "jwt_fetch_tls"],
    [failing("UND_ERR_CONNECT_TIMEOUT"), "jwt_fetch_timeout"],
    [async () => undefined, "jwt_fetch_connection"],
    [followed, "jwt_fetch_redirect"],
    [opaque, "jwt_fetch_redirect"],
  ]) {
    const far = await issuer(t, {}, { fetch });
    assert.equal(await far.said(FIRST), "jwt_keys_unavailable");
    assert.equal(far.fetcher.lastError.code, code);
  }
});

test("who_follows_has_keys_before_a_token_comes_and_stops_when_it_is_told", async (t) => {
  const far = await issuer(t);
  const stop = new AbortController();
  const following = far.verifier.follow({ signal: stop.signal });
  while (far.fetcher.generation === 0) await sleep(5);
  assert.equal(far.asked, 1);
  stop.abort();
  await following;
  assert.equal(await far.said(FIRST), "user-7");
  assert.equal(far.asked, 1);
  await rejected("binding_argument_type", far.verifier.follow());
});

test("a_route_verifies_tokens_of_an_issuer_of_others", async (t) => {
  const far = await issuer(t);
  const settings = { clock: () => NOW, requirement: new Requirement(["orders:read"]) };
  const route = tokenRoute(far.verifier, (_, { verified }) => Response.json(verified.subject), settings);
  const request = (scope) => {
    const { token } = minted({ signer: FIRST.signer, claims: { scope } });
    return new Request("https://a.example/", { headers: { authorization: `Bearer ${token}` } });
  };
  assert.equal(await (await route(request("orders:read"))).json(), "user-7");
  assert.equal((await route(request("orders:write"))).status, 403);
  assert.equal((await verifyTokenAsync(request("orders:read"), far.verifier, settings)).verified.subject, "user-7");
  far.answer = ANSWERS.jwt_fetch_status;
  const other = await issuer(t);
  other.answer = ANSWERS.jwt_fetch_status;
  const away = await tokenRoute(other.verifier, () => new Response(), settings)(request("orders:read"));
  assert.deepEqual([away.status, away.headers.get("retry-after")], [503, "5"]);
});

test("a_fetcher_connects_to_nothing_itself", () => {
  const fetcher = new KeyFetcher(ISSUER, "https://login.example/keys", { now: NOW, seed: new Uint8Array(8) });
  refused("jwt_keys_unavailable", () => fetcher.keys({ now: NOW }));
  fetcher.handleTimeout({ now: NOW });
  const order = fetcher.order();
  assert.deepEqual({ ...order }, { number: 1, url: "https://login.example/keys", timeoutMs: 5_000, maxBytes: 262_144 });
  assert.equal(fetcher.order(), null);
  const body = Buffer.from(JSON.stringify({ keys: [FIRST.jwk] }));
  const answer = { status: 200, body, contentType: "application/json", url: order.url, maxAgeSeconds: 60, now: NOW };
  assert.equal(fetcher.handleResponse(order.number, answer), true);
  assert.equal(fetcher.handleResponse(order.number, answer), false);
  assert.deepEqual([fetcher.keys({ now: NOW }).ids, fetcher.generation], [["first"], 1]);
  assert(fetcher.nextTimeout > NOW);
  assert.equal(fetcher.handleWanted(minted({ signer: FIRST.signer }).token, { now: NOW }), true);
  refused("binding_argument_choice", () => fetcher.handleFailure(1, "weather", { now: NOW }));
});

test("keys_of_another_issuer_are_not_taken", () => {
  const fetcher = new KeyFetcher("https://other.example", "http://127.0.0.1:9/keys", { loopback: true, now: NOW });
  refused("binding_argument_choice", () => new RemoteVerifier(tokenPolicy(), fetcher));
});
