//! Why a request did not pass a limit.

use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, Rate, Refusal, Time};

use crate::LimitName;
use crate::fields::seconds;

/// Why a request did not pass a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// Too many came.
    Exceeded {
        /// The limit.
        name: LimitName,
        /// The rate of the cell that was over.
        rate: Rate,
        /// When the same request would pass.
        retry_at: Time,
    },
    /// The store did not answer, and this limit refuses then.
    Unavailable,
}

/// What cannot be a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSetupError {
    /// A cost is 0, or more than the limit ever lets pass at once.
    Cost,
    /// A name is not 1 to 24 of `[a-z0-9_-]`.
    Name,
    /// A burst or an interval is 0, or they are too large together.
    Rate,
}

impl LimitSetupError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[COST, NAME, RATE];
}

impl Refusal for LimitSetupError {
    fn code(&self) -> Code {
        match self {
            LimitSetupError::Cost => COST,
            LimitSetupError::Name => NAME,
            LimitSetupError::Rate => RATE,
        }
    }
}

impl fmt::Display for LimitSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for LimitSetupError {}

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
            LimitError::Exceeded { name, retry_at, .. } => {
                event.with(&[Fact::id("limit", name.id()), Fact::at("retry_at", retry_at)])
            }
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
            LimitError::Exceeded { name, .. } => write!(f, " ({name})"),
            LimitError::Unavailable => Ok(()),
        }
    }
}

impl core::error::Error for LimitError {}

/// Every code of this room.
pub const CODES: &[Code] = &[EXCEEDED, UNAVAILABLE, COST, NAME, RATE];

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
const COST: Code = Code::integrator(
    "limit_cost_invalid",
    "a request is to count as nothing, or as more than the limit ever lets pass at once",
    "let a request count as 1 up to the burst of the limit",
);
const NAME: Code = Code::integrator(
    "limit_name_invalid",
    "a limit's name is outside its grammar",
    "name limits with 1 to 24 of a-z, 0-9, '_' and '-'",
);
const RATE: Code = Code::integrator(
    "limit_rate_invalid",
    "a burst or an interval is 0, or a full bucket would take longer than 2^51 milliseconds to empty",
    "give a burst of at least 1, and an interval of at least 1 ms after which one more passes",
);
