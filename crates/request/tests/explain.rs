//! What an operator is shown when a request is refused.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::sync::Arc;

use counterseal_core::{KeyId, Secret, Seed, Time};
use counterseal_request::{
    Explanation, Key, Policy, PolicyParts, Profile, ProfileParts, Request, Scheme, Signer, Verifier,
};

const NOW: Time = Time::from_seconds(1_800_000_000);
const HEADERS: [(&str, &[u8]); 1] = [("authorization", b"Bearer planted-secret")];

fn parts() -> ProfileParts {
    ProfileParts {
        cover: vec!["authorization".into()],
        ..ProfileParts::default()
    }
}

fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/jobs",
        query: b"token=planted-secret",
        headers,
        body: b"",
    }
}

fn signer() -> Signer {
    let key = Key::new(KeyId::parse("k").unwrap(), &Secret::new(vec![7; 32])).unwrap();
    Signer::new(Arc::new(key), Profile::new(parts()).unwrap())
}

/// Signs a request, changes it on its way, and explains it with the signer's base at hand.
fn explain(change: impl Fn(&mut Request<'_>)) -> (Explanation, String) {
    let seed = || Seed::new([5; 16]);
    let fields = signer().sign(&request(&HEADERS), NOW, &seed()).unwrap();
    let base = signer().explain(&request(&HEADERS), NOW, &seed()).unwrap();
    let mut headers = HEADERS.to_vec();
    headers.extend(fields.headers().map(|(n, v)| (n, v.as_bytes())));
    let mut received = request(&headers);
    change(&mut received);
    let policy = PolicyParts {
        profile: parts(),
        authorities: vec!["api.example".into()],
        ..PolicyParts::default()
    };
    let verifier = Verifier::new(Policy::new(policy).unwrap());
    (verifier.explain(&received).unwrap(), base)
}

#[test]
fn equal_bases_have_no_difference() {
    let (explanation, base) = explain(|_| {});
    assert_eq!(explanation.first_difference(&base), None);
    assert!(explanation.broken_rule().is_none());
}

#[test]
fn the_first_line_that_a_proxy_changed_is_named() {
    let (explanation, base) = explain(|r| r.path = b"/api/v1/jobs");
    let difference = explanation.first_difference(&base).unwrap();
    assert_eq!(difference.component.as_deref(), Some("@path"));
    assert_eq!((difference.line, difference.at), (3, 10));
}

#[test]
fn a_line_too_many_or_too_few_is_a_difference() {
    let (explanation, base) = explain(|_| {});
    let longer = format!("{base}\n\"x\": y");
    assert_eq!(
        explanation.first_difference(&longer).unwrap().component,
        None
    );
    let (shorter, _) = base.split_once('\n').unwrap();
    assert_eq!(explanation.first_difference(shorter).unwrap().line, 2);
}

#[test]
fn a01_field_values_query_and_nonce_are_not_shown() {
    let (explanation, _) = explain(|_| {});
    let shown = format!("{explanation} {explanation:?}");
    assert!(!shown.contains("planted-secret"), "{shown}");
    assert!(!shown.contains("BQUFBQUFBQUFBQUFBQUFBQ"), "{shown}");
    assert!(shown.contains("\"@path\": /v1/jobs"));
}
