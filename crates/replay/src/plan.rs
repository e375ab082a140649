//! Where everything is in a ring's words, worked out once.

use counterseal_core::{Claim, Seed, Span, Time};
use siphasher::sip128::{Hash128, SipHasher24};

use crate::divisor::{Divisor, high};
use crate::sync::LINE;
use crate::word::{TAGS, VALUE_BITS};
use crate::{Shape, ShapeError, Window};

/// A shape that was checked for a window, with the ring's secret.
///
/// The secret keys the hash that places nonces, so that who chooses nonces cannot aim at a line.
/// It has no `Debug` text. It protects availability only: no verdict depends on it.
#[derive(Clone)]
pub struct Plan {
    shape: Shape,
    window: Window,
    hasher: SipHasher24,
    owner_keys: [u64; 2],
    bucket: Divisor,
    generations: Divisor,
    lines: u64,
    owner_cells: u64,
    /// What one owner may win by its first and by its second counter.
    owner_caps: Option<[u64; 2]>,
}

/// A claim's place in time.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Buckets since the epoch.
    pub(crate) bucket: u64,
    /// Full turns of the ring since the epoch.
    pub(crate) cycle: u64,
    /// Whose turn it is.
    pub(crate) generation: usize,
}

/// A claim's place among the words of its generation.
pub(crate) struct Home {
    /// The first line of the walk.
    pub(crate) line: usize,
    /// The word that it writes.
    pub(crate) mine: u64,
}

impl Plan {
    /// A plan for `shape` that remembers at least `window`; `secret` is drawn once for each store.
    ///
    /// # Errors
    ///
    /// The rule of [`Shape::check`] that is broken.
    pub fn new(shape: Shape, window: Window, secret: &Seed<16>) -> Result<Self, ShapeError> {
        shape.check(window)?;
        let owners = SipHasher24::new_with_key(secret.expose()).hash(b"owners");
        let cap = shape.owner_cap;
        Ok(Plan {
            shape,
            window,
            hasher: SipHasher24::new_with_key(secret.expose()),
            owner_keys: [owners.h1, owners.h2 | 1],
            bucket: Divisor::new(shape.bucket.millis().unsigned_abs()),
            generations: Divisor::new(u64::from(shape.generations)),
            lines: shape.lines(),
            owner_cells: shape.owner_lines() * LINE as u64,
            owner_caps: (cap < u64::from(shape.slots)).then_some([cap - cap / 2, cap / 2]),
        })
    }

    /// The shape.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The window that it remembers at least.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// How many words a ring of this plan has: 8 bytes each.
    pub const fn words(&self) -> usize {
        self.first_table() + self.shape.generations as usize * self.table()
    }

    /// A secret for the ring that takes this one's place, which nobody can guess who does not know
    /// this one's.
    pub fn successor(&self) -> Seed<16> {
        let Hash128 { h1, h2 } = self.hasher.hash(b"successor");
        Seed::new((u128::from(h1) << 64 | u128::from(h2)).to_be_bytes())
    }

    /// The bucket, cycle and generation of `born`; none before 1970 and after the year 9999.
    //= docs/spec/replay.md#R-6
    #[inline]
    pub(crate) fn place(&self, born: Time) -> Option<Place> {
        let millis = u64::try_from(born.millis()).ok()?;
        if millis > LAST_MILLISECOND {
            return None;
        }
        let (bucket, _) = self.bucket.divide(millis);
        Some(self.place_of(bucket))
    }

    /// The cycle and generation of `bucket`.
    #[inline]
    pub(crate) const fn place_of(&self, bucket: u64) -> Place {
        let (cycle, generation) = self.generations.divide(bucket);
        Place {
            bucket,
            cycle,
            generation: index(generation),
        }
    }

    /// The first instant after `bucket`.
    pub(crate) fn end(&self, bucket: u64) -> Time {
        end_of(bucket, self.shape.bucket)
    }

