//! Jobs of GitHub Actions.

use serde_json::{Value, json};

use super::{AUDIENCE, DENIED, GITHUB, Job, Oidc, job, main};
use crate::generate::jwt::draft::{NOW, SECONDS};
use crate::generate::jwt::secrets::By;

/// Whose a job is, and what started it.
pub(in crate::generate) fn jobs() -> Vec<Oidc> {
    [usual(), repositories(), subjects(), events()].concat()
}

/// Which code it runs, where, and what else every job has.
pub(in crate::generate) fn code() -> Vec<Oidc> {
    [refs(), workflows(), claims(), tokens()].concat()
}

fn usual() -> Vec<Oidc> {
    let file = "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main";
    let commit =
        "octo-org/octo-repo/.github/workflows/deploy.yml@5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";
    let all = |workflow: &str| {
        json!({
            "repository_names": ["octo-org/octo-repo"], "events": ["push"], "only_protected": true, "workflow": workflow,
            "called_workflow": workflow, "environments": ["production"], "runners": ["github-hosted"],
        })
    };
    // Claims that the live issuer writes and that nothing here is about.
    let live = json!({
        "check_run_id": "46180044111", "environment_node_id": "EN_kwDOAAAASs4AAAAB", "repository_visibility": "private",
        "run_number": "10", "workflow": "deploy",
    });
    let of = |id: &str| job(id, &["I-11", "Usual"]);
    vec![
        of("a-job-like-a-live-one").with(live).rule(&all(file)).admitted(),
        of("a-job-of-a-commit").rule(&all(commit)).admitted(),
        of("a-job-of-a-tag")
            .for_ref("refs/tags/v1.2")
            .rule(&json!({"refs": ["refs/tags/v*"]}))
            .admitted(),
        of("a-job-of-any-ref").rule(&json!({"refs": null, "any_ref": true})).admitted(),
        of("a-job-of-an-environment")
            .rule(&json!({"refs": null, "environments": ["production"]}))
            .admitted(),
        of("a-job-of-any-repository-of-an-owner")
            .with(json!({"repository_id": "75"}))
            .rule(&json!({"repository": null, "any_repository_of": 65}))
            .admitted(),
        of("a-job-that-the-second-rule-means")
            .policy(json!({"github": [{"name": "other", "repository": [75, 65], "any_ref": true}, main()]}))
            .admitted(),
    ]
}

fn repositories() -> Vec<Oidc> {
    let of = |id: &str, change: Value| job(id, &["I-11"]).with(change).denied();
    let capitals = json!({
        "repository": "OCTO-ORG/octo-repo", "repository_owner": "OCTO-ORG",
        "sub": "repo:OCTO-ORG/octo-repo:environment:production",
    });
    let mut cases = vec![
        of(
            "o17-a-name-that-was-registered-again",
            json!({"repository_owner_id": "9065", "repository_id": "9074"}),
        ),
        of("o17-another-owner", json!({"repository_owner_id": "66"})),
        of("o17-another-repository", json!({"repository_id": "75"})),
        job("o17-a-name-in-capitals", &["I-11", "Variant"])
            .with(capitals)
            .rule(&json!({"repository_names": ["octo-org/octo-repo"]}))
            .denied(),
        job("o17-another-owner-of-any-repository", &["I-11"])
            .with(json!({"repository_owner_id": "66"}))
            .rule(&json!({"repository": null, "any_repository_of": 65}))
            .denied(),
    ];
    for (what, id) in [
        ("with-a-zero", json!("074")),
        ("that-is-a-number", json!(74)),
        ("with-a-blank", json!("74 ")),
        ("in-a-list", json!(["74"])),
        ("in-hexadecimal", json!("0x4a")),
    ] {
        let id_of = format!("o17-an-id-{what}");
        cases.push(
            job(id_of, &["I-12", "Claim"])
                .with(json!({"repository_id": id}))
                .denied(),
        );
    }
    cases
}

