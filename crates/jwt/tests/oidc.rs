//! The rows O17 and O19 of the catalogue: which genuine tokens of CI systems are admitted.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{
    Algorithm, Forged, KeyId, Lifetime, MacKey, Refusal, Secret, Span, VerifyKey,
};
use counterseal_jwt::{
    ClaimRule, GithubRule, OidcError, OidcPolicy, OidcSetupError, TokenAlgorithm, TokenKey,
    TokenKeys,
};
use counterseal_testkit::NOW;
use serde_json::{Map, Value, json};

const AUDIENCE: &str = "https://deploy.example";

/// A key that says it is of this algorithm, and checks a tag: what is tested here comes after the signature.
struct Tagged(Algorithm);

impl VerifyKey for Tagged {
    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        mac().verify(message, signature.try_into().map_err(|_| Forged)?)
    }
}

fn mac() -> MacKey {
    MacKey::new(&secret()).unwrap()
}

fn secret() -> Secret {
    Secret::new(vec![7; 32])
}

fn keys(algorithm: Algorithm) -> TokenKeys {
    let id = KeyId::parse("gh-1").unwrap();
    TokenKeys::new([TokenKey::public(id, Arc::new(Tagged(algorithm)))]).unwrap()
}

fn token(alg: &str, claims: &Map<String, Value>) -> String {
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}","x5t":"nfrCbIp3mYw3","kid":"gh-1"}}"#);
    let payload = serde_json::to_string(claims).unwrap();
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}", encoded(&header), encoded(&payload));
    let tag = mac().tag(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A token as the live issuer of GitHub writes it: a push to main, deployed to production. All values are made up.
fn live() -> Map<String, Value> {
    let now = NOW.seconds();
    let commit = "5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";
    let claims = json!({
        "actor": "octocat",
        "actor_id": "12",
        "aud": AUDIENCE,
        "base_ref": "",
        "check_run_id": "46180044111",
        "environment": "production",
        "environment_node_id": "EN_kwDOAAAASs4AAAAB",
        "event_name": "push",
        "exp": now + 21_600,
        "head_ref": "",
        "iat": now,
        "iss": "https://token.actions.githubusercontent.com",
        "job_workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        "job_workflow_sha": commit,
        "jti": "b1c2d3e4-0011-2233-4455-66778899aabb",
        "nbf": now - 300,
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "ref_type": "branch",
        "repository": "octo-org/octo-repo",
        "repository_id": "74",
        "repository_owner": "octo-org",
        "repository_owner_id": "65",
        "repository_visibility": "private",
        "run_attempt": "1",
        "run_id": "16202030405",
        "run_number": "10",
        "runner_environment": "github-hosted",
        "sha": commit,
        "sub": "repo:octo-org/octo-repo:environment:production",
        "workflow": "deploy",
        "workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        "workflow_sha": commit,
    });
    claims.as_object().unwrap().clone()
}

/// The live token with these claims changed; null takes one away.
fn with(changes: &Value) -> Map<String, Value> {
    let mut claims = live();
    for (name, value) in changes.as_object().unwrap() {
        claims.insert(name.clone(), value.clone());
    }
    claims.retain(|_, value| !value.is_null());
    claims
}

/// The live token of a job without an environment, for this ref.
fn for_ref(reference: &str) -> Map<String, Value> {
    let kind = if reference.starts_with("refs/tags/") {
        "tag"
    } else {
        "branch"
    };
    with(&json!({
        "environment": null,
        "ref": reference,
        "ref_type": kind,
        "sub": format!("repo:octo-org/octo-repo:ref:{reference}"),
    }))
}

fn rule() -> GithubRule {
    GithubRule::new("main").repository(74, 65)
}

fn policy(rules: impl IntoIterator<Item = GithubRule>) -> OidcPolicy {
    OidcPolicy::github(AUDIENCE, rules).unwrap()
}

fn verified(policy: &OidcPolicy, claims: &Map<String, Value>) -> Result<String, OidcError> {
    let admitted = policy.verify(&token("RS256", claims), &keys(Algorithm::Rs256), NOW)?;
    Ok(admitted.rule().to_string())
}

/// The rule that admits, or the code, or the nearest rule and its claim.
fn outcome(policy: &OidcPolicy, claims: &Map<String, Value>) -> String {
    match verified(policy, claims) {
        Ok(rule) => rule,
        Err(OidcError::Denied { rule, claim, .. }) => {
            let rule = rule.map_or("none".to_owned(), |rule| rule.to_string());
            format!("{rule} {claim}")
        }
        Err(error) => error.code().name.to_owned(),
    }
}

fn code(made: Result<OidcPolicy, OidcSetupError>) -> &'static str {
    made.err().map_or("made", |error| error.code().name)
}

fn github(rule: GithubRule) -> &'static str {
    code(OidcPolicy::github(AUDIENCE, [rule]))
}

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

