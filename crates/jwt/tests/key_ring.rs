//! Keys that are stored: who may sign, what is published, and what a store that was written by somebody else can do.

#![allow(clippy::unwrap_used)] // where a panic is a failed test

use std::sync::Arc;

use counterseal_core::{
    Algorithm, Bound, KeyId, Lifetime, Load, Pending, PrivateKey, Refusal, Row, RowOp, Run,
    SealKey, Secret, Seed, Signatures, Span, Step, Swap, Time, Unavailable, drive,
};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    Claims, JwtSetupError, KeyRing, KeyRingRecord, KeyState, Minter, RingError, RingVault,
    RotationPolicy, TokenKeys, TokenPolicy, TokenVerifier,
};
use counterseal_memory::Memory;
use counterseal_testkit::{NOW, WINDOW};

const ISSUER: &str = "https://iss.example";

fn vault(issuer: &str, seal: u8) -> RingVault {
    let sealer = SealKey::new(&Secret::new(vec![seal; 32])).unwrap();
    RingVault::new(issuer, Arc::new(sealer), Arc::new(RustCrypto)).unwrap()
}

fn policy() -> RotationPolicy {
    RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5)).unwrap()
}

fn store() -> Memory {
    Memory::new(WINDOW, 100, NOW)
}

fn pair(seed: u8) -> PrivateKey {
    let algorithm = [Algorithm::EdDsa, Algorithm::Es256][usize::from(seed % 2)];
    RustCrypto
        .generate(algorithm, &Seed::new([seed; 64]))
        .unwrap()
}

fn announce(store: &Memory, seed: u8, now: Time) -> Result<KeyRing, RingError> {
    let step = vault(ISSUER, 1).announce(&pair(seed), policy(), &Seed::new([seed; 12]), now);
    drive(store, step.unwrap())
}

fn load(store: &Memory, now: Time) -> Result<KeyRing, RingError> {
    drive(store, vault(ISSUER, 1).load(now))
}

fn stored(store: &Memory) -> Row<KeyRingRecord> {
    let id = KeyRingRecord::row_of(ISSUER);
    store.run(RowOp::Load(Load::new(id))).unwrap().unwrap()
}

fn mint(ring: &KeyRing, now: Time) -> String {
    let policy = TokenPolicy::access(ISSUER, "api").unwrap();
    let bounds = [Bound::ceiling("test", Span::from_minutes(30))];
    let life = Lifetime::clamp(Span::from_minutes(30), &bounds, now).unwrap();
    let minter = Minter::new(ring.signer(now).unwrap().clone(), &policy);
    let token = minter.mint(&Claims::of("user-7"), &life, &Seed::new([7; 16]));
    String::from_utf8(token.unwrap().expose().to_vec()).unwrap()
}

fn verify(token: &str, keys: &TokenKeys, now: Time) -> &'static str {
    let verifier = TokenVerifier::new(TokenPolicy::access(ISSUER, "api").unwrap());
    let outcome = verifier.verify(token, keys, now);
    outcome.map_or_else(|error| error.code().name, |_| "ok")
}

#[test]
fn o20_tokens_of_a_stored_ring_are_good_through_a_rotation() {
    let store = store();
    announce(&store, 1, NOW).unwrap();
    let first = load(&store, NOW).unwrap();
    let token = mint(&first, NOW);
    let ring = announce(&store, 2, NOW).unwrap();
    let takes_over = NOW.plus(policy().lead());
    let states: Vec<_> = ring.facts(NOW).map(|facts| facts.state).collect();
    assert_eq!(states, [KeyState::Active, KeyState::Announced]);
    let waiting = ring.facts(NOW).last().unwrap();
    assert_eq!(ring.waiting(NOW), Some((waiting.id, takes_over)));
    assert_eq!(ring.next_change(NOW), Some(takes_over));

    let ring = load(&store, takes_over).unwrap();
    let next = mint(&ring, takes_over);
    let published = ring.document(takes_over).unwrap();
    let published = TokenKeys::from_jwks(published.body(), &RustCrypto).unwrap();
    for keys in [ring.keys(takes_over).unwrap(), &published] {
        assert_eq!(verify(&token, keys, takes_over), "ok");
        assert_eq!(verify(&next, keys, takes_over), "ok");
    }
    // The last token of the first key is over when that is gone.
    let gone = takes_over.plus(policy().keep());
    let ring = load(&store, gone).unwrap();
    assert_eq!(ring.keys(gone).unwrap().iter().count(), 1);
    let before = gone.minus(Span::from_millis(1));
    let ring = load(&store, before).unwrap();
    assert_eq!(ring.keys(before).unwrap().iter().count(), 2);
    assert_eq!(ring.keys(gone).unwrap().iter().count(), 1);
}

