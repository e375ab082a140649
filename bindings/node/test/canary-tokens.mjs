// Tokens and their keys for `canary.mjs`: minted, verified, changed, sent, and set up with what they cannot be.

import { createHmac } from "node:crypto";
import {
  KeyFetcher,
  Requirement,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenPolicy,
  TokenSigner,
  TokenVerifier,
} from "counterseal";
import { tokenRoute } from "counterseal/next";
import { NOW } from "./support.mjs";

const ISSUER = "https://iss.example";
const HEADER = { alg: "HS256", kid: "k1", typ: "at+jwt" };
const at = { now: NOW };

/** The secret of an HMAC, the private part of a pair, a claim of a genuine token, and what strangers send. */
export async function tellTokens({ tell, refuse, answer, texts }, [key, secret, claim, junk]) {
  const policy = new TokenPolicy("access", { issuer: ISSUER, audience: "api" });
  const signers = [TokenSigner.hmac("k1", "HS256", Buffer.from(key)), TokenSigner.private("k2", pem(secret))];
  const keys = signers.map((signer) => signer.key);
  const verifier = new TokenVerifier(policy, keys);
  const fetcher = new KeyFetcher(ISSUER, `${ISSUER}/keys`, at);
  tell(policy, ...signers, ...keys, new TokenKeys(keys), verifier, fetcher);
  const tokens = [junk, `${junk}.${junk}.${junk}`, ...signed(key, claim, junk)];
  for (const signer of signers) {
    const minter = new TokenMinter(signer, policy);
    const minted = minter.mint("user-7", { lifeSeconds: 300, claims: { x: claim, scope: junk }, ...at });
    tell(minter);
    refuse(() => new Requirement(["a:b"]).check(verifier.verify(minted.token, at), at));
    tokens.push(minted.token, `${minted.token}AA`, minted.token.replace(".ey", ".eyJ4"));
  }
  const settings = { clock: () => NOW, onEvent: (event) => texts.push(event), requirement: new Requirement(["a:b"]) };
  const route = tokenRoute(verifier, () => new Response("done"), settings);
  for (const token of tokens) {
    for (const now of [NOW, NOW + 3_600_000]) refuse(() => verifier.verify(token, { now }).keyId);
    for (const authorization of [`Bearer ${token}`, `Basic ${token}`, `Bearer ${token}!`])
      await answer(await route(new Request("https://api.example/", { headers: { authorization } }), {}));
  }
  setups(refuse, policy, junk);
}

/** Tokens that are signed, with what nobody asked for in each place. */
function signed(key, claim, junk) {
  const times = { iat: NOW / 1000, exp: NOW / 1000 + 60 };
  const claims = { iss: ISSUER, sub: "user-7", aud: "api", jti: "a", x: claim, ...times };
  const headers = ["kid", "alg", "typ", junk].map((name) => ({ ...HEADER, [name]: junk }));
  const payloads = ["iss", "aud", "exp", "iat", "cnf", "user_ver"].map((name) => ({ ...claims, [name]: junk }));
  payloads.push({ ...claims, sub: [junk] }, { ...claims, jti: junk.repeat(10) });
  const texts = [...payloads.map((payload) => JSON.stringify(payload)), `${junk}{}`, `{"${junk}":1,"${junk}":2}`];
  const ofHeaders = headers.map((header) => sign(key, header, JSON.stringify(claims)));
  return [...ofHeaders, ...texts.map((text) => sign(key, HEADER, text))];
}

function sign(key, header, payload) {
  const parts = [JSON.stringify(header), payload].map((part) => Buffer.from(part).toString("base64url"));
  return [...parts, createHmac("sha256", key).update(parts.join(".")).digest("base64url")].join(".");
}

/** What is no key, no policy and no claim. */
function setups(refuse, policy, junk) {
  const secret = Buffer.from(junk);
  const jwk = JSON.stringify({ kty: "oct", alg: "HS256", kid: "a", k: junk, d: junk });
  const other = JSON.stringify({ kty: junk, alg: "EdDSA", kid: junk, x: junk });
  const minter = new TokenMinter(TokenSigner.hmac("k1", "HS256", secret), policy);
  for (const wrong of [
    () => TokenKey.hmac("a", "HS384", secret.subarray(0, 47)),
    () => TokenKey.hmac("a", "HS256", secret.subarray(0, 31)),
    () => TokenKey.hmac("a", junk, secret),
    () => TokenKey.hmac(`${junk} `, "HS256", secret),
    () => TokenKey.public("a", "ES256", junk),
    () => TokenSigner.private("a", junk),
    () => TokenKey.fromJwk(junk),
    () => TokenKey.fromJwk(jwk),
    () => TokenKey.fromJwk(other),
    () => TokenKeys.fromJwks(`{"keys":[${jwk}]}`),
    () => TokenKeys.fromJwks(`{"keys":[${other}]}`),
    () => new TokenPolicy("access", { issuer: junk.repeat(20), audience: "api" }),
    () => new TokenPolicy("access", { issuer: ISSUER, audience: junk.repeat(20) }),
    () => new TokenPolicy("access", { issuer: ISSUER, audience: "api", typ: `${junk} ` }),
    () => new TokenPolicy(junk, { issuer: ISSUER, audience: "api" }),
    () => new KeyFetcher(ISSUER, `http://${junk}/`, at),
    () => minter.mint(junk.repeat(10), { lifeSeconds: 60, ...at }),
    () => minter.mint("user-7", { lifeSeconds: 60, claims: { iss: junk }, ...at }),
    () => new Requirement([`${junk} `]),
  ])
    refuse(wrong);
}

/** A key of Ed25519 whose private part is the middle of the text (RFC 8410 section 7). */
function pem(text) {
  const der = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.from(text).subarray(8, 40),
  ]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}
