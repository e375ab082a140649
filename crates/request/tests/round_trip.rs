//! What a signer signs, a verifier accepts once; every rule beyond that is a vector.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::sync::Arc;

use counterseal_core::{Claimed, KeyId, Refusal, Secret, Seed, Span, Time, Unavailable};
use counterseal_request::{
    Audience, Key, KeySet, Policy, PolicyParts, Profile, ProfileParts, Request, RequestError,
    Scheme, Signed, Signer, Verified, Verifier,
};

const NOW: Time = Time::from_seconds(1_800_000_000);

fn key(secret: u8) -> Arc<Key> {
    let id = KeyId::parse("worker-7").unwrap();
    Arc::new(Key::new(id, &Secret::new(vec![secret; 32])).unwrap())
}

fn cover() -> ProfileParts {
    ProfileParts {
        cover: vec!["authorization".into(), "idempotency-key".into()],
        ..ProfileParts::default()
    }
}

fn verifier() -> Verifier {
    let parts = PolicyParts {
        profile: cover(),
        authorities: vec!["api.example".into()],
        ..PolicyParts::default()
    };
    Verifier::new(Policy::new(parts).unwrap())
}

fn keys() -> KeySet {
    KeySet::new([key(7)]).unwrap()
}

const HEADERS: [(&str, &[u8]); 3] = [
    ("Authorization", b"Bearer aaa.bbb.ccc"),
    ("Content-Type", b"application/json"),
    ("Idempotency-Key", b"42"),
];

fn order<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: "POST",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/orders",
        query: b"a=1&b=%20",
        headers,
        body: b"{\"n\":1}",
    }
}

fn sign(request: &Request<'_>, now: Time) -> Signed {
    let signer = Signer::new(key(7), Profile::new(cover()).unwrap());
    signer.sign(request, now, &Seed::new([5; 16])).unwrap()
}

fn verify(request: &Request<'_>, now: Time) -> Result<Verified, RequestError> {
    verifier()
        .begin(request, &keys(), now)?
        .finish(Ok(Claimed::Fresh))
}

/// Signs `HEADERS` at `NOW` and hands the signed request to `then`.
fn signed<T>(then: impl FnOnce(Request<'_>) -> T) -> T {
    let fields = sign(&order(&HEADERS), NOW);
    let mut headers = HEADERS.to_vec();
    headers.extend(fields.headers().map(|(n, v)| (n, v.as_bytes())));
    then(order(&headers))
}

#[test]
fn a_signed_request_is_accepted_and_says_what_was_covered() {
    signed(|request| {
        let verified = verify(&request, NOW).unwrap();
        assert_eq!(verified.key_id().as_str(), "worker-7");
        assert_eq!(verified.component("@query"), Some("?a=1&b=%20"));
        assert_eq!(verified.component("idempotency-key"), Some("42"));
        let names: Vec<_> = verified.covered().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "@method",
                "@authority",
                "@path",
                "@query",
                "content-type",
                "content-digest",
                "authorization",
                "idempotency-key"
            ]
        );
    });
}

