//! Records with real columns: one visitor names each field once and serves writing, reading and bindings.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{Time, Unavailable};

/// What every database driver can carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A signed 64-bit number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Value::Int`]
    Int,
    /// [`Value::Text`]
    Text,
    /// [`Value::Bytes`]
    Bytes,
}

/// How a driver carries bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// As bytes (SQLite, Postgres).
    Binary,
    /// As lower-case hexadecimal text, so that every client mode works and an operator can read it (Redis).
    Hex,
}

/// A column. Columns are only ever added, each with the schema step that introduced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be absent.
    pub null: bool,
    /// The schema step that introduced it, from 1.
    pub since: u16,
}

impl Column {
    /// A column of the first schema step.
    pub const fn first(name: &'static str, kind: Kind, null: bool) -> Self {
        Column {
            name,
            kind,
            null,
            since: 1,
        }
    }
}

/// A table: its first column is the 16-byte key; a `version` column follows the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The table's name, `counterseal_<noun>`.
    pub name: &'static str,
    /// The columns, in the order of [`Record::columns`].
    pub columns: &'static [Column],
    /// Columns that are looked up together.
    pub indexes: &'static [&'static [&'static str]],
}

impl Table {
    /// Where this column stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// A row that makes no sense; names the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRow(pub &'static str);

/// A versioned row. A record is never a proof: it says what was stored, not that anything was checked.
pub trait Record: Clone + Send + Sync + Sized + 'static {
    /// Where it is stored.
    const TABLE: Table;

    /// Tables of one group are read together ([`LoadTogether`](crate::LoadTogether)): a cluster keeps their rows on one node.
    const GROUP: &'static str = Self::TABLE.name;

    /// The column, a time, after which a row may leave by itself; none for rows that stay.
    const ENDS: Option<&'static str> = None;

    /// The column, 16 bytes that never change, that says whose row it is, where rows are listed by their owner.
    const LISTED: Option<&'static str> = None;

    /// The column, a time that may be absent, that says when a row ended, where that is told. An end is final, and is written by a swap.
    const ENDED: Option<&'static str> = None;

    /// A record to read into.
    fn blank() -> Self;

    /// Visits each field, in the table's order.
    ///
    /// # Errors
    ///
    /// [`BadRow`] when the visitor finds a value that does not fit.
    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow>;
}

/// The visitor: one call per column.
///
/// Each call reads into, or writes from, the field; a value that does not fit is a [`BadRow`].
#[allow(clippy::missing_errors_doc)] // said once, above
pub trait Columns {
    /// A number.
    fn int(&mut self, field: &mut i64) -> Result<(), BadRow>;
    /// A text.
    fn text(&mut self, field: &mut String) -> Result<(), BadRow>;
    /// Bytes of a fixed length.
    fn fixed(&mut self, field: &mut [u8]) -> Result<(), BadRow>;
    /// Bytes of any length.
    fn bytes(&mut self, field: &mut Vec<u8>) -> Result<(), BadRow>;
    /// A number that may be absent.
    fn maybe_int(&mut self, field: &mut Option<i64>) -> Result<(), BadRow>;

    /// An instant, in milliseconds.
    fn time(&mut self, field: &mut Time) -> Result<(), BadRow> {
        let mut millis = field.millis();
        self.int(&mut millis)?;
        *field = Time::from_millis(millis);
        Ok(())
    }

    /// An instant that may be absent.
    fn maybe_time(&mut self, field: &mut Option<Time>) -> Result<(), BadRow> {
        let mut millis = field.map(Time::millis);
        self.maybe_int(&mut millis)?;
        *field = millis.map(Time::from_millis);
        Ok(())
    }
}

/// The record's values, in the table's order.
pub fn write<R: Record>(record: &R) -> Vec<Value> {
    let mut writer = Writer(Vec::with_capacity(R::TABLE.columns.len()));
    let mut record = record.clone();
    record
        .columns(&mut writer)
        .expect("a writer takes every value");
    writer.0
}

