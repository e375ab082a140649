// Refusals as errors: one class for each part, and the facts of the code on each.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  ArgumentError,
  CODES,
  CountersealError,
  InternalError,
  PolicyError,
  ReplayError,
  RequestError,
  SignError,
  Signer,
  SigningKeyError,
  StoreError,
  TokenError,
} from "counterseal";
import { key, NOW, REQUEST, refused, signed, verifier } from "./support.mjs";

const FAMILIES = {
  ArgumentError,
  InternalError,
  PolicyError,
  ReplayError,
  RequestError,
  SignError,
  SigningKeyError,
  StoreError,
  TokenError,
};

test("each family is a class of errors with its own name", () => {
  for (const [name, Family] of Object.entries(FAMILIES)) {
    const error = new Family("request_replayed");
    assert(error instanceof CountersealError && error instanceof Error);
    assert.equal(error.name, name);
    assert(error.stack.startsWith(`${name}: request_replayed: `));
    assert.deepEqual(Object.keys(error).includes("name"), false);
  }
});

test("an error tells the facts of its code", () => {
  for (const [code, facts] of Object.entries(CODES)) {
    const error = new CountersealError(code);
    const { blame, public: told, http, fix } = error;
    assert.deepEqual(
      { blame, public: told, http, fix },
      { blame: facts.blame, public: facts.public, http: facts.http, fix: facts.fix },
    );
    assert.equal(error.message, `${code}: ${facts.means}; ${facts.fix}`);
  }
  assert.throws(() => new CountersealError("request_no_such_code"), TypeError);
  assert.throws(() => new CountersealError("toString"), TypeError);
});

test("a refusal tells the values compared, the event, and when to try again", () => {
  const sent = signed();
  const server = verifier({ keys: [key("worker-7", { since: 0 })] });
  const error = refused("request_store_warming", () => server.verify(sent, { now: NOW }));
  assert(error instanceof RequestError);
  assert.deepEqual([error.blame, error.http, error.public], ["environment", 503, "request_store_warming"]);
  assert.deepEqual({ ...error.detail }, { key: "worker-7", created: `${NOW}` });
  assert.deepEqual(JSON.parse(error.event), {
    at: NOW,
    event: error.code,
    blame: error.blame,
    key: "worker-7",
    created: NOW,
  });
  assert.equal(error.retryAfter, 67);
});

test("detail is an object without inherited members, and cannot be changed", () => {
  const { detail } = new CountersealError("request_replayed", { detail: [["__proto__", "1"]] });
  assert.equal(Object.getPrototypeOf(detail), null);
  assert.throws(() => {
    detail.key = "other";
  }, TypeError);
});

const CANARY = "Canary7Canary7";

test("a01_no_error_holds_what_a_peer_sent", () => {
  const server = verifier();
  const sent = signed();
  const changes = [
    { method: CANARY },
    { authority: `${CANARY}.example` },
    { path: `/${CANARY}` },
    { query: CANARY },
    { body: CANARY },
    { headers: { ...sent.headers, signature: `cs=:${CANARY}:` } },
    { headers: { ...sent.headers, signature: CANARY } },
    { headers: { ...sent.headers, "signature-input": `cs=("@method");keyid="${CANARY}"` } },
    { headers: { ...sent.headers, "signature-input": sent.headers["signature-input"].replace("worker-7", CANARY) } },
    { headers: { ...sent.headers, "content-digest": `sha-256=:${CANARY}:` } },
    { headers: { ...sent.headers, "content-type": CANARY } },
  ];
  for (const change of changes) {
    const error = refusal(() => server.verify({ ...sent, ...change }, { now: NOW }));
    assert(error instanceof CountersealError);
    const shown = [error.message, error.stack, error.event, inspect(error, { depth: 9 }), JSON.stringify(error)];
    for (const text of shown) assert(!text.toLowerCase().includes(CANARY.toLowerCase()), error.code);
  }
  const error = refusal(() => new Signer(key()).sign({ ...REQUEST, path: CANARY }, { now: NOW }));
  assert(!inspect(error).includes(CANARY));
});

function refusal(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("accepted");
}
