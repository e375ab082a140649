// Access tokens: minted, verified, kept, and in front of route handlers.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  bearer,
  inspectToken,
  problem,
  TokenError,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenPolicy,
  TokenSigner,
  TokenVerifier,
  VerifiedToken,
} from "counterseal";
import { problemResponse, tokenRoute, verifyToken } from "counterseal/next";
import { minted, NOW, refused, SECRET, tokenPolicy, tokenSigner, tokenVerifier } from "./support.mjs";

const MINUTE = 60_000;
const AT = { now: NOW };
const WIDE = Buffer.concat([SECRET, SECRET]);
const MADE = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  EdDSA: generateKeyPairSync("ed25519"),
};

function pem({ privateKey }) {
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

function publicPem({ publicKey }) {
  return publicKey.export({ type: "spki", format: "pem" });
}

const SIGNERS = {
  HS256: tokenSigner(),
  HS384: TokenSigner.hmac("a", "HS384", WIDE),
  HS512: TokenSigner.hmac("a", "HS512", WIDE),
  ...Object.fromEntries(Object.entries(MADE).map(([name, pair]) => [name, TokenSigner.private("a", pem(pair))])),
};

for (const [algorithm, signer] of Object.entries(SIGNERS)) {
  test(`what_is_minted_is_verified_by_${algorithm}`, () => {
    const said = { userVer: 3, accessKey: "akid-1", session: "s-1", generation: 2 };
    const made = minted({ signer, ...said, claims: { scope: "a b", n: [1, null] } });
    const verified = tokenVerifier({ signer }).verify(made.token, AT);
    assert.equal(signer.key.algorithm, algorithm);
    assert.deepEqual([verified.subject, verified.keyId, verified.boundBy], ["user-7", signer.key.id, null]);
    const { userVer, accessKey, session, generation } = verified;
    assert.deepEqual({ userVer, accessKey, session, generation }, said);
    assert.deepEqual([verified.issued, verified.begins, verified.expires], [NOW, NOW, NOW + 15 * MINUTE]);
    assert.deepEqual(verified.claims, JSON.parse(verified.payload));
    assert.deepEqual([verified.claims.scope, verified.claims.n, verified.claims.jti], ["a b", [1, null], verified.id]);
  });
}

test("equal_inputs_make_equal_tokens", () => {
  const [zeros, other] = [new Uint8Array(16), new Uint8Array(16).fill(1)];
  assert.equal(minted({ seed: zeros }).token, minted({ seed: zeros }).token);
  assert.notEqual(minted({ seed: zeros }).token, minted({ seed: other }).token);
  assert.notEqual(minted().token, minted().token);
});

test("a_token_lives_no_longer_than_anything_allows", () => {
  assert.equal(minted({ lifeSeconds: 60 }).decidedBy, "asked");
  const most = minted({ lifeSeconds: 7_200 });
  assert.deepEqual([most.expires, most.decidedBy], [NOW + 30 * MINUTE, "policy"]);
  const ended = minted({ until: NOW + MINUTE });
  assert.deepEqual([ended.expires, ended.decidedBy], [NOW + MINUTE, "until"]);
  refused("lifetime_empty", () => minted({ until: NOW }));
});

test("claims_that_no_verifier_would_take_are_not_minted", () => {
  for (const claims of [{ exp: 1 }, { akid: 7 }, [], "[]", "{}{}", { a: "\ud800" }, '{"a":1,"a":1}']) {
    refused("jwt_setup_claim", () => minted({ claims }));
  }
  const circle = {};
  circle.circle = circle;
  for (const claims of [{ a: 1n }, () => 1, Symbol("a"), circle]) {
    refused("binding_argument_type", () => minted({ claims }));
  }
});

test("each_rule_has_its_code", () => {
  const { token } = minted();
  const verify = (text, now = NOW) => tokenVerifier().verify(text, { now });
  const other = TokenSigner.hmac("login-1", "HS256", new Uint8Array(32));
  const stranger = TokenSigner.hmac("login-2", "HS256", SECRET);
  const cases = {
    jwt_malformed: () => verify("a.b"),
    jwt_too_large: () => verify("a".repeat(8_193)),
    jwt_signature: () => verify(minted({ signer: other }).token),
    jwt_key_unknown: () => verify(minted({ signer: stranger }).token),
    jwt_audience: () => verify(minted({ policy: tokenPolicy("access", { audience: "billing" }) }).token),
    jwt_issuer: () => verify(minted({ policy: tokenPolicy("access", { issuer: "https://x" }) }).token),
    jwt_type: () => verify(minted({ policy: tokenPolicy("job") }).token),
    jwt_expired: () => verify(token, NOW + 15 * MINUTE + 30_000),
    jwt_not_yet_valid: () => verify(token, NOW - 30_001),
  };
  for (const [code, call] of Object.entries(cases)) assert(refused(code, call) instanceof TokenError);
  assert.equal(verify(token, NOW + 15 * MINUTE + 29_999).subject, "user-7");
  assert.equal(verify(token, NOW - 30_000).subject, "user-7");
});

test("a_refusal_tells_what_was_compared_and_how_to_come_back", () => {
  const { token } = minted();
  const error = refused("jwt_expired", () => tokenVerifier().verify(token, { now: NOW + 16 * MINUTE }));
  assert.deepEqual([error.http, error.blame, error.public], [401, "peer", "token_expired"]);
  assert.deepEqual({ ...error.detail }, { key: "login-1", expires: `${NOW + 15 * MINUTE}` });
  assert.deepEqual(error.headers, { "www-authenticate": 'Bearer error="invalid_token"' });
  assert.equal(JSON.parse(error.event).event, "jwt_expired");
  assert(!error.message.includes(token));
  assert.equal(problem(error).headers["www-authenticate"], 'Bearer error="invalid_token"');
});

test("an_audience_is_matched_as_the_policy_says", () => {
  const { token } = minted({ policy: tokenPolicy("access", { audience: ["a", "b"] }) });
  const verify = (audience, matchAudience) =>
    tokenVerifier({ policy: tokenPolicy("access", { audience, matchAudience }) }).verify(token, AT);
  for (const [names, rule] of [
    ["a", undefined],
    [["a", "x"], "any"],
    [["a", "b"], "all"],
    [["b", "a", "x"], "only"],
  ])
    assert(verify(names, rule) instanceof VerifiedToken);
  for (const [names, rule] of [
    [["x"], "any"],
    [["a", "x"], "all"],
    [["a"], "only"],
  ])
    refused("jwt_audience", () => verify(names, rule));
});

test("a_bound_token_needs_its_key", () => {
  const [certificate, key] = [new Uint8Array(32), new Uint8Array(32).fill(7)];
  const verifier = tokenVerifier();
  const { token } = minted({ certificate });
  assert.equal(verifier.verify(token, { certificate, ...AT }).boundBy, "x5t#S256");
  assert.equal(verifier.verify(minted({ key }).token, { key, ...AT }).boundBy, "jkt");
  for (const shown of [{}, { certificate: key }, { key: certificate }])
    refused("jwt_binding", () => verifier.verify(token, { ...shown, ...AT }));
  refused("jwt_binding", () => verifier.verify(minted().token, { certificate, ...AT }));
  refused("binding_argument_type", () => verifier.verify(token, { certificate, key, ...AT }));
  refused("binding_argument_length", () => verifier.verify(token, { certificate: key.subarray(1), ...AT }));
});

test("a_proof_of_a_bound_token_is_not_kept", () => {
  const [certificate, verifier] = [new Uint8Array(32), tokenVerifier()];
  const { token } = minted({ certificate });
  const first = verifier.verify(token, { certificate, ...AT });
  assert.notEqual(verifier.verify(token, { certificate, ...AT }), first);
  refused("jwt_binding", () => verifier.verify(token, AT));
});

test("a_proof_that_was_kept_is_the_same_one_while_it_holds", () => {
  const [verifier, { token }] = [tokenVerifier(), minted()];
  const first = verifier.verify(token, AT);
  for (const now of [NOW + 1, NOW - 30_000, NOW + 15 * MINUTE + 29_999])
    assert.equal(verifier.verify(token, { now }), first);
  assert.equal(verifier.verify(Buffer.from(token).toString(), AT), first);
  refused("jwt_binding", () => verifier.verify(token, { certificate: new Uint8Array(32), ...AT }));
  assert.notEqual(tokenVerifier({ cache: 0 }).verify(token, AT), first);
  const without = tokenVerifier({ cache: 0 });
  assert.notEqual(without.verify(token, AT), without.verify(token, AT));
});

test("a_proof_that_was_kept_is_refused_as_one_that_was_not", () => {
  const policy = tokenPolicy("access", { leewaySeconds: 7 });
  const [kept, fresh, { token }] = [tokenVerifier({ policy }), tokenVerifier({ policy, cache: 0 }), minted({ policy })];
  kept.verify(token, AT);
  const said = (verifier, now) => {
    try {
      return verifier.verify(token, { now }).keyId;
    } catch ({ message, detail, event, headers }) {
      return { message, detail, event, headers };
    }
  };
  const ends = [NOW - 7_000, NOW + 15 * MINUTE + 7_000].flatMap((end) => [end - 1, end, end + 1]);
  for (const now of [...ends, 0, -1, 253_402_300_799_999, 253_402_300_800_000, 2 ** 53, 1.5, Number.NaN])
    assert.deepEqual(said(kept, now), said(fresh, now), `${now}`);
});

test("o16_a_proof_is_kept_for_one_verifier_and_its_keys", () => {
  const [verifier, { token }] = [tokenVerifier(), minted()];
  const first = verifier.verify(token, AT);
  refused("jwt_setup_keys", () => verifier.replaceKeys([]));
  assert.equal(verifier.verify(token, AT), first);
  verifier.replaceKeys([TokenSigner.hmac("login-1", "HS256", new Uint8Array(32)).key]);
  refused("jwt_signature", () => verifier.verify(token, AT));
  verifier.replaceKeys(new TokenKeys([tokenSigner().key]));
  assert.notEqual(verifier.verify(token, AT), first);
  const other = tokenVerifier({ policy: tokenPolicy("access", { audience: "billing" }) });
  refused("jwt_audience", () => other.verify(token, AT));
});

test("a_verification_that_began_before_keys_were_replaced_leaves_nothing_behind", () => {
  const [verifier, { token }] = [tokenVerifier(), minted()];
  const others = [TokenSigner.hmac("login-1", "HS256", new Uint8Array(32)).key];
  // The options are the only foreign code that runs in between.
  const meddling = {
    get now() {
      verifier.replaceKeys(others);
      return NOW;
    },
  };
  verifier.verify(token, AT);
  refused("jwt_signature", () => verifier.verify(token, meddling));
  refused("jwt_signature", () => verifier.verify(token, AT));
});

test("a_cache_that_is_full_begins_anew", () => {
  const verifier = tokenVerifier({ cache: 2 });
  const tokens = Array.from({ length: 3 }, () => minted().token);
  const [first, second] = tokens.map((token) => verifier.verify(token, AT));
  assert.notEqual(verifier.verify(tokens[0], AT), first);
  assert.notEqual(verifier.verify(tokens[1], AT), second);
  for (const token of [...tokens, ...tokens]) assert.equal(verifier.verify(token, AT).subject, "user-7");
});

test("what_is_no_text_finds_no_proof", () => {
  const [verifier, { token }] = [tokenVerifier(), minted()];
  verifier.verify(token, AT);
  for (const value of [new String(token), [token], { toString: () => token }, Buffer.from(token)])
    refused("binding_argument_type", () => verifier.verify(value, AT));
});

test("a_proof_does_not_change_whoever_holds_it", () => {
  const verified = tokenVerifier().verify(minted({ claims: { scope: ["a"], deep: { list: [{}] } } }).token, AT);
  for (const change of [
    () => (verified.subject = "root"),
    () => (verified.user = {}),
    () => (verified.claims.sub = "root"),
    () => verified.claims.scope.push("b"),
    () => (verified.claims.deep.list[0].a = 1),
    () => delete verified.claims.exp,
  ])
    assert.throws(change, TypeError);
  assert.equal(verified.claims, verified.claims);
});

test("b08_a_claim_may_have_any_name", () => {
  const claims = `{"__proto__": {"admin": true}, "constructor": 1, "toString": 2}`;
  const verified = tokenVerifier().verify(minted({ claims }).token, AT);
  assert.equal(Object.getPrototypeOf(verified.claims), Object.prototype);
  assert.equal(verified.claims.admin, undefined);
  assert.deepEqual(Object.getOwnPropertyDescriptor(verified.claims, "__proto__").value, { admin: true });
  assert.equal({}.admin, undefined);
});

test("b02_a_subject_with_line_ends_is_one_subject", () => {
  for (const subject of ["a\nroot", "a\\nb", "\\", "\n", "\0", "a\\\nb\r", "é\u{1f600}\n"]) {
    const session = `${subject}s`;
    const { token } = new TokenMinter(tokenSigner(), tokenPolicy()).mint(subject, { lifeSeconds: 9, session, ...AT });
    const verified = tokenVerifier().verify(token, AT);
    assert.deepEqual([verified.subject, verified.session, verified.accessKey], [subject, session, null]);
    assert.equal(verified.claims.sub, subject);
  }
});

test("a_model_reads_claims_or_the_token_is_invalid", () => {
  const verified = tokenVerifier().verify(minted({ claims: { scope: "a b" } }).token, AT);
  assert.deepEqual(
    verified.read(({ scope }) => scope.split(" ")),
    ["a", "b"],
  );
  const error = refused("binding_claims_unfit", () =>
    verified.read(({ scope }) => {
      throw new Error(scope);
    }),
  );
  assert.deepEqual([error.http, error.public, error.cause], [401, "invalid_token", undefined]);
  assert.deepEqual(error.headers, { "www-authenticate": 'Bearer error="invalid_token"' });
  refused("binding_argument_type", () => verified.read(undefined));
});

test("keys_come_from_pem_and_jwk_each_for_one_algorithm", () => {
  const pair = MADE.ES256;
  const key = TokenKey.public("a", "ES256", publicPem(pair));
  const signer = TokenSigner.private("a", Buffer.from(pem(pair)));
  const { token } = minted({ signer });
  assert(new TokenVerifier(tokenPolicy(), [key]).verify(token, AT) instanceof VerifiedToken);
  for (const algorithm of ["ES384", "EdDSA", "RS256", "HS256", "none", "es256"])
    assert.throws(() => TokenKey.public("a", algorithm, publicPem(pair)), TokenError);
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), alg: "ES256", kid: "a", use: "sig" };
  const keys = TokenKeys.fromJwks(JSON.stringify({ keys: [jwk] }));
  assert.deepEqual(keys.ids, ["a"]);
  const verifier = new TokenVerifier(tokenPolicy(), keys);
  assert.deepEqual([verifier.keyIds, verifier.issuer], [["a"], tokenPolicy().issuer]);
  assert(verifier.verify(token, AT) instanceof VerifiedToken);
  assert.equal(TokenKey.fromJwk(JSON.stringify(jwk)).algorithm, "ES256");
  refused("jwt_setup_jwk", () => TokenKey.fromJwk(JSON.stringify({ ...jwk, d: "AA" })));
  refused("jwt_setup_keys", () => new TokenKeys([key, key]));
  refused("jwt_setup_keys", () => new TokenKeys([]));
});

