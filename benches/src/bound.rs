//! Values of statements, as each driver takes them by hand.

use counterseal_core::Value;
use redis::{Script, ScriptInvocation};
use rusqlite::types::{Null, ToSqlOutput};

// As the store has them.
#[path = "../../crates/postgres/src/value.rs"]
mod value;

pub(crate) use value::{Bound, Cell};

pub struct Sqlite<'a>(pub &'a Value);

impl rusqlite::ToSql for Sqlite<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Value::Null => Ok(Null.into()),
            Value::Int(number) => number.to_sql(),
            Value::Text(text) => text.to_sql(),
            Value::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

/// The call of a script with one key.
pub fn call<'a>(script: &'a Script, values: &[Value]) -> ScriptInvocation<'a> {
    let mut call = script.prepare_invoke();
    for (at, value) in values.iter().enumerate().skip(1) {
        match value {
            Value::Text(text) if at == 1 => call.key(text),
            Value::Text(text) => call.arg(text),
            Value::Int(number) => call.arg(*number),
            Value::Null | Value::Bytes(_) => panic!("Redis carries text"),
        };
    }
    call
}
