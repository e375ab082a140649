//! What a ring that begins empty must refuse, because it cannot know.

use counterseal_core::{Span, Time};

use crate::Window;

/// When a ring began, and its floor: what was born at or before `floor` under a key that could have
/// signed before `began` may have been used where this ring cannot see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Keys since this time have no past that the ring has not seen.
    pub began: Time,
    /// Claims of older keys must be born later than this.
    pub floor: Time,
}

impl Start {
    /// The start of a store that begins at `now` with nothing before it still running.
    ///
    /// A request from a clock that is ahead may have been used just before `now` and be born up to
    /// the window's future later; hosts may disagree by [`SKEW`] on top.
    pub const fn cold(now: Time, window: Window) -> Self {
        Start {
            began: now,
            floor: now.plus(window.future).plus(SKEW),
        }
    }

    /// The same start, while what ran before may go on for `overlap`.
    #[must_use]
    pub const fn overlapping(self, overlap: Span) -> Self {
        Start {
            began: self.began,
            floor: self.floor.plus(overlap),
        }
    }

    /// The same start, in place of a store that remembered uses up to `newest`: all keys that were made
    /// before the floor are refused until it has passed.
    #[must_use]
    pub fn replacing(self, newest: Time) -> Self {
        let floor = self.floor.max(newest);
        Start {
            began: floor,
            floor,
        }
    }
}

/// How far the clocks of hosts that took over from each other may disagree.
pub const SKEW: Span = Span::from_seconds(5);
