//! A ring with words of its own, for one process.

use alloc::boxed::Box;

use counterseal_core::{Claim, Claimed, Run, RunAsync, Seed, Sweep, Time, Unavailable};

use crate::sync::{LINE, Word};
use crate::{Gauge, Plan, Ring, Shape, ShapeError, Start, Window};

/// A ring of one process.
///
/// A second process does not see its nonces, so it serves exactly one worker; `counterseal-shm` serves
/// the workers of one host. It is lost when the process ends: the next one starts with a floor, and
/// answers `Stale` for keys that are older than itself until `now` plus the window's future and 5 s.
pub struct PrivateRing {
    plan: Plan,
    words: Box<[Word]>,
    /// Where the first word is that begins a 64-byte line.
    offset: usize,
}

impl PrivateRing {
    /// A ring that begins at `now`; `seed` must be unpredictable.
    ///
    /// # Errors
    ///
    /// The rule of [`Shape::check`] that is broken.
    pub fn new(
        shape: Shape,
        window: Window,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Self, ShapeError> {
        let plan = Plan::new(shape, window, seed)?;
        let words: Box<[Word]> = (0..plan.words() + LINE - 1).map(|_| Word::new(0)).collect();
        let offset = words
            .as_ptr()
            .align_offset(LINE * size_of::<u64>())
            .min(LINE - 1);
        let start = Start::cold(now, window);
        Ring::begin(&plan, &words[offset..][..plan.words()], start).expect("the planned length");
        Ok(PrivateRing {
            plan,
            words,
            offset,
        })
    }

    /// Uses the claim's key once: see [`Ring::claim`].
    #[inline]
    pub fn claim(&self, claim: &Claim) -> Claimed {
        self.ring().claim(claim)
    }

    /// When it began.
    pub fn began(&self) -> Time {
        self.ring().began()
    }

    /// Its floor.
    pub fn floor(&self) -> Time {
        self.ring().floor()
    }

    /// How full it is.
    pub fn gauge(&self) -> Gauge {
        self.ring().gauge()
    }

    /// The ring over its words.
    #[inline]
    pub fn ring(&self) -> Ring<'_> {
        Ring {
            plan: &self.plan,
            words: &self.words[self.offset..][..self.plan.words()],
        }
    }
}

impl Run<Claim> for PrivateRing {
    #[inline]
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Ok(self.claim(&op))
    }
}

impl RunAsync<Claim> for PrivateRing {
    async fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Ok(self.claim(&op))
    }
}

impl Run<Sweep> for PrivateRing {
    /// Nothing needs deleting: a ring forgets by turning.
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Ok(0)
    }
}
