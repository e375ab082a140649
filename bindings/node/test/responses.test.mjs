// Responses that are signed and checked, refusals that tell the clock, content in pieces: real servers, and what is between.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import {
  Authenticator,
  ForeignPolicy,
  Key,
  Memory,
  Policy,
  problem,
  Signer,
  signingFetch,
  Verifier,
  verifiedResponse,
  verifyIncoming,
} from "counterseal";
import { AUTHORITY, key, NOW, REQUEST, refused, rejected, SECRET, signed, verifier } from "./support.mjs";

const HOUR = 3_600_000;

/** A service that signs what it answers; `between` changes the answer on its way. */
async function serve(t) {
  const service = { events: [], created: [], now: NOW, between: (answer) => answer };
  const server = createServer(async (message, response) => {
    const answer = await answered(message, service);
    const { status, headers, body, late } = service.between(answer);
    response.writeHead(status, headers);
    if (late) {
      response.flushHeaders();
      await new Promise((resolve) => setTimeout(resolve, 200));
      service.late();
    }
    response.end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  service.authority = `127.0.0.1:${server.address().port}`;
  service.url = `http://${service.authority}/v1/jobs`;
  const policy = new Policy([service.authority]);
  service.authenticator = new Authenticator(new Verifier(policy, [key()], new Memory({ now: NOW - HOUR })), {
    clock: () => service.now,
    onEvent: (event) => service.events.push(JSON.parse(event).event),
    signResponses: true,
  });
  return service;
}

async function answered(message, { authenticator, created }) {
  try {
    const { verified, body } = await verifyIncoming(authenticator, message);
    created.push(verified.created);
    const content = `${verified.keyId} sent ${body.length} bytes`;
    const told = message.method === "HEAD" ? "" : content;
    return { status: 200, headers: verified.signResponse(200, told), body: content };
  } catch (error) {
    return problem(error);
  }
}

function client({ authority }, { behind = 0, ...more } = {}) {
  const settings = { authorities: [authority], clock: () => NOW - behind, verifyResponses: true, ...more };
  return signingFetch(new Signer(key()), settings);
}

for (const [method, body] of [
  ["GET", undefined],
  ["HEAD", undefined],
  ["POST", "{}"],
  ["POST", "x".repeat(200_000)],
]) {
  test(`the_answer_to_${method}_with_${body?.length ?? 0}_bytes_is_checked`, async (t) => {
    const service = await serve(t);
    const response = await client(service)(service.url, { method, body });
    const proof = verifiedResponse(response);
    assert.equal(proof.status, 200);
    assert.equal(proof.keyId, "worker-7");
    assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(proof))), ["keyId", "status", "created"]);
    // Whoever asked can still read it.
    assert.equal(await response.text(), method === "HEAD" ? "" : `worker-7 sent ${body?.length ?? 0} bytes`);
    assert.equal(verifiedResponse(new Response()), null);
  });
}

for (const [name, change, code] of [
  ["its_status", (answer) => ({ ...answer, status: 201 }), "response_mac_mismatch"],
  ["its_content", (answer) => ({ ...answer, body: answer.body.replace("7", "8") }), "response_body_mismatch"],
  ["no_signature", ({ status, body }) => ({ status, body, headers: {} }), "response_signature_missing"],
]) {
  test(`an_answer_with_${name}_changed_is_refused`, async (t) => {
    const service = await serve(t);
    service.between = change;
    await rejected(code, client(service)(service.url));
  });
}

const post = { method: "POST", body: "{}" };

for (const behind of [HOUR, 71_000]) {
  test(`a_client_that_is_${behind / 1_000}_seconds_behind_signs_anew_by_the_services_clock_once`, async (t) => {
    const service = await serve(t);
    const fetch = client(service, { behind });
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await fetch(service.url, post)).status, 200);
    assert.equal((await fetch(service.url, { method: "HEAD" })).status, 200);
    const accepted = Array.from({ length: 4 }, () => "request_accepted");
    assert.deepEqual(service.events, ["request_outside_window", ...accepted]);
  });
}

for (const behind of [-HOUR, -90_000, 61_000]) {
  test(`a_request_of_a_client_${behind / 1_000}_seconds_behind_is_signed_anew_only_if_it_reads`, async (t) => {
    const service = await serve(t);
    const [one, other] = [client(service, { behind }), client(service, { behind })];
    const statuses = [];
    for (const call of [() => one(service.url, post), () => one(service.url, post), () => other(service.url)])
      statuses.push((await call()).status);
    assert.deepEqual(statuses, [401, 200, 200]);
    const [late, accepted] = ["request_outside_window", "request_accepted"];
    assert.deepEqual(service.events, [late, accepted, late, accepted]);
  });
}

test("a_call_by_a_clock_that_is_ahead_does_its_work_once_whoever_sends_it_again", async (t) => {
  const service = await serve(t);
  const wire = [];
  const fetch = client(service, {
    behind: -90_000,
    fetch: (url, init) => {
      wire.push(new Headers(init.headers));
      return globalThis.fetch(url, init);
    },
  });
  assert.equal((await fetch(service.url, post)).status, 401);
  assert.equal(wire.length, 1);
  service.now += 35_000;
  const again = () => globalThis.fetch(service.url, { ...post, headers: wire[0] });
  assert.deepEqual([(await again()).status, (await again()).status], [200, 401]);
  assert.deepEqual(service.events, ["request_outside_window", "request_accepted", "request_replayed"]);
});