#[test]
fn only_rs256_is_of_github_and_no_issuer_has_a_secret() {
    let any = policy([rule().any_ref()]);
    let of_any = ClaimRule::new("one").is("repository_id", ["74"]);
    let of_any = OidcPolicy::issuer(
        "https://token.actions.githubusercontent.com",
        AUDIENCE,
        [of_any],
    )
    .unwrap();
    let tried = |policy: &OidcPolicy, alg: &str, keys: &TokenKeys| match policy.verify(
        &token(alg, &live()),
        keys,
        NOW,
    ) {
        Ok(_) => "admitted",
        Err(error) => error.code().name,
    };
    for (algorithm, name) in [
        (Algorithm::Es256, "ES256"),
        (Algorithm::Ps256, "PS256"),
        (Algorithm::EdDsa, "EdDSA"),
    ] {
        assert_eq!(
            tried(&any, name, &keys(algorithm)),
            "jwt_algorithm",
            "{name}"
        );
        assert_eq!(tried(&of_any, name, &keys(algorithm)), "admitted", "{name}");
    }
    let hmac = TokenKey::hmac(
        KeyId::parse("gh-1").unwrap(),
        TokenAlgorithm::Hs256,
        &secret(),
    )
    .unwrap();
    let hmac = TokenKeys::new([hmac]).unwrap();
    assert_eq!(tried(&any, "HS256", &hmac), "jwt_algorithm");
    assert_eq!(tried(&of_any, "HS256", &hmac), "jwt_algorithm");
}

#[test]
fn what_is_minted_for_a_job_ends_with_its_token() {
    let any = policy([rule().any_ref()]);
    let rsa = keys(Algorithm::Rs256);
    let text = token("RS256", &live());
    let ends = NOW.plus(Span::from_seconds(21_600));
    for left in [1, 60, 7_200, 21_600] {
        let now = ends.minus(Span::from_seconds(left));
        let admitted = any.verify(&text, &rsa, now).unwrap();
        let life = Lifetime::clamp(Span::from_minutes(600), &[admitted.bound()], now).unwrap();
        assert_eq!((life.until(), life.decided_by()), (ends, "oidc.exp"));
    }
    // The verifier's leeway would leave a job nothing.
    let over = any.verify(&text, &rsa, ends).err().unwrap();
    assert_eq!(over.code().name, "jwt_expired");
    assert!(
        any.verify(&text, &rsa, ends.minus(Span::from_millis(1)))
            .is_ok()
    );
}

#[test]
fn a_token_lives_six_hours_and_may_have_an_age() {
    let any = || policy([rule().any_ref()]);
    let lives = |seconds: i64| with(&json!({"exp": NOW.seconds() + seconds}));
    assert_eq!(outcome(&any(), &lives(21_630)), "main");
    assert_eq!(outcome(&any(), &lives(21_631)), "jwt_lifetime");
    let young = any().with_age(Span::from_minutes(10)).unwrap();
    let issued = |ago: i64| with(&json!({"iat": NOW.seconds() - ago, "exp": NOW.seconds() + 60}));
    assert_eq!(outcome(&young, &issued(600)), "main");
    assert_eq!(outcome(&young, &issued(601)), "none iat");
    assert_eq!(
        code(any().with_age(Span::from_millis(999))),
        "jwt_setup_window"
    );
    assert_eq!(
        code(any().with_age(Span::from_seconds(86_401))),
        "jwt_setup_window"
    );
}

#[test]
fn a_claim_is_of_the_issuer_and_the_token() {
    let claim = |changes: Value| {
        let any = policy([rule().any_ref()]);
        let admitted = any.verify(
            &token("RS256", &with(&changes)),
            &keys(Algorithm::Rs256),
            NOW,
        );
        admitted.unwrap().claim().unwrap()
    };
    let first = claim(json!({}));
    assert_eq!(first, claim(json!({"run_attempt": "2"})));
    assert_ne!(first.key, claim(json!({"jti": "b"})).key);
    assert_ne!(first.key, claim(json!({"iat": NOW.seconds() - 1})).key);
    assert_eq!(
        (first.born, first.until),
        (NOW, NOW.plus(Span::from_seconds(21_630)))
    );
}

