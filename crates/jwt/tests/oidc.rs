//! The rows O17 and O19 of the catalogue: which genuine tokens of CI systems are admitted.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod jobs;

use counterseal_core::Refusal;
use counterseal_jwt::{ClaimRule, GithubRule, OidcPolicy};
use counterseal_testkit::NOW;
use serde_json::{Value, json};

use jobs::*;

#[test]
fn a_live_token_is_admitted_by_a_rule_that_says_all_of_it() {
    let file = "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main";
    let all = rule()
        .repository_names(["octo-org/octo-repo"])
        .events(["push"])
        .refs(["refs/heads/main"])
        .only_protected()
        .workflow(file)
        .called_workflow(file)
        .environments(["production"])
        .runners(["github-hosted"]);
    assert_eq!(outcome(&policy([all]), &live()), "main");
    let customized = with(&json!({"sub": "owner:65:deploy"}));
    let main = || rule().refs(["refs/heads/main"]);
    assert_eq!(outcome(&policy([main()]), &customized), "main sub");
    assert_eq!(
        outcome(&policy([main().subjects(["owner:65:deploy"])]), &customized),
        "main"
    );
}

#[test]
fn each_condition_that_is_not_met_is_named_and_no_value() {
    let pinned =
        "octo-org/octo-repo/.github/workflows/deploy.yml@5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";
    let strict = || {
        policy([rule()
            .repository_names(["octo-org/octo-repo"])
            .refs(["refs/heads/main"])
            .only_protected()
            .workflow(pinned)
            .called_workflow(pinned)
            .environments(["production"])
            .runners(["github-hosted"])])
    };
    assert_eq!(outcome(&strict(), &live()), "main");
    let other = "octo-org/octo-repo/.github/workflows/canary.yml@refs/heads/main";
    for (changes, claim) in [
        (json!({"repository_owner_id": "66"}), "repository_owner_id"),
        (json!({"repository_id": "75"}), "repository_id"),
        (
            json!({"repository": "octo-org/canary", "sub": "repo:octo-org/canary:environment:production"}),
            "repository",
        ),
        (
            json!({"sub": "repo:octo-org/canary:environment:production"}),
            "sub",
        ),
        (json!({"event_name": "canary"}), "event_name"),
        (json!({"ref": "refs/heads/canary"}), "ref"),
        (json!({"ref_protected": "false"}), "ref_protected"),
        (json!({"workflow_ref": other}), "workflow_ref"),
        (json!({"workflow_sha": "0".repeat(40)}), "workflow_sha"),
        (json!({"job_workflow_ref": other}), "job_workflow_ref"),
        (
            json!({"job_workflow_sha": "0".repeat(40)}),
            "job_workflow_sha",
        ),
        (
            json!({"environment": "canary", "sub": "repo:octo-org/octo-repo:environment:canary"}),
            "environment",
        ),
        (
            json!({"environment": null, "sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}),
            "environment",
        ),
        (
            json!({"runner_environment": "self-hosted"}),
            "runner_environment",
        ),
    ] {
        let refused = verified(&strict(), &with(&changes)).unwrap_err();
        assert_eq!(refused.code().name, "jwt_oidc_denied");
        let told = format!("{refused} {refused:?} {}", refused.event(NOW));
        assert!(!told.contains("canary"), "{told}");
        assert!(
            told.contains(&format!(r#""rule":"main","claim":"{claim}""#)),
            "{told}"
        );
        assert!(
            refused
                .to_string()
                .ends_with(&format!("(rule main is nearest, not met by {claim})")),
            "{refused}"
        );
    }
}

#[test]
fn the_nearest_rule_is_the_one_that_got_furthest() {
    let rules = || {
        policy([
            GithubRule::new("other")
                .repository(75, 65)
                .refs(["refs/heads/main"]),
            GithubRule::new("tags")
                .repository(74, 65)
                .refs(["refs/tags/v*"]),
            GithubRule::new("staging")
                .repository(74, 65)
                .refs(["refs/heads/main"])
                .environments(["staging"]),
            GithubRule::new("late")
                .repository(74, 65)
                .refs(["refs/heads/main"])
                .environments(["late"]),
        ])
    };
    assert_eq!(outcome(&rules(), &live()), "staging environment");
    assert_eq!(outcome(&rules(), &for_ref("refs/heads/dev")), "tags ref");
    assert_eq!(outcome(&rules(), &for_ref("refs/tags/v1")), "tags");
    assert_eq!(
        outcome(&rules(), &with(&json!({"repository_owner_id": "1"}))),
        "other repository_owner_id"
    );
}

#[test]
fn o17_a_repository_is_its_ids_and_a_subject_says_what_the_claims_say() {
    let main = || policy([rule().refs(["refs/heads/main"])]);
    let again = json!({"repository_owner_id": "9065", "repository_id": "9074"});
    assert_eq!(outcome(&main(), &with(&again)), "main repository_owner_id");
    for ids in [
        json!("074"),
        json!(74),
        json!("74 "),
        json!(["74"]),
        json!("0x4a"),
    ] {
        let refused = outcome(&main(), &with(&json!({"repository_id": ids})));
        assert_eq!(refused.split(' ').nth(1), Some("repository_id"), "{ids}");
    }
    for subject in [
        "repo:octo-org/octo-repo-evil:environment:production",
        "repo:octo-org/octo-repo:environment:production-evil",
        "repo:octo-org/octo-repo:environment:production:ref:refs/heads/main",
        "repo:OCTO-ORG/octo-repo:environment:production",
        "repo:octo-org/octo-repo",
        "repo:octo-org/octo-repo:ref:refs/heads/main",
        "repo:octo-org/octo-repo:pull_request",
        "repo:octo-org@66/octo-repo@74:environment:production",
        "repo:octo-org@65/octo-repo:environment:production",
        "repo:octo-org-65/octo-repo-75:environment:production",
        "x:repo:octo-org/octo-repo:environment:production",
    ] {
        assert_eq!(
            outcome(&main(), &with(&json!({"sub": subject}))),
            "main sub",
            "{subject}"
        );
    }
    for subject in [
        "repo:octo-org@65/octo-repo@74:environment:production",
        "repo:octo-org-65/octo-repo-74:environment:production",
    ] {
        assert_eq!(
            outcome(&main(), &with(&json!({"sub": subject}))),
            "main",
            "{subject}"
        );
    }
    let colon = json!({"environment": "eu:1", "sub": "repo:octo-org/octo-repo:environment:eu%3A1"});
    assert_eq!(outcome(&main(), &with(&colon)), "main");
    let upper = json!({"repository_owner": "OCTO-ORG"});
    assert_eq!(outcome(&main(), &with(&upper)), "none repository_owner");
    let named = policy([rule()
        .refs(["refs/heads/main"])
        .repository_names(["octo-org/octo-repo"])]);
    let upper = json!({
        "repository": "OCTO-ORG/octo-repo", "repository_owner": "OCTO-ORG",
        "sub": "repo:OCTO-ORG/octo-repo:environment:production",
    });
    assert_eq!(outcome(&named, &with(&upper)), "main repository");
    let owner = policy([GithubRule::new("owner")
        .any_repository_of(65)
        .refs(["refs/heads/main"])]);
    assert_eq!(
        outcome(&owner, &with(&json!({"repository_id": "75"}))),
        "owner"
    );
    assert_eq!(
        outcome(&owner, &with(&json!({"repository_owner_id": "66"}))),
        "owner repository_owner_id"
    );
}

#[test]
fn o17_a_pattern_stays_in_its_segment() {
    for (pattern, reference, is_meant) in [
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
    ] {
        let one = policy([rule().refs([pattern])]);
        let expected = if is_meant { "main" } else { "main ref" };
        assert_eq!(
            outcome(&one, &for_ref(reference)),
            expected,
            "{pattern} {reference}"
        );
    }
}

/// All texts of up to `length` of these letters.
fn words(letters: &[char], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..length {
        last = last
            .iter()
            .flat_map(|word| letters.iter().map(move |letter| format!("{word}{letter}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Letter by letter; a star is one letter or more that is no separator.
fn naive(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], [letter, more @ ..]) => {
            !b"/:@".contains(letter) && (naive(rest, more) || naive(pattern, more))
        }
        ([wanted, rest @ ..], [letter, more @ ..]) if wanted == letter => naive(rest, more),
        _ => false,
    }
}

#[test]
fn o17_patterns_match_as_a_naive_matcher_has_it_of_all_short_ones() {
    let texts = words(&['a', 'b', '/', ':'], 4);
    let texts: Vec<_> = texts.iter().map(|text| format!("x/{text}")).collect();
    let (mut meant, mut compared) = (0, 0);
    for pattern in words(&['a', '/', '*'], 4) {
        let full = format!("x/{pattern}");
        let rule = ClaimRule::new("one").like("place", [&*full]);
        let made = OidcPolicy::issuer("https://ci.example", AUDIENCE, [rule]);
        let is_one = pattern
            .split('/')
            .all(|segment| segment.matches('*').count() < 2);
        assert_eq!(made.is_ok(), is_one, "{full}");
        let Ok(policy) = made else { continue };
        // One token with each text would be slow; one of each eighth shows all letters.
        for text in texts.iter().skip(compared % 8).step_by(8) {
            let claims = json!({
                "iss": "https://ci.example", "aud": AUDIENCE, "sub": "job", "place": text,
                "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
            });
            let is_meant = outcome(&policy, claims.as_object().unwrap()) == "one";
            assert_eq!(
                is_meant,
                naive(full.as_bytes(), text.as_bytes()),
                "{full} {text}"
            );
            meant += usize::from(is_meant);
        }
        compared += 1;
    }
    assert!(meant > 20 && compared > 40, "{meant} of {compared}");
}

#[test]
fn o17_what_a_stranger_starts_is_named_or_refused() {
    let any = || rule().any_ref();
    for event in [
        "push",
        "schedule",
        "workflow_dispatch",
        "release",
        "merge_group",
    ] {
        let claims = with(&json!({"event_name": event}));
        assert_eq!(outcome(&policy([any()]), &claims), "main", "{event}");
    }
    for event in [
        "pull_request_target",
        "issue_comment",
        "workflow_run",
        "pull_request",
        "issues",
        "discussion",
        "fork",
        "watch",
        "Push",
        "push ",
        "tomorrow",
    ] {
        let claims = with(&json!({"event_name": event}));
        assert_eq!(
            outcome(&policy([any()]), &claims),
            "main event_name",
            "{event}"
        );
        assert_eq!(
            outcome(&policy([any().events([event])]), &claims),
            "main",
            "{event}"
        );
        assert_eq!(
            outcome(&policy([any().events([event])]), &live()),
            "main event_name"
        );
    }
}

#[test]
fn a_pull_request_has_its_subject_and_its_refs_and_nothing_else_has() {
    let pulls = || policy([rule().refs(["refs/pull/*/merge"]).events(["pull_request"])]);
    let pull = |more: Value| {
        let mut claims = for_ref("refs/pull/7/merge");
        claims.insert("event_name".into(), json!("pull_request"));
        claims.insert("sub".into(), json!("repo:octo-org/octo-repo:pull_request"));
        claims.insert("base_ref".into(), json!("main"));
        claims.insert("head_ref".into(), json!("feature"));
        claims.extend(more.as_object().unwrap().clone());
        claims
    };
    assert_eq!(outcome(&pulls(), &pull(json!({}))), "main");
    assert_eq!(
        outcome(
            &pulls(),
            &pull(json!({"sub": "repo:octo-org/octo-repo:ref:refs/pull/7/merge"}))
        ),
        "main sub"
    );
    assert_eq!(
        outcome(&pulls(), &pull(json!({"event_name": "push"}))),
        "none base_ref"
    );
    assert_eq!(
        outcome(&pulls(), &pull(json!({"head_ref": 7}))),
        "none head_ref"
    );
    let pushed = policy([rule().any_ref()]);
    let claims = with(&json!({"environment": null, "sub": "repo:octo-org/octo-repo:pull_request"}));
    assert_eq!(outcome(&pushed, &claims), "main sub");
}

#[test]
fn a_token_of_a_job_has_all_claims_of_one() {
    let any = || policy([rule().any_ref()]);
    for claim in [
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
    ] {
        for value in [json!(""), json!(7), json!(null), json!(true), json!(["x"])] {
            let expected = match (claim, &value) {
                // The verifier has looked at it before.
                ("jti", value) if !value.is_null() => "jwt_claim".to_owned(),
                _ => format!("none {claim}"),
            };
            assert_eq!(
                outcome(&any(), &with(&json!({claim: value}))),
                expected,
                "{claim} {value}"
            );
        }
    }
    for (claim, value) in [
        ("ref_type", "tag"),
        ("ref", "main"),
        ("ref", "refs"),
        ("actor_id", "octocat"),
    ] {
        assert_eq!(
            outcome(&any(), &with(&json!({claim: value}))),
            format!("none {claim}"),
            "{value}"
        );
    }
}

#[test]
fn o19_a_token_for_one_deployment_is_worth_nothing_at_another() {
    for audience in [
        json!("https://staging.example"),
        json!([AUDIENCE, "https://staging.example"]),
        json!("https://deploy.example/"),
        json!("https://github.com/octo-org"),
    ] {
        let claims = with(&json!({"aud": audience}));
        assert_eq!(
            outcome(&policy([rule().any_ref()]), &claims),
            "jwt_audience",
            "{audience}"
        );
    }
    let other = with(&json!({"iss": "https://token.actions.githubusercontent.com/octo"}));
    assert_eq!(outcome(&policy([rule().any_ref()]), &other), "jwt_issuer");
    let own = OidcPolicy::github_at(
        "https://token.actions.githubusercontent.com/octo",
        AUDIENCE,
        [rule().any_ref()],
    );
    assert_eq!(outcome(&own.unwrap(), &other), "main");
}
