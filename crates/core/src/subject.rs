//! Whom credentials are about, and which of their versions is the current one.

use alloc::string::String;

use crate::{BadRow, Column, Columns, Kind, Record, Table, Time, sha256};

/// A subject as stored: what was issued at an earlier `user_ver` is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    row: [u8; 16],
    /// Whose subject it is: ids of two tenants are two subjects.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// The current version, from 0.
    pub user_ver: i64,
    /// Since when it is disabled, if it is.
    pub disabled: Option<Time>,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Subject {
    /// A subject at version 0.
    pub fn new(tenant: &str, id: &str, now: Time) -> Self {
        Subject {
            row: Self::row_of(tenant, id),
            tenant: tenant.into(),
            id: id.into(),
            user_ver: 0,
            disabled: None,
            updated_at: now,
        }
    }

    /// The row of this subject: the first 16 bytes of a hash of both texts, each after its length.
    pub fn row_of(tenant: &str, id: &str) -> [u8; 16] {
        row_of("counterseal/subject/1", tenant, id)
    }

    /// The row's id.
    pub const fn row(&self) -> [u8; 16] {
        self.row
    }
}

impl Record for Subject {
    const TABLE: Table = Table {
        name: "counterseal_subject",
        columns: &[
            Column::first("row", Kind::Bytes, false),
            Column::first("tenant", Kind::Text, false),
            Column::first("id", Kind::Text, false),
            Column::first("user_ver", Kind::Int, false),
            Column::first("disabled", Kind::Int, true),
            Column::first("updated_at", Kind::Int, false),
        ],
        indexes: &[],
    };
    const GROUP: &'static str = "counterseal_standing";

    fn blank() -> Self {
        Subject {
            row: [0; 16],
            tenant: String::new(),
            id: String::new(),
            user_ver: 0,
            disabled: None,
            updated_at: Time::EPOCH,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.row)?;
        columns.text(&mut self.tenant)?;
        columns.text(&mut self.id)?;
        columns.int(&mut self.user_ver)?;
        columns.maybe_time(&mut self.disabled)?;
        columns.time(&mut self.updated_at)
    }
}

/// The row of what a tenant calls `id`, for records of one kind, each with a label of its own: the first 16 bytes of a hash of the
/// label and of both texts, each text after its length.
pub fn row_of(label: &str, tenant: &str, id: &str) -> [u8; 16] {
    let lengths = [tenant, id].map(|text| (text.len() as u64).to_be_bytes());
    let (tenant, id) = (tenant.as_bytes(), id.as_bytes());
    let digest = sha256(&[label.as_bytes(), &lengths[0], tenant, &lengths[1], id]);
    *digest.first_chunk().expect("32 bytes have a first 16")
}
