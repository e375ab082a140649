//! How words are read: pure rules, used by the ring, by the model that explores all its interleavings
//! and by whoever writes another implementation.
//!
//! A word is a 16-bit tag over a 48-bit value: a fingerprint, or an owner's count. The tag is the
//! *cycle*, the number of full turns of the ring since the epoch, modulo 65 535, plus one; the word 0
//! was never written. Two tags can be put in order while their cycles are less than half a modulus
//! apart, so old words must not stay for ever: a sweep re-tags them.
//!
//! It re-tags to "one cycle ago, value 0" and never to 0: a claimer that fell asleep before its
//! compare-and-swap could otherwise find the same 0 again after another claimer had come and gone.

/// Bits of the value below the tag.
pub const VALUE_BITS: u32 = 48;

/// The arithmetic of tags. The ring uses [`TAGS`]; models use small ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tags {
    /// How many tags there are; odd, so that "older" and "newer" are mirror images.
    pub modulus: u64,
    /// A table is swept before a claim this many cycles after the bound of its last sweep. At most
    /// half of the modulus.
    pub due: u64,
    /// A sweep re-tags words that are this many cycles old. At least 1, less than `due`.
    pub ancient: u64,
}

/// What a word is to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The claimed key itself.
    Held,
    /// Written for a later cycle: the claim comes too late.
    Newer,
    /// Never written, or written for an earlier cycle: free.
    Older,
    /// Another key of the same cycle.
    Taken,
}

/// The tags of the ring: 290 days of cycles at the default shape; swept when 18 days have passed.
pub const TAGS: Tags = Tags {
    modulus: 65_535,
    due: 4_096,
    ancient: 64,
};

/// The tag of a word; 0 was never written.
#[inline]
pub const fn tag(word: u64) -> u64 {
    word >> VALUE_BITS
}

/// The value of a word: what is below the tag.
#[inline]
pub const fn value(word: u64) -> u64 {
    word & ((1 << VALUE_BITS) - 1)
}

impl Tags {
    /// The word for `value` in `cycle`; bits of `value` above 48 are dropped.
    #[inline]
    pub const fn word(self, cycle: u64, of: u64) -> u64 {
        (cycle % self.modulus + 1) << VALUE_BITS | value(of)
    }

    /// What `word` is to the claim that would write `mine`.
    #[inline]
    pub const fn see(self, word: u64, mine: u64) -> Seen {
        if word == mine {
            return Seen::Held;
        }
        if tag(word) == tag(mine) {
            return Seen::Taken;
        }
        if tag(word) == 0 || self.distance(tag(word), tag(mine)) <= self.modulus / 2 {
            Seen::Older
        } else {
            Seen::Newer
        }
    }

    /// Whether a table that was last swept up to `bound` is swept before a claim in `cycle`.
    #[inline]
    pub const fn is_due(self, bound: u64, cycle: u64) -> bool {
        cycle.saturating_sub(bound) >= self.due
    }

    /// The oldest cycle that a sweep for `cycle` leaves in its table: the table's new bound.
    #[inline]
    pub const fn bound(self, cycle: u64) -> u64 {
        cycle.saturating_sub(self.ancient)
    }

    /// What a sweep for `cycle` writes in place of `word`, if anything, when no word of the table is
    /// older than the cycle `bound`.
    ///
    /// No word is `due` or more cycles younger than `bound`, because a claim that far on would have
    /// swept first. What looks so was written by a claimer that slept through many cycles.
    #[inline]
    pub const fn retag(self, word: u64, bound: u64, cycle: u64) -> Option<u64> {
        if tag(word) == 0 || cycle == 0 {
            return None;
        }
        let after = self.distance(bound % self.modulus + 1, tag(word));
        if after < self.due && bound + after > self.bound(cycle) {
            return None;
        }
        let dead = self.word(cycle - 1, 0);
        if word == dead { None } else { Some(dead) }
    }

    /// How many cycles the tag `to` comes after the tag `from`.
    const fn distance(self, from: u64, to: u64) -> u64 {
        if to >= from {
            to - from
        } else {
            to + self.modulus - from
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_right_up_to_half_of_the_modulus() {
        for start in [0, 1, 65_533, 65_534, 65_535, 4_600_000] {
            for (later, seen) in [
                (1, Seen::Older),
                (32_767, Seen::Older),
                (32_768, Seen::Newer),
            ] {
                let (old, mine) = (TAGS.word(start, 5), TAGS.word(start + later, 6));
                assert_eq!(TAGS.see(old, mine), seen, "{start} + {later}");
            }
            let (new, mine) = (TAGS.word(start + 32_767, 5), TAGS.word(start, 6));
            assert_eq!(TAGS.see(new, mine), Seen::Newer);
        }
    }

    #[test]
    fn the_same_tag_is_held_or_taken() {
        let mine = TAGS.word(9, 5);
        assert_eq!(TAGS.see(mine, mine), Seen::Held);
        assert_eq!(TAGS.see(TAGS.word(9, 6), mine), Seen::Taken);
        assert_eq!(TAGS.see(TAGS.word(9 + 65_535, 6), mine), Seen::Taken);
    }

    #[test]
    fn a_sweep_leaves_what_is_young_and_never_writes_0() {
        let (bound, cycle) = (100_000, 104_096);
        for age in 1..64 {
            assert_eq!(TAGS.retag(TAGS.word(cycle - age, 5), bound, cycle), None);
        }
        let dead = TAGS.word(cycle - 1, 0);
        for age in [64, 65, 1_000, 4_095, 4_096, 4_097] {
            let old = TAGS.word(cycle - age, 5);
            assert_eq!(TAGS.retag(old, bound, cycle), Some(dead), "{age}");
        }
        assert_eq!(TAGS.retag(0, bound, cycle), None);
    }

    #[test]
    fn a_sweep_after_an_idle_jump_reads_tags_by_its_old_bound() {
        for jump in [4_096, 32_768, 65_535, 65_536, 10_000_000] {
            let cycle = 100 + jump;
            for old in 0..4_000 {
                let word = TAGS.word(100 + old, 5);
                let dead = 100 + old <= TAGS.bound(cycle);
                let swept = TAGS.retag(word, 100, cycle);
                assert_eq!(swept, dead.then(|| TAGS.word(cycle - 1, 0)), "{jump} {old}");
            }
        }
    }
}
