//! Sweeping: claims that are over leave, and raise the floor as they go.

use alloc::{borrow::Cow, vec, vec::Vec};

use counterseal_core::{BadRow, Space, Sweep, Time, Value};

use crate::{Dialect, Rows, Stated, Statement};

impl Stated for Sweep {
    fn statement(&self, dialect: Dialect) -> Statement {
        let text = match dialect {
            Dialect::Redis => return crate::redis::sweep("counterseal_sweep"),
            Dialect::Postgres => POSTGRES,
            Dialect::Sqlite => SQLITE,
        };
        let name = "counterseal_sweep";
        statement(name, text.into(), self.space, self.before, self.limit)
    }

    /// One row for each claim that left.
    fn reply(&self, rows: &Rows) -> Result<u64, BadRow> {
        count(rows)
    }
}

/// A statement that deletes at most `limit` rows of `space` that were over before `before`.
pub(crate) fn statement(
    name: &'static str,
    text: Cow<'static, str>,
    space: Space,
    before: Time,
    limit: u32,
) -> Statement {
    let values = vec![
        Value::Text(space.name().into()),
        Value::Int(before.millis()),
        Value::Int(limit.into()),
    ];
    let name = name.into();
    Statement { name, text, values }
}

/// The rows of a statement that answers with a 1 for each that it deleted.
pub(crate) fn count(rows: &Rows) -> Result<u64, BadRow> {
    let left = |row: &Vec<Value>| matches!(row.as_slice(), [Value::Int(1)]);
    if rows.iter().all(left) {
        return Ok(rows.len() as u64);
    }
    Err(BadRow("swept"))
}

/// In SQLite a trigger raises the floor, whoever deletes.
const SQLITE: &str = "\
DELETE FROM counterseal_claim WHERE space = ?1 AND key IN \
(SELECT key FROM counterseal_claim WHERE space = ?1 AND until < ?2 ORDER BY until LIMIT ?3) \
RETURNING 1";

/// One statement deletes and raises the floor, so that nobody sees the one without the other.
//= docs/spec/replay.md#R-24
const POSTGRES: &str = "\
WITH gone AS (DELETE FROM counterseal_claim WHERE space = $1 AND key IN \
(SELECT key FROM counterseal_claim WHERE space = $1 AND until < $2 ORDER BY until LIMIT $3) RETURNING born), \
raised AS (UPDATE counterseal_epoch SET swept = GREATEST(swept, (SELECT max(born) FROM gone)) \
WHERE space = $1 AND EXISTS (TABLE gone)) \
SELECT 1 FROM gone";