test("a_workload_has_a_name_of_its_trust_domain", () => {
  const pair = MADE.ES256;
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: "a", use: "jwt-svid" };
  const keys = TokenKeys.fromSpiffeBundle(JSON.stringify({ spiffe_sequence: 1, keys: [jwk] }));
  const policy = new TokenPolicy("svid", { issuer: "spiffe://td.example", audience: "orders" });
  const minter = new TokenMinter(TokenSigner.private("a", pem(pair)), policy);
  const options = { lifeSeconds: 300, ...AT };
  const { token } = minter.mint("spiffe://td.example/worker/7", options);
  const verified = new TokenVerifier(policy, keys).verify(token, AT);
  assert.deepEqual([verified.subject, verified.claims.iss], ["spiffe://td.example/worker/7", undefined]);
  const other = new TokenPolicy("svid", { issuer: "spiffe://other.example", audience: "orders" });
  refused("jwt_trust_domain", () => new TokenVerifier(other, keys).verify(token, AT));
  refused("spiffe_scheme", () => minter.mint("worker-7", options));
  refused("spiffe_dots", () => minter.mint("spiffe://td.example/../7", options));
  refused("jwt_setup_trust_domain", () => minter.mint("spiffe://other.example/7", options));
  refused("jwt_setup_algorithm", () => new TokenMinter(tokenSigner(), policy).mint("spiffe://td.example/7", options));
  refused("jwt_setup_keys", () => TokenKeys.fromJwks(JSON.stringify({ keys: [jwk] })));
});

