//! How full a ring is.

use core::sync::atomic::Ordering::Relaxed;

use crate::Ring;
use crate::word::{TAGS, tag};

/// How full a ring is, counted word by word: about a millisecond for each megabyte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Words for nonces in all generations.
    pub capacity: u64,
    /// Nonces that would be answered `Held` now.
    pub live: u64,
    /// Words for nonces in one generation.
    pub generation: u64,
    /// Nonces in the fullest generation. Alarm at 0.8 of `generation`; claims begin to be refused as
    /// `Full` above 0.9.
    pub fullest: u64,
}

impl Ring<'_> {
    /// How full the ring is; a retired ring holds nothing.
    pub fn gauge(&self) -> Gauge {
        let generation = self.plan.slots() as u64;
        let mut gauge = Gauge {
            capacity: generation * self.plan.generations(),
            generation,
            ..Gauge::default()
        };
        let Some(newest) = self.newest_bucket() else {
            return gauge;
        };
        let oldest = newest.saturating_sub(self.plan.generations() - 1);
        for bucket in oldest..=newest {
            let count = self.count_of(bucket);
            gauge.live += count;
            gauge.fullest = gauge.fullest.max(count);
        }
        gauge
    }

    fn count_of(&self, bucket: u64) -> u64 {
        let place = self.plan.place_of(bucket);
        let mine = tag(TAGS.word(place.cycle, 0));
        let live = |word: &&crate::Word| tag(word.load(Relaxed)) == mine;
        self.slots(place.generation).iter().filter(live).count() as u64
    }
}
