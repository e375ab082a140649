//! Why a session does not go on.

use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, Refusal, STORE_UNAVAILABLE, Span, Time};

use crate::decide::End;
use crate::session::SessionId;

/// Why a refresh token is refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshError {
    /// What the store says of the newest token does not follow from its parent.
    Broken {
        /// The session.
        session: SessionId,
    },
    /// The token was retried as often as it may in one window.
    Busy {
        /// The session.
        session: SessionId,
        /// When it may be again; its client asks with what it has stored by then, since this token may be too old.
        retry_at: Time,
    },
    /// This host's clock is behind that of another one.
    Clock {
        /// The session.
        session: SessionId,
        /// By how much.
        behind: Span,
    },
    /// Others kept changing the session.
    Contended {
        /// The session.
        session: SessionId,
    },
    /// The session has ended.
    Ended {
        /// The session.
        session: SessionId,
        /// How.
        end: End,
        /// When.
        at: Time,
    },
    /// The session is over: it was not used, or has lasted as long as any may.
    Expired {
        /// The session.
        session: SessionId,
        /// Since when.
        at: Time,
    },
    /// The tag is none of ours.
    Forged,
    /// It is another client's, or bound to something else than was shown.
    Holder {
        /// The session.
        session: SessionId,
    },
    /// The text is no refresh token.
    Malformed,
    /// The token was used after its successor: it was stolen, or its thief has the successor. The session has ended by this.
    Replayed {
        /// The session.
        session: SessionId,
    },
    /// The token's secret is gone.
    SecretUnknown,
    /// The store knows less than the token: it was set back. Where the session itself is older than the token, it has ended by this.
    StoreBehind {
        /// The session.
        session: SessionId,
    },
    /// The subject is disabled.
    SubjectDisabled {
        /// The session.
        session: SessionId,
        /// Since when.
        since: Time,
    },
    /// The token has a successor, and nothing may be written here.
    Superseded {
        /// The session.
        session: SessionId,
    },
    /// What never changes of a session was changed in the store.
    Tampered {
        /// The session.
        session: SessionId,
    },
    /// The store did not answer: it may have rotated. The same token is taken again.
    Unavailable {
        /// The session.
        session: SessionId,
    },
    /// Nobody showed in time to have the newest token. The session has ended by this.
    Unconfirmed {
        /// The session.
        session: SessionId,
    },
    /// The store has no such session.
    Unknown {
        /// The session.
        session: SessionId,
    },
    /// The session is of an earlier version of its subject.
    UserVer {
        /// The session.
        session: SessionId,
        /// The session's version.
        issued: i64,
        /// The subject's.
        current: i64,
    },
}

impl RefreshError {
    /// The codes of this error; that of a store which does not answer is core's.
    pub const CODES: &'static [Code] = &[
        BROKEN,
        BUSY,
        CLOCK,
        CONTENDED,
        ENDED,
        EXPIRED,
        FORGED,
        HOLDER,
        MALFORMED,
        REPLAYED,
        SECRET_UNKNOWN,
        STORE_BEHIND,
        SUBJECT_DISABLED,
        SUPERSEDED,
        TAMPERED,
        UNCONFIRMED,
        UNKNOWN,
        USER_VER,
    ];

    /// The session, where the token is one of ours.
    pub const fn session(&self) -> Option<SessionId> {
        match *self {
            RefreshError::Forged | RefreshError::Malformed | RefreshError::SecretUnknown => None,
            RefreshError::Broken { session }
            | RefreshError::Busy { session, .. }
            | RefreshError::Clock { session, .. }
            | RefreshError::Contended { session }
            | RefreshError::Ended { session, .. }
            | RefreshError::Expired { session, .. }
            | RefreshError::Holder { session }
            | RefreshError::Replayed { session }
            | RefreshError::StoreBehind { session }
            | RefreshError::SubjectDisabled { session, .. }
            | RefreshError::Superseded { session }
            | RefreshError::Tampered { session }
            | RefreshError::Unavailable { session }
            | RefreshError::Unconfirmed { session }
            | RefreshError::Unknown { session }
            | RefreshError::UserVer { session, .. } => Some(session),
        }
    }

    /// Whether the client is told to forget its tokens. A request that lost a race is not: it would take away what the winner was given.
    //= docs/spec/refresh.md#S-12
    pub const fn clears_cookies(&self) -> bool {
        match self {
            RefreshError::Ended { .. }
            | RefreshError::Expired { .. }
            | RefreshError::Forged
            | RefreshError::Malformed
            | RefreshError::Replayed { .. }
            | RefreshError::SecretUnknown
            | RefreshError::SubjectDisabled { .. }
            | RefreshError::Unconfirmed { .. }
            | RefreshError::Unknown { .. }
            | RefreshError::UserVer { .. } => true,
            RefreshError::Broken { .. }
            | RefreshError::Busy { .. }
            | RefreshError::Clock { .. }
            | RefreshError::Contended { .. }
            | RefreshError::Holder { .. }
            | RefreshError::StoreBehind { .. }
            | RefreshError::Superseded { .. }
            | RefreshError::Tampered { .. }
            | RefreshError::Unavailable { .. } => false,
        }
    }

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let session = self.session().map(SessionId::logged);
        let event = AuditEvent::refused(self.code(), session, now);
        match *self {
            RefreshError::Busy { retry_at, .. } => event.with(&[Fact::at("retry_at", retry_at)]),
            RefreshError::Clock { behind, .. } => {
                event.with(&[Fact::number("behind", behind.millis())])
            }
            RefreshError::Ended { end, at, .. } => {
                event.with(&[Fact::word("end", end.name()), Fact::at("ended", at)])
            }
            RefreshError::Expired { at, .. } => event.with(&[Fact::at("expired", at)]),
            RefreshError::SubjectDisabled { since, .. } => event.with(&[Fact::at("since", since)]),
            RefreshError::UserVer {
                issued, current, ..
            } => event.with(&[
                Fact::number("session", issued),
                Fact::number("current", current),
            ]),
            _ => event,
        }
    }
}

