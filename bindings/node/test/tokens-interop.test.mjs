// Tokens of other libraries, both ways: what they mint is verified here, and what is minted here there.

import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { TokenKey, TokenKeys, TokenMinter, TokenSigner, TokenVerifier } from "counterseal";
import * as fast from "fast-jwt";
import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";
import { refused, SECRET, tokenPolicy } from "./support.mjs";

const WIDE = Buffer.concat([SECRET, SECRET]);
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KEYS = {
  HS256: Buffer.from(SECRET),
  HS384: WIDE,
  HS512: WIDE,
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  EdDSA: generateKeyPairSync("ed25519").privateKey,
  RS256: RSA.privateKey,
  PS256: RSA.privateKey,
};
const POLICY = tokenPolicy();
const { issuer } = POLICY;
const audience = "orders";
const SAID = { scope: "a b", n: [1, { é: null }] };

function isSecret(key) {
  return Buffer.isBuffer(key);
}

function pem(key) {
  return key.export({ type: "pkcs8", format: "pem" });
}

function publicPem(key) {
  return createPublicKey(key).export({ type: "spki", format: "pem" });
}

/** The claims that every token has, now: none of those libraries is told what time it is. */
function claims() {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: audience, sub: "user-7", iat: now, exp: now + 60, jti: "t-1", ...SAID };
}

/** Each library: how it mints, and how it verifies and gives the claims. */
const LIBRARIES = {
  jose: {
    mint: (alg, key) => new jose.SignJWT(claims()).setProtectedHeader({ alg, typ: "at+jwt", kid: "a" }).sign(key),
    verify: async (token, alg, key) => {
      const options = { issuer, audience, typ: "at+jwt", algorithms: [alg] };
      return (await jose.jwtVerify(token, isSecret(key) ? key : createPublicKey(key), options)).payload;
    },
  },
  "fast-jwt": {
    mint: (algorithm, key) => {
      const options = { algorithm, key: isSecret(key) ? key : pem(key), kid: "a", header: { typ: "at+jwt" } };
      return fast.createSigner(options)(claims());
    },
    verify: (token, alg, key) => {
      const options = { algorithms: [alg], allowedIss: issuer, allowedAud: audience };
      return fast.createVerifier({ ...options, key: isSecret(key) ? key : publicPem(key) })(token);
    },
  },
  jsonwebtoken: {
    lacks: ["EdDSA"],
    mint: (algorithm, key) =>
      jsonwebtoken.sign(claims(), key, { algorithm, keyid: "a", header: { alg: algorithm, typ: "at+jwt" } }),
    verify: (token, alg, key) =>
      jsonwebtoken.verify(token, isSecret(key) ? key : publicPem(key), { algorithms: [alg], issuer, audience }),
  },
};

function keyOf(algorithm, key) {
  return isSecret(key) ? TokenKey.hmac("a", algorithm, key) : TokenKey.public("a", algorithm, publicPem(key));
}

function signerOf(algorithm, key) {
  return isSecret(key) ? TokenSigner.hmac("a", algorithm, key) : TokenSigner.private("a", pem(key));
}

for (const [library, { mint, verify, lacks = [] }] of Object.entries(LIBRARIES)) {
  for (const [algorithm, key] of Object.entries(KEYS).filter(([name]) => !lacks.includes(name))) {
    test(`what_${library}_mints_by_${algorithm}_is_verified_here`, async () => {
      const token = await mint(algorithm, key);
      const verified = new TokenVerifier(POLICY, [keyOf(algorithm, key)]).verify(token);
      assert.deepEqual([verified.subject, verified.id, verified.keyId], ["user-7", "t-1", "a"]);
      assert.deepEqual([verified.claims.scope, verified.claims.n], [SAID.scope, SAID.n]);
      const [head, payload, signature] = token.split(".");
      const changed = Buffer.from(signature, "base64url");
      changed[0] ^= 1;
      const forged = [head, payload, changed.toString("base64url")].join(".");
      refused("jwt_signature", () => new TokenVerifier(POLICY, [keyOf(algorithm, key)]).verify(forged));
    });
    if (algorithm.startsWith("RS") || algorithm.startsWith("PS")) continue;
    test(`what_is_minted_here_by_${algorithm}_${library}_verifies`, async () => {
      const minter = new TokenMinter(signerOf(algorithm, key), POLICY);
      const { token } = minter.mint("user-7", { lifeSeconds: 60, claims: SAID });
      const found = await verify(token, algorithm, key);
      assert.deepEqual([found.sub, found.iss, found.aud, found.scope], ["user-7", issuer, audience, SAID.scope]);
      assert.deepEqual(found.n, SAID.n);
      await assert.rejects(async () => verify(`${token.slice(0, -8)}AAAAAAAA`, algorithm, key));
    });
  }
}

test("a_set_of_keys_that_jose_writes_is_read_here", async () => {
  const names = ["ES256", "ES384", "EdDSA", "RS256"];
  const jwks = await Promise.all(
    names.map(async (alg) => ({ ...(await jose.exportJWK(createPublicKey(KEYS[alg]))), alg, kid: alg, use: "sig" })),
  );
  const verifier = new TokenVerifier(POLICY, TokenKeys.fromJwks(JSON.stringify({ keys: jwks })));
  assert.deepEqual(verifier.keyIds.toSorted(), names.toSorted());
  for (const alg of names) {
    const header = { alg, typ: "at+jwt", kid: alg };
    const token = await new jose.SignJWT(claims()).setProtectedHeader(header).sign(KEYS[alg]);
    assert.equal(verifier.verify(token).keyId, alg);
  }
});

test("what_other_libraries_take_unless_they_are_told_is_refused_here", async () => {
  const verifier = new TokenVerifier(POLICY, [keyOf("ES256", KEYS.ES256)]);
  const none = jsonwebtoken.sign(claims(), null, {
    algorithm: "none",
    keyid: "a",
    header: { alg: "none", typ: "at+jwt" },
  });
  refused("jwt_algorithm", () => verifier.verify(none));
  // The public key as the secret of an HMAC.
  const confused = await new jose.SignJWT(claims())
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "a" })
    .sign(Buffer.from(publicPem(KEYS.ES256)));
  refused("jwt_algorithm", () => verifier.verify(confused));
  const { exp: _, ...endless } = claims();
  const sign = fast.createSigner({ algorithm: "ES256", key: pem(KEYS.ES256), kid: "a", header: { typ: "at+jwt" } });
  refused("jwt_claim_missing", () => verifier.verify(sign(endless)));
  refused("jwt_lifetime", () => verifier.verify(sign({ ...claims(), exp: claims().iat + 86_400 })));
  const idToken = fast.createSigner({ algorithm: "ES256", key: pem(KEYS.ES256), kid: "a" })(claims());
  refused("jwt_type", () => verifier.verify(idToken));
});
