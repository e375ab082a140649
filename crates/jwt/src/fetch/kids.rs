//! Ids that were not in a fresh set, in constant memory.

use alloc::vec::Vec;

use counterseal_core::{Time, sha256};

use crate::key::MOST_KID;

/// An id by its hash: ids may be long, and are chosen by whoever sends tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KidHash([u8; 16]);

/// Up to 128 ids, each until its time. They are counted, not summed up in a filter, which would fill and then block new keys.
#[derive(Default)]
pub(crate) struct Absent(Vec<(KidHash, Time)>);

impl KidHash {
    /// Nothing for what is no id.
    pub(crate) fn of(kid: &str) -> Option<Self> {
        if !(1..=MOST_KID).contains(&kid.len()) {
            return None;
        }
        let hash = sha256(&[kid.as_bytes()]);
        hash.first_chunk().map(|hash| KidHash(*hash))
    }
}

impl Absent {
    pub(crate) fn has(&self, kid: KidHash, now: Time) -> bool {
        let mut kids = self.0.iter();
        kids.any(|(other, until)| *other == kid && now < *until)
    }

    /// Where there is no room, the one that is over first makes some.
    pub(crate) fn add(&mut self, kid: KidHash, until: Time, now: Time) {
        self.0
            .retain(|(other, until)| *other != kid && now < *until);
        if self.0.len() == MOST {
            let first = self
                .0
                .iter()
                .enumerate()
                .min_by_key(|(_, (_, until))| *until);
            if let Some((at, _)) = first {
                self.0.swap_remove(at);
            }
        }
        self.0.push((kid, until));
    }
}

const MOST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_oldest_of_128_makes_room_and_what_is_over_is_gone() {
        let hash = |at: i64| KidHash::of(&format!("k{at}")).unwrap();
        let mut absent = Absent::default();
        for at in 0..200 {
            absent.add(hash(at), Time::from_seconds(1_000 + at), Time::EPOCH);
        }
        assert_eq!(absent.0.len(), MOST);
        assert!(!absent.has(hash(71), Time::EPOCH) && absent.has(hash(72), Time::EPOCH));
        assert!(!absent.has(hash(72), Time::from_seconds(1_072)));
        absent.add(
            hash(199),
            Time::from_seconds(2_000),
            Time::from_seconds(1_150),
        );
        assert_eq!(absent.0.len(), 49);
        assert!(KidHash::of("").is_none() && KidHash::of(&"k".repeat(256)).is_none());
    }
}
