//! What verifiers of access tokens know of sessions that have ended, with host-made parts.

use counterseal::core::Time;
use counterseal::refresh::{self, FeedError};

use crate::token_policy::seconds;
use crate::waiting::Plain;
use crate::{Family, Problem, Verdict, Waiting, time};

/// Reads which sessions ended within the life of an access token.
pub struct SessionFeed(refresh::SessionFeed);

/// The sessions that had ended at an instant.
pub struct EndedSessions(refresh::EndedSessions);

impl SessionFeed {
    /// Feeds that are trusted for so many seconds after they were read.
    ///
    /// # Errors
    ///
    /// `refresh_policy`, or an argument that cannot be.
    pub fn new(trusted_for_seconds: i64) -> Result<Self, Problem> {
        let trusted_for = seconds("trusted_for_seconds", trusted_for_seconds)?;
        Ok(SessionFeed(refresh::SessionFeed::new(trusted_for)?))
    }

    /// Begins to read; ends in [`Verdict::Ended`].
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn read(&self, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        Ok(Waiting::new(self.0.read(now), now))
    }
}

impl EndedSessions {
    /// Looks at the session that a genuine access token names.
    ///
    /// # Errors
    ///
    /// `refresh_access_ended`, `refresh_access_unnamed`, `refresh_feed_stale`, or an argument that cannot be.
    pub fn check(&self, session: Option<&str>, now: i64) -> Result<(), Problem> {
        let now = time("now", now)?;
        self.0
            .check(session, now)
            .map_err(|error| refused(&error, now))
    }

    /// When it began to be read, in milliseconds.
    pub const fn read_at(&self) -> i64 {
        self.0.read_at().millis()
    }

    /// How many sessions it holds.
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

impl Plain for Result<refresh::EndedSessions, FeedError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        let ended = self.map_err(|error| refused(&error, at))?;
        Ok(Verdict::Ended(Box::new(EndedSessions(ended))))
    }
}

fn refused(error: &FeedError, at: Time) -> Problem {
    let mut problem = Problem::told(Family::Refresh, error, &error.event(at));
    problem.challenge_if_stranger("Bearer");
    problem
}
