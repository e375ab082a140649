// Stores inside the addon, decisions that wait, and keys at rest.

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  drive,
  endKey,
  KeyVault,
  Memory,
  migrations,
  Ring,
  revokeKey,
  SharedRing,
  Sqlite,
  sweeping,
} from "counterseal";
import { BEGAN, directory, key, NOW, refused, rejected, SECRET, signed, verifier } from "./support.mjs";

const at = { now: NOW };

test("a shared ring remembers for every store that maps its file", (t) => {
  const path = join(directory(t), "run/ring");
  const [first, second] = [new SharedRing(path, { now: BEGAN }), new SharedRing(path, { now: BEGAN })];
  const sent = signed();
  verifier({ store: first }).verify(sent, at);
  refused("request_replayed", () => verifier({ store: second }).verify(sent, at));
  assert.equal(second.gauge().live, 1);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a ring tells how full it is, and what one key may do", () => {
  const ring = new Ring({ ...at, perSecond: 10, ownerCap: 2 });
  const server = verifier({ store: ring });
  for (let turn = 0; turn < 2; turn += 1) server.verify(signed(), at);
  refused("request_limited", () => server.verify(signed(), at));
  const { capacity, live, generation, fullest } = ring.gauge();
  assert.deepEqual([live, fullest], [2, 2]);
  assert(capacity >= generation && generation > 0);
});

test("SQLite remembers over a restart, and is verified with in a thread", async (t) => {
  const path = join(directory(t), "claims.db");
  const server = verifier({ store: new Sqlite(path, at) });
  assert.equal(server.blocking, true);
  const sent = signed();
  assert.equal((await server.verifyAsync(sent, at)).keyId, "worker-7");
  await rejected("request_replayed", server.verifyAsync(sent, at));
  const again = verifier({ store: new Sqlite(path, at) });
  refused("request_replayed", () => again.verify(sent, at));
  assert(existsSync(path));
  refused("store_file_unsafe", () => new Sqlite(directory(t)));
});

test("requests that are verified together in threads are each accepted once", async (t) => {
  const server = verifier({ store: new Sqlite(join(directory(t), "claims.db"), at) });
  const sent = Array.from({ length: 20 }, () => signed());
  const verdicts = await Promise.allSettled([...sent, ...sent].map((request) => server.verifyAsync(request, at)));
  assert.equal(verdicts.filter(({ status }) => status === "fulfilled").length, 20);
  const codes = verdicts.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual([...new Set(codes)], ["request_replayed"]);
});

test("what is over is swept, and counted", () => {
  const store = new Memory(at);
  verifier({ store }).verify(signed(), at);
  assert.equal(store.sweep(at), 0);
  assert.equal(store.sweep({ now: NOW + 3_600_000, limit: 10 }), 1);
});

test("a decision waits for rows and is taken once", () => {
  const waiting = verifier().begin(signed(), at);
  refused("pending_spent", () => waiting.verdict());
  const { name, text, values } = waiting.statement("postgres");
  assert.match(text, /\$1/);
  assert.equal(waiting.statement("postgres").name, name);
  assert.deepEqual([values[0], values[2]], ["request", NOW]);
  waiting.answer([["fresh"]]);
  assert.equal(waiting.statement("postgres"), null);
  refused("pending_spent", () => waiting.answer([["fresh"]]));
  assert.equal(waiting.verdict().keyId, "worker-7");
  refused("pending_spent", () => waiting.verdict());
});

for (const [rows, code] of [
  [[["held"]], "request_replayed"],
  [[["stale"]], "request_store_warming"],
  [null, "request_store_unavailable"],
  [[], "request_store_warming"],
  [[[null]], "request_store_unavailable"],
  [[["no such answer"]], "request_store_unavailable"],
  [[["fresh"], ["fresh"]], "request_store_unavailable"],
]) {
  test(`rows that say ${JSON.stringify(rows)} are ${code}`, () => {
    const waiting = verifier().begin(signed(), at);
    waiting.answer(rows);
    const error = refused(code, () => waiting.verdict());
    assert.equal(
      error.detail.store,
      code.endsWith("unavailable") && rows !== null ? "store_answer_malformed" : undefined,
    );
  });
}

