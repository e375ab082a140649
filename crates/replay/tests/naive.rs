//! The ring answers as a set does that forgets nothing, over any sequence of times.

use std::collections::{HashMap, HashSet};

use counterseal_core::Claimed::{self, Fresh, Held, OwnerFull, Stale};
use counterseal_core::{Claim, Seed, Space, Span, Time};
use counterseal_replay::{PrivateRing, Shape, Window};
use proptest::prelude::*;

/// What the ring must answer while there is room: an exact set, and the newest bucket.
#[derive(Default)]
struct Naive {
    used: HashSet<[u8; 16]>,
    newest: i64,
}

impl Naive {
    fn claim(&mut self, claim: &Claim) -> Claimed {
        let bucket = claim.born.millis() / BUCKET.millis();
        if bucket + i64::from(GENERATIONS) <= self.newest {
            return Stale;
        }
        self.newest = self.newest.max(bucket);
        if self.used.insert(claim.key) {
            Fresh
        } else {
            Held
        }
    }
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    /// The clock moves by so many milliseconds.
    Move(i64),
    /// A nonce is used, born so many milliseconds from the clock.
    Use(u8, i64),
    /// A claim is made again, so many claims back.
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => moves().prop_map(Step::Move),
        5 => (0_u8..4, -PAST..=FUTURE).prop_map(|(nonce, offset)| Step::Use(nonce, offset)),
        3 => (0_usize..30).prop_map(Step::Again),
    ]
}

/// A little later or earlier, some buckets later, or an idle time around each length that matters to
/// tags: half of them, all of them, the age that is due to be swept and the age that is swept.
fn moves() -> impl Strategy<Value = i64> {
    let ages = prop::sample::select(vec![1, 64, 4_096, 32_767, 65_535, 131_070]);
    let around = (ages, -2_i64..=2).prop_map(|(age, off)| (age + off) * CYCLE);
    prop_oneof![
        4 => -CYCLE..=CYCLE,
        3 => (0..=3 * i64::from(GENERATIONS)).prop_map(|buckets| buckets * BUCKET.millis()),
        2 => (around, -BUCKET.millis()..=BUCKET.millis()).prop_map(|(age, off)| age + off),
        1 => 0..=200_000 * CYCLE,
    ]
}

proptest! {
    #[test]
    fn every_history_is_answered_as_by_an_exact_set(history in prop::collection::vec(step(), 1..150)) {
        let ring = ring(shape());
        let (mut naive, mut clock, mut made) = (Naive::default(), NOW, Vec::new());
        for step in history {
            let claim = match step {
                Step::Move(millis) => {
                    clock = clock.plus(Span::from_millis(millis));
                    continue;
                }
                Step::Use(nonce, offset) => claim(nonce, clock.plus(Span::from_millis(offset))),
                Step::Again(back) if back < made.len() => made[made.len() - 1 - back],
                Step::Again(_) => continue,
            };
            made.push(claim);
            prop_assert_eq!(ring.claim(&claim), naive.claim(&claim), "born {:?}", claim.born);
        }
    }

    #[test]
    fn h23_no_owner_wins_more_than_its_share(
        cap in 1_u64..20,
        uses in prop::collection::vec((0_u64..3, any::<u8>(), 0_i64..3), 1..150),
    ) {
        let ring = ring(shape().with_owner_cap(cap));
        let mut won = HashMap::<_, u64>::new();
        for (owner, nonce, bucket) in uses {
            let born = NOW.plus(BUCKET.times(bucket));
            let claim = Claim { owner, ..claim(nonce, born) };
            if ring.claim(&claim) == Fresh {
                *won.entry((owner, bucket)).or_default() += 1;
            }
        }
        prop_assert!(won.values().all(|&won| won <= cap), "{won:?} of {cap}");
    }
}

#[test]
fn every_first_use_inside_the_window_is_fresh_for_three_turns() {
    let ring = ring(shape());
    for second in 0..3 * CYCLE / 1_000 {
        let clock = NOW.plus(Span::from_seconds(second));
        for (nonce, offset) in [(0, -PAST), (1, 0), (2, FUTURE)] {
            let claim = claim(nonce, clock.plus(Span::from_millis(offset)));
            assert_eq!(ring.claim(&claim), Fresh, "{second} {offset}");
            assert_eq!(ring.claim(&claim), Held, "{second} {offset}");
        }
    }
}

#[test]
fn a_use_is_remembered_until_its_generation_is_needed_again() {
    let ring = ring(shape());
    let first = claim(0, NOW);
    assert_eq!(ring.claim(&first), Fresh);
    let turn = BUCKET.times(GENERATIONS.into());
    let last = NOW.plus(turn).plus(Span::from_millis(-1));
    assert_eq!(ring.claim(&claim(1, last)), Fresh);
    assert_eq!(ring.claim(&first), Held);
    assert_eq!(ring.claim(&claim(1, NOW.plus(turn))), Fresh);
    assert_eq!(ring.claim(&first), Stale);
}

#[test]
fn h23_an_owner_that_has_used_up_its_share_stops_nobody_else() {
    let ring = ring(shape().with_owner_cap(7));
    let by = |owner, nonce, born| {
        ring.claim(&Claim {
            owner,
            ..claim(nonce, born)
        })
    };
    for nonce in 0..7 {
        assert_eq!(by(1, nonce, NOW), Fresh);
    }
    for nonce in 7..20 {
        assert_eq!(by(1, nonce, NOW), OwnerFull);
    }
    assert_eq!(by(1, 3, NOW), Held);
    assert_eq!(by(2, 20, NOW), Fresh);
    assert_eq!(by(1, 7, NOW.plus(BUCKET)), Fresh);
    let turn = BUCKET.times(GENERATIONS.into());
    assert_eq!(by(1, 7, NOW.plus(turn)), Fresh);
}

fn ring(shape: Shape) -> PrivateRing {
    let past = Span::from_millis(PAST);
    let future = Span::from_millis(FUTURE);
    PrivateRing::new(shape, Window { past, future }, NOW, &Seed::new([5; 16])).expect("a shape")
}

fn shape() -> Shape {
    Shape {
        bucket: BUCKET,
        generations: GENERATIONS,
        slots: 512,
        owner_slots: 64,
        owner_cap: 512,
    }
}

/// A use of a key that is as young as the ring; as in a request, it covers the time that it is born.
fn claim(nonce: u8, born: Time) -> Claim {
    let mut key = [nonce; 16];
    key[..8].copy_from_slice(&born.millis().to_be_bytes());
    Claim {
        space: Space::new("naive"),
        owner: 1,
        key,
        since: NOW,
        born,
        until: born.plus(Span::from_millis(PAST)),
    }
}

/// The beginning of a bucket, and of a cycle.
const NOW: Time = Time::from_seconds(20_000_000 * 90);
const BUCKET: Span = Span::from_seconds(10);
const GENERATIONS: u32 = 9;

/// A full turn of the ring, in milliseconds.
const CYCLE: i64 = 90_000;
const PAST: i64 = 10_000;
const FUTURE: i64 = 10_000;
