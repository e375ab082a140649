// The histories of `vectors/histories.json`: requests one after the other, the same on every store.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CountersealError, Key, Policy, Signer, Verifier } from "counterseal";
import { AUTHORITY, NOW, ROOT } from "./support.mjs";

const { histories } = JSON.parse(readFileSync(join(ROOT, "vectors/histories.json"), "utf8"));

/** Each history comes out as it says, decided by what `store` makes for it. */
export async function areAsTold(store) {
  assert(histories.length >= 8);
  for (const { name, steps } of histories) {
    const decide = store();
    for (const [at, step] of steps.entries())
      assert.equal(await outcome(decide, step), step.code, `${name}, step ${at}`);
  }
}

async function outcome(decide, step) {
  const key = new Key(step.key, new Uint8Array(32).fill(7), { since: step.key === "old" ? 0 : NOW });
  const seed = Buffer.alloc(16);
  seed.writeUInt32BE(step.nonce, 12);
  const request = { method: "GET", scheme: "https", authority: AUTHORITY, path: "/" };
  const headers = new Signer(key).sign(request, { now: NOW + step.born, seed });
  try {
    await decide(new Verifier(new Policy([AUTHORITY]), [key]).begin({ ...request, headers }, { now: NOW + step.at }));
    return "request_accepted";
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    return error.code;
  }
}
