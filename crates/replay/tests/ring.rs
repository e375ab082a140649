//! A ring's beginning, floor, gauge and end.

use counterseal_core::Claimed::{Fresh, Full, Held, Stale};
use counterseal_core::{Claim, Refusal, Seed, Space, Span, Time};
use counterseal_replay::{Gauge, Plan, PrivateRing, Ring, RingError, Shape, Start, Window, Word};

#[test]
fn words_of_another_length_are_not_a_ring() {
    let plan = plan();
    for words in [0, plan.words() - 1, plan.words() + 1] {
        let wrong = RingError::WrongLength {
            words,
            needed: plan.words(),
        };
        let words = zeroed(words);
        assert_eq!(Ring::begin(&plan, &words, start()).err(), Some(wrong));
        assert_eq!(Ring::attach(&plan, &words).err(), Some(wrong));
        assert_eq!(wrong.code().name, "replay_length_wrong");
    }
}

#[test]
fn words_that_were_never_begun_are_not_a_ring() {
    let plan = plan();
    let words = zeroed(plan.words());
    let refused = Ring::attach(&plan, &words).err().expect("only zeros");
    assert_eq!(refused, RingError::NotBegun);
    assert_eq!(refused.code().name, "replay_not_begun");
    Ring::begin(&plan, &words, start()).expect("the planned length");
    assert!(Ring::attach(&plan, &words).is_ok());
}

#[test]
fn who_attaches_sees_what_others_used() {
    let plan = plan();
    let words = zeroed(plan.words());
    let first = Ring::begin(&plan, &words, start()).expect("the planned length");
    assert_eq!(first.claim(&claim(1, NOW)), Fresh);
    let second = Ring::attach(&plan, &words).expect("it has begun");
    assert_eq!(second.claim(&claim(1, NOW)), Held);
    assert_eq!(
        (second.began(), second.floor()),
        (start().began, start().floor)
    );
}

#[test]
fn older_keys_must_be_above_the_floor_and_younger_ones_need_not() {
    let ring = private();
    let older = |born| Claim {
        since: before(ring.began()),
        ..claim(1, born)
    };
    assert_eq!(ring.floor(), NOW.plus(Span::from_seconds(65)));
    assert_eq!(ring.claim(&older(NOW)), Stale);
    assert_eq!(ring.claim(&older(ring.floor())), Stale);
    let above = ring.floor().plus(Span::from_millis(1));
    assert_eq!(ring.claim(&older(above)), Fresh);
    assert_eq!(ring.claim(&claim(2, NOW)), Fresh);
}

#[test]
fn a_floor_rises_and_never_sinks() {
    let ring = private();
    let high = ring.floor().plus(Span::from_seconds(1));
    for floor in [high, before(high), Time::EPOCH, Time::from_millis(i64::MIN)] {
        ring.ring().raise_floor(floor);
        assert_eq!(ring.floor(), high);
    }
}

#[test]
fn a_retired_ring_lets_nothing_through_and_says_up_to_where_it_did() {
    let ring = private();
    assert_eq!(ring.ring().newest(), None);
    assert_eq!(ring.claim(&claim(1, NOW)), Fresh);
    let newest = ring.ring().newest().expect("it was claimed in");
    assert!(NOW < newest && newest <= NOW.plus(Span::from_seconds(15)));
    assert_eq!(ring.ring().retire(), Some(newest));
    assert!(ring.ring().is_retired());
    for born in [NOW, newest, newest.plus(Span::from_minutes(60))] {
        assert_eq!(ring.claim(&claim(1, born)), Stale);
        assert_eq!(ring.claim(&claim(2, born)), Stale);
    }
    assert_eq!(ring.ring().newest(), Some(newest));
    assert_eq!(ring.gauge().live, 0);
}

#[test]
fn a_ring_can_be_retired_before_its_first_claim() {
    let ring = private();
    assert_eq!(ring.ring().retire(), None);
    assert_eq!(ring.claim(&claim(1, NOW)), Stale);
    assert_eq!(ring.ring().newest(), None);
}

