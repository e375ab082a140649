// Tokens that are genuine: whether they may still act, and what they grant.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { Authorized, drive, LiveToken, Memory, Requirement, Sqlite, Standing, TokenError } from "counterseal";
import { problemResponse, tokenRoute, verifyToken, verifyTokenAsync } from "counterseal/next";
import { directory, minted, NOW, refused, rejected, tokenSigner, tokenVerifier } from "./support.mjs";

const AT = { now: NOW };

/** A token with these claims, verified. */
function proven(options = {}) {
  return tokenVerifier().verify(minted(options).token, AT);
}

/** A standing, and a store that knows the user of the tests. */
function stood(options = {}, store = new Memory(AT)) {
  const standing = new Standing("login", options);
  standing.register("user-7", AT).run(store);
  return { standing, store };
}

/** The subject of a token that may act, or why it may not. */
function alive({ standing, store }, token, now = NOW) {
  try {
    return standing.begin(tokenVerifier().verify(token, { now }), { now }).run(store).token.subject;
  } catch (error) {
    return error.code;
  }
}

for (const cacheSeconds of [0, 5]) {
  test(`tokens_of_a_subject_are_over_once_it_is_bumped_with_a_cache_of_${cacheSeconds}_s`, () => {
    const { standing, store } = stood({ cacheSeconds });
    const [old, next, ahead] = [undefined, 1, 2].map((userVer) => minted({ userVer }).token);
    const told = (token) => alive({ standing, store }, token);
    assert.deepEqual([told(old), told(old)], ["user-7", "user-7"]);
    assert.equal(standing.versionOf("user-7", AT).run(store), 0);
    assert.equal(standing.bump("user-7", AT).run(store), null);
    assert.equal(standing.versionOf("user-7", AT).run(store), 1);
    assert.deepEqual([told(old), told(next), told(ahead)], ["jwt_user_ver", "user-7", "jwt_user_ver_ahead"]);
    standing.disable("user-7", AT).run(store);
    assert.equal(told(minted({ userVer: 2 }).token), "jwt_subject_disabled");
    refused("jwt_subject_disabled", () => standing.versionOf("user-7", AT).run(store));
    standing.enable("user-7", AT).run(store);
    assert.equal(told(minted({ userVer: 2 }).token), "user-7");
  });
}

test("one_token_is_taken_back_and_so_is_an_access_key", () => {
  const stand = stood({ cacheSeconds: 5 });
  const { standing, store } = stand;
  const [token, other] = [minted().token, minted().token];
  assert.deepEqual([alive(stand, token), alive(stand, other)], ["user-7", "user-7"]);
  const { id, expires } = tokenVerifier().verify(token, AT);
  standing.deny(id, { expires, ...AT }).run(store);
  assert.deepEqual([alive(stand, token), alive(stand, other)], ["jwt_denied", "user-7"]);
  const byKey = minted({ accessKey: "yubikey-1" }).token;
  assert.equal(alive(stand, byKey), "jwt_access_key");
  standing.registerKey("yubikey-1", "user-7", AT).run(store);
  assert.equal(alive(stand, byKey), "user-7");
  standing.disableKey("yubikey-1", AT).run(store);
  assert.equal(alive(stand, byKey), "jwt_access_key");
});

test("a_stranger_to_the_store_may_not_act_unless_it_is_said", () => {
  const [store, { token }] = [new Memory(AT), minted()];
  assert.equal(alive({ standing: new Standing("login"), store }, token), "jwt_subject_unknown");
  assert.equal(alive({ standing: new Standing("login", { anySubject: true }), store }, token), "user-7");
  const byKey = new Standing("login", { anySubject: true, withAccessKey: true });
  assert.equal(alive({ standing: byKey, store }, token), "jwt_access_key");
});

test("a_store_that_does_not_answer_lets_nobody_act", async () => {
  const asked = () => new Standing("login").begin(proven(), AT);
  const silent = async () => {
    throw new Error("no answer");
  };
  const error = await rejected("store_unavailable", drive(asked(), "postgres", silent));
  assert.deepEqual([error.http, error.headers, error.cause.message], [503, {}, "no answer"]);
  const waiting = asked();
  waiting.answer(null);
  refused("store_unavailable", () => waiting.verdict());
  refused("pending_spent", () => waiting.verdict());
});

test("a_file_is_asked_in_a_thread", async (t) => {
  const path = join(directory(t), "rows.db");
  const { standing, store } = stood({}, new Sqlite(path, AT));
  const live = await standing.begin(proven(), AT).runAsync(store);
  assert(live instanceof LiveToken);
  assert.equal(live.token.subject, "user-7");
  await standing.bump("user-7", AT).runAsync(store);
  const error = await rejected("jwt_user_ver", standing.begin(proven(), AT).runAsync(store));
  assert.deepEqual([error.http, error.headers["www-authenticate"]], [401, 'Bearer error="invalid_token"']);
  assert.equal(JSON.parse(error.event).event, "jwt_user_ver");
  await rejected("binding_argument_type", standing.begin(proven(), AT).runAsync({}));
});