/// The record from a driver's row, without its version.
///
/// Numbers and texts are taken in every form that drivers give them.
///
/// # Errors
///
/// [`BadRow`] with the name of the column that does not fit.
pub fn read<R: Record>(row: &[Value], carry: Carry) -> Result<R, BadRow> {
    let mut record = R::blank();
    let mut reader = Reader {
        carry,
        row: row.iter(),
        columns: R::TABLE.columns.iter(),
    };
    record.columns(&mut reader)?;
    match reader.row.next() {
        None => Ok(record),
        Some(_) => Err(BadRow("more values than columns")),
    }
}

impl Value {
    /// A number, also from a driver that gives numbers as text (node-postgres, Redis).
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Text(_) | Value::Bytes(_) => canonical_int(self.as_text()?),
            Value::Null => None,
        }
    }

    /// A text, also from a driver that gives text as bytes (redis-py).
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Bytes(bytes) => core::str::from_utf8(bytes).ok(),
            Value::Null | Value::Int(_) => None,
        }
    }

    /// Bytes, as this driver carries them.
    pub fn as_bytes(&self, carry: Carry) -> Option<Cow<'_, [u8]>> {
        match (carry, self) {
            (Carry::Binary, Value::Bytes(bytes)) => Some(Cow::Borrowed(bytes)),
            (Carry::Binary, _) => None,
            (Carry::Hex, _) => unhex(self.as_text()?).map(Cow::Owned),
        }
    }

    /// This value as `carry` wants it: bytes become hexadecimal text where that is the way.
    #[must_use]
    pub fn carried(self, carry: Carry) -> Value {
        match (carry, self) {
            (Carry::Hex, Value::Bytes(bytes)) => Value::Text(hex(&bytes)),
            (_, value) => value,
        }
    }
}

impl From<BadRow> for Unavailable {
    fn from(_: BadRow) -> Self {
        Unavailable
    }
}

impl core::fmt::Display for BadRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the store's answer does not fit: {}", self.0)
    }
}

impl core::error::Error for BadRow {}

struct Writer(Vec<Value>);

impl Columns for Writer {
    fn int(&mut self, field: &mut i64) -> Result<(), BadRow> {
        self.0.push(Value::Int(*field));
        Ok(())
    }

    fn text(&mut self, field: &mut String) -> Result<(), BadRow> {
        self.0.push(Value::Text(field.clone()));
        Ok(())
    }

    fn fixed(&mut self, field: &mut [u8]) -> Result<(), BadRow> {
        self.0.push(Value::Bytes(field.to_vec()));
        Ok(())
    }

    fn bytes(&mut self, field: &mut Vec<u8>) -> Result<(), BadRow> {
        self.0.push(Value::Bytes(field.clone()));
        Ok(())
    }

    fn maybe_int(&mut self, field: &mut Option<i64>) -> Result<(), BadRow> {
        self.0.push(field.map_or(Value::Null, Value::Int));
        Ok(())
    }
}

struct Reader<'a> {
    carry: Carry,
    row: core::slice::Iter<'a, Value>,
    columns: core::slice::Iter<'static, Column>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(&'a Value, BadRow), BadRow> {
        let column = self
            .columns
            .next()
            .ok_or(BadRow("more fields than columns"))?;
        let bad = BadRow(column.name);
        self.row.next().map(|value| (value, bad)).ok_or(bad)
    }
}

impl Columns for Reader<'_> {
    fn int(&mut self, field: &mut i64) -> Result<(), BadRow> {
        let (value, bad) = self.next()?;
        *field = value.as_int().ok_or(bad)?;
        Ok(())
    }

    fn text(&mut self, field: &mut String) -> Result<(), BadRow> {
        let (value, bad) = self.next()?;
        *field = value.as_text().ok_or(bad)?.into();
        Ok(())
    }

    fn fixed(&mut self, field: &mut [u8]) -> Result<(), BadRow> {
        let (value, bad) = self.next()?;
        let bytes = value.as_bytes(self.carry).ok_or(bad)?;
        if bytes.len() != field.len() {
            return Err(bad);
        }
        field.copy_from_slice(&bytes);
        Ok(())
    }

    fn bytes(&mut self, field: &mut Vec<u8>) -> Result<(), BadRow> {
        let (value, bad) = self.next()?;
        *field = value.as_bytes(self.carry).ok_or(bad)?.into_owned();
        Ok(())
    }

    fn maybe_int(&mut self, field: &mut Option<i64>) -> Result<(), BadRow> {
        let (value, bad) = self.next()?;
        *field = match value {
            Value::Null => None,
            value => Some(value.as_int().ok_or(bad)?),
        };
        Ok(())
    }
}

