//! A row with the one that it names in one statement, which is one snapshot; and the rows of one owner.

use alloc::{format, vec};

use counterseal_core::{
    BadRow, Linked, LinkedOp, Links, List, ListOp, LoadLinked, Record, Row, Value,
};

use crate::row::{named, stored};
use crate::together::{part, returned_as};
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Links<B>, B: Record> Stated for LinkedOp<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        match self {
            LinkedOp::Edit(edit) => edit.statement(dialect),
            LinkedOp::Load(load) => load.statement(dialect),
            LinkedOp::Swap(swap) => swap.statement(dialect),
            LinkedOp::SwapNamed(swap) => swap.statement(dialect),
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        match self {
            LinkedOp::Edit(edit) => edit.reply(rows),
            LinkedOp::Load(load) => load.reply(rows),
            LinkedOp::Swap(swap) => Ok((swap.reply(rows)?, None)),
            LinkedOp::SwapNamed(swap) => Ok((None, swap.reply(rows)?)),
        }
    }
}

impl<A: Links<B>, B: Record> Stated for LoadLinked<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::linked(self);
        }
        let (a, b) = (A::TABLE, B::TABLE);
        let text = format!(
            "SELECT {}, {} FROM {} LEFT JOIN {} AS a ON a.{} = {} LEFT JOIN {} AS b ON b.{} = a.{} WHERE {TAKES_WRITES}",
            returned_as("a", &a),
            returned_as("b", &b),
            server(dialect),
            a.name,
            a.columns[0].name,
            dialect.place(1),
            b.name,
            b.columns[0].name,
            A::LINK,
        );
        Statement {
            name: named::<A>("linked"),
            text: text.into(),
            values: vec![Value::Bytes(self.id.into())],
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        linked(rows)
    }
}

/// No row, or one row that holds both or neither, or a row of each.
pub(crate) fn linked<A: Record, B: Record>(rows: &Rows) -> Result<Linked<A, B>, BadRow> {
    let [a, b] = [A::TABLE, B::TABLE].map(|table| table.columns.len() + 1);
    match rows.as_slice() {
        [] => Ok((None, None)),
        [row] if row.iter().all(|cell| *cell == Value::Null) => Ok((None, None)),
        [row] if row.len() == a + b => {
            let (first, second) = row.split_at(a);
            Ok((Some(stored(first)?), part(second)?))
        }
        [first, second] => Ok((Some(stored(first)?), part(second)?)),
        _ => Err(BadRow("not a row and the one that it names")),
    }
}

impl<R: Record> Stated for ListOp<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        match self {
            ListOp::List(list) => list.statement(dialect),
            ListOp::Swap(swap) => swap.statement(dialect),
        }
    }

    fn reply(&self, rows: &Rows) -> Result<vec::Vec<Row<R>>, BadRow> {
        match self {
            ListOp::List(list) => list.reply(rows),
            ListOp::Swap(swap) => Ok(swap.reply(rows)?.into_iter().collect()),
        }
    }
}

impl<R: Record> Stated for List<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::list(self);
        }
        let table = R::TABLE;
        let (key, owner) = (table.columns[0].name, R::LISTED.unwrap_or("version"));
        let [p1, p2, p3] = [1, 2, 3].map(|n| dialect.place(n));
        let text = format!(
            "SELECT {} FROM {} LEFT JOIN {} AS a ON a.{owner} = {p1} AND a.{key} > {p2} \
             WHERE {TAKES_WRITES} ORDER BY a.{key} LIMIT {p3}",
            returned_as("a", &table),
            server(dialect),
            table.name,
        );
        // Every id is greater than no bytes.
        let after = self.after.map_or_else(vec::Vec::new, Into::into);
        Statement {
            name: named::<R>("list"),
            text: text.into(),
            values: vec![
                Value::Bytes(self.owner.into()),
                Value::Bytes(after),
                Value::Int(self.limit.into()),
            ],
        }
    }

    /// A row for each, or one that holds none.
    fn reply(&self, rows: &Rows) -> Result<vec::Vec<Row<R>>, BadRow> {
        let rows = rows.iter().map(|row| part(row));
        rows.filter_map(Result::transpose).collect()
    }
}

/// One row, to which the others are joined so that it is there even without them. A server that follows another one may not have
/// seen what was acknowledged, so there the statement fails, and its error says why.
//= docs/spec/refresh.md#S-9
pub(crate) const fn server(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => POSTGRES,
        Dialect::Redis | Dialect::Sqlite => "(SELECT 0 AS follows) AS server",
    }
}

/// Asked for, so that it is found out.
pub(crate) const TAKES_WRITES: &str = "server.follows = 0";

/// What is cast is no number, and no constant that would be cast before it is known whether it has to be.
const POSTGRES: &str = "(SELECT CASE WHEN pg_is_in_recovery() THEN \
('counterseal: rows that must not be old are asked of the primary, and this server follows it: ' || pg_is_in_recovery())::int \
ELSE 0 END AS follows) AS server";
