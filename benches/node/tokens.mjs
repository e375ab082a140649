// Minting and verifying tokens from Node, against the signature alone, fast-jwt, jose and jsonwebtoken.
//
// All have the same key objects, parsed before, and check algorithm, type, issuer, audience and times (jsonwebtoken no type).
// The same claims are read of each, as its users read them: `sub`, `jti`, `sid`, `user_ver` and `exp`. The peers have parsed the
// payload into an object for that, in which further claims stand too. Counterseal gives what it has checked, and parses for those
// who ask for further claims: `counterseal_claims` is the same with `scope` instead, out of that object, which is frozen.
// Counterseal demands an id as well, draws its own seed, and reads the clock, as its users do.

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { TokenKey, TokenMinter, TokenPolicy, TokenSigner, TokenVerifier } from "counterseal";
import fast from "fast-jwt";
import { jwtVerify, SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { Bench } from "./harness.mjs";

const SECRET = Buffer.alloc(32, 7);
const ISSUER = "https://issuer.example";
const KEY_ID = "key-2026-11";
const POLICY = new TokenPolicy("access", { issuer: ISSUER, audience: "api" });
const PEM = { format: "pem" };
const PAIRS = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: generateKeyPairSync("ed25519"),
  RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const CUSTOM = { scope: "orders:read orders:write profile:read" };

/** What a token says, 10 claims and a scope, for 15 minutes from now on. */
function claims() {
  const now = Math.floor(Date.now() / 1_000);
  return {
    iss: ISSUER,
    sub: "user-7f3a9c1e",
    aud: "api",
    iat: now,
    nbf: now,
    exp: now + 900,
    jti: "CQkJCQkJCQkJCQkJCQkJCQ",
    user_ver: 17,
    akid: "key-4f1c2d3e",
    sid: "session-8a7b6c5d",
    ...CUSTOM,
  };
}

/** The key objects of Node, and the PEM texts of those who want them so. */
function keysOf(algorithm) {
  if (algorithm === "HS256") {
    const secret = createSecretKey(SECRET);
    return { signs: secret, verifies: secret, signsText: SECRET, verifiesText: SECRET };
  }
  const { privateKey, publicKey } = PAIRS[algorithm];
  const signsText = privateKey.export({ type: "pkcs8", ...PEM });
  const verifiesText = publicKey.export({ type: "spki", ...PEM });
  return { signs: createPrivateKey(signsText), verifies: createPublicKey(verifiesText), signsText, verifiesText };
}

/** What signs and verifies here. */
function ours(algorithm) {
  if (algorithm === "HS256")
    return { signer: TokenSigner.hmac(KEY_ID, algorithm, SECRET), key: TokenKey.hmac(KEY_ID, algorithm, SECRET) };
  const { signsText, verifiesText } = keysOf(algorithm);
  const signer = algorithm === "RS256" ? undefined : TokenSigner.private(KEY_ID, signsText);
  return { signer, key: TokenKey.public(KEY_ID, algorithm, verifiesText) };
}

/** The signature of these bytes by Node, in the form that JWS has. */
function rawSign(algorithm, { signs }) {
  if (algorithm === "HS256") return (bytes) => createHmac("sha256", signs).update(bytes).digest();
  const key = algorithm === "ES256" ? { key: signs, dsaEncoding: "ieee-p1363" } : signs;
  return (bytes) => sign(algorithm === "EdDSA" ? null : "sha256", bytes, key);
}

function rawVerify(algorithm, keys) {
  const made = rawSign(algorithm, keys);
  if (algorithm === "HS256") return (bytes, signature) => timingSafeEqual(made(bytes), signature);
  const key = algorithm === "ES256" ? { key: keys.verifies, dsaEncoding: "ieee-p1363" } : keys.verifies;
  return (bytes, signature) => verify(algorithm === "EdDSA" ? null : "sha256", bytes, key, signature);
}

/** A token by Node alone, and its parts. */
function made(algorithm, keys) {
  const parts = [{ alg: algorithm, kid: KEY_ID, typ: "at+jwt" }, claims()];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = rawSign(algorithm, keys)(Buffer.from(signed));
  return { token: `${signed}.${signature.toString("base64url")}`, signed: Buffer.from(signed), signature };
}

/** What a handler reads. */
function read({ sub, jti, sid, user_ver: version, exp }) {
  if (sub.length + jti.length + sid.length + version !== 68 || exp < 0) throw new Error("it is read");
}

/** The same, of a proof. */
function readProof({ subject, id, session, userVer, expires }) {
  if (subject.length + id.length + session.length + userVer !== 68 || expires < 0) throw new Error("it is read");
}

function readScope({ scope }) {
  if (scope.length !== CUSTOM.scope.length) throw new Error("it is read");
}

function fastVerifier(algorithm, keys, cache) {
  return fast.createVerifier({
    key: keys.verifiesText,
    algorithms: [algorithm],
    allowedIss: ISSUER,
    allowedAud: "api",
    checkTyp: "at+jwt",
    cache,
  });
}

function verifying(name, algorithm) {
  const keys = keysOf(algorithm);
  const { token, signed, signature } = made(algorithm, keys);
  const [verifier, raw] = [new TokenVerifier(POLICY, [ours(algorithm).key], { cache: 0 }), rawVerify(algorithm, keys)];
  const peer = fastVerifier(algorithm, keys, false);
  const options = { algorithms: [algorithm], issuer: ISSUER, audience: "api" };
  const size = token.length;
  const bench = new Bench(name)
    .item("floor", size, () => {
      if (!raw(signed, signature)) throw new Error("it verifies");
    })
    .item("counterseal", size, () => readProof(verifier.verify(token)))
    .item("counterseal_claims", size, () => readScope(verifier.verify(token).claims))
    .item("fast_jwt", size, () => read(peer(token)))
    .waited("jose", size, async () =>
      read((await jwtVerify(token, keys.verifies, { ...options, typ: "at+jwt" })).payload),
    );
  // It knows no Ed25519.
  if (algorithm !== "EdDSA")
    bench.item("jsonwebtoken", size, () => read(jsonwebtoken.verify(token, keys.verifies, options)));
  return bench;
}

function encoding(name, algorithm) {
  const keys = keysOf(algorithm);
  const { token, signed } = made(algorithm, keys);
  const [minter, raw] = [new TokenMinter(ours(algorithm).signer, POLICY), rawSign(algorithm, keys)];
  const peer = fast.createSigner({ key: keys.signsText, algorithm, kid: KEY_ID, header: { typ: "at+jwt" } });
  const header = { alg: algorithm, kid: KEY_ID, typ: "at+jwt" };
  const said = {
    lifeSeconds: 900,
    userVer: 17,
    accessKey: "key-4f1c2d3e",
    session: "session-8a7b6c5d",
    claims: CUSTOM,
  };
  const size = token.length;
  const bench = new Bench(name)
    .item("floor", size, () => raw(signed))
    .item("counterseal", size, () => minter.mint("user-7f3a9c1e", said).token)
    .item("fast_jwt", size, () => peer(claims()))
    .waited("jose", size, () => new SignJWT(claims()).setProtectedHeader(header).sign(keys.signs));
  if (algorithm !== "EdDSA")
    bench.item("jsonwebtoken", size, () => jsonwebtoken.sign(claims(), keys.signs, { algorithm, header }));
  return bench;
}

/** A token that was verified before. The floor is a map alone; fast-jwt is the one peer that keeps what it verified. */
function cached() {
  const keys = keysOf("HS256");
  const { token } = made("HS256", keys);
  const [verifier, peer] = [new TokenVerifier(POLICY, [ours("HS256").key]), fastVerifier("HS256", keys, true)];
  const known = new Map([[token, verifier.verify(token)]]);
  return new Bench("node_jwt_cached")
    .item("floor", token.length, () => known.get(token))
    .item("counterseal", token.length, () => readProof(verifier.verify(token)))
    .item("counterseal_claims", token.length, () => readScope(verifier.verify(token).claims))
    .item("fast_jwt", token.length, () => read(peer(token)));
}

const ALGORITHMS = { hs256: "HS256", es256: "ES256", eddsa: "EdDSA", rs256: "RS256" };

/** Each bench by its name. */
export const tokens = { node_jwt_cached: cached };
for (const [short, algorithm] of Object.entries(ALGORITHMS)) {
  tokens[`node_jwt_verify_${short}`] = () => verifying(`node_jwt_verify_${short}`, algorithm);
  if (short !== "rs256") tokens[`node_jwt_encode_${short}`] = () => encoding(`node_jwt_encode_${short}`, algorithm);
}
