//! Why a server cannot be used.

use std::fmt;

use counterseal_core::{Code, Refusal};

/// Why a server cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisError {
    /// It may evict what it was told, so it cannot know about claims.
    Evicts,
    /// It follows another server.
    Standby,
    /// It did not answer in time.
    Unreachable,
    /// It is older than version 7.
    Version,
}

impl RedisError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[EVICTS, STANDBY, UNREACHABLE, VERSION];
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        write!(f, "{}; {}", code.means, code.fix)
    }
}

impl std::error::Error for RedisError {}

impl Refusal for RedisError {
    fn code(&self) -> Code {
        match self {
            RedisError::Evicts => EVICTS,
            RedisError::Standby => STANDBY,
            RedisError::Unreachable => UNREACHABLE,
            RedisError::Version => VERSION,
        }
    }
}

const EVICTS: Code = Code::environment(
    "redis_evicts",
    "the server may evict what it was told, so it cannot know which nonces were used",
    "set maxmemory-policy noeviction, on a server of its own",
);
const STANDBY: Code = Code::environment(
    "redis_replica",
    "the server is a replica, and cannot be written to",
    "connect to the primary",
);
const UNREACHABLE: Code = Code::environment(
    "redis_unreachable",
    "the server did not answer in time",
    "check its address and credentials, and that this user may run scripts and INFO",
);
const VERSION: Code = Code::environment(
    "redis_version",
    "the server is older than the oldest version that is supported",
    "use Redis 7 or later",
);
