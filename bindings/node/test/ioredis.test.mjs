// Decisions over a real Redis, on a socket in a directory of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { Redis } from "counterseal/stores/ioredis";
import IORedis from "ioredis";
import { cut } from "./cut.mjs";
import { keysAreKept, limited, openedByNoCut, wonByOne } from "./decisions.mjs";
import { areAsTold } from "./histories.mjs";
import { NOW, rejected, signed, verifier } from "./support.mjs";

const at = { now: NOW };

let place;
let server;
let client;
let store;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "counterseal-"));
  await start();
  client = new IORedis({ path: join(place, "socket"), retryStrategy: () => 20 });
  client.on("error", () => undefined);
  store = new Redis(client, { clock: () => NOW + 1 });
  await store.migrate(at);
});

afterEach(async () => {
  client.disconnect();
  await kill();
  rmSync(place, { recursive: true });
});

/** Starts a server that keeps nothing when it ends. */
async function start() {
  const options = ["--port", "0", "--unixsocket", join(place, "socket"), "--save", "", "--dir", place];
  server = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const chunk of server.stdout) if (String(chunk).includes("ready to accept")) break;
  server.stdout.resume();
}

async function kill() {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
}

test("h26_an_answer_that_is_lost_in_mid_claim_opens_nothing", async (t) => {
  const far = join(place, "far");
  const line = await cut(t, join(place, "socket"), far);
  const other = new IORedis({ path: far, retryStrategy: () => 20 });
  other.on("error", () => undefined);
  t.after(() => other.disconnect());
  await openedByNoCut(store, new Redis(other, { clock: () => NOW + 1 }), line);
});

test("h21_h25_every_history_comes_out_as_told", () => areAsTold(() => (waiting) => store.drive(waiting)));

test("a nonce is claimed once, whoever asks", async () => {
  const sent = signed();
  assert.equal((await store.drive(verifier().begin(sent, at))).keyId, "worker-7");
  await rejected("request_replayed", store.drive(verifier().begin(sent, at)));
});

test("h18_of_64_racers_with_one_nonce_one_is_accepted", () => wonByOne(store));

test("p07_of_64_callers_as_many_pass_as_the_burst_has", () => limited(store));

test("keys at rest are saved, loaded and revoked", () => keysAreKept(store));

test("h25_a_flush_and_a_restart_reopen_nothing_and_end_by_themselves", async () => {
  const sent = signed();
  const again = () => store.drive(verifier().begin(sent, at));
  assert.equal((await again()).keyId, "worker-7");
  await client.flushall();
  for (let turn = 0; turn < 3; turn += 1) await rejected("request_store_warming", again());
  assert.equal(await client.hget("cs:{request}:epoch", "floor"), String(NOW + 1 + 65_000));
  await kill();
  await start();
  for (let turn = 0; turn < 3; turn += 1) await rejected("request_store_warming", again());
  assert.equal(await client.hget("cs:{request}:epoch", "floor"), String(NOW + 1 + 65_000));
});

test("a server that may evict is refused", async () => {
  await client.flushall();
  await client.config("SET", "maxmemory-policy", "allkeys-lru");
  await assert.rejects(store.migrate(at), /noeviction/);
  await rejected("request_store_warming", store.drive(verifier().begin(signed(), at)));
});

test("a server that takes too long has not answered", async () => {
  const impatient = new Redis(client, { timeoutMs: 50 });
  await client.client("PAUSE", 300, "ALL");
  const error = await rejected("request_store_unavailable", impatient.drive(verifier().begin(signed(), at)));
  assert.match(error.cause.message, /in time/);
});
