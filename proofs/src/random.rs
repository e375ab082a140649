//! Numbers that look random, and are the same for one seed.

use counterseal_core::Span;

use crate::uses::mix;

pub(crate) struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random {
            seed: mix(seed),
            drawn: 0,
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.seed ^ self.drawn)
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A place in a list of this length.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        let place = self.below(length as u64);
        usize::try_from(place).expect("less than a length")
    }

    /// Whether this happens, that many times in a hundred.
    pub(crate) fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    /// No longer than this, to the millisecond.
    pub(crate) fn within(&mut self, most: Span) -> Span {
        let end = most.millis().max(0).cast_unsigned() + 1;
        Span::from_millis(self.below(end).cast_signed())
    }

    /// None at all, or all of it.
    pub(crate) fn extreme(&mut self, most: Span) -> Span {
        if self.percent(50) { most } else { Span::ZERO }
    }

    /// No longer than this; half of them are shorter than the square root of it in seconds.
    pub(crate) fn mostly_short(&mut self, most: Span) -> Span {
        let whole = self.within(most);
        if self.percent(50) {
            return whole;
        }
        Span::from_millis((whole.millis() * 1_000).isqrt())
    }
}
