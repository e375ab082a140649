//! Why a database cannot be used.

use std::fmt;

use counterseal_core::{Code, Refusal};

/// Why a database cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostgresError {
    /// Its transactions are isolated more strictly than claims can be.
    Isolation,
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
    pub const CODES: &'static [Code] = &[ISOLATION, STANDBY, TABLES, UNREACHABLE, VERSION];
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
            PostgresError::Isolation => ISOLATION,
            PostgresError::Standby => STANDBY,
            PostgresError::Tables => TABLES,
            PostgresError::Unreachable => UNREACHABLE,
            PostgresError::Version { .. } => VERSION,
        }
    }
}

const ISOLATION: Code = Code::integrator(
    "postgres_isolation",
    "transactions of this role are isolated more strictly than claims can be, so none would be served",
    "leave default_transaction_isolation at read committed for the role of this store",
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
