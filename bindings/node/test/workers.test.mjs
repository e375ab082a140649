// Several workers: processes that would each have a store of their own, and threads that share one.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { SharedRing } from "counterseal";
import { BEGAN, directory, NOW, refused, SECRET, signed, verifier } from "./support.mjs";

/** Runs a program that makes private stores, and gives what became of them. */
function stores(env, prelude = "") {
  const code = `${prelude}
    import { Memory, Ring } from "counterseal";
    const outcome = (make) => { try { make(); return "made"; } catch (error) { return error.detail.workers + " " + error.code; } };
    console.log(outcome(() => new Ring()), outcome(() => new Memory()), outcome(() => new Ring({ onePerWorker: true })));`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return stdout.trim();
}

const MADE = "made made made";

for (const [name, env, outcome] of [
  ["nothing is configured", {}, MADE],
  ["one worker is configured", { WEB_CONCURRENCY: "1" }, MADE],
  ["three workers are configured", { WEB_CONCURRENCY: "3" }, "3"],
  ["what is configured is no number", { WEB_CONCURRENCY: "many" }, MADE],
  ["PM2 runs one instance", { pm_id: "0", exec_mode: "cluster_mode", instances: "1", NODE_APP_INSTANCE: "0" }, MADE],
  ["PM2 runs four instances", { pm_id: "2", exec_mode: "cluster_mode", instances: "4", NODE_APP_INSTANCE: "0" }, "4"],
  ["PM2 scaled up to a second instance", { pm_id: "2", instances: "1", NODE_APP_INSTANCE: "1" }, "2"],
  ["PM2 forked two instances", { pm_id: "1", exec_mode: "fork_mode", instances: "2", NODE_APP_INSTANCE: "1" }, "2"],
  ["another manager counts instances", { NODE_APP_INSTANCE: "3" }, MADE],
]) {
  test(`a private store where ${name}: ${outcome}`, () => {
    const refusal = `${outcome} binding_ring_private`;
    assert.equal(stores(env), outcome === MADE ? MADE : `${refusal} ${refusal} made`);
  });
}

test("a private store is refused in a worker of a real cluster", async (t) => {
  const file = join(directory(t), "cluster.cjs");
  writeFileSync(file, CLUSTER);
  const program = spawn(process.execPath, [file, PACKAGE], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  program.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await once(program, "close");
  const lines = said.trim().split("\n").toSorted();
  assert.deepEqual(lines, ["primary made", "worker binding_ring_private", "worker binding_ring_private"]);
});

/** Where the package's CommonJS half is, for programs that stand elsewhere. */
const PACKAGE = createRequire(import.meta.url).resolve("counterseal");

const CLUSTER = `
  const cluster = require("node:cluster");
  const { Ring } = require(process.argv[2]);
  const outcome = () => { try { new Ring(); return "made"; } catch (error) { return error.code; } };
  if (cluster.isPrimary) {
    console.log("primary", outcome());
    cluster.fork(); cluster.fork();
  } else {
    console.log("worker", outcome());
    process.disconnect();
  }`;

const THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { Key, Policy, SharedRing, Sqlite, Verifier } = require(workerData.package);
  const { claims, path, now, began, secret, sent } = workerData;
  const store = claims ? new Sqlite(claims, { now: began }) : new SharedRing(path, { now: began });
  const verifier = new Verifier(new Policy(["api.example"]), [new Key("worker-7", secret, { since: now })], store);
  const verify = (request) => {
    try { verifier.verify(request, { now }); return 1; }
    catch (error) { if (error.code !== "request_replayed") throw error; return 0; }
  };
  parentPort.postMessage("ready");
  parentPort.once("message", (order) => {
    if (order === "go") return parentPort.postMessage(sent.reduce((sum, request) => sum + verify(request), 0));
    for (const request of sent) verifier.verifyAsync(request, { now }).catch(() => {});
    setImmediate(() => process.exit());
  });`;

/** A thread that will verify `sent` when told. */
async function thread(place, sent) {
  const workerData = { package: PACKAGE, ...place, now: NOW, began: BEGAN, secret: SECRET, sent };
  const worker = new Worker(THREAD, { eval: true, workerData });
  await once(worker, "message");
  return worker;
}

test("b09_threads_that_share_a_file_accept_each_request_once", async (t) => {
  const path = join(directory(t), "ring");
  const sent = Array.from({ length: 2_000 }, () => signed());
  const threads = await Promise.all([1, 2, 3, 4].map(() => thread({ path }, sent)));
  const counts = threads.map((worker) => once(worker, "message"));
  for (const worker of threads) worker.postMessage("go");
  const accepted = (await Promise.all(counts)).map(([count]) => count);
  assert.equal(
    accepted.reduce((sum, count) => sum + count),
    sent.length,
  );
  await Promise.all(threads.map((worker) => worker.terminate()));
  const mine = verifier({ store: new SharedRing(path, { now: BEGAN }) });
  refused("request_replayed", () => mine.verify(sent[0], { now: NOW }));
});

test("b09_a_thread_that_is_ended_in_the_middle_of_calls_leaves_the_others_at_work", async (t) => {
  const path = join(directory(t), "ring");
  const mine = verifier({ store: new SharedRing(path, { now: BEGAN }) });
  const sent = Array.from({ length: 5_000 }, () => signed());
  for (let turn = 0; turn < 5; turn += 1) {
    const worker = await thread({ path }, sent);
    worker.postMessage("go");
    await worker.terminate();
    assert.equal(mine.verify(signed(), { now: NOW }).keyId, "worker-7");
  }
});

test("b09_a_thread_that_verifies_in_the_pool_may_end_at_any_time", async (t) => {
  const claims = join(directory(t), "claims.db");
  const sent = Array.from({ length: 50 }, () => signed());
  for (let turn = 0; turn < 5; turn += 1) {
    const worker = await thread({ claims }, sent);
    worker.postMessage("leave");
    assert.deepEqual(await once(worker, "exit"), [0]);
  }
  assert.equal(verifier().verify(signed(), { now: NOW }).keyId, "worker-7");
});