fn subjects() -> Vec<Oidc> {
    let mut cases = Vec::new();
    for (what, subject) in [
        (
            "of-a-repository-that-begins-alike",
            "repo:octo-org/octo-repo-evil:environment:production",
        ),
        (
            "of-an-environment-that-begins-alike",
            "repo:octo-org/octo-repo:environment:production-evil",
        ),
        (
            "with-more-behind-it",
            "repo:octo-org/octo-repo:environment:production:ref:refs/heads/main",
        ),
        (
            "in-capitals",
            "repo:OCTO-ORG/octo-repo:environment:production",
        ),
        (
            "of-nothing-more-than-a-repository",
            "repo:octo-org/octo-repo",
        ),
        (
            "of-a-ref-where-an-environment-is",
            "repo:octo-org/octo-repo:ref:refs/heads/main",
        ),
        ("of-a-pull-request", "repo:octo-org/octo-repo:pull_request"),
        (
            "with-another-owner-id",
            "repo:octo-org@66/octo-repo@74:environment:production",
        ),
        (
            "with-an-owner-id-only",
            "repo:octo-org@65/octo-repo:environment:production",
        ),
        (
            "with-another-id",
            "repo:octo-org-65/octo-repo-75:environment:production",
        ),
        (
            "with-more-before-it",
            "x:repo:octo-org/octo-repo:environment:production",
        ),
        ("with-a-wildcard", "repo:octo-org/octo-repo:*"),
    ] {
        let id = format!("o17-a-subject-{what}");
        cases.push(
            job(id, &["I-11", "Variant"])
                .with(json!({"sub": subject}))
                .denied(),
        );
    }
    let usual = |id: &str, change: Value| job(id, &["I-11", "Usual"]).with(change);
    let own = json!({"sub": "owner:65:deploy"});
    let subjects = json!({"subjects": ["owner:65:deploy"]});
    cases.extend([
        usual(
            "a-subject-with-ids",
            json!({"sub": "repo:octo-org@65/octo-repo@74:environment:production"}),
        )
        .admitted(),
        usual(
            "a-subject-with-ids-behind-hyphens",
            json!({"sub": "repo:octo-org-65/octo-repo-74:environment:production"}),
        )
        .admitted(),
        usual(
            "a-subject-of-an-environment-with-a-colon",
            json!({"environment": "eu:1", "sub": "repo:octo-org/octo-repo:environment:eu%3A1"}),
        )
        .admitted(),
        usual("a-subject-of-ones-own", own.clone())
            .rule(&subjects)
            .admitted(),
        job("o17-a-subject-of-ones-own-that-no-rule-has", &["I-11"])
            .with(own)
            .denied(),
        job("o17-a-usual-subject-where-a-rule-has-another", &["I-11"])
            .rule(&subjects)
            .denied(),
    ]);
    cases
}

fn events() -> Vec<Oidc> {
    let any = |id: String, event: &str| {
        let job = job(id, &["I-11"]).with(json!({"event_name": event}));
        job.rule(&json!({"refs": null, "any_ref": true}))
    };
    let mut cases = Vec::new();
    for event in [
        "push",
        "schedule",
        "workflow_dispatch",
        "release",
        "merge_group",
    ] {
        let id = format!("a-job-by-{}", event.replace('_', "-"));
        cases.push(any(id, event).admitted());
    }
    for event in [
        "pull_request_target",
        "issue_comment",
        "workflow_run",
        "pull_request",
        "issues",
        "tomorrow",
    ] {
        let id = format!("o17-a-job-by-{}", event.replace('_', "-"));
        cases.push(any(id, event).denied());
        let id = format!("a-job-by-{}-that-is-named", event.replace('_', "-"));
        let named = json!({"refs": null, "any_ref": true, "events": [event]});
        cases.push(any(id, event).rule(&named).admitted());
    }
    cases.push(any("o17-a-job-by-push-in-capitals".into(), "Push").denied());
    let pull = |id: &str, change: Value| {
        let job = job(id, &["I-12"]).for_ref("refs/pull/7/merge");
        let pull = json!({
            "event_name": "pull_request", "sub": "repo:octo-org/octo-repo:pull_request", "base_ref": "main", "head_ref": "feature",
        });
        let job = job.with(pull).with(change);
        job.rule(&json!({"refs": ["refs/pull/*/merge"], "events": ["pull_request"]}))
    };
    cases.extend([
        pull("a-pull-request", json!({})).admitted(),
        pull(
            "o17-a-pull-request-with-the-subject-of-a-ref",
            json!({"sub": "repo:octo-org/octo-repo:ref:refs/pull/7/merge"}),
        )
        .denied(),
        pull(
            "o17-a-push-with-the-refs-of-a-pull-request",
            json!({"event_name": "push"}),
        )
        .denied(),
        pull(
            "o17-a-pull-request-whose-ref-is-a-number",
            json!({"head_ref": 7}),
        )
        .denied(),
    ]);
    cases
}

