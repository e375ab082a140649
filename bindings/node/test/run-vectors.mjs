// Runs vector files, and prints one line of JSON for each case: see vectors/README.md.
//
//   node bindings/node/test/run-vectors.mjs vectors/request [FILE_OR_DIRECTORY..]

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  CountersealError,
  clientAddress,
  ForeignPolicy,
  Key,
  Limit,
  LimitError,
  Policy,
  Profile,
  Receiver,
  Sender,
  Signer,
  Verifier,
} from "counterseal";
import { SESSION_OPERATIONS } from "./run-session-vectors.mjs";
import { TOKEN_OPERATIONS } from "./run-token-vectors.mjs";

const OPERATIONS = {
  ...SESSION_OPERATIONS,
  ...TOKEN_OPERATIONS,
  "foreign/answer": foreignAnswer,
  "foreign/verify": foreignVerify,
  "limit/address": address,
  "limit/admit": admit,
  "limit/tell": tell,
  "request/key": keyOf,
  "request/keys": keys,
  "request/policy": policy,
  "request/profile": profile,
  "request/sign": sign,
  "request/verify": verify,
  "response/check": check,
  "response/clock": clock,
  "response/refuse": refuse,
  "response/respond": respond,
  "webhook/receive": receive,
  "webhook/send": send,
};

for (const path of process.argv.slice(2)) {
  for (const file of files(path)) run(file);
}

/** The files of a directory, or the file itself. */
function files(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(".json"));
  return names.toSorted().map((name) => join(path, name));
}

function run(file) {
  const { room, op, cases } = vectors(file);
  for (const vector of cases) {
    const observed = observe(OPERATIONS[`${room}/${op}`], vector);
    console.log(JSON.stringify({ file, id: vector.id, lang: "node", ...observed }));
  }
}

function vectors(file) {
  try {
    const found = JSON.parse(readFileSync(file, "utf8"));
    if (found.schema === "counterseal/vectors/1" && Object.hasOwn(OPERATIONS, `${found.room}/${found.op}`))
      return found;
    return stop(`${file}: no vectors of an operation that is known here`);
  } catch (error) {
    return stop(`${file}: ${error.message}`);
  }
}

function stop(reason) {
  console.error(reason);
  process.exit(2);
}

/** What came of a case. The store is asked `asked` times, and answers as the case says. */
function observe(operation, vector) {
  const store = { asked: 0, replies: vector.replies };
  try {
    const output = operation(vector, store);
    return { verdict: "accept", code: null, public: null, output, asked: store.asked };
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    return { verdict: "reject", code: error.code, public: error.public, output: null, asked: store.asked };
  }
}

function verify(vector, store) {
  return verified(Policy.parse(JSON.stringify(vector.policy)), vector, store);
}

function foreignVerify(vector, store) {
  return verified(foreignPolicy(vector.policy), vector, store);
}

function foreignPolicy({ authorities, ...rest }) {
  const { require_nonce: requireNonce, require_digest: requireDigest, tag, require } = rest;
  const { past_seconds: pastSeconds, retain_seconds: retainSeconds } = rest;
  return new ForeignPolicy(authorities, { tag, require, requireNonce, requireDigest, pastSeconds, retainSeconds });
}

function foreignAnswer({ policy, keys, input, now }, store) {
  const verifier = new Verifier(foreignPolicy(policy), keys.map(made));
  const waiting = verifier.begin(request(input), { now });
  waiting.answer(reply(store));
  return { headers: Object.entries(waiting.verdict().signResponse(200, "", { now })) };
}

/** A verdict is the same, and for the same reason, when the content comes in pieces after the head that announces it. */
function verified(policy, vector, store) {
  const { keys, input, now } = vector;
  const verifier = new Verifier(policy, keys.map(made));
  const pieces = outcome(() => begunInPieces(verifier, input, now));
  const whole = outcome(() => verifier.begin(request(input), { now }));
  if (pieces.code !== whole.code) throw new Error(`${vector.id}: ${pieces.code} in pieces, ${whole.code} at once`);
  return proofOf(whole, store);
}

function outcome(begin) {
  try {
    return { code: null, waiting: begin() };
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    return { code: error.code, error };
  }
}

function begunInPieces(verifier, input, now) {
  const { body, ...head } = request(input);
  const lines = input.headers.filter(([name]) => name.toLowerCase() !== "content-length");
  const announced = [...lines, ["Content-Length", `${body.length}`]];
  const headers = announced.length <= 256 ? announced.map((line) => line.map(bytes)) : head.headers;
  const content = verifier.beginContent({ ...head, headers }, { now });
  for (let at = 0; at < body.length; at += 3) content.update(body.subarray(at, at + 3));
  return content.finish();
}

function proofOf({ error, waiting }, store) {
  if (error !== undefined) throw error;
  const claim = waiting.statement("sqlite").values;
  while (waiting.statement("sqlite") !== null) waiting.answer(reply(store));
  const proof = waiting.verdict();
  return {
    key_id: proof.keyId,
    scope: proof.scope,
    created: proof.created,
    expires: proof.expires,
    nonce: hex(proof.nonce),
    covered: proof.covered,
    claim: claimed(claim),
  };
}

/** The request that was sent, and what is known of its response. */
function sentBy({ keys, input, now, seed }) {
  const signer = new Signer(made(keys[0]));
  return signer.send(request(input.request), { now, seed: Buffer.from(seed, "hex") });
}

function response({ status, headers, body }) {
  return { status, headers: headers.map((line) => line.map(bytes)), body: bytes(body) };
}

function check(vector) {
  const { keyId, status, created } = sentBy(vector).check(response(vector.input));
  return { key_id: keyId, status, created };
}

