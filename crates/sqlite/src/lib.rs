//! Storage steps on SQLite.
use std::path::Path;

use counterseal_core::{Code, Refusal, Run, Space, Table, Time, Unavailable};
use counterseal_replay::Window;
use counterseal_store::{Dialect, Execute, Rows, Stated, Statement};

/// A database file.
pub struct Sqlite {}

/// Why a database cannot be opened.
#[derive(Debug)]
pub struct SqliteError {}

impl Sqlite {
    /// Opens or makes the database at `path`, with the tables of these records and these spaces of claims.
    ///
    /// # Errors
    ///
    /// [`SqliteError`].
    pub fn open(
        _path: &Path,
        _tables: &[Table],
        _spaces: &[Space],
        _window: Window,
        _now: Time,
    ) -> Result<Self, SqliteError> {
        Err(SqliteError {})
    }
}

impl Execute for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    fn execute(&self, _: &Statement) -> Result<Rows, Unavailable> {
        Err(Unavailable)
    }
}

impl<O: Stated> Run<O> for Sqlite {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        counterseal_store::run(self, &op)
    }
}

impl SqliteError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[];
}

impl core::fmt::Display for SqliteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("")
    }
}

impl core::error::Error for SqliteError {}

impl Refusal for SqliteError {
    fn code(&self) -> Code {
        counterseal_core::STORE_UNAVAILABLE
    }
}
