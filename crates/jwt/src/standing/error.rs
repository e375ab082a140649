//! Why a genuine token may not act, or a change of what is stored did not come about.

use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, KeyId, Refusal, STORE_UNAVAILABLE, Time};

/// Why a genuine token may not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingError {
    /// The key that opened the session is unknown, disabled or another subject's, or the token names none and must.
    AccessKey {
        /// The key that signed the token.
        key: KeyId,
    },
    /// The token itself is denied.
    Denied {
        /// The key that signed the token.
        key: KeyId,
    },
    /// The subject is disabled.
    SubjectDisabled {
        /// The key that signed the token.
        key: KeyId,
        /// Since when.
        since: Time,
    },
    /// The store knows no such subject.
    SubjectUnknown {
        /// The key that signed the token.
        key: KeyId,
    },
    /// The store did not answer, or its answer makes no sense.
    Unavailable {
        /// The key that signed the token.
        key: KeyId,
    },
    /// The token is of an earlier version of its subject.
    UserVer {
        /// The key that signed the token.
        key: KeyId,
        /// The token's version.
        token: i64,
        /// The subject's version.
        current: i64,
    },
    /// The token is of a version that the store has not seen: the store has lost writes, or lags behind.
    UserVerAhead {
        /// The key that signed the token.
        key: KeyId,
        /// The token's version.
        token: i64,
        /// The subject's version.
        current: i64,
    },
}

/// Why a subject gets no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueError {
    /// It is disabled.
    Disabled {
        /// Since when.
        since: Time,
    },
    /// The store did not answer, or its answer makes no sense.
    Unavailable,
    /// The store knows no such subject.
    Unknown,
}

/// Why a change did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingWriteError {
    /// Others kept changing the record.
    Contended,
    /// The subject has used up its versions.
    Exhausted,
    /// The key is disabled, or registered for another subject.
    KeyTaken,
    /// No such key, or no such subject, is stored.
    Missing,
    /// The store did not answer: the change may have come about or not.
    Unavailable,
}

impl StandingError {
    /// The codes of this error; that of a store which does not answer is core's.
    pub const CODES: &'static [Code] = &[
        ACCESS_KEY,
        DENIED,
        SUBJECT_DISABLED,
        SUBJECT_UNKNOWN,
        USER_VER,
        USER_VER_AHEAD,
    ];

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), Some(self.key()), now);
        match *self {
            StandingError::SubjectDisabled { since, .. } => event.with(&[Fact::at("since", since)]),
            StandingError::UserVer { token, current, .. }
            | StandingError::UserVerAhead { token, current, .. } => event.with(&[
                Fact::number("token", token),
                Fact::number("current", current),
            ]),
            _ => event,
        }
    }

    /// The key that signed the token.
    pub const fn key(&self) -> KeyId {
        match *self {
            StandingError::AccessKey { key }
            | StandingError::Denied { key }
            | StandingError::SubjectDisabled { key, .. }
            | StandingError::SubjectUnknown { key }
            | StandingError::Unavailable { key }
            | StandingError::UserVer { key, .. }
            | StandingError::UserVerAhead { key, .. } => key,
        }
    }
}

impl Refusal for StandingError {
    fn code(&self) -> Code {
        match self {
            StandingError::AccessKey { .. } => ACCESS_KEY,
            StandingError::Denied { .. } => DENIED,
            StandingError::SubjectDisabled { .. } => SUBJECT_DISABLED,
            StandingError::SubjectUnknown { .. } => SUBJECT_UNKNOWN,
            StandingError::Unavailable { .. } => STORE_UNAVAILABLE,
            StandingError::UserVer { .. } => USER_VER,
            StandingError::UserVerAhead { .. } => USER_VER_AHEAD,
        }
    }
}

impl fmt::Display for StandingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            StandingError::UserVer { token, current, .. }
            | StandingError::UserVerAhead { token, current, .. } => {
                write!(f, "{means} (token {token}, current {current})")
            }
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for StandingError {}

impl Refusal for IssueError {
    fn code(&self) -> Code {
        match self {
            IssueError::Disabled { .. } => SUBJECT_DISABLED,
            IssueError::Unavailable => STORE_UNAVAILABLE,
            IssueError::Unknown => SUBJECT_UNKNOWN,
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for IssueError {}

impl StandingWriteError {
    /// The codes of this error; that of a store which does not answer is core's.
    pub const CODES: &'static [Code] = &[CONTENDED, EXHAUSTED, KEY_TAKEN, MISSING];
}

impl Refusal for StandingWriteError {
    fn code(&self) -> Code {
        match self {
            StandingWriteError::Contended => CONTENDED,
            StandingWriteError::Exhausted => EXHAUSTED,
            StandingWriteError::KeyTaken => KEY_TAKEN,
            StandingWriteError::Missing => MISSING,
            StandingWriteError::Unavailable => STORE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for StandingWriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for StandingWriteError {}

const fn refused(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public: "invalid_token",
        http: 401,
        means,
        fix,
    }
}

const ACCESS_KEY: Code = refused(
    "jwt_access_key",
    "the key that opened the token's session is unknown, disabled or another subject's",
    "register the key before tokens name it; after it was disabled, open a session with another one",
);
const DENIED: Code = refused(
    "jwt_denied",
    "the token is denied",
    "ask the issuer for another token; this one does not come back",
);
const SUBJECT_DISABLED: Code = refused(
    "jwt_subject_disabled",
    "the token's subject is disabled",
    "enable the subject, then let it ask for new tokens",
);
const SUBJECT_UNKNOWN: Code = refused(
    "jwt_subject_unknown",
    "the store knows no such subject",
    "register subjects before tokens are issued to them, or choose a policy for any subject",
);
const USER_VER: Code = refused(
    "jwt_user_ver",
    "the token is of an earlier version of its subject",
    "ask the issuer for a token of the current version",
);
const USER_VER_AHEAD: Code = Code::environment(
    "jwt_user_ver_ahead",
    "the token is of a version of its subject that the store has not seen",
    "read from the primary; if the store lost writes, raise the subjects past the versions that were issued",
);
const CONTENDED: Code = Code::environment(
    "jwt_standing_contended",
    "others kept changing the record, so nothing was written",
    "try again",
);
const EXHAUSTED: Code = Code::integrator(
    "jwt_user_ver_exhausted",
    "the subject has no version left",
    "look for a program that raises versions in a loop, and give the subject another id",
);
const KEY_TAKEN: Code = Code::integrator(
    "jwt_access_key_taken",
    "the access key is disabled, or registered for another subject",
    "give each key an id of its own, and never one that was used before",
);
const MISSING: Code = Code::integrator(
    "jwt_standing_missing",
    "no such access key or subject is stored",
    "look at tenant and id, and register it first",
);
