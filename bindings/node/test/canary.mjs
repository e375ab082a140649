// Twenty-four secrets through all that a service and its clients do, and everything that is told: `canary.mjs SECRETS OUT`.
//
// SECRETS is a file with a JSON list of texts; what is told goes to files below OUT, and to standard output and error.
// Whoever runs it searches them.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import {
  Authenticator,
  CountersealError,
  clientAddress,
  ForeignPolicy,
  Key,
  KeyVault,
  Limit,
  Memory,
  Policy,
  Profile,
  problem,
  Receiver,
  receiveIncoming,
  Sender,
  SharedCells,
  SharedRing,
  Signer,
  Sqlite,
  signingFetch,
  Verifier,
  verifyIncoming,
} from "counterseal";
import { tellTokens } from "./canary-tokens.mjs";
import { AUTHORITY, NOW } from "./support.mjs";

const [secretsFile, out] = process.argv.slice(2);
// The runner of tests starts each file below this directory; without secrets there is nothing to do.
if (secretsFile === undefined) process.exit(0);
const secrets = JSON.parse(readFileSync(secretsFile, "utf8"));
const [first, second, third, vaultSecret, webhookOne, webhookTwo, body, authorization, cookie, token] = secrets;
const [covered, unknown, message, forwarded, name, member, answered, apiKey, stranger, junk] = secrets.slice(10, 20);
const texts = [];

/** What a thing shows of itself. */
function tell(...things) {
  for (const thing of things) {
    // What has no prototype has no text either.
    if (Object(thing) !== thing || Object.getPrototypeOf(thing) !== null) texts.push(`${thing}`);
    texts.push(inspect(thing, { depth: 9, showHidden: true, getters: true }));
    try {
      texts.push(`${JSON.stringify(thing)}`);
    } catch (error) {
      texts.push(`${error}`);
    }
  }
}

/** What a refusal shows. */
function refuse(call) {
  try {
    tell(call());
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    // Without the lines of this program.
    tell(error.message, error.code, error.detail, error.event, error.headers, error.fix);
  }
}

async function answer(response) {
  texts.push(`${response.status} ${inspect([...response.headers])}`, await response.text());
}

mkdirSync(out, { recursive: true, mode: 0o700 });
const at = { now: NOW };
const key = new Key("worker-7", Buffer.from(first), { since: NOW, scope: "jobs" });
const other = new Key("worker-8", Buffer.from(second), { since: NOW });
const ring = new SharedRing(join(out, "ring"), at);
const database = new Sqlite(join(out, "database"), at);
const cells = new SharedCells(join(out, "cells"));
const vault = new KeyVault(Buffer.from(vaultSecret).subarray(0, 32));
tell(key, other, ring, database, cells, vault);
tell(vault.save("worker-7", Buffer.from(first), { since: NOW, scope: "jobs" }).run(database));
vault.rotate("worker-7", "worker-9", Buffer.from(third), { oldUntil: NOW + 60_000, since: NOW }).run(database);
tell(vault.load("worker-9").run(database), vault.save("a", Buffer.from(third)));
refuse(() => vault.load(unknown).run(database));
refuse(() => new KeyVault(new Uint8Array(32)).load("worker-7").run(database));

const policy = new Policy([AUTHORITY], { cover: ["idempotency-key"] });
const verifier = new Verifier(policy, [key, other], ring);
const signer = new Signer(key, { profile: policy });
tell(policy, verifier, signer);
const plain = { method: "GET", scheme: "https", authority: AUTHORITY, path: "/" };
for (const wrong of [
  () => Policy.parse(JSON.stringify({ authorities: ["a"], [member]: member })),
  () => Policy.parse(member),
  () => new Policy([junk.repeat(10)]),
  () => new Profile({ cover: [`${junk} `] }),
  () => new ForeignPolicy([AUTHORITY], { tag: `${junk}"` }),
  () => new Key(`${junk} `, Buffer.from(first)),
  () => new Key("a", Buffer.from(stranger).subarray(0, 31)),
  () => signer.sign({ ...plain, path: `/ ${junk}`, headers: { "idempotency-key": covered } }),
  () => signer.sign({ ...plain, method: junk }),
  () => clientAddress(junk, [forwarded], { hops: 1, field: "forwarded" }),
  () => new Receiver("billing", [`whsec_${junk}`]),
  () => new Signer(junk),
  () => verifier.verify({ ...plain, method: junk, headers: { [junk]: junk }, body: junk }, at),
  () => verifier.verify({ ...plain, scheme: junk }, at),
])
  refuse(wrong);
