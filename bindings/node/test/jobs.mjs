// Tokens of jobs, shaped as the live issuer of GitHub writes them. All values are made up.

import { generateKeyPairSync, sign } from "node:crypto";
import { OidcPolicy } from "counterseal";
import { NOW } from "./support.mjs";

export const AUDIENCE = "https://deploy.example";
export const GITHUB = "https://token.actions.githubusercontent.com";
export const FILE = "octo-org/octo-repo/.github/workflows/deploy.yml";
export const COMMIT = "5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** What the issuer publishes. */
export const JWKS = JSON.stringify({
  keys: [{ ...pair.publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "gh-1" }],
});

/** The claims of a push to main, deployed to production; a change to undefined takes one away. */
export function live(changes = {}) {
  const now = NOW / 1_000;
  return {
    actor: "octocat",
    actor_id: "12",
    aud: AUDIENCE,
    base_ref: "",
    check_run_id: "46180044111",
    environment: "production",
    environment_node_id: "EN_kwDOAAAASs4AAAAB",
    event_name: "push",
    exp: now + 21_600,
    head_ref: "",
    iat: now,
    iss: GITHUB,
    job_workflow_ref: `${FILE}@refs/heads/main`,
    job_workflow_sha: COMMIT,
    jti: "b1c2d3e4-0011-2233-4455-66778899aabb",
    nbf: now - 300,
    ref: "refs/heads/main",
    ref_protected: "true",
    ref_type: "branch",
    repository: "octo-org/octo-repo",
    repository_id: "74",
    repository_owner: "octo-org",
    repository_owner_id: "65",
    repository_visibility: "private",
    run_attempt: "1",
    run_id: "16202030405",
    run_number: "10",
    runner_environment: "github-hosted",
    sha: COMMIT,
    sub: "repo:octo-org/octo-repo:environment:production",
    workflow: "deploy",
    workflow_ref: `${FILE}@refs/heads/main`,
    workflow_sha: COMMIT,
    ...changes,
  };
}

/** These claims, signed with the header that the live issuer writes. */
export function signedJob(claims) {
  const header = { typ: "JWT", alg: "RS256", x5t: "nfrCbIp3mYw3", kid: "gh-1" };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), pair.privateKey).toString("base64url")}`;
}

/** A rule for jobs of main. */
export function main(more = {}) {
  return { name: "main", repository: { id: 74, ownerId: 65 }, refs: ["refs/heads/main"], ...more };
}

/** A policy of these rules, or of the one for jobs of main. */
export function jobs(rules = [main()], options = undefined) {
  return OidcPolicy.github(AUDIENCE, rules, options);
}
