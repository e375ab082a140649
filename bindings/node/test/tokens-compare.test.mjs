// What the columns about Node of the table of tokens in docs/compare.md say, shown on the released packages. Each is told the
// issuer, the audience and the algorithm, and nothing else.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CountersealError, TokenKey, TokenPolicy, TokenVerifier } from "counterseal";
import * as fast from "fast-jwt";
import * as jose from "jose";
import jsonwebtoken from "jsonwebtoken";
import { ROOT, versionOf } from "./support.mjs";

const MADE = JSON.parse(readFileSync(join(ROOT, "proofs/beside/tokens.json"), "utf8"));
const PAGE = readFileSync(join(ROOT, "docs/compare.md"), "utf8");
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const issuer = "https://iss.example";
const audience = "api";
const algorithms = ["HS256"];

/** How each library looks at a token, and which errors are its own. */
const LIBRARIES = {
  jsonwebtoken: {
    look: (token, secret) => jsonwebtoken.verify(token, secret, { algorithms, issuer, audience }),
    own: (error) => error instanceof jsonwebtoken.JsonWebTokenError,
  },
  jose: {
    look: (token, secret) => jose.jwtVerify(token, secret, { algorithms, issuer, audience }),
    own: (error) => error instanceof jose.errors.JOSEError,
  },
  "fast-jwt": {
    look: (token, key) => fast.createVerifier({ key, algorithms, allowedIss: issuer, allowedAud: audience })(token),
    own: (error) => error instanceof fast.TokenError,
  },
};

function ours(token, secret) {
  const policy = new TokenPolicy("access", { issuer, audience });
  return new TokenVerifier(policy, [TokenKey.hmac("k1", "HS256", secret)]).verify(token);
}

/** What the page says of a library, by row. */
function column(library) {
  const table = PAGE.split("<!-- tokens -->")[1].split("<!-- / -->")[0];
  const lines = table.split("\n").filter((line) => line.startsWith("| "));
  const cells = lines.map((line) => line.slice(2, -2).split(" | "));
  const at = cells[0].indexOf(library);
  assert.notEqual(at, -1, library);
  return Object.fromEntries(cells.slice(1).map((line) => [line[0], line[at]]));
}

async function measured(look, isOwn) {
  const found = {};
  for (const row of MADE.rows) {
    const secret = Buffer.from(row.secret ?? MADE.secret, "hex");
    try {
      await look(tokenOf(row, secret), secret);
      found[row.row] = "accepted";
    } catch (error) {
      if (error instanceof CountersealError) found[row.row] = `\`${error.code}\``;
      else found[row.row] = isOwn(error) ? "refused" : `\`${error.name}\``;
    }
  }
  return found;
}

function tokenOf(row, secret) {
  const header = written({ ...MADE.header, ...row.header }, "");
  const claims = written({ ...MADE.claims, ...row.claims }, row.more ?? "");
  const signed = [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".");
  const signature = createHmac("sha256", secret).update(signed).digest("base64url");
  if (row.signature !== "~") return `${signed}.${signature}${row.signature ?? ""}`;
  return `${signed}.${signature.slice(0, -1)}${LETTERS[LETTERS.indexOf(signature.at(-1)) + 1]}`;
}

/** An object of members that are JSON already. */
function written(members, more) {
  const now = Math.floor(Date.now() / 1000);
  const listed = Object.entries(members).filter(([, value]) => value !== null);
  const text = `{${listed.map(([name, value]) => `"${name}":${value}`).join(",")}${more}}`;
  return text
    .replace(/\$([+-]\d+)/g, (_, number) => `${now + Number(number)}`)
    .replace(/@(\d+)/g, (_, number) => "a".repeat(Number(number)));
}

for (const [library, { look, own }] of Object.entries(LIBRARIES)) {
  test(`the_column_of_${library}_says_what_the_released_package_does`, async () => {
    const named = library === "jsonwebtoken" ? " (npm)" : "";
    assert.deepEqual(await measured(look, own), column(`\`${library}\` ${versionOf(library)}${named}`));
  });
}

test("our_column_says_what_we_do", async () => {
  assert.deepEqual(await measured(ours, () => false), column("Counterseal"));
});
