//! Rules that admit more than somebody meant.

use serde_json::{Value, json};

use super::{AUDIENCE, Oidc, job, main};

pub(in crate::generate) fn cases() -> Vec<Oidc> {
    [rules(), policies()].concat()
}

fn rules() -> Vec<Oidc> {
    let ids = "jwt_setup_rule_ids";
    let (open, pattern, rule) = (
        "jwt_setup_rule_open",
        "jwt_setup_rule_pattern",
        "jwt_setup_rule",
    );
    let file = "octo-org/octo-repo/.github/workflows/deploy.yml";
    let many: Vec<_> = (0..65).map(|at| format!("refs/heads/b{at}")).collect();
    vec![
        github(
            "o17-a-rule-without-ids",
            &json!({"repository": null, "repository_names": ["octo-org/octo-repo"]}),
            ids,
        ),
        github(
            "o17-a-rule-with-an-id-of-0",
            &json!({"repository": [0, 65]}),
            ids,
        ),
        github(
            "o17-a-rule-with-an-owner-of-0",
            &json!({"repository": [74, 0]}),
            ids,
        ),
        github(
            "o17-a-rule-for-one-repository-and-any",
            &json!({"any_repository_of": 65}),
            ids,
        ),
        github("o17-a-rule-that-says-no-code", &json!({"refs": null}), open),
        github(
            "o17-a-rule-for-one-ref-and-any",
            &json!({"any_ref": true}),
            open,
        ),
        github("o17-a-rule-for-no-refs", &json!({"refs": []}), rule),
        github(
            "o17-a-rule-for-an-empty-ref",
            &json!({"refs": [""]}),
            pattern,
        ),
        github(
            "o17-a-rule-for-any-kind-of-ref",
            &json!({"refs": ["refs/*/main"]}),
            pattern,
        ),
        github(
            "o17-a-rule-for-a-ref-without-its-kind",
            &json!({"refs": ["main"]}),
            pattern,
        ),
        github(
            "o17-a-rule-for-everything",
            &json!({"refs": ["*"]}),
            pattern,
        ),
        github(
            "o17-a-rule-with-two-wildcards-in-a-segment",
            &json!({"refs": ["refs/heads/*-*"]}),
            pattern,
        ),
        github("o17-a-rule-for-65-refs", &json!({"refs": many}), rule),
        github("o17-a-rule-for-no-events", &json!({"events": []}), rule),
        github(
            "o17-a-rule-for-an-empty-environment",
            &json!({"environments": [""]}),
            rule,
        ),
        github(
            "o17-a-workflow-without-a-ref",
            &json!({"workflow": file}),
            pattern,
        ),
        github(
            "o17-a-workflow-at-a-short-name",
            &json!({"workflow": format!("{file}@v1")}),
            pattern,
        ),
        github(
            "o17-a-workflow-at-half-a-commit",
            &json!({"workflow": format!("{file}@5f2c1e0")}),
            pattern,
        ),
        github(
            "o17-a-workflow-with-a-wildcard",
            &json!({"workflow": "octo-org/*/.github/workflows/deploy.yml@refs/heads/main"}),
            pattern,
        ),
        github(
            "o17-a-workflow-that-is-no-file",
            &json!({"workflow": "octo-org/octo-repo@refs/heads/main"}),
            pattern,
        ),
        github(
            "a-rule-without-a-name",
            &json!({"name": ""}),
            "jwt_setup_rule_name",
        ),
        github(
            "a-rule-whose-name-has-a-blank",
            &json!({"name": "a b"}),
            "jwt_setup_rule_name",
        ),
    ]
}

fn policies() -> Vec<Oidc> {
    let (open, pattern, rule) = (
        "jwt_setup_rule_open",
        "jwt_setup_rule_pattern",
        "jwt_setup_rule",
    );
    let named = |count: usize| -> Vec<Value> {
        let rule = |at| json!({"name": format!("r{at}"), "repository": [74, 65], "any_ref": true});
        (0..count).map(rule).collect()
    };
    let claims = |condition: Value| json!({"issuer": "https://ci.example", "github": null, "claims": [condition]});
    vec![
        policy("o17-no-rules", json!({"github": []}), "jwt_setup_rules"),
        policy(
            "o17-65-rules",
            json!({"github": named(65)}),
            "jwt_setup_rules",
        ),
        policy(
            "o17-two-rules-of-one-name",
            json!({"github": [main(), main()]}),
            "jwt_setup_rules",
        ),
        policy("o19-no-audience", json!({"audience": ""}), "jwt_setup_text"),
        policy(
            "o19-an-audience-of-513-bytes",
            json!({"audience": "a".repeat(513)}),
            "jwt_setup_text",
        ),
        policy("no-age", json!({"max_age_seconds": 0}), "jwt_setup_window"),
        policy(
            "an-age-of-more-than-a-day",
            json!({"max_age_seconds": 86_401}),
            "jwt_setup_window",
        ),
        policy(
            "o17-a-rule-without-conditions",
            claims(json!({"name": "one"})),
            open,
        ),
        policy(
            "o17-a-wildcard-in-a-subject",
            claims(json!({"name": "one", "like": [["sub", ["job-*"]]]})),
            pattern,
        ),
        policy(
            "o17-a-claim-of-any-text",
            claims(json!({"name": "one", "like": [["place", ["*"]]]})),
            pattern,
        ),
        policy(
            "o17-a-claim-of-wildcards-only",
            claims(json!({"name": "one", "like": [["place", ["*/*"]]]})),
            pattern,
        ),
        policy(
            "o17-a-condition-of-no-texts",
            claims(json!({"name": "one", "equals": [["place", []]]})),
            rule,
        ),
        policy(
            "o17-a-condition-of-an-empty-text",
            claims(json!({"name": "one", "equals": [["place", [""]]]})),
            rule,
        ),
        policy(
            "o17-a-condition-of-a-claim-without-a-name",
            claims(json!({"name": "one", "equals": [["", ["a"]]]})),
            rule,
        ),
        policy(
            "no-issuer",
            json!({"issuer": "", "github": null, "audience": AUDIENCE, "claims": [{"name": "one", "equals": [["a", ["b"]]]}]}),
            "jwt_setup_text",
        ),
    ]
}

fn github(id: &str, change: &Value, code: &str) -> Oidc {
    let mut job = job(id, &["I-10", "Setup"]).rule(change);
    job.claims.clear();
    job.refused(code)
}

fn policy(id: &str, change: Value, code: &str) -> Oidc {
    let mut job = job(id, &["I-10", "Setup"]).policy(change);
    job.claims.clear();
    job.refused(code)
}
