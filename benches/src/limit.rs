//! Charging rate limits of a million callers who come by turns, against the crate that services use for it.
//!
//! `bytes` is heap bytes per caller. Both are asked at the same instants, and neither reads a clock.

use std::num::NonZeroU32;
use std::ops::RangeFrom;
use std::time::Duration;

use counterseal_core::{Charge, Charged, Rate, Seed, Space, Span};
use counterseal_replay::PrivateCells;
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};

use crate::alloc::counted;
use crate::harness::Bench;
use crate::live::{BEGUN, LIVE, nonce, touch};

/// Ten at once, and ten more in each second.
const BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

pub fn charge() -> Bench {
    let (ours_bytes, ours) = known(ours);
    let (governor_bytes, governor) = known(governor);
    Bench::new("limit_charge")
        .item("floor", 0.0, touch())
        .item("counterseal", ours_bytes, ours)
        .item("governor", governor_bytes, governor)
}

/// A limit that has charged each caller once, and its bytes for each of them.
fn known<F: FnMut()>(make: fn() -> F) -> (f64, F) {
    let (charge, bytes, _) = counted(|| {
        let mut charge = make();
        (0..LIVE).for_each(|_| charge());
        charge
    });
    (bytes as f64 / LIVE as f64, charge)
}

/// Two words for each caller, or a little more.
fn ours() -> impl FnMut() {
    let cells = PrivateCells::new(2 * LIVE as u32, &Seed::new([7; 16]));
    let rate = Rate::new(BURST.get(), 100).expect("a rate");
    let mut turns = 0_u64..;
    move || {
        let (caller, millis) = next(&mut turns);
        let charge = Charge {
            space: Space::new("bench"),
            key: caller,
            cost: 1,
            rate,
            now: BEGUN.plus(Span::from_millis(millis)),
        };
        let charged = cells.cells().charge(&charge);
        assert!(matches!(charged, Charged::Within { .. }), "it is within");
    }
}

/// A map with a cell for each caller.
fn governor() -> impl FnMut() {
    let clock = FakeRelativeClock::default();
    let limits = RateLimiter::dashmap_with_clock(Quota::per_second(BURST), clock.clone());
    let mut turns = 0_u64..;
    move || {
        let (caller, _) = next(&mut turns);
        clock.advance(Duration::from_millis(1));
        limits.check_key(&caller).expect("it is within");
    }
}

/// Whose turn it is, and when: one in each millisecond.
fn next(turns: &mut RangeFrom<u64>) -> ([u8; 16], i64) {
    let turn = turns.next().expect("numbers do not end");
    (nonce(turn % LIVE), turn.cast_signed())
}
