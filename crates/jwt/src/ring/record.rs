//! The keys of an issuer as stored: one row, so that of two rotations at once one wins.

use alloc::string::String;

use counterseal_core::{BadRow, Column, Columns, Kind, Record, Span, Table, Time, row_of};

use crate::ring::key::RingKey;
use crate::ring::text;
use crate::{RingError, Rotation, RotationPolicy};

/// The keys of an issuer as stored. It is no proof of anything; [`RingVault`](crate::RingVault) makes a [`KeyRing`](crate::KeyRing) of it.
///
/// Each key's seal binds it to its issuer. Its times and its revocation are not bound: whoever can write the table can bring back a key
/// that was there before, and cannot add one of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRingRecord {
    row: [u8; 16],
    issuer: String,
    life: i64,
    max_age: i64,
    lead: i64,
    tolerance: i64,
    hosts: i64,
    period: i64,
    /// The keys, as JSON.
    keys: String,
    updated_at: Time,
}

impl KeyRingRecord {
    /// The row of this issuer's keys.
    pub fn row_of(issuer: &str) -> [u8; 16] {
        row_of("counterseal/key-ring/1", issuer, "")
    }

    /// When it was last changed.
    pub const fn updated_at(&self) -> Time {
        self.updated_at
    }

    pub(crate) fn new(
        issuer: &str,
        rotation: &Rotation<RingKey>,
        now: Time,
    ) -> Result<Self, RingError> {
        let policy = rotation.policy().ok_or(RingError::Missing)?;
        Ok(KeyRingRecord {
            row: Self::row_of(issuer),
            issuer: issuer.into(),
            life: policy.life.millis(),
            max_age: policy.max_age.millis(),
            lead: policy.lead.millis(),
            tolerance: policy.tolerance.millis(),
            hosts: policy.hosts.millis(),
            period: policy.period.millis(),
            keys: text::write(rotation),
            updated_at: now,
        })
    }

    /// What is stored, if it is this issuer's and makes sense.
    pub(crate) fn rotation(&self, issuer: &str) -> Result<Rotation<RingKey>, RingError> {
        if self.issuer != issuer || self.row != Self::row_of(issuer) {
            return Err(RingError::Broken);
        }
        let policy = self.policy().ok_or(RingError::Broken)?;
        text::read(&self.keys, policy).ok_or(RingError::Broken)
    }

    fn policy(&self) -> Option<RotationPolicy> {
        let span = Span::from_millis;
        let policy = RotationPolicy::new(span(self.life), span(self.max_age)).ok()?;
        let policy = policy.with_hosts(span(self.hosts)).ok()?;
        let policy = policy
            .with_lead(span(self.lead), span(self.tolerance))
            .ok()?;
        policy.with_period(span(self.period)).ok()
    }
}

impl Record for KeyRingRecord {
    const TABLE: Table = Table {
        name: "counterseal_key_ring",
        columns: &[
            Column::first("row", Kind::Bytes, false),
            Column::first("issuer", Kind::Text, false),
            Column::first("life", Kind::Int, false),
            Column::first("max_age", Kind::Int, false),
            Column::first("lead", Kind::Int, false),
            Column::first("tolerance", Kind::Int, false),
            Column::first("hosts", Kind::Int, false),
            Column::first("period", Kind::Int, false),
            Column::first("keys", Kind::Text, false),
            Column::first("updated_at", Kind::Int, false),
        ],
        indexes: &[],
    };

    fn blank() -> Self {
        KeyRingRecord {
            row: [0; 16],
            issuer: String::new(),
            life: 0,
            max_age: 0,
            lead: 0,
            tolerance: 0,
            hosts: 0,
            period: 0,
            keys: String::new(),
            updated_at: Time::EPOCH,
        }
    }

    fn columns(&mut self, columns: &mut dyn Columns) -> Result<(), BadRow> {
        columns.fixed(&mut self.row)?;
        columns.text(&mut self.issuer)?;
        columns.int(&mut self.life)?;
        columns.int(&mut self.max_age)?;
        columns.int(&mut self.lead)?;
        columns.int(&mut self.tolerance)?;
        columns.int(&mut self.hosts)?;
        columns.int(&mut self.period)?;
        columns.text(&mut self.keys)?;
        columns.time(&mut self.updated_at)
    }
}
