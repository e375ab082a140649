//! What a store keeps about tokens and the keys that open sessions.

use alloc::string::String;

use counterseal_core::{BadRow, Column, Columns, Kind, Record, Span, Subject, Table, Time, row_of};

/// A token that is denied although it is genuine and in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    row: [u8; 16],
    /// Whose token it is.
    pub tenant: String,
    /// The token's id.
    pub jti: String,
    /// Until when the row is kept: ten minutes after the token is over, which is more than any verifier's leeway.
    pub until: Time,
}

/// A registered key by which sessions are opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    row: [u8; 16],
    /// Whose key it is.
    pub tenant: String,
    /// The key's id, `akid`.
    pub id: String,
    /// The row of the subject that it belongs to.
    pub subject: [u8; 16],
    /// Since when it is disabled, if it is. It never comes back.
    pub disabled: Option<Time>,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Denied {
    /// The row of this token, a hash as [`Subject::row_of`] has it.
    pub fn row_of(tenant: &str, jti: &str) -> [u8; 16] {
        row_of("counterseal/denied/1", tenant, jti)
    }

    pub(crate) fn new(tenant: &str, jti: &str, expires: Time) -> Self {
        Denied {
            row: Self::row_of(tenant, jti),
            tenant: tenant.into(),
            jti: jti.into(),
            until: expires.plus(KEPT),
        }
    }

    /// The row's id.
    pub const fn row(&self) -> [u8; 16] {
        self.row
    }
}

impl AccessKey {
    /// The row of this key, a hash as [`Subject::row_of`] has it.
    pub fn row_of(tenant: &str, akid: &str) -> [u8; 16] {
        row_of("counterseal/access-key/1", tenant, akid)
    }

    pub(crate) fn new(tenant: &str, akid: &str, subject: &str, now: Time) -> Self {
        AccessKey {
            row: Self::row_of(tenant, akid),
            tenant: tenant.into(),
            id: akid.into(),
            subject: Subject::row_of(tenant, subject),
            disabled: None,
            updated_at: now,
        }
    }

    /// The row's id.
    pub const fn row(&self) -> [u8; 16] {
        self.row
    }
}

impl Record for Denied {
    const TABLE: Table = Table {
        name: "counterseal_denied",
        columns: &[
            Column::first("row", Kind::Bytes, false),
            Column::first("tenant", Kind::Text, false),
            Column::first("jti", Kind::Text, false),
            Column::first("until", Kind::Int, false),
        ],
        indexes: &[&["until"]],
    };
    const GROUP: &'static str = Subject::GROUP;
    const ENDS: Option<&'static str> = Some("until");

    fn blank() -> Self {
        Denied {
            row: [0; 16],
            tenant: String::new(),
            jti: String::new(),
            until: Time::EPOCH,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.row)?;
        columns.text(&mut self.tenant)?;
        columns.text(&mut self.jti)?;
        columns.time(&mut self.until)
    }
}

impl Record for AccessKey {
    const TABLE: Table = Table {
        name: "counterseal_access_key",
        columns: &[
            Column::first("row", Kind::Bytes, false),
            Column::first("tenant", Kind::Text, false),
            Column::first("id", Kind::Text, false),
            Column::first("subject", Kind::Bytes, false),
            Column::first("disabled", Kind::Int, true),
            Column::first("updated_at", Kind::Int, false),
        ],
        indexes: &[&["subject"]],
    };
    const GROUP: &'static str = Subject::GROUP;

    fn blank() -> Self {
        AccessKey {
            row: [0; 16],
            tenant: String::new(),
            id: String::new(),
            subject: [0; 16],
            disabled: None,
            updated_at: Time::EPOCH,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.row)?;
        columns.text(&mut self.tenant)?;
        columns.text(&mut self.id)?;
        columns.fixed(&mut self.subject)?;
        columns.maybe_time(&mut self.disabled)?;
        columns.time(&mut self.updated_at)
    }
}

/// Five times the most leeway, for clocks that differ.
const KEPT: Span = Span::from_minutes(10);