/// A number in its one canonical decimal form.
fn canonical_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = digits == "0" && digits.len() == text.len()
        || digits.starts_with(|c: char| c.is_ascii_digit() && c != '0');
    text.parse().ok().filter(|_| canonical)
}

/// Lower-case hexadecimal text.
fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Bytes from lower-case hexadecimal text.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |c: &u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(nibble(high)? << 4 | nibble(low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};
    use proptest::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Note {
        id: [u8; 16],
        text: String,
        blob: Vec<u8>,
        at: Time,
        gone: Option<Time>,
    }

    impl Record for Note {
        const TABLE: Table = Table {
            name: "note",
            columns: &[
                Column::first("id", Kind::Bytes, false),
                Column::first("text", Kind::Text, false),
                Column::first("blob", Kind::Bytes, false),
                Column::first("at", Kind::Int, false),
                Column::first("gone", Kind::Int, true),
            ],
            indexes: &[],
        };

        fn blank() -> Self {
            Note {
                id: [0; 16],
                text: String::new(),
                blob: Vec::new(),
                at: Time::EPOCH,
                gone: None,
            }
        }

        fn columns(&mut self, c: &mut dyn Columns) -> Result<(), BadRow> {
            c.fixed(&mut self.id)?;
            c.text(&mut self.text)?;
            c.bytes(&mut self.blob)?;
            c.time(&mut self.at)?;
            c.maybe_time(&mut self.gone)
        }
    }

    /// As redis-py gives it: everything is bytes.
    fn as_redis(value: Value) -> Value {
        match value.carried(Carry::Hex) {
            Value::Text(text) => Value::Bytes(text.into_bytes()),
            Value::Int(number) => Value::Bytes(number.to_string().into_bytes()),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn reading_gives_back_what_was_written_also_through_redis(
            id in any::<[u8; 16]>(), text in ".*", blob in any::<Vec<u8>>(), at in any::<i64>(), gone in any::<Option<i64>>(),
        ) {
            let note = Note { id, text, blob, at: Time::from_millis(at), gone: gone.map(Time::from_millis) };
            prop_assert_eq!(read::<Note>(&write(&note), Carry::Binary).unwrap(), note.clone());
            let redis: Vec<Value> = write(&note).into_iter().map(as_redis).collect();
            prop_assert_eq!(read::<Note>(&redis, Carry::Hex).unwrap(), note);
        }
    }

    #[test]
    fn a_row_that_does_not_fit_names_its_column() {
        let good = write(&Note::blank());
        for (index, bad) in [
            (0, Value::Bytes(vec![1; 15])),
            (1, Value::Int(1)),
            (2, Value::Text("0g".into())),
            (3, Value::Text("+1".into())),
            (3, Value::Text("01".into())),
            (3, Value::Null),
            (4, Value::Text("-0".into())),
        ] {
            let mut row = good.clone();
            row[index] = bad;
            let name = Note::TABLE.columns[index].name;
            assert_eq!(read::<Note>(&row, Carry::Binary), Err(BadRow(name)));
        }
    }

    #[test]
    fn too_few_and_too_many_values_are_refused() {
        let mut row = write(&Note::blank());
        row.push(Value::Null);
        assert!(read::<Note>(&row, Carry::Binary).is_err());
        row.truncate(4);
        assert_eq!(read::<Note>(&row, Carry::Binary), Err(BadRow("gone")));
    }
}
