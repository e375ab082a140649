//! What cannot be a policy.

use core::fmt;

use counterseal_core::{Code, Purpose, Refusal, Span};

/// Why something is no policy.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlError {
    /// The life is shorter than a second, or longer than its purpose allows.
    Window {
        /// For what.
        purpose: Purpose,
        /// The life.
        ttl: Span,
    },
}

impl TtlError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[WINDOW];
}

impl Refusal for TtlError {
    fn code(&self) -> Code {
        match self {
            TtlError::Window { .. } => WINDOW,
        }
    }
}

impl fmt::Display for TtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TtlError::Window { purpose, ttl } = self;
        let most = purpose.longest().millis();
        let (name, ttl) = (purpose.name(), ttl.millis());
        write!(f, "{} ({name}: {ttl} ms of {most})", WINDOW.means)
    }
}

impl core::error::Error for TtlError {}

const WINDOW: Code = Code::integrator(
    "ttl_window",
    "a life is shorter than a second, or longer than its purpose allows",
    "give 1 s to the longest life of the purpose; a policy only shortens",
);
