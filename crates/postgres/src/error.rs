//! Why a database cannot be used.

use std::fmt;

use counterseal_core::{Code, Refusal};

/// Why a database cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostgresError {
    /// It acknowledges commits before they are safe.
    Commit,
    /// Its transactions are isolated more strictly than claims can be.
    Isolation,
    /// The tables of claims were not made.
    Missing,
    /// The role may not do what a claim does.
    Privileges,
    /// It follows another server, and cannot be written to.
    Standby,
    /// The tables could not be made.
    Tables,
    /// It did not answer in time.
    Unreachable,
    /// It is too old.
    Version {
        /// Its number, for example 140005.
        number: i64,
    },
}

impl PostgresError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        COMMIT,
        ISOLATION,
        MISSING,
        PRIVILEGES,
        STANDBY,
        TABLES,
        UNREACHABLE,
        VERSION,
    ];
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let PostgresError::Version { number } = self {
            write!(f, "the server's version is {number}: ")?;
        }
        let code = self.code();
        write!(f, "{}; {}", code.means, code.fix)
    }
}

impl std::error::Error for PostgresError {}

impl Refusal for PostgresError {
    fn code(&self) -> Code {
        match self {
            PostgresError::Commit => COMMIT,
            PostgresError::Isolation => ISOLATION,
            PostgresError::Missing => MISSING,
            PostgresError::Privileges => PRIVILEGES,
            PostgresError::Standby => STANDBY,
            PostgresError::Tables => TABLES,
            PostgresError::Unreachable => UNREACHABLE,
            PostgresError::Version { .. } => VERSION,
        }
    }
}

const COMMIT: Code = Code::integrator(
    "postgres_commit",
    "commits of this role are acknowledged before they are safe, so a crash may bring back a key that was revoked",
    "set synchronous_commit to on or local for the role of this store; claims do not wait for it",
);
const ISOLATION: Code = Code::integrator(
    "postgres_isolation",
    "transactions of this role are isolated more strictly than claims can be, so none would be served",
    "leave default_transaction_isolation at read committed for the role of this store",
);
const MISSING: Code = Code::integrator(
    "postgres_missing",
    "the tables of claims are missing",
    "run migrate once for each release, and check the role's search_path",
);
const PRIVILEGES: Code = Code::integrator(
    "postgres_privileges",
    "the role may not do what a claim does",
    "grant it SELECT and INSERT on counterseal_claim, counterseal_epoch and counterseal_cell, UPDATE on the last two, EXECUTE on \
     counterseal_swept, and let its transactions write",
);
const STANDBY: Code = Code::environment(
    "postgres_standby",
    "the database follows another server, and cannot be written to",
    "connect to the primary, for example with target_session_attrs=read-write",
);
const TABLES: Code = Code::environment(
    "postgres_tables",
    "the tables could not be made or brought up to date",
    "run migrate with a role that may create tables in the schema, and look into the server's log",
);
const UNREACHABLE: Code = Code::environment(
    "postgres_unreachable",
    "the database did not answer in time",
    "check its address, the role's credentials, and that the pool has room",
);
const VERSION: Code = Code::environment(
    "postgres_version",
    "the server is older than the oldest version that is supported",
    "use Postgres 15 or later",
);