#[test]
fn a_host_goes_by_what_it_read_for_so_long_and_no_longer() {
    let store = store();
    announce(&store, 1, NOW).unwrap();
    let ring = load(&store, NOW).unwrap();
    let stale = NOW.plus(policy().hosts());
    let last = stale.minus(Span::from_millis(1));
    assert!(ring.signer(last).is_ok() && ring.keys(last).is_ok() && ring.document(last).is_ok());
    let refused = RingError::Stale {
        read: NOW,
        now: stale,
    };
    assert_eq!(ring.signer(stale).err(), Some(refused));
    assert_eq!(ring.keys(stale).err(), Some(refused));
    assert_eq!(ring.document(stale).err(), Some(refused));
    assert_eq!(refused.code().name, "jwt_ring_stale");
    // A clock that went back says nothing of the age.
    assert!(ring.signer(NOW.minus(Span::from_minutes(1))).is_ok());
    let earlier = NOW.minus(Span::from_seconds(61));
    assert_eq!(ring.signer(earlier).err().unwrap().code().http, 503);
}

#[test]
fn of_two_rotations_one_is_told_of_the_other_and_a_repeated_one_is_done() {
    let store = store();
    assert_eq!(load(&store, NOW).err(), Some(RingError::Empty));
    announce(&store, 1, NOW).unwrap();
    announce(&store, 2, NOW).unwrap();
    assert_eq!(announce(&store, 3, NOW).err(), Some(RingError::Announced));
    let version = stored(&store).version;
    assert_eq!(announce(&store, 2, NOW).unwrap().version(), version);
    assert_eq!(announce(&store, 1, NOW).unwrap().version(), version);
    assert_eq!(stored(&store).version, version);
}

#[test]
fn a_lost_key_is_gone_for_good() {
    let store = store();
    let first = announce(&store, 1, NOW).unwrap();
    let id = first.facts(NOW).next().unwrap().id;
    let token = mint(&first, NOW);
    let revoke = |id| drive(&store, vault(ISSUER, 1).revoke(id, NOW));
    let unknown = KeyId::parse("unknown").unwrap();
    assert_eq!(revoke(unknown).err(), Some(RingError::Missing));
    let ring = revoke(id).unwrap();
    assert_eq!(ring.signer(NOW).err(), Some(RingError::Empty));
    assert_eq!(ring.keys(NOW).err(), Some(RingError::Empty));
    let version = ring.version();
    assert_eq!(revoke(id).unwrap().version(), version);
    assert_eq!(announce(&store, 1, NOW).err(), Some(RingError::Revoked));
    let ring = announce(&store, 2, NOW).unwrap();
    assert_eq!(
        verify(&token, ring.keys(NOW).unwrap(), NOW),
        "jwt_key_unknown"
    );
    assert!(!stored_text(&store).contains(&sealed_of(&first_text())));
}

/// The text that is stored once the first key was announced.
fn first_text() -> String {
    let store = store();
    announce(&store, 1, NOW).unwrap();
    stored_text(&store)
}

fn sealed_of(text: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    json["keys"][0]["sealed"].as_str().unwrap().into()
}

/// The column, as a store has it.
fn stored_text(store: &Memory) -> String {
    let values = counterseal_core::write(&stored(store).record);
    values[8].as_text().unwrap().into()
}

