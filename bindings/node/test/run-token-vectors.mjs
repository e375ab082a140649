// The operations of the room `jwt`, for run-vectors.mjs.

import { createHash } from "node:crypto";
import {
  bearer,
  CountersealError,
  KeyFetcher,
  Memory,
  OidcPolicy,
  Requirement,
  Standing,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenPolicy,
  TokenRing,
  TokenSigner,
  TokenVerifier,
} from "counterseal";

export const TOKEN_OPERATIONS = {
  "jwt/bearer": bearerOf,
  "jwt/cached": cached,
  "jwt/challenge": challenge,
  "jwt/fetch": fetch,
  "jwt/keys": keys,
  "jwt/mint": mint,
  "jwt/nearest": nearest,
  "jwt/oidc": oidc,
  "jwt/require": require,
  "jwt/ring": ring,
  "jwt/stand": stand,
  "jwt/standing": standing,
  "jwt/verify": verify,
};

/** What a token says that is genuine; when it comes again to a verifier that keeps proofs, it must come to the same. */
function verify({ id, policy, input: { token, keys, ...rest }, now }) {
  const [made, known, options] = [policyOf(policy), keysOf(keys), { ...shown(rest), now }];
  const keeping = new TokenVerifier(made, known, { cache: 4 });
  const verifier = new TokenVerifier(made, known, { cache: 0 });
  const came = [keeping, keeping, verifier].map((it) =>
    JSON.stringify(coded(() => proofOf(it.verify(token, options)))),
  );
  if (new Set(came).size > 1) throw new Error(`${id}: ${came.join(", then ")}`);
  return proofOf(verifier.verify(token, options));
}

/** What each step comes to, by verifiers that keep their proofs. */
function cached({ policy, input: { tokens, keys, others = [], places, steps } }) {
  const known = keysOf(keys);
  const verifiers = [policy, ...others].map((it) => new TokenVerifier(policyOf(it), known, { cache: places }));
  const told = steps.map(({ at: now, do: does, verifier, token, keys }) => {
    if (does === "replace_keys") return coded(() => void verifiers[verifier].replaceKeys(keysOf(keys)));
    return coded(() => ({ proof: proofOf(verifiers[verifier].verify(tokens[token], { now })) }));
  });
  return { steps: told };
}

function proofOf(verified) {
  return {
    key_id: verified.keyId,
    subject: verified.subject,
    id: verified.id,
    session: verified.session,
    access_key: verified.accessKey,
    user_ver: verified.userVer,
    generation: verified.generation,
    issued: verified.issued,
    begins: verified.begins,
    expires: verified.expires,
    bound_by: verified.boundBy,
  };
}

/** A token; of one by a library that draws a number for each signature, what was signed. */
function mint({ policy, input, now, seed }) {
  const made = policyOf(policy);
  const signer = signerOf(input.signer);
  const bound = shown(input);
  const { life_seconds: lifeSeconds, user_ver: userVer, access_key: accessKey } = input;
  const { until, session, generation, claims } = input;
  const said = { lifeSeconds, until, userVer, accessKey, session, generation, claims };
  const minter = new TokenMinter(signer, made);
  const minted = minter.mint(input.subject, { ...said, ...bound, now, seed: Buffer.from(seed, "hex") });
  new TokenVerifier(made, [signer.key], { cache: 0 }).verify(minted.token, { ...bound, now });
  const isDrawn = signer.key.algorithm.startsWith("ES");
  const told = isDrawn ? { signed: minted.token.slice(0, minted.token.lastIndexOf(".")) } : { token: minted.token };
  return { ...told, expires: minted.expires, decided_by: minted.decidedBy };
}

/** The ids of keys, and the algorithms of those that are given one by one. */
function keys({ input: { keys } }) {
  if (!Array.isArray(keys)) return { ids: keysOf(keys).ids };
  const made = keys.map(keyOf);
  return { ids: new TokenKeys(made).ids, algorithms: made.map((key) => key.algorithm) };
}

function bearerOf({ input: { headers }, now }) {
  const lines = headers.map(([name, value]) => [Buffer.from(name, "latin1"), Buffer.from(value, "latin1")]);
  return { token: bearer(lines, { now }) };
}