const limit = new Limit("login", { burst: 1, everyMs: 60_000 });
for (let turn = 0; turn < 2; turn += 1) refuse(() => limit.byName(name, at).run(cells));

const sent = { "idempotency-key": covered, authorization: `Bearer ${authorization}`, cookie: `a=${cookie}` };
Object.assign(sent, { "x-api-key": apiKey, "x-forwarded-for": forwarded });
const request = { ...plain, method: "POST", query: `token=${token}`, headers: sent, body };
const signed = { ...request, headers: { ...sent, ...signer.sign(request, at) } };
tell(verifier.explain(signed, { base: signer.explain(request, at) }), verifier.begin(signed, at));
for (const changed of ["signature", "signature-input", "content-digest", "idempotency-key"])
  refuse(() => verifier.verify({ ...signed, headers: { ...signed.headers, [changed]: junk } }, at));
refuse(() => verifier.verify({ ...signed, body: "other" }, at));
refuse(() => verifier.verify(signed, { now: NOW + 3_600_000 }));

const whsec = [webhookOne, webhookTwo].map((secret) => `whsec_${Buffer.from(secret).toString("base64")}`);
const sender = new Sender(whsec);
const wide = new Memory({ pastSeconds: 300, futureSeconds: 300, now: NOW - 900_000 });
const receiver = new Receiver("billing", whsec, wide);
tell(sender, receiver);

let authenticator;
const server = createServer(async (incoming, response) => {
  try {
    if (incoming.url === "/hooks") {
      const { received } = await receiveIncoming(receiver, incoming, at);
      tell(received);
      return response.end(received.id);
    }
    const { verified } = await verifyIncoming(authenticator, incoming);
    tell(verified);
    response.writeHead(200, verified.signResponse(200, "done", at)).end("done");
  } catch (error) {
    const { status, headers, body } = problem(error);
    response.writeHead(status, headers).end(body);
  }
});
await new Promise((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const host = `127.0.0.1:${server.address().port}`;
const served = new Verifier(new Policy([host], { cover: ["idempotency-key"] }), [key, other], new Memory(at));
authenticator = new Authenticator(served, {
  clock: () => NOW,
  onEvent: (event) => texts.push(event),
  signResponses: true,
});

const url = `http://${host}/v1/jobs?token=${token}`;
const settings = { authorities: [host], clock: () => NOW, seeds: () => new Uint8Array(16) };
for (const known of [key, key, new Key(unknown, Buffer.from(stranger)), new Key("worker-7", Buffer.from(stranger))]) {
  const call = signingFetch(new Signer(known, { profile: policy }), settings);
  await answer(await call(url, { method: "POST", headers: sent, body }));
}
await answer(await fetch(url, { method: "POST", headers: sent, body }));
const early = { authorities: [host], clock: () => NOW - 3_600_000, verifyResponses: true };
const call = signingFetch(new Signer(other, { profile: policy }), early);
await answer(await call(url, { method: "POST", headers: sent, body: answered }));
for (const content of [message, junk]) {
  const headers = sender.sign("msg_1", message, at);
  await answer(await fetch(`http://${host}/hooks`, { method: "POST", headers, body: content }));
}
await tellTokens({ tell, refuse, answer, texts }, secrets.slice(20));
server.closeAllConnections();
server.close();
writeFileSync(join(out, "told.txt"), texts.join("\n"));
