//! The ring: claims over borrowed words.

use core::fmt;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use counterseal_core::{
    Claim, Claimed, Code, Refusal, Run, RunAsync, Span, Sweep, Time, Unavailable,
};

use crate::plan::{HEAD, Home, Place, end_of};
use crate::sync::{LINE, Word};
use crate::word::{Seen, TAGS, tag, value};
use crate::{Plan, Start};

/// A ring over borrowed words: a box, a static and a file mapping serve alike.
///
/// All of it takes `&self`, from any number of threads and processes, and nothing blocks.
#[derive(Clone, Copy)]
pub struct Ring<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) words: &'a [Word],
}

/// Why words are not a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// The words hold no ring that has begun.
    NotBegun,
    /// There are not as many words as the plan needs.
    WrongLength {
        /// How many there are.
        words: usize,
        /// How many it needs.
        needed: usize,
    },
}

impl<'a> Ring<'a> {
    /// A new ring over `words`, which must all be 0 and not yet shared with anyone.
    ///
    /// # Errors
    ///
    /// [`RingError::WrongLength`].
    pub fn begin(plan: &'a Plan, words: &'a [Word], start: Start) -> Result<Self, RingError> {
        let ring = Self::over(plan, words)?;
        words[FLOOR].store(to_word(start.floor), Relaxed);
        words[BEGAN].store(to_word(start.began).max(1), Release);
        Ok(ring)
    }

    /// The ring that `words` already hold, of this very plan.
    ///
    /// # Errors
    ///
    /// [`RingError`]; a plan of other sizes or another secret is not noticed beyond the length.
    pub fn attach(plan: &'a Plan, words: &'a [Word]) -> Result<Self, RingError> {
        let ring = Self::over(plan, words)?;
        if words[BEGAN].load(Acquire) == 0 {
            return Err(RingError::NotBegun);
        }
        Ok(ring)
    }

    fn over(plan: &'a Plan, words: &'a [Word]) -> Result<Self, RingError> {
        let needed = plan.words();
        if words.len() != needed {
            let words = words.len();
            return Err(RingError::WrongLength { words, needed });
        }
        Ok(Ring { plan, words })
    }

    /// Uses the claim's key once.
    ///
    /// `Fresh` is answered at most once for a key and `born`, whatever runs at the same time, however
    /// long a claimer sleeps, and whichever process dies. `Stale` says that the ring cannot know: born
    /// at or before the floor, or so long before the newest claim that its generation has gone on.
    ///
    /// `born` must be authenticated and inside the window on the verifier's clock: the newest one
    /// decides which generations live, so a forged far future would make all present claims stale.
    /// Beyond the year 9999 nothing moves and the answer is `Stale`.
    #[inline]
    pub fn claim(&self, claim: &Claim) -> Claimed {
        let Some(place) = self.plan.place(claim.born) else {
            return Claimed::Stale;
        };
        if self.is_below_floor(claim) || !self.reach(place) || !self.keep_swept(place) {
            return Claimed::Stale;
        }
        self.walk(claim, place)
    }

    /// What was born at or before this may have been used before the ring began.
    pub fn floor(&self) -> Time {
        to_time(self.words[FLOOR].load(Acquire))
    }

    /// Keys since this time do not need the floor.
    pub fn began(&self) -> Time {
        to_time(self.words[BEGAN].load(Acquire))
    }

    /// Raises the floor to `floor`; it never sinks.
    pub fn raise_floor(&self, floor: Time) {
        self.words[FLOOR].fetch_max(to_word(floor), AcqRel);
    }

    /// The end of the newest bucket that was claimed in: every use so far was born before it.
    pub fn newest(&self) -> Option<Time> {
        let bucket = self.words[NEWEST].load(Acquire) & !RETIRED;
        (bucket > 0).then(|| self.plan.end(bucket))
    }

    /// Ends this ring for everyone who shares its words: see [`retire`].
    pub fn retire(&self) -> Option<Time> {
        retire(&self.words[NEWEST], self.plan.shape().bucket)
    }

    /// Whether the ring was ended.
    #[inline]
    pub fn is_retired(&self) -> bool {
        self.words[NEWEST].load(Acquire) & RETIRED != 0
    }

    //= docs/spec/replay.md#R-12
    #[inline]
    fn is_below_floor(&self, claim: &Claim) -> bool {
        to_word(claim.born) <= self.words[FLOOR].load(Acquire)
            && to_word(claim.since) < self.words[BEGAN].load(Relaxed)
    }

    /// Makes the claim's bucket the newest if it is, before a word of it is written; says whether the
    /// bucket lives.
    //= docs/spec/replay.md#R-8
    #[inline]
    fn reach(&self, place: Place) -> bool {
        let newest = self.words[NEWEST].load(Acquire);
        if place.bucket > newest {
            let before = self.words[NEWEST].fetch_max(place.bucket, AcqRel);
            return self.lives(place, before);
        }
        self.lives(place, newest)
    }

    /// A retired ring has a newest bucket beyond all others.
    #[inline]
    fn lives(&self, place: Place, newest: u64) -> bool {
        place.bucket + self.plan.generations() > newest
    }

    /// Walks from the home line to the claim's own word or to the first free one.
    //= docs/spec/replay.md#R-9
    #[inline]
    fn walk(&self, claim: &Claim, place: Place) -> Claimed {
        let Home { mut line, mine } = self.plan.home(claim, place.cycle);
        let slots = self.slots(place.generation);
        let lines = self.plan.lines();
        let mut counted = false;
        for _ in 0..lines.min(MAX_LINES) {
            for slot in &slots[line * LINE..][..LINE] {
                if let Some(answer) = self.try_slot(slot, mine, claim, place, &mut counted) {
                    return answer;
                }
            }
            line = if line + 1 == lines { 0 } else { line + 1 };
        }
        Claimed::Full
    }