/** When the bearer of a token that grants what is required authenticated. */
function require(vector) {
  return { authenticated: required(vector)().authenticated };
}

/** What the client is told, whether its token grants what is required or not. */
function challenge(vector) {
  const check = required(vector);
  const refused = refusal(check);
  return { code: refused?.code ?? null, challenge: refused?.headers["www-authenticate"] ?? null };
}

/** Whether the bearer may; what cannot be set up and what is not genuine ends here. */
function required({ policy, input: { token, keys, requirement, proof }, now }) {
  const { permissions, any, max_age_seconds: maxAgeSeconds, methods, levels, ...rest } = requirement;
  const { granted_by: grantedBy, root_grants: rootGrants } = rest;
  const made = new Requirement(permissions, { any, maxAgeSeconds, methods, levels, grantedBy, rootGrants });
  const [verified] = genuine(policy, keys, [token], now);
  const [session, subject, method, at] = proof ?? [];
  const fresh = proof && { session, subject, method, at };
  return () => made.check(verified, { proof: fresh, now });
}

/** The rows that a token stands by; the store answers as the case says. */
function stand({ policy, input: { token, keys, standing }, now }, store) {
  const [verified] = genuine(policy, keys, [token], now);
  const waiting = standingOf(standing).begin(verified, { now });
  const { values } = waiting.statement("sqlite");
  const reply = store.replies[store.asked] ?? "unavailable";
  store.asked += 1;
  waiting.answer(rowsOf(reply, standing.tenant, verified.subject));
  waiting.verdict();
  return { rows: values.map((row) => row && Buffer.from(row).toString("hex")) };
}

/** What becomes of each step, over one store and one cache. */
function standing({ policy, input: { tokens, keys, standing, steps }, now }) {
  const verified = genuine(policy, keys, tokens, now);
  const desk = standingOf(standing);
  const store = new Memory({ now });
  const looks = [];
  const begin = ({ token, at }) => {
    const waiting = desk.begin(verified[token], { now: at });
    looks.push({ waiting, subject: verified[token].subject });
    return { asked: waiting.statement("sqlite") !== null };
  };
  const settle = ({ waiting, subject }, reply) => {
    const refused = refusal(() => {
      if (reply === undefined || waiting.statement("sqlite") === null) return waiting.run(store);
      waiting.answer(rowsOf(reply, standing.tenant, subject));
      return waiting.verdict();
    });
    return { code: refused?.code ?? null };
  };
  const told = steps.map((step) => {
    if (step.do === "begin") return begin(step);
    if (step.do === "finish") return settle(looks.pop(), step.reply);
    if (step.do === "stand") return { ...begin(step), ...settle(looks.pop(), step.reply) };
    return settle({ waiting: changed(desk, step), subject: "" }, step.reply);
  });
  return { steps: told };
}

function standingOf({ tenant, any_subject: anySubject, with_access_key: withAccessKey, cache_seconds: cacheSeconds }) {
  return new Standing(tenant, { anySubject, withAccessKey, cacheSeconds });
}

/** A change that was begun. */
function changed(desk, { at: now, subject, access_key: accessKey, id, expires, do: change }) {
  const begin = {
    bump: () => desk.bump(subject, { now }),
    deny: () => desk.deny(id, { expires, now }),
    disable: () => desk.disable(subject, { now }),
    disable_key: () => desk.disableKey(accessKey, { now }),
    enable: () => desk.enable(subject, { now }),
    register: () => desk.register(subject, { now }),
    register_key: () => desk.registerKey(accessKey, subject, { now }),
  };
  return begin[change]();
}

/** The one row of a look, in which each part ends with its version. */
function rowsOf(reply, tenant, name) {
  if (reply === "unavailable") return null;
  const { subject, denied, access_key: key } = reply.stored;
  const row = Buffer.alloc(16);
  const none = (count) => new Array(count).fill(null);
  const owner = key && rowOf("counterseal/subject/1", tenant, key.is_own ? name : "another");
  return [
    [
      ...(subject ? [row, tenant, name, subject.user_ver, subject.disabled ?? null, 0, 1] : none(7)),
      ...(denied ? [row, tenant, "id", 0, 1] : none(5)),
      ...(key ? [row, tenant, "key", owner, key.disabled ?? null, 0, 1] : none(7)),
    ],
  ];
}

