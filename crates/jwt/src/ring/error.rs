//! Why there is no such key, or no such ring.

use core::fmt;

use counterseal_core::{Code, Refusal, STORE_UNAVAILABLE, SealBroken, Time};

/// Why keys cannot be used, or were not changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// Another key was announced, and does not sign yet.
    Announced,
    /// What is stored makes no sense, or is another issuer's.
    Broken,
    /// Others kept changing the keys.
    Contended,
    /// No key signs.
    Empty,
    /// As many keys are published as may be.
    Full,
    /// This key is published already.
    Known,
    /// Others have changed the keys since this change was begun, by their clocks: it was begun long ago, or a clock is wrong.
    Late {
        /// When they were changed.
        changed: Time,
        /// The instant of this change.
        now: Time,
    },
    /// No such key is stored.
    Missing,
    /// The private part of the key that signs is not on this host.
    Private,
    /// This key was revoked.
    Revoked,
    /// A key's seal does not open.
    Sealed,
    /// What this host read of the keys is too old.
    Stale {
        /// When it was read.
        read: Time,
        /// The host's clock.
        now: Time,
    },
    /// The store did not answer: a change may have come about or not.
    Unavailable,
}

/// What cannot be a policy.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingSetupError {
    /// A span is outside its bounds.
    Window {
        /// Which.
        name: &'static str,
    },
}

impl RingError {
    /// The codes of this error; those of a seal that does not open and of a store which does not answer are core's.
    pub const CODES: &'static [Code] = &[
        ANNOUNCED, BROKEN, CONTENDED, EMPTY, FULL, KNOWN, LATE, MISSING, PRIVATE, REVOKED, STALE,
    ];
}

impl RingSetupError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[WINDOW];
}

impl Refusal for RingError {
    fn code(&self) -> Code {
        match self {
            RingError::Announced => ANNOUNCED,
            RingError::Broken => BROKEN,
            RingError::Contended => CONTENDED,
            RingError::Empty => EMPTY,
            RingError::Full => FULL,
            RingError::Known => KNOWN,
            RingError::Late { .. } => LATE,
            RingError::Missing => MISSING,
            RingError::Private => PRIVATE,
            RingError::Revoked => REVOKED,
            RingError::Sealed => SealBroken.code(),
            RingError::Stale { .. } => STALE,
            RingError::Unavailable => STORE_UNAVAILABLE,
        }
    }
}

impl Refusal for RingSetupError {
    fn code(&self) -> Code {
        match self {
            RingSetupError::Window { .. } => WINDOW,
        }
    }
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            RingError::Stale { read, now } => {
                write!(f, "{means} ({} s)", now.since(*read).seconds())
            }
            RingError::Late { changed, now } => {
                write!(f, "{means} ({} s)", changed.since(*now).seconds())
            }
            _ => f.write_str(means),
        }
    }
}

impl fmt::Display for RingSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RingSetupError::Window { name } => write!(f, "{} ({name})", WINDOW.means),
        }
    }
}

impl core::error::Error for RingError {}
impl core::error::Error for RingSetupError {}

const ANNOUNCED: Code = Code::integrator(
    "jwt_ring_announced",
    "another key was announced and does not sign yet",
    "wait until it signs; somebody else may have rotated",
);
const BROKEN: Code = Code::environment(
    "jwt_ring_broken",
    "what is stored of the issuer's keys makes no sense",
    "look who else writes the table; restore the row from a copy, or take the store for tampered with",
);
const CONTENDED: Code = Code::environment(
    "jwt_ring_contended",
    "others kept changing the keys, so nothing was written",
    "try again",
);
const EMPTY: Code = Code::environment(
    "jwt_ring_empty",
    "the issuer has no key that signs",
    "let the host read the keys when it starts; announce one only if there never was any, and the first signs at once",
);
const FULL: Code = Code::integrator(
    "jwt_ring_full",
    "eight keys are published",
    "rotate less often, or issue shorter tokens",
);
const KNOWN: Code = Code::integrator(
    "jwt_ring_known",
    "this key is published already",
    "make a new key; a rotation that was repeated has been done",
);
const LATE: Code = Code::environment(
    "jwt_ring_late",
    "the keys were changed after the instant of this change",
    "begin it anew; if it was begun just now, set the clocks of the hosts",
);
const MISSING: Code = Code::integrator(
    "jwt_ring_missing",
    "no such key of the issuer is stored",
    "look at the issuer and the key's id; a key that is gone has nothing to revoke",
);
const PRIVATE: Code = Code::environment(
    "jwt_ring_private",
    "the private part of the key that signs is not on this host",
    "give the host the private key, or announce one that is stored sealed",
);
const REVOKED: Code = Code::integrator(
    "jwt_ring_revoked",
    "this key was revoked",
    "make a new key; one that was lost does not come back",
);
const STALE: Code = Code::environment(
    "jwt_ring_stale",
    "what this host read of the keys is too old",
    "read them again each minute; if the store did not answer for so long, look at the store",
);
const WINDOW: Code = Code::integrator(
    "jwt_ring_setup_window",
    "a span of the rotation is outside its bounds",
    "lives are 1 s to 24 h, copies and hosts 1 s to 1 h, periods 366 days, tolerances 10 min, and leads no shorter than copies and hosts",
);