    /// The answer that this slot gives, if the walk ends here.
    #[inline]
    fn try_slot(
        &self,
        slot: &Word,
        mine: u64,
        claim: &Claim,
        place: Place,
        counted: &mut bool,
    ) -> Option<Claimed> {
        let mut seen = slot.load(Acquire);
        loop {
            match TAGS.see(seen, mine) {
                Seen::Held => return Some(Claimed::Held),
                Seen::Newer => return Some(Claimed::Stale),
                Seen::Taken => return None,
                Seen::Older => {}
            }
            if !*counted && !self.count(claim.owner, place) {
                return Some(Claimed::OwnerFull);
            }
            *counted = true;
            match slot.compare_exchange(seen, mine, AcqRel, Acquire) {
                Ok(_) => return Some(self.won(place)),
                Err(now) => seen = now,
            }
        }
    }

    /// A word was won; that counts only if its bucket lives after it.
    //= docs/spec/replay.md#R-10
    #[inline]
    fn won(&self, place: Place) -> Claimed {
        if self.lives(place, self.words[NEWEST].load(Acquire)) {
            Claimed::Fresh
        } else {
            Claimed::Stale
        }
    }

    /// Takes one from the owner's share of this generation, before a word is won and never given back.
    //= docs/spec/replay.md#R-11
    #[inline]
    fn count(&self, owner: u64, place: Place) -> bool {
        let Some(cells) = self.plan.owner_cells(owner) else {
            return true;
        };
        let counters = &self.table(place.generation)[self.plan.slots()..];
        cells
            .iter()
            .any(|&(cell, cap)| raise(&counters[cell], place.cycle, cap))
    }

    pub(crate) fn slots(&self, generation: usize) -> &'a [Word] {
        &self.table(generation)[..self.plan.slots()]
    }

    pub(crate) fn table(&self, generation: usize) -> &'a [Word] {
        let length = self.plan.table();
        &self.words[self.plan.first_table() + generation * length..][..length]
    }

    /// The oldest cycle that a word of this generation can have.
    #[inline]
    pub(crate) fn bound(&self, generation: usize) -> &'a Word {
        &self.words[HEAD + generation]
    }

    /// The newest bucket, if the ring is not retired.
    pub(crate) fn newest_bucket(&self) -> Option<u64> {
        let newest = self.words[NEWEST].load(Acquire);
        (newest & RETIRED == 0).then_some(newest)
    }
}

/// Ends the ring whose first word is `newest` for everyone who shares it: from now on each claim there is
/// `Stale`.
///
/// The answer is the end of the newest bucket, of `bucket` each, that was ever claimed in. No use born
/// then or later was or will be answered `Fresh` there, so a ring that takes its place can put its floor
/// there. The first word means this in every layout of the others.
//= docs/spec/replay.md#R-16
pub fn retire(newest: &Word, bucket: Span) -> Option<Time> {
    let last = newest.fetch_or(RETIRED, AcqRel) & !RETIRED;
    (last > 0).then(|| end_of(last, bucket))
}

/// Takes one from a counter that may give `cap` in each cycle.
#[inline]
fn raise(counter: &Word, cycle: u64, cap: u64) -> bool {
    let first = TAGS.word(cycle, 1);
    let mut seen = counter.load(Acquire);
    while tag(seen) != tag(first) {
        if cap == 0 || TAGS.see(seen, first) == Seen::Newer {
            return false;
        }
        match counter.compare_exchange(seen, first, AcqRel, Acquire) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
    value(seen) < cap && value(counter.fetch_add(1, AcqRel)) < cap
}

impl Run<Claim> for Ring<'_> {
    #[inline]
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Ok(self.claim(&op))
    }
}

impl RunAsync<Claim> for Ring<'_> {
    async fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Ok(self.claim(&op))
    }
}

impl Run<Sweep> for Ring<'_> {
    /// Nothing needs deleting: a ring forgets by turning.
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

impl RingError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[NOT_BEGUN, WRONG_LENGTH];
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RingError::NotBegun => f.write_str("the words hold no ring that has begun"),
            RingError::WrongLength { words, needed } => {
                write!(f, "there are {words} words and the plan needs {needed}")
            }
        }
    }
}

impl core::error::Error for RingError {}

impl Refusal for RingError {
    fn code(&self) -> Code {
        match self {
            RingError::NotBegun => NOT_BEGUN,
            RingError::WrongLength { .. } => WRONG_LENGTH,
        }
    }
}

/// Times as words in the order of times, so that 0 is before all of them.
#[inline]
const fn to_word(time: Time) -> u64 {
    time.millis().cast_unsigned() ^ 1 << 63
}

const fn to_time(word: u64) -> Time {
    Time::from_millis((word ^ 1 << 63).cast_signed())
}

/// The newest bucket that a claim has reached; its highest bit says that the ring was ended.
const NEWEST: usize = 0;
const FLOOR: usize = 1;
const BEGAN: usize = 2;

const RETIRED: u64 = 1 << 63;

/// A walk ends after this many lines: at six tenths full, one in 10^9 goes beyond the third.
const MAX_LINES: usize = 16;

const NOT_BEGUN: Code = Code::integrator(
    "replay_not_begun",
    "the words were never begun as a ring, so there is no floor",
    "begin a ring over zeroed words once, then attach to it",
);
const WRONG_LENGTH: Code = Code::integrator(
    "replay_length_wrong",
    "there are not as many words as the plan needs",
    "allocate Plan::words() words",
);
