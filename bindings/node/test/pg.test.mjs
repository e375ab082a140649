// Decisions over a real Postgres, on a socket in a directory of its own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { symlinkSync, unlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Authenticator, KeyVault, Policy, Verifier } from "counterseal";
import { Postgres } from "counterseal/stores/pg";
import pg from "pg";
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
import { primary, reached, SOCKET, standby } from "./postgres.mjs";
import { AUTHORITY, directory, key, NOW, REQUEST, refused, rejected, SECRET, signed, verifier } from "./support.mjs";

const at = { now: NOW };

let server;
let pool;
let store;

before(async () => {
  server = await primary();
  pool = new pg.Pool(reached(server.place));
  store = new Postgres(pool, { futureSeconds: 60 });
  await store.migrate(at);
  await store.migrate(at);
});

after(async () => {
  await pool?.end();
  await server?.end();
});

test("migrations may be run by many at once, on a new database too", async (t) => {
  await pool.query("CREATE DATABASE other");
  const other = new pg.Pool({ ...reached(server.place), database: "other" });
  t.after(() => other.end());
  await assert.rejects(new Postgres(other).check(), /run migrate/);
  await Promise.all(Array.from({ length: 8 }, () => new Postgres(other).migrate(at)));
  await new Postgres(other).check();
  assert.equal((await new Postgres(other).drive(verifier().begin(signed(), at))).keyId, "worker-7");
});

for (const [name, value] of [
  ["synchronous_commit", "off"],
  ["default_transaction_isolation", "serializable"],
]) {
  test(`a role with ${name} = ${value} is told why it cannot serve`, async (t) => {
    const other = new pg.Pool({ ...reached(server.place), options: `-c${name}=${value}` });
    t.after(() => other.end());
    const refused = new RegExp(`counterseal: set ${name}`);
    await assert.rejects(new Postgres(other).migrate(at), refused);
    await assert.rejects(new Postgres(other).check(), refused);
  });
}

test("h26_an_answer_that_is_lost_in_mid_claim_opens_nothing", async (t) => {
  const far = directory(t);
  const line = await cut(t, join(server.place, SOCKET), join(far, SOCKET));
  const near = new pg.Pool({ ...reached(far), max: 1 });
  t.after(() => near.end());
  await openedByNoCut(store, new Postgres(near), line);
});

test("h21_h25_every_history_comes_out_as_told", () => areAsTold(() => (waiting) => store.drive(waiting)));