test("an_explanation_says_what_was_compared", () => {
  const verifier = tokenVerifier();
  const { token } = minted();
  const taken = verifier.explain(token, AT);
  assert(taken.startsWith("taken\npassed size: ") && !taken.includes("REFUSED"));
  const late = verifier.explain(token, { now: NOW + 60 * MINUTE });
  assert(late.startsWith("refused: jwt_expired\n"));
  assert.match(late, /\nREFUSED end: exp \d+, leeway 30, now \d+\nskipped begin\n/);
  const bound = minted({ key: new Uint8Array(32) }).token;
  assert(verifier.explain(bound, AT).startsWith("refused: jwt_binding"));
  assert(verifier.explain(bound, { ...AT, key: new Uint8Array(32) }).startsWith("taken"));
  assert(verifier.explain("").startsWith("refused: jwt_malformed"));
  assert(!`${taken}${late}`.includes(token.split(".")[2]));
});

test("inspecting_needs_no_key_and_verifies_nothing", () => {
  const { token } = minted({ claims: { scope: "read\nwrite" } });
  const text = inspectToken(token);
  assert(text.startsWith("nothing of this is verified: anybody may have written it\n"));
  assert(text.includes('\n  sub "user-7"\n') && text.includes('\n  scope "read\\nwrite"'));
  assert(text.includes("signature: 32 bytes, not shown") && !text.includes(token.split(".")[2]));
  assert(inspectToken("a.b").includes("2 parts"));
});

