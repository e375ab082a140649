// Decisions over a real Redis, on a socket in a directory of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "counterseal/stores/ioredis";
import IORedis from "ioredis";
import { cut } from "./cut.mjs";
import {
  deliveredOnce,
  keysAreKept,
  limited,
  openedByNoCut,
  resumes,
  rotatedOnce,
  sessionsGoOn,
  tokensStand,
  wonByOne,
} from "./decisions.mjs";
import { areAsTold } from "./histories.mjs";
import { directory, NOW, rejected, signed, verifier } from "./support.mjs";

const at = { now: NOW };

let server;
let client;
let store;

beforeEach(async () => {
  server = await redisServer();
  client = new IORedis({ path: server.socket, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  store = new Redis(client, { futureSeconds: 60, clock: () => NOW + 1 });
  await store.migrate(at);
});

afterEach(async () => {
  client.disconnect();
  await server.end();
});

/** A server that keeps nothing when it ends, on a socket in a directory of its own. */
async function redisServer() {
  const place = mkdtempSync(join(tmpdir(), "counterseal-"));
  const socket = join(place, "socket");
  let child;
  const start = async () => {
    const options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", place];
    child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const chunk of child.stdout) if (String(chunk).includes("ready to accept")) break;
    child.stdout.resume();
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const end = async () => {
    await kill();
    rmSync(place, { recursive: true });
  };
  await start();
  return { socket, start, kill, end };
}

async function freePort() {
  const probe = createServer();
  await once(probe.listen(0, "127.0.0.1"), "listening");
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test("h26_an_answer_that_is_lost_in_mid_claim_opens_nothing", async (t) => {
  const far = join(directory(t), "far");
  const line = await cut(t, server.socket, far);
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

test("tokens stand as the database says", () => tokensStand(store));
test("r02 sessions go on and end", () => sessionsGoOn(store));
test("r01 of 64 callers with one refresh token one rotates", () => rotatedOnce(store));

test("h25_a_flush_and_a_restart_reopen_nothing_and_end_by_themselves", async () => {
  const sent = signed();
  const again = () => store.drive(verifier().begin(sent, at));
  assert.equal((await again()).keyId, "worker-7");
  await client.flushall();
  for (let turn = 0; turn < 3; turn += 1) await rejected("request_store_warming", again());
  assert.equal(await client.hget("cs:{request}:epoch", "floor"), String(NOW + 1 + 65_000));
  await server.kill();
  await server.start();
  for (let turn = 0; turn < 3; turn += 1) await rejected("request_store_warming", again());
  assert.equal(await client.hget("cs:{request}:epoch", "floor"), String(NOW + 1 + 65_000));
});

test("h25_a_promoted_replica_reopens_nothing_and_honest_traffic_goes_on_by_itself", async (t) => {
  const replica = await redisServer();
  t.after(() => replica.end());
  const admin = new IORedis({ path: replica.socket });
  t.after(() => admin.disconnect());
  const port = await freePort();
  await client.config("SET", "port", port);
  await admin.replicaof("127.0.0.1", port);
  while (!/master_link_status:up/.test(await admin.info("replication"))) await sleep(20);
  // The address stays, and what listens there is another, as behind a proxy.
  const place = join(directory(t), "socket");
  symlinkSync(server.socket, place);
  const moved = new IORedis({ path: place, retryStrategy: () => 20 });
  moved.on("error", () => undefined);
  t.after(() => moved.disconnect());
  const made = new Redis(moved, { futureSeconds: 60, clock: () => NOW + 1 });
  // The server begins another history when its first replica comes.
  await client.flushall();
  await made.migrate({ ...at, futureSeconds: 60 });
  const sent = Array.from({ length: 20 }, () => signed());
  for (const request of sent) await made.drive(verifier().begin(request, at));
  await server.kill();
  await admin.replicaof("NO", "ONE");
  unlinkSync(place);
  symlinkSync(replica.socket, place);
  await resumes(made, sent);
});

test("h25_a_delivery_from_ahead_is_not_taken_again_after_a_loss", async () => {
  await client.flushall();
  await deliveredOnce(new Redis(client, { clock: () => NOW + 1_000 }), () => client.flushall());
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
