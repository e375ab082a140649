//! The arithmetic of rate limits: the generic cell rate algorithm, as one pure function.

use crate::{Charged, Span, Time};

/// A rate: `burst` requests at once, and one more every `every_ms` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    every_ms: u32,
    burst: u32,
}

/// What a cell stores: the instant at which its bucket is empty again, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gcra(i64);

impl Rate {
    /// `burst` at once, then one per `every_ms`; nothing when either is zero.
    pub const fn new(burst: u32, every_ms: u32) -> Option<Self> {
        if burst == 0 || every_ms == 0 {
            return None;
        }
        Some(Rate { every_ms, burst })
    }

    const fn tolerance(self) -> i64 {
        (self.every_ms as i64).saturating_mul(self.burst as i64)
    }
}

impl Gcra {
    /// A cell from what a store holds; a value further ahead than a full bucket counts as full.
    pub const fn from_stored(millis: i64) -> Self {
        Gcra(millis)
    }

    /// What to store.
    pub const fn stored(self) -> i64 {
        self.0
    }

    /// Takes `cost` at `now`: the answer, and the cell to store.
    ///
    /// When over, nothing is taken, and the cell changes only after the clock jumped back: a cell
    /// that is further ahead than a full bucket becomes a full one, so that the wait is at most one
    /// bucket. Store it then too, or the wait lasts until the clock is back.
    #[must_use]
    pub fn charge(self, rate: Rate, cost: u32, now: Time) -> (Charged, Gcra) {
        let floor = now.millis();
        let full = floor.saturating_add(rate.tolerance());
        let level = self.0.clamp(floor, full);
        let room = full.saturating_sub(level);
        let need = i64::from(cost).saturating_mul(i64::from(rate.every_ms));
        if need > room {
            let retry_at = now.plus(Span::from_millis(need - room));
            return (Charged::Over { retry_at }, Gcra(level));
        }
        let left = (room - need) / i64::from(rate.every_ms);
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        (Charged::Within { left }, Gcra(level + need))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(burst: u32, every: u32) -> Rate {
        Rate::new(burst, every).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let (rate, now) = (rate(3, 1000), Time::from_seconds(100));
        let mut cell = Gcra::default();
        for left in [2, 1, 0] {
            let (answer, next) = cell.charge(rate, 1, now);
            assert_eq!(answer, Charged::Within { left });
            cell = next;
        }
        let retry_at = Time::from_seconds(101);
        assert_eq!(
            cell.charge(rate, 1, now),
            (Charged::Over { retry_at }, cell)
        );
        assert_eq!(
            cell.charge(rate, 1, retry_at).0,
            Charged::Within { left: 0 }
        );
    }

    #[test]
    fn p07_extremes_neither_panic_nor_give_free_tokens() {
        let rate = rate(u32::MAX, u32::MAX);
        for now in [i64::MIN, -1, 0, 1, i64::MAX] {
            for stored in [i64::MIN, 0, i64::MAX] {
                let _ = Gcra(stored).charge(rate, u32::MAX, Time::from_millis(now));
            }
        }
        assert_eq!(Rate::new(0, 1), None);
        assert_eq!(Rate::new(1, 0), None);
        let dear = Gcra(0).charge(self::rate(2, 10), 3, Time::EPOCH).0;
        assert!(matches!(dear, Charged::Over { .. }));
    }

    #[test]
    fn p07_at_the_end_of_time_nothing_is_free() {
        let now = Time::from_millis(i64::MAX - 5);
        let (answer, cell) = Gcra(0).charge(rate(1, 10), 1, now);
        let retry_at = Time::from_millis(i64::MAX);
        assert_eq!((answer, cell.0), (Charged::Over { retry_at }, now.millis()));
    }

    #[test]
    fn p07_a_clock_that_jumps_back_waits_at_most_one_bucket() {
        let rate = rate(5, 100);
        let (_, cell) = Gcra::default().charge(rate, 5, Time::from_seconds(1_000_000));
        let (answer, cell) = cell.charge(rate, 1, Time::from_seconds(1));
        let Charged::Over { retry_at } = answer else {
            panic!("the bucket was full")
        };
        assert!(retry_at <= Time::from_seconds(1).plus(Span::from_millis(500)));
        let (answer, _) = cell.charge(rate, 1, retry_at);
        assert_eq!(answer, Charged::Within { left: 0 });
    }

    proptest! {
        #[test]
        fn no_window_passes_more_than_burst_plus_its_refill(
            burst in 1u32..20, every in 1u32..50, steps in proptest::collection::vec(0i64..40, 1..200),
        ) {
            let rate = rate(burst, every);
            let (mut cell, mut now, mut passed) = (Gcra::default(), 1_000_i64, 0_i64);
            let start = now;
            for step in steps {
                now += step;
                let (answer, next) = cell.charge(rate, 1, Time::from_millis(now));
                if matches!(answer, Charged::Within { .. }) { passed += 1; cell = next; }
            }
            prop_assert!(passed <= i64::from(burst) + (now - start) / i64::from(every));
        }
    }
}