#[test]
fn h01_h07_h08_h10_any_change_of_a_covered_part_is_refused() {
    let edits: [fn(&mut Request<'_>); 6] = [
        |r| r.method = "PUT",
        |r| r.path = b"/v1/../v1/orders",
        |r| r.path = b"/v1/Orders",
        |r| r.query = b"b=%20&a=1",
        |r| r.query = b"a=1&b=+",
        |r| r.body = b"{\"n\":2}",
    ];
    for edit in edits {
        signed(|mut request| {
            edit(&mut request);
            let refused = verify(&request, NOW).unwrap_err().code();
            assert_eq!(refused.public, "request_unauthenticated");
        });
    }
}

#[test]
fn h15_the_window_has_both_edges() {
    for (offset, accepted) in [
        (-60_001, false),
        (-60_000, true),
        (60_000, true),
        (60_001, false),
    ] {
        let outcome = signed(|r| verify(&r, NOW.plus(Span::from_millis(offset))));
        assert_eq!(outcome.is_ok(), accepted, "{offset}");
    }
}

#[test]
fn h27_a_mac_with_any_changed_bit_is_refused() {
    let fields = sign(&order(&HEADERS), NOW);
    for bit in 0..256 {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut mac = STANDARD.decode(&fields.signature()[4..48]).unwrap();
        mac[bit / 8] ^= 1 << (bit % 8);
        let signature = format!("cs=:{}:", STANDARD.encode(&mac));
        let mut headers = HEADERS.to_vec();
        headers.push((
            "content-digest",
            fields.content_digest().unwrap().as_bytes(),
        ));
        headers.push(("signature-input", fields.signature_input().as_bytes()));
        headers.push(("signature", signature.as_bytes()));
        let refused = verify(&order(&headers), NOW).unwrap_err();
        assert_eq!(refused.code().name, "request_mac_mismatch");
    }
}

#[test]
fn every_answer_of_the_store_but_fresh_refuses() {
    let answers = [
        (Ok(Claimed::Held), "request_replayed"),
        (Ok(Claimed::Stale), "request_store_warming"),
        (Ok(Claimed::Full), "request_store_full"),
        (Ok(Claimed::OwnerFull), "request_limited"),
        (Err(Unavailable), "request_store_unavailable"),
    ];
    for (answer, code) in answers {
        let refused = signed(|r| {
            let pending = verifier().begin(&r, &keys(), NOW).unwrap();
            pending.finish(answer).unwrap_err()
        });
        assert_eq!(refused.code().name, code);
    }
}

#[test]
fn h19_h20_the_claim_covers_key_id_time_and_nonce_and_nothing_else() {
    let claim = |now: Time| {
        let fields = sign(&order(&HEADERS), now);
        let mut headers = HEADERS.to_vec();
        headers.extend(fields.headers().map(|(n, v)| (n, v.as_bytes())));
        verifier()
            .begin(&order(&headers), &keys(), now)
            .unwrap()
            .claim()
    };
    let first = claim(NOW);
    assert_eq!(first.key, claim(NOW).key);
    assert_ne!(first.key, claim(NOW.plus(Span::from_seconds(1))).key);
}

#[test]
fn a_verified_request_and_an_error_print_no_covered_value() {
    signed(|request| {
        let verified = verify(&request, NOW).unwrap();
        assert!(!format!("{verified:?}").contains("Bearer"));
        let late = verify(&request, NOW.plus(Span::from_minutes(2))).unwrap_err();
        assert!(!format!("{late:?} {late}").contains("Bearer"));
    });
}

#[test]
fn an_audience_is_compared_letter_by_letter_since_it_is_signed_so() {
    let profile = ProfileParts {
        audience: Audience::Field,
        ..ProfileParts::default()
    };
    let parts = PolicyParts {
        profile: profile.clone(),
        authorities: vec!["jobs.internal".into()],
        ..PolicyParts::default()
    };
    let verifier = Verifier::new(Policy::new(parts).unwrap());
    let plain: [(&str, &[u8]); 1] = [("cs-audience", b"jobs.internal")];
    let signer = Signer::new(key(7), Profile::new(profile).unwrap());
    let fields = signer.sign(&order(&plain), NOW, &Seed::new([5; 16]));
    let fields = fields.unwrap();
    let begin = |audience: &'static [u8]| {
        let mut headers = vec![("cs-audience", audience)];
        headers.extend(fields.headers().map(|(n, v)| (n, v.as_bytes())));
        verifier.begin(&order(&headers), &keys(), NOW).err()
    };
    assert_eq!(begin(b"jobs.internal"), None);
    assert_eq!(
        begin(b"Jobs.internal"),
        Some(RequestError::AuthorityUnknown)
    );
}

#[test]
fn half_a_signature_is_none() {
    let fields = sign(&order(&HEADERS), NOW);
    for half in ["signature-input", "signature"] {
        let mut headers = HEADERS.to_vec();
        let others = fields.headers().filter(|(name, _)| *name != half);
        headers.extend(others.map(|(name, value)| (name, value.as_bytes())));
        let refused = verify(&order(&headers), NOW).unwrap_err();
        assert_eq!(refused, RequestError::SignatureMissing);
    }
}

#[test]
fn an_unknown_key_names_itself_for_loading_only() {
    signed(|request| {
        let refused = verifier().begin(&request, &KeySet::default(), NOW).err();
        assert_eq!(refused, Some(RequestError::KeyUnknown));
        let claimed = verifier().claimed_key(&request).unwrap();
        assert_eq!(claimed.as_str(), "worker-7");
    });
}

#[test]
fn a_signer_leaves_room_for_the_fields_that_it_sets() {
    let signer = Signer::new(key(7), Profile::default());
    let outcome = |fields: usize| {
        let headers = vec![("x-other", b"1".as_slice()); fields];
        let request = Request {
            headers: &headers,
            ..order(&[])
        };
        signer.sign(&request, NOW, &Seed::new([9; 16])).map(drop)
    };
    assert!(outcome(253).is_ok());
    let refused = outcome(254).unwrap_err();
    assert_eq!(refused.code().name, "request_sign_too_large");
}
