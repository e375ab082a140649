//! Values in, rows out.

use counterseal_core::Value;
use counterseal_store::{Rows, Statement};
use rusqlite::types::{FromSqlError, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, Row, ToSql, params_from_iter};

/// The rows of a statement, which is run to its end.
pub(crate) fn query(connection: &Connection, statement: &Statement) -> Result<Rows> {
    let mut prepared = connection.prepare_cached(&statement.text)?;
    let columns = prepared.column_count();
    let values = params_from_iter(statement.values.iter().map(Bound));
    let mut found = prepared.query(values)?;
    let mut rows = Rows::new();
    while let Some(row) = found.next()? {
        rows.push(
            (0..columns)
                .map(|column| cell(row, column))
                .collect::<Result<_>>()?,
        );
    }
    Ok(rows)
}

/// A cell. There are no numbers with fractions, and text is UTF-8.
//= docs/spec/replay.md#R-28
fn cell(row: &Row<'_>, column: usize) -> Result<Value> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Real(_) => Err(FromSqlError::InvalidType.into()),
        ValueRef::Text(_) => Ok(Value::Text(row.get(column)?)),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.into())),
    }
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