function clock(vector) {
  const { input } = vector;
  const { now, signAnew } = sentBy(vector).clock(response(input), { roundTripMs: input.round_trip });
  return { clock: now, sign_anew: signAnew };
}

function served(vector) {
  const { keys, input } = vector;
  const sent = sentBy(vector);
  const received = request(input.request);
  received.headers.push(...Object.entries(sent.headers));
  return { verifier: new Verifier(new Policy([input.request.authority]), [made(keys[0])]), received };
}

function respond(vector) {
  const { input, now } = vector;
  const { verifier, received } = served(vector);
  const waiting = verifier.begin(received, { now });
  waiting.answer([["fresh"]]);
  return { headers: Object.entries(waiting.verdict().signResponse(input.status, bytes(input.body), { now })) };
}

function refuse(vector) {
  const { input } = vector;
  const { verifier, received } = served(vector);
  const signed = verifier.signRefusal(received, input.status, bytes(input.body), { now: input.served_at });
  return { headers: signed && Object.entries(signed) };
}

function sign({ policy, keys, input, now, seed }) {
  const profile = Profile.parse(JSON.stringify(policy));
  const signer = new Signer(made(keys[0]), { profile, lifeSeconds: input.life_seconds });
  return { headers: Object.entries(signer.sign(request(input), { now, seed: Buffer.from(seed, "hex") })) };
}

function policy({ input }) {
  return { body_limit_bytes: Policy.parse(input.text).bodyLimitBytes };
}

function profile({ input }) {
  Profile.parse(input.text);
  return {};
}

function keyOf({ keys }) {
  const { id, since, until, scope, revoked } = made(keys[0]);
  return { id, since, until, scope, revoked };
}

function keys({ keys }) {
  const verifier = new Verifier(new Policy(["api.example"]), keys.map(made));
  return { ids: verifier.keyIds.toSorted() };
}

function address({ input: { peer, field, values, hops } }) {
  return { address: clientAddress(peer, values, { field, hops }) };
}

function admit(vector, store) {
  const { waiting, charges } = counted(vector, store);
  const { left, steppedAside } = waiting.verdict();
  return { charges, left, stepped_aside: steppedAside };
}

/** What the caller is told, whether the request passed or not. */
function tell(vector, store) {
  const { waiting } = counted(vector, store);
  try {
    return { code: null, headers: Object.entries(waiting.verdict().headers) };
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    return { code: error.code, headers: Object.entries(error.headers) };
  }
}

/** A request that was counted as far as its store answered, and its charges. */
function counted({ policy, input, now }, store) {
  const { name, burst, every_ms: everyMs, site, admits_unknown: admitsUnknown, yields } = policy;
  const rate = site && [site.burst, site.every_ms];
  const limit = new Limit(name, { burst, everyMs, site: rate, admitsUnknown, yields });
  const waiting = begun(limit, input, { cost: input.cost, isCrowded: input.is_crowded, now });
  const charges = [];
  for (let asked = waiting.statement("sqlite"); asked !== null; asked = waiting.statement("sqlite")) {
    const charge = charged(asked.values);
    charges.push(charge);
    waiting.answer(level(charge, store));
  }
  return { waiting, charges };
}

function begun(limit, { whom }, options) {
  if (whom.address !== undefined) return limit.byAddress(whom.address, options);
  return whom.key === undefined ? limit.byName(whom.name, options) : limit.byKey(whom.key, options);
}

function charged([space, key, now, full, last, need, jumped]) {
  return { space, key: hex(key), now, full, last, need, jumped };
}

/** What the store says: the level that was left behind; without a reply the cell was empty. */
function level({ now, need }, store) {
  const answer = store.replies[store.asked] ?? { taken: now + need };
  store.asked += 1;
  if (answer === "unavailable") return null;
  const [[word, found]] = Object.entries(answer);
  return [[found, word === "taken" ? 1 : 0]];
}

function send({ input: { secrets, id, body }, now }) {
  return { headers: Object.entries(new Sender(secrets).sign(id, bytes(body), { now })) };
}

function receive({ policy, input, now }, store) {
  const { endpoint, past_seconds: pastSeconds, future_seconds: futureSeconds, body_limit_bytes: limit } = policy;
  const options = { pastSeconds, futureSeconds, bodyLimitBytes: limit };
  const receiver = new Receiver(endpoint, input.secrets, null, options);
  const lines = input.headers.map(([name, value]) => [bytes(name), bytes(value)]);
  const waiting = receiver.begin(lines, bytes(input.body), { now });
  const claim = waiting.statement("sqlite").values;
  while (waiting.statement("sqlite") !== null) waiting.answer(reply(store));
  const { endpoint: at, id, created } = waiting.verdict();
  return { endpoint: at, id, created, claim: claimed(claim) };
}

function made({ id, secret, ...members }) {
  return new Key(id, Buffer.from(secret, "hex"), members);
}

/** Strings stand for bytes: each character is the byte of its number. */
function request({ method, scheme, authority, path, query, headers, body }) {
  const lines = headers.map(([name, value]) => [bytes(name), bytes(value)]);
  const [target, rest] = [bytes(path), bytes(query)];
  return {
    method: bytes(method),
    scheme,
    authority: bytes(authority),
    path: target,
    query: rest,
    headers: lines,
    body: bytes(body),
  };
}

function bytes(text) {
  return Buffer.from(text, "latin1");
}

/** The store's next answer as rows; none when it does not answer. */
function reply(store) {
  const answer = store.replies[store.asked] ?? "fresh";
  store.asked += 1;
  return answer === "unavailable" ? null : [[answer]];
}

function claimed([space, key, born, since, until]) {
  return { space, key: hex(key), born, since, until };
}

function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}
