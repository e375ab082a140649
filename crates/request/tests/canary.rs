//! A01: nothing that a peer sends comes back out of an error, an audit event or an explanation.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::sync::Arc;

use counterseal_core::{Claimed, KeyId, Refusal, Secret, Seed, Time};
use counterseal_request::{
    Key, KeySet, Policy, PolicyParts, Profile, ProfileParts, Request, RequestError, Scheme, Signer,
    Verifier,
};
use proptest::prelude::*;

const NOW: Time = Time::from_seconds(1_800_000_000);
/// Fits every grammar that a part of a request has, so that it gets as deep as it can.
const CANARY: &str = "c4n4ry";

fn profile() -> ProfileParts {
    ProfileParts {
        cover: vec!["authorization".into()],
        ..ProfileParts::default()
    }
}

fn key() -> Arc<Key> {
    let id = KeyId::parse("worker-7").unwrap();
    Arc::new(Key::new(id, &Secret::new(vec![7; 32])).unwrap())
}

fn verifier() -> Verifier {
    let parts = PolicyParts {
        profile: profile(),
        authorities: vec!["api.example".into()],
        ..PolicyParts::default()
    };
    Verifier::new(Policy::new(parts).unwrap())
}

/// Everything that an operator or a peer could be shown about this request.
fn outputs(request: &Request<'_>, answer: Claimed) -> String {
    let keys = KeySet::new([key()]).unwrap();
    let verifier = verifier();
    let shown = |error: RequestError| {
        let (code, event) = (error.code(), error.event(NOW));
        format!("{error} {error:?} {code:?} {event} {event:?}")
    };
    let decided = match verifier.begin(request, &keys, NOW) {
        Err(error) => shown(error),
        Ok(pending) => match pending.finish(Ok(answer)) {
            Err(error) => shown(error),
            Ok(proof) => format!("{proof:?} {} {:?}", proof.event(NOW), proof.event(NOW)),
        },
    };
    let explained = verifier.explain(request).map_or_else(shown, |explanation| {
        // Path and key id are shown to operators on purpose.
        let text = format!(
            "{explanation} {explanation:?} {:?}",
            explanation.broken_rule()
        );
        text.lines()
            .filter(|line| !line.contains("\"@path\""))
            .collect()
    });
    decided + &explained
}

/// The wanted piece, or the canary in its place.
fn piece<'a>(plant: &[bool], at: usize, good: &'a str, planted: &'a str) -> &'a str {
    if plant[at] { planted } else { good }
}

proptest! {
    #[test]
    fn a01_no_planted_text_comes_back_out(
        plant in prop::collection::vec(any::<bool>(), 9),
        answer in prop::sample::select(vec![Claimed::Fresh, Claimed::Held, Claimed::Stale, Claimed::Full, Claimed::OwnerFull]),
        sign_after in any::<bool>(),
    ) {
        let path = piece(&plant, 1, "/v1/jobs", "/c4n4ry");
        let headers = [
            ("authorization", piece(&plant, 3, "Bearer x", "Bearer c4n4ry").as_bytes()),
            ("content-type", piece(&plant, 4, "text/plain", "c4n4ry/c4n4ry").as_bytes()),
        ];
        let mut request = Request {
            method: piece(&plant, 0, "POST", CANARY),
            scheme: Scheme::Https,
            authority: piece(&plant, 2, "api.example", "c4n4ry.example"),
            path: path.as_bytes(),
            query: piece(&plant, 5, "", CANARY).as_bytes(),
            headers: &headers,
            body: piece(&plant, 6, "", CANARY).as_bytes(),
        };
        let signer = Signer::new(key(), Profile::new(profile()).unwrap());
        let signed_request = if sign_after { request } else { Request { method: "POST", authority: "api.example", ..request } };
        let signed = signer.sign(&signed_request, NOW, &Seed::new([5; 16]));
        let mut all = headers.to_vec();
        let input = signed.as_ref().map_or(String::new(), |s| s.signature_input().into());
        let input = if plant[7] { input.replace("worker-7", CANARY) } else { input };
        if let Ok(signed) = &signed {
            let signature = if plant[8] { "cs=:c4n4ry:" } else { signed.signature() };
            all.push(("signature-input", input.as_bytes()));
            all.push(("signature", signature.as_bytes()));
            if let Some(digest) = signed.content_digest() {
                all.push(("content-digest", digest.as_bytes()));
            }
        }
        request.headers = &all;
        let shown = outputs(&request, answer);
        prop_assert!(!shown.contains(CANARY), "{shown}");
    }
}
