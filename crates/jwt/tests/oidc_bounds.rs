//! What a policy for tokens of CI systems takes and ends in, and what cannot be one.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod jobs;

use counterseal_core::{Algorithm, KeyId, Lifetime, Refusal, Span};
use counterseal_jwt::{ClaimRule, GithubRule, OidcPolicy, TokenAlgorithm, TokenKey, TokenKeys};
use counterseal_testkit::NOW;
use serde_json::{Value, json};

use jobs::*;

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
