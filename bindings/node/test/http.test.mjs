// Requests over sockets to servers of node:http: verified as they were sent, and refusals answered.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import {
  Authenticator,
  CountersealError,
  Memory,
  Policy,
  problem,
  RequestError,
  Signer,
  Verifier,
  verifyIncoming,
} from "counterseal";
import { key, NOW, refused, rejected } from "./support.mjs";

/** A server that answers with the verdict; `decide` may stand in for the usual way to come to one. */
async function serve(t, { policy = {}, decide, ...settings } = {}) {
  const verifier = new Verifier(new Policy(["api.example"], policy), [key()], new Memory({ now: NOW }));
  const events = [];
  const authenticator = new Authenticator(verifier, {
    clock: () => NOW,
    onEvent: (event) => events.push(JSON.parse(event)),
    ...settings,
  });
  const judge = decide ?? ((message) => verifyIncoming(authenticator, message));
  const server = createServer(async (message, response) => {
    try {
      const { verified, body } = await judge(message, authenticator);
      response.end(
        JSON.stringify({
          path: verified.component("@path"),
          length: body.length,
          body: Buffer.from(body).toString("hex"),
        }),
      );
    } catch (error) {
      const { status, headers, body } = problem(error);
      response.writeHead(status, { ...headers, "x-code": error.code, "content-length": body.length }).end(body);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: server.address().port, events };
}

/** Sends these bytes as they stand, and gives status, fields and body of the answer. */
async function send(port, text) {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write(Buffer.from(text, "latin1"));
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  const [head, ...rest] = answer.split("\r\n\r\n");
  const [line, ...fields] = head.split("\r\n");
  const headers = Object.fromEntries(fields.map((field) => field.toLowerCase().split(": ")));
  const body = rest.join("\r\n\r\n");
  return { status: Number(line.split(" ")[1]), headers, code: headers["x-code"], body };
}

/** A signed request as bytes. */
function wire({
  method = "GET",
  path = "/v1/jobs",
  query = "",
  lines = [],
  body = "",
  sent = body,
  length = sent.length,
} = {}) {
  const content = Buffer.from(body, "latin1");
  const headers = lines.filter(([name]) => name !== "X-Other");
  const request = { method, scheme: "http", authority: "api.example", path, query, headers, body: content };
  const fields = [...lines, ...Object.entries(new Signer(key()).sign(request, { now: NOW }))];
  if (length > 0) fields.push(["Content-Length", length]);
  const target = query === "" ? path : `${path}?${query}`;
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: api.example",
    "Connection: close",
    ...fields.map((field) => field.join(": ")),
  ];
  return `${head.join("\r\n")}\r\n\r\n${sent}`;
}

test("a_request_is_verified_as_it_was_sent", async (t) => {
  const { port, events } = await serve(t);
  const targets = [
    ["/v1/jobs", "state=open"],
    ["/a/../b//c/%2e%2e/%2F", ""],
    ["/a;b=1", "x=a+b&y=%20&x"],
    ["/", "?"],
  ];
  for (const [path, query] of targets) {
    const { status, body } = await send(port, wire({ path, query }));
    assert.equal(status, 200, path);
    assert.equal(JSON.parse(body).path, path);
  }
  assert.deepEqual(
    events.map(({ event, at }) => [event, at]),
    targets.map(() => ["request_accepted", NOW]),
  );
});

test("the_body_is_verified_as_it_was_sent", async (t) => {
  const { port } = await serve(t);
  const body = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
  const answer = await send(
    port,
    wire({ method: "POST", lines: [["Content-Type", "application/octet-stream"]], body }),
  );
  assert.equal(JSON.parse(answer.body).body, Buffer.from(body, "latin1").toString("hex"));
  const chunked = wire({ method: "POST", body: "ab", sent: "1\r\na\r\n1\r\nb\r\n0\r\n\r\n", length: 0 });
  const { status } = await send(
    port,
    chunked.replace("Connection: close", "Connection: close\r\nTransfer-Encoding: chunked"),
  );
  assert.equal(status, 200);
});

test("a_refusal_is_answered_with_its_public_code_only", async (t) => {
  const { port, events } = await serve(t);
  const request = wire();
  assert.equal((await send(port, request)).status, 200);
  const { status, headers, code, body } = await send(port, request);
  assert.deepEqual([status, code], [401, "request_replayed"]);
  assert.equal(headers["content-type"], "application/problem+json");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["www-authenticate"], "signature");
  assert.deepEqual(JSON.parse(body), {
    type: "about:blank",
    title: "Unauthorized",
    status: 401,
    code: "request_replayed",
  });
  assert.deepEqual(
    events.map(({ event }) => event),
    ["request_accepted", "request_replayed"],
  );
  const other = await send(port, request.replace("worker-7", "worker-8"));
  assert.deepEqual([other.status, JSON.parse(other.body).code], [401, "request_unauthenticated"]);
  assert.equal(other.code, "request_key_unknown");
});