/// Writes another text into the column.
fn tamper(store: &Memory, text: &str) {
    let row = stored(store);
    let mut values = counterseal_core::write(&row.record);
    values[8] = counterseal_core::Value::Text(text.into());
    let carry = counterseal_core::Carry::Binary;
    let record: KeyRingRecord = counterseal_core::read(&values, carry).unwrap();
    let swap = Swap {
        id: KeyRingRecord::row_of(ISSUER),
        expected: row.version,
        record,
    };
    store.run(RowOp::Swap(swap)).unwrap().unwrap();
}

#[test]
fn whoever_writes_the_table_cannot_add_a_key_of_their_own() {
    // The attacker has a ring of their own, sealed with their own key, or of another issuer of ours.
    let theirs = |issuer: &str, seal: u8| {
        let store = store();
        let vault = vault(issuer, seal);
        let step = vault.announce(&pair(9), policy(), &Seed::new([9; 12]), NOW);
        let _ = drive(&store, step.unwrap()).unwrap();
        let id = KeyRingRecord::row_of(issuer);
        let row: Row<KeyRingRecord> = store.run(RowOp::Load(Load::new(id))).unwrap().unwrap();
        let values = counterseal_core::write(&row.record);
        values[8].as_text().unwrap().to_owned()
    };
    for text in [theirs(ISSUER, 2), theirs("https://other.example", 1)] {
        let store = store();
        announce(&store, 1, NOW).unwrap();
        tamper(&store, &text);
        let refused = load(&store, NOW).err().unwrap();
        assert_eq!(refused.code().name, "seal_broken");
    }
    // Their public part with a seal of ours.
    let store = store();
    announce(&store, 1, NOW).unwrap();
    let (ours, other) = (stored_text(&store), theirs(ISSUER, 2));
    tamper(
        &store,
        &other.replace(&sealed_of(&other), &sealed_of(&ours)),
    );
    assert_eq!(load(&store, NOW).err(), Some(RingError::Sealed));
}

#[test]
fn what_makes_no_sense_is_no_ring() {
    let store = store();
    announce(&store, 1, NOW).unwrap();
    announce(&store, 2, NOW).unwrap();
    let good = stored_text(&store);
    let json = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = json(&good);
        change(&mut value);
        value.to_string()
    };
    let twice = changed(&|value| {
        let first = value["keys"][0].clone();
        value["revoked"] = serde_json::json!([{"jwk": first["jwk"], "at": 1}]);
    });
    let bad = [
        String::new(),
        "{}".into(),
        "[]".into(),
        format!("{good} "),
        format!("{good}x"),
        "x".repeat(65 * 1024),
        good.replace("\"keys\"", "\"kees\""),
        good.replace("\"alg\":\"ES256\"", "\"alg\":\"EdDSA\""),
        good.replace("\"announced\":", "\"announced\":\"\",\"a\":"),
        good.replace("\"kid\":\"", "\"kid\":\"x"),
        good.replace("\"use\":\"sig\"", "\"use\":\"enc\""),
        twice,
        changed(&|value| value["keys"].as_array_mut().unwrap().reverse()),
        changed(&|value| drop(value["keys"][0].as_object_mut().unwrap().remove("ends"))),
        changed(&|value| drop(value["keys"][0].as_object_mut().unwrap().remove("gone"))),
        changed(&|value| drop(value["keys"][1].as_object_mut().unwrap().remove("active"))),
        changed(&|value| drop(value["keys"][1].as_object_mut().unwrap().remove("sealed"))),
        changed(&|value| value["keys"][0]["ends"] = serde_json::json!(1)),
        changed(&|value| value["keys"][0]["gone"] = serde_json::json!(1)),
        changed(&|value| value["keys"][0]["jwk"]["d"] = serde_json::json!("AQAB")),
        changed(&|value| value["more"] = serde_json::json!(1)),
    ];
    for (at, text) in bad.iter().enumerate().filter(|(at, _)| *at != 3) {
        assert_ne!(*text, good, "{at}");
        tamper(&store, text);
        let refused = load(&store, NOW).err();
        assert_eq!(refused, Some(RingError::Broken), "{at}: {text}");
        // Nothing is written over it either.
        let written = announce(&store, 4, NOW.plus(Span::from_minutes(60))).err();
        assert_eq!(written, Some(RingError::Broken), "{at}");
    }
    tamper(&store, &good);
    assert!(load(&store, NOW).is_ok());
    // JSON as another program writes it again.
    tamper(&store, &bad[3]);
    assert!(load(&store, NOW).is_ok());
}

