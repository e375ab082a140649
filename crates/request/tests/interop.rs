//! HTTP Message Signatures of the crate `httpsig`, both ways.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::{Claimed, KeyId, MacKey, Refusal, Secret, Seed, Time};
use counterseal_request::{
    DigestAlgorithm, ForeignPolicy, ForeignPolicyParts, Key, KeySet, Profile, ProfileParts,
    Request, RequestError, Scheme, Signer, Verified, Verifier,
};
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, SharedKey,
};

const NOW: Time = Time::from_seconds(1_800_000_000);
const SECRET: [u8; 32] = [7; 32];
const DIGEST: &[u8] = b"sha-256=:mbJFuZf8t3V1lDw3Q0+D9ri1WWcNcR/ttg4z2fTb/C8=:";
const LINES: [&str; 5] = [
    "\"@method\": POST",
    "\"@authority\": api.example",
    "\"@path\": /v1/jobs",
    "\"@query\": ?state=open",
    "\"content-digest\": sha-256=:mbJFuZf8t3V1lDw3Q0+D9ri1WWcNcR/ttg4z2fTb/C8=:",
];

fn request<'a>(headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> Request<'a> {
    Request {
        method: "POST",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/jobs",
        query: b"state=open",
        headers,
        body,
    }
}

fn peer_key() -> SharedKey {
    SharedKey::from_base64(&AlgorithmName::HmacSha256, &STANDARD.encode(SECRET)).expect("32 bytes")
}

/// The two fields of a signature that the peer makes over these lines.
fn peer_signs(lines: &[&str], edit: impl FnOnce(&mut HttpSignatureParams)) -> (String, String) {
    let components: Vec<_> = lines
        .iter()
        .map(|line| HttpMessageComponent::try_from(*line).expect("a line"))
        .collect();
    let ids: Vec<HttpMessageComponentId> = components.iter().map(|c| c.id.clone()).collect();
    let mut params = HttpSignatureParams::try_new(&ids).expect("components");
    params.set_created(NOW.seconds().unsigned_abs());
    params.set_nonce("n-1");
    params.set_keyid("worker-7");
    params.set_alg(&AlgorithmName::HmacSha256);
    edit(&mut params);
    let base = HttpSignatureBase::try_new(&components, &params).expect("a base");
    let fields = base
        .build_signature_headers(&peer_key(), Some("sig1"))
        .expect("signed");
    (
        fields.signature_input_header_value(),
        fields.signature_header_value(),
    )
}

fn verify(
    fields: &(String, String),
    body: &[u8],
    policy: ForeignPolicyParts,
) -> Result<Verified, RequestError> {
    let headers = [
        ("content-digest", DIGEST),
        ("signature-input", fields.0.as_bytes()),
        ("signature", fields.1.as_bytes()),
    ];
    let policy = ForeignPolicyParts {
        authorities: vec!["api.example".into()],
        ..policy
    };
    let verifier = Verifier::foreign(ForeignPolicy::new(policy).expect("a policy"));
    let keys = KeySet::new([key()]).expect("one key");
    let pending = verifier.begin(&request(&headers, body), &keys, NOW)?;
    pending.finish(Ok(Claimed::Fresh))
}

fn key() -> Arc<Key> {
    let id = KeyId::parse("worker-7").expect("a key id");
    Arc::new(Key::new(id, &Secret::new(SECRET.into())).expect("32 bytes"))
}

#[test]
fn what_httpsig_signs_is_verified_here() {
    let usual = ForeignPolicyParts::default;
    let body = br#"{"job":42}"#;
    let verified = verify(&peer_signs(&LINES, |_| {}), body, usual()).expect("it verifies");
    assert_eq!(verified.component("@path"), Some("/v1/jobs"));
    let mut backwards = LINES;
    backwards.reverse();
    let signed = peer_signs(&backwards, |params| {
        params.set_tag("shop");
        params.set_expires(NOW.seconds().unsigned_abs() + 30);
    });
    let tagged = ForeignPolicyParts {
        tag: Some("shop".into()),
        ..usual()
    };
    verify(&signed, body, tagged).expect("it verifies");
    let refused = verify(&peer_signs(&LINES, |_| {}), b"other", usual()).expect_err("another body");
    assert_eq!(refused.code().name, "request_body_mismatch");
    let short = verify(&peer_signs(&LINES[..3], |_| {}), b"", usual()).expect_err("no query");
    assert_eq!(short.code().name, "request_components_unexpected");
}

/// RFC 9421 section 2.5 has the parameters as they were received. This peer writes them anew in an order of its own, so
/// it verifies our base once `alg` and `keyid` change places, and not as it was signed.
#[test]
fn httpsig_verifies_what_is_signed_here_but_for_the_order_of_parameters() {
    for parts in [
        ProfileParts::default(),
        ProfileParts {
            cover: vec!["idempotency-key".into()],
            cover_scheme: true,
            digest: DigestAlgorithm::Sha512,
            ..ProfileParts::default()
        },
    ] {
        let signer = Signer::new(key(), Profile::new(parts).expect("a profile"));
        let headers: [(&str, &[u8]); 1] = [("idempotency-key", b"42")];
        let request = request(&headers, br#"{"job":42}"#);
        let seed = Seed::new([9; 16]);
        let fields = signer.sign(&request, NOW, &seed).expect("signed");
        let base = signer.explain(&request, NOW, &seed).expect("a base");
        let input = fields.signature_input();
        assert!(!peer_verifies(&base, fields.signature(), input));

        let (ours, theirs) = (
            ";keyid=\"worker-7\";alg=\"hmac-sha256\"",
            ";alg=\"hmac-sha256\";keyid=\"worker-7\"",
        );
        let base = base.replace(ours, theirs);
        let tag = MacKey::new(&Secret::new(SECRET.into()))
            .expect("32 bytes")
            .tag(base.as_bytes());
        let signature = format!("cs=:{}:", STANDARD.encode(tag));
        assert!(peer_verifies(
            &base,
            &signature,
            &input.replace(ours, theirs)
        ));
        let changed = base.replacen("POST", "PUT", 1);
        assert!(!peer_verifies(&changed, &signature, input));
    }
}

/// Whether the peer takes a signature over the lines of this base.
fn peer_verifies(base: &str, signature: &str, input: &str) -> bool {
    let lines: Vec<_> = base
        .lines()
        .filter(|line| !line.starts_with("\"@signature-params\""))
        .collect();
    let components: Vec<_> = lines
        .iter()
        .map(|line| HttpMessageComponent::try_from(*line).expect("a line"))
        .collect();
    let found = HttpSignatureHeaders::try_parse(signature, input).expect("fields");
    let ours = found.get("cs").expect("our label");
    let base = HttpSignatureBase::try_new(&components, ours.signature_params()).expect("a base");
    base.verify_signature_headers(&peer_key(), ours).is_ok()
}
