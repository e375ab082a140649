//! Which rows ended lately.

use alloc::{format, vec, vec::Vec};

use counterseal_core::{BadRow, Ended, ListEnded, Record, Time, Value};

use crate::linked::{TAKES_WRITES, server};
use crate::row::{carried, named};
use crate::{Dialect, Rows, Stated, Statement};

impl<R: Record> Stated for ListEnded<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::ended(self);
        }
        let table = R::TABLE;
        let (key, ended) = (table.columns[0].name, R::ENDED.unwrap_or("version"));
        let [p1, p2, p3] = [1, 2, 3].map(|n| dialect.place(n));
        let text = format!(
            "SELECT a.{ended}, a.{key} FROM {} LEFT JOIN {} AS a ON (a.{ended}, a.{key}) > ({p1}, {p2}) \
             WHERE {TAKES_WRITES} ORDER BY a.{ended}, a.{key} LIMIT {p3}",
            server(dialect),
            table.name,
        );
        let (since, id) = self.after;
        Statement {
            name: named::<R>("ended"),
            text: text.into(),
            values: vec![
                Value::Int(since.millis()),
                Value::Bytes(id.into()),
                Value::Int(self.limit.into()),
            ],
        }
    }

    /// A row for each, or one that holds none.
    fn reply(&self, rows: &Rows) -> Result<Vec<Ended>, BadRow> {
        if *rows == [[Value::Null, Value::Null]] {
            return Ok(Vec::new());
        }
        rows.iter().map(|row| end(row)).collect()
    }
}

fn end(row: &[Value]) -> Result<Ended, BadRow> {
    let (cells, carry) = carried(row, 2);
    let [at, id] = cells else {
        return Err(BadRow("not an end"));
    };
    let at = at.as_int().ok_or(BadRow("when it ended"))?;
    let id = id.as_bytes(carry).and_then(|id| (*id).try_into().ok());
    Ok((Time::from_millis(at), id.ok_or(BadRow("which ended"))?))
}
