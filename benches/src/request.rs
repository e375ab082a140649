//! Signing and verifying against the MAC alone, and against `httpsig`.

use std::array::from_fn;
use std::hint::black_box;
use std::sync::Arc;

use counterseal_core::{KeyId, Secret, Seed, Time};
use counterseal_request::{
    Key, KeySet, Policy, PolicyParts, Profile, ProfileParts, Request, Scheme, Signed, Signer,
    Verifier,
};
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, SharedKey,
};

use crate::harness::Bench;

const NOW: Time = Time::from_seconds(1_800_000_000);
const BODY: &[u8] = br#"{"order":42,"confirm":true}"#;
pub const HEADERS: [(&str, &[u8]); 4] = [
    ("host", b"api.example"),
    ("content-type", b"application/json"),
    ("idempotency-key", b"4f1c2d3e"),
    ("accept", b"application/json"),
];

fn profile() -> ProfileParts {
    ProfileParts {
        cover: vec!["idempotency-key".into()],
        ..ProfileParts::default()
    }
}

fn key() -> Arc<Key> {
    key_of("worker-7f3a")
}

/// The key of this id, with the secret that the peers have too.
pub fn key_of(id: &str) -> Arc<Key> {
    let id = KeyId::parse(id).expect("a key id");
    Arc::new(Key::new(id, &Secret::new(vec![7; 32])).expect("32 bytes"))
}

fn signer() -> Signer {
    signer_of(key())
}

pub fn signer_of(key: Arc<Key>) -> Signer {
    Signer::new(key, Profile::new(profile()).expect("a profile"))
}

/// Seven components: method, authority, path, query, content-type, content-digest, idempotency-key.
pub fn order<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: "POST",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/orders/42/confirm",
        query: b"dry_run=false",
        headers,
        body: BODY,
    }
}

fn signed() -> Signed {
    let signed = signer().sign(&order(&HEADERS), NOW, &Seed::new([9; 16]));
    signed.expect("it can be signed")
}

/// The fields as a server holds them.
pub fn received(signed: &Signed) -> [(&str, &[u8]); 7] {
    let fields = signed
        .headers()
        .map(|(name, value)| (name, value.as_bytes()));
    let mut lines = HEADERS.into_iter().chain(fields);
    from_fn(|_| lines.next().expect("seven lines"))
}

pub fn base() -> Vec<u8> {
    let base = signer().explain(&order(&HEADERS), NOW, &Seed::new([9; 16]));
    base.expect("it can be signed").into_bytes()
}

/// The floor is ring's HMAC with a reused key over the very base that is signed.
pub fn sign() -> Bench {
    let base = base();
    let size = base.len() as f64;
    let signer = signer();
    let mut count = 0_u64;
    Bench::new("request_sign")
        .item("floor", size, ring_hmac(base))
        .item("counterseal", size, move || {
            count += 1;
            let mut seed = [9; 16];
            seed[..8].copy_from_slice(&count.to_le_bytes());
            signer.sign(black_box(&order(&HEADERS)), NOW, &Seed::new(seed))
        })
        .item("httpsig", size, peer_sign())
}

pub fn verifier() -> Verifier {
    let policy = PolicyParts {
        profile: profile(),
        authorities: vec!["api.example".into()],
        ..PolicyParts::default()
    };
    Verifier::new(Policy::new(policy).expect("a policy"))
}

/// Parsing, profile, MAC, window and content; no claim.
pub fn verify() -> Bench {
    let base = base();
    let size = base.len() as f64;
    let verifier = verifier();
    let keys = KeySet::new([key()]).expect("one key");
    let signed: &Signed = Box::leak(Box::new(signed()));
    let headers = received(signed);
    Bench::new("request_verify")
        .item("floor", size, ring_hmac(base))
        .item("counterseal", size, move || {
            let pending = verifier.begin(black_box(&order(&headers)), &keys, NOW);
            pending.expect("it verifies")
        })
        .item("httpsig", size, peer_verify())
}

pub fn ring_hmac(base: Vec<u8>) -> impl FnMut() -> ring::hmac::Tag {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    move || ring::hmac::sign(&key, black_box(&base))
}

/// The lines of our base without its last, for a peer that covers the same.
fn lines() -> Vec<String> {
    let base = String::from_utf8(base()).expect("ASCII");
    let lines: Vec<_> = base.lines().map(String::from).collect();
    lines[..lines.len() - 1].to_vec()
}

fn components(lines: &[String]) -> Vec<HttpMessageComponent> {
    let component = |line: &String| HttpMessageComponent::try_from(line.as_str());
    let components = lines.iter().map(component).collect::<Result<_, _>>();
    components.expect("the peer takes our lines")
}

fn parameters(lines: &[String]) -> HttpSignatureParams {
    let name = |line: &String| line.split('"').nth(1).expect("a quoted name").to_owned();
    let ids: Vec<_> = lines
        .iter()
        .map(|line| HttpMessageComponentId::try_from(name(line).as_str()).expect("a component"))
        .collect();
    let mut parameters = HttpSignatureParams::try_new(&ids).expect("parameters");
    parameters
        .set_created(1_800_000_000)
        .set_expires(1_800_000_060)
        .set_nonce("CQkJCQkJCQkJCQkJCQkJCQ")
        .set_keyid("worker-7f3a")
        .set_alg(&AlgorithmName::HmacSha256)
        .set_tag("counterseal/1");
    parameters
}

fn shared_key() -> SharedKey {
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    SharedKey::from_base64(&AlgorithmName::HmacSha256, key).expect("a key")
}

fn peer_sign() -> impl FnMut() -> (String, String) {
    let (lines, key) = (lines(), shared_key());
    move || {
        let base = HttpSignatureBase::try_new(&components(&lines), &parameters(&lines));
        let base = base.expect("a base");
        let headers = base.build_signature_headers(&key, Some("cs"));
        let headers = headers.expect("headers");
        (
            headers.signature_header_value(),
            headers.signature_input_header_value(),
        )
    }
}

pub fn peer_verify() -> impl FnMut() {
    let (lines, key) = (lines(), shared_key());
    let (signature, input) = peer_sign()();
    move || {
        let headers = HttpSignatureHeaders::try_parse(black_box(&signature), black_box(&input));
        let headers = headers.expect("headers");
        let headers = headers.get("cs").expect("our label");
        let base = HttpSignatureBase::try_new(&components(&lines), headers.signature_params());
        let base = base.expect("a base");
        base.verify_signature_headers(&key, headers)
            .expect("it verifies");
    }
}
