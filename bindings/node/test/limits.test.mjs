// Rate limits: on every store of the package, behind servers, and before and after verification.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  Authenticator,
  Cells,
  clientAddress,
  Key,
  Limit,
  LimitError,
  Limiter,
  Memory,
  Policy,
  problem,
  Ring,
  SharedCells,
  Signer,
  Sqlite,
  signingFetch,
  sweepingCells,
  Verifier,
  verifyIncoming,
} from "counterseal";
import { register, signedRoute } from "counterseal/next";
import { directory, key, NOW, refused, rejected } from "./support.mjs";

const at = { now: NOW };
const STORES = {
  cells: () => new Cells({ cells: 1_024 }),
  memory: () => new Memory(at),
  shared: (t) => new SharedCells(join(directory(t), "cells"), { cells: 1_024 }),
  sqlite: (t) => new Sqlite(join(directory(t), "db"), at),
};

/** Three requests at once, and one more every second. */
function login(options = {}) {
  return new Limit("login", { burst: 3, everyMs: 1_000, ...options });
}

/** What becomes of a request. */
function outcome(limit, store, whom = "192.0.2.7", options = {}) {
  try {
    limit.byAddress(whom, { ...at, ...options }).run(store);
    return "passed";
  } catch (error) {
    assert(error instanceof LimitError, error.stack);
    return error.code;
  }
}

function times(count, call) {
  return Array.from({ length: count }, (_, number) => call(number));
}

for (const [name, made] of Object.entries(STORES)) {
  test(`a_burst_passes_and_then_one_for_each_interval_on_${name}`, (t) => {
    const [limit, store] = [login(), made(t)];
    assert.deepEqual(
      times(4, () => outcome(limit, store)),
      ["passed", "passed", "passed", "limit_exceeded"],
    );
    assert.equal(outcome(limit, store, undefined, { now: NOW + 999 }), "limit_exceeded");
    assert.equal(outcome(limit, store, undefined, { now: NOW + 1_000 }), "passed");
    assert.equal(outcome(limit, store, "192.0.2.8"), "passed");
    assert.equal(limit.byKey("192.0.2.7", at).run(store).left, 2);
    assert.equal(new Limit("other", { burst: 2, everyMs: 1 }).byName("a", at).run(store).left, 1);
  });

  test(`p08_a_site_of_version_6_has_one_limit_on_${name}`, (t) => {
    const [limit, store] = [login({ site: [5, 1_000] }), made(t)];
    const outcomes = times(8, (network) => outcome(limit, store, `2001:db8:1:${network}::1`));
    assert.deepEqual(outcomes, [...Array(5).fill("passed"), ...Array(3).fill("limit_exceeded")]);
  });

  test(`p10_spellings_of_a_name_are_one_on_${name}`, (t) => {
    const [limit, store] = [login(), made(t)];
    for (const spelling of ["Admin", " admin ", "\uff21\uff24\uff2d\uff29\uff2e"])
      limit.byName(spelling, at).run(store);
    refused("limit_exceeded", () => limit.byName("aD\u200bmin", at).run(store));
  });
}

test("who_is_within_and_who_is_over_is_told_by_fields", () => {
  const [limit, cells] = [login(), new Cells()];
  const admitted = limit.byAddress("192.0.2.7", at).run(cells);
  assert.deepEqual([admitted.left, admitted.steppedAside], [2, false]);
  assert.deepEqual(admitted.headers, { "ratelimit-policy": '"login";q=3;w=3', ratelimit: '"login";r=2;t=1' });
  assert.equal(JSON.stringify(admitted), '{"left":2,"steppedAside":false}');
  assert.equal(outcome(limit, cells, undefined, { cost: 2 }), "passed");
  const error = refused("limit_exceeded", () => limit.byAddress("192.0.2.7", at).run(cells));
  assert.deepEqual([error.name, error.http, error.public, error.retryAfter], ["LimitError", 429, "limit_exceeded", 1]);
  const fields = { "ratelimit-policy": '"login";q=3;w=3', ratelimit: '"login";r=0;t=1', "retry-after": "1" };
  assert.deepEqual({ ...error.headers }, fields);
  const { headers, status } = problem(error);
  assert.deepEqual([status, headers["retry-after"], headers.ratelimit], [429, "1", '"login";r=0;t=1']);
  assert.deepEqual([JSON.parse(error.event).event, JSON.parse(error.event).at], ["limit_exceeded", NOW]);
  assert(!`${inspect(error)}${error.event}`.includes("192.0.2.7"));
});

test("the_gauge_counts_hot_cells_and_limits_that_yield_step_aside_above_half", () => {
  const cells = new Cells({ cells: 1_024 });
  assert.deepEqual([cells.gauge(at), cells.isCrowded(at)], [{ cells: 1_024, hot: 0 }, false]);
  for (let number = 0; number < 2_000; number += 1) outcome(login(), cells, `10.0.${number >> 8}.${number & 255}`);
  assert(cells.gauge(at).hot > 512);
  assert(cells.isCrowded(at));
  const aside = login({ yields: true })
    .byAddress("192.0.2.7", { ...at, isCrowded: true })
    .run(cells);
  assert.deepEqual([aside.left, aside.steppedAside, aside.headers], [null, true, {}]);
  assert.notEqual(login().byKey("a", { isCrowded: true }).statement("sqlite"), null);
  assert.equal(cells.gauge({ now: NOW + 60_000 }).hot, 0);
});

