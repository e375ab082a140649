// Rows O17 and O19 of the catalogue: which genuine tokens of CI systems and of other issuers are admitted.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import {
  AdmittedJob,
  CountersealError,
  KeyFetcher,
  OidcPolicy,
  OidcVerifier,
  Requirement,
  TokenKeys,
  TokenMinter,
} from "counterseal";
import { AUDIENCE, COMMIT, FILE, GITHUB, JWKS, jobs, live, main, signedJob } from "./jobs.mjs";
import { NOW, refused, rejected, tokenPolicy, tokenSigner, tokenVerifier } from "./support.mjs";

const AT = { now: NOW };
const KEYS = TokenKeys.fromJwks(JWKS);
const HOUR = 3_600_000;
const IDS = { repository: { id: 74, ownerId: 65 } };

/** The rule that admits the live token with these changes; or the rule that came nearest, and the claim. */
function judged(policy, changes) {
  try {
    return policy.verify(signedJob(live(changes)), KEYS, AT).rule;
  } catch (error) {
    if (!(error instanceof CountersealError)) throw error;
    if (error.code !== "jwt_oidc_denied") return error.code;
    assert.deepEqual([error.http, error.public, error.blame], [403, "access_denied", "peer"]);
    assert.equal(JSON.parse(error.event).event, "jwt_oidc_denied");
    return `${error.detail.rule ?? "-"} ${error.detail.claim}`;
  }
}

test("a_live_token_is_admitted_by_a_rule_that_says_all_of_it", () => {
  const rule = main({
    repositoryNames: ["octo-org/octo-repo"],
    events: ["push"],
    onlyProtected: true,
    workflow: `${FILE}@refs/heads/main`,
    calledWorkflow: `${FILE}@${COMMIT}`,
    environments: ["production"],
    runners: ["github-hosted"],
  });
  const job = jobs([rule]).verify(signedJob(live()), KEYS, AT);
  assert(job instanceof AdmittedJob);
  assert.deepEqual([job.rule, job.until, job.token.expires], ["main", NOW + 6 * HOUR, NOW + 6 * HOUR]);
  assert.equal(job.token.subject, "repo:octo-org/octo-repo:environment:production");
  assert.equal(job.token.claims.run_id, "16202030405");
  refused("binding_argument_type", () => new AdmittedJob());
  refused("binding_argument_type", () => new OidcPolicy());
});

for (const [claim, changes] of Object.entries({
  repository_owner_id: { repository_owner_id: "66" },
  repository_id: { repository_id: "75" },
  event_name: { event_name: "pull_request_target" },
  sub: { sub: "repo:octo-org/other:environment:production" },
  ref: { ref: "refs/heads/mainly" },
  ref_protected: { ref_protected: "false" },
  runner_environment: { runner_environment: "self-hosted" },
})) {
  test(`o17_a_condition_on_${claim}_that_is_not_met_is_named_with_its_rule_and_no_value`, () => {
    const policy = jobs([main({ onlyProtected: true, runners: ["github-hosted"] })]);
    assert.equal(judged(policy, changes), `main ${claim}`);
    const error = refused("jwt_oidc_denied", () => policy.verify(signedJob(live(changes)), KEYS, AT));
    for (const value of Object.values(changes)) assert(!`${error.message} ${error.event}`.includes(value));
  });
}

test("o17_of_several_rules_the_nearest_is_named", () => {
  const other = main({ name: "other", repository: { id: 75, ownerId: 65 } });
  const tags = main({ name: "tags", refs: ["refs/tags/v*"] });
  const policy = jobs([other, tags, main({ name: "strict", runners: ["self-hosted"] })]);
  assert.equal(judged(policy), "strict runner_environment");
  assert.equal(judged(policy, { ref: "refs/tags/v1", ref_type: "tag" }), "tags");
  assert.equal(judged(policy, { ref: "refs/tags/w1", ref_type: "tag" }), "tags ref");
  assert.equal(judged(policy, { actor: undefined }), "- actor");
});

test("o19_rules_that_admit_more_than_somebody_meant_cannot_be_set_up", () => {
  for (const [code, rules] of [
    ["jwt_setup_rule_ids", [{ name: "a", anyRef: true }]],
    ["jwt_setup_rule_ids", [main({ repository: { id: 0, ownerId: 65 } })]],
    ["jwt_setup_rule_ids", [{ name: "a", repositoryNames: ["octo-org/octo-repo"], anyRef: true }]],
    ["jwt_setup_rule_open", [{ name: "a", ...IDS }]],
    ["jwt_setup_rule_open", [main({ anyRef: true })]],
    ["jwt_setup_rule_pattern", [main({ refs: ["*"] })]],
    ["jwt_setup_rule_pattern", [main({ workflow: `${FILE}@v1` })]],
    ["jwt_setup_rule", [main({ refs: [] })]],
    ["jwt_setup_rule_name", [main({ name: "a b" })]],
    ["jwt_setup_rules", [main(), main()]],
    ["jwt_setup_rules", []],
  ])
    refused(code, () => jobs(rules));
  refused("jwt_setup_window", () => jobs([main()], { maxAgeSeconds: 0 }));
  assert.equal(judged(jobs([{ name: "all", anyRepositoryOf: 65, anyRef: true }])), "all");
});

