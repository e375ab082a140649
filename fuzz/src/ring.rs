//! Keys of an issuer, as a store gives them.

use std::sync::Arc;

use counterseal::core::{
    Algorithm, Carry, Pending, Row, RowOp, SealKey, Secret, Seed, Signatures, Span, Step, Time,
    Value, read, write,
};
use counterseal::jwt::{ChangeRing, KeyRing, KeyRingRecord, RingError, RingVault, RotationPolicy};
use counterseal_crypto_rustcrypto::RustCrypto;

/// What stands in a column is a ring that was sealed here, or none; and one that was is of use at any time.
pub fn jwt_ring_vault_load(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut values = write(&stored());
    let keys = values.iter_mut().rev().nth(1).expect("a column of keys");
    *keys = Value::Text(text.into());
    let record: KeyRingRecord = read(&values, Carry::Binary).expect("a text in its column");
    let Ok(ring) = load(&record, 1) else {
        return;
    };
    let other = load(&record, 2);
    assert!(
        other.is_err() || ring.facts(NOW).count() == 0,
        "a seal opened with another key"
    );
    for now in [NOW, Time::EPOCH, Time::NEVER] {
        let known = ring.keys(now).map_or(0, |keys| keys.iter().count());
        assert!(known <= 8 && known <= ring.facts(now).count());
        let _ = (
            ring.signer(now),
            ring.document(now),
            ring.waiting(now),
            ring.next_change(now),
        );
    }
}

/// A text that opens.
pub(crate) fn seed() -> Vec<u8> {
    let values = write(&stored());
    let keys = values.iter().rev().nth(1).and_then(Value::as_text);
    keys.unwrap_or_default().into()
}

fn load(record: &KeyRingRecord, seal: u8) -> Result<KeyRing, RingError> {
    let row = Row {
        version: 1,
        record: record.clone(),
    };
    let Step::Need(pending) = vault(seal).load(NOW) else {
        return Err(RingError::Empty);
    };
    match pending.finish(Ok(Some(row))) {
        Step::Done(ring) => ring,
        Step::Need(_) => Err(RingError::Empty),
    }
}

/// Two keys, one of which waits.
fn stored() -> KeyRingRecord {
    let first = announced(None, 1);
    announced(Some(first), 2)
}

fn announced(before: Option<KeyRingRecord>, seed: u8) -> KeyRingRecord {
    let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5));
    let key = RustCrypto.generate(Algorithm::EdDsa, &Seed::new([seed; 64]));
    let (policy, key) = (policy.expect("a policy"), key.expect("a key"));
    let step = vault(1).announce(&key, policy, &Seed::new([seed; 12]), NOW);
    let Step::Need(pending) = step.expect("a pair") else {
        unreachable!("it reads first")
    };
    let row = before.map(|record| Row { version: 1, record });
    let Step::Need(pending) = ChangeRing::finish(pending, Ok(row)) else {
        unreachable!("then it writes")
    };
    match pending.op() {
        RowOp::Swap(swap) => swap.record,
        RowOp::Load(_) => unreachable!("it has read"),
    }
}

fn vault(seal: u8) -> RingVault {
    let sealer = SealKey::new(&Secret::new(vec![seal; 32])).expect("32 bytes");
    let vault = RingVault::new(
        "https://iss.example",
        Arc::new(sealer),
        Arc::new(RustCrypto),
    );
    vault.expect("an issuer")
}

const NOW: Time = Time::from_seconds(1_800_000_000);
