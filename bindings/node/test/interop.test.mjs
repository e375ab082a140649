// HTTP Message Signatures of another library, both ways: what it signs is verified here, and what is signed here there.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ForeignPolicy, Memory, Profile, Signer, Verifier } from "counterseal";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";
import { AUTHORITY, key, NOW, refused, SECRET } from "./support.mjs";

const FIELDS = ["@method", "@authority", "@path", "@query"];
const BODY = '{"job": 42}';

function digest(algorithm, body) {
  return `${algorithm}=:${createHash(algorithm.replace("-", "")).update(body).digest("base64")}:`;
}

/** A request as that library knows it, and its content. */
function post(more = {}) {
  const headers = { "content-type": "application/json", "content-digest": digest("sha-256", BODY) };
  return { method: "POST", url: `https://${AUTHORITY}/v1/jobs?state=open&page=2`, headers, body: BODY, ...more };
}

function get(path = "/") {
  return { method: "GET", url: `https://${AUTHORITY}${path}`, headers: {}, body: "" };
}

/** The same, signed there. */
async function signedThere({ body, ...message }, { fields = FIELDS, params, values = {}, ...more } = {}) {
  const config = {
    key: createSigner(Buffer.from(SECRET), "hmac-sha256", "worker-7"),
    fields,
    params: params ?? ["created", "keyid", "alg", "nonce", ...Object.keys(values)],
    paramValues: { created: new Date(NOW), nonce: "n-1", ...values },
    ...more,
  };
  return { ...(await httpbis.signMessage(config, message)), body };
}

/** The same for us. */
function parts({ method, url, headers, body }) {
  const { protocol, host, pathname, search } = new URL(url);
  const lines = Object.entries(headers);
  return {
    method,
    scheme: protocol.slice(0, -1),
    authority: host,
    path: pathname,
    query: search.slice(1),
    headers: lines,
    body,
  };
}

function verifiedHere(message, policy = {}) {
  const server = new Verifier(new ForeignPolicy([AUTHORITY], policy), [key()], new Memory({ now: NOW }));
  return server.verify(parts(message), { now: NOW });
}

const covered = [...FIELDS, "content-digest"];
for (const [name, message, given, policy] of [
  ["a request with content", post(), { fields: covered }],
  ["a digest of sha-512", post({ headers: { "content-digest": digest("sha-512", BODY) } }), { fields: covered }],
  ["components in another order", post(), { fields: covered.toReversed() }],
  ["a whole target", post(), { fields: [...covered, "@target-uri", "@request-target", "@scheme"] }],
  ["a tag", post(), { fields: covered, values: { tag: "shop" } }, { tag: "shop" }],
  ["an end", post(), { fields: covered, values: { expires: new Date(NOW + 30_000) } }],
  ["a name", post(), { fields: covered, name: "sig1" }],
  ["no nonce", post(), { fields: covered, params: ["keyid", "created"] }, { requireNonce: false }],
  ["no digest", post(), {}, { requireDigest: false }],
  [
    "a parameter of the query",
    post(),
    { fields: ['"@query-param";name="page"', ...covered] },
    { require: ['@query-param;name="page"'] },
  ],
  ["no content", get()],
  ["an encoded target", get("/a%20b/%2F?x=%26&y")],
]) {
  test(`what_the_other_library_signs_is_verified_here_with_${name.replaceAll(" ", "_")}`, async () => {
    const proof = verifiedHere(await signedThere(message, given), policy);
    assert.equal(proof.keyId, "worker-7");
    assert.equal(proof.created, NOW);
  });
}

for (const [name, message, profile] of [
  ["content", post()],
  ["a digest of sha-512 and the scheme", post(), { digest: "sha-512", coverScheme: true }],
  [
    "a field more",
    post({ headers: { "content-type": "a/b", "idempotency-key": "42" } }),
    { cover: ["idempotency-key"] },
  ],
  ["no content", get()],
  ["an encoded target", get("/a%20b/%2F?x=%26&y")],
]) {
  test(`what_is_signed_here_the_other_library_verifies_with_${name.replaceAll(" ", "_")}`, async () => {
    const signer = new Signer(key("worker-7", { since: 0 }), { profile: new Profile(profile) });
    const { body, ...rest } = message;
    const { "content-digest": _, ...plain } = rest.headers;
    const fields = signer.sign(parts({ ...rest, headers: plain, body }));
    const there = { ...rest, headers: { ...plain, ...fields } };
    assert.equal(await verifiedThere(there), true);
    const changed = { ...there, url: there.url.replace(AUTHORITY, "other.example") };
    assert.equal(await verifiedThere(changed), false);
  });
}

async function verifiedThere(message) {
  const verify = createVerifier(Buffer.from(SECRET), "hmac-sha256");
  const found = { id: "worker-7", algs: ["hmac-sha256"], verify };
  return (await httpbis.verifyMessage({ keyLookup: async () => found }, message)) === true;
}

test("what_the_policy_does_not_take_is_refused_by_its_code", async () => {
  const cases = [
    ["request_nonce_invalid", post(), { fields: covered, params: ["created", "keyid"] }],
    ["request_digest_missing", post(), {}],
    ["request_components_unexpected", post(), { fields: ["@method"] }],
    ["request_outside_window", get(), { values: { created: new Date(NOW - 61_000) } }],
    ["request_parameters_unexpected", get(), { values: { tag: "counterseal/1" } }],
  ];
  for (const [code, message, given] of cases) {
    const sent = await signedThere(message, given);
    refused(code, () => verifiedHere(sent));
  }
});

test("other_content_under_a_covered_digest_is_accepted_there_and_refused_here", async () => {
  const now = Date.now();
  const { body: _, ...sent } = await signedThere(post(), { fields: covered, values: { created: new Date(now) } });
  // It has no content to look at: the digest is the caller's to compare.
  assert.equal(await verifiedThere(sent), true);
  const there = await signedThere(post(), { fields: covered });
  refused("request_body_mismatch", () => verifiedHere({ ...there, body: "other" }));
});

test("a_replay_is_accepted_there_and_refused_here", async () => {
  const sent = await signedThere(get());
  const server = new Verifier(new ForeignPolicy([AUTHORITY]), [key()], new Memory({ now: NOW }));
  server.verify(parts(sent), { now: NOW });
  refused("request_replayed", () => server.verify(parts(sent), { now: NOW }));
  const again = await signedThere(get(), { values: { created: new Date() } });
  assert.deepEqual(await Promise.all([verifiedThere(again), verifiedThere(again)]), [true, true]);
});

test("the_other_library_takes_any_age_unless_it_is_told", async () => {
  const old = await signedThere(get(), { values: { created: new Date(0) } });
  assert.equal(await verifiedThere(old), true);
});
