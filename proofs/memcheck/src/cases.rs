//! The comparisons. Whatever is public is made before its secret is poisoned.

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::{Claimed, KeyId, MacKey, SealKey, Secret, Seed, Span, Time, same_bytes};
use counterseal_request::{
    ForeignPolicy, ForeignPolicyParts, Key, KeyRecord, KeySet, NewKey, Policy, Profile, Request,
    Response, Scheme, Sent, Signer, Verifier,
};
use counterseal_webhook::{Delivery, MessageId, Receiver, Sender, WebhookKey, WebhookPolicy};

use crate::poison::poison;

/// A case: what it says, and whether the two were the same.
type Case = (&'static str, fn() -> bool);

pub(crate) const CASES: &[Case] = &[
    ("control", control),
    ("same_bytes", || compared(0)),
    ("other_bytes", || compared(1)),
    ("tag", tag),
    ("request", || request(0)),
    ("request_forged", || request(1)),
    ("pieces", || pieces(0)),
    ("pieces_forged", || pieces(1)),
    ("foreign", || foreign(0)),
    ("foreign_forged", || foreign(1)),
    ("response", || response(0)),
    ("response_forged", || response(1)),
    ("clock", clock),
    ("webhook", || webhook(0)),
    ("webhook_forged", || webhook(1)),
    ("webhook_second_key", || webhook_of_two(1)),
    ("webhook_neither_key", || webhook_of_two(2)),
    ("seal", || seal(0)),
    ("seal_broken", || seal(1)),
    ("key_record", || key_record(0)),
    ("key_record_broken", || key_record(1)),
];

/// What nobody may write: a comparison that ends at the first byte that differs.
fn control() -> bool {
    let (ours, theirs) = (secret(), [7_u8; 32]);
    let ours = black_box(ours.expose());
    for (one, other) in ours.iter().zip(black_box(&theirs)) {
        if one != other {
            return false;
        }
    }
    true
}

fn compared(flip: u8) -> bool {
    let mut ours = [7_u8; 32];
    let mut theirs = [7_u8; 32];
    theirs[20] ^= flip;
    poison(&mut ours);
    poison(&mut theirs);
    verdict(same_bytes(black_box(&ours), black_box(&theirs)).is_ok())
}

fn tag() -> bool {
    let known = public_key().tag(b"message");
    let key = MacKey::new(&secret()).expect("32 bytes");
    verdict(key.verify(black_box(b"message"), &known).is_ok())
}

/// Where a comparison that this program asks for becomes public.
#[inline(never)]
fn verdict(is_same: bool) -> bool {
    if black_box(is_same) {
        black_box(true)
    } else {
        false
    }
}

fn request(flip: u8) -> bool {
    let (fields, _) = sent(public_request_key(flip));
    let headers = lines(&fields);
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("a policy"));
    let keys = KeySet::new([secret_request_key()]).expect("one key");
    verifier.begin(&plain(&headers), &keys, NOW).is_ok()
}

/// The content comes after the decision.
fn pieces(flip: u8) -> bool {
    let (fields, _) = sent(public_request_key(flip));
    let headers = lines(&fields);
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("a policy"));
    let keys = KeySet::new([secret_request_key()]).expect("one key");
    let content = verifier.begin_content(&plain(&headers), &keys, NOW);
    content.is_ok_and(|content| content.finish().is_ok())
}

/// A signature as another signer makes it.
fn foreign(flip: u8) -> bool {
    let policy = ForeignPolicy::new(ForeignPolicyParts {
        authorities: vec!["api.example".into()],
        require: vec!["@method".into()],
        require_nonce: false,
        require_digest: false,
        ..ForeignPolicyParts::default()
    });
    let parameters = "(\"@method\");created=1800000000;keyid=\"worker-7\"";
    let base = format!("\"@method\": GET\n\"@signature-params\": {parameters}");
    let signer = MacKey::new(&public(flip)).expect("32 bytes");
    let mac = STANDARD.encode(signer.tag(base.as_bytes()));
    let (input, signature) = (format!("sig={parameters}"), format!("sig=:{mac}:"));
    let headers = [
        ("signature-input", input.as_bytes()),
        ("signature", signature.as_bytes()),
    ];
    let verifier = Verifier::foreign(policy.expect("a policy"));
    let keys = KeySet::new([secret_request_key()]).expect("one key");
    verifier.begin(&plain(&headers), &keys, NOW).is_ok()
}

fn response(flip: u8) -> bool {
    let fields = answered(public_request_key(flip));
    let headers = lines(&fields);
    let (_, sent) = sent_secretly();
    let response = Response {
        status: 200,
        headers: &headers,
        body: b"{}",
    };
    sent.check(&response).is_ok()
}

fn clock() -> bool {
    let late = NOW.plus(Span::from_seconds(3_600));
    let fields = refused(public_request_key(0), late);
    let headers = lines(&fields);
    let (_, sent) = sent_secretly();
    let response = Response {
        status: 401,
        headers: &headers,
        body: b"{}",
    };
    sent.clock(&response, Span::ZERO).is_ok()
}

