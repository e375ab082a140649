//! The JSON texts of github.com/nst/JSONTestSuite, as payloads and as the value of a claim.
//!
//! They are read from the file `json-test-suite.json` below the directory that `COUNTERSEAL_EXTRA_VECTORS` names, or
//! `../shared/data` beside the project. Without it the test says so, and the tests of the attacks stand for the rule.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // how many cases there were is a figure

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal_core::{KeyId, MacKey, Refusal, Secret};
use counterseal_jwt::{TokenAlgorithm, TokenKey, TokenKeys, TokenPolicy, TokenVerifier};
use counterseal_testkit::NOW;
use serde_json::Value;

/// What the suite accepts and a token does not.
const STRICTER: &[(&str, &str)] = &[
    ("y_object_duplicated_key.json", "a name twice"),
    ("y_object_duplicated_key_and_value.json", "a name twice"),
];

#[test]
fn c25_texts_that_are_no_json_are_no_claims_and_the_others_are() {
    let Some(cases) = cases() else {
        println!(
            "left out: the cases of github.com/nst/JSONTestSuite; see COUNTERSEAL_EXTRA_VECTORS"
        );
        return;
    };
    let mut counts = [0; 3];
    for case in &cases {
        let (name, expect) = (
            case["name"].as_str().unwrap(),
            case["expect"].as_str().unwrap(),
        );
        let text = STANDARD.decode(case["base64"].as_str().unwrap()).unwrap();
        let alone = outcome(&text);
        let now = NOW.seconds();
        let begin = format!(
            "{{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\",\"jti\":\"j\",\"iat\":{now},\"exp\":{},\"x\":",
            now + 60
        );
        let inside = outcome(&[begin.as_bytes(), &text, b"}"].concat());
        let is_stricter = STRICTER.iter().any(|(stricter, _)| *stricter == name);
        match expect {
            "reject" => {
                counts[0] += 1;
                assert!(REFUSED.contains(&alone), "{name}: {alone}");
                assert!(REFUSED.contains(&inside), "{name}: {inside}");
            }
            "accept" if !is_stricter => {
                counts[1] += 1;
                assert_eq!(inside, "accepted", "{name}");
            }
            _ => {
                // The suite leaves it open, or a token is stricter; nothing panics.
                counts[2] += 1;
                assert!(!is_stricter || inside == "jwt_payload", "{name}");
            }
        }
    }
    println!(
        "{} refused, {} accepted, {} open or declared",
        counts[0], counts[1], counts[2]
    );
    assert!(counts[0] > 180 && counts[1] > 90);
}

const REFUSED: [&str; 3] = ["jwt_malformed", "jwt_payload", "jwt_too_large"];

fn cases() -> Option<Vec<Value>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let directory =
        std::env::var_os("COUNTERSEAL_EXTRA_VECTORS").map_or(PathBuf::from(beside), PathBuf::from);
    let text = fs::read(directory.join("json-test-suite.json")).ok()?;
    let list: Value = serde_json::from_slice(&text).unwrap();
    list["cases"].as_array().cloned()
}

/// The code that a token with this payload ends in; `accepted` for none.
fn outcome(payload: &[u8]) -> &'static str {
    let secret = Secret::new(vec![7; 32]);
    let key = TokenKey::hmac(KeyId::parse("k").unwrap(), TokenAlgorithm::Hs256, &secret).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let tag = MacKey::new(&secret).unwrap().tag(signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
    let verifier = TokenVerifier::new(TokenPolicy::access("i", "a").unwrap());
    match verifier.verify(&token, &TokenKeys::new([key]).unwrap(), NOW) {
        Ok(_) => "accepted",
        Err(error) => error.code().name,
    }
}