impl Refusal for RefreshError {
    fn code(&self) -> Code {
        match self {
            RefreshError::Broken { .. } => BROKEN,
            RefreshError::Busy { .. } => BUSY,
            RefreshError::Clock { .. } => CLOCK,
            RefreshError::Contended { .. } => CONTENDED,
            RefreshError::Ended { .. } => ENDED,
            RefreshError::Expired { .. } => EXPIRED,
            RefreshError::Forged => FORGED,
            RefreshError::Holder { .. } => HOLDER,
            RefreshError::Malformed => MALFORMED,
            RefreshError::Replayed { .. } => REPLAYED,
            RefreshError::SecretUnknown => SECRET_UNKNOWN,
            RefreshError::StoreBehind { .. } => STORE_BEHIND,
            RefreshError::SubjectDisabled { .. } => SUBJECT_DISABLED,
            RefreshError::Superseded { .. } => SUPERSEDED,
            RefreshError::Tampered { .. } => TAMPERED,
            RefreshError::Unavailable { .. } => STORE_UNAVAILABLE,
            RefreshError::Unconfirmed { .. } => UNCONFIRMED,
            RefreshError::Unknown { .. } => UNKNOWN,
            RefreshError::UserVer { .. } => USER_VER,
        }
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            RefreshError::Ended { end, .. } => write!(f, "{means} ({})", end.name()),
            RefreshError::UserVer {
                issued, current, ..
            } => write!(f, "{means} (session {issued}, current {current})"),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for RefreshError {}

/// Why a session did not begin, or was not changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The policy wants sessions to be bound, and nothing was shown.
    Binding,
    /// Others kept changing the session.
    Contended,
    /// A name is empty or too long, or a version cannot be.
    Member {
        /// Which.
        name: &'static str,
    },
    /// There is a session of this id: the seed was used before.
    Taken,
    /// The store did not answer: it may have written.
    Unavailable,
    /// The store has no such session.
    Unknown,
}

impl SessionError {
    /// The codes of this error; that of a store which does not answer is core's.
    pub const CODES: &'static [Code] = &[
        SESSION_BINDING,
        SESSION_CONTENDED,
        SESSION_MEMBER,
        SESSION_TAKEN,
        SESSION_UNKNOWN,
    ];
}

