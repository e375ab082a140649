//! The ring of this host: claims, and a new file when the old one is gone.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use counterseal_core::{Claim, Claimed, Run, RunAsync, Seed, Sweep, Time, Unavailable};
use counterseal_replay::{Gauge, SKEW, Shape, Window};

use crate::ShmError;
use crate::file::{NOTICE, Opened, Wanted, absolute};

/// A ring in a file that all processes of a host map.
///
/// Threads share it; processes open it by its path.
pub struct SharedRing {
    wanted: Wanted,
    opened: RwLock<Arc<Opened>>,
}

impl SharedRing {
    /// Opens the ring at `path`, or makes it.
    ///
    /// All processes must name the same shape and window: who names others puts a new ring in the place of
    /// the one that is there, and claims of keys that are older than it are `Stale` until its floor has
    /// passed: `now` plus the window's future and 7 s. A key that is made later is served at once. `seed` must be unpredictable; it is used when the file is made.
    ///
    /// # Errors
    ///
    /// [`ShmError`].
    pub fn open(
        path: &Path,
        shape: Shape,
        window: Window,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Self, ShmError> {
        let path = absolute(path)?;
        let wanted = Wanted {
            path,
            shape,
            window,
        };
        let opened = wanted.open(now, seed, None)?;
        Ok(SharedRing {
            wanted,
            opened: RwLock::new(Arc::new(opened)),
        })
    }

    /// Uses the claim's key once: see [`Ring::claim`](counterseal_replay::Ring::claim).
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the file is gone and no new one can be made.
    #[inline]
    pub fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        let gone = {
            let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(answer) = self.try_claim(&opened, claim) {
                return Ok(answer);
            }
            Arc::clone(&opened)
        };
        let opened = self.reopen(&gone, claim)?;
        self.try_claim(&opened, claim).ok_or(Unavailable)
    }

    /// How full it is.
    pub fn gauge(&self) -> Gauge {
        let opened = self.opened();
        opened.ring().map(|ring| ring.gauge()).unwrap_or_default()
    }

    /// When it began: keys since then do not need the floor.
    pub fn began(&self) -> Time {
        let opened = self.opened();
        opened.ring().map_or(Time::NEVER, |ring| ring.began())
    }

    /// Its floor.
    pub fn floor(&self) -> Time {
        let opened = self.opened();
        opened.ring().map_or(Time::NEVER, |ring| ring.floor())
    }

    /// The ring's answer, if it is still the one for this path.
    ///
    /// The order matters: a claim that was looked at before the file went away is of a request that was
    /// verified before, and the next file's floor is above it.
    #[inline]
    fn try_claim(&self, opened: &Opened, claim: &Claim) -> Option<Claimed> {
        let (watch, path) = (&opened.watch, &self.wanted.path);
        let in_place = if self.is_young(claim) {
            watch.is_in_place(path)
        } else {
            watch.was_in_place(path)
        };
        if !in_place {
            return None;
        }
        let ring = opened.ring()?;
        match ring.claim(claim) {
            Claimed::Stale if ring.is_retired() => None,
            answer => Some(answer),
        }
    }

    /// Whether the claim's key may have been made within the last seconds, and so after a file that took the
    /// place of this one: that file asks no floor of it.
    //= docs/spec/replay.md#R-37
    #[inline]
    fn is_young(&self, claim: &Claim) -> bool {
        claim.born <= claim.since.plus(self.wanted.window.future).plus(NOTICE)
    }

    /// Opens what is at the path now, unless another thread did.
    ///
    /// A claim that was verified a moment ago says how late it can be on the verifier's clock: its birth
    /// plus the window's past.
    //= docs/spec/replay.md#R-36
    #[cold]
    fn reopen(&self, gone: &Arc<Opened>, claim: &Claim) -> Result<Arc<Opened>, Unavailable> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&opened, gone) {
            let late = claim.born.plus(self.wanted.window.past).plus(SKEW);
            let seed = gone.plan.successor();
            let new = self.wanted.open(late, &seed, Some(gone));
            *opened = Arc::new(new.map_err(|_| Unavailable)?);
        }
        Ok(Arc::clone(&opened))
    }

    fn opened(&self) -> Arc<Opened> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&opened)
    }
}

impl Run<Claim> for SharedRing {
    #[inline]
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        self.claim(&op)
    }
}

impl RunAsync<Claim> for SharedRing {
    async fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        self.claim(&op)
    }
}

impl Run<Sweep> for SharedRing {
    /// Nothing needs deleting: a ring forgets by turning.
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

impl core::fmt::Debug for SharedRing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SharedRing")
            .field("shape", &self.wanted.shape)
            .field("window", &self.wanted.window)
            .finish_non_exhaustive()
    }
}
