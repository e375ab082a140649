//! Rows of records: read one, or compare its version and swap it.

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};

use counterseal_core::{BadRow, Carry, Load, Record, Row, RowOp, Swap, Table, Value, read, write};

use crate::{Dialect, Rows, Stated, Statement};

impl<R: Record> Stated for RowOp<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        match self {
            RowOp::Load(load) => load.statement(dialect),
            RowOp::Swap(swap) => swap.statement(dialect),
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Option<Row<R>>, BadRow> {
        row(rows)
    }
}

impl<R: Record> Stated for Load<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::load(self);
        }
        let Table { name, columns, .. } = R::TABLE;
        let (key, first) = (columns[0].name, dialect.place(1));
        Statement {
            name: named::<R>("load"),
            text: format!(
                "SELECT {} FROM {name} WHERE {key} = {first}",
                returned(&R::TABLE)
            )
            .into(),
            values: vec![Value::Bytes(self.id.into())],
        }
    }

    fn reply(&self, rows: &Rows) -> Result<Option<Row<R>>, BadRow> {
        row(rows)
    }
}

impl<R: Record> Stated for Swap<R> {
    fn statement(&self, dialect: Dialect) -> Statement {
        if dialect == Dialect::Redis {
            return crate::redis::swap(self);
        }
        if self.expected == 0 {
            return insert(self, dialect);
        }
        update(self, dialect)
    }

    fn reply(&self, rows: &Rows) -> Result<Option<Row<R>>, BadRow> {
        row(rows)
    }
}

fn insert<R: Record>(swap: &Swap<R>, dialect: Dialect) -> Statement {
    let values = values(swap);
    let places: Vec<String> = (1..=values.len()).map(|n| dialect.place(n)).collect();
    let (name, returned) = (R::TABLE.name, returned(&R::TABLE));
    let places = places.join(", ");
    Statement {
        name: named::<R>("insert"),
        text: format!(
            "INSERT INTO {name} ({returned}) VALUES ({places}, 1) ON CONFLICT DO NOTHING RETURNING {returned}"
        )
        .into(),
        values,
    }
}

fn update<R: Record>(swap: &Swap<R>, dialect: Dialect) -> Statement {
    let Table { name, columns, .. } = R::TABLE;
    let mut values = values(swap);
    values.push(Value::Int(swap.expected));
    let set = |(at, column): (usize, &counterseal_core::Column)| {
        format!("{} = {}", column.name, dialect.place(at + 1))
    };
    let sets: Vec<String> = columns.iter().enumerate().skip(1).map(set).collect();
    let (key, first, last) = (
        columns[0].name,
        dialect.place(1),
        dialect.place(values.len()),
    );
    Statement {
        name: named::<R>("update"),
        text: format!(
            "UPDATE {name} SET {}, version = version + 1 WHERE {key} = {first} AND version = {last} RETURNING {}",
            sets.join(", "),
            returned(&R::TABLE),
        )
        .into(),
        values,
    }
}

/// What is written: the record, under the id of the swap.
fn values<R: Record>(swap: &Swap<R>) -> Vec<Value> {
    let mut values = write(&swap.record);
    values[0] = Value::Bytes(swap.id.into());
    values
}

/// All columns and the version, which every statement on rows returns.
pub(crate) fn returned(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    format!("{}, version", names.join(", "))
}

fn row<R: Record>(rows: &Rows) -> Result<Option<Row<R>>, BadRow> {
    match rows.as_slice() {
        [] => Ok(None),
        [row] => stored(row).map(Some),
        _ => Err(BadRow("more than one row")),
    }
}

/// A row: its fields, and its version after them.
pub(crate) fn stored<R: Record>(row: &[Value]) -> Result<Row<R>, BadRow> {
    let (version, fields) = row.split_last().ok_or(BadRow("version"))?;
    let version = version
        .as_int()
        .filter(|v| *v > 0)
        .ok_or(BadRow("version"))?;
    let (fields, carry) = carried(fields, R::TABLE.columns.len());
    let record = read(fields, carry)?;
    Ok(Row { version, record })
}

/// The fields of a row, and how their bytes are written: the rows of Redis say so in a cell before them.
pub(crate) fn carried(row: &[Value], columns: usize) -> (&[Value], Carry) {
    match row.split_first() {
        Some((first, fields)) if fields.len() == columns && first.as_text() == Some("hex") => {
            (fields, Carry::Hex)
        }
        _ => (row, Carry::Binary),
    }
}

/// What a statement that does this to the rows of this table is called.
pub(crate) fn named<R: Record>(does: &str) -> Cow<'static, str> {
    format!("{}_{does}", R::TABLE.name).into()
}
