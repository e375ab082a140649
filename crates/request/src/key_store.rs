//! Keys in a store: loading one, saving a new one, and ending one by revocation or rotation.
//!
//! Each machine asks for one row at a time. Rotation is two writes, in this order: the successor is
//! saved, then the predecessor's end is set. A crash between the two leaves two good keys, and
//! [`EndKey::at`] finishes the work; the other order could leave honest signers without any.

use alloc::sync::Arc;

use counterseal_core::{KeyId, Load, Pending, Row, RowOp, SealKey, Step, Swap, Time, Unavailable};

use crate::Key;
use crate::record::{KeyRecord, KeyRecordError, row_of};

/// What the store answers to every step of these machines.
type Reply = Result<Option<Row<KeyRecord>>, Unavailable>;

/// Reads one key.
#[must_use]
pub struct LoadKey {
    id: KeyId,
    sealer: Arc<SealKey>,
}

/// Writes a key that was not there before.
#[must_use]
pub struct SaveKey(KeyRecord);

/// Brings a key's end forward, or revokes it. Ending twice changes nothing.
#[must_use]
pub struct EndKey {
    id: KeyId,
    end: End,
    tries: u8,
    /// What to write, once the row was read.
    write: Option<Row<KeyRecord>>,
}

/// Saves a successor, then ends its predecessor.
#[must_use]
pub struct RotateKey(Rotation);

#[derive(Clone, Copy)]
enum End {
    At(Time),
    Revoked(Time),
}

enum Rotation {
    Ending(EndKey),
    Reading { end: EndKey, new: KeyRecord },
    Saving { end: EndKey, new: SaveKey },
}

impl LoadKey {
    /// Reads the key `id`.
    pub fn begin(id: KeyId, sealer: Arc<SealKey>) -> Step<Self> {
        Step::Need(LoadKey { id, sealer })
    }
}

impl SaveKey {
    /// Writes `record`, if no key of its id is stored.
    pub fn begin(record: KeyRecord) -> Step<Self> {
        Step::Need(SaveKey(record))
    }
}

impl EndKey {
    /// The key `id` is over at `until`, or earlier if it was to be.
    pub fn at(id: KeyId, until: Time) -> Step<Self> {
        Step::Need(EndKey::new(id, End::At(until)))
    }

    /// The key `id` is revoked, from `now` on and for good.
    pub fn revoke(id: KeyId, now: Time) -> Step<Self> {
        Step::Need(EndKey::new(id, End::Revoked(now)))
    }

    const fn new(id: KeyId, end: End) -> Self {
        EndKey {
            id,
            end,
            tries: TRIES,
            write: None,
        }
    }

    /// The row as this machine wants it, or none when it is so already.
    fn edit(&self, row: &Row<KeyRecord>) -> Option<Row<KeyRecord>> {
        let record = row.record.clone();
        let record = match self.end {
            End::At(until) => record.ending(until),
            End::Revoked(now) => record.revoked_at(now),
        };
        (record != row.record).then_some(Row {
            version: row.version,
            record,
        })
    }

    /// The row was read.
    fn read(mut self, row: &Row<KeyRecord>) -> Step<Self> {
        self.write = self.edit(row);
        match self.write {
            Some(_) => Step::Need(self),
            None => Step::Done(Ok(())),
        }
    }

    /// The swap lost: somebody else wrote; read again.
    fn lost(mut self) -> Step<Self> {
        self.write = None;
        self.tries -= 1;
        match self.tries {
            0 => Step::Done(Err(KeyRecordError::Contended)),
            _ => Step::Need(self),
        }
    }
}

impl RotateKey {
    /// Saves `new` and lets the key `old` end at `until`, which leaves signers time to move.
    pub fn begin(old: KeyId, new: KeyRecord, until: Time) -> Step<Self> {
        let end = EndKey::new(old, End::At(until));
        Step::Need(RotateKey(Rotation::Reading { end, new }))
    }

    fn ending(step: Step<EndKey>) -> Step<Self> {
        match step {
            Step::Need(end) => Step::Need(RotateKey(Rotation::Ending(end))),
            Step::Done(outcome) => Step::Done(outcome),
        }
    }
}

impl Pending for LoadKey {
    type Op = RowOp<KeyRecord>;
    type Outcome = Result<Arc<Key>, KeyRecordError>;

    fn op(&self) -> Self::Op {
        RowOp::Load(Load::new(row_of(&self.id)))
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        Step::Done(match reply {
            Ok(Some(row)) => row.record.open(&self.id, &self.sealer),
            Ok(None) => Err(KeyRecordError::Missing),
            Err(Unavailable) => Err(KeyRecordError::Unavailable),
        })
    }
}

impl Pending for SaveKey {
    type Op = RowOp<KeyRecord>;
    type Outcome = Result<(), KeyRecordError>;

    fn op(&self) -> Self::Op {
        RowOp::Swap(Swap {
            id: self.0.row(),
            expected: 0,
            record: self.0.clone(),
        })
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        Step::Done(match reply {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(KeyRecordError::Exists),
            Err(Unavailable) => Err(KeyRecordError::Unavailable),
        })
    }
}

impl Pending for EndKey {
    type Op = RowOp<KeyRecord>;
    type Outcome = Result<(), KeyRecordError>;

    fn op(&self) -> Self::Op {
        let id = row_of(&self.id);
        match &self.write {
            None => RowOp::Load(Load::new(id)),
            Some(row) => RowOp::Swap(Swap {
                id,
                expected: row.version,
                record: row.record.clone(),
            }),
        }
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        match (&self.write, reply) {
            (_, Err(Unavailable)) => Step::Done(Err(KeyRecordError::Unavailable)),
            (None, Ok(Some(row))) => self.read(&row),
            (None, Ok(None)) => Step::Done(Err(KeyRecordError::Missing)),
            (Some(_), Ok(Some(_))) => Step::Done(Ok(())),
            (Some(_), Ok(None)) => self.lost(),
        }
    }
}

impl Pending for RotateKey {
    type Op = RowOp<KeyRecord>;
    type Outcome = Result<(), KeyRecordError>;

    fn op(&self) -> Self::Op {
        match &self.0 {
            Rotation::Ending(end) | Rotation::Reading { end, .. } => end.op(),
            Rotation::Saving { new, .. } => new.op(),
        }
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        match self.0 {
            // The predecessor must be there before anything is written.
            Rotation::Reading { end, new } => match reply {
                Ok(Some(_)) => Step::Need(RotateKey(Rotation::Saving {
                    end,
                    new: SaveKey(new),
                })),
                Ok(None) => Step::Done(Err(KeyRecordError::Missing)),
                Err(Unavailable) => Step::Done(Err(KeyRecordError::Unavailable)),
            },
            Rotation::Saving { end, new } => match new.finish(reply) {
                Step::Done(Ok(())) => Step::Need(RotateKey(Rotation::Ending(end))),
                Step::Done(Err(error)) => Step::Done(Err(error)),
                Step::Need(new) => Step::Need(RotateKey(Rotation::Saving { end, new })),
            },
            Rotation::Ending(end) => RotateKey::ending(end.finish(reply)),
        }
    }
}

/// How often a lost swap is tried again.
const TRIES: u8 = 5;
