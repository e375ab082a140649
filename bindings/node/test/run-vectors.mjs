// Runs vector files, and prints one line of JSON for each case: see vectors/README.md.
//
//   node bindings/node/test/run-vectors.mjs vectors/request [FILE_OR_DIRECTORY..]

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  CountersealError,
  clientAddress,
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

const OPERATIONS = { address, admit, key: keyOf, keys, policy, profile, receive, send, sign, tell, verify };

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
  const { op, cases } = vectors(file);
  for (const vector of cases) {
    const observed = observe(OPERATIONS[op], vector);
    console.log(JSON.stringify({ file, id: vector.id, lang: "node", ...observed }));
  }
}

function vectors(file) {
  try {
    const found = JSON.parse(readFileSync(file, "utf8"));
    if (found.schema === "counterseal/vectors/1" && Object.hasOwn(OPERATIONS, found.op)) return found;
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

function verify({ policy, keys, input, now }, store) {
  const verifier = new Verifier(Policy.parse(JSON.stringify(policy)), keys.map(made));
  const waiting = verifier.begin(request(input), { now });
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
