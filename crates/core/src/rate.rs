//! The arithmetic of rate limits: the generic cell rate algorithm, as one pure function.

use crate::{Charged, Time};

/// A rate: `burst` requests at once, and one more every `every_ms` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    every_ms: u32,
    burst: u32,
}

//= docs/spec/limit.md#L-1
/// What a cell stores: the instant at which its bucket is empty again, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gcra(i64);

/// One charge, worked out as far as it does not depend on the cell: what is left for whoever keeps the cell is to
/// compare and to add ([`Terms::apply`]), which a database does in its own words.
///
/// All of it is in milliseconds, and exact in a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// An older level counts as this: the bucket is empty.
    pub now: i64,
    /// The level of a full bucket.
    pub full: i64,
    /// The highest level at which the charge still fits in.
    pub last: i64,
    /// What the charge adds; more than a bucket holds if it can never fit in.
    pub need: i64,
    /// A higher level was written before the clock jumped back, and counts as `full`.
    pub jumped: i64,
    every: i64,
}

impl Rate {
    /// `burst` at once, then one per `every_ms`; nothing when either is zero, or when a full bucket takes longer
    /// to empty than 2^51 milliseconds.
    pub const fn new(burst: u32, every_ms: u32) -> Option<Self> {
        let rate = Rate { every_ms, burst };
        if burst == 0 || every_ms == 0 || (burst as u64) * (every_ms as u64) > MAX_BUCKET as u64 {
            return None;
        }
        Some(rate)
    }

    /// How many requests pass at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// After how many milliseconds one more passes.
    pub const fn every_ms(self) -> u32 {
        self.every_ms
    }

    /// How long a full bucket takes to empty, in milliseconds.
    const fn bucket(self) -> i64 {
        self.every_ms as i64 * self.burst as i64
    }

    /// The terms of taking `cost` at `now`; a clock before 1970 counts as 1970, and one after 2^51 as that.
    //= docs/spec/limit.md#L-2
    //= docs/spec/limit.md#L-5
    #[must_use]
    pub fn terms(self, cost: u32, now: Time) -> Terms {
        let (now, bucket) = (now.millis().clamp(0, MAX_BUCKET), self.bucket());
        let every = i64::from(self.every_ms);
        let need = i64::from(cost).saturating_mul(every).min(bucket + 1);
        let full = now + bucket;
        Terms {
            now,
            full,
            last: full - need,
            need,
            jumped: full + bucket.max(JUMP),
            every,
        }
    }
}

impl Terms {
    /// Whether the charge fits in at this level, and the level after it.
    ///
    /// When it does not fit in, nothing is added, and the level changes only if it was that of a clock which
    /// jumped back: store it then too, or the wait lasts until the clock is back. Levels that are a little too
    /// high are left: callers of one cell do not read their clocks in the order in which they come to it, and one
    /// that comes late must not give back what others took.
    //= docs/spec/limit.md#L-4
    #[inline]
    pub const fn apply(&self, level: i64) -> (bool, i64) {
        let counts = self.level(level);
        if counts <= self.last {
            return (true, counts + self.need);
        }
        let jumped = level > self.jumped;
        (false, if jumped { self.full } else { level })
    }

    /// What a stored level counts as.
    #[inline]
    pub const fn level(&self, stored: i64) -> i64 {
        if stored > self.jumped {
            self.full
        } else if stored < self.now {
            self.now
        } else {
            stored
        }
    }

    /// The answer to a charge that fitted in, or did not, and left this level behind.
    #[inline]
    pub fn answer(&self, taken: bool, level: i64) -> Charged {
        let room = self.full.saturating_sub(self.level(level));
        if taken {
            let left = u32::try_from(room.max(0) / self.every).unwrap_or(u32::MAX);
            return Charged::Within { left };
        }
        let wait = self.need.saturating_sub(room);
        let retry_at = Time::from_millis(self.now.saturating_add(wait));
        Charged::Over { retry_at }
    }
}

impl Gcra {
    /// A cell from what a store holds.
    pub const fn from_stored(millis: i64) -> Self {
        Gcra(millis)
    }

    /// What to store.
    pub const fn stored(self) -> i64 {
        self.0
    }

    /// Takes `cost` at `now`: the answer, and the cell to store, as [`Terms::apply`] has it.
    #[must_use]
    pub fn charge(self, rate: Rate, cost: u32, now: Time) -> (Charged, Gcra) {
        let terms = rate.terms(cost, now);
        let (taken, level) = terms.apply(self.0);
        (terms.answer(taken, level), Gcra(level))
    }
}

/// The longest that a full bucket may take to empty, and the latest clock: sums of them are exact in a double.
const MAX_BUCKET: i64 = 1 << 51;
/// What a level may be above a full bucket, at least, before the clock is taken to have jumped back.
const JUMP: i64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;
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
        let rate = rate(u32::MAX, 1 << 19);
        for now in [i64::MIN, -1, 0, 1, i64::MAX] {
            for stored in [i64::MIN, 0, i64::MAX] {
                let _ = Gcra(stored).charge(rate, u32::MAX, Time::from_millis(now));
            }
        }
        assert_eq!(Rate::new(0, 1), None);
        assert_eq!(Rate::new(1, 0), None);
        assert_eq!(Rate::new(u32::MAX, u32::MAX), None);
        let dear = Gcra(0).charge(self::rate(2, 10), 3, Time::EPOCH).0;
        assert!(matches!(dear, Charged::Over { .. }));
    }

    #[test]
    fn p07_what_costs_more_than_a_bucket_never_passes() {
        for cost in [3, 4, u32::MAX] {
            let (answer, cell) = Gcra(0).charge(rate(2, 10), cost, Time::from_millis(5));
            let retry_at = Time::from_millis(6);
            assert_eq!((answer, cell.0), (Charged::Over { retry_at }, 0));
        }
    }

    #[test]
    fn p07_at_the_end_of_time_nothing_is_free() {
        let now = Time::NEVER;
        let (answer, cell) = Gcra(0).charge(rate(1, 10), 1, now);
        assert_eq!(answer, Charged::Within { left: 0 });
        let (answer, _) = cell.charge(rate(1, 10), 1, now);
        assert!(matches!(answer, Charged::Over { .. }));
    }

    #[test]
    fn p07_a_caller_that_comes_late_gives_nothing_back() {
        let (rate, now) = (rate(5, 100), Time::from_seconds(1_000));
        let (_, mut cell) = Gcra::default().charge(rate, 5, now);
        for late in [1, 100, 499, 5_000, 10_000] {
            let (answer, next) = cell.charge(rate, 1, now.minus(Span::from_millis(late)));
            assert!(matches!(answer, Charged::Over { .. }), "{late} ms late");
            cell = next;
        }
        assert!(matches!(cell.charge(rate, 1, now).0, Charged::Over { .. }));
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
