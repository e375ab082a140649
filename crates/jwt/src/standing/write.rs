//! Changes of what is stored: subjects, denied tokens, access keys. Each reads one row and swaps it, and tries again when
//! somebody else was faster, so that of two changes at once none is lost.
//!
//! A change that ends in [`StandingWriteError::Unavailable`] may have come about. All of them may be made again. Whoever has a
//! [`StandingCache`](crate::StandingCache) tells it to forget after each change, also after one that failed.

use counterseal_core::{Load, Pending, Record, Row, RowOp, Step, Subject, Swap, Time, Unavailable};

use crate::StandingWriteError;
use crate::standing::record::{AccessKey, Denied};

/// A change of one row, which ends in the record as stored.
#[must_use]
pub struct StandingWrite<E: Edit> {
    edit: E,
    id: [u8; 16],
    tries: u8,
    /// What to write, once the row was read.
    write: Option<(i64, E::Record)>,
}

/// Raises a subject's version, or opens and closes it.
pub type ChangeSubject = StandingWrite<SubjectEdit>;

/// Denies a token.
pub type DenyToken = StandingWrite<DenyEdit>;

/// Registers or disables a key that opens sessions.
pub type ChangeAccessKey = StandingWrite<AccessKeyEdit>;

/// What a [`StandingWrite`] makes of a row.
pub trait Edit {
    /// The record.
    type Record: Record;

    /// The record to write; none when it is so already.
    ///
    /// # Errors
    ///
    /// [`StandingWriteError`] when it cannot be.
    fn edit(
        &self,
        stored: Option<&Self::Record>,
    ) -> Result<Option<Self::Record>, StandingWriteError>;
}

/// A change of a [`Subject`].
pub struct SubjectEdit {
    blank: Subject,
    change: Change,
    now: Time,
}

enum Change {
    Register,
    BumpPast(i64),
    Disable,
    Enable,
}

/// A new [`Denied`].
pub struct DenyEdit(Denied);

/// A change of an [`AccessKey`].
pub enum AccessKeyEdit {
    #[doc(hidden)]
    Register(AccessKey),
    #[doc(hidden)]
    Disable(Time),
}

impl ChangeSubject {
    /// Stores the subject at version 0, unless it is there.
    pub fn register(tenant: &str, id: &str, now: Time) -> Step<Self> {
        Self::of(tenant, id, now, Change::Register)
    }

    /// Raises the subject's version by one: all tokens that were issued before are over at once. A subject that was not
    /// there is then stored at version 1.
    pub fn bump(tenant: &str, id: &str, now: Time) -> Step<Self> {
        Self::of(tenant, id, now, Change::BumpPast(0))
    }

    /// Raises the version by one, and past `seen`: for a store that lost writes, after a token of version `seen` was met.
    pub fn bump_past(tenant: &str, id: &str, seen: i64, now: Time) -> Step<Self> {
        Self::of(tenant, id, now, Change::BumpPast(seen))
    }

    /// Disables the subject and raises its version, so that no token comes back when it is enabled again. A subject that
    /// was not there is then stored, disabled. Disabling twice changes nothing.
    pub fn disable(tenant: &str, id: &str, now: Time) -> Step<Self> {
        Self::of(tenant, id, now, Change::Disable)
    }

    /// Enables the subject; tokens from before stay over. Enabling twice changes nothing.
    pub fn enable(tenant: &str, id: &str, now: Time) -> Step<Self> {
        Self::of(tenant, id, now, Change::Enable)
    }

    fn of(tenant: &str, id: &str, now: Time, change: Change) -> Step<Self> {
        let blank = Subject::new(tenant, id, now);
        let row = blank.row();
        let edit = SubjectEdit { blank, change, now };
        StandingWrite::start(edit, row)
    }
}

impl DenyToken {
    /// Denies the token `jti`, which is over at `expires` (its `exp`).
    pub fn begin(tenant: &str, jti: &str, expires: Time) -> Step<Self> {
        let denied = Denied::new(tenant, jti, expires);
        let row = denied.row();
        StandingWrite::start(DenyEdit(denied), row)
    }
}

impl ChangeAccessKey {
    /// Registers the key `akid` of `subject`. Registering twice changes nothing; a disabled key stays so.
    pub fn register(tenant: &str, akid: &str, subject: &str, now: Time) -> Step<Self> {
        let key = AccessKey::new(tenant, akid, subject, now);
        let row = key.row();
        StandingWrite::start(AccessKeyEdit::Register(key), row)
    }

    /// Disables the key `akid` for good: tokens of sessions that it opened are over at once.
    pub fn disable(tenant: &str, akid: &str, now: Time) -> Step<Self> {
        let row = AccessKey::row_of(tenant, akid);
        StandingWrite::start(AccessKeyEdit::Disable(now), row)
    }
}

