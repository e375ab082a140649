//! Rate limits in a fixed number of words, whoever comes and however many.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use counterseal_core::{
    Charge, Charged, Run, RunAsync, Seed, SweepCells, Terms, Time, Unavailable,
};
use siphasher::sip128::{Hash128, SipHasher24};

use crate::sync::Word;

/// Which cells a key has.
#[derive(Clone)]
pub struct CellPlan {
    hasher: SipHasher24,
    /// One less than the number of cells, which is a power of two.
    mask: usize,
}

/// Rate limits over borrowed words: a box, a static and a file mapping serve alike.
///
/// Each key has two cells, picked by a keyed hash, and its level is the lower one of them. A charge is within the
/// limit once it has won a compare-and-swap on each of the two that it raises, so racers never share what is
/// left. Nothing is kept of who a cell is for, nothing is evicted, and nothing grows. Two keys share what is left only
/// where both of their cells are hot for others: with `n` hot keys in `m` cells that is about `(2n / m)^2` of the keys.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    plan: &'a CellPlan,
    words: &'a [Word],
}

/// How many cells are not empty.
///
/// Where more than half of them are hot, honest callers begin to be refused for what others did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellGauge {
    /// All cells.
    pub cells: u64,
    /// Those that are not empty.
    pub hot: u64,
}

/// Rate limits of one process, with words of their own.
pub struct PrivateCells {
    plan: CellPlan,
    words: Box<[Word]>,
}

impl CellPlan {
    /// A plan of `cells`, rounded up to a power of two from 1 024 to 2^26; `seed` must be unpredictable, or callers can
    /// aim at each other's cells. A cell takes 8 bytes.
    pub fn new(cells: u32, seed: &Seed<16>) -> Self {
        let cells = cells.clamp(LEAST, MOST).next_power_of_two();
        CellPlan {
            hasher: SipHasher24::new_with_key(seed.expose()),
            mask: cells as usize - 1,
        }
    }

    /// How many words it needs.
    pub const fn words(&self) -> usize {
        self.mask + 1
    }

    /// The two cells of a charge's key; they differ.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // only the bits of the mask count
    fn pair(&self, charge: &Charge) -> [usize; 2] {
        let space = charge.space.name().as_bytes();
        let mut text = [0; 16 + 24];
        text[..16].copy_from_slice(&charge.key);
        text[16..][..space.len()].copy_from_slice(space);
        let Hash128 { h1, h2 } = self.hasher.hash(&text[..16 + space.len()]);
        let cell = |hash: u64| hash as usize & self.mask;
        let (first, second) = (cell(h1), cell(h2));
        let second = if first == second { second ^ 1 } else { second };
        [first, second]
    }
}

impl<'a> Cells<'a> {
    /// Limits over `words`, which hold 0 where nothing was charged yet; none if there are not as many as the plan needs.
    pub fn over(plan: &'a CellPlan, words: &'a [Word]) -> Option<Self> {
        (words.len() == plan.words()).then_some(Cells { plan, words })
    }

    /// Takes from the key's cells.
    ///
    /// It takes turns with others that charge the same cell, and each turn that it loses is one that another
    /// has won; so it ends, and no process that dies holds up another.
    //= docs/spec/limit.md#L-7
    #[inline]
    pub fn charge(&self, charge: &Charge) -> Charged {
        let terms = charge.rate.terms(charge.cost, charge.now);
        let [first, second] = self.plan.pair(charge).map(|cell| &self.words[cell]);
        loop {
            // In this order, and swapped in this order: see the specification.
            let seen = [first.load(Acquire), second.load(Acquire)];
            let [low, high] = seen.map(|word| terms.level(word.cast_signed()));
            let (taken, level) = terms.apply(low.min(high));
            if !taken {
                settle(first, seen[0], &terms);
                settle(second, seen[1], &terms);
                return terms.answer(false, level);
            }
            if raise(first, seen[0], level, &terms) && raise(second, seen[1], level, &terms) {
                return terms.answer(true, level);
            }
        }
    }

    /// Whether more than half of the cells are hot at `now`, by the first 1 024 of them: a keyed hash picks the cells, so
    /// any of them stand for all. Where they are, honest callers are refused for what others did.
    //= docs/spec/limit.md#L-14
    #[inline]
    pub fn is_crowded(&self, now: Time) -> bool {
        let sample = &self.words[..self.words.len().min(SAMPLE)];
        sample.iter().filter(|word| is_hot(word, now)).count() > sample.len() / 2
    }

    /// How many cells are hot at `now`, counted one by one: about a millisecond for each million.
    pub fn gauge(&self, now: Time) -> CellGauge {
        let hot = self.words.iter().filter(|word| is_hot(word, now));
        CellGauge {
            cells: self.words.len() as u64,
            hot: hot.count() as u64,
        }
    }
}

impl PrivateCells {
    /// Limits in which nothing was charged yet; see [`CellPlan::new`].
    pub fn new(cells: u32, seed: &Seed<16>) -> Self {
        let plan = CellPlan::new(cells, seed);
        let words = (0..plan.words()).map(|_| Word::new(0)).collect();
        PrivateCells { plan, words }
    }

