//! When things are due: a clock that only goes forward, and chance that comes from a seed.

use counterseal_core::{Seed, Span, Time};

/// A clock that goes forward by what the caller's does, and stands while that one goes back.
pub(crate) struct Forward {
    seen: Time,
    own: Time,
}

impl Forward {
    pub(crate) const fn new(now: Time) -> Self {
        Forward {
            seen: now,
            own: Time::EPOCH,
        }
    }

    /// What it shows at `now`.
    pub(crate) fn at(&self, now: Time) -> Time {
        //= docs/spec/issuers.md#I-9
        let passed = now.since(self.seen).clamp(Span::ZERO, LEAP);
        self.own.plus(passed)
    }

    /// Goes on to `now`.
    pub(crate) fn go(&mut self, now: Time) -> Time {
        self.own = self.at(now);
        self.seen = now;
        self.own
    }

    /// When the caller's clock, from where it was seen last, comes to where this one shows `own`.
    pub(crate) fn outside(&self, own: Time) -> Time {
        self.seen.plus(own.since(self.own))
    }
}

/// Chance that is the same for the same seed (splitmix64), for spreading load only.
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: &Seed<8>) -> Self {
        Jitter(u64::from_le_bytes(*seed.expose()))
    }

    /// This span, or up to a tenth less.
    pub(crate) fn earlier(&mut self, span: Span) -> Span {
        let less = self.below(span.millis() / 10);
        Span::from_millis(span.millis() - less)
    }

    /// This span, or up to a quarter more.
    pub(crate) fn later(&mut self, span: Span) -> Span {
        let more = self.below(span.millis() / 4);
        Span::from_millis(span.millis() + more)
    }

    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        let most = u64::try_from(most).unwrap_or(0).max(1);
        i64::try_from(word % most).unwrap_or(0)
    }
}

/// The farthest that the clock goes at once: longer than anything that is waited for, so that no leap uses up its numbers.
const LEAP: Span = Span::from_minutes(48 * 60);