test("a cell that no driver should give has a code, and the decision still waits", () => {
  const waiting = verifier().begin(signed(), at);
  for (const cell of [undefined, true, {}, new Date(), Symbol("a"), [1]]) {
    refused("binding_argument_type", () => waiting.answer([[cell]]));
  }
  for (const cell of [1.5, Number.NaN, 2 ** 60, 2n ** 63n])
    refused("binding_argument_range", () => waiting.answer([[cell]]));
  refused("binding_argument_text", () => waiting.answer([["\ud800"]]));
  for (const rows of [undefined, "fresh", {}, [{}]]) refused("binding_argument_type", () => waiting.answer(rows));
  waiting.answer([["fresh"]]);
  assert.equal(waiting.verdict().keyId, "worker-7");
});

test("a driver that rejects has not answered, and its error is the cause", async () => {
  const cause = new Error("the connection is gone");
  const waiting = verifier().begin(signed(), at);
  const error = await rejected(
    "request_store_unavailable",
    drive(waiting, "sqlite", async () => Promise.reject(cause)),
  );
  assert.equal(error.cause, cause);
  const throwing = () => {
    throw cause;
  };
  await rejected("request_store_unavailable", drive(verifier().begin(signed(), at), "sqlite", throwing));
});

test("keys at rest are saved, loaded, rotated, ended and revoked", () => {
  const [vault, store] = [new KeyVault(SECRET), new Memory(at)];
  assert.equal(vault.save("worker-7", SECRET, { since: NOW, scope: "jobs" }).run(store), null);
  refused("request_key_exists", () => vault.save("worker-7", SECRET, { since: NOW }).run(store));
  const loaded = vault.load("worker-7").run(store);
  assert.deepEqual([loaded.id, loaded.scope, loaded.since, loaded.until], ["worker-7", "jobs", NOW, null]);
  assert.equal(verifier({ keys: [loaded] }).verify(signed(), at).scope, "jobs");
  const over = { since: NOW, oldUntil: NOW + 60_000 };
  assert.equal(vault.rotate("worker-7", "worker-8", Buffer.alloc(32, 8), over).run(store), null);
  assert.equal(vault.load("worker-7").run(store).until, NOW + 60_000);
  endKey("worker-8", NOW + 1_000).run(store);
  assert.equal(vault.load("worker-8").run(store).until, NOW + 1_000);
  revokeKey("worker-8", at).run(store);
  assert.equal(vault.load("worker-8").run(store).revoked, true);
  refused("request_key_missing", () => vault.load("worker-9").run(store));
  refused("request_key_record_broken", () => new KeyVault(Buffer.alloc(32)).load("worker-7").run(store));
  refused("binding_store_unfit", () => vault.load("worker-7").run(new Ring(at)));
});

test("statements that belong to no decision are plain data", () => {
  const setup = migrations("postgres", { ...at, pastSeconds: 90 });
  assert(setup.length > 2);
  for (const { name, text, values } of setup)
    assert.deepEqual([typeof name, typeof text, Array.isArray(values)], ["string", "string", true]);
  const { values } = sweeping("sqlite", { ...at, limit: 5 });
  assert(values.includes(5) && values.includes(NOW));
});

test("numbers that JavaScript would round are BigInts", () => {
  const waiting = new KeyVault(SECRET).save("worker-7", SECRET, { since: NOW });
  for (let turn = 0; waiting.statement("sqlite") !== null && turn < 3; turn += 1) {
    const { values } = waiting.statement("sqlite");
    assert(values.every((value) => typeof value !== "number" || Number.isSafeInteger(value)));
    waiting.answer([]);
  }
  assert.equal(key().until, null);
});
