//! Whether the mapped file is still the one at its path: looked at once in each second of signed time.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use counterseal_core::{Span, Time};

/// Which file is mapped, and for which claims it was seen in its place.
pub(crate) struct Watch {
    identity: (u64, u64),
    /// Claims that are born earlier need no look, in milliseconds.
    seen_for: AtomicI64,
}

impl Watch {
    pub(crate) fn new(file: &Metadata) -> Self {
        Watch {
            identity: identity(file),
            seen_for: AtomicI64::new(i64::MIN),
        }
    }

    /// Whether the file was in its place when a claim was made that was born at most a second before
    /// `born`, or is there now.
    ///
    /// Claims bring the only time there is here. A claim that was verified before a look is born before the
    /// floor of every file that takes the place after it.
    //= docs/spec/replay.md#R-34
    #[inline]
    pub(crate) fn was_in_place(&self, path: &Path, born: Time) -> bool {
        born.millis() < self.seen_for.load(Relaxed) || self.is_in_place(path, born)
    }

    /// Whether the file is in its place now, before the claim that was born at `born`.
    #[cold]
    pub(crate) fn is_in_place(&self, path: &Path, born: Time) -> bool {
        let same = self.is_at(path);
        if same {
            self.rest(born);
        }
        same
    }

    /// Lets a second of signed time pass without a look.
    pub(crate) fn rest(&self, born: Time) {
        self.seen_for.store(born.plus(EVERY).millis(), Relaxed);
    }

    /// Whether the file is in its place now, whatever was claimed.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|found| identity(&found) == self.identity)
    }

    pub(crate) fn is_same(&self, other: &Watch) -> bool {
        self.identity == other.identity
    }
}

/// Device and number of a file. No other file has them while it is mapped.
fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

const EVERY: Span = Span::from_seconds(1);
