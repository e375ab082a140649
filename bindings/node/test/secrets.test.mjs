// Objects that hold a key, and whatever makes text or copies of objects.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import {
  CountersealError,
  Key,
  KeyFetcher,
  KeyVault,
  Memory,
  Policy,
  Refresher,
  RemoteVerifier,
  Requirement,
  Ring,
  Signer,
  Standing,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenRing,
  TokenSigner,
  TokenVerifier,
  Verifier,
} from "counterseal";
import { JWKS, jobs, live, signedJob } from "./jobs.mjs";
import { AUTHORITY, key, minted, NOW, refused, signed, tokenPolicy, verifier } from "./support.mjs";

const SECRET = Buffer.from("a secret of 32 bytes, quite long");
const known = new Key("worker-7", SECRET, { since: NOW });
const tokenSigner = TokenSigner.hmac("login-1", "HS256", SECRET);
const refresher = new Refresher({ confirmation: "wired", withinSeconds: 60, signing: [1, SECRET] });
const beginning = refresher.beginSession("login", "ada", { client: "web", userVer: 0, now: NOW });
const holders = {
  Key: known,
  KeyVault: new KeyVault(SECRET),
  Minted: minted({ signer: tokenSigner, claims: { scope: "a" } }),
  RemoteVerifier: new RemoteVerifier(tokenPolicy(), new KeyFetcher("https://login.example", "https://a.example/keys")),
  Refreshed: beginning.run(new Memory({ now: NOW })),
  Refresher: refresher,
  Signer: new Signer(known),
  TokenKey: tokenSigner.key,
  TokenKeys: new TokenKeys([tokenSigner.key]),
  TokenMinter: new TokenMinter(tokenSigner, tokenPolicy()),
  TokenRing: new TokenRing("a", SECRET),
  TokenSigner: tokenSigner,
  TokenVerifier: new TokenVerifier(tokenPolicy(), [tokenSigner.key]),
  Verifier: new Verifier(new Policy([AUTHORITY]), [known], new Memory({ now: NOW })),
};
const proof = holders.TokenVerifier.verify(holders.Minted.token, { now: NOW });
const others = {
  AdmittedJob: jobs().verify(signedJob(live()), TokenKeys.fromJwks(JWKS), { now: NOW }),
  Authorized: new Requirement(["a"]).check(proof, { now: NOW }),
  KeyFetcher: new KeyFetcher("a", "https://a.example/keys"),
  LiveToken: new Standing("a", { anySubject: true }).begin(proof, { now: NOW }).run(new Memory({ now: NOW })),
  Memory: new Memory({ now: NOW }),
  OidcPolicy: jobs(),
  Policy: new Policy([AUTHORITY]),
  Requirement: new Requirement(["a"]),
  Standing: new Standing("a"),
  Ring: new Ring({ now: NOW, seed: SECRET.subarray(0, 16) }),
  TokenPolicy: tokenPolicy(),
  VerifiedToken: proof,
  Verified: verifier().verify(signed(), { now: NOW }),
  Waiting: holders.KeyVault.save("worker-7", SECRET),
};

/** All forms in which the secret could show. */
function assertSecretless(text) {
  const bytes = [SECRET, Buffer.from(SECRET.toString("hex")), Buffer.from(SECRET.toString("base64"))];
  for (const form of [...bytes, Buffer.from([...SECRET].join(",")), Buffer.from([...SECRET].join(", "))]) {
    assert(!Buffer.from(text).includes(form.subarray(0, 16)));
  }
}

for (const [name, holder] of Object.entries({ ...holders, ...others })) {
  test(`b13_a01_${name}_shows_no_secret`, () => {
    const options = { depth: 20, showHidden: true, getters: true, customInspect: false };
    for (const text of [
      inspect(holder),
      inspect(holder, options),
      `${holder}`,
      inspect({ holder }, { showProxy: true }),
    ]) {
      assertSecretless(text);
    }
    for (const member of Reflect.ownKeys(holder)) assert.fail(`${name} has a member of its own: ${String(member)}`);
    const copies = [structuredClone(holder), deserialize(serialize(holder)), { ...holder }, Object.assign({}, holder)];
    for (const copy of copies) assert.deepEqual(copy, {});
  });
}

for (const [name, holder] of Object.entries(holders)) {
  test(`b13_${name}_has_no_JSON`, () => {
    refused("binding_secret_copied", () => JSON.stringify(holder));
    refused("binding_secret_copied", () => JSON.stringify({ deep: [holder] }));
  });
}

test("b13_keys_and_signers_are_shown_by_the_id_of_their_key", () => {
  assert.equal(inspect(holders.Key), "<Key worker-7>");
  assert.equal(inspect(holders.Signer), "<Signer worker-7>");
  assert.equal(inspect(holders.Verifier), "<Verifier of 1 keys>");
  assert.deepEqual(
    [known.id, known.since, known.until, known.scope, known.revoked],
    ["worker-7", NOW, null, "", false],
  );
});

test("b13_a_token_is_in_no_text_of_what_minted_or_verified_it", () => {
  const { token } = holders.Minted;
  for (const holder of [holders.Minted, holders.TokenVerifier, others.Authorized, others.LiveToken, proof]) {
    // Whoever asks for what getters give, gets it.
    for (const getters of [true, false]) {
      const shown = inspect({ holder }, { depth: 20, showHidden: true, getters, customInspect: getters });
      assert(!shown.includes(token.slice(0, 16)) && !shown.includes(token.split(".")[2]));
    }
  }
  for (const one of [others.Authorized, others.LiveToken, proof]) assert(!JSON.stringify(one).includes("user-7"));
  assert.equal(inspect(holders.Minted), `<Minted until ${NOW + 900_000}>`);
  assert.equal(inspect(holders.TokenKey), "<TokenKey login-1 HS256>");
  assert.equal(inspect(holders.TokenKeys), "<TokenKeys of 1>");
  assert.equal(inspect(holders.TokenSigner), "<TokenSigner login-1 HS256>");
  assert.equal(inspect(holders.TokenVerifier), "<TokenVerifier of 1 keys>");
  assert.equal(inspect(others.VerifiedToken), `<VerifiedToken by login-1 until ${NOW + 900_000}>`);
});

test("a01_a_secret_that_cannot_be_is_not_in_its_error", () => {
  for (const call of [
    () => new Key("a", SECRET.subarray(0, 31)),
    () => new KeyVault(SECRET.subarray(0, 31)),
    () => TokenKey.hmac("a", "HS256", SECRET.subarray(0, 31)),
    () => TokenSigner.hmac("a", "HS256", SECRET.subarray(0, 31)),
    () => TokenSigner.private("a", SECRET),
    () => TokenSigner.private("a", `${SECRET}`),
    () => new Key(SECRET, "a"),
  ]) {
    try {
      call();
      assert.fail("accepted");
    } catch (error) {
      assert(error instanceof CountersealError);
      assertSecretless(inspect(error, { depth: 20, showHidden: true }));
    }
  }
});

test("a_secret_is_copied_so_what_becomes_of_the_buffer_does_not_matter", () => {
  const secret = Uint8Array.from(key().id === "worker-7" ? [...Array(32).keys()] : []);
  const signer = new Signer(new Key("worker-7", secret, { since: NOW }));
  secret.fill(0);
  assert.equal(verifier().verify(signed(undefined, { signer }), { now: NOW }).keyId, "worker-7");
});