test("a_weak_key_is_none", () => {
  refused("key_too_short", () => TokenKey.hmac("a", "HS256", SECRET.subarray(1)));
  const weak = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 });
  assert.throws(() => TokenKey.public("a", "RS256", publicPem(weak)), { code: /^public_key_/ });
});

test("a_bearer_token_stands_in_one_field", () => {
  for (const headers of [
    { Authorization: "Bearer a.b.c", "set-cookie": ["a", "b"], cookie: undefined },
    [
      ["authorization", "bearer a.b.c"],
      ["host", "x"],
    ],
    ["Host", "x", "AUTHORIZATION", "BEARER a.b.c"],
    [[Buffer.from("authorization"), Buffer.from("Bearer a.b.c")]],
    new Headers({ authorization: "Bearer a.b.c" }),
    new Map([["authorization", "Bearer a.b.c"]]),
  ])
    assert.equal(bearer(headers), "a.b.c");
  for (const headers of [{}, { authorization: "Basic dTpw" }, { authorization: undefined }, new Headers(), null]) {
    const error = refused("jwt_missing", () => bearer(headers, AT));
    assert.deepEqual(error.headers, { "www-authenticate": "Bearer" });
    assert.equal(JSON.parse(error.event).at, NOW);
  }
  const twice = ["authorization", "Bearer a", "Authorization", "Bearer b"];
  const joined = new Headers([twice.slice(0, 2), twice.slice(2)]);
  for (const headers of [twice, joined, { authorization: "Bearer a\0Bearer b" }, { authorization: "Bearer \u00e9" }])
    refused("jwt_malformed", () => bearer(headers));
});

