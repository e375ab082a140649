// Route handlers, as Next.js calls them: with a URL that is not the one that was sent.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { Authenticator, Memory, Policy, Signer, Verifier } from "counterseal";
import { createSessionProxy, problemResponse, register, signedRoute, verified } from "counterseal/next";
import { key, NOW, refused } from "./support.mjs";

const PARAMS = Promise.resolve({ id: "7" });

/** What Next.js makes of a request: dot segments are resolved, and the query is written anew. */
function rewritten(message) {
  const url = new URL(message.url, "http://localhost:3000");
  url.search = new URLSearchParams(url.search).toString();
  message.url = `${url.pathname}${url.search}`;
  const body = ["GET", "HEAD"].includes(message.method) ? undefined : message;
  return new Request(url, { method: message.method, headers: message.headers, body, duplex: "half" });
}

/** A server that hands requests on as Next.js does. */
async function serve(t, route) {
  const server = createServer(async (message, response) => {
    const answer = await route(rewritten(message), { params: PARAMS });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

function authenticator(policy = {}, settings = {}) {
  const verifier = new Verifier(new Policy(["api.example"], policy), [key()], new Memory({ now: NOW }));
  return new Authenticator(verifier, { clock: () => NOW, ...settings });
}

async function send(port, target, { method = "GET", body = "" } = {}) {
  const [path, query = ""] = target.split(/\?(.*)/s);
  const request = { method, scheme: "http", authority: "api.example", path, query, body };
  const fields = Object.entries(new Signer(key()).sign(request, { now: NOW })).map((field) => field.join(": "));
  const head = [`${method} ${target} HTTP/1.1`, "Host: api.example", "Connection: close", ...fields];
  if (body !== "") head.push(`Content-Length: ${Buffer.byteLength(body)}`);
  const socket = connect(port, "127.0.0.1");
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return { status: Number(answer.split(" ")[1]), text: answer };
}

const route = (asked) =>
  signedRoute(asked, async (request, { verified: proof, body }, { params }) =>
    Response.json([proof.component("@path"), proof.component("@query"), `${body}`, (await params).id, request.url]),
  );

test("without_the_raw_target_every_request_is_refused", async (t) => {
  const warned = once(process, "warning");
  const port = await serve(t, route(authenticator()));
  const { status, text } = await send(port, "/v1/jobs");
  assert.equal(status, 500);
  assert(text.includes("internal_error"));
  assert.equal((await warned)[0].code, "binding_raw_target_missing");
});

test("what_was_sent_is_verified_whatever_the_framework_makes_of_it", async (t) => {
  register();
  register();
  const port = await serve(t, route(authenticator()));
  for (const target of ["/v1/jobs", "/a/../b/./c%2F?x=a+b&y=%20&z", "/a?", '/a?"<>', "/%2e%2e/a?%2e%2e"]) {
    const { status, text } = await send(port, target);
    assert.equal(status, 200, text);
    const [path, query] = target.split(/\?(.*)/s);
    assert(text.includes(JSON.stringify([path, `?${query ?? ""}`, "", "7"]).slice(1, -1)), text);
  }
  const { text } = await send(port, "/v1/jobs", { method: "POST", body: "content" });
  assert(text.includes('"content"'));
});

test("each_request_of_a_connection_is_verified_as_itself", async (t) => {
  register();
  const port = await serve(t, route(authenticator()));
  const socket = connect(port, "127.0.0.1");
  const targets = ["/1", "/2", "/3"];
  for (const path of targets) {
    const request = { method: "GET", scheme: "http", authority: "api.example", path };
    const fields = Object.entries(new Signer(key()).sign(request, { now: NOW })).map((field) => field.join(": "));
    socket.write([`GET ${path} HTTP/1.1`, "Host: api.example", ...fields, "", ""].join("\r\n"));
  }
  let answers = "";
  for await (const chunk of socket) {
    answers += chunk;
    if (answers.split("HTTP/1.1 ").length > 3 && answers.includes('/3"')) break;
  }
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), Array(3).fill("HTTP/1.1 200"));
});

test("a_request_is_verified_once_and_the_proof_can_be_asked_for", async (t) => {
  register();
  const [asked, other] = [authenticator(), authenticator()];
  const inner = signedRoute(asked, (_, proof) => Response.json([verified(asked) === proof.verified, verified(other)]));
  const outer = signedRoute(asked, (request, _, context) => inner(request, context));
  const port = await serve(t, outer);
  assert((await send(port, "/")).text.includes("[true,null]"));
  assert.equal(verified(asked), null);
});

test("a_body_is_read_to_the_limit_and_not_twice", async (t) => {
  register();
  const port = await serve(t, route(authenticator({ bodyLimitBytes: 10 })));
  assert.equal((await send(port, "/", { method: "POST", body: "0123456789" })).status, 200);
  assert((await send(port, "/", { method: "POST", body: "x".repeat(100_000) })).text.includes("request_malformed"));
  const late = async (request, context) => {
    await request.text();
    return route(authenticator())(request, context);
  };
  const warned = once(process, "warning");
  assert.equal((await send(await serve(t, late), "/", { method: "POST", body: "a" })).status, 500);
  assert.equal((await warned)[0].code, "binding_body_consumed");
});

test("a_route_signs_what_it_answers_if_it_is_told_to", async (t) => {
  register();
  const asked = authenticator({}, { signResponses: true });
  const handlers = [
    () => Response.json({ done: true }, { headers: { "content-digest": "stale" } }),
    () => new Response("in parts, or none", { status: 404 }),
    () => new Response(null, { status: 204 }),
  ];
  for (const [at, handler] of handlers.entries()) {
    const port = await serve(t, signedRoute(asked, handler));
    const request = { method: "GET", scheme: "http", authority: "api.example", path: `/${at}` };
    const sent = new Signer(key()).send(request, { now: NOW });
    const fields = Object.entries(sent.headers).map((field) => field.join(": "));
    const socket = connect(port, "127.0.0.1");
    const head = [`GET /${at} HTTP/1.1`, "Host: api.example", "Connection: close", ...fields];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    const [lines, content] = answer.split("\r\n\r\n");
    const [line, ...rest] = lines.split("\r\n");
    const headers = rest.map((field) => field.split(": "));
    const body = content.includes("\r\n") ? content.split("\r\n")[1] : content;
    const status = Number(line.split(" ")[1]);
    assert.equal(sent.check({ status, headers, body }).status, [200, 404, 204][at]);
  }
});

test("a_refusal_is_a_response", async () => {
  const error = refused("request_key_unknown", () => {
    const verifier = new Verifier(new Policy(["api.example"]), [], new Memory({ now: NOW }));
    const request = { method: "GET", scheme: "http", authority: "api.example", path: "/" };
    verifier.verify({ ...request, headers: new Signer(key()).sign(request, { now: NOW }) }, { now: NOW });
  });
  const response = problemResponse(error);
  assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/problem+json"]);
  assert.equal((await response.json()).code, "request_unauthenticated");
  refused("binding_argument_type", () => signedRoute({}, () => new Response()));
  refused("binding_argument_type", () => createSessionProxy({}));
});
