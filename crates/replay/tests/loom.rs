//! Races over the ring's own words, in every order that the memory model of the language allows:
//! `RUSTFLAGS="--cfg loom" cargo test -p counterseal-replay --test loom --release`.
//!
//! Two threads are explored without a bound, three with at most three or four preemptions.
#![cfg(loom)]

use std::sync::Arc;

use counterseal_core::Claimed::{self, Fresh, Full, Held, OwnerFull, Stale};
use counterseal_core::{Claim, Seed, Space, Span, Time};
use counterseal_replay::{Plan, Ring, Shape, Start, Window, Word};
use loom::thread;

/// A ring of two generations of one minute, without an owner's cap.
struct Shared {
    plan: Plan,
    words: Vec<Word>,
}

impl Shared {
    fn new(slots: u32) -> Arc<Shared> {
        Self::with_cap(slots, u64::MAX)
    }

    fn with_cap(slots: u32, owner_cap: u64) -> Arc<Shared> {
        let shape = Shape {
            bucket: MINUTE,
            generations: 2,
            slots,
            owner_slots: 2,
            owner_cap,
        };
        let window = Window {
            past: Span::ZERO,
            future: Span::ZERO,
        };
        let plan = Plan::new(shape, window, &Seed::new([3; 16])).expect("a shape");
        let words: Vec<Word> = (0..plan.words()).map(|_| Word::new(0)).collect();
        let start = Start {
            began: Time::EPOCH,
            floor: Time::EPOCH,
        };
        Ring::begin(&plan, &words, start).expect("the planned length");
        Arc::new(Shared { plan, words })
    }

    fn ring(&self) -> Ring<'_> {
        Ring::attach(&self.plan, &self.words).expect("it has begun")
    }

    fn claim(&self, key: u8, bucket: i64) -> Claimed {
        self.ring().claim(&claim(key, bucket))
    }
}

fn claim(key: u8, bucket: i64) -> Claim {
    let born = Time::EPOCH.plus(MINUTE.times(bucket));
    Claim {
        space: Space::new("loom"),
        owner: 1,
        key: [key; 16],
        since: Time::EPOCH,
        born,
        until: born.plus(MINUTE),
    }
}

/// Runs `act` beside the others.
fn beside<T: 'static>(
    shared: &Arc<Shared>,
    act: impl FnOnce(&Shared) -> T + 'static,
) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    thread::spawn(move || act(&shared))
}

fn bounded(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(run);
}

fn join<T>(thread: thread::JoinHandle<T>) -> T {
    thread.join().expect("no panic")
}

/// Whether one of two claims was `Fresh` and the other one `Held`.
fn one_of_two(answers: [Claimed; 2]) -> bool {
    matches!(answers, [Fresh, Held] | [Held, Fresh])
}

#[test]
fn two_claims_of_one_key_have_one_winner() {
    loom::model(|| {
        let shared = Shared::new(2);
        let other = beside(&shared, |shared| shared.claim(1, NOW));
        let mine = shared.claim(1, NOW);
        assert!(one_of_two([mine, join(other)]));
        assert_eq!(shared.claim(1, NOW), Held);
    });
}

#[test]
fn a_claim_of_another_key_changes_no_winner() {
    bounded(4, || {
        let shared = Shared::new(2);
        let first = beside(&shared, |shared| shared.claim(1, NOW));
        let second = beside(&shared, |shared| shared.claim(1, NOW));
        assert_eq!(shared.claim(2, NOW), Fresh);
        assert!(one_of_two([join(first), join(second)]));
        assert_eq!(shared.claim(1, NOW), Held);
        assert_eq!(shared.claim(2, NOW), Held);
    });
}

#[test]
fn the_last_slot_goes_to_one_of_two_keys() {
    loom::model(|| {
        let shared = Shared::new(2);
        assert_eq!(shared.claim(3, NOW), Fresh);
        let other = beside(&shared, |shared| shared.claim(1, NOW));
        let mine = shared.claim(2, NOW);
        assert!(matches!([mine, join(other)], [Fresh, Full] | [Full, Fresh]));
        assert_eq!(shared.claim(3, NOW), Held);
    });
}

#[test]
fn a_walk_crosses_lines_in_a_race() {
    bounded(4, || {
        let shared = Shared::new(4);
        assert_eq!(shared.claim(3, NOW), Fresh);
        assert_eq!(shared.claim(4, NOW), Fresh);
        let first = beside(&shared, |shared| shared.claim(1, NOW));
        let second = beside(&shared, |shared| shared.claim(1, NOW));
        assert_eq!(shared.claim(2, NOW), Fresh);
        assert!(one_of_two([join(first), join(second)]));
    });
}

