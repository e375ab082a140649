//! Rows of three tables in one statement, which is one snapshot; and rows that are over.

use alloc::{format, string::String, vec};

use counterseal_core::{BadRow, LoadTogether, Record, Row, SweepRows, Table, Together, Value};

use crate::row::{named, stored};
use crate::sweep::count;
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Record, B: Record, C: Record> Stated for LoadTogether<A, B, C> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::together(self);
        }
        let tables = [("a", A::TABLE), ("b", B::TABLE), ("c", C::TABLE)];
        let returned = tables.map(|(alias, table)| returned_as(alias, &table));
        let joined = |(at, (alias, table)): (usize, (&str, Table))| {
            let (name, key) = (table.name, table.columns[0].name);
            format!(
                " LEFT JOIN {name} {alias} ON {alias}.{key} = {}",
                dialect.place(at + 1)
            )
        };
        let joins: String = tables.into_iter().enumerate().map(joined).collect();
        let text = format!(
            "SELECT {} FROM (SELECT 1) AS one{joins}",
            returned.join(", ")
        );
        let id = |id: Option<[u8; 16]>| id.map_or(Value::Null, |id| Value::Bytes(id.into()));
        Statement {
            name: format!("{}_load", A::GROUP).into(),
            text: text.into(),
            values: self.ids.map(id).into(),
        }
    }

    /// One row that holds all three, or a row of each.
    fn reply(&self, rows: &Rows) -> Result<Together<A, B, C>, BadRow> {
        let [a, b, c] = [A::TABLE, B::TABLE, C::TABLE].map(|table| table.columns.len() + 1);
        match rows.as_slice() {
            [row] if row.len() == a + b + c => {
                let (first, rest) = row.split_at(a);
                let (second, third) = rest.split_at(b);
                Ok((part(first)?, part(second)?, part(third)?))
            }
            [first, second, third] => Ok((part(first)?, part(second)?, part(third)?)),
            _ => Err(BadRow("not three rows")),
        }
    }
}

impl<R: Record> Stated for SweepRows<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        let name = named::<R>("sweep");
        if dialect == Dialect::Redis {
            return crate::redis::sweep(name);
        }
        let Table {
            name: table,
            columns,
            ..
        } = R::TABLE;
        let (key, ends) = (columns[0].name, R::ENDS.unwrap_or("version"));
        let [before, limit] = [1, 2].map(|n| dialect.place(n));
        // A row that was written meanwhile, and ends later, stays: the outer condition is looked at last.
        let text = format!(
            "DELETE FROM {table} WHERE {ends} < {before} AND {key} IN \
             (SELECT {key} FROM {table} WHERE {ends} < {before} ORDER BY {ends} LIMIT {limit}) RETURNING 1"
        );
        Statement {
            name,
            text: text.into(),
            values: vec![
                Value::Int(self.before.millis()),
                Value::Int(self.limit.into()),
            ],
        }
    }

    /// One row for each that left.
    fn reply(&self, rows: &Rows) -> Result<u64, BadRow> {
        count(rows)
    }
}

pub(crate) fn returned_as(alias: &str, table: &Table) -> String {
    let names = table.columns.iter().map(|column| column.name);
    let names: vec::Vec<String> = names
        .chain(["version"])
        .map(|name| format!("{alias}.{name}"))
        .collect();
    names.join(", ")
}

/// A row, or the nothing that a join or a script has in its place.
pub(crate) fn part<R: Record>(cells: &[Value]) -> Result<Option<Row<R>>, BadRow> {
    if cells.iter().all(|cell| *cell == Value::Null) {
        return Ok(None);
    }
    stored(cells).map(Some)
}
