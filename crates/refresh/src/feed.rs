//! What verifiers of access tokens know of sessions that have ended.

use alloc::vec::Vec;
use core::fmt;

use counterseal_core::{
    AuditEvent, Code, Ended, Fact, ListEnded, Pending, Refusal, STORE_UNAVAILABLE, Span, Step,
    Time, Unavailable,
};

use crate::error::peer;
use crate::family::{KEPT, RefreshFamily};
use crate::policy::{BadRefreshPolicy, inside};
use crate::session::SessionId;

/// Reads which sessions ended within the life of an access token. It needs no secret, only a store: whoever verifies access tokens reads
/// it every few seconds, and looks at what it read with each of them.
///
/// What it does not protect: tokens of a session that ended since it was last read; those of a subject whose version was raised or who was
/// disabled, which is not an end of their rows; tokens that live longer than [`Purpose::Access`](counterseal_core::Purpose::Access) lets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFeed {
    trusted_for: Span,
}

/// Reads a feed, page by page.
#[must_use]
pub struct ReadFeed {
    feed: SessionFeed,
    began: Time,
    after: Ended,
    ended: Vec<[u8; 16]>,
}

/// The sessions that had ended at an instant, so that their access tokens are over. 16 bytes each.
#[derive(Clone)]
pub struct EndedSessions {
    read: Time,
    trusted_for: Span,
    /// In their order.
    ended: Vec<[u8; 16]>,
}

/// Why a feed was not read, or an access token is not good by what was read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedError {
    /// The session of the access token has ended.
    Ended {
        /// Which.
        session: SessionId,
    },
    /// More sessions ended lately than a feed holds.
    Full,
    /// What was read is too old, or of a clock that was ahead.
    Stale {
        /// How old it is.
        age: Span,
    },
    /// The store did not answer, or its answer makes no sense.
    Unavailable,
    /// The access token names no session of ours.
    Unnamed,
}

impl SessionFeed {
    /// Feeds that are trusted for this long after they were read, 1 s to 10 min: so long a session that has ended may go on, and so long
    /// access tokens are taken while the store does not answer.
    ///
    /// # Errors
    ///
    /// [`BadRefreshPolicy`] out of these bounds.
    pub fn new(trusted_for: Span) -> Result<Self, BadRefreshPolicy> {
        let (least, most) = (Span::from_seconds(1), Span::from_minutes(10));
        let trusted_for = inside("trusted_for", trusted_for, least, most)?;
        Ok(SessionFeed { trusted_for })
    }

    /// Begins to read. On success, put it in the place of what was read before; on failure, keep that.
    //= docs/spec/refresh.md#S-13
    pub fn read(&self, now: Time) -> Step<ReadFeed> {
        Step::Need(ReadFeed {
            feed: *self,
            began: now,
            after: (now.minus(KEPT), [0; 16]),
            ended: Vec::new(),
        })
    }
}

impl EndedSessions {
    /// Looks at the session (`sid`) that a genuine access token names.
    ///
    /// # Errors
    ///
    /// [`FeedError::Ended`], [`FeedError::Unnamed`], and [`FeedError::Stale`] when it was read too long ago to know.
    //= docs/spec/refresh.md#S-13
    pub fn check(&self, session: Option<&str>, now: Time) -> Result<(), FeedError> {
        let session = session
            .and_then(SessionId::parse)
            .ok_or(FeedError::Unnamed)?;
        // An end is final, however long ago it was read.
        if self.ended.binary_search(&session.bytes()).is_ok() {
            return Err(FeedError::Ended { session });
        }
        let age = now.since(self.read);
        if age > self.trusted_for || age < JITTER {
            return Err(FeedError::Stale { age });
        }
        Ok(())
    }

    /// When it began to be read.
    pub const fn read_at(&self) -> Time {
        self.read
    }

    /// How many sessions it holds.
    pub const fn len(&self) -> usize {
        self.ended.len()
    }

    /// Whether no session ended.
    pub const fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }
}

impl fmt::Debug for EndedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedSessions")
            .field("read", &self.read)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Pending for ReadFeed {
    type Op = ListEnded<RefreshFamily>;
    type Outcome = Result<EndedSessions, FeedError>;

    fn op(&self) -> Self::Op {
        ListEnded::new(self.after, PAGE)
    }

    fn finish(mut self, reply: Result<Vec<Ended>, Unavailable>) -> Step<Self> {
        let Ok(page) = reply else {
            return Step::Done(Err(FeedError::Unavailable));
        };
        let is_last = page.len() < PAGE as usize;
        // A store that answers with what was not asked for would be asked for ever.
        let follows = page.first().is_none_or(|first| *first > self.after) && page.is_sorted();
        if !follows || page.len() > PAGE as usize {
            return Step::Done(Err(FeedError::Unavailable));
        }
        self.after = page.last().copied().unwrap_or(self.after);
        self.ended.extend(page.into_iter().map(|(_, id)| id));
        if self.ended.len() > MOST {
            return Step::Done(Err(FeedError::Full));
        }
        if !is_last {
            return Step::Need(self);
        }
        self.ended.sort_unstable();
        self.ended.dedup();
        self.ended.shrink_to_fit();
        Step::Done(Ok(EndedSessions {
            read: self.began,
            trusted_for: self.feed.trusted_for,
            ended: self.ended,
        }))
    }
}

impl FeedError {
    /// The codes of this error; that of a store which does not answer is core's.
    pub const CODES: &'static [Code] = &[ENDED, FULL, STALE, UNNAMED];

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let session = match self {
            FeedError::Ended { session } => Some(session.logged()),
            _ => None,
        };
        let event = AuditEvent::refused(self.code(), session, now);
        match self {
            FeedError::Stale { age } => event.with(&[Fact::number("age", age.millis())]),
            _ => event,
        }
    }
}

impl Refusal for FeedError {
    fn code(&self) -> Code {
        match self {
            FeedError::Ended { .. } => ENDED,
            FeedError::Full => FULL,
            FeedError::Stale { .. } => STALE,
            FeedError::Unavailable => STORE_UNAVAILABLE,
            FeedError::Unnamed => UNNAMED,
        }
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            FeedError::Stale { age } => write!(f, "{means} ({} ms)", age.millis()),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for FeedError {}

/// How many ends are read at once.
const PAGE: u32 = 1_000;
/// 16 MiB.
const MOST: usize = 1 << 20;
/// Threads read their clocks in any order.
const JITTER: Span = Span::from_millis(-1_000);

const ENDED: Code = token(
    "refresh_access_ended",
    "the session of the access token has ended",
    "refresh once, which says how it ended; then log in again",
);
const FULL: Code = Code::environment(
    "refresh_feed_full",
    "more than 1048576 sessions ended within 40 minutes",
    "find out who ends them; what was read before is good until it is too old",
);
const STALE: Code = Code::environment(
    "refresh_feed_stale",
    "what is known of ended sessions is too old",
    "read the feed more often than it is trusted for, and look at the store and at the clock",
);
const UNNAMED: Code = token(
    "refresh_access_unnamed",
    "the access token names no session",
    "issue access tokens with the id of their session as sid",
);

/// Of an access token, not of a grant.
const fn token(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        public: "invalid_token",
        ..peer(name, means, fix)
    }
}