    /// The limits over their words.
    #[inline]
    pub fn cells(&self) -> Cells<'_> {
        Cells {
            plan: &self.plan,
            words: &self.words,
        }
    }
}

impl CellGauge {
    /// Whether more than half of the cells are hot.
    pub const fn is_crowded(&self) -> bool {
        self.hot > self.cells / 2
    }
}

impl Run<Charge> for PrivateCells {
    #[inline]
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        Ok(self.cells().charge(&op))
    }
}

impl RunAsync<Charge> for PrivateCells {
    async fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        Ok(self.cells().charge(&op))
    }
}

impl Run<SweepCells> for PrivateCells {
    /// Nothing needs deleting.
    fn run(&self, _: SweepCells) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

/// Raises a cell from what was seen to `level`, if it is lower; says whether it was still as seen, where that matters.
#[inline]
fn raise(word: &Word, seen: u64, level: i64, terms: &Terms) -> bool {
    let target = terms.level(seen.cast_signed()).max(level).cast_unsigned();
    target == seen || word.compare_exchange(seen, target, AcqRel, Relaxed).is_ok()
}

/// Lowers a cell that was written before the clock was set back; whoever comes first does it for all.
#[inline]
fn settle(word: &Word, seen: u64, terms: &Terms) {
    if seen.cast_signed() > terms.jumped {
        let _ = word.compare_exchange(seen, terms.full.cast_unsigned(), AcqRel, Relaxed);
    }
}

#[inline]
fn is_hot(word: &Word, now: Time) -> bool {
    word.load(Relaxed).cast_signed() > now.millis()
}

/// How many cells tell whether the table is crowded: to within two in a hundred.
const SAMPLE: usize = 1 << 10;
const LEAST: u32 = if cfg!(loom) { 2 } else { 1 << 10 };
const MOST: u32 = 1 << 26;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use counterseal_core::{Rate, Space};

    fn charge(key: u64) -> Charge {
        Charge {
            space: Space::new("example"),
            key: u128::from(key).to_be_bytes(),
            cost: 1,
            rate: Rate::new(1, 60_000).expect("a rate"),
            now: Time::from_seconds(1_800_000_000),
        }
    }

    #[test]
    fn the_two_cells_of_a_key_differ_and_depend_on_the_secret() {
        let plans = [1, 2].map(|secret| CellPlan::new(1, &Seed::new([secret; 16])));
        let pairs = |plan: &CellPlan| (0..5_000).map(|key| plan.pair(&charge(key))).collect();
        let [one, two]: [alloc::vec::Vec<_>; 2] = [pairs(&plans[0]), pairs(&plans[1])];
        assert!(
            one.iter()
                .all(|[first, second]| first != second && *second < 1_024)
        );
        let same = one.iter().zip(&two).filter(|(one, two)| one == two).count();
        assert!(
            same < 5,
            "{same} keys have the same cells under two secrets"
        );
    }

    #[test]
    fn p08_a_flood_of_keys_takes_no_memory_and_few_of_others_shares() {
        let cells = PrivateCells::new(1 << 16, &Seed::new([7; 16]));
        for key in 0..3_000 {
            cells.cells().charge(&charge(key));
        }
        let gauge = cells.cells().gauge(charge(0).now);
        assert!((5_500..=6_000).contains(&gauge.hot), "{gauge:?}");
        assert!(!gauge.is_crowded() && !cells.cells().is_crowded(charge(0).now));
        let refused =
            |key: &u64| cells.cells().charge(&charge(*key)) != Charged::Within { left: 0 };
        let refused = (1_000_000..1_010_000).filter(refused).count();
        // (2 * 3 000 / 65 536)^2 is 0.8 %, and those that pass make it hotter.
        assert!(refused < 1_000, "{refused} of 10 000 were refused");
    }

    #[test]
    fn a_table_is_crowded_while_more_than_half_of_its_cells_are_hot() {
        let cells = PrivateCells::new(1 << 16, &Seed::new([7; 16]));
        let now = charge(0).now;
        // (1 - e^(-2n / 2^16)) of the cells are hot after n keys: 42 % and 60 %.
        for (keys, is_crowded) in [(0..18_000, false), (18_000..30_000, true)] {
            for key in keys {
                cells.cells().charge(&charge(key));
            }
            assert_eq!(cells.cells().is_crowded(now), is_crowded);
            assert_eq!(cells.cells().gauge(now).is_crowded(), is_crowded);
        }
        let later = now.plus(counterseal_core::Span::from_minutes(2));
        assert!(!cells.cells().is_crowded(later));
    }

    #[test]
    fn words_of_another_length_are_no_cells() {
        let plan = CellPlan::new(1_024, &Seed::new([7; 16]));
        let words: [Word; 8] = [const { Word::new(0) }; 8];
        assert!(Cells::over(&plan, &words).is_none());
    }
}