#[test]
fn a_rule_that_admits_more_than_somebody_meant_cannot_be_set_up() {
    let main = ["refs/heads/main"];
    let new = || GithubRule::new("main");
    let setup_ids = [
        new().refs(main),
        new().refs(main).repository_names(["octo-org/octo-repo"]),
        new().refs(main).repository(0, 65),
        new().refs(main).repository(74, 0),
        new().refs(main).any_repository_of(0),
        new().refs(main).repository(74, 65).any_repository_of(65),
    ];
    for rule in setup_ids {
        assert_eq!(github(rule), "jwt_setup_rule_ids");
    }
    for open in [
        rule(),
        rule().only_protected(),
        rule().events(["push"]),
        rule().any_ref().refs(main),
    ] {
        assert_eq!(github(open), "jwt_setup_rule_open");
    }
    for pattern in [
        "*",
        "**",
        "refs/*",
        "refs/*/main",
        "refs/heads",
        "refs/heads/",
        "refs/heads/**",
        "refs/heads/a*b*",
        "main",
        "heads/main",
        "refs/heads//main",
        "refs/heads/[ab]",
        "refs/heads/a?",
        "refs/heads/a b",
        "refs/notes/x",
        "Refs/heads/main",
    ] {
        assert_eq!(
            github(rule().refs([pattern])),
            "jwt_setup_rule_pattern",
            "{pattern}"
        );
    }
    for workflow in [
        "octo-org/octo-repo/.github/workflows/deploy.yml",
        "octo-org/octo-repo/.github/workflows/deploy.yml@",
        "octo-org/octo-repo/.github/workflows/deploy.yml@main",
        "octo-org/octo-repo/.github/workflows/deploy.yml@v1",
        "octo-org/octo-repo/.github/workflows/*@refs/heads/main",
        "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/*",
        "octo-org/octo-repo/.github/workflows/deploy.yml@5f2c1e0",
        "deploy.yml@refs/heads/main",
    ] {
        assert_eq!(
            github(rule().workflow(workflow)),
            "jwt_setup_rule_pattern",
            "{workflow}"
        );
        assert_eq!(
            github(rule().called_workflow(workflow)),
            "jwt_setup_rule_pattern",
            "{workflow}"
        );
    }
    for empty in [
        rule().refs([]),
        rule().environments([]),
        rule().refs(main).events([]),
        rule().refs(main).runners([""]),
    ] {
        assert_eq!(github(empty), "jwt_setup_rule");
    }
    assert_eq!(
        github(rule().refs(["refs/heads/main"; 65])),
        "jwt_setup_rule"
    );
    assert_eq!(
        github(GithubRule::new("").repository(74, 65).any_ref()),
        "jwt_setup_rule_name"
    );
    assert_eq!(code(OidcPolicy::github(AUDIENCE, [])), "jwt_setup_rules");
    assert_eq!(
        code(OidcPolicy::github(
            AUDIENCE,
            [rule().any_ref(), rule().any_ref()]
        )),
        "jwt_setup_rules"
    );
    assert_eq!(
        code(OidcPolicy::github("", [rule().any_ref()])),
        "jwt_setup_text"
    );
    let many = (0..65).map(|at| {
        GithubRule::new(&format!("r{at}"))
            .repository(74, 65)
            .any_ref()
    });
    assert_eq!(code(OidcPolicy::github(AUDIENCE, many)), "jwt_setup_rules");
}

#[test]
fn rules_of_any_issuer_compare_texts_as_they_are() {
    let issuer = "https://ci.example";
    let rule = || {
        ClaimRule::new("deploy")
            .is("project_id", ["4711", "4712"])
            .like("ref", ["release-*"])
            .has("groups", "deployers")
    };
    let policy = || OidcPolicy::issuer(issuer, AUDIENCE, [rule()]).unwrap();
    let claims = |name: &str, value: Value| {
        let mut claims = json!({
            "iss": issuer, "aud": AUDIENCE, "sub": "job", "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
            "project_id": "4711", "ref": "release-1", "groups": ["staff", "deployers"],
        });
        claims[name] = value;
        claims.as_object().unwrap().clone()
    };
    assert_eq!(
        outcome(&policy(), &claims("project_id", json!("4712"))),
        "deploy"
    );
    for (name, values) in [
        (
            "project_id",
            vec![
                json!(4711),
                json!("471"),
                json!(null),
                json!(["4711"]),
                json!({"4711": 1}),
            ],
        ),
        (
            "ref",
            vec![
                json!("release-"),
                json!("release-1/x"),
                json!("release-a:b"),
                json!("x-release-1"),
                json!(1),
            ],
        ),
        (
            "groups",
            vec![
                json!("deployers"),
                json!(["Deployers"]),
                json!([]),
                json!([["deployers"]]),
                json!(["deployers", 7]),
            ],
        ),
    ] {
        for value in values {
            assert_eq!(
                outcome(&policy(), &claims(name, value.clone())),
                format!("deploy {name}"),
                "{value}"
            );
        }
    }
    let made = |rule| code(OidcPolicy::issuer(issuer, AUDIENCE, [rule]));
    assert_eq!(made(ClaimRule::new("open")), "jwt_setup_rule_open");
    assert_eq!(
        made(ClaimRule::new("a").like("sub", ["repo:octo-org/octo-repo*"])),
        "jwt_setup_rule_pattern"
    );
    assert_eq!(
        made(ClaimRule::new("a").like("ref", ["*"])),
        "jwt_setup_rule_pattern"
    );
    assert_eq!(
        made(ClaimRule::new("a").like("ref", ["*/*"])),
        "jwt_setup_rule_pattern"
    );
    assert_eq!(made(ClaimRule::new("a").like("ref", [])), "jwt_setup_rule");
    assert_eq!(made(ClaimRule::new("a").is("ref", [])), "jwt_setup_rule");
    assert_eq!(made(ClaimRule::new("a").is("", ["x"])), "jwt_setup_rule");
    assert_eq!(
        made(ClaimRule::new("a").is("a\"b", ["x"])),
        "jwt_setup_rule"
    );
    assert_eq!(
        made(ClaimRule::new("a").is("https://x.example/role", ["x"])),
        "made"
    );
    assert_eq!(
        made(ClaimRule::new("a").has("groups", "")),
        "jwt_setup_rule"
    );
}
