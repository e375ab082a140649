//! Why there is no such key, or no such ring.

use core::fmt;

use counterseal_core::{Code, Refusal};

/// Why a key was not announced. Nothing has changed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// Another key was announced, and does not sign yet.
    Announced,
    /// As many keys are published as may be.
    Full,
    /// This key is published already.
    Known,
    /// This key was revoked.
    Revoked,
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
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[ANNOUNCED, FULL, KNOWN, REVOKED];
}

impl RingSetupError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[WINDOW];
}

impl Refusal for RingError {
    fn code(&self) -> Code {
        match self {
            RingError::Announced => ANNOUNCED,
            RingError::Full => FULL,
            RingError::Known => KNOWN,
            RingError::Revoked => REVOKED,
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
        f.write_str(self.code().means)
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
const REVOKED: Code = Code::integrator(
    "jwt_ring_revoked",
    "this key was revoked",
    "make a new key; one that was lost does not come back",
);
const WINDOW: Code = Code::integrator(
    "jwt_ring_setup_window",
    "a span of the rotation is outside its bounds",
    "lives are 1 s to 24 h, copies 1 s to 1 h, leads no shorter than copies, tolerances 10 min at most",
);
