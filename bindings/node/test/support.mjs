// What the tests share: an instant, keys, and requests as plain data.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CountersealError,
  Key,
  Memory,
  Policy,
  Signer,
  TokenMinter,
  TokenPolicy,
  TokenSigner,
  TokenVerifier,
  Verifier,
} from "counterseal";

export const NOW = 2_500_000_000_000;
/** When stores begin that are to know everything that could come at `NOW`. */
export const BEGAN = NOW - 300_000;
export const SECRET = Uint8Array.from({ length: 32 }, (_, at) => at);
export const AUTHORITY = "api.example";
export const REQUEST = Object.freeze({
  method: "POST",
  scheme: "https",
  authority: AUTHORITY,
  path: "/v1/jobs",
  query: "state=open",
  headers: Object.freeze({ "content-type": "application/json" }),
  body: '{"job": 42}',
});

/** A key that began when the tests' stores did, so that it has no past that they could have missed. */
export function key(id = "worker-7", options = {}) {
  return new Key(id, SECRET, { since: NOW, ...options });
}

/** The request with its signature. */
export function signed(request = REQUEST, { signer = new Signer(key()), now = NOW, seed } = {}) {
  return { ...request, headers: { ...request.headers, ...signer.sign(request, { now, seed }) } };
}

/** A verifier over a store of its own. */
export function verifier({ keys = [key()], policy = {}, store = new Memory({ now: NOW }) } = {}) {
  return new Verifier(new Policy([AUTHORITY], policy), keys, store);
}

/** What the tests' tokens are. */
export function tokenPolicy(profile = "access", members = {}) {
  return new TokenPolicy(profile, { issuer: "https://login.example", audience: "orders", ...members });
}

/** What signs them. */
export function tokenSigner(id = "login-1") {
  return TokenSigner.hmac(id, "HS256", SECRET);
}

/** A token about a user, for 15 minutes. */
export function minted({ signer = tokenSigner(), policy = tokenPolicy(), ...options } = {}) {
  return new TokenMinter(signer, policy).mint("user-7", { lifeSeconds: 900, now: NOW, ...options });
}

/** What verifies them. */
export function tokenVerifier({ signer = tokenSigner(), policy = tokenPolicy(), ...options } = {}) {
  return new TokenVerifier(policy, [signer.key], options);
}

/** Asserts that `call` is refused with `code`, and returns the refusal. */
export function refused(code, call) {
  try {
    call();
  } catch (error) {
    assert(error instanceof CountersealError, `${error?.stack}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`not refused: ${code} was expected`);
}

/** `refused`, for promises. */
export async function rejected(code, promise) {
  const outcome = await promise.then(
    () => () => undefined,
    (error) => () => {
      throw error;
    },
  );
  return refused(code, outcome);
}

/** A directory that is gone after the test. */
export function directory(test) {
  const made = mkdtempSync(join(tmpdir(), "counterseal-"));
  test.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The repository: the tests may run beside an installed package, away from it. */
export const ROOT = process.env.COUNTERSEAL_ROOT ?? fileURLToPath(new URL("../../..", import.meta.url));

/** The version of an installed package. */
export function versionOf(library) {
  const inside = `node_modules/${library}/`;
  const [place] = createRequire(import.meta.url)
    .resolve(library)
    .split(inside);
  return JSON.parse(readFileSync(join(place, inside, "package.json"), "utf8")).version;
}
