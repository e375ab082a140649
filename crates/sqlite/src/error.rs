//! Why a database cannot be opened.

use std::{fmt, io};

use counterseal_core::{Blame, Code, Refusal};

/// Why a database cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqliteError {
    /// SQLite answered with an error.
    Database {
        /// Its extended result code, for example 14 (it cannot open the file), 26 (the file is no database)
        /// or 5 (other processes kept it locked).
        result: i32,
    },
    /// The file is not one to keep claims and keys in.
    FileUnsafe {
        /// What must be true of it.
        rule: &'static str,
    },
    /// The file system answered with an error.
    Io {
        /// Which one.
        kind: io::ErrorKind,
    },
    /// SQLite cannot keep a write-ahead log on this file system.
    LogMissing,
    /// There are tables of these names which are not Counterseal's.
    TablesForeign,
}

impl SqliteError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[FILE_UNSAFE, LOG_MISSING, OPEN_FAILED, TABLES_FOREIGN];

    pub(crate) fn io(error: &io::Error) -> Self {
        SqliteError::Io { kind: error.kind() }
    }

    pub(crate) fn database(error: &rusqlite::Error) -> Self {
        let result = match error {
            rusqlite::Error::SqlInputError { error, .. } => error.extended_code,
            other => {
                let result = other.sqlite_extended_error_code();
                result.unwrap_or(rusqlite::ffi::SQLITE_MISUSE)
            }
        };
        SqliteError::Database { result }
    }

    /// An error of a statement on tables: what SQLite has no better name for is a table with other columns.
    pub(crate) fn tables(error: &rusqlite::Error) -> Self {
        match Self::database(error) {
            SqliteError::Database {
                result: rusqlite::ffi::SQLITE_ERROR,
            } => SqliteError::TablesForeign,
            other => other,
        }
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqliteError::Database { result } => {
                write!(f, "SQLite answered with result code {result}: ")?;
            }
            SqliteError::FileUnsafe { rule } => {
                return write!(f, "see to it that the database file {rule}");
            }
            SqliteError::Io { kind } => write!(f, "the file system answered \"{kind}\": ")?,
            SqliteError::LogMissing | SqliteError::TablesForeign => {}
        }
        f.write_str(self.code().fix)
    }
}

impl std::error::Error for SqliteError {}

impl Refusal for SqliteError {
    fn code(&self) -> Code {
        match self {
            SqliteError::Database { .. } | SqliteError::Io { .. } => OPEN_FAILED,
            SqliteError::FileUnsafe { .. } => FILE_UNSAFE,
            SqliteError::LogMissing => LOG_MISSING,
            SqliteError::TablesForeign => TABLES_FOREIGN,
        }
    }
}

const FILE_UNSAFE: Code = Code::integrator(
    "store_file_unsafe",
    "the database file is not one to keep claims and keys in",
    "let it be a regular file of the service's own user, with mode 0600, in a directory that nobody else writes to",
);
const LOG_MISSING: Code = Code::integrator(
    "store_log_missing",
    "the file system cannot carry SQLite's write-ahead log",
    "put the database on a local disk; network file systems cannot share memory",
);
const OPEN_FAILED: Code = Code {
    name: "store_open_failed",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "the database could not be opened",
    fix: "check that its directory is there and writable, that the disk has room, and that the file is a database",
};
const TABLES_FOREIGN: Code = Code::integrator(
    "store_tables_foreign",
    "tables of these names are there, and are not Counterseal's",
    "give Counterseal a database file of its own",
);
