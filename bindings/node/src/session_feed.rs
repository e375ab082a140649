//! What verifiers of access tokens know of sessions that have ended.

use counterseal_shared as shared;
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done};
use crate::waiting::Waiting;

/// Reads which sessions ended within the life of an access token.
#[napi]
pub struct SessionFeed(shared::SessionFeed);

/// The sessions that had ended at an instant.
#[napi]
pub struct EndedSessions(pub(crate) Box<shared::EndedSessions>);

/// When a feed began to be read, and how many sessions it holds.
#[napi(object, object_from_js = false)]
pub struct FeedSize {
    /// In milliseconds.
    pub read_at: i64,
    /// How many.
    pub size: u32,
}

#[napi]
impl SessionFeed {
    /// Feeds that are trusted for so many seconds after they were read.
    #[napi]
    pub fn create(trusted_for_seconds: i64) -> Answer<SessionFeed> {
        answer("SessionFeed.create", || {
            Ok(SessionFeed(shared::SessionFeed::new(trusted_for_seconds)?))
        })
    }

    /// Begins to read.
    #[napi]
    pub fn read(&self, now: i64) -> Answer<Waiting> {
        answer("SessionFeed.read", || Ok(Waiting::new(self.0.read(now)?)))
    }
}

#[napi]
impl EndedSessions {
    /// Looks at the session that a genuine access token names.
    #[napi]
    pub fn check(&self, session: Option<String>, now: i64) -> Option<Refusal> {
        done("EndedSessions.check", || {
            self.0.check(session.as_deref(), now)
        })
    }

    /// What it is.
    #[napi]
    pub fn size(&self) -> Answer<FeedSize> {
        answer("EndedSessions.size", || {
            Ok(FeedSize {
                read_at: self.0.read_at(),
                size: self.0.count(),
            })
        })
    }
}
