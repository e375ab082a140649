//! Why a request did not pass a limit.

use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, Rate, Refusal, Space, Time};

use crate::fields::seconds;

/// Why a request did not pass a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// Too many came.
    Exceeded {
        /// The limit.
        name: Space,
        /// The rate of the cell that was over.
        rate: Rate,
        /// When the same request would pass.
        retry_at: Time,
    },
    /// The store did not answer, and this limit refuses then.
    Unavailable,
}

impl LimitError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[EXCEEDED, UNAVAILABLE];

    /// The seconds to wait, at least 1 and rounded up, so that who waits for them passes: the value of `Retry-After`.
    pub fn retry_after(&self, now: Time) -> Option<i64> {
        match self {
            LimitError::Exceeded { retry_at, .. } => Some(seconds(retry_at.since(now)).max(1)),
            LimitError::Unavailable => None,
        }
    }

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), None, now);
        match *self {
            LimitError::Exceeded { name, retry_at, .. } => event.with(&[
                Fact::word("limit", name.name()),
                Fact::at("retry_at", retry_at),
            ]),
            LimitError::Unavailable => event,
        }
    }
}

impl Refusal for LimitError {
    fn code(&self) -> Code {
        match self {
            LimitError::Exceeded { .. } => EXCEEDED,
            LimitError::Unavailable => UNAVAILABLE,
        }
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            LimitError::Exceeded { name, .. } => write!(f, " ({})", name.name()),
            LimitError::Unavailable => Ok(()),
        }
    }
}

impl core::error::Error for LimitError {}

/// Every code of this room.
pub const CODES: &[Code] = LimitError::CODES;

const EXCEEDED: Code = Code {
    name: "limit_exceeded",
    blame: Blame::Peer,
    public: "limit_exceeded",
    http: 429,
    means: "more requests came than the limit lets pass",
    fix: "wait as long as Retry-After says; if honest callers come here, raise the limit, or check the number of trusted hops",
};
const UNAVAILABLE: Code = Code {
    name: "limit_unavailable",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "the store of a limit did not answer, and the limit refuses then",
    fix: "check that the store is up and reachable; a limit that may be passed meanwhile can say so",
};
