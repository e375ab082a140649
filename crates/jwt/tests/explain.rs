//! What operators are told: explanations in the order of the verifier, and looks into tokens without a key.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{KeyId, MacKey, Refusal, Secret};
use counterseal_jwt::{
    Binding, TokenAlgorithm, TokenCheck, TokenExplanation, TokenKey, TokenKeys, TokenPolicy,
    TokenVerifier, inspect,
};
use counterseal_testkit::NOW;
use proptest::prelude::*;

const SECRET: [u8; 32] = *b"a secret that nobody is to read.";

fn keys() -> TokenKeys {
    let secret = Secret::new(SECRET.into());
    let key = TokenKey::hmac(KeyId::parse("k1").unwrap(), TokenAlgorithm::Hs256, &secret);
    TokenKeys::new([key.unwrap()]).unwrap()
}

fn explained(token: &str, binding: Option<&Binding>) -> TokenExplanation {
    let verifier = TokenVerifier::new(TokenPolicy::access("https://iss.example", "api").unwrap());
    let explained = verifier.explain(token, binding, &keys(), NOW);
    let outcome = match binding {
        Some(binding) => verifier.verify_bound(token, binding, &keys(), NOW),
        None => verifier.verify(token, &keys(), NOW),
    };
    assert_eq!(explained.refusal(), outcome.err().as_ref());
    explained
}

fn signed(header: &str, payload: &str) -> String {
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}", encoded(header), encoded(payload));
    let key = MacKey::new(&Secret::new(SECRET.into())).unwrap();
    format!(
        "{text}.{}",
        URL_SAFE_NO_PAD.encode(key.tag(text.as_bytes()))
    )
}