test("o17_a_token_is_genuine_for_us_and_not_over_first", () => {
  const policy = jobs();
  assert.equal(judged(policy, { aud: "https://other.example" }), "jwt_audience");
  assert.equal(judged(policy, { iss: "https://login.example" }), "jwt_issuer");
  const token = signedJob(live());
  refused("jwt_signature", () => policy.verify(`${token.slice(0, -4)}AAAA`, KEYS, AT));
  const error = refused("jwt_expired", () => policy.verify(token, KEYS, { now: NOW + 6 * HOUR }));
  assert.deepEqual([error.http, error.headers["www-authenticate"]], [401, 'Bearer error="invalid_token"']);
  const aged = jobs([main()], { maxAgeSeconds: 60 });
  refused("jwt_oidc_denied", () => aged.verify(token, KEYS, { now: NOW + 61_000 }));
});

test("what_is_minted_for_a_job_ends_with_its_token", () => {
  const [policy, signer] = [tokenPolicy("job"), tokenSigner()];
  const job = jobs().verify(signedJob(live()), KEYS, AT);
  const late = { now: job.until - 60_000 };
  const minted = new TokenMinter(signer, policy).mint(job.rule, { lifeSeconds: 3_600, until: job.until, ...late });
  assert.deepEqual([minted.expires, minted.decidedBy], [job.until, "until"]);
  assert.equal(tokenVerifier({ policy, signer }).verify(minted.token, late).expires, job.until);
});

test("a_job_grants_what_its_token_does", () => {
  const job = jobs().verify(signedJob(live({ scope: "deploy" })), KEYS, AT);
  assert.equal(new Requirement(["deploy"]).check(job, AT).token, job.token);
  refused("jwt_permission_missing", () => new Requirement(["erase"]).check(job, AT));
});

test("an_enterprise_has_an_issuer_of_its_own", () => {
  const issuer = `${GITHUB}/octocat-inc`;
  const policy = jobs([main()], { issuer });
  assert.deepEqual([policy.issuer, jobs().issuer], [issuer, GITHUB]);
  assert.deepEqual([judged(policy), judged(policy, { iss: issuer })], ["jwt_issuer", "main"]);
});

test("o17_tokens_of_any_issuer_are_admitted_by_claims", () => {
  const ci = "https://ci.example";
  const rule = {
    name: "deploy",
    equals: { project_id: ["4711"], ref_protected: ["true"] },
    has: { groups: "deployers" },
    like: { ref: ["release/*"] },
  };
  const policy = OidcPolicy.ofIssuer(ci, AUDIENCE, [rule]);
  const said = { iss: ci, sub: "project:4711", project_id: "4711", groups: ["a", "deployers"], ref: "release/7" };
  assert.equal(judged(policy, said), "deploy");
  for (const [claim, change] of [
    ["project_id", { project_id: 4711 }],
    ["groups", { groups: ["deployers", 1] }],
    ["groups", { groups: "deployers" }],
    ["ref", { ref: "release/7/x" }],
    ["ref", { ref: undefined }],
  ])
    assert.equal(judged(policy, { ...said, ...change }), `deploy ${claim}`);
  for (const [code, bad] of [
    ["jwt_setup_rule_open", {}],
    ["jwt_setup_rule", { equals: { b: [] } }],
    ["jwt_setup_rule_pattern", { like: { sub: ["project:*"] } }],
    ["jwt_setup_rule_pattern", { like: { ref: ["*"] } }],
  ])
    refused(code, () => OidcPolicy.ofIssuer(ci, AUDIENCE, [{ name: "a", ...bad }]));
});

test("b08_a_rule_is_plain_data_whose_members_are_known", () => {
  const throwing = {
    get a() {
      throw new Error("foreign code ran");
    },
  };
  for (const rules of [null, {}, ["a"], [null], [{}], [main({ repository: [74, 65] })], [main({ refs: "a" })]])
    refused("binding_argument_type", () => jobs(rules));
  refused("binding_argument_choice", () => jobs([main({ ref: "refs/heads/main" })]));
  refused("binding_argument_choice", () => jobs([JSON.parse('{"name": "a", "__proto__": {"anyRef": true}}')]));
  refused("binding_argument_range", () => jobs([main({ repository: { id: -1, ownerId: 65 } })]));
  for (const rule of [{ equals: [] }, { equals: { a: "b" } }, { has: { a: ["b"] } }, { like: throwing }, { has: 1 }])
    refused("binding_argument_type", () => OidcPolicy.ofIssuer("a", "b", [{ name: "a", ...rule }]));
  refused("binding_argument_type", () => jobs().verify("a.b.c", {}));
  refused("binding_argument_type", () => new OidcVerifier({}, new KeyFetcher("a", "https://a.example/k")));
});

test("keys_of_ci_are_fetched", async (t) => {
  const server = createServer((_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JWKS),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${server.address().port}/jwks`;
  const verifier = new OidcVerifier(jobs(), new KeyFetcher(GITHUB, url, { loopback: true, now: NOW }), {
    clock: () => NOW,
  });
  t.after(() => {
    verifier.close();
    server.closeAllConnections();
    server.close();
  });
  const error = await rejected("jwt_oidc_denied", verifier.verify(signedJob(live({ ref: "refs/heads/x" }))));
  assert.equal(error.detail.claim, "ref");
  assert.equal((await verifier.verify(signedJob(live()))).rule, "main");
  assert.equal(verifier.issuer, GITHUB);
});
