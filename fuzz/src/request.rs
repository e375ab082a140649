//! Verifying and signing requests, and opening stored keys.

use std::sync::Arc;
use std::sync::LazyLock;

use counterseal::core::{Carry, Claimed, KeyId, Refusal, SealKey, Secret, Seed, Time, Value, read};
use counterseal::request::{Key, KeyRecord, KeySet, Policy, Profile, Request, Signer, Verifier};

use crate::bytes::Bytes;
use crate::message::Message;

/// The key, the policy and the clock of most vectors.
struct World {
    verifier: Verifier,
    signer: Signer,
    keys: KeySet,
    now: Time,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let id = KeyId::parse("worker-7").expect("a key id");
    let key = Arc::new(Key::new(id, &Secret::new((0..32).collect())).expect("32 bytes"));
    World {
        verifier: Verifier::new(Policy::for_authority("api.example").expect("an authority")),
        signer: Signer::new(key.clone(), Profile::default()),
        keys: KeySet::new([key]).expect("one key"),
        now: Time::from_seconds(1_800_000_000),
    }
});

/// Whoever has no key is refused, and what is refused once is refused for the same reason again.
pub fn request_verifier_begin(data: &[u8]) {
    let World {
        verifier,
        keys,
        now,
        ..
    } = &*WORLD;
    Message::new(data).with(|request| {
        let accepted = verifier.begin(&request, keys, *now).is_ok();
        check_pieces(verifier, &request, keys, *now, accepted);
        let code = |request| {
            verifier
                .begin(request, keys, *now)
                .map_err(|error| error.code().name)
        };
        let first = code(&request);
        assert_eq!(first.as_ref().err(), code(&request).as_ref().err());
        // Explaining costs more than all the rest, so a part of what is refused is enough.
        if first.is_err() && data.len().is_multiple_of(8) {
            let _ = verifier.explain(&request);
        }
        let Ok(pending) = first else { return };
        assert!(
            verifier.explain(&request).is_ok(),
            "what was accepted can be explained"
        );
        assert!(
            verifier.claimed_key(&request).is_some(),
            "what was accepted names its key"
        );
        let claim = pending.claim();
        assert!(claim.until > *now, "a claim is remembered");
        let verified = pending
            .finish(Ok(Claimed::Fresh))
            .expect("a fresh claim is accepted");
        assert_eq!(verified.component("@method"), Some(request.method));
    });
}

/// Content in pieces is accepted only with the whole, and always with it where the fields say nothing of its size.
pub(crate) fn check_pieces(
    verifier: &Verifier,
    request: &Request<'_>,
    keys: &KeySet,
    now: Time,
    accepted: bool,
) {
    let silent = request.headers.iter().all(|(name, _)| {
        !["content-length", "transfer-encoding"]
            .iter()
            .any(|field| name.eq_ignore_ascii_case(field))
    });
    let pieces = verifier.begin_content(request, keys, now);
    let pieces = pieces.and_then(|mut content| {
        for piece in request.body.chunks(7) {
            content.update(piece)?;
        }
        content.finish()
    });
    assert!(
        pieces.is_err() || accepted,
        "only in pieces was it accepted"
    );
    assert!(
        pieces.is_ok() == accepted || !silent,
        "the whole is another"
    );
    let refusal = verifier.sign_refusal(request, keys, now, 401, b"");
    assert!(
        refusal.is_none() || !accepted,
        "what is accepted is refused"
    );
}

/// What was signed is accepted, and refused when its content is another.
pub fn request_signer_sign(data: &[u8]) {
    let World {
        verifier,
        signer,
        keys,
        now,
    } = &*WORLD;
    let mut bytes = Bytes::new(data);
    let seed = Seed::new(bytes.array());
    Message::new(&data[data.len().min(16)..]).with(|request| {
        let Ok(signed) = signer.sign(&request, *now, &seed) else {
            return;
        };
        let mut headers = unsigned(&request);
        headers.extend(
            signed
                .headers()
                .map(|(name, value)| (name, value.as_bytes())),
        );
        let sent = Request {
            headers: &headers,
            ..request
        };
        let begun = verifier.begin(&sent, keys, *now);
        // The signer knows no authorities: that is the one thing which it cannot see for itself.
        if request.authority == "api.example" {
            let _ = begun.expect("what was signed is accepted");
        }
        // Explaining costs more than all the rest, so a part of the seeds is enough.
        if seed.expose()[0].is_multiple_of(8) {
            check_explained(&request, &sent, &seed);
        }
        let longer = [request.body, b"!"].concat();
        let changed = Request {
            body: &longer,
            ..sent
        };
        assert!(verifier.begin(&changed, keys, *now).is_err());
    });
}

/// Both sides have one base, where the verifier has any.
fn check_explained(request: &Request<'_>, sent: &Request<'_>, seed: &Seed<16>) {
    let World {
        verifier,
        signer,
        now,
        ..
    } = &*WORLD;
    let base = signer.explain(request, *now, seed);
    let base = base.expect("what can be signed can be explained");
    if let Ok(explained) = verifier.explain(sent) {
        assert!(
            explained.first_difference(&base).is_none(),
            "both sides have one base"
        );
    }
}

/// The fields that signing does not set.
fn unsigned<'a>(request: &Request<'a>) -> Vec<(&'a str, &'a [u8])> {
    const SET: [&str; 3] = ["signature-input", "signature", "content-digest"];
    let is_set = |name: &str| {
        SET.iter()
            .any(|set| set.eq_ignore_ascii_case(&name.replace('_', "-")))
    };
    request
        .headers
        .iter()
        .copied()
        .filter(|(name, _)| !is_set(name))
        .collect()
}

/// A row that was not sealed here is no key.
pub fn request_key_record_open(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let carry = if bytes.byte() == 0 {
        Carry::Binary
    } else {
        Carry::Hex
    };
    let row = row(&mut bytes);
    let Ok(record) = read::<KeyRecord>(&row, carry) else {
        return;
    };
    let sealer = SealKey::new(&Secret::new(vec![7; 32])).expect("32 bytes");
    let id = KeyId::parse("worker-7").expect("a key id");
    assert!(record.open(&id, &sealer).is_err());
}

/// Cells of each type, in any order.
pub(crate) fn row(bytes: &mut Bytes<'_>) -> Vec<Value> {
    let cells = bytes.byte() % 12;
    (0..cells).map(|_| cell(bytes)).collect()
}

fn cell(bytes: &mut Bytes<'_>) -> Value {
    match bytes.byte() % 4 {
        0 => Value::Null,
        1 => Value::Int(bytes.i64()),
        2 => Value::Text(String::from_utf8_lossy(bytes.short()).into_owned()),
        _ => Value::Bytes(bytes.short().into()),
    }
}