impl Refusal for SessionError {
    fn code(&self) -> Code {
        match self {
            SessionError::Binding => SESSION_BINDING,
            SessionError::Contended => SESSION_CONTENDED,
            SessionError::Member { .. } => SESSION_MEMBER,
            SessionError::Taken => SESSION_TAKEN,
            SessionError::Unavailable => STORE_UNAVAILABLE,
            SessionError::Unknown => SESSION_UNKNOWN,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            SessionError::Member { name } => write!(f, "{means} ({name})"),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for SessionError {}

pub(crate) const fn peer(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public: "invalid_grant",
        http: 401,
        means,
        fix,
    }
}

const BROKEN: Code = Code::environment(
    "refresh_broken",
    "what the store keeps of the newest token does not follow from its parent",
    "treat the table as tampered with; the session goes on once its client logs in again",
);
const BUSY: Code = Code {
    public: "try_again",
    http: 429,
    ..peer(
        "refresh_busy",
        "the token was retried as often as it may in one window",
        "refresh once for all requests of a client; wait for the time that is given, and ask with the token that is stored by then",
    )
};
const CLOCK: Code = Code::environment(
    "refresh_clock",
    "this host's clock is behind that of another one by more than clocks may differ",
    "set the clocks of all hosts by one source of time",
);
const CONTENDED: Code = Code::environment(
    "refresh_contended",
    "others kept changing the session, so nothing was given",
    "try again with the same token",
);
const ENDED: Code = peer("refresh_ended", "the session has ended", "log in again");
const EXPIRED: Code = peer(
    "refresh_expired",
    "the session is over: it was not used, or has lasted as long as any may",
    "log in again",
);
const FORGED: Code = peer(
    "refresh_forged",
    "the refresh token's tag is none of ours",
    "send the token as it was given; if all are refused, compare the secrets of the hosts",
);
const HOLDER: Code = peer(
    "refresh_holder",
    "the session is another client's, or bound to something else than was shown",
    "show the key or the device that the session was begun with",
);
const MALFORMED: Code = peer(
    "refresh_malformed",
    "the text is no refresh token",
    "send the whole token, without spaces or quotes; it begins with csrt1_",
);
const REPLAYED: Code = peer(
    "refresh_replayed",
    "a refresh token was used after its successor, so the session was ended",
    "log in again; if it was not a restored backup of the client, somebody has a copy of the token",
);
const SECRET_UNKNOWN: Code = peer(
    "refresh_secret_unknown",
    "the secret that the token was made with is gone, or only detects",
    "log in again; keep the secret before as one that verifies for as long as a session may be idle",
);
const STORE_BEHIND: Code = Code::environment(
    "refresh_store_behind",
    "the store knows less than the token that it was asked about: it was set back, or lags behind",
    "read from the primary; after a restored backup, end the sessions that it brought back",
);
const SUBJECT_DISABLED: Code = peer(
    "refresh_subject_disabled",
    "the session's subject is disabled",
    "enable the subject, then log in again",
);
const SUPERSEDED: Code = peer(
    "refresh_superseded",
    "the token has a successor, and this request may not write",
    "refresh where cookies can be set, then ask again with the new token",
);
const TAMPERED: Code = Code::environment(
    "refresh_row_tampered",
    "what never changes of a session was changed in the store",
    "find out who writes to the table; end the session",
);
const UNCONFIRMED: Code = peer(
    "refresh_unconfirmed",
    "nobody showed in time to have the newest token, so the session was ended",
    "log in again; confirm sessions when their access tokens come from the client's own store",
);
const UNKNOWN: Code = peer(
    "refresh_unknown",
    "the store has no such session",
    "log in again",
);
const USER_VER: Code = peer(
    "refresh_user_ver",
    "the session is of an earlier version of its subject",
    "log in again: all sessions of the subject were ended",
);
const SESSION_BINDING: Code = Code::integrator(
    "refresh_session_binding",
    "the policy wants sessions to be bound, and nothing was shown",
    "let the client show a key or a device at login, or choose another rule of binding",
);
const SESSION_CONTENDED: Code = Code::environment(
    "refresh_session_contended",
    "others kept changing the session, so nothing was changed",
    "try again",
);
const SESSION_MEMBER: Code = Code::integrator(
    "refresh_session_member",
    "a name of a session is empty or too long, or its version cannot be",
    "look at the bounds of NewSession",
);
const SESSION_TAKEN: Code = Code::integrator(
    "refresh_session_taken",
    "there is a session of this id already",
    "draw a new seed for each session",
);
const SESSION_UNKNOWN: Code = Code {
    blame: Blame::Peer,
    public: "not_found",
    http: 404,
    ..Code::integrator(
        "refresh_session_unknown",
        "the store has no such session",
        "list the sessions again",
    )
};
