// The operations of the room `jwt`, for run-vectors.mjs.

import { bearer, TokenKey, TokenKeys, TokenMinter, TokenPolicy, TokenSigner, TokenVerifier } from "counterseal";

export const TOKEN_OPERATIONS = {
  "jwt/bearer": bearerOf,
  "jwt/keys": keys,
  "jwt/mint": mint,
  "jwt/verify": verify,
};

function verify({ policy, input: { token, keys, ...rest }, now }) {
  const verifier = new TokenVerifier(policyOf(policy), keysOf(keys), { cache: 0 });
  const verified = verifier.verify(token, { ...shown(rest), now });
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