impl Edit for SubjectEdit {
    type Record = Subject;

    fn edit(&self, stored: Option<&Subject>) -> Result<Option<Subject>, StandingWriteError> {
        let mut next = stored.unwrap_or(&self.blank).clone();
        next.updated_at = next.updated_at.max(self.now);
        match (&self.change, stored) {
            (Change::Register, None) => {}
            (Change::Register, Some(_)) => return Ok(None),
            (Change::BumpPast(seen), _) => raise(&mut next, *seen)?,
            (Change::Disable, _) if next.disabled.is_some() => return Ok(None),
            (Change::Disable, _) => {
                next.disabled = Some(self.now);
                raise(&mut next, 0)?;
            }
            (Change::Enable, None) => return Err(StandingWriteError::Missing),
            (Change::Enable, _) if next.disabled.is_none() => return Ok(None),
            (Change::Enable, _) => next.disabled = None,
        }
        Ok(Some(next))
    }
}

impl Edit for DenyEdit {
    type Record = Denied;

    /// The later end stays.
    fn edit(&self, stored: Option<&Denied>) -> Result<Option<Denied>, StandingWriteError> {
        let is_enough = stored.is_some_and(|stored| stored.until >= self.0.until);
        Ok((!is_enough).then(|| self.0.clone()))
    }
}

impl Edit for AccessKeyEdit {
    type Record = AccessKey;

    fn edit(&self, stored: Option<&AccessKey>) -> Result<Option<AccessKey>, StandingWriteError> {
        match (self, stored) {
            (AccessKeyEdit::Register(key), None) => Ok(Some(key.clone())),
            (AccessKeyEdit::Register(key), Some(stored)) => {
                let is_same = stored.subject == key.subject && stored.disabled.is_none();
                is_same.then_some(None).ok_or(StandingWriteError::KeyTaken)
            }
            (AccessKeyEdit::Disable(_), None) => Err(StandingWriteError::Missing),
            (AccessKeyEdit::Disable(now), Some(stored)) => {
                let mut next = stored.clone();
                next.disabled = Some(*now);
                next.updated_at = next.updated_at.max(*now);
                Ok(stored.disabled.is_none().then_some(next))
            }
        }
    }
}

impl<E: Edit> StandingWrite<E> {
    const fn start(edit: E, id: [u8; 16]) -> Step<Self> {
        Step::Need(StandingWrite {
            edit,
            id,
            tries: TRIES,
            write: None,
        })
    }

    /// The row was read.
    fn read(mut self, row: Option<Row<E::Record>>) -> Step<Self> {
        //= docs/spec/access.md#A-10
        let stored = row.as_ref().map(|row| &row.record);
        match (self.edit.edit(stored), row) {
            (Err(error), _) => Step::Done(Err(error)),
            (Ok(None), Some(row)) => Step::Done(Ok(row.record)),
            (Ok(None), None) => Step::Done(Err(StandingWriteError::Missing)),
            (Ok(Some(next)), row) => {
                self.write = Some((row.map_or(0, |row| row.version), next));
                Step::Need(self)
            }
        }
    }

    /// The swap lost: somebody else wrote; read again.
    fn lost(mut self) -> Step<Self> {
        self.write = None;
        self.tries -= 1;
        match self.tries {
            0 => Step::Done(Err(StandingWriteError::Contended)),
            _ => Step::Need(self),
        }
    }
}

impl<E: Edit> Pending for StandingWrite<E> {
    type Op = RowOp<E::Record>;
    type Outcome = Result<E::Record, StandingWriteError>;

    fn op(&self) -> Self::Op {
        match &self.write {
            None => RowOp::Load(Load::new(self.id)),
            Some((expected, record)) => RowOp::Swap(Swap {
                id: self.id,
                expected: *expected,
                record: record.clone(),
            }),
        }
    }

    fn finish(self, reply: Result<Option<Row<E::Record>>, Unavailable>) -> Step<Self> {
        match (&self.write, reply) {
            (_, Err(Unavailable)) => Step::Done(Err(StandingWriteError::Unavailable)),
            (None, Ok(row)) => self.read(row),
            (Some(_), Ok(Some(row))) => Step::Done(Ok(row.record)),
            (Some(_), Ok(None)) => self.lost(),
        }
    }
}

fn raise(subject: &mut Subject, seen: i64) -> Result<(), StandingWriteError> {
    let next = subject.user_ver.max(seen).saturating_add(1);
    if !(1..=MAX_VER).contains(&next) {
        return Err(StandingWriteError::Exhausted);
    }
    subject.user_ver = next;
    Ok(())
}

/// How often a lost swap is tried again: a swap is lost to one that won, so as many may write at once as this.
const TRIES: u8 = 64;

/// The greatest version that a token can name.
const MAX_VER: i64 = (1 << 53) - 1;
