//! A record that names another one, to test stores with.

use counterseal_core::{BadRow, Column, Columns, Kind, Links, Record, Table, Time};

use crate::Note;

/// A record that names a [`Note`], by which it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its id.
    pub id: [u8; 16],
    /// A number.
    pub count: i64,
    /// The note that it belongs to.
    pub note: [u8; 16],
    /// When it may go.
    pub ends: Time,
    /// A text.
    pub text: String,
    /// An instant that may be absent.
    pub gone: Option<Time>,
}

impl Record for Leaf {
    const TABLE: Table = Table {
        name: "counterseal_leaf",
        columns: &[
            Column::first("id", Kind::Bytes, false),
            Column::first("count", Kind::Int, false),
            Column::first("note", Kind::Bytes, false),
            Column::first("ends", Kind::Int, false),
            Column::first("text", Kind::Text, false),
            Column::first("gone", Kind::Int, true),
        ],
        indexes: &[&["note"], &["ends"]],
    };
    const GROUP: &'static str = Note::GROUP;
    const ENDS: Option<&'static str> = Some("ends");
    const LISTED: Option<&'static str> = Some("note");

    fn blank() -> Self {
        Leaf {
            id: [0; 16],
            count: 0,
            note: [0; 16],
            ends: Time::EPOCH,
            text: String::new(),
            gone: None,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.id)?;
        columns.int(&mut self.count)?;
        columns.fixed(&mut self.note)?;
        columns.time(&mut self.ends)?;
        columns.text(&mut self.text)?;
        columns.maybe_time(&mut self.gone)
    }
}

impl Links<Note> for Leaf {
    const LINK: &'static str = "note";
}