test("waiting for a connection takes its time too", async (t) => {
  const small = new pg.Pool({ ...reached(server.place), max: 1 });
  t.after(() => small.end());
  const held = await small.connect();
  const impatient = new Postgres(small, { timeoutMs: 100 });
  await rejected("request_store_unavailable", impatient.drive(verifier().begin(signed(), at)));
  await assert.rejects(impatient.migrate(at), /in time|timeout/);
  const late = Array.from({ length: 20 }, () => impatient.drive(verifier().begin(signed(), at)));
  for (const { reason } of await Promise.allSettled(late)) assert.equal(reason.code, "request_store_unavailable");
  held.release();
  while (small.waitingCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  // What came too late went back, and nothing was run that nobody waits for.
  const count = async () => Number((await pool.query("SELECT count(*) FROM counterseal_claim")).rows[0].count);
  const before = await count();
  assert.equal((await impatient.drive(verifier().begin(signed(), at))).keyId, "worker-7");
  assert.equal(await count(), before + 1);
});

for (const [what, grant, told] of [
  ["may only read", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak", /grant counterseal_claim INSERT/],
  ["has read-only transactions", "ALTER ROLE weak SET default_transaction_read_only TO on", /read_only/],
]) {
  test(`check tells a role that ${what}`, async (t) => {
    await pool.query("DROP ROLE IF EXISTS weak").catch(() => undefined);
    await pool.query(`CREATE ROLE weak LOGIN; ${grant}`);
    const weak = new pg.Pool({ ...reached(server.place), user: "weak" });
    t.after(async () => {
      await weak.end();
      await pool.query("DROP OWNED BY weak; DROP ROLE weak");
    });
    await assert.rejects(new Postgres(weak).check(), told);
  });
}

test("a migration of what is ready blocks no claim", async (t) => {
  const other = await pool.connect();
  t.after(() => other.release());
  await other.query("BEGIN; DELETE FROM counterseal_claim");
  await store.migrate(at);
  assert.equal((await store.drive(verifier().begin(signed(), at))).keyId, "worker-7");
  await other.query("ROLLBACK");
});

test("a policy by which clocks may be further ahead is none of this database's", async () => {
  const wide = verifier({ policy: { futureSeconds: 120, retainSeconds: 300 }, store: null });
  await rejected("binding_store_window", store.drive(wide.begin(signed(), at)));
});

test("h25_a_delivery_from_ahead_is_not_taken_again_after_a_loss", async (t) => {
  await pool.query("CREATE DATABASE ahead");
  const other = new pg.Pool({ ...reached(server.place), database: "ahead" });
  t.after(() => other.end());
  await deliveredOnce(new Postgres(other, { clock: () => NOW + 1_000 }), () =>
    other.query("TRUNCATE counterseal_claim, counterseal_epoch"),
  );
});

test("a connection that is lost while nobody uses it ends no process", async (t) => {
  const first = await primary();
  t.after(() => first.end());
  const idle = new pg.Pool(reached(first.place));
  t.after(() => idle.end());
  const made = new Postgres(idle);
  await made.migrate(at);
  await Promise.all(Array.from({ length: 4 }, () => made.drive(verifier().begin(signed(), at))));
  first.kill();
  while (idle.totalCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await rejected("request_store_unavailable", made.drive(verifier().begin(signed(), at)));
});

test("a server that says nothing for a while is asked again", async (t) => {
  const place = directory(t);
  const sockets = new Set();
  let isSilent = true;
  const silent = createServer((socket) => {
    const ends = isSilent ? [socket] : [socket, connect(join(server.place, SOCKET))];
    for (const end of ends) sockets.add(end.on("error", () => undefined));
    if (!isSilent) ends[0].pipe(ends[1]).pipe(ends[0]);
  });
  await once(silent.listen(join(place, SOCKET)), "listening");
  const moved = new pg.Pool({ ...reached(place), max: 2 });
  t.after(async () => {
    await moved.end();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const made = new Postgres(moved, { timeoutMs: 200 });
  for (let turn = 0; turn < 3; turn += 1)
    await rejected("request_store_unavailable", made.drive(verifier().begin(signed(), at)));
  isSilent = false;
  const end = Date.now() + 10_000;
  let keyId;
  while (keyId === undefined && Date.now() < end)
    keyId = (await made.drive(verifier().begin(signed(), at)).catch(() => null))?.keyId;
  assert.equal(keyId, "worker-7");
});

test("what is no pool is refused", async () => {
  const client = new pg.Client(reached(server.place));
  await rejected("binding_argument_type", new Postgres(client).migrate(at));
  await client.end();
  for (const make of [() => new Postgres(null), () => new Postgres(pool, { clock: 5 })])
    refused("binding_argument_type", make);
  refused("binding_argument_range", () => new Postgres(pool, { futureSeconds: 301 }));
  await rejected("binding_argument_range", store.migrate({ ...at, futureSeconds: 301 }));
  await rejected("binding_argument_choice", store.sweep({ ...at, room: "x" }));
});

test("a nonce is claimed once, whoever asks", async () => {
  const [sent, one] = [signed(), verifier()];
  assert.equal((await store.drive(one.begin(sent, at))).keyId, "worker-7");
  await rejected("request_replayed", store.drive(verifier().begin(sent, at)));
  const other = { ...sent, headers: { ...REQUEST.headers, ...signed().headers } };
  assert.equal((await store.drive(one.begin(other, at))).keyId, "worker-7");
});

test("h18_of_64_racers_with_one_nonce_one_is_accepted", () => wonByOne(store));

test("p07_of_64_callers_as_many_pass_as_the_burst_has", () => limited(store));

test("a key that may have signed before the store began is warming up", async () => {
  const keys = [key("worker-7", { since: 0 })];
  await rejected("request_store_warming", store.drive(verifier({ keys }).begin(signed(), at)));
});

test("keys at rest are saved, loaded and revoked", () => keysAreKept(store));

test("tokens stand as the database says", () => tokensStand(store));
test("r02 sessions go on and end", () => sessionsGoOn(store));
test("r01 of 64 callers with one refresh token one rotates", () => rotatedOnce(store));

test("an authenticator takes keys and claims from the database", async () => {
  const vault = new KeyVault(SECRET);
  await store.drive(vault.save("worker-7", SECRET, { since: NOW }));
  const events = [];
  const authenticator = new Authenticator(new Verifier(new Policy([AUTHORITY])), {
    drive: (waiting) => store.drive(waiting),
    loadKey: (id) => store.drive(vault.load(id)),
    onEvent: (event) => events.push(JSON.parse(event).event),
    clock: () => NOW,
  });
  const sent = Array.from({ length: 8 }, () => signed());
  const proofs = await Promise.all(sent.map((request) => authenticator.authenticate(request)));
  assert.deepEqual([...new Set(proofs.map(({ keyId }) => keyId))], ["worker-7"]);
  await rejected("request_replayed", authenticator.authenticate(sent[0]));
  assert.deepEqual(events, [...Array(8).fill("request_accepted"), "request_replayed"]);
});

test("nonces that are over are swept, and counted", async () => {
  assert.equal(await store.sweep(at), 0);
  const later = { now: NOW + 3_600_000 };
  assert((await store.sweep(later)) >= 2);
  assert.equal(await store.sweep(later), 0);
});

/** The pool, with each statement changed on its way. */
function changed(change) {
  return {
    connect: async () => {
      const client = await pool.connect();
      return { query: (asked) => client.query(change(asked)), release: (failed) => client.release(failed) };
    },
  };
}

test("a database that takes too long has not answered", async () => {
  const slow = (asked) => ({ ...asked, text: "SELECT pg_sleep(5)", values: [], name: undefined });
  const impatient = new Postgres(changed(slow), { timeoutMs: 50 });
  const error = await rejected("request_store_unavailable", impatient.drive(verifier().begin(signed(), at)));
  assert.match(error.cause.message, /timeout|in time/);
});

test("a database without tables has not answered", async () => {
  const elsewhere = (asked) => ({
    ...asked,
    text: asked.text.replaceAll("counterseal", "elsewhere"),
    name: undefined,
  });
  const bare = new Postgres(changed(elsewhere));
  await rejected("request_store_unavailable", bare.drive(verifier().begin(signed(), at)));
});

test("h25_a_crash_that_empties_the_tables_reopens_nothing_and_ends_by_itself", async () => {
  const crashed = new Postgres(pool, { futureSeconds: 60, clock: () => NOW + 1 });
  await pool.query("TRUNCATE counterseal_claim, counterseal_epoch");
  await crashed.migrate(at);
  const sent = signed();
  assert.equal((await crashed.drive(verifier().begin(sent, at))).keyId, "worker-7");
  await pool.query("TRUNCATE counterseal_claim, counterseal_epoch");
  for (let again = 0; again < 3; again += 1) {
    await rejected("request_store_warming", crashed.drive(verifier().begin(sent, at)));
  }
  const { rows } = await pool.query("SELECT floor FROM counterseal_epoch WHERE space = 'request'");
  assert.equal(Number(rows[0].floor), NOW + 1 + 65_000);
});

test("h25_a_promoted_standby_reopens_nothing_and_honest_traffic_goes_on_by_itself", async (t) => {
  const first = await primary();
  t.after(() => first.end());
  // The address stays, and what listens there is another, as behind a proxy.
  const place = directory(t);
  symlinkSync(join(first.place, SOCKET), join(place, SOCKET));
  const moved = new pg.Pool({ ...reached(place), max: 2 });
  t.after(() => moved.end());
  const made = new Postgres(moved, { futureSeconds: 60, clock: () => NOW + 1 });
  await made.migrate({ ...at, futureSeconds: 60 });
  const sent = Array.from({ length: 20 }, () => signed());
  for (const request of sent) await made.drive(verifier().begin(request, at));
  const second = await standby(first);
  t.after(() => second.end());
  first.kill();
  const admin = new pg.Client(reached(second.place));
  await admin.connect();
  const { rows } = await admin.query("SELECT pg_promote(true, 30) AS promoted");
  await admin.end();
  assert(rows[0].promoted);
  unlinkSync(join(place, SOCKET));
  symlinkSync(join(second.place, SOCKET), join(place, SOCKET));
  await resumes(made, sent);
});