test("empty_cells_are_deleted_where_a_database_keeps_them", (t) => {
  for (const store of [new Memory(at), new Sqlite(join(directory(t), "db"), at)]) {
    outcome(login(), store);
    outcome(login(), store, "192.0.2.8");
    assert.equal(store.sweepCells(at), 0);
    assert.equal(store.sweepCells({ now: NOW + 10_000, limit: 1 }), 1);
    assert.equal(store.sweepCells({ now: NOW + 10_000 }), 1);
  }
  assert.deepEqual(sweepingCells("postgres", { now: NOW, limit: 5 }).values, ["limit", NOW, 5]);
});

test("a_store_that_does_not_answer_refuses_unless_the_limit_admits_then", () => {
  const unanswered = (limit) => {
    const waiting = limit.byKey("a", at);
    waiting.answer(null);
    return waiting.verdict();
  };
  refused("limit_unavailable", () => unanswered(login()));
  assert.equal(unanswered(login({ admitsUnknown: true })).left, null);
});

test("what_cannot_be_has_a_code", () => {
  const cases = {
    limit_rate_invalid: [() => login({ burst: 0 }), () => login({ everyMs: 0 }), () => login({ site: [0, 1] })],
    limit_name_invalid: [() => new Limit("Login", { burst: 1, everyMs: 1 })],
    limit_cost_invalid: [() => login().byKey("a", { cost: 0 }), () => login().byKey("a", { cost: 4 })],
    key_id_invalid: [() => login().byKey("a b")],
    binding_argument_choice: [
      () => login().byAddress("example.org"),
      () => clientAddress(null, [], { hops: 1, field: "via" }),
    ],
    binding_argument_type: [
      () => login({ burst: undefined }),
      () => login({ site: [1] }),
      () => login({ yields: 1 }),
      () => clientAddress(null, "a", { hops: 1 }),
      () => new Limiter({}, { store: new Cells() }),
      () => new Limiter(login(), { store: {} }),
      () => new Authenticator(new Verifier(new Policy(["a"])), { byAddress: login() }),
    ],
    binding_store_missing: [
      () => new Limiter(login()),
      () => new Limiter(login(), { store: new Cells(), drive: () => undefined }),
    ],
    binding_store_unfit: [() => login().byKey("a").run(new Ring())],
  };
  for (const [code, calls] of Object.entries(cases)) for (const call of calls) refused(code, call);
});

test("p08_the_address_of_a_client_is_what_the_last_own_proxy_saw", () => {
  const values = ["9.9.9.9, 192.0.2.7", "10.0.0.2"];
  const found = times(5, (hops) => clientAddress("10.0.0.1", values, { hops }));
  assert.deepEqual(found, ["10.0.0.1", "10.0.0.2", "192.0.2.7", "9.9.9.9", "9.9.9.9"]);
  const forwarded = ['for="[2001:db8::7]:4711"'];
  assert.equal(clientAddress("10.0.0.1", forwarded, { hops: 1, field: "forwarded" }), "2001:db8::7");
  assert.equal(clientAddress(undefined, [], { hops: 0 }), "0.0.0.0");
});

/** A limiter whose clock stands still. */
function limiter(name = "address", { burst = 2, ...settings } = {}) {
  const limit = new Limit(name, { burst, everyMs: 10_000 });
  return new Limiter(limit, { store: new Cells(), clock: () => NOW, ...settings });
}

function authenticator(limits) {
  const verifier = new Verifier(new Policy([/* whatever port it gets */ "api.example"]), [key()], new Memory(at));
  return new Authenticator(verifier, { clock: () => NOW, ...limits });
}

