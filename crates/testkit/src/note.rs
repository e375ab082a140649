//! A record to test stores with.

use counterseal_core::{BadRow, Column, Columns, Kind, Record, Table, Time};

/// A record with a column of each kind, one of which came later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: [u8; 16],
    /// A text.
    pub text: String,
    /// Bytes.
    pub blob: Vec<u8>,
    /// A number.
    pub count: i64,
    /// An instant that may be absent.
    pub gone: Option<Time>,
    /// A text that the second step of the table added.
    pub topic: String,
}

impl Note {
    /// The table as the first step made it.
    pub const FIRST_TABLE: Table = Table {
        columns: COLUMNS.split_at(5).0,
        indexes: &[&["count"]],
        ..Self::TABLE
    };

    /// An empty note of this id.
    pub fn new(id: [u8; 16]) -> Self {
        Note {
            id,
            ..Self::blank()
        }
    }
}

impl Record for Note {
    const TABLE: Table = Table {
        name: "counterseal_note",
        columns: COLUMNS,
        indexes: &[&["count"], &["topic", "count"]],
    };

    const ENDED: Option<&'static str> = Some("gone");

    fn blank() -> Self {
        Note {
            id: [0; 16],
            text: String::new(),
            blob: Vec::new(),
            count: 0,
            gone: None,
            topic: String::new(),
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.id)?;
        columns.text(&mut self.text)?;
        columns.bytes(&mut self.blob)?;
        columns.int(&mut self.count)?;
        columns.maybe_time(&mut self.gone)?;
        columns.text(&mut self.topic)
    }
}

const COLUMNS: &[Column] = &[
    column("id", Kind::Bytes, 1),
    column("text", Kind::Text, 1),
    column("blob", Kind::Bytes, 1),
    column("count", Kind::Int, 1),
    Column {
        null: true,
        ..column("gone", Kind::Int, 1)
    },
    column("topic", Kind::Text, 2),
];

const fn column(name: &'static str, kind: Kind, since: u16) -> Column {
    Column {
        name,
        kind,
        null: false,
        since,
    }
}