    /// Where the walk of `claim` begins, and what it writes.
    //= docs/spec/replay.md#R-7
    #[inline]
    pub(crate) fn home(&self, claim: &Claim, cycle: u64) -> Home {
        let mut input = [0; 16 + 24];
        let name = claim.space.name().as_bytes();
        input[..16].copy_from_slice(&claim.key);
        input[16..16 + name.len()].copy_from_slice(name);
        let Hash128 { h1, h2 } = self.hasher.hash(&input[..16 + name.len()]);
        Home {
            line: index(high(h2, self.lines)),
            mine: TAGS.word(cycle, h1 >> (64 - VALUE_BITS)),
        }
    }

    /// The two counters of `owner`, never the same one; nothing when there is no cap.
    #[inline]
    pub(crate) fn owner_cells(&self, owner: u64) -> Option<[(usize, u64); 2]> {
        let caps = self.owner_caps?;
        let product = u128::from(owner ^ self.owner_keys[0]) * u128::from(self.owner_keys[1]);
        let mixed = high(owner ^ self.owner_keys[0], self.owner_keys[1]) ^ lower(product);
        let first = high(mixed, self.owner_cells);
        let step = 1 + high(mixed << 32, self.owner_cells - 1);
        let second = first + step;
        let wrapped = if second >= self.owner_cells {
            second - self.owner_cells
        } else {
            second
        };
        Some([(index(first), caps[0]), (index(wrapped), caps[1])])
    }

    /// How many buckets back from the newest one still live.
    #[inline]
    pub(crate) const fn generations(&self) -> u64 {
        self.shape.generations as u64
    }

    #[inline]
    pub(crate) fn lines(&self) -> usize {
        index(self.lines)
    }

    #[inline]
    pub(crate) fn slots(&self) -> usize {
        index(self.lines) * LINE
    }

    /// Words of one generation: its slots, then its owners' counters.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // a shape has at most 2^31 of each
    pub(crate) const fn table(&self) -> usize {
        self.lines as usize * LINE + self.owner_cells as usize
    }

    /// Where the first generation begins: after the head and the bounds of the sweeps.
    #[inline]
    pub(crate) const fn first_table(&self) -> usize {
        HEAD + (self.shape.generations as usize).next_multiple_of(LINE)
    }
}

impl core::fmt::Debug for Plan {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Plan")
            .field("shape", &self.shape)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// The first instant after bucket number `bucket`, when each is `length` long.
pub(crate) fn end_of(bucket: u64, length: Span) -> Time {
    let buckets = i64::try_from(bucket).unwrap_or(i64::MAX);
    Time::EPOCH.plus(length.times(buckets.saturating_add(1)))
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // below the number of words, which is a usize
const fn index(n: u64) -> usize {
    n as usize
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // the lower 64 of 128 bits
const fn lower(n: u128) -> u64 {
    n as u64
}

/// Words before the bounds: newest bucket, floor, beginning, and five that are not used.
pub(crate) const HEAD: usize = 8;

/// The end of the year 9999.
const LAST_MILLISECOND: u64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_outside_the_calendar_have_no_place() {
        let plan = Plan::new(Shape::for_rate(1), Window::MINUTE, &Seed::new([1; 16])).unwrap();
        for born in [i64::MIN, -1, 253_402_300_800_000, i64::MAX] {
            assert!(plan.place(Time::from_millis(born)).is_none(), "{born}");
        }
        let place = plan.place(Time::from_millis(1_800_000_000_000)).unwrap();
        assert_eq!(place.bucket, 120_000_000);
        assert_eq!(place.cycle, 4_615_384);
        assert_eq!(place.generation, 16);
        assert_eq!(plan.end(place.bucket), Time::from_seconds(1_800_000_015));
    }

    #[test]
    fn an_owner_has_two_counters_in_range() {
        let shape = Shape {
            owner_slots: 8,
            ..Shape::for_rate(1)
        };
        let plan = Plan::new(shape, Window::MINUTE, &Seed::new([1; 16])).unwrap();
        for owner in 0..10_000 {
            let [(first, _), (second, _)] = plan.owner_cells(owner).unwrap();
            assert!(first < 8 && second < 8 && first != second);
        }
    }
}