#[test]
fn a_claim_a_full_turn_later_takes_the_table_over() {
    loom::model(|| {
        let shared = Shared::new(2);
        let old = beside(&shared, |shared| shared.claim(1, NOW));
        assert_eq!(shared.claim(1, NOW + TURN), Fresh);
        assert!(matches!(join(old), Fresh | Stale));
        assert_eq!(shared.claim(1, NOW), Stale);
        assert_eq!(shared.claim(1, NOW + TURN), Held);
    });
}

#[test]
fn two_old_claims_never_both_win_while_the_table_is_taken_over() {
    bounded(4, || {
        let shared = Shared::new(2);
        let first = beside(&shared, |shared| shared.claim(1, NOW));
        let second = beside(&shared, |shared| shared.claim(1, NOW));
        assert_eq!(shared.claim(2, NOW + TURN), Fresh);
        assert_ne!([join(first), join(second)], [Fresh, Fresh]);
        assert_eq!(shared.claim(2, NOW + TURN), Held);
    });
}

#[test]
fn a_claim_that_is_due_to_sweep_races_a_sweep() {
    loom::model(|| {
        let shared = Shared::new(2);
        assert_eq!(shared.claim(1, NOW), Fresh);
        let sweeper = beside(&shared, |shared| shared.ring().sweep());
        assert_eq!(shared.claim(1, NOW + DUE), Fresh);
        join(sweeper);
        assert_eq!(shared.claim(1, NOW + DUE), Held);
        assert_eq!(shared.claim(1, NOW), Stale);
    });
}

#[test]
fn two_claims_that_are_due_to_sweep_have_one_winner() {
    loom::model(|| {
        let shared = Shared::new(2);
        assert_eq!(shared.claim(1, NOW), Fresh);
        let other = beside(&shared, |shared| shared.claim(1, NOW + DUE));
        let mine = shared.claim(1, NOW + DUE);
        assert!(one_of_two([mine, join(other)]));
    });
}

#[test]
fn an_old_claim_does_not_get_between_two_that_sweep() {
    bounded(3, || {
        let shared = Shared::new(2);
        assert_eq!(shared.claim(3, NOW), Fresh);
        let old = beside(&shared, |shared| shared.claim(1, NOW));
        let other = beside(&shared, |shared| shared.claim(1, NOW + DUE));
        let mine = shared.claim(1, NOW + DUE);
        assert!(one_of_two([mine, join(other)]));
        assert!(matches!(join(old), Fresh | Stale));
        assert_eq!(shared.claim(1, NOW), Stale);
    });
}

#[test]
fn nothing_is_fresh_once_the_ring_is_retired() {
    loom::model(|| {
        let shared = Shared::new(2);
        let racing = beside(&shared, |shared| shared.claim(1, NOW));
        let newest = shared.ring().retire();
        assert_eq!(shared.claim(2, NOW), Stale);
        if join(racing) == Fresh {
            assert!(claim(1, NOW).born < newest.expect("it was claimed in"));
        }
        assert_eq!(shared.claim(1, NOW), Stale);
    });
}

#[test]
fn the_ring_that_takes_over_refuses_what_the_retired_one_let_through() {
    loom::model(|| {
        let shared = Shared::new(2);
        let racing = beside(&shared, |shared| shared.claim(1, NOW));
        let ring = shared.ring();
        ring.retire();
        let next = Shared::new(2);
        next.ring()
            .raise_floor(ring.newest().unwrap_or(Time::EPOCH));
        let mut again = claim(1, NOW);
        again.since = Time::from_millis(-1);
        let there = next.ring().claim(&again);
        assert_ne!([join(racing), there], [Fresh, Fresh]);
    });
}

#[test]
fn h23_an_owners_share_holds_in_a_race() {
    loom::model(|| {
        let shared = Shared::with_cap(4, 2);
        let other = beside(&shared, |shared| [1, 2].map(|key| shared.claim(key, NOW)));
        let mine = [3, 4].map(|key| shared.claim(key, NOW));
        let answers = [mine, join(other)].concat();
        let count = |of| answers.iter().filter(|&&answer| answer == of).count();
        assert_eq!((count(Fresh), count(OwnerFull)), (2, 2));
    });
}

#[test]
fn h23_the_last_of_an_owners_share_goes_to_one_of_two_keys() {
    loom::model(|| {
        let shared = Shared::with_cap(6, 4);
        for key in 1..=3 {
            assert_eq!(shared.claim(key, NOW), Fresh);
        }
        let other = beside(&shared, |shared| shared.claim(4, NOW));
        let answers = [shared.claim(5, NOW), join(other)];
        assert!(matches!(answers, [Fresh, OwnerFull] | [OwnerFull, Fresh]));
    });
}

const MINUTE: Span = Span::from_minutes(1);

/// A bucket of the first generation.
const NOW: i64 = 10;

/// Buckets until a table is used again.
const TURN: i64 = 2;

/// Buckets after which a table is swept before the next claim.
const DUE: i64 = TURN * 5_000;