#[test]
fn a_private_part_that_the_host_keeps_is_given_to_the_ring() {
    let store = store();
    let (own, other) = (pair(1), pair(3));
    let public = own.public_key().unwrap();
    let vault = vault(ISSUER, 1);
    let seed = || Seed::new([1; 12]);
    let step = vault.announce_public(Algorithm::Es256, public, policy(), &seed(), NOW);
    let mut ring = drive(&store, step.unwrap()).unwrap();
    assert_eq!(ring.signer(NOW).err(), Some(RingError::Private));
    assert_eq!(ring.keys(NOW).unwrap().iter().count(), 1);
    assert_eq!(ring.hold(&other), Err(RingError::Missing));
    ring.hold(&own).unwrap();
    let token = mint(&ring, NOW);
    assert_eq!(verify(&token, ring.keys(NOW).unwrap(), NOW), "ok");
    // Without a public half beside it, there is nothing to announce for another algorithm.
    let step = vault.announce_public(Algorithm::EdDsa, public, policy(), &seed(), NOW);
    assert_eq!(step.err(), Some(JwtSetupError::Algorithm));
}

#[test]
fn a_change_that_was_begun_before_the_last_one_is_none() {
    let store = store();
    let minute = Span::from_minutes(1);
    announce(&store, 1, NOW).unwrap();
    let later = NOW.plus(policy().lead()).plus(minute);
    announce(&store, 2, later).unwrap();
    let changed = stored(&store).record.updated_at();
    assert_eq!(changed, later);
    let id = load(&store, later).unwrap().facts(later).next().unwrap().id;
    let revoke = |now| drive(&store, vault(ISSUER, 1).revoke(id, now));
    let late = changed.minus(minute).minus(Span::from_millis(1));
    let refused = revoke(late).err().unwrap();
    assert_eq!(refused, RingError::Late { changed, now: late });
    assert_eq!(refused.code().name, "jwt_ring_late");
    assert!(revoke(changed.minus(minute)).is_ok());
}

#[test]
fn a_host_says_when_it_reads_again_and_how_long_tokens_live() {
    let store = store();
    let ring = announce(&store, 1, NOW).unwrap();
    assert_eq!(ring.pause(NOW), Span::from_minutes(1));
    assert_eq!(
        ring.ceiling(),
        Bound::ceiling("ring", Span::from_minutes(30))
    );
    let id = ring.facts(NOW).next().unwrap().id;
    let ring = drive(&store, vault(ISSUER, 1).revoke(id, NOW)).unwrap();
    assert_eq!(ring.pause(NOW), Span::from_seconds(1));
}

#[test]
fn a_store_that_does_not_answer_changes_nothing_here() {
    let step = vault(ISSUER, 1).load(NOW);
    let Step::Need(pending) = step else {
        unreachable!("it asks the store")
    };
    let Step::Done(outcome) = pending.finish(Err(Unavailable)) else {
        unreachable!("it is done")
    };
    assert_eq!(outcome.err(), Some(RingError::Unavailable));
    let long = "x".repeat(513);
    for issuer in ["", &long] {
        let sealer = SealKey::new(&Secret::new(vec![1; 32])).unwrap();
        let made = RingVault::new(issuer, Arc::new(sealer), Arc::new(RustCrypto));
        assert_eq!(made.err(), Some(JwtSetupError::Text { name: "issuer" }));
    }
}