test("a_token_does_what_it_grants", () => {
  const token = proven({ claims: { scope: "orders:* users:read" } });
  const authorized = new Requirement(["orders:write", "users:read"]).check(token, AT);
  assert(authorized instanceof Authorized);
  assert.deepEqual([authorized.token, authorized.authenticated], [token, null]);
  assert.equal(new Requirement(["users:write", "orders:read"], { any: true }).check(token, AT).token, token);
  const error = refused("jwt_permission_missing", () => new Requirement(["users:write"]).check(token, AT));
  assert(error instanceof TokenError);
  assert.deepEqual([error.http, error.public], [403, "insufficient_scope"]);
  assert.match(error.headers["www-authenticate"], /^Bearer error="insufficient_scope"/);
  for (const permissions of [[], ["a b"], ["orders:*"]])
    assert.throws(() => new Requirement(permissions), { code: /^jwt_setup_permission/ });
  assert.deepEqual(new Requirement(["a:b", "c"]).permissions, ["a:b", "c"]);
  const list = proven({ claims: { permissions: ["orders:read"] } });
  assert.equal(new Requirement(["orders:read"], { grantedBy: "permissions" }).check(list, AT).token, list);
  refused("binding_argument_choice", () => new Requirement(["a"], { grantedBy: "roles" }));
});

test("p05_a_step_up_is_fresh_and_of_the_same_session", () => {
  const erase = new Requirement(["docs:erase"], { maxAgeSeconds: 300, methods: ["hwk"] });
  const grant = { scope: "docs:erase" };
  const token = proven({ session: "s-1", claims: { ...grant, amr: ["hwk"], auth_time: NOW / 1_000 - 100 } });
  assert.equal(erase.check(token, AT).authenticated, NOW - 100_000);
  const old = proven({ session: "s-1", claims: grant });
  const error = refused("jwt_mfa_required", () => erase.check(old, AT));
  assert.deepEqual([error.public, error.http], ["mfa_required", 401]);
  const challenge = error.headers["www-authenticate"];
  assert.equal(challenge, 'Bearer error="insufficient_user_authentication", amr_values="hwk", max_age="300"');
  const seen = { session: "s-1", subject: "user-7", method: "hwk", at: NOW - 1_000 };
  assert.equal(erase.check(old, { proof: seen, ...AT }).authenticated, NOW - 1_000);
  for (const other of [{ session: "s-2" }, { subject: "user-8" }, { method: "pwd" }, { at: NOW - 301_000 }])
    refused("jwt_mfa_required", () => erase.check(old, { proof: { ...seen, ...other }, ...AT }));
  refused("binding_argument_type", () => erase.check(old, { proof: { session: "s-1" } }));
  refused("binding_argument_type", () => new Requirement(["a"], { any: true, maxAgeSeconds: 1, methods: ["hwk"] }));
});

test("a_further_proof_is_of_the_same_token", () => {
  const { standing, store } = stood();
  const token = proven({ claims: { scope: "a" } });
  const live = standing.begin(token, AT).run(store);
  const authorized = new Requirement(["a"]).check(live, AT);
  assert.equal(live.token, token);
  assert.equal(authorized.token, token);
  assert.equal(standing.begin(authorized, AT).run(store).token, token);
  for (const proof of [live, authorized]) {
    assert.deepEqual(JSON.parse(JSON.stringify(proof)), JSON.parse(JSON.stringify(token)));
    assert.equal(inspect(proof), `<${proof.constructor.name} by login-1 until ${NOW + 900_000}>`);
    refused("binding_argument_type", () => Reflect.construct(proof.constructor, [undefined, token]));
  }
  for (const value of [undefined, null, {}, minted().token, Object.create(live), new Proxy(token, {})])
    refused("binding_argument_type", () => new Requirement(["a"]).check(value, AT));
});

test("what_is_asked_of_a_proof_is_of_keys_that_are_still_known", () => {
  const required = new Requirement(["a"]);
  const verifier = tokenVerifier();
  const first = verifier.verify(minted({ claims: { scope: "a" } }).token, AT);
  const second = verifier.verify(minted({ claims: { scope: "a" } }).token, AT);
  assert.equal(required.check(first, AT).token, first);
  const stranger = tokenSigner("login-2");
  verifier.replaceKeys([stranger.key]);
  refused("jwt_key_unknown", () => required.check(second, AT));
});

test("a_bound_token_grants_as_well", () => {
  const [key, certificate] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
  for (const shown of [{ key }, { certificate }]) {
    const { token } = minted({ ...shown, claims: { scope: "a" } });
    const verified = tokenVerifier().verify(token, { ...shown, ...AT });
    for (const print of Object.values(shown)) print.fill(0);
    assert.equal(new Requirement(["a"]).check(verified, AT).token, verified);
  }
});

