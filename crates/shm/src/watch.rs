//! Whether the mapped file is still the one at its path: asked once a second.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::fs::{AtFlags, CWD, Stat, statat};
use rustix::time::{ClockId, clock_gettime};

/// Which file is mapped, and when it was last seen in its place.
pub(crate) struct Watch {
    identity: (u64, u64),
    /// Milliseconds of the steady clock.
    due: AtomicU64,
}

impl Watch {
    pub(crate) fn new(identity: (u64, u64)) -> Self {
        Watch {
            identity,
            due: AtomicU64::new(steady().saturating_add(EVERY)),
        }
    }

    /// Whether the file is in its place, or was within the last second.
    //= docs/spec/replay.md#R-34
    #[inline]
    pub(crate) fn was_in_place(&self, path: &Path) -> bool {
        let now = steady();
        now < self.due.load(Relaxed) || self.look(path, now)
    }

    /// Whether the file is in its place.
    pub(crate) fn is_in_place(&self, path: &Path) -> bool {
        self.look(path, steady())
    }

    #[cold]
    fn look(&self, path: &Path, now: u64) -> bool {
        let found = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
        let same = found.is_ok_and(|stat| identity(&stat) == self.identity && links(&stat) == 1);
        if same {
            self.due.store(now.saturating_add(EVERY), Relaxed);
        }
        same
    }
}

/// Device and number of a file.
#[allow(clippy::cast_sign_loss, clippy::unnecessary_cast)] // the types differ between systems
pub(crate) fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

#[allow(clippy::unnecessary_cast)] // the types differ between systems
pub(crate) fn links(stat: &Stat) -> u64 {
    stat.st_nlink as u64
}

/// Milliseconds of a clock that nobody sets. It may lag by a few, which the margins allow for.
#[inline]
fn steady() -> u64 {
    let now = clock_gettime(STEADY);
    let millis = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000;
    millis.unsigned_abs()
}

#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::MonotonicCoarse;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

const EVERY: u64 = 1_000;
