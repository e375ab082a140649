//! Tokens of any issuer, by rules over their claims.

use serde_json::{Value, json};

use super::{AUDIENCE, Job, Oidc, job};
use crate::generate::jwt::draft::SECONDS;
use crate::generate::jwt::secrets::By;

pub(in crate::generate) fn cases() -> Vec<Oidc> {
    [conditions(), forms(), tokens()].concat()
}

const ISSUER: &str = "https://ci.example";

/// A token of another issuer with this claim, for a rule with this condition.
fn one(id: impl Into<String>, flags: &[&'static str], claim: Value, condition: &Value) -> Job {
    let mut job = job(id, flags);
    job.claims.clear();
    let mut rule = json!({"name": "one"});
    for (name, value) in condition.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    job.policy = json!({"issuer": ISSUER, "audience": AUDIENCE, "claims": [rule]});
    let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "job-7", "iat": SECONDS, "exp": SECONDS + 60});
    job.with(claims).with(claim)
}

fn conditions() -> Vec<Oidc> {
    let equals = || json!({"equals": [["project", ["a/b", "a/c"]]]});
    let has = || json!({"has": [["groups", "deployers"]]});
    let several = || json!({"equals": [["project", ["a/b"]]], "has": [["groups", "deployers"]]});
    let of = |id: &str, claim: Value, condition: &Value| one(id, &["I-10"], claim, condition);
    let (yes, no) = (|job: Job| job.admitted_by("one"), Job::denied);
    vec![
        yes(of(
            "a-claim-that-is-one-of-some-texts",
            json!({"project": "a/c"}),
            &equals(),
        )),
        no(of(
            "o17-a-claim-that-is-none-of-them",
            json!({"project": "a/d"}),
            &equals(),
        )),
        no(of(
            "o17-a-claim-in-capitals",
            json!({"project": "A/B"}),
            &equals(),
        )),
        no(of(
            "o17-a-claim-that-begins-alike",
            json!({"project": "a/bc"}),
            &equals(),
        )),
        no(of(
            "o17-a-claim-in-a-list",
            json!({"project": ["a/b"]}),
            &equals(),
        )),
        no(of("o17-no-such-claim", json!({}), &equals())),
        no(of(
            "o17-a-claim-that-is-a-number",
            json!({"project": 7}),
            &json!({"equals": [["project", ["7"]]]}),
        )),
        yes(of(
            "a-list-that-has-a-text",
            json!({"groups": ["users", "deployers"]}),
            &has(),
        )),
        no(of(
            "o17-a-list-that-has-others",
            json!({"groups": ["users"]}),
            &has(),
        )),
        no(of("o17-an-empty-list", json!({"groups": []}), &has())),
        no(of(
            "o17-a-text-where-a-list-is-wanted",
            json!({"groups": "deployers"}),
            &has(),
        )),
        no(of(
            "o17-a-list-with-a-number",
            json!({"groups": ["deployers", 7]}),
            &has(),
        )),
        yes(of(
            "all-conditions",
            json!({"project": "a/b", "groups": ["deployers"]}),
            &several(),
        )),
        no(of(
            "o17-one-condition-of-two",
            json!({"project": "a/b", "groups": ["users"]}),
            &several(),
        )),
        no(of(
            "o17-the-other-condition-of-two",
            json!({"project": "a/d", "groups": ["deployers"]}),
            &several(),
        )),
    ]
}

fn forms() -> Vec<Oidc> {
    let mut cases = Vec::new();
    for (at, (form, text, is_meant)) in [
        ("a/b-*/c", "a/b-1/c", true),
        ("a/b-*/c", "a/b-/c", false),
        ("a/b-*/c", "a/b-1/2/c", false),
        ("a/b-*/c", "a/b-1:2/c", false),
        ("a/b-*/c", "a/b-1@2/c", false),
        ("a/*", "a/b", true),
        ("a/*", "a/", false),
        ("a/*", "a/b/c", false),
        ("a/*", "xa/b", false),
        ("*/b", "a/b", true),
        ("a", "a", true),
        ("a", "ab", false),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("o17-a-form-of-claims-{}", at + 1);
        let job = one(
            id,
            &["I-10"],
            json!({"place": text}),
            &json!({"like": [["place", [form]]]}),
        );
        cases.push(if is_meant {
            job.admitted_by("one")
        } else {
            job.denied()
        });
    }
    cases
}

fn tokens() -> Vec<Oidc> {
    let of = |id: &str| {
        one(
            id,
            &["I-10"],
            json!({"project": "a"}),
            &json!({"equals": [["project", ["a"]]]}),
        )
    };
    vec![
        of("a-token-of-another-issuer-by-es256")
            .by(By::Es256)
            .admitted_by("one"),
        of("a-token-of-another-issuer-by-eddsa")
            .by(By::EdDsa)
            .admitted_by("one"),
        of("o17-a-token-of-another-issuer-by-a-secret")
            .by(By::Hs256)
            .refused("jwt_algorithm"),
        of("o19-a-token-of-another-issuer-for-another-deployment")
            .with(json!({"aud": [AUDIENCE, "x"]}))
            .refused("jwt_audience"),
        of("o17-a-token-of-another-issuer-still")
            .with(json!({"iss": "https://ci.example.evil"}))
            .refused("jwt_issuer"),
    ]
}
