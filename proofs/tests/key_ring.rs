//! Stored keys on every store: of 64 rotations at once one wins, and no key is lost to a lost answer.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use std::sync::Arc;

use counterseal_core::{
    Algorithm, PrivateKey, Record, RowOp, Run, SealKey, Secret, Seed, Signatures, Span, Table,
    Time, drive,
};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{KeyRing, KeyRingRecord, KeyState, RingError, RingVault, RotationPolicy};
use counterseal_memory::Memory;
use counterseal_servers::{postgres, redis};
use counterseal_sqlite::Sqlite;
use counterseal_store::{Dialect, migrations};
use counterseal_testkit::{Faulty, NOW, Scratch, WINDOW, race};

const TABLES: &[Table] = &[KeyRingRecord::TABLE];

/// A store of rings.
trait Rings: Run<RowOp<KeyRingRecord>> + Sync {}

impl<S: Run<RowOp<KeyRingRecord>> + Sync> Rings for S {}

#[test]
fn o20_in_memory() {
    all(|| Memory::new(WINDOW, 100, NOW));
}

#[test]
fn o20_on_sqlite() {
    let scratch = Scratch::new();
    let mut files = 0;
    all(|| {
        files += 1;
        let path = scratch.file(&format!("{files}.db"));
        Sqlite::open(&path, TABLES, &[], WINDOW, NOW).unwrap()
    });
}

#[test]
fn o20_on_postgres() {
    all(|| {
        let postgres = postgres::Server::shared().schema();
        for text in migrations(TABLES, Dialect::Postgres, 0) {
            postgres.client().batch_execute(&text).unwrap();
        }
        postgres
    });
}

#[test]
fn o20_on_redis() {
    all(|| redis::Redis::new(redis::Server::start()));
}

fn all<S: Rings>(mut make: impl FnMut() -> S) {
    one_rotation_of_many_wins(&make());
    what_was_announced_stays(make());
}

/// 64 controllers announce a key each: first for the first place, then for the next one.
fn one_rotation_of_many_wins<S: Rings>(store: &S) {
    let mut now = NOW;
    for round in 0..3 {
        let outcomes = race(RACERS, |racer| announce(store, key(round, racer), now));
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        // The second of the first round announces the next key: nobody waits then.
        assert_eq!(won.len(), if round == 0 { 2 } else { 1 });
        let mut lost = lost.into_iter().map(|lost| lost.err().unwrap());
        assert!(lost.all(|error| error == RingError::Announced));
        let ring = drive(store, vault().load(now)).unwrap();
        let states: Vec<_> = ring.facts(now).map(|facts| facts.state).collect();
        let is_one = |state| states.iter().filter(|other| **other == state).count() == 1;
        assert!(is_one(KeyState::Active) && is_one(KeyState::Announced));
        now = now.plus(policy().lead());
    }
}

/// Through a store that loses steps and answers: who is told that a key was announced finds it, and so does everybody else; what is
/// tried again with the same key comes about once.
fn what_was_announced_stays<S: Rings>(store: S) {
    let store = Faulty::new(store, 7);
    let (mut now, mut told) = (NOW, Vec::new());
    for round in 0..20 {
        let pair = key(9, round);
        let tried = (0..30).find_map(|_| announce(&store, pair_of(&pair), now).ok());
        let ring = tried.expect("the store answers at times");
        told.push(ring.facts(now).last().unwrap().id);
        let ring = drive(store.inner(), vault().load(now)).unwrap();
        let stored: Vec<_> = ring.facts(now).map(|facts| facts.id).collect();
        assert!(told.ends_with(&stored), "{stored:?}");
        assert!(ring.signer(now).is_ok());
        now = now.plus(policy().lead());
    }
}

fn announce<S: Rings>(store: &S, key: PrivateKey, now: Time) -> Result<KeyRing, RingError> {
    let seed = Seed::new([7; 12]);
    let step = vault().announce(&key, policy(), &seed, now);
    drop(key);
    drive(store, step.unwrap())
}

fn key(round: usize, racer: usize) -> PrivateKey {
    let mut seed = [u8::try_from(round).unwrap(); 64];
    seed[1] = u8::try_from(racer).unwrap();
    RustCrypto
        .generate(Algorithm::EdDsa, &Seed::new(seed))
        .unwrap()
}

fn pair_of(key: &PrivateKey) -> PrivateKey {
    PrivateKey::ed25519(Secret::new(key.secret().expose().to_vec())).unwrap()
}

fn vault() -> RingVault {
    let sealer = SealKey::new(&Secret::new(vec![1; 32])).unwrap();
    RingVault::new(
        "https://iss.example",
        Arc::new(sealer),
        Arc::new(RustCrypto),
    )
    .unwrap()
}

fn policy() -> RotationPolicy {
    RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5)).unwrap()
}

const RACERS: usize = 64;
