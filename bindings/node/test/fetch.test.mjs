// A fetch that signs, against a server that verifies what arrives.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Authenticator, Key, Memory, Policy, Signer, signingFetch, Verifier, verifyIncoming } from "counterseal";
import { refused, rejected, SECRET } from "./support.mjs";

let server;
let origin;
let authority;
let arrived = [];

before(async () => {
  const store = new Memory({ now: Date.now() - 300_000 });
  server = createServer(async (message, response) => {
    const authenticator = new Authenticator(new Verifier(new Policy([authority]), [known], store));
    const { url, method, headers } = message;
    const came = { url, method, headers };
    arrived.push(came);
    try {
      const { verified, body } = await verifyIncoming(authenticator, message);
      Object.assign(came, { verified, body });
    } catch (error) {
      Object.assign(came, { code: error.code });
    }
    const away = url.startsWith("/away");
    response.writeHead(away ? 307 : 200, away ? { location: "/elsewhere" } : {}).end(came.code ?? "accepted");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  authority = `127.0.0.1:${server.address().port}`;
  origin = `http://${authority}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const known = new Key("worker-7", SECRET);

function signer(options) {
  return new Signer(new Key("worker-7", SECRET), options);
}

/** Sends with a signing fetch, and gives what arrived last. */
async function sent(input, init, settings = {}) {
  arrived = [];
  const response = await signingFetch(signer(), { authorities: [authority], ...settings })(input, init);
  return { ...arrived.at(-1), text: await response.text(), response };
}

const form = new FormData();
form.set("file", new Blob(["content"]), "name.txt");

const stream = () => new Blob(["in ", "parts"]).stream();

for (const [name, make] of Object.entries({
  "no body": () => ({ method: "POST" }),
  "an empty body": () => ({ method: "POST", body: "" }),
  text: () => ({ method: "POST", body: "é\n" }),
  "a Uint8Array": () => ({ method: "PUT", body: Uint8Array.of(0, 255) }),
  "an ArrayBuffer": () => ({ method: "PATCH", body: Uint8Array.of(0, 255).buffer }),
  URLSearchParams: () => ({ method: "POST", body: new URLSearchParams({ a: "b c", d: "é" }) }),
  "a Blob": () => ({ method: "POST", body: new Blob(["ab"], { type: "text/x" }) }),
  "a form": () => ({ method: "POST", body: form }),
  "a stream": () => ({ method: "POST", body: stream(), duplex: "half" }),
  "a GET": () => ({}),
  "a DELETE": () => ({ method: "delete" }),
})) {
  test(`${name.replaceAll(" ", "_")}_arrives_as_it_was_signed`, async () => {
    const came = await sent(`${origin}/v1/jobs`, make());
    assert.equal(came.text, "accepted");
    assert.equal(came.verified.component("content-type"), came.headers["content-type"] ?? null);
    const expected = Buffer.from(
      await new Request(origin, {
        method: "GET",
        ...make(),
        ...(make().body ? {} : { body: undefined }),
      }).arrayBuffer(),
    );
    if (!(make().body instanceof FormData)) assert.deepEqual(Buffer.from(came.body), expected);
  });
}

test("a_target_is_signed_as_it_is_sent", async () => {
  const targets = [
    "/a/../b?x=a+b&y=%20&x",
    "/%2e%2e/%2F;a=1",
    "/é?é=\u2028",
    "/a?",
    "/a#fragment",
    "/a b|c`{}<>\"'?\"<>'`",
    "",
    "?a",
  ];
  for (const target of targets) {
    const { text } = await sent(`${origin}${target}`);
    assert.equal(text, "accepted", target);
  }
});

test("a_Request_is_signed_as_it_is_sent", async () => {
  const request = new Request(`${origin}/v1/jobs`, {
    method: "POST",
    body: "ab",
    headers: { "content-type": "text/x" },
  });
  assert.equal((await sent(request)).verified.component("content-type"), "text/x");
  assert.equal(
    (
      await sent(request.url, {
        headers: [
          ["x-a", "1"],
          ["x-a", "2"],
        ],
      })
    ).text,
    "accepted",
  );
  assert.equal((await sent(new URL("/a", origin))).text, "accepted");
});

test("each_attempt_has_a_signature_of_its_own", async () => {
  const fetch = signingFetch(signer(), { authorities: [authority] });
  arrived = [];
  const first = await fetch(`${origin}/v1/jobs`, { method: "POST", body: "ab" });
  const { signature, "signature-input": input, "content-digest": digest } = arrived[0].headers;
  const again = await fetch(`${origin}/v1/jobs`, {
    headers: { signature, "signature-input": input, "content-digest": digest },
  });
  assert.deepEqual([await first.text(), await again.text()], ["accepted", "accepted"]);
  assert.notEqual(arrived[1].headers.signature, signature);
  assert.equal(arrived[1].headers["content-digest"], undefined);
});

test("a_redirect_is_answered_to_the_caller", async () => {
  const { response } = await sent(`${origin}/away`);
  assert.deepEqual([response.status, response.headers.get("location"), arrived.length], [307, "/elsewhere", 1]);
  const fetch = signingFetch(signer(), { authorities: [authority] });
  await rejected("binding_argument_choice", fetch(`${origin}/away`, { redirect: "follow" }));
  await assert.rejects(fetch(`${origin}/away`, { redirect: "error" }), TypeError);
});

test("no_signature_leaves_for_another_authority", async () => {
  const stale = { signature: "cs=:AAAA:", "signature-input": "cs=()", "content-digest": "sha-256=:AAAA:" };
  const came = await sent(`${origin}/v1/jobs`, { headers: stale }, { authorities: ["api.example"] });
  for (const name of Object.keys(stale)) assert.equal(came.headers[name], undefined);
  const { hostname, port } = new URL(origin);
  const other = await sent(`http://localhost:${port}/`, {}, { authorities: [hostname] }).catch(() => came);
  assert.equal(other.headers.signature, undefined);
});

test("a_Host_of_the_callers_does_not_leave", async () => {
  const { text, headers } = await sent(`${origin}/`, { headers: { host: "api.example" } });
  assert.deepEqual([text, headers.host], ["accepted", authority]);
});

test("clock_seeds_and_fetch_are_the_callers_if_given", async () => {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push([url.href, init]);
    return new Response();
  };
  const settings = {
    authorities: ["api.example"],
    clock: () => 2_500_000_000_000,
    seeds: () => Buffer.alloc(16, 1),
    fetch,
  };
  const signed = signingFetch(signer(), settings);
  await signed("https://api.example/a", { cache: "no-store", signal: AbortSignal.timeout(1_000_000) });
  const [[url, init]] = calls;
  assert.deepEqual(
    [url, init.cache, init.redirect, init.method],
    ["https://api.example/a", "no-store", "manual", "GET"],
  );
  assert(
    init.headers
      .get("signature-input")
      .includes('created=2500000000;expires=2500000060;nonce="AQEBAQEBAQEBAQEBAQEBAQ"'),
  );
  await signed("https://api.example/a");
  assert.equal(calls[1][1].headers.get("signature"), init.headers.get("signature"));
  await rejected(
    "binding_argument_range",
    signingFetch(signer(), { ...settings, clock: () => 1.5 })("https://api.example/a"),
  );
  await rejected(
    "binding_argument_type",
    signingFetch(signer(), { ...settings, seeds: () => "a" })("https://api.example/a"),
  );
});

test("an_aborted_request_is_not_sent", async () => {
  const fetch = signingFetch(signer(), { authorities: [authority] });
  arrived = [];
  await assert.rejects(fetch(origin, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(arrived.length, 0);
});

test("settings_that_cannot_be_are_refused", () => {
  refused("binding_argument_type", () => signingFetch(signer()));
  refused("binding_argument_type", () => signingFetch(signer(), { authorities: "api.example" }));
  refused("binding_argument_type", () => signingFetch(signer(), { authorities: [], fetch: 1 }));
  refused("binding_argument_choice", () => signingFetch(signer(), { authorities: [], origins: [] }));
  for (const misspelt of ["https://api.example", "API.example", "api.example/", ""]) {
    refused("request_policy_authorities", () => signingFetch(signer(), { authorities: [misspelt] }));
  }
});