for (const [name, change, code] of [
  [
    "another target",
    (text) => text.replace("/v1/jobs ", "/v1/jobs? ").replace("/v1/jobs?", "/v1/./jobs?"),
    "request_mac_mismatch",
  ],
  [
    "two Host fields",
    (text) => text.replace("Host: api.example", "Host: api.example\r\nHost: api.example"),
    "request_authority_invalid",
  ],
  ["another Host", (text) => text.replace("Host: api.example", "Host: other.example"), "request_authority_unknown"],
  [
    "a second Signature field",
    (text) => text.replace("\r\n\r\n", "\r\nSignature: cs=:AAAA:\r\n\r\n"),
    "request_signature_repeated",
  ],
  ["an absolute target", (text) => text.replace("GET /", "GET http://api.example/"), "request_target_invalid"],
]) {
  test(`${name.replaceAll(" ", "_")}_is_refused`, async (t) => {
    const { port } = await serve(t);
    const answer = await send(port, change(wire()));
    assert.deepEqual([answer.code, answer.status >= 400], [code, true]);
  });
}

test("bytes_beyond_ASCII_in_a_field_that_is_not_covered_are_let_through", async (t) => {
  const { port } = await serve(t);
  assert.equal((await send(port, wire({ lines: [["X-Other", "\u00e9\u00ff"]] }))).status, 200);
});

test("a_body_is_read_to_the_limit_and_not_further", async (t) => {
  const { port } = await serve(t, { policy: { bodyLimitBytes: 10 } });
  assert.equal((await send(port, wire({ method: "POST", body: "0123456789" }))).status, 200);
  const larger = wire({ method: "POST", body: "x".repeat(1_000_000) });
  assert.equal((await send(port, larger)).code, "request_too_large");
});