fn refs() -> Vec<Oidc> {
    let mut cases = Vec::new();
    for (at, (pattern, reference, is_meant)) in [
        ("refs/heads/release/*", "refs/heads/release/1.2", true),
        ("refs/heads/release/*", "refs/heads/release/1/2", false),
        ("refs/heads/release/*", "refs/heads/release/", false),
        ("refs/heads/release/*", "refs/heads/release", false),
        ("refs/heads/release/*", "refs/heads/release-evil/1", false),
        ("refs/tags/v*", "refs/tags/v1", true),
        ("refs/tags/v*", "refs/tags/v", false),
        ("refs/tags/v*", "refs/tags/v1/x", false),
        ("refs/tags/v*", "refs/heads/v1", false),
        ("refs/heads/*/main", "refs/heads/a/main", true),
        ("refs/heads/*/main", "refs/heads/a/b/main", false),
        ("refs/heads/a*a", "refs/heads/aa", false),
        ("refs/heads/a*a", "refs/heads/aaa", true),
        ("refs/heads/main", "refs/heads/Main", false),
        ("refs/heads/main", "refs/heads/main-2", false),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("o17-a-form-of-refs-{}", at + 1);
        let job = job(id, &["I-10"])
            .for_ref(reference)
            .rule(&json!({"refs": [pattern]}));
        cases.push(if is_meant {
            job.admitted()
        } else {
            job.denied()
        });
    }
    let protected = |id: &str, value: Value| {
        let job = job(id, &["I-11"]).with(json!({"ref_protected": value}));
        job.rule(&json!({"only_protected": true}))
    };
    cases.extend([
        protected("a-protected-ref", json!("true")).admitted(),
        protected("o17-a-ref-that-is-not-protected", json!("false")).denied(),
        protected("o17-a-ref-that-is-protected-in-capitals", json!("TRUE")).denied(),
        protected("o17-a-ref-that-is-protected-as-a-truth", json!(true)).denied(),
    ]);
    cases
}

