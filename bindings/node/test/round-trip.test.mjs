// Signing and verifying, in every form that the arguments may have.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Key, Memory, Policy, Profile, RequestError, Ring, Signer, Verifier } from "counterseal";
import { AUTHORITY, key, NOW, REQUEST, refused, SECRET, signed, verifier } from "./support.mjs";

test("a signed request is accepted once", () => {
  const [sent, server] = [signed(), verifier()];
  const proof = server.verify(sent, { now: NOW });
  assert.deepEqual([proof.keyId, proof.scope, proof.created, proof.expires], ["worker-7", "", NOW, NOW + 60_000]);
  assert.equal(proof.component("@path"), "/v1/jobs");
  assert.equal(proof.component("@query"), "?state=open");
  assert.equal(proof.component("x-other"), null);
  const error = refused("request_replayed", () => server.verify(sent, { now: NOW }));
  assert(error instanceof RequestError);
});

test("the proof tells what was covered in signing order", () => {
  const seed = Buffer.alloc(16, "n");
  const proof = verifier().verify(signed(REQUEST, { seed }), { now: NOW });
  const names = proof.covered.map(([name]) => name);
  assert.deepEqual(names, ["@method", "@authority", "@path", "@query", "content-type", "content-digest"]);
  assert.deepEqual(Buffer.from(proof.nonce), seed);
  const { event, key: keyId, at } = JSON.parse(proof.event);
  assert.deepEqual([event, keyId, at], ["request_accepted", "worker-7", NOW]);
});

for (const [change, code] of [
  [{ method: "PUT" }, "request_mac_mismatch"],
  [{ authority: "other.example" }, "request_authority_unknown"],
  [{ path: "/v1/jobs/" }, "request_mac_mismatch"],
  [{ query: "state=all" }, "request_mac_mismatch"],
  [{ query: "" }, "request_mac_mismatch"],
  [{ query: null }, "request_mac_mismatch"],
  [{ body: '{"job": 43}' }, "request_body_mismatch"],
  [{ body: undefined }, "request_body_mismatch"],
]) {
  test(`a changed ${Object.keys(change)} is refused: ${JSON.stringify(change)}`, () => {
    refused(code, () => verifier().verify({ ...signed(), ...change }, { now: NOW }));
  });
}

test("a request out of its window is refused with the values compared", () => {
  const sent = signed(REQUEST, { signer: new Signer(key(), { lifeSeconds: 120 }) });
  for (const late of [-60_001, 60_001]) {
    const server = verifier({ keys: [key("worker-7", { since: 0 })] });
    const error = refused("request_outside_window", () => server.verify(sent, { now: NOW + late }));
    assert.equal(error.detail.created, `${NOW}`);
    assert.equal(JSON.parse(error.event).event, "request_outside_window");
  }
});

test("the edges of the window are in it", () => {
  const sent = signed(REQUEST, { signer: new Signer(key(), { lifeSeconds: 120 }) });
  for (const late of [-60_000, 0, 60_000]) {
    const keys = [key("worker-7", { since: NOW - 60_000 })];
    const server = verifier({ keys, store: new Memory({ now: NOW - 200_000 }) });
    assert.equal(server.verify(sent, { now: NOW + late }).created, NOW);
  }
});

const forms = {
  Buffer: (text) => Buffer.from(text),
  Uint8Array: (text) => new Uint8Array(Buffer.from(text)),
  "a part of a larger buffer": (text) => Buffer.from(`_${text}_`).subarray(1, -1),
  "shared memory": (text) => {
    const view = new Uint8Array(new SharedArrayBuffer(text.length));
    view.set(Buffer.from(text));
    return view;
  },
};

for (const [name, form] of Object.entries(forms)) {
  test(`bytes may come as ${name}`, () => {
    const seed = form("s".repeat(16));
    const signer = new Signer(new Key("worker-7", form("k".repeat(32)), { since: NOW }));
    const headers = [[form("content-type"), form("application/json")]];
    const parts = { ...REQUEST, method: form("POST"), authority: form(AUTHORITY), path: form(REQUEST.path) };
    const request = { ...parts, query: form(REQUEST.query), headers, body: form(REQUEST.body) };
    const fields = signer.sign(request, { now: NOW, seed });
    assert.deepEqual(fields, signer.sign(REQUEST, { now: NOW, seed }));
    const lines = Object.entries(fields).map(([field, value]) => [form(field), form(value)]);
    const known = new Key("worker-7", Buffer.alloc(32, "k"), { since: NOW });
    const proof = verifier({ keys: [known] }).verify({ ...request, headers: [...headers, ...lines] }, { now: NOW });
    assert.equal(proof.keyId, "worker-7");
  });
}

test("field lines may come in every form that Node has for them", () => {
  const { headers } = signed();
  const lines = Object.entries(headers);
  for (const form of [headers, lines, lines.flat(), new Headers(lines), new Map(lines)]) {
    assert.equal(verifier().verify({ ...REQUEST, headers: form }, { now: NOW }).keyId, "worker-7");
  }
});

test("bytes that are no text stay what they are", () => {
  const body = Uint8Array.from({ length: 256 }, (_, at) => at);
  const request = { ...REQUEST, headers: [["content-type", Buffer.from([0xff, 0x41])]], body };
  const error = refused("request_sign_header", () => new Signer(key()).sign(request, { now: NOW }));
  assert.equal(error.name, "SignError");
  assert.equal(verifier().verify(signed({ ...REQUEST, body }), { now: NOW }).keyId, "worker-7");
});

