//! Keys at rest: the record, with its secret sealed for exactly this key.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use counterseal_core::{
    BadRow, Code, Column, Columns, KeyId, Kind, Record, Refusal, SealKey, Secret, Seed, Table,
    Time, sha256,
};

use crate::codes::setup;
use crate::{Key, KeyError};

/// A key as stored. It is no proof of anything; [`KeyRecord::open`] makes a [`Key`] of it.
///
/// The seal binds the secret to id, beginning and scope, so that a row cannot be passed off as
/// another key's or widened. `until` and `revoked` are not bound: who can write the table can undo a
/// revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    row: [u8; 16],
    key_id: String,
    sealed: Vec<u8>,
    since: Time,
    until: Time,
    scope: String,
    revoked: Option<Time>,
}

/// What a new key is made of.
pub struct NewKey {
    /// Its id, never used before.
    pub id: KeyId,
    /// At least 32 random bytes.
    pub secret: Secret,
    /// When it begins.
    pub since: Time,
    /// The first instant at which it is over.
    pub until: Time,
    /// Its scope.
    pub scope: String,
}

/// Why a key's record could not be read or written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRecordError {
    /// The record is another key's, or its secret does not open.
    Broken,
    /// Others kept changing the record.
    Contended,
    /// A key with this id is stored already.
    Exists,
    /// The parts make no key.
    Key(KeyError),
    /// No key with this id is stored.
    Missing,
    /// The store did not answer.
    Unavailable,
}

impl KeyRecord {
    /// The record of a new key, its secret sealed with `sealer`.
    ///
    /// # Errors
    ///
    /// [`KeyRecordError::Key`] when the parts make no key.
    pub fn seal(new: NewKey, sealer: &SealKey, seed: &Seed<12>) -> Result<Self, KeyRecordError> {
        let probe = Key::new(new.id, &new.secret).and_then(|key| key.scoped(&new.scope));
        probe.map_err(KeyRecordError::Key)?;
        let mut record = KeyRecord {
            row: row_of(&new.id),
            key_id: new.id.as_str().into(),
            sealed: Vec::new(),
            since: new.since,
            until: new.until,
            scope: new.scope,
            revoked: None,
        };
        record.sealed = sealer.seal(&new.secret, &record.context(), seed);
        Ok(record)
    }

    /// The key of this record.
    ///
    /// # Errors
    ///
    /// [`KeyRecordError::Broken`] when it is not the record of `id`, or does not open.
    pub fn open(&self, id: &KeyId, sealer: &SealKey) -> Result<Arc<Key>, KeyRecordError> {
        if self.key_id != id.as_str() || self.row != row_of(id) {
            return Err(KeyRecordError::Broken);
        }
        let secret = sealer.open(&self.sealed, &self.context());
        let secret = secret.map_err(|_| KeyRecordError::Broken)?;
        let key = Key::new(*id, &secret).and_then(|key| key.scoped(&self.scope));
        let key = key.map_err(KeyRecordError::Key)?;
        let key = key.valid(self.since, self.until);
        Ok(Arc::new(match self.revoked {
            Some(_) => key.revoked(),
            None => key,
        }))
    }

    /// The row's id: the first 16 bytes of a hash of the key id.
    pub const fn row(&self) -> [u8; 16] {
        self.row
    }

    /// When it was revoked, if it was.
    pub const fn revoked(&self) -> Option<Time> {
        self.revoked
    }

    /// The first instant at which the key is over.
    pub const fn until(&self) -> Time {
        self.until
    }

    /// The record, over at `until` at the latest.
    #[must_use]
    pub(crate) fn ending(mut self, until: Time) -> Self {
        self.until = self.until.min(until);
        self
    }

    /// The record, revoked at `at` unless it was before.
    #[must_use]
    pub(crate) fn revoked_at(mut self, at: Time) -> Self {
        self.revoked = self.revoked.or(Some(at));
        self
    }

    /// What the seal is bound to; each part of variable length is preceded by its length.
    fn context(&self) -> Vec<u8> {
        let mut context = Vec::from(*b"counterseal/request-key/1");
        for part in [&self.key_id, &self.scope] {
            context.extend((part.len() as u64).to_be_bytes());
            context.extend(part.as_bytes());
        }
        context.extend(self.since.millis().to_be_bytes());
        context
    }
}

impl Record for KeyRecord {
    const TABLE: Table = Table {
        name: "counterseal_request_key",
        columns: &[
            Column::first("row", Kind::Bytes, false),
            Column::first("key_id", Kind::Text, false),
            Column::first("sealed", Kind::Bytes, false),
            Column::first("since", Kind::Int, false),
            Column::first("until", Kind::Int, false),
            Column::first("scope", Kind::Text, false),
            Column::first("revoked", Kind::Int, true),
        ],
        indexes: &[],
    };

    fn blank() -> Self {
        KeyRecord {
            row: [0; 16],
            key_id: String::new(),
            sealed: Vec::new(),
            since: Time::EPOCH,
            until: Time::EPOCH,
            scope: String::new(),
            revoked: None,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.row)?;
        columns.text(&mut self.key_id)?;
        columns.bytes(&mut self.sealed)?;
        columns.time(&mut self.since)?;
        columns.time(&mut self.until)?;
        columns.text(&mut self.scope)?;
        columns.maybe_time(&mut self.revoked)
    }
}

impl KeyRecordError {
    /// The codes of this enum; those of a key that cannot be are [`KeyError::CODES`].
    pub const CODES: &'static [Code] = &[
        setup::RECORD_BROKEN,
        setup::RECORD_CONTENDED,
        setup::RECORD_EXISTS,
        setup::RECORD_MISSING,
    ];
}

impl Refusal for KeyRecordError {
    fn code(&self) -> Code {
        match self {
            Self::Broken => setup::RECORD_BROKEN,
            Self::Contended => setup::RECORD_CONTENDED,
            Self::Exists => setup::RECORD_EXISTS,
            Self::Key(error) => error.code(),
            Self::Missing => setup::RECORD_MISSING,
            Self::Unavailable => counterseal_core::STORE_UNAVAILABLE,
        }
    }
}

impl fmt::Display for KeyRecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(f),
            _ => f.write_str(self.code().means),
        }
    }
}

impl core::error::Error for KeyRecordError {}

/// The row of the key `id`.
pub(crate) fn row_of(id: &KeyId) -> [u8; 16] {
    let digest = sha256(&[b"counterseal/request-key-row/1", id.as_bytes()]);
    *digest.first_chunk().expect("32 bytes have a first 16")
}