/** The answer of a route for tokens. */
async function answered(token, { verifier = tokenVerifier(), ...settings } = {}) {
  const handler = (_, { verified, live, authorized }) =>
    Response.json([verified.subject, live?.token === verified, authorized?.token === verified]);
  const headers = { authorization: `Bearer ${token}` };
  const route = tokenRoute(verifier, handler, { clock: () => NOW, ...settings });
  return route(new Request("https://a.example/orders", { headers }));
}

test("a_route_asks_the_store_and_the_grants_each_time_though_the_proof_is_kept", async (t) => {
  const path = join(directory(t), "rows.db");
  for (const store of [new Memory(AT), new Sqlite(path, AT)]) {
    const { standing } = stood({}, store);
    const events = [];
    const settings = {
      verifier: tokenVerifier(),
      requirement: new Requirement(["orders:write"]),
      standing,
      store,
      onEvent: (event) => events.push(JSON.parse(event).event),
    };
    const { token } = minted({ claims: { scope: "orders:write" } });
    for (let turn = 0; turn < 2; turn += 1)
      assert.deepEqual(await (await answered(token, settings)).json(), ["user-7", true, true]);
    const poor = await answered(minted({ claims: { scope: "orders:read" } }).token, settings);
    assert.deepEqual([poor.status, (await poor.json()).code], [403, "insufficient_scope"]);
    assert.match(poor.headers.get("www-authenticate"), /^Bearer error="insufficient_scope"/);
    standing.bump("user-7", AT).run(store);
    const over = await answered(token, settings);
    assert.deepEqual([over.status, over.headers.get("www-authenticate")], [401, 'Bearer error="invalid_token"']);
    assert.deepEqual(events, ["jwt_permission_missing", "jwt_user_ver"]);
  }
});

test("p05_a_route_tells_which_authentication_it_needs_and_looks_at_its_age_each_time", async () => {
  let now = NOW;
  const requirement = new Requirement(["docs:erase"], { maxAgeSeconds: 60, methods: ["hwk", "fpt"] });
  const settings = { verifier: tokenVerifier(), requirement, clock: () => now };
  const claims = { scope: "docs:erase", amr: ["hwk"], auth_time: NOW / 1_000 };
  const { token } = minted({ session: "s-1", claims });
  assert.equal((await answered(token, settings)).status, 200);
  now += 60_001;
  const response = await answered(token, settings);
  assert.deepEqual([response.status, (await response.json()).code], [401, "mfa_required"]);
  const told = 'Bearer error="insufficient_user_authentication", amr_values="hwk fpt", max_age="60"';
  assert.equal(response.headers.get("www-authenticate"), told);
});

test("a_database_of_ones_own_is_asked_by_drive", async () => {
  const rows = [];
  const { standing, store } = stood();
  const settings = {
    standing,
    drive: async (asked) => {
      rows.push(asked.statement("postgres").name);
      return asked.run(store);
    },
  };
  assert.deepEqual(await (await answered(minted().token, settings)).json(), ["user-7", true, false]);
  assert.equal(rows.length, 1);
  const silent = { standing, drive: (asked) => drive(asked, "postgres", () => Promise.reject(new Error("away"))) };
  const response = await answered(minted().token, silent);
  assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "5"]);
});

test("a_proxy_asks_at_once_or_is_awaited", async () => {
  const { standing, store } = stood();
  const verifier = tokenVerifier();
  const headers = { authorization: `Bearer ${minted({ claims: { scope: "a" } }).token}` };
  const request = new Request("https://a.example/", { headers });
  const settings = { standing, store, requirement: new Requirement(["a"]), clock: () => NOW };
  const { verified, live, authorized, claims } = verifyToken(request, verifier, settings);
  assert.deepEqual([live.token, authorized.token, claims], [verified, verified, verified.claims]);
  const awaited = await verifyTokenAsync(request, verifier, settings);
  assert.equal(awaited.live.token, verified);
  standing.disable("user-7", AT).run(store);
  const error = refused("jwt_subject_disabled", () => verifyToken(request, verifier, settings));
  assert.equal(problemResponse(error).status, 401);
  await rejected("jwt_subject_disabled", verifyTokenAsync(request, verifier, settings));
  // What has to wait has no place in what answers at once.
  refused("binding_argument_choice", () => verifyToken(request, verifier, { standing, drive: async () => null }));
  refused("binding_store_missing", () => verifyToken(request, verifier, { standing }));
  refused("binding_argument_type", () => verifyToken(request, verifier, { standing: {}, store }));
  refused("binding_argument_type", () => verifyToken(request, verifier, { requirement: ["a"] }));
  refused("binding_argument_type", () => verifyToken(request, verifier, { standing, store: {} }));
  await rejected("binding_store_missing", verifyTokenAsync(request, verifier, { standing }));
});
