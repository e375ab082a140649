//! The ring of this host: claims, and a new file when the old one is gone.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use counterseal_core::{Claim, Claimed, Run, RunAsync, Seed, Sweep, Time, Unavailable};
use counterseal_replay::{Gauge, Shape, Window};

use crate::ShmError;
use crate::clock::Clock;
use crate::disk::absolute;
use crate::file::{NOTICE, Opened, Wanted};

/// A ring in a file that all processes of a host map.
///
/// Threads share it, processes open it by its path, and a process that is forked may go on with it.
pub struct SharedRing {
    wanted: Wanted,
    clock: Clock,
    since: Instant,
    opened: ArcSwap<Opened>,
    /// When the next try to open may be made, in milliseconds after `since`.
    again: AtomicU64,
}

impl SharedRing {
    /// Opens the ring at `path`, or makes it.
    ///
    /// All processes must name the same shape and window: who names others puts a new ring in the place of
    /// the one that is there, and those that run go on with it if it remembers their window. Claims of
    /// keys that are older than a new ring are `Stale` until its floor has passed: `now` plus the window's
    /// future and 7 s, or up to a bucket more if it took another one's place. A key that is made later is
    /// served at once.
    ///
    /// `now` is read just before. `seed` must be unpredictable; it is used when the file is made. Open the
    /// ring after changing user or root directory.
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
        let clock = Clock::new(now);
        let path = absolute(path)?;
        let wanted = Wanted {
            path,
            shape,
            window,
        };
        let opened = wanted.open(seed, &clock)?;
        Ok(SharedRing {
            wanted,
            clock,
            since: Instant::now(),
            opened: ArcSwap::from_pointee(opened),
            again: AtomicU64::new(0),
        })
    }

    /// Uses the claim's key once: see [`Ring::claim`](counterseal_replay::Ring::claim).
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the file is gone and no new one can be made yet.
    #[inline]
    pub fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        match self.try_claim(&self.opened.load(), claim) {
            Some(answer) => Ok(answer),
            None => self.claim_anew(claim),
        }
    }

    /// How full it is.
    pub fn gauge(&self) -> Gauge {
        let opened = self.opened.load();
        opened.ring().map(|ring| ring.gauge()).unwrap_or_default()
    }

    /// When it began: keys since then do not need the floor.
    pub fn began(&self) -> Time {
        let opened = self.opened.load();
        opened.ring().map_or(Time::NEVER, |ring| ring.began())
    }

    /// Its floor.
    pub fn floor(&self) -> Time {
        let opened = self.opened.load();
        opened.ring().map_or(Time::NEVER, |ring| ring.floor())
    }

    /// The ring's answer, if it is still the one for this path.
    ///
    /// The look comes before the claim: what is claimed after a look was verified before it, and the floor
    /// of the next file is above that.
    #[inline]
    fn try_claim(&self, opened: &Opened, claim: &Claim) -> Option<Claimed> {
        let (watch, path) = (&opened.watch, &self.wanted.path);
        let in_place = if self.is_young(claim) {
            watch.is_in_place(path, claim.born)
        } else {
            watch.was_in_place(path, claim.born)
        };
        if !in_place {
            return None;
        }
        match opened.ring()?.claim(claim) {
            Claimed::Stale => opened.stays(path).then_some(Claimed::Stale),
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

    #[cold]
    fn claim_anew(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        let opened = self.reopen(claim)?;
        self.try_claim(&opened, claim).ok_or(Unavailable)
    }

    /// Opens what is at the path now. One thread tries, and not more often than ten times in a second.
    ///
    /// The verifier's clock has reached the claim's birth less the window's future, or it would not have
    /// come here.
    //= docs/spec/replay.md#R-36
    fn reopen(&self, claim: &Claim) -> Result<Arc<Opened>, Unavailable> {
        let opened = self.opened.load_full();
        if opened.stays(&self.wanted.path) {
            return Ok(opened);
        }
        self.take_turn()?;
        let seen = claim.born.minus(self.wanted.window.future);
        let now = || self.clock.now().max(seen);
        let new = self.wanted.reopen(&opened, now).map_err(|_| Unavailable)?;
        let new = Arc::new(new);
        self.opened.store(Arc::clone(&new));
        Ok(new)
    }

    fn take_turn(&self) -> Result<(), Unavailable> {
        let elapsed = |since: Duration| u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let (now, again) = (elapsed(self.since.elapsed()), self.again.load(Relaxed));
        if now < again {
            return Err(Unavailable);
        }
        let next = now.saturating_add(elapsed(PAUSE));
        let turn = self.again.compare_exchange(again, next, Relaxed, Relaxed);
        turn.map(drop).map_err(|_| Unavailable)
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

const PAUSE: Duration = Duration::from_millis(100);
