//! Requests of other signers.

use std::sync::{Arc, LazyLock};

use counterseal::core::{Claimed, KeyId, Secret, Time};
use counterseal::request::{ForeignPolicy, ForeignPolicyParts, Key, KeySet, Verifier};

use crate::message::Message;
use crate::request::check_pieces;

struct World {
    verifier: Verifier,
    keys: KeySet,
}

/// A policy that leaves to the signer whatever can be left, and the key of the vectors.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let id = KeyId::parse("worker-7").expect("a key id");
    let key = Arc::new(Key::new(id, &Secret::new((0..32).collect())).expect("32 bytes"));
    let policy = ForeignPolicy::new(ForeignPolicyParts {
        authorities: vec!["api.example".into()],
        require: Vec::new(),
        require_nonce: false,
        require_digest: false,
        ..ForeignPolicyParts::default()
    });
    World {
        verifier: Verifier::foreign(policy.expect("a policy")),
        keys: KeySet::new([key]).expect("one key"),
    }
});

/// Whoever has no key is refused; what is accepted can be explained, and hands on no more than its lines.
pub fn request_foreign_begin(data: &[u8]) {
    let World { verifier, keys } = &*WORLD;
    Message::new(data).with(|request| {
        let begun = verifier.begin(&request, keys, NOW);
        check_pieces(verifier, &request, keys, NOW, begun.is_ok());
        let explained = verifier.explain(&request);
        let Ok(pending) = begun else { return };
        let explained = explained.expect("what was accepted can be explained");
        assert!(explained.broken_rule().is_none());
        assert!(verifier.claimed_key(&request).is_some());
        let verified = pending.finish(Ok(Claimed::Fresh)).expect("a fresh claim");
        for (name, value) in verified.covered() {
            assert_eq!(verified.component(&name), Some(value));
        }
        assert!(verified.sign_response(200, b"", NOW).is_err());
    });
}

const NOW: Time = Time::from_seconds(1_800_000_000);
