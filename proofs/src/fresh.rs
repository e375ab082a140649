//! Claims by number, and how often each was fresh.

use counterseal_core::{Claim, Space, Span, Time};

/// The claim number `number` of `owner`, born at `born` under a key that has been there since `since`.
pub(crate) fn claim(owner: u64, since: Time, born: Time, number: u64) -> Claim {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&spread(number).to_be_bytes());
    key[8..].copy_from_slice(&owner.to_be_bytes());
    Claim {
        space: SPACE,
        owner,
        key,
        since,
        born,
        until: born.plus(Span::from_minutes(5)),
    }
}

/// Spreads numbers over words (`SplitMix64`).
pub(crate) fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Counts how often each of a row of numbers was accepted.
pub(crate) struct Tally {
    counts: Vec<u32>,
}

impl Tally {
    pub(crate) fn new(numbers: usize) -> Self {
        Tally {
            counts: vec![0; numbers],
        }
    }

    pub(crate) fn accept(&mut self, at: usize) {
        self.counts[at] += 1;
    }

    /// Acceptances beyond the first of each number.
    pub(crate) fn doubles(&self) -> u64 {
        let beyond = self
            .counts
            .iter()
            .map(|count| u64::from(count.saturating_sub(1)));
        beyond.sum()
    }

    /// Numbers that nobody accepted.
    pub(crate) fn missing(&self) -> u64 {
        self.counts.iter().filter(|count| **count == 0).count() as u64
    }
}

/// When simulated time begins.
pub(crate) const BEGUN: Time = Time::from_seconds(1_800_000_000);

/// When every store that began at [`BEGUN`] serves keys that are older than itself.
pub(crate) const SERVED: Time = BEGUN.plus(Span::from_seconds(70));

const SPACE: Space = Space::new("request");
