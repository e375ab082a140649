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
        let lengths = [tenant, id].map(|text| (text.len() as u64).to_be_bytes());
        let (tenant, id) = (tenant.as_bytes(), id.as_bytes());
        let digest = sha256(&[
            b"counterseal/subject/1",
            &lengths[0],
            tenant,
            &lengths[1],
            id,
        ]);
        *digest.first_chunk().expect("32 bytes have a first 16")
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
            column("row", Kind::Bytes, false),
            column("tenant", Kind::Text, false),
            column("id", Kind::Text, false),
            column("user_ver", Kind::Int, false),
            column("disabled", Kind::Int, true),
            column("updated_at", Kind::Int, false),
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

const fn column(name: &'static str, kind: Kind, null: bool) -> Column {
    Column {
        name,
        kind,
        null,
        since: 1,
    }
}
