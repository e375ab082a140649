//! What a driver runs, and what it hands back.

use alloc::{borrow::Cow, string::String, vec::Vec};

use counterseal_core::{BadRow, Op, Value};

/// A database's way of writing statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `PostgreSQL` 15 and later.
    Postgres,
    /// Redis 7.0 and later.
    Redis,
    /// SQLite 3.37 and later.
    Sqlite,
}

/// What a driver runs. It answers with the rows and nothing else: no counts, no last ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// One for each text, for drivers that prepare statements by name: of rows, it begins with the name of their table. At most 63
    /// bytes, which is what Postgres keeps. Migrations share a name, and are not prepared.
    pub name: Cow<'static, str>,
    /// The text. Placeholders are `?1` (SQLite) or `$1` (Postgres); for Redis it is a script.
    pub text: Cow<'static, str>,
    /// The values, in the order of their placeholders; for Redis what `EVAL` takes after the script, beginning with the number
    /// of keys.
    pub values: Vec<Value>,
}

/// The rows of an answer.
pub type Rows = Vec<Vec<Value>>;

/// A step that every database can run.
pub trait Stated: Op {
    /// The statement of this step.
    fn statement(&self, dialect: Dialect) -> Statement;

    /// The reply to this step that these rows are.
    ///
    /// # Errors
    ///
    /// [`BadRow`] when they are no answer to the statement.
    fn reply(&self, rows: &Rows) -> Result<Self::Reply, BadRow>;
}

impl Dialect {
    /// The name by which host languages choose it.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Redis => "redis",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// The placeholder of value `number`, from 1.
    pub(crate) fn place(self, number: usize) -> String {
        alloc::format!("{}{number}", self.sign())
    }

    /// What placeholders begin with.
    pub(crate) const fn sign(self) -> char {
        match self {
            Dialect::Postgres => '$',
            Dialect::Redis | Dialect::Sqlite => '?',
        }
    }
}

/// The one cell of the one row.
pub(crate) fn only_cell(rows: &Rows) -> Result<&Value, BadRow> {
    match rows.as_slice() {
        [row] => match row.as_slice() {
            [cell] => Ok(cell),
            _ => Err(BadRow("not one cell")),
        },
        _ => Err(BadRow("not one row")),
    }
}