/** The id of a row, as docs/spec/access.md A-8 has it. */
function rowOf(label, tenant, name) {
  const hash = createHash("sha256").update(label);
  for (const text of [tenant, name]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(text)));
    hash.update(length).update(text);
  }
  return hash.digest().subarray(0, 16);
}

/** What becomes of an issuer's keys. */
function ring({ input: { ring, steps }, now }) {
  const store = new Memory({ now });
  const { life_seconds: lifeSeconds, max_age_seconds: maxAgeSeconds, hosts_seconds: hostsSeconds, ...rest } = ring;
  const { period_seconds: periodSeconds, lead_seconds: leadSeconds, tolerance_seconds: toleranceSeconds } = rest;
  const spans = { lifeSeconds, maxAgeSeconds, hostsSeconds, periodSeconds, leadSeconds, toleranceSeconds };
  const host = new TokenRing("https://iss.example", Buffer.alloc(32), spans);
  return { steps: steps.map((step) => turned(host, store, step)) };
}

/** What one step comes to, for a host that has just read its store. */
function turned(host, store, { at: now, do: does, pem, id, life_seconds: lifeSeconds, if_none_match: lines = [] }) {
  if (does === "rotate") return coded(() => void host.rotate({ pem, held: true, now }).run(store));
  if (does === "revoke") return coded(() => void host.revoke(id, { now }).run(store));
  host.load({ now }).run(store);
  if (does === "keys") return { keys: host.keys({ now }) };
  if (does === "mint") {
    const policy = new TokenPolicy("job", { issuer: "https://iss.example", audience: "api" });
    const { expires, decidedBy } = new TokenMinter(host, policy).mint("user-7", { lifeSeconds, now });
    return { expires, decided_by: decidedBy };
  }
  const published = host.published({ now });
  const known = published.isKnown(lines.map((line) => ["If-None-Match", line]));
  const { body, contentType, etag, cacheControl } = published;
  return { body, content_type: contentType, etag, cache_control: cacheControl, is_known: known };
}

/** Which rule admits a token, and until when. */
function oidc(vector) {
  const { rule, until } = admitted(vector)();
  return { rule, until };
}

/** The rule that admits a token; or the one that came nearest, and its claim. */
function nearest(vector) {
  const verify = admitted(vector);
  let rule = null;
  const refused = refusal(() => {
    rule = verify().rule;
  });
  if (refused === null) return { code: null, rule, claim: null };
  return { code: refused.code, rule: refused.detail.rule ?? null, claim: refused.detail.claim ?? null };
}

/** Whether a token is admitted; what cannot be set up ends here. */
function admitted({ input: { token, keys, oidc }, now }) {
  const { issuer, audience, max_age_seconds: maxAgeSeconds, github, claims } = oidc;
  const policy = claims
    ? OidcPolicy.ofIssuer(issuer, audience, claims.map(claimRule), { maxAgeSeconds })
    : OidcPolicy.github(audience, github.map(githubRule), { issuer, maxAgeSeconds });
  const made = keysOf(keys);
  return () => policy.verify(token, made, { now });
}

function githubRule({ name, subjects, events, refs, workflow, environments, runners, ...rest }) {
  const { any_repository_of: anyRepositoryOf, repository_names: repositoryNames } = rest;
  const { any_ref: anyRef, only_protected: onlyProtected, called_workflow: calledWorkflow } = rest;
  const repository = rest.repository && { id: rest.repository[0], ownerId: rest.repository[1] };
  const whose = { repository, anyRepositoryOf, repositoryNames, subjects };
  return { name, ...whose, events, refs, anyRef, onlyProtected, workflow, calledWorkflow, environments, runners };
}

function claimRule({ name, equals, has, like }) {
  const paired = (pairs) => pairs && Object.fromEntries(pairs);
  return { name, equals: paired(equals), has: paired(has), like: paired(like) };
}