test("a part with the marks of the crossing in it is still one part", () => {
  for (const path of ["/a\0https", "\u0001/a", "/a\u0001", "\0", "/é\0"]) {
    refused("request_sign_target", () => new Signer(key()).sign({ ...REQUEST, path }, { now: NOW }));
    refused("request_target_invalid", () => verifier().verify({ ...signed(), path }, { now: NOW }));
  }
});

test("equal inputs give equal signatures", () => {
  const sign = (seed) => new Signer(key()).sign(REQUEST, { now: NOW, seed: Buffer.alloc(16, seed) });
  assert.deepEqual(sign("1"), sign("1"));
  assert.notDeepEqual(sign("1"), sign("2"));
});

test("without now and seed the host gives them", () => {
  const nonces = new Set();
  const store = new Ring();
  const server = new Verifier(new Policy([AUTHORITY]), [new Key("worker-7", SECRET, { since: Date.now() })], store);
  const signer = new Signer(new Key("worker-7", SECRET));
  for (let turn = 0; turn < 1_000; turn += 1) {
    const headers = { ...REQUEST.headers, ...signer.sign(REQUEST) };
    nonces.add(Buffer.from(server.verify({ ...REQUEST, headers }).nonce).toString("hex"));
  }
  assert.equal(nonces.size, 1_000);
});

test("a signer takes its profile, or that of a policy", () => {
  const options = { cover: ["idempotency-key"], coverScheme: true, digest: "sha-512" };
  const policy = new Policy([AUTHORITY], options);
  const request = { ...REQUEST, headers: { ...REQUEST.headers, "idempotency-key": "7" } };
  for (const profile of [new Profile(options), policy, policy.profile]) {
    const sent = signed(request, { signer: new Signer(key(), { profile, lifeSeconds: 120 }) });
    const proof = verifier({ policy: options }).verify(sent, { now: NOW });
    assert.equal(proof.component("@scheme"), "https");
    assert.equal(proof.component("idempotency-key"), "7");
    assert.equal(proof.expires - proof.created, 120_000);
  }
});

test("policies and profiles come from JSON too", () => {
  const policy = Policy.parse('{"authorities": ["api.example"], "body_limit_bytes": 10}');
  assert.equal(policy.bodyLimitBytes, 10);
  const server = new Verifier(policy, [key()], new Memory({ now: NOW }));
  assert.equal(server.bodyLimitBytes, 10);
  refused("request_too_large", () => server.verify(signed(), { now: NOW }));
  refused("policy_syntax", () => Policy.parse("{"));
  refused("policy_member", () => Profile.parse('{"covers": []}'));
});

test("keys come and go while a verifier serves", () => {
  const [server, sent] = [verifier({ keys: [] }), signed()];
  assert.deepEqual(server.keyIds, []);
  assert.equal(server.keyToLoad(sent, { now: NOW }), "worker-7");
  refused("request_key_unknown", () => server.verify(sent, { now: NOW }));
  server.putKey(key());
  assert.equal(server.keyToLoad(sent, { now: NOW }), null);
  assert.equal(server.keyToRefresh({ now: NOW + 31_000 }), "worker-7");
  assert.equal(server.verify(sent, { now: NOW }).keyId, "worker-7");
  server.replaceKeys([key("a"), key("b")]);
  assert.deepEqual(server.keyIds.toSorted(), ["a", "b"]);
  server.forgetKey("a");
  assert.deepEqual(server.keyIds, ["b"]);
  refused("request_key_repeated", () => server.replaceKeys([key("a"), key("a")]));
});

test("keys are loaded again as often as it is said", () => {
  for (const refreshSeconds of [1, 300]) {
    const server = new Verifier(new Policy([AUTHORITY]), [key()], null, { refreshSeconds });
    assert.equal(server.keyToRefresh({ now: NOW }), "worker-7");
    assert.equal(server.keyToRefresh({ now: NOW + refreshSeconds * 1_000 - 1 }), null);
    assert.equal(server.keyToRefresh({ now: NOW + refreshSeconds * 1_000 }), "worker-7");
  }
});

test("both sides explain what they compared", () => {
  const signer = new Signer(key());
  const seed = new Uint8Array(16);
  const sent = signed(REQUEST, { signer, seed });
  const same = verifier().explain(sent, { base: signer.explain(REQUEST, { now: NOW, seed }) });
  assert.deepEqual([same.difference, same.brokenRule], [null, null]);
  const other = signer.explain({ ...REQUEST, path: "/v1/jobz" }, { now: NOW, seed });
  const { difference } = verifier().explain(sent, { base: other });
  assert.deepEqual([difference.line, difference.component], [3, "@path"]);
});

test("a verifier without a store can only begin", () => {
  const server = new Verifier(new Policy([AUTHORITY]), [key()]);
  refused("binding_store_missing", () => server.verify(signed(), { now: NOW }));
  assert.equal(server.begin(signed(), { now: NOW }).run(new Memory({ now: NOW })).keyId, "worker-7");
});

test("a store of a shorter window than the policy's is refused", () => {
  refused("binding_store_window", () => verifier({ policy: { pastSeconds: 90 } }));
  const store = new Memory({ now: NOW, pastSeconds: 90 });
  assert.equal(verifier({ policy: { pastSeconds: 90 }, store }).blocking, false);
});