/// What can be wrong with a token, each for the check that has to see it.
#[derive(Default)]
struct Wrong(Vec<&'static str>);

impl Wrong {
    fn is(&self, check: &str) -> bool {
        self.0.contains(&check)
    }

    /// A token in which all of it is wrong at once.
    fn token(&self) -> String {
        let pick = |check, wrong, right| if self.is(check) { wrong } else { right };
        let header = [
            pick("algorithm", r#"{"alg":"HS512""#, r#"{"alg":"HS256""#),
            pick("key", r#","kid":"k2""#, r#","kid":"k1""#),
            pick("typ", r#","typ":"JWT""#, r#","typ":"at+jwt""#),
            pick("header", r#","crit":["x"]}"#, "}"),
        ]
        .concat();
        let now = NOW.seconds();
        let end = if self.is("end") {
            now - 30
        } else if self.is("life") {
            now + 9_000
        } else {
            now + 600
        };
        let nbf = if self.is("begin") { now + 31 } else { now };
        let times = if self.is("times") {
            "\"never\"".into()
        } else {
            nbf.to_string()
        };
        let payload = [
            pick(
                "issuer",
                r#"{"iss":"https://other.example""#,
                r#"{"iss":"https://iss.example""#,
            ),
            pick("audience", r#","aud":"b""#, r#","aud":"api""#),
            pick(
                "names",
                r#","sub":"","jti":"i""#,
                r#","sub":"user-7","jti":"i""#,
            ),
            pick("confirmation", r#","cnf":7"#, ""),
            &format!(r#","iat":{now},"exp":{end},"nbf":{times}"#),
            pick("payload", r#","a":1,"a":2}"#, "}"),
        ]
        .concat();
        let mut token = signed(&header, &payload);
        if self.is("signature") {
            token.replace_range(token.len() - 8..token.len() - 4, "AAAA");
        }
        if self.is("parts") {
            token.push('=');
        }
        if self.is("form") {
            token.insert(1, '=');
        }
        if self.is("size") {
            token.push_str(&"A".repeat(8_192));
        }
        token
    }
}

/// A token that is wrong for a check and for all behind it is refused by that check: so the order that is told is the verifier's.
#[test]
fn checks_are_told_in_the_order_in_which_the_verifier_makes_them() {
    let names: Vec<_> = explained("", None).checks().map(TokenCheck::name).collect();
    assert_eq!(names.len(), 18);
    let shown = Binding::Key([9; 32]);
    let mut wrong = Wrong::default();
    for name in names.iter().rev() {
        wrong.0.push(name);
        let told = explained(&wrong.token(), Some(&shown));
        assert_eq!(told.refused_by().unwrap().name(), *name, "{told}");
        let at = names.iter().position(|other| other == name).unwrap();
        let reached = told
            .checks()
            .filter(|check| check.compared().is_some())
            .count();
        assert_eq!(reached, at + 1, "{told}");
    }
}

#[test]
fn a_good_token_passes_each_check() {
    let told = explained(&Wrong::default().token(), None).to_string();
    let now = NOW.seconds();
    assert_eq!(told.lines().next(), Some("taken"));
    assert_eq!(told.matches("\npassed ").count(), 18);
    assert!(told.contains("passed issuer: \"https://iss.example\" for \"https://iss.example\""));
    assert!(told.contains("passed audience: \"api\" for any of \"api\""));
    assert!(told.contains(&format!(
        "passed end: exp {}, leeway 30, now {now}",
        now + 600
    )));
    assert!(
        told.contains("passed names: sub of 6 bytes, jti of 1 bytes, no sid"),
        "{told}"
    );
}

#[test]
fn a_kid_and_a_typ_that_are_missing_are_told_where_they_are_missed() {
    let end = NOW.seconds() + 600;
    let payload = format!(r#"{{"exp":{end}}}"#);
    for (header, check) in [
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, "key"),
        (r#"{"alg":"HS256","kid":"k1"}"#, "typ"),
        (r#"{"kid":"k1","typ":"at+jwt"}"#, "header"),
        (r#"{"alg":1,"kid":"k1","typ":"at+jwt"}"#, "header"),
    ] {
        let told = explained(&signed(header, &payload), None);
        assert_eq!(told.refusal().unwrap().code().name, "jwt_header");
        assert_eq!(told.refused_by().unwrap().name(), check, "{told}");
    }
    let broken = [
        &b"{\"alg\":\"HS256\",\"kid\":\"k\xff\",\"typ\":\"at+jwt\"}"[..],
        b"{}",
        b".",
    ];
    let [header, ..] = broken.map(|part| URL_SAFE_NO_PAD.encode(part));
    let told = explained(&format!("{header}.AAAA.AAAA"), None);
    assert_eq!(told.refused_by().unwrap().name(), "header", "{told}");
}

#[test]
fn claims_are_told_once_the_signature_holds() {
    let payload = r#"{"iss":"canary-1","sub":"canary-2"}"#;
    let header = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
    let mut token = signed(header, payload);
    assert!(explained(&token, None).to_string().contains("canary-1"));
    token.replace_range(token.len() - 8..token.len() - 4, "AAAA");
    let told = explained(&token, None).to_string();
    assert!(
        told.contains("REFUSED signature") && !told.contains("canary"),
        "{told}"
    );
}

#[test]
fn inspecting_hides_what_is_a_secret_by_itself() {
    let jwk = r#"{"kty":"OKP","d":"canary-d","k":"canary-k","x":"shown-x"}"#;
    let inner = signed("{}", r#"{"a":"canary"}"#);
    let header = format!(r#"{{"alg":"HS256","jwk":{jwk}}}"#);
    let payload = format!(
        r#"{{"a":"{inner}","b":["Bearer {inner}"],"c":"csbt1_canary","e":"whsec_canary","f":"-----BEGIN canary","d":["canary"],"g":"shown-g","exp":1800000000}}"#
    );
    let token = signed(&header, &payload);
    let told = inspect(&token);
    assert!(
        !told.contains("canary") && !told.contains(&inner[..20]),
        "{told}"
    );
    assert!(
        told.contains("shown-x") && told.contains("shown-g"),
        "{told}"
    );
    assert!(told.contains("exp 1800000000 = 2027-01-15T08:00:00Z"));
    assert!(told.contains("signature: 32 bytes, not shown"));
    assert!(!told.contains(token.rsplit('.').next().unwrap()));
}

#[test]
fn inspecting_says_what_is_no_token() {
    for (text, says) in [
        ("", "1 parts"),
        ("a.b", "2 parts"),
        ("e30.e30.e30.e30.e30", "payload: 11 letters, not base64url"),
        ("e31.e30.AA", "header: 3 letters, not base64url"),
        ("W10.e30.AA", "header: 2 bytes, not one JSON object"),
        (
            "e30.eyJhIjoxLCJhIjoyfQ.AA",
            "payload: 13 bytes, not one JSON object",
        ),
        ("e30.e30.AB", "signature: 2 letters, not base64url"),
    ] {
        let told = inspect(text);
        assert!(
            told.starts_with("nothing of this is verified") && told.contains(says),
            "{told}"
        );
    }
    assert!(inspect(&"a".repeat(8_193)).contains("8192 at most"));
}

proptest! {
    #[test]
    fn whatever_is_written_stays_on_its_line(name in "\\PC{0,20}|[\\n\\r\u{1b}]{1,4}", text in "\\PC{0,200}|[\\n\\r\u{2028}]{1,4}") {
        let payload = serde_json::json!({name: text, "iss": text}).to_string();
        let token = signed(&serde_json::json!({"alg": "HS256", "kid": "k1", "typ": text}).to_string(), &payload);
        let told = inspect(&token);
        prop_assert!(told.lines().count() <= 10, "{}", told);
        prop_assert!(!told.contains(|letter: char| letter.is_control() && letter != '\n'));
        let header = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
        let told = explained(&signed(header, &payload), None).to_string();
        prop_assert_eq!(told.lines().count(), 19);
    }

    #[test]
    fn any_text_is_explained_and_inspected(text in "[\\PC.]{0,80}") {
        prop_assert!(explained(&text, None).refusal().is_some());
        prop_assert!(inspect(&text).lines().count() >= 2);
    }
}