fn webhook(flip: u8) -> bool {
    delivered(flip, vec![webhook_key(&secret())])
}

/// The key of the deliveries is the second that is tried, or none of the two.
fn webhook_of_two(flip: u8) -> bool {
    let mut other = vec![6; 32];
    poison(&mut other);
    delivered(
        flip,
        vec![webhook_key(&secret()), webhook_key(&Secret::new(other))],
    )
}

fn delivered(flip: u8, keys: Vec<WebhookKey>) -> bool {
    let sender = Sender::new([webhook_key(&public(flip))]).expect("a sender");
    let id = MessageId::parse("msg_1").expect("an id");
    let signed = sender.sign(&id, b"{}", NOW).expect("signed");
    let headers: Vec<_> = signed.headers().map(|(n, v)| (n, v.as_bytes())).collect();
    let endpoint = KeyId::parse("billing").expect("a name");
    let receiver = Receiver::new(endpoint, keys, WebhookPolicy::default());
    let delivery = Delivery {
        headers: &headers,
        body: b"{}",
    };
    receiver.expect("a receiver").begin(&delivery, NOW).is_ok()
}

fn webhook_key(secret: &Secret) -> WebhookKey {
    WebhookKey::new(secret).expect("32 bytes")
}

fn seal(flip: u8) -> bool {
    let sealer = SealKey::new(&public(flip)).expect("32 bytes");
    let row = sealer.seal(&public(0), b"row", &Seed::new([1; 12]));
    let opener = SealKey::new(&secret()).expect("32 bytes");
    opener.open(&row, b"row").is_ok()
}

/// The stored secret is read with a sealing key that nobody may learn.
fn key_record(flip: u8) -> bool {
    let id = KeyId::parse("worker-7").expect("a key id");
    let new = NewKey {
        id,
        secret: public(0),
        since: NOW,
        until: NOW.plus(Span::from_seconds(60)),
        scope: String::new(),
    };
    let sealer = SealKey::new(&public(flip)).expect("32 bytes");
    let record = KeyRecord::seal(new, &sealer, &Seed::new([1; 12])).expect("a record");
    let opener = SealKey::new(&secret()).expect("32 bytes");
    record.open(&id, &opener).is_ok()
}

type Fields = Vec<(String, String)>;

/// The fields as a request or a response has them.
fn lines(fields: &Fields) -> Vec<(&str, &[u8])> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

/// The request as `key` signs it, and what its response is checked against.
fn sent(key: Arc<Key>) -> (Fields, Sent) {
    let signer = Signer::new(key, Profile::default());
    let (fields, sent) = signer
        .send(&plain(&[]), NOW, &Seed::new([9; 16]))
        .expect("signed");
    let fields = fields.headers().map(|(n, v)| (n.to_owned(), v.to_owned()));
    (fields.collect(), sent)
}

/// The same with the poisoned key: the tag of the request becomes public as it is written.
fn sent_secretly() -> (Fields, Sent) {
    sent(secret_request_key())
}

/// The response that the holder of `key` signs.
fn answered(key: Arc<Key>) -> Fields {
    let (fields, _) = sent(Arc::clone(&key));
    let headers = lines(&fields);
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("a policy"));
    let keys = KeySet::new([key]).expect("one key");
    let pending = verifier
        .begin(&plain(&headers), &keys, NOW)
        .expect("genuine");
    let proof = pending.finish(Ok(Claimed::Fresh)).expect("fresh");
    let signed = proof.sign_response(200, b"{}", NOW).expect("signed");
    signed
        .headers()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

fn refused(key: Arc<Key>, now: Time) -> Fields {
    let (fields, _) = sent(Arc::clone(&key));
    let headers = lines(&fields);
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("a policy"));
    let keys = KeySet::new([key]).expect("one key");
    let signed = verifier.sign_refusal(&plain(&headers), &keys, now, 401, b"{}");
    let signed = signed.expect("outside of its window");
    signed
        .headers()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

fn plain<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
    Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/",
        query: b"",
        headers,
        body: b"",
    }
}

fn public_request_key(flip: u8) -> Arc<Key> {
    request_key(&public(flip))
}

fn secret_request_key() -> Arc<Key> {
    request_key(&secret())
}

fn request_key(secret: &Secret) -> Arc<Key> {
    let id = KeyId::parse("worker-7").expect("a key id");
    Arc::new(Key::new(id, secret).expect("32 bytes"))
}

fn public_key() -> MacKey {
    MacKey::new(&public(0)).expect("32 bytes")
}

/// The secret, or another one, for whoever makes what is public.
fn public(flip: u8) -> Secret {
    Secret::new(vec![7 ^ flip; 32])
}

/// The secret, poisoned.
fn secret() -> Secret {
    let mut bytes = vec![7; 32];
    poison(&mut bytes);
    Secret::new(bytes)
}

const NOW: Time = Time::from_seconds(1_800_000_000);
