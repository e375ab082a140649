// The pages docs/migrate about libraries of Node: their code is run, and their tables of errors are shown.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TokenError, TokenKey, TokenPolicy, TokenVerifier } from "counterseal";
import { createVerifier } from "fast-jwt";
import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";
import { ROOT, versionOf } from "./support.mjs";

const secret = Buffer.alloc(32, 7);
const [issuer, audience, algorithms] = ["https://iss.example", "api", ["HS256"]];
const AsyncFunction = (async () => {}).constructor;

/** Each library: its page, how it looks at a token, and how its page names an error. */
const LIBRARIES = {
  jsonwebtoken: {
    page: "jsonwebtoken-npm.md",
    look: (token) => jsonwebtoken.verify(token, secret, { algorithms, issuer, audience }),
    name: (error) => error.message.replace(/\. expected: .*/, ""),
  },
  jose: {
    page: "jose.md",
    look: (token) => jose.jwtVerify(token, secret, { algorithms, issuer, audience }),
    name: (error) => error.code,
  },
  "fast-jwt": {
    page: "fast-jwt.md",
    look: createVerifier({ key: secret, algorithms, allowedIss: issuer, allowedAud: audience }),
    name: (error) => error.code,
  },
};

/** What goes wrong with tokens every day. */
const WRONG = [
  { exp: -100 },
  { nbf: 3_600 },
  { aud: "other" },
  { aud: undefined },
  { iss: "https://evil.example" },
  { iss: undefined },
  { alg: "HS512" },
  { payload: "{" },
  { signature: "AAAA" },
  { signature: "!" },
];

function tokenOf({ alg = "HS256", payload, signature = "", ...changes }) {
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now - 60, exp: now + 600, nbf: now - 60 };
  for (const name of ["exp", "nbf"]) if (name in changes) changes[name] += now;
  const claims = { iss: issuer, aud: audience, sub: "user-7", jti: "id-1", ...times, ...changes };
  const parts = [JSON.stringify({ alg, kid: "k1", typ: "at+jwt" }), payload ?? JSON.stringify(claims)];
  const signed = parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}${signature}`;
}

/** What a library throws over a token, if it does. */
async function failure(look, token) {
  try {
    await look(token);
  } catch (error) {
    return error;
  }
}

/** A page's code with its imports as calls, so that it runs from here. */
function code(page) {
  const blocks = [...page.matchAll(/```js\n(.*?)```/gs)].map((found) => found[1]);
  assert.equal(blocks.length, 6);
  return blocks
    .join("\n")
    .replace(/^import \* as (\w+) from "(.*)";$/gm, 'const $1 = await load("$2");')
    .replace(/^import (\{.*\}) from "(.*)";$/gm, 'const $1 = await load("$2");')
    .replace(/^import (\w+) from "(.*)";$/gm, 'const { default: $1 } = await load("$2");');
}

function keys() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = JSON.stringify({ ...publicKey.export({ format: "jwk" }), alg: "ES256", kid: "login-2" });
  const publicPem = publicKey.export({ type: "spki", format: "pem" });
  const privatePem = privateKey.export({ type: "pkcs8", format: "pem" });
  return { publicPem, privatePem, jwk, jwks: `{"keys":[${jwk}]}` };
}

for (const [library, { page: name, look, name: named }] of Object.entries(LIBRARIES)) {
  const page = readFileSync(join(ROOT, "docs/migrate", name), "utf8");

  test(`the_code_of_the_page_about_${library}_runs`, async () => {
    assert.ok(page.includes(`\n${library} ${versionOf(library)}.`));
    const given = { assert, load: (from) => import(from), ...keys() };
    await new AsyncFunction(...Object.keys(given), code(page))(...Object.values(given));
  });

  test(`the_errors_of_the_page_about_${library}_are_those_of_the_library`, async () => {
    const verifier = new TokenVerifier(new TokenPolicy("access", { issuer, audience }), [
      TokenKey.hmac("k1", "HS256", secret),
    ]);
    const found = new Set();
    for (const wrong of WRONG) {
      const token = tokenOf(wrong);
      const theirs = await failure(look, token);
      const ours = await failure((text) => verifier.verify(text), token);
      assert.ok(ours instanceof TokenError, ours);
      if (theirs) found.add(`| \`${named(theirs)}\` | \`${ours.code}\` |`);
    }
    const rows = page
      .split("## Errors")[1]
      .split("\n")
      .filter((line) => /^\| `.*` \|$/.test(line));
    assert.deepEqual([...found].sort(), rows.sort());
  });
}