test("a_clock_is_that_of_the_head_however_long_the_content_takes", async (t) => {
  const service = await serve(t);
  let own = NOW - HOUR;
  const fetch = client(service, { clock: () => own });
  service.between = (answer) => ({ ...answer, late: true });
  service.late = () => {
    own += 8_000;
    service.between = (answer) => answer;
  };
  assert.equal((await fetch(service.url, post)).status, 200);
  // Eight seconds have passed, by the one clock that there is.
  service.now += 8_000;
  assert.equal((await fetch(service.url, post)).status, 200);
  assert.equal(service.created.at(-1), service.now);
});

test("of_a_long_refusal_no_clock_is_looked_for", async (t) => {
  const service = await serve(t);
  const length = 8 << 20;
  const headers = { "signature-input": 'x="counterseal/1/clock"', signature: "x=::" };
  service.between = () => ({ status: 401, headers, body: "x".repeat(length) });
  const response = await client(service, { verifyResponses: false })(service.url);
  assert.equal(response.status, 401);
  assert.equal((await response.text()).length, length);
  assert.equal(service.events.length, 1);
});

test("a_clock_that_nobody_signed_or_that_was_changed_is_not_believed", async (t) => {
  const service = await serve(t);
  const fetch = client(service, { behind: HOUR, verifyResponses: false });
  service.between = ({ status, body }) => ({ status, body, headers: {} });
  assert.equal((await (await fetch(service.url)).json()).code, "request_outside_window");
  service.between = ({ headers, ...answer }) => {
    const input = headers["signature-input"].replace("created=25", "created=26");
    return { ...answer, headers: { ...headers, "signature-input": input } };
  };
  assert.equal((await fetch(service.url)).status, 401);
  assert.deepEqual(service.events, ["request_outside_window", "request_outside_window"]);
});

test("strangers_learn_no_clock", async (t) => {
  const service = await serve(t);
  const stranger = new Signer(new Key("worker-7", new Uint8Array(32)));
  const fetch = signingFetch(stranger, { authorities: [service.authority], clock: () => NOW - HOUR });
  const response = await fetch(service.url);
  assert.equal((await response.json()).code, "request_unauthenticated");
  assert.equal(response.headers.get("signature"), null);
});

test("of_a_forgery_no_content_is_waited_for", async (t) => {
  const service = await serve(t);
  const socket = connect(Number(service.authority.split(":")[1]), "127.0.0.1").setEncoding("latin1");
  socket.write(`POST / HTTP/1.1\r\nHost: ${service.authority}\r\nContent-Length: 1000\r\n\r\n`);
  const [answer] = await once(socket, "data");
  assert.match(answer, /^HTTP\/1.1 4/);
  socket.destroy();
});

test("content_in_pieces_is_verified_at_its_end_and_once", async () => {
  const content = verifier().beginContent(signed(), { now: NOW });
  content.update('{"job"');
  content.update(Buffer.from(": 42}"));
  const proof = content.verify();
  assert.equal(proof.component("@path"), "/v1/jobs");
  assert.ok(proof.signResponse(200, "", { now: NOW }).signature);
  for (const spent of [() => content.verify(), () => content.finish(), () => content.update("")])
    refused("pending_spent", spent);
  const other = verifier().beginContent(signed(), { now: NOW });
  other.update("other");
  await rejected("request_body_mismatch", other.verifyAsync());
});

test("other_content_in_pieces_burns_no_nonce", () => {
  const [server, request] = [verifier(), signed()];
  const wrong = server.beginContent(request, { now: NOW });
  wrong.update("other");
  refused("request_body_mismatch", () => wrong.verify());
  assert.equal(server.verify(request, { now: NOW }).keyId, "worker-7");
});

test("a_proof_signs_responses_only_if_it_was_asked_to", async () => {
  const plain = verifier().verify(signed(), { now: NOW });
  refused("binding_answers_unasked", () => plain.signResponse(200, ""));
  const sent = new Signer(key()).send(REQUEST, { now: NOW });
  const received = { ...REQUEST, headers: { ...REQUEST.headers, ...sent.headers } };
  const proofs = [
    verifier().verify(received, { now: NOW, answers: true }),
    await verifier().verifyAsync(received, { now: NOW, answers: true }),
    verifier()
      .begin(received, { now: NOW })
      .run(new Memory({ now: NOW })),
  ];
  for (const proof of proofs) {
    const headers = proof.signResponse(200, "ok", { now: NOW });
    assert.equal(sent.check({ status: 200, headers, body: "ok" }).created, NOW);
    refused("response_sign_status", () => proof.signResponse(101, "ok"));
    refused("response_body_mismatch", () => sent.check({ status: 200, headers, body: "no" }));
  }
});

test("a_foreign_policy_takes_no_request_of_the_strict_profile", () => {
  const policy = new ForeignPolicy([AUTHORITY]);
  const foreign = new Verifier(policy, [new Key("worker-7", SECRET, { since: NOW })], new Memory({ now: NOW }));
  // It could be served once by each of the two.
  refused("request_parameters_unexpected", () => foreign.verify(signed(), { now: NOW }));
  assert.equal(foreign.bodyLimitBytes, policy.bodyLimitBytes);
  refused("request_policy_tag", () => new ForeignPolicy([AUTHORITY], { tag: "counterseal/1" }));
  refused("binding_argument_type", () => new ForeignPolicy([AUTHORITY], { require: "date" }));
});
