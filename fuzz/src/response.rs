//! Responses to signed requests.

use std::sync::{Arc, LazyLock};

use counterseal::core::{Claimed, KeyId, Secret, Seed, Span, Time};
use counterseal::request::{
    Key, KeySet, Policy, Profile, Request, Response, Scheme, Sent, Signer, Verified, Verifier,
};

use crate::message::Message;

/// A request that was sent, and the proof of it at the service.
struct World {
    sent: Sent,
    verified: Verified,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let id = KeyId::parse("worker-7").expect("a key id");
    let key = Arc::new(Key::new(id, &Secret::new((0..32).collect())).expect("32 bytes"));
    let plain = Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/jobs",
        query: b"state=open",
        headers: &[],
        body: b"",
    };
    let seed = Seed::new(core::array::from_fn(|i| {
        0x10 + u8::try_from(i).expect("small")
    }));
    let signer = Signer::new(key.clone(), Profile::default());
    let (signed, sent) = signer.send(&plain, NOW, &seed).expect("signed");
    let headers: Vec<_> = signed
        .headers()
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    let request = Request {
        headers: &headers,
        ..plain
    };
    let keys = KeySet::new([key]).expect("one key");
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("an authority"));
    let pending = verifier
        .begin(&request, &keys, NOW)
        .expect("our own request");
    let verified = pending.finish(Ok(Claimed::Fresh)).expect("a fresh claim");
    World { sent, verified }
});

/// Any response is refused, unless it is the one that our own service signs: then it is taken, and none with another
/// status or content is.
pub fn request_sent_check(data: &[u8]) {
    let World { sent, verified } = &*WORLD;
    Message::new(data).with(|request| {
        let response = Response {
            status: 200,
            headers: request.headers,
            body: request.body,
        };
        let clock = sent.clock(&response, Span::ZERO);
        let taken = sent.check(&response);
        assert!(clock.is_err() || taken.is_err(), "an answer is a clock");
        let Ok(taken) = taken else {
            return;
        };
        let signed = verified.sign_response(200, request.body, taken.created());
        let signed = signed.expect("a final response");
        let stands = |wanted: &str| {
            request
                .headers
                .iter()
                .any(|(_, value)| value.trim_ascii() == wanted.as_bytes())
        };
        assert!(
            signed.headers().all(|(_, value)| stands(value)),
            "a response that was not signed was taken"
        );
    });
    let signed = verified
        .sign_response(200, data, NOW)
        .expect("a final response");
    let headers: Vec<_> = signed
        .headers()
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    let other = [data, b"."].concat();
    let check = |status, body| {
        sent.check(&Response {
            status,
            headers: &headers,
            body,
        })
        .is_ok()
    };
    assert!(check(200, data), "our own response was refused");
    assert!(
        !check(201, data) && !check(200, &other),
        "another response was taken"
    );
}

const NOW: Time = Time::from_seconds(1_800_000_000);