fn workflows() -> Vec<Oidc> {
    let file = "octo-org/octo-repo/.github/workflows/deploy.yml";
    let pinned = format!("{file}@refs/heads/main");
    let commit = format!("{file}@5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2");
    let by = |id: &str, rule: &str, workflow: &str, change: Value| {
        let mut wanted = json!({"refs": null});
        wanted[rule] = json!(workflow);
        job(id, &["I-11"]).with(change).rule(&wanted)
    };
    let other = "octo-org/octo-repo/.github/workflows/other.yml@refs/heads/main";
    let branch = format!("{file}@refs/heads/main-2");
    let zeros = "0".repeat(40);
    let elsewhere =
        |id: &str, change: Value, rule: Value| job(id, &["I-11"]).with(change).rule(&rule).denied();
    vec![
        by(
            "o17-another-workflow",
            "workflow",
            &pinned,
            json!({"workflow_ref": other}),
        )
        .denied(),
        by(
            "o17-a-workflow-of-another-branch",
            "workflow",
            &pinned,
            json!({"workflow_ref": branch}),
        )
        .denied(),
        by(
            "o17-a-workflow-of-another-commit",
            "workflow",
            &commit,
            json!({"workflow_sha": zeros}),
        )
        .denied(),
        by(
            "o17-another-called-workflow",
            "called_workflow",
            &pinned,
            json!({"job_workflow_ref": other}),
        )
        .denied(),
        by(
            "o17-a-called-workflow-of-another-commit",
            "called_workflow",
            &commit,
            json!({"job_workflow_sha": zeros}),
        )
        .denied(),
        by(
            "a-workflow-of-a-commit",
            "workflow",
            &commit,
            json!({"workflow_ref": branch}),
        )
        .admitted(),
        elsewhere(
            "o19-another-environment",
            json!({"environment": "staging", "sub": "repo:octo-org/octo-repo:environment:staging"}),
            json!({"environments": ["production"]}),
        ),
        elsewhere(
            "o19-no-environment",
            json!({"environment": null, "sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}),
            json!({"environments": ["production"]}),
        ),
        elsewhere(
            "o17-a-runner-of-ones-own",
            json!({"runner_environment": "self-hosted"}),
            json!({"runners": ["github-hosted"]}),
        ),
    ]
}

/// What every token of a job has.
const CLAIMS: [&str; 19] = [
    "actor",
    "actor_id",
    "event_name",
    "job_workflow_ref",
    "job_workflow_sha",
    "jti",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "run_attempt",
    "run_id",
    "runner_environment",
    "sha",
    "workflow_ref",
    "workflow_sha",
];

fn claims() -> Vec<Oidc> {
    let of = |id: String| job(id, &["I-12", "Claim"]);
    let mut cases = Vec::new();
    for claim in CLAIMS {
        let name = claim.replace('_', "-");
        let mut gone = json!({});
        gone[claim] = Value::Null;
        cases.push(of(format!("o17-a-job-without-{name}")).with(gone).denied());
    }
    let odd = |id: &str, change: Value| of(id.into()).with(change).denied();
    cases.extend([
        odd("o17-a-job-with-an-empty-sha", json!({"sha": ""})),
        odd("o17-a-job-whose-run-is-a-number", json!({"run_id": 7})),
        of("o17-a-job-whose-actor-is-null".into())
            .with_null("actor")
            .denied(),
        odd(
            "o17-a-job-whose-actor-is-a-list",
            json!({"actor": ["octocat"]}),
        ),
        odd(
            "o17-a-job-whose-actor-has-no-number",
            json!({"actor_id": "octocat"}),
        ),
        odd(
            "o17-a-branch-that-is-said-to-be-a-tag",
            json!({"ref_type": "tag"}),
        ),
        odd("o17-a-ref-without-its-kind", json!({"ref": "main"})),
        odd("o17-a-ref-of-one-word", json!({"ref": "refs"})),
        odd(
            "o17-an-owner-that-is-not-the-repositorys",
            json!({"repository_owner": "OCTO-ORG"}),
        ),
        odd(
            "o17-a-base-outside-pull-requests",
            json!({"base_ref": "main"}),
        ),
    ]);
    cases
}

fn tokens() -> Vec<Oidc> {
    let aud = |id: &str, aud: Value| {
        let job = job(id, &["I-10"]).with(json!({"aud": aud}));
        job.refused("jwt_audience")
    };
    let own = format!("{GITHUB}/octo");
    let end = NOW + 21_600_000;
    let edge = |id: &str| job(id, &["I-10", "Window", "Edge"]);
    let life = |id: &str, seconds: i64| edge(id).with(json!({"exp": SECONDS + seconds}));
    let by = |by: By| {
        let id = format!("o17-a-job-by-{}", by.name().to_lowercase());
        job(id, &["I-10"]).by(by).refused("jwt_algorithm")
    };
    let aged = |id: &str, now: i64| edge(id).policy(json!({"max_age_seconds": 300})).at(now);
    vec![
        aud(
            "o19-a-token-for-another-deployment",
            json!("https://staging.example"),
        ),
        aud(
            "o19-a-token-for-two-deployments",
            json!([AUDIENCE, "https://staging.example"]),
        ),
        aud(
            "o19-an-audience-with-a-slash-behind-it",
            json!(format!("{AUDIENCE}/")),
        ),
        aud(
            "o19-the-audience-that-nobody-named",
            json!("https://github.com/octo-org"),
        ),
        job("an-issuer-of-an-enterprise", &["I-10"])
            .with(json!({"iss": own}))
            .policy(json!({"issuer": own}))
            .admitted(),
        job("o17-an-issuer-of-an-enterprise-that-is-not-ours", &["I-10"])
            .with(json!({"iss": own}))
            .refused("jwt_issuer"),
        by(By::Es256),
        by(By::EdDsa),
        by(By::Hs256),
        edge("a-job-in-its-last-millisecond").at(end - 1).admitted(),
        edge("a-job-at-its-end-has-no-leeway")
            .at(end)
            .refused("jwt_expired"),
        life("a-job-of-6-h-and-the-leeway", 21_630).admitted(),
        life("a-job-of-a-second-more", 21_631).refused("jwt_lifetime"),
        aged("a-job-of-the-greatest-age", NOW + 300_000).admitted(),
        aged("a-job-that-is-a-millisecond-too-old", NOW + 300_001).denied(),
        job("o17-a-job-whose-token-was-not-begun", &["I-10", "Window"])
            .at(NOW - 30_001)
            .refused("jwt_not_yet_valid"),
    ]
}

/// The rule that came nearest, and its claim.
pub(in crate::generate) fn nearest() -> Vec<Oidc> {
    let rules = json!({"github": [
        {"name": "other", "repository": [75, 65], "refs": ["refs/heads/main"]},
        {"name": "tags", "repository": [74, 65], "refs": ["refs/tags/v*"]},
        {"name": "staging", "repository": [74, 65], "refs": ["refs/heads/main"], "environments": ["staging"]},
        {"name": "late", "repository": [74, 65], "refs": ["refs/heads/main"], "environments": ["late"]},
    ]});
    let of = |id: &str| job(id, &["I-13"]).policy(rules.clone());
    let near = |job: Job, rule: &str, claim: &str| job.told(Some(DENIED), Some(rule), Some(claim));
    let none = |id: &str, change: Value, claim: &str| {
        let job = job(id, &["I-13"]).with(change);
        job.told(Some(DENIED), None, Some(claim))
    };
    vec![
        near(of("nearest-by-an-environment"), "staging", "environment"),
        near(
            of("nearest-by-a-ref").for_ref("refs/heads/dev"),
            "tags",
            "ref",
        ),
        near(
            of("nearest-by-an-owner").with(json!({"repository_owner_id": "1"})),
            "other",
            "repository_owner_id",
        ),
        near(
            of("nearest-by-an-id").with(json!({"repository_id": "1"})),
            "other",
            "repository_id",
        ),
        near(
            of("nearest-by-an-event").with(json!({"event_name": "issues"})),
            "tags",
            "event_name",
        ),
        near(
            of("nearest-by-a-subject").with(json!({"sub": "repo:x"})),
            "tags",
            "sub",
        ),
        of("nearest-of-a-job-that-is-admitted")
            .for_ref("refs/tags/v1")
            .told(None, Some("tags"), None),
        none(
            "nearest-where-a-claim-is-missing",
            json!({"sha": null}),
            "sha",
        ),
        none(
            "nearest-where-an-owner-is-another",
            json!({"repository_owner": "x"}),
            "repository_owner",
        ),
        job("nearest-where-a-job-is-too-old", &["I-13"])
            .policy(json!({"max_age_seconds": 300}))
            .at(NOW + 300_001)
            .told(Some(DENIED), None, Some("iat")),
        job("nearest-where-a-token-is-for-another", &["I-13"])
            .with(json!({"aud": "x"}))
            .told(Some("jwt_audience"), None, None),
    ]
}
