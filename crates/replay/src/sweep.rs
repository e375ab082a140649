//! Sweeping: old tags are put out of the way before they could be mistaken for new ones.
//!
//! Each generation has a bound, the oldest cycle that any of its words can have. A claim that comes
//! 4 096 cycles (18 days at the default shape) after the bound sweeps its generation to the end before
//! it goes on, be it by the passing of time or after an idle jump of any length. Several claimers may
//! sweep at once, and any of them may die: the bound rises only after a complete pass.

use core::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::plan::Place;
use crate::ring::Ring;
use crate::sync::Word;
use crate::word::TAGS;

impl Ring<'_> {
    /// Re-tags old words in all generations now, rather than before a claim that needs it.
    ///
    /// Never necessary: it moves a pause of a fraction of a millisecond per megabyte, once in 18 days
    /// and generation, to a quiet hour.
    pub fn sweep(&self) {
        let Some(newest) = self.newest_bucket() else {
            return;
        };
        let oldest = newest.saturating_sub(self.plan.generations() - 1);
        for bucket in oldest..=newest {
            self.sweep_for(self.plan.place_of(bucket));
        }
    }

    /// Sweeps the claim's generation if that is due; says whether the claim may go on.
    //= docs/spec/replay.md#R-13
    #[inline]
    pub(crate) fn keep_swept(&self, place: Place) -> bool {
        let bound = self.bound(place.generation).load(Acquire);
        if TAGS.is_due(bound, place.cycle) {
            self.sweep_for(place);
        }
        place.cycle >= bound
    }

    /// Runs one pass, unless another sweeper ends one meanwhile.
    #[cold]
    fn sweep_for(&self, place: Place) {
        let bound = self.bound(place.generation);
        let mut before = bound.load(Acquire);
        while before < TAGS.bound(place.cycle) {
            if self.pass(place, before) {
                bound.fetch_max(TAGS.bound(place.cycle), AcqRel);
            }
            before = bound.load(Acquire);
        }
    }

    /// Whether all words were seen while the bound was `before`.
    fn pass(&self, place: Place, before: u64) -> bool {
        let bound = self.bound(place.generation);
        self.table(place.generation)
            .iter()
            .all(|word| retag(word, bound, before, place.cycle))
    }
}

/// Re-tags one word if it is old. The bound is read after the word: a word of a later time is seen
/// only together with the bound that let it be written, and then this pass is over.
//= docs/spec/replay.md#R-14
fn retag(word: &Word, bound: &Word, before: u64, cycle: u64) -> bool {
    loop {
        let seen = word.load(Acquire);
        if seen != 0 && bound.load(Acquire) != before {
            return false;
        }
        let Some(dead) = TAGS.retag(seen, before, cycle) else {
            return true;
        };
        if word.compare_exchange(seen, dead, AcqRel, Acquire).is_ok() {
            return true;
        }
    }
}