/** The answer of a route for tokens. */
async function answered(token, { handler, ...settings } = {}) {
  const answer = handler ?? ((_, { verified, claims }, context) => Response.json([verified.subject, claims, context]));
  const route = tokenRoute(tokenVerifier(), answer, { clock: () => NOW, ...settings });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return route(new Request("https://a.example/orders", { headers }), "context");
}

test("a_handler_gets_the_proof_and_the_claims_of_its_model", async () => {
  const { token } = minted({ claims: { scope: "a" } });
  const [subject, claims, context] = await (await answered(token)).json();
  assert.deepEqual([subject, claims.scope, context], ["user-7", "a", "context"]);
  const modelled = await answered(token, { claims: ({ scope }) => ({ scope: [scope] }) });
  assert.deepEqual((await modelled.json())[1], { scope: ["a"] });
});

test("a_stranger_is_told_to_come_back_with_a_token", async () => {
  const events = [];
  const handler = () => assert.fail("the handler was called");
  const settings = { handler, onEvent: (event) => events.push(JSON.parse(event).event) };
  const unfit = () => {
    throw new Error("no");
  };
  for (const [token, more, code, challenge] of [
    [undefined, {}, "missing_token", "Bearer"],
    [minted({ now: NOW - 60 * MINUTE }).token, {}, "token_expired", 'Bearer error="invalid_token"'],
    [minted().token, { claims: unfit }, "invalid_token", 'Bearer error="invalid_token"'],
  ]) {
    const response = await answered(token, { ...settings, ...more });
    assert.deepEqual([response.status, response.headers.get("content-type")], [401, "application/problem+json"]);
    assert.equal(response.headers.get("www-authenticate"), challenge);
    assert.equal((await response.json()).code, code);
  }
  assert.deepEqual(events, ["jwt_missing", "jwt_expired"]);
});

