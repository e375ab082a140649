//! What is published of keys.

#![allow(clippy::unwrap_used)] // where a panic is a failed test

use counterseal_core::{Algorithm, PublicKey, Span, Time};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    JwksDocument, JwtSetupError, PublicJwk, RingError, Rotation, RotationPolicy, TokenKey,
    TokenKeys,
};
use counterseal_testkit::keys;

const NOW: Time = Time::from_seconds(1_800_000_000);
/// RFC 8037 appendix A.2.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn rfc_8037() -> PublicKey {
    let text = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    PublicKey::ed25519(&std::array::from_fn(bytes)).unwrap()
}

fn all() -> Vec<(Algorithm, PublicKey)> {
    let der = |text: &str| {
        let bytes = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        let der: Vec<u8> = (0..text.len()).step_by(2).map(bytes).collect();
        PublicKey::from_der(&der).unwrap()
    };
    vec![
        (Algorithm::EdDsa, rfc_8037()),
        (
            Algorithm::Es256,
            PublicKey::from_pem(keys::P256_PUBLIC).unwrap(),
        ),
        (
            Algorithm::Es384,
            PublicKey::from_pem(keys::P384_PUBLIC).unwrap(),
        ),
        (Algorithm::Ps256, der(keys::RSA_PUBLIC)),
        (Algorithm::Rs256, der(keys::RSA_PUBLIC)),
    ]
}

#[test]
fn a_key_is_named_by_its_thumbprint() {
    let jwk = PublicJwk::new(Algorithm::EdDsa, &rfc_8037()).unwrap();
    // RFC 8037 appendix A.3.
    assert_eq!(
        jwk.id().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    let theirs = TokenKey::from_jwk(ED25519, &RustCrypto).unwrap();
    assert_eq!(theirs.algorithm().name(), "EdDSA");
    assert!(
        jwk.text()
            .contains("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    );
}

#[test]
fn o15_what_is_published_is_read_again_and_has_no_private_part() {
    for (algorithm, key) in all() {
        let jwk = PublicJwk::new(algorithm, &key).unwrap();
        let json: serde_json::Value = serde_json::from_str(jwk.text()).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let allowed = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
        assert!(
            names.iter().all(|name| allowed.contains(&name.as_str())),
            "{names:?}"
        );
        assert_eq!(
            (&json["alg"], &json["use"]),
            (&algorithm.name().into(), &"sig".into())
        );
        // RSA is for other libraries to verify.
        if !matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256) {
            let read = TokenKey::from_jwk(jwk.text(), &RustCrypto).unwrap();
            assert_eq!(
                (read.id(), read.algorithm().name()),
                (jwk.id(), algorithm.name())
            );
        }
    }
}

#[test]
fn o01_a_key_of_rsa_is_published_for_one_algorithm() {
    let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5)).unwrap();
    let mut rotation = Rotation::new();
    let rsa = all().pop().unwrap().1;
    let jwk = |algorithm| PublicJwk::new(algorithm, &rsa).unwrap();
    rotation
        .announce(jwk(Algorithm::Rs256), &policy, NOW)
        .unwrap();
    assert_eq!(
        rotation.announce(jwk(Algorithm::Ps256), &policy, NOW),
        Err(RingError::Known)
    );
}

#[test]
fn a_key_is_published_for_an_algorithm_of_its_kind_only() {
    for (own, key) in all() {
        for algorithm in Algorithm::ALL {
            let is_rsa = |one| matches!(one, Algorithm::Ps256 | Algorithm::Rs256);
            let fits = algorithm == own || (is_rsa(algorithm) && is_rsa(own));
            let made = PublicJwk::new(algorithm, &key);
            assert_eq!(made.is_ok(), fits);
            assert!(
                made.err()
                    .is_none_or(|error| error == JwtSetupError::Algorithm)
            );
        }
    }
}

#[test]
fn a_document_has_what_is_published_and_a_tag_of_its_bytes() {
    let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5)).unwrap();
    let mut rotation = Rotation::new();
    assert_eq!(JwksDocument::new(&rotation, NOW).body(), "{\"keys\":[]}");
    let mut now = NOW;
    for (algorithm, key) in all().into_iter().take(2) {
        rotation
            .announce(PublicJwk::new(algorithm, &key).unwrap(), &policy, now)
            .unwrap();
        now = now.plus(policy.lead());
    }
    let document = JwksDocument::new(&rotation, now);
    let keys = TokenKeys::from_jwks(document.body(), &RustCrypto).unwrap();
    assert_eq!(keys.iter().count(), 2);
    assert_eq!(document, JwksDocument::new(&rotation.clone(), now));
    assert_eq!(document.content_type(), "application/jwk-set+json");

    let gone = now.plus(policy.keep());
    let soon = JwksDocument::new(&rotation, gone.minus(Span::from_millis(7_999)));
    assert_eq!(soon.cache_control(), "public, max-age=7, must-revalidate");
    assert_eq!(soon.etag(), document.etag());
    let after = JwksDocument::new(&rotation, gone);
    assert_ne!(after.etag(), document.etag());
    assert_eq!(
        TokenKeys::from_jwks(after.body(), &RustCrypto)
            .unwrap()
            .iter()
            .count(),
        1
    );
}

#[test]
fn a_client_that_has_it_is_told_so() {
    let document = JwksDocument::new(&Rotation::<PublicJwk>::new(), NOW);
    let tag = document.etag();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 24);
    let weak = format!("W/{tag}");
    let listed = format!("\"a\", {weak} ,\"b\"");
    for known in [tag, "*", " * ", &weak, &listed] {
        assert!(document.is_known([known]), "{known}");
    }
    assert!(document.is_known(["\"a\"", tag]));
    let bare = tag.trim_matches('"');
    let lower = weak.replace("W/", "w/");
    for other in ["", "\"\"", bare, &lower, "\"a\", \"b\"", "**"] {
        assert!(!document.is_known([other]), "{other}");
    }
    assert!(!document.is_known([]));
}
