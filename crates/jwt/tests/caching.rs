//! Proofs that are kept.

#![allow(clippy::unwrap_used)] // where a panic is a failed test

use std::sync::Arc;

use counterseal_core::{Bound, KeyId, Lifetime, Secret, Seed, Span, Time};
use counterseal_jwt::{
    CachingVerifier, Claims, JwtError, JwtSetupError, Minter, TokenAlgorithm, TokenKeys,
    TokenPolicy, TokenSigner,
};

const NOW: Time = Time::from_seconds(1_800_000_000);

fn signer(byte: u8) -> TokenSigner {
    let id = KeyId::parse("k1").unwrap();
    TokenSigner::hmac(id, TokenAlgorithm::Hs256, &Secret::new(vec![byte; 32])).unwrap()
}

fn keys(byte: u8) -> TokenKeys {
    TokenKeys::new([signer(byte).key().clone()]).unwrap()
}

fn policy(audience: &str) -> TokenPolicy {
    TokenPolicy::access("https://issuer.example", audience).unwrap()
}

fn token(seed: u8) -> String {
    let bounds = [Bound::ceiling("access", Span::from_minutes(30))];
    let life = Lifetime::clamp(Span::from_minutes(15), &bounds, NOW).unwrap();
    let minter = Minter::new(signer(7), &policy("api"));
    let token = minter
        .mint(&Claims::of("user-7"), &life, &Seed::new([seed; 16]))
        .unwrap();
    String::from_utf8(token.expose().into()).unwrap()
}

fn caching(audience: &str, places: usize) -> CachingVerifier {
    CachingVerifier::new(policy(audience), keys(7), places, &Seed::new([3; 16])).unwrap()
}

#[test]
fn a_proof_that_was_kept_is_the_same_one_while_it_holds() {
    let (mut verifier, token) = (caching("api", 8), token(1));
    let first = verifier.verify(&token, NOW).unwrap();
    let again = verifier
        .verify(&token, NOW.plus(Span::from_minutes(1)))
        .unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    let late = NOW
        .plus(Span::from_minutes(15))
        .plus(Span::from_seconds(30));
    assert!(matches!(
        verifier.verify(&token, late),
        Err(JwtError::Expired { .. })
    ));
    let early = NOW.minus(Span::from_millis(30_001));
    assert!(matches!(
        verifier.verify(&token, early),
        Err(JwtError::NotYetValid { .. })
    ));
    // It was over by a clock that has gone back since.
    assert!(verifier.verify(&token, NOW).is_ok());
}

#[test]
fn o16_a_proof_is_kept_for_one_policy_and_its_keys() {
    let (mut verifier, token) = (caching("api", 8), token(1));
    verifier.verify(&token, NOW).unwrap();
    verifier.replace_keys(keys(8));
    assert!(matches!(
        verifier.verify(&token, NOW),
        Err(JwtError::Signature { .. })
    ));
    assert!(matches!(
        caching("billing", 8).verify(&token, NOW),
        Err(JwtError::Audience { .. })
    ));
}

#[test]
fn o16_a_token_that_is_nearly_a_kept_one_is_another() {
    let (mut verifier, token) = (caching("api", 8), token(1));
    verifier.verify(&token, NOW).unwrap();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(bytes).unwrap();
        assert!(verifier.verify(&other, NOW).is_err(), "{at}");
    }
    for other in [&token[1..], &token[..token.len() - 1], &format!("{token}A")] {
        assert!(verifier.verify(other, NOW).is_err());
    }
    assert!(verifier.verify(&"a".repeat(1 << 20), NOW).is_err());
}

#[test]
fn more_tokens_than_places_are_all_verified() {
    let mut verifier = caching("api", 4);
    let tokens: Vec<_> = (0..32).map(token).collect();
    for token in tokens.iter().chain(&tokens) {
        assert_eq!(verifier.verify(token, NOW).unwrap().subject(), "user-7");
    }
    for places in [0, 65_537] {
        let refused = CachingVerifier::new(policy("api"), keys(7), places, &Seed::new([3; 16]));
        assert_eq!(
            refused.err(),
            Some(JwtSetupError::Window { name: "places" })
        );
    }
}
