// Signing and verifying from Node, against the MAC alone and against `http-message-signatures`.
//
//     node bench.mjs node_request_sign node_request_verify
//
// Tokens are in `tokens.mjs`. Both cover the same seven components with the same key and parameters. Counterseal is called as its users call it: it
// hashes the content, draws a nonce, reads the clock, and claims the nonce in a ring. The peer is given the digest, the
// nonce and the times, does not look at the content, and remembers nothing.

import { createHmac, createSecretKey } from "node:crypto";
import { Key, Policy, Profile, Ring, Signer, Verifier } from "counterseal";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";
import { Bench } from "./harness.mjs";
import { tokens } from "./tokens.mjs";

const SECRET = Buffer.alloc(32, 7);
const KEY_ID = "worker-7f3a";
const COVER = ["idempotency-key"];
const HEADERS = {
  host: "api.example",
  "content-type": "application/json",
  "idempotency-key": "4f1c2d3e",
  accept: "application/json",
};
const REQUEST = {
  method: "POST",
  scheme: "https",
  authority: "api.example",
  path: "/v1/orders/42/confirm",
  query: "dry_run=false",
  headers: HEADERS,
  body: Buffer.from('{"order":42,"confirm":true}'),
};

const signer = new Signer(new Key(KEY_ID, SECRET), { profile: new Profile({ cover: COVER }) });
const base = Buffer.from(signer.explain(REQUEST));
const secret = createSecretKey(SECRET);
const floor = () => createHmac("sha256", secret).update(base).digest();

/** The components of our base, in their order. */
const fields = base
  .toString()
  .split("\n")
  .slice(0, -1)
  .map((line) => line.split('"')[1]);

/** A request of the peer, and how to sign it. */
function peer() {
  const digest = signer.sign(REQUEST)["content-digest"];
  const url = "https://api.example/v1/orders/42/confirm?dry_run=false";
  const message = { method: "POST", url, headers: { ...HEADERS, "content-digest": digest } };
  const now = Date.now();
  const config = {
    key: createSigner(SECRET, "hmac-sha256", KEY_ID),
    name: "cs",
    fields,
    params: ["created", "expires", "nonce", "keyid", "alg", "tag"],
    paramValues: {
      created: new Date(now),
      expires: new Date(now + 600_000),
      nonce: "CQkJCQkJCQkJCQkJCQkJCQ",
      tag: "counterseal/1",
    },
  };
  return () => httpbis.signMessage(config, message);
}

/** The peer's verification of one message. */
async function peerVerification() {
  const signed = await peer()();
  const key = { id: KEY_ID, algs: ["hmac-sha256"], verify: createVerifier(SECRET, "hmac-sha256") };
  const config = { keyLookup: async () => key, maxAge: 3600 };
  return async () => {
    if (!(await httpbis.verifyMessage(config, signed))) throw new Error("it verifies");
  };
}

/** A new request, as Node's server hands it over. */
function received() {
  const lines = { ...HEADERS, ...signer.sign(REQUEST) };
  return { ...REQUEST, headers: Object.entries(lines).flat() };
}

/** With a ring that began long enough ago to know everything. */
function ourVerifier() {
  const ring = new Ring({ perSecond: 20_000, now: Date.now() - 120_000 });
  return new Verifier(new Policy(["api.example"], { cover: COVER }), [new Key(KEY_ID, SECRET)], ring);
}

const benches = {
  ...tokens,
  node_request_sign: () =>
    new Bench("node_request_sign")
      .item("floor", base.length, floor)
      .item("counterseal", base.length, () => signer.sign(REQUEST))
      .waited("http_message_signatures", base.length, peer()),
  node_request_verify: async () => {
    const verifier = ourVerifier();
    const one = received();
    return new Bench("node_request_verify")
      .item("floor", base.length, floor)
      .prepared("counterseal", base.length, received, (request) => verifier.verify(request))
      .item("counterseal_unclaimed", base.length, () => verifier.begin(one))
      .waited("http_message_signatures", base.length, await peerVerification());
  },
};

for (const name of process.argv.slice(2)) await (await benches[name]()).run();