test("a_certificate_is_asked_for_where_tokens_are_bound", async () => {
  const { token } = minted({ certificate: new Uint8Array(32) });
  assert.equal((await answered(token, { certificate: () => new Uint8Array(32) })).status, 200);
  assert.equal((await answered(token, { certificate: () => null })).status, 401);
  assert.equal((await answered(token)).status, 401);
});

test("what_a_handler_throws_is_the_programs_own", async () => {
  const handler = () => {
    throw new RangeError("own");
  };
  await assert.rejects(answered(minted().token, { handler }), RangeError);
});

test("a_proxy_lets_nobody_in_by_forgetting_the_answer", async () => {
  const request = new Request("https://a.example/", { headers: { authorization: `Bearer ${minted().token}` } });
  const settings = { clock: () => NOW };
  assert.equal(verifyToken(request, tokenVerifier(), settings).verified.subject, "user-7");
  const error = refused("jwt_missing", () => verifyToken(new Request("https://a.example/"), tokenVerifier()));
  const response = problemResponse(error);
  assert.deepEqual([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
  for (const value of [null, undefined, 1, {}, { headers: 1 }])
    refused("binding_argument_type", () => verifyToken(value, tokenVerifier()));
  refused("binding_argument_type", () => verifyToken(request, {}));
  refused("binding_argument_type", () => tokenRoute({}, () => new Response()));
  refused("binding_argument_choice", () => tokenRoute(tokenVerifier(), () => new Response(), { clok: Date.now }));
});

test("c34_no_parameter_takes_a_pattern", () => {
  for (const pattern of [/.*/g, /(a+)+$/]) {
    for (const members of [
      { issuer: pattern, audience: "api" },
      { issuer: "i", audience: [pattern] },
    ]) {
      refused("binding_argument_type", () => new TokenPolicy("access", members));
    }
  }
});

test("c36_a_refusal_has_nothing_of_the_token", () => {
  const { token } = minted({ claims: { nick: "canary" } });
  const error = refused("jwt_expired", () => tokenVerifier().verify(token, { now: NOW + 60 * MINUTE }));
  const told = [String(error), error.event, JSON.stringify(error.detail), JSON.stringify(error)].join();
  for (const part of ["canary", "user-7", ...token.split(".")]) assert(!told.includes(part), part);
  for (const name of ["claims", "payload", "token"]) assert(!(name in error), name);
});

test("claims_are_not_read_by_a_promise", () => {
  const verified = tokenVerifier().verify(minted().token, { now: NOW });
  refused("binding_argument_type", () => verified.read(async () => Promise.reject(new Error("later"))));
});
