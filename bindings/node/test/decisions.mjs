// What every database must do for every decision, whoever its driver is.

import assert from "node:assert/strict";
import { KeyVault, revokeKey } from "counterseal";
import { NOW, rejected, SECRET, signed, verifier } from "./support.mjs";

const at = { now: NOW };

/** Of 64 callers with one request one is accepted. */
export async function wonByOne(store) {
  const sent = signed();
  const races = Array.from({ length: 64 }, () => store.drive(verifier().begin(sent, at)));
  const verdicts = await Promise.allSettled(races);
  assert.equal(verdicts.filter(({ status }) => status === "fulfilled").length, 1);
  const codes = verdicts.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual([...new Set(codes)], ["request_replayed"]);
}

/** Keys at rest are saved, loaded and revoked. */
export async function keysAreKept(store) {
  const vault = new KeyVault(SECRET);
  assert.equal(await store.drive(vault.save("stored-1", SECRET, { since: NOW, scope: "jobs" })), null);
  const loaded = await store.drive(vault.load("stored-1"));
  assert.deepEqual([loaded.id, loaded.scope, loaded.since, loaded.until], ["stored-1", "jobs", NOW, null]);
  await rejected("request_key_exists", store.drive(vault.save("stored-1", SECRET)));
  await store.drive(revokeKey("stored-1", at));
  assert.equal((await store.drive(vault.load("stored-1"))).revoked, true);
  await rejected("request_key_missing", store.drive(vault.load("stored-2")));
}