#[test]
fn the_gauge_counts_what_would_be_held() {
    let ring = private();
    let empty = Gauge {
        capacity: 26 * 512,
        live: 0,
        generation: 512,
        fullest: 0,
    };
    assert_eq!(ring.gauge(), empty);
    let bucket = Span::from_seconds(15);
    for (nonces, later) in [(10, 0), (30, 1), (20, 2)] {
        for nonce in 0..nonces {
            let born = NOW.plus(bucket.times(later));
            assert_eq!(ring.claim(&claim(nonce, born)), Fresh);
        }
    }
    let counted = Gauge {
        live: 60,
        fullest: 30,
        ..empty
    };
    assert_eq!(ring.gauge(), counted);
    assert_eq!(ring.claim(&claim(0, NOW.plus(bucket.times(27)))), Fresh);
    let turned = Gauge {
        live: 21,
        fullest: 20,
        ..empty
    };
    assert_eq!(ring.gauge(), turned);
}

#[test]
fn h23_a_generation_is_full_only_when_nine_tenths_of_it_are_used() {
    let ring = private();
    let used = (0..u16::MAX)
        .map_while(|nonce| (ring.claim(&numbered(nonce)) == Fresh).then_some(nonce))
        .last()
        .expect("room for one");
    assert_eq!(ring.claim(&numbered(used + 1)), Full);
    let gauge = ring.gauge();
    assert_eq!(gauge.fullest, u64::from(used) + 1);
    assert!(gauge.fullest * 10 >= gauge.generation * 9, "{gauge:?}");
    for nonce in 0..=used {
        assert_eq!(ring.claim(&numbered(nonce)), Held);
    }
}

#[test]
fn a_sweep_of_its_own_accord_changes_no_answer() {
    let ring = private();
    ring.ring().sweep();
    assert_eq!(ring.claim(&claim(1, NOW)), Fresh);
    ring.ring().sweep();
    assert_eq!(ring.claim(&claim(1, NOW)), Held);
    let idle = NOW.plus(Span::from_seconds(26 * 15 * 70_000));
    assert_eq!(ring.claim(&claim(1, idle)), Fresh);
    ring.ring().sweep();
    assert_eq!(ring.claim(&claim(1, idle)), Held);
    assert_eq!(ring.gauge().live, 1);
}

#[test]
fn times_outside_the_calendar_are_stale_and_move_nothing() {
    let ring = private();
    assert_eq!(ring.claim(&claim(1, NOW)), Fresh);
    let newest = ring.ring().newest();
    for born in [i64::MIN, -1, 253_402_300_800_000, i64::MAX] {
        let born = Time::from_millis(born);
        assert_eq!(ring.claim(&claim(2, born)), Stale);
    }
    assert_eq!(ring.ring().newest(), newest);
    assert_eq!(ring.claim(&claim(1, NOW)), Held);
}

fn private() -> PrivateRing {
    let shape = Shape::for_rate(1).with_owner_cap(512);
    PrivateRing::new(shape, Window::MINUTE, NOW, &Seed::new([5; 16])).expect("a shape")
}

fn plan() -> Plan {
    Plan::new(Shape::for_rate(1), Window::MINUTE, &Seed::new([5; 16])).expect("a shape")
}

fn start() -> Start {
    Start::cold(NOW, Window::MINUTE)
}

fn zeroed(words: usize) -> Vec<Word> {
    (0..words).map(|_| Word::new(0)).collect()
}

/// A use of a key that is as young as the ring.
fn claim(nonce: u8, born: Time) -> Claim {
    let mut key = [nonce; 16];
    key[..8].copy_from_slice(&born.millis().to_be_bytes());
    Claim {
        space: Space::new("ring"),
        owner: 1,
        key,
        since: NOW,
        born,
        until: born.plus(Span::from_minutes(1)),
    }
}

/// One of many uses in one bucket.
fn numbered(nonce: u16) -> Claim {
    let mut claim = claim(0, NOW);
    claim.key[14..].copy_from_slice(&nonce.to_be_bytes());
    claim
}

fn before(time: Time) -> Time {
    Time::from_millis(time.millis() - 1)
}

const NOW: Time = Time::from_seconds(1_800_000_000);
