//! A row with the one that it names in one statement, which is one snapshot; and the rows of one owner.

use alloc::{format, vec};

use counterseal_core::{
    BadRow, Linked, LinkedOp, Links, List, ListOp, LoadLinked, Record, Row, Value,
};

use crate::row::{named, returned, stored};
use crate::together::{part, returned_as};
use crate::{Dialect, Rows, Stated, Statement};

impl<A: Links<B>, B: Record> Stated for LinkedOp<A, B> {
    fn statement(&self, dialect: Dialect) -> Statement {
        match self {
            LinkedOp::Load(load) => load.statement(dialect),
            LinkedOp::Swap(swap) => swap.statement(dialect),
            LinkedOp::SwapNamed(swap) => swap.statement(dialect),
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        match self {
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
            "SELECT {}, {} FROM {} AS a LEFT JOIN {} AS b ON b.{} = a.{} WHERE a.{} = {}",
            returned_as("a", &a),
            returned_as("b", &b),
            a.name,
            b.name,
            b.columns[0].name,
            A::LINK,
            a.columns[0].name,
            dialect.place(1),
        );
        Statement {
            name: named::<A>("linked"),
            text: text.into(),
            values: vec![Value::Bytes(self.id.into())],
        }
    }

    /// No row, or one row that holds both, or a row of each.
    fn reply(&self, rows: &Rows) -> Result<Linked<A, B>, BadRow> {
        let [a, b] = [A::TABLE, B::TABLE].map(|table| table.columns.len() + 1);
        match rows.as_slice() {
            [] => Ok((None, None)),
            [row] if row.len() == a + b => {
                let (first, second) = row.split_at(a);
                Ok((Some(stored(first)?), part(second)?))
            }
            [first, second] => Ok((Some(stored(first)?), part(second)?)),
            _ => Err(BadRow("not a row and the one that it names")),
        }
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
            "SELECT {} FROM {} WHERE {owner} = {p1} AND {key} > {p2} ORDER BY {key} LIMIT {p3}",
            returned(&table),
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

    fn reply(&self, rows: &Rows) -> Result<vec::Vec<Row<R>>, BadRow> {
        rows.iter().map(|row| stored(row)).collect()
    }
}