/** What comes of each event, and the answers to questions in between. */
function fetch({ input: { fetcher, steps }, now, seed }) {
  const { issuer, url, loopback, timeout_seconds: timeoutSeconds, refresh_seconds: refreshSeconds, ...rest } = fetcher;
  const { limit_seconds: limitSeconds, cool_down_seconds: coolDownSeconds } = rest;
  const spans = { timeoutSeconds, refreshSeconds, limitSeconds, coolDownSeconds };
  const made = new KeyFetcher(issuer, url, { loopback, ...spans, now, seed: Buffer.from(seed, "hex") });
  return { steps: steps.map((step) => fetched(made, step)) };
}

/** What comes of one step. */
function fetched(fetcher, step) {
  const now = step.at;
  const questions = {
    error: () => ({ code: fetcher.lastError?.code ?? null }),
    keys: () => coded(() => ({ ids: fetcher.keys({ now }).ids, generation: fetcher.generation })),
    next: () => ({ next: fetcher.nextTimeout }),
  };
  const events = {
    failure: () => void fetcher.handleFailure(step.order, step.cause, { now }),
    response: () => responded(fetcher, step),
    timeout: () => void fetcher.handleTimeout({ now }),
    wanted: () => ({ hope: fetcher.handleWanted(step.token, { now }) }),
  };
  if (Object.hasOwn(questions, step.do)) return questions[step.do]();
  return { ...events[step.do](), order: ordered(fetcher) };
}

/** Whether an answer has other keys, or why it is no set of keys. */
function responded(fetcher, { at: now, order, status, content_type: contentType, url, ...rest }) {
  const body = Buffer.concat([Buffer.from(rest.body, "latin1"), Buffer.alloc(rest.blanks ?? 0, " ")]);
  const answer = { status, contentType, url, maxAgeSeconds: rest.max_age_seconds, body, now };
  return { is_new: false, ...coded(() => ({ is_new: fetcher.handleResponse(order, answer) })) };
}

function ordered(fetcher) {
  const order = fetcher.order();
  return order && { number: order.number, url: order.url, timeout: order.timeoutMs, max_bytes: order.maxBytes };
}

/** What `run` gives, with no code; or the code alone. */
function coded(run) {
  let given;
  const refused = refusal(() => {
    given = run();
  });
  return refused ? { code: refused.code } : { code: null, ...given };
}

/** Why `run` was refused, if it was. */
function refusal(run) {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersealError) return error;
    throw error;
  }
  return null;
}

/** Genuine tokens. */
function genuine(policy, keys, tokens, now) {
  const verifier = new TokenVerifier(policyOf(policy), keysOf(keys), { cache: 0 });
  return tokens.map((token) => verifier.verify(token, { now }));
}

/** The thumbprint that the peer has shown, or that a token is to be bound to. */
function shown({ certificate, key }) {
  const print = (hex) => (hex === undefined ? undefined : Buffer.from(hex, "hex"));
  return { certificate: print(certificate), key: print(key) };
}

function policyOf({ profile, issuer, audience, match_audience: matchAudience, typ, ...spans }) {
  const { leeway_seconds: leewaySeconds, life_seconds: lifeSeconds } = spans;
  return new TokenPolicy(profile, { issuer, audience, matchAudience, typ, leewaySeconds, lifeSeconds });
}

function keysOf(keys) {
  if (Array.isArray(keys)) return new TokenKeys(keys.map(keyOf));
  return keys.bundle === undefined ? TokenKeys.fromJwks(keys.jwks) : TokenKeys.fromSpiffeBundle(keys.bundle);
}

function keyOf({ jwk, id, algorithm, pem, secret }) {
  if (jwk !== undefined) return TokenKey.fromJwk(jwk);
  if (pem !== undefined) return TokenKey.public(id, algorithm, pem);
  return TokenKey.hmac(id, algorithm, Buffer.from(secret, "hex"));
}

function signerOf({ id, algorithm, pem, secret }) {
  if (pem !== undefined) return TokenSigner.private(id, Buffer.from(pem));
  return TokenSigner.hmac(id, algorithm, Buffer.from(secret, "hex"));
}