test("a_body_that_was_read_before_is_refused_unless_it_is_handed_over", async (t) => {
  const drained = async (message) => {
    const chunks = [];
    for await (const chunk of message) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const late = async (message, authenticator) => {
    await drained(message);
    return verifyIncoming(authenticator, message);
  };
  const handed = async (message, authenticator) =>
    verifyIncoming(authenticator, message, { body: await drained(message) });
  const warned = once(process, "warning");
  const first = await serve(t, { decide: late });
  const answer = await send(first.port, wire({ method: "POST", body: "ab" }));
  assert.deepEqual([answer.status, answer.code], [500, "binding_body_consumed"]);
  assert.equal(JSON.parse(answer.body).code, "internal_error");
  assert.equal((await warned)[0].code, "binding_body_consumed");
  const second = await serve(t, { decide: handed });
  assert.equal((await send(second.port, wire({ method: "POST", body: "ab" }))).status, 200);
});

test("a_client_that_goes_away_leaves_no_decision", async (t) => {
  let failed;
  const { port, events } = await serve(t, {
    decide: (message, authenticator) => {
      failed = verifyIncoming(authenticator, message);
      return failed;
    },
  });
  const socket = connect(port, "127.0.0.1");
  socket.write(wire({ method: "POST", body: "whole", sent: "who", length: 5 }));
  while (failed === undefined) await setImmediate();
  socket.destroy();
  await assert.rejects(failed, (error) => !(error instanceof CountersealError));
  assert.deepEqual(events, []);
});

test("an_error_that_is_no_refusal_is_one_of_the_program", async () => {
  const fault = new Error("a fault of the program");
  const warned = once(process, "warning");
  const { status, body } = problem(fault);
  assert.deepEqual([status, JSON.parse(body).code, (await warned)[0]], [500, "internal_error", fault]);
  const { headers } = problem(new RequestError("request_store_full", { retryAfter: 5 }));
  assert.equal(headers["retry-after"], "5");
});

test("a_key_is_asked_for_once_while_many_wait_for_it", async () => {
  const asked = [];
  let give;
  const loadKey = (id) => {
    asked.push(id);
    return new Promise((resolve) => {
      give = () => resolve(key());
    });
  };
  const verifier = new Verifier(new Policy(["api.example"]), [], new Memory({ now: NOW }));
  const authenticator = new Authenticator(verifier, { loadKey, clock: () => NOW });
  const request = { method: "GET", scheme: "http", authority: "api.example", path: "/" };
  const sent = () => ({ ...request, headers: new Signer(key()).sign(request, { now: NOW }) });
  const proofs = [sent(), sent(), sent()].map((one) => authenticator.authenticate(one));
  await setImmediate();
  give();
  assert.deepEqual(
    (await Promise.all(proofs)).map(({ keyId }) => keyId),
    Array(3).fill("worker-7"),
  );
  assert.deepEqual(asked, ["worker-7"]);
});

test("a_key_stays_known_while_its_store_is_away_and_not_when_it_is_gone", async () => {
  let now = NOW;
  let outcome = async () => Promise.reject(new Error("the key store is away"));
  const verifier = new Verifier(new Policy(["api.example"]), [key()], new Memory({ now: NOW }));
  const authenticator = new Authenticator(verifier, { loadKey: (id) => outcome(id), clock: () => now });
  const request = { method: "GET", scheme: "http", authority: "api.example", path: "/" };
  const ask = () => authenticator.authenticate({ ...request, headers: new Signer(key()).sign(request, { now }) });
  const warned = once(process, "warning");
  now += 31_000;
  assert.equal((await ask()).keyId, "worker-7");
  assert.match((await warned)[0].message, /away/);
  outcome = async () => null;
  now += 31_000;
  await rejected("request_key_unknown", ask());
});

test("settings_are_functions", () => {
  const verifier = new Verifier(new Policy(["api.example"]));
  for (const name of ["clock", "drive", "loadKey", "onEvent"]) {
    refused("binding_argument_type", () => new Authenticator(verifier, { [name]: 1 }));
  }
  refused("binding_argument_choice", () => new Authenticator(verifier, { store: 1 }));
  assert.equal(new Authenticator(verifier).bodyLimitBytes, verifier.bodyLimitBytes);
});

test("b05_a_message_that_is_none_is_refused_and_an_error_that_cannot_be_read_is_the_programs", async () => {
  const verifier = new Verifier(new Policy(["api.example"]), [key()], new Memory({ now: NOW }));
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = { method: "GET", rawHeaders: [], on() {}, resume() {} };
  Object.defineProperty(hostile, "url", {
    get() {
      throw new Error("foreign");
    },
  });
  const stream = { on() {}, resume() {} };
  for (const message of [
    null,
    1,
    proxy,
    hostile,
    { url: "/", rawHeaders: [], method: "GET" },
    { ...stream, url: "/", rawHeaders: [1, 2], method: "GET" },
  ]) {
    await rejected("binding_argument_type", verifyIncoming(verifier, message, { body: new Uint8Array() }));
  }
  const warned = once(process, "warning");
  assert.equal(problem(proxy).status, 500);
  await warned;
});
