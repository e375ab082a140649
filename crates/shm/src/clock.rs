//! The clock of whoever verifies, after the one reading that was given.

use std::time::{Instant, SystemTime};

use counterseal_core::{Span, Time};

/// A reading of the verifier's clock, and of the host's two at the same moment. From then on it is taken to
/// run, and to be set ahead, like the host's, but not to be set back: a floor must be above what was accepted
/// before that.
pub(crate) struct Clock {
    given: Time,
    host: Time,
    steady: Instant,
}

impl Clock {
    pub(crate) fn new(now: Time) -> Self {
        Clock {
            given: now,
            host: host(),
            steady: Instant::now(),
        }
    }

    /// The reading that was given, if that is no longer ago than opening a file may take.
    pub(crate) fn just_given(&self) -> Option<Time> {
        let ago = host().since(self.host);
        (Span::ZERO..MOMENT).contains(&ago).then_some(self.given)
    }

    /// What the verifier's clock says by now, or said before it was set back.
    pub(crate) fn now(&self) -> Time {
        let steady = i64::try_from(self.steady.elapsed().as_millis()).unwrap_or(i64::MAX);
        let run = host().since(self.host).max(Span::from_millis(steady));
        self.given.plus(run)
    }
}

fn host() -> Time {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = now.map_or(0, |now| now.as_millis());
    Time::EPOCH.plus(Span::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
}

const MOMENT: Span = Span::from_seconds(1);
