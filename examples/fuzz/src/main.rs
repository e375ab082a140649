//! A handler, and whatever a stranger may send to it.
//!
//! With cargo fuzz the last line of `main` is the target's body:
//!
//! ```text
//! fuzz_target!(|any: AnyRequest| any.with(|request| { handle(&service, request); }));
//! ```

use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use counterseal::core::{KeyId, Secret, Seed, Step, Time, drive};
use counterseal::replay::{PrivateRing, Shape, Window};
use counterseal::request::{AnyRequest, Key, KeySet, Policy, Profile, Request, Signer, Verifier};

const NOW: Time = Time::from_seconds(1_800_000_000);

/// What the handler needs.
struct Service {
    verifier: Verifier,
    keys: KeySet,
    ring: PrivateRing,
}

/// Serves a request once, if it is genuine.
fn handle(service: &Service, request: &Request<'_>) -> Result<String, &'static str> {
    let refused = |error: counterseal::request::RequestError| {
        counterseal::core::Refusal::code(&error).public
    };
    let pending = service.verifier.begin(request, &service.keys, NOW);
    let step = Step::Need(pending.map_err(refused)?);
    let verified = drive(&service.ring, step).map_err(refused)?;
    Ok(verified.key_id().to_string())
}

fn main() {
    let key = KeyId::parse("worker-7").expect("a key id");
    let key = Key::new(key, &Secret::new(vec![7; 32])).expect("32 bytes");
    let key = Arc::new(key.valid(NOW, Time::NEVER));
    let service = Service {
        verifier: Verifier::new(Policy::for_authority("api.example").expect("a policy")),
        keys: KeySet::new([Arc::clone(&key)]).expect("one key"),
        ring: PrivateRing::new(Shape::for_rate(100), Window::MINUTE, NOW, &Seed::new([7; 16]))
            .expect("a ring"),
    };
    let signer = Signer::new(key, Profile::default());
    let (mut refused, mut served) = (0, 0);
    for number in 0..20_000_u64 {
        let bytes = noise(number);
        let mut any = AnyRequest::arbitrary(&mut Unstructured::new(&bytes)).expect("bytes");
        // A stranger is never served.
        assert!(any.with(|request| handle(&service, request)).is_err());
        refused += 1;
        // What the client signs is served, once.
        any.headers.retain(|(name, _)| !name.contains("signature") && !name.contains("content"));
        let seed = Seed::new(*bytes.first_chunk().expect("enough bytes"));
        let Ok(signed) = any.with(|request| signer.sign(request, NOW, &seed)) else { continue };
        let fields = signed.headers().map(|(name, value)| (name.to_owned(), value.into()));
        any.headers.extend(fields);
        let once = any.with(|request| handle(&service, request));
        let twice = any.with(|request| handle(&service, request));
        assert!(twice.is_err(), "a request was served twice");
        served += u32::from(once.is_ok());
    }
    assert!(served > 100, "only {served} were served");
    println!("{refused} refused, {served} served once");
}

/// Bytes that look like none in particular; libFuzzer makes better ones.
fn noise(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).take(32).flatten().collect()
}