/** The base URL of a server of `listener`. */
async function serve(t, listener) {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A server that verifies, and tells what limits say. */
function verifying(t, asked) {
  return serve(t, async (message, response) => {
    try {
      const { headers } = await verifyIncoming(asked, message);
      response.writeHead(200, headers).end("{}");
    } catch (error) {
      const { status, headers, body } = problem(error);
      response.writeHead(status, headers).end(body);
    }
  });
}

/** Sends a signed request; the signature is for `api.example`, whatever the port. */
async function send(base, signer = new Signer(key()), headers = {}) {
  const request = { method: "GET", scheme: "http", authority: "api.example", path: "/" };
  const { request: ask } = await import("node:http");
  const fields = { host: "api.example", ...headers, ...signer.sign(request, at) };
  const [answer] = await once(ask(base, { headers: fields, agent: false }).end(), "response");
  let body = "";
  for await (const chunk of answer.setEncoding("utf8")) body += chunk;
  return { status: answer.statusCode, headers: answer.headers, code: JSON.parse(body).code };
}

const STRANGER = new Signer(new Key("stranger", new Uint8Array(32).fill(1)));

test("a_server_counts_by_address_first_and_by_key_after", async (t) => {
  const limits = { byAddress: limiter("address", { burst: 3 }), byKey: limiter("key", { burst: 1 }) };
  const base = await verifying(t, authenticator(limits));
  assert.equal((await send(base)).headers.ratelimit, '"address";r=2;t=10, "key";r=0;t=10');
  const over = await send(base);
  assert.deepEqual([over.status, over.headers.ratelimit], [429, '"key";r=0;t=10']);
  assert.equal((await send(base, STRANGER)).code, "request_unauthenticated");
  const stopped = await send(base, STRANGER);
  assert.deepEqual([stopped.status, stopped.headers.ratelimit], [429, '"address";r=0;t=10']);
  assert.deepEqual([stopped.headers["retry-after"], stopped.code], ["10", "limit_exceeded"]);
});

test("failures_are_answered_429_once_they_are_used_up_and_honest_callers_go_on", async (t) => {
  const events = [];
  const byFailure = limiter("failures", { onEvent: (event) => events.push(JSON.parse(event).event) });
  const base = await verifying(t, authenticator({ byFailure }));
  const statuses = [];
  for (let turn = 0; turn < 4; turn += 1) statuses.push((await send(base, STRANGER)).status);
  assert.deepEqual(
    [statuses, events],
    [
      [401, 401, 429, 429],
      ["limit_exceeded", "limit_exceeded"],
    ],
  );
  const honest = await send(base);
  assert.deepEqual([honest.status, honest.headers.ratelimit], [200, undefined]);
});

test("p08_the_client_is_whom_the_own_proxy_saw_and_cannot_choose_itself", async (t) => {
  const base = await verifying(t, authenticator({ byAddress: limiter("address", { burst: 1, hops: 1 }) }));
  const from = async (client) => (await send(base, undefined, { "x-forwarded-for": client })).status;
  assert.equal(await from("192.0.2.7"), 200);
  assert.equal(await from("1.2.3.4, 192.0.2.7"), 429);
  assert.equal(await from("192.0.2.8"), 200);
});

test("a_database_of_the_hosts_own_counts_too", async () => {
  const kept = new Memory(at);
  const own = limiter("own", { store: undefined, drive: async (waiting) => waiting.run(kept), burst: 1 });
  assert.equal((await own.byName("ada")).left, 0);
  await rejected("limit_exceeded", own.byName("ADA"));
  assert.equal((await own.byKey("ada")).left, 0);
});

test("a_limit_that_yields_steps_aside_in_a_crowd_of_its_own_table", async () => {
  const cells = new Cells({ cells: 1_024 });
  const limit = new Limit("yields", { burst: 1, everyMs: 10_000, yields: true });
  const counted = new Limiter(limit, { store: cells, clock: () => NOW });
  assert.equal((await counted.byKey("a")).left, 0);
  await rejected("limit_exceeded", counted.byKey("a"));
  for (let number = 0; number < 2_000; number += 1) outcome(login(), cells, `10.0.${number >> 8}.${number & 255}`);
  assert((await counted.byKey("a")).steppedAside);
});

test("a_route_handler_counts_and_its_response_says_so_whether_its_fields_can_be_set_or_not", async (t) => {
  register();
  const asked = authenticator({ byAddress: limiter("address", { burst: 2 }) });
  const answers = [() => Response.json({}), () => Object.freeze(Response.redirect("http://api.example/", 307))];
  const route = signedRoute(asked, () => answers.shift()());
  const base = await serve(t, async (message, response) => {
    const answer = await route(new Request("http://api.example/", { headers: message.headers }), {});
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end((await answer.text()) || "{}");
  });
  assert.equal((await send(base)).headers.ratelimit, '"address";r=1;t=10');
  const moved = await send(base);
  assert.deepEqual([moved.status, moved.headers.ratelimit], [307, '"address";r=0;t=20']);
  const over = await send(base);
  assert.deepEqual([over.status, over.headers["retry-after"]], [429, "10"]);
});

test("a_client_that_signs_sees_the_fields", async (t) => {
  const limits = { byAddress: limiter("address", { burst: 1 }) };
  const served = await serve(t, async (message, response) => {
    try {
      await limits.byAddress.byAddress(message);
      response.end("{}");
    } catch (error) {
      const { status, headers, body } = problem(error);
      response.writeHead(status, headers).end(body);
    }
  });
  const call = signingFetch(new Signer(key()), { authorities: [new URL(served).host], clock: () => NOW });
  assert.equal((await call(served)).status, 200);
  assert.equal((await call(served)).headers.get("retry-after"), "10");
});

test("of_4_processes_that_race_as_many_pass_as_the_burst_has", async (t) => {
  const path = join(directory(t), "cells");
  new SharedCells(path);
  const script = join(import.meta.dirname, "limit-racer.mjs");
  const racers = times(4, () => fork(script, [path]));
  await Promise.all(racers.map((racer) => once(racer, "message")));
  const counts = racers.map((racer) => once(racer, "message"));
  for (const racer of racers) racer.send("go");
  const passed = (await Promise.all(counts)).map(([count]) => count);
  assert.equal(
    passed.reduce((sum, count) => sum + count, 0),
    500,
  );
});
