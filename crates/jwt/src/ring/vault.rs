//! The keys of one issuer in a store: read, announced, revoked.
//!
//! All of them are one row. Each change reads and swaps it, and tries again when somebody else was faster, so of two rotations at once one
//! wins, and the other is told [`RingError::Announced`].

use alloc::boxed::Box;
use alloc::sync::Arc;

use counterseal_core::{
    Algorithm, KeyId, Load, Pending, PrivateKey, PublicKey, Row, RowOp, SealKey, Seed, Signatures,
    Span, Step, Swap, Time, Unavailable,
};

use crate::policy::text;
use crate::ring::key::RingKey;
use crate::ring::record::KeyRingRecord;
use crate::{JwtSetupError, KeyRing, PublicJwk, RingError, Rotation, RotationPolicy};

/// The keys of one issuer: where they are stored, and what seals and opens them.
///
/// Keep the sealing key outside the store; all hosts of the issuer have the same. It cannot be changed while keys are sealed with it.
///
/// What it does not protect: whoever can write the table can undo a revocation, bring back a key that was there before, or stop the issuer;
/// and whoever has the sealing key too has the keys.
#[derive(Clone)]
pub struct RingVault {
    pub(crate) issuer: Arc<str>,
    pub(crate) sealer: Arc<SealKey>,
    pub(crate) library: Arc<dyn Signatures>,
}

/// Reads the keys.
#[must_use]
pub struct LoadRing {
    vault: RingVault,
    now: Time,
}

/// Announces a key, or revokes one.
#[must_use]
pub struct ChangeRing {
    vault: RingVault,
    change: Change,
    now: Time,
    tries: u8,
    /// What to write, once the row was read.
    write: Option<(i64, KeyRingRecord)>,
}

enum Change {
    Announce(Box<RingKey>, RotationPolicy),
    /// The same, unless there is a key.
    First(Box<RingKey>, RotationPolicy),
    Revoke(KeyId),
}

/// What the store answers to every step of these machines.
type Reply = Result<Option<Row<KeyRingRecord>>, Unavailable>;

impl RingVault {
    /// The keys of this issuer (`iss`, 1 to 512 bytes, as policies of tokens have it).
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`] for another length.
    pub fn new(
        issuer: &str,
        sealer: Arc<SealKey>,
        library: Arc<dyn Signatures>,
    ) -> Result<Self, JwtSetupError> {
        Ok(RingVault {
            issuer: text("issuer", issuer)?.into(),
            sealer,
            library,
        })
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Reads the keys. `now` is taken before the store is asked: from then on they grow old.
    pub fn load(&self, now: Time) -> Step<LoadRing> {
        let vault = self.clone();
        Step::Need(LoadRing { vault, now })
    }

    /// Announces this key pair, as [`Rotation::announce`] has it; the private part is stored, sealed. A
    /// store that takes a minute to write is reckoned with: give up on it by then. Announcing a key twice changes nothing, so a change
    /// whose answer was lost is made again with the same key.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::PublicKey`] when its halves are no pair.
    pub fn announce(
        &self,
        key: &PrivateKey,
        policy: RotationPolicy,
        seed: &Seed<12>,
        now: Time,
    ) -> Result<Step<ChangeRing>, JwtSetupError> {
        let key = RingKey::private(&self.issuer, key, &*self.library, &self.sealer, seed)?;
        Ok(self.change(Change::Announce(Box::new(key), policy), now))
    }

    /// The same for a key whose private part is not stored: hosts that sign are given it ([`KeyRing::hold`]).
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Algorithm`] for a key of another kind.
    pub fn announce_public(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        policy: RotationPolicy,
        seed: &Seed<12>,
        now: Time,
    ) -> Result<Step<ChangeRing>, JwtSetupError> {
        let key = RingKey::public(&self.issuer, algorithm, key, &self.sealer, seed)?;
        Ok(self.change(Change::Announce(Box::new(key), policy), now))
    }

    /// Announces this key pair if no key is published, and reads the keys otherwise: for hosts that start, all at once and any number of
    /// times.
    ///
    /// # Errors
    ///
    /// As [`Self::announce`].
    pub fn ensure(
        &self,
        key: &PrivateKey,
        policy: RotationPolicy,
        seed: &Seed<12>,
        now: Time,
    ) -> Result<Step<ChangeRing>, JwtSetupError> {
        let key = RingKey::private(&self.issuer, key, &*self.library, &self.sealer, seed)?;
        Ok(self.change(Change::First(Box::new(key), policy), now))
    }

    /// Removes a key at once and for good, as [`Rotation::revoke`] has it: each host does so once it reads, and
    /// each verifier once its copy is too old. Revoking twice changes nothing.
    pub fn revoke(&self, key: KeyId, now: Time) -> Step<ChangeRing> {
        self.change(Change::Revoke(key), now)
    }

    fn change(&self, change: Change, now: Time) -> Step<ChangeRing> {
        Step::Need(ChangeRing {
            vault: self.clone(),
            change,
            now,
            tries: TRIES,
            write: None,
        })
    }
}

impl Change {
    /// The record to write; none when it is so already.
    fn edit(
        &self,
        issuer: &str,
        stored: Option<&KeyRingRecord>,
        now: Time,
    ) -> Result<Option<KeyRingRecord>, RingError> {
        let mut rotation = match stored {
            Some(stored) => stored.rotation(issuer)?,
            None => Rotation::new(),
        };
        if matches!(self, Change::First(..)) && rotation.signing(now).is_some() {
            return Ok(None);
        }
        let changed = stored.map_or(Time::EPOCH, KeyRingRecord::updated_at);
        if changed > now.plus(CLOCKS) {
            return Err(RingError::Late { changed, now });
        }
        match self {
            Change::Announce(key, policy) | Change::First(key, policy) => {
                match rotation.announce((**key).clone(), policy, now) {
                    Err(RingError::Known) => return Ok(None),
                    announced => announced?,
                }
            }
            Change::Revoke(id) => {
                let is_it = |jwk: &PublicJwk| jwk.id() == id;
                if rotation.revoked().any(|(key, _)| is_it(&key.jwk)) {
                    return Ok(None);
                }
                if !rotation.turns().any(|turn| is_it(&turn.key.jwk)) {
                    return Err(RingError::Missing);
                }
                rotation.revoke(now, |key| is_it(&key.jwk));
            }
        }
        KeyRingRecord::new(issuer, &rotation, now).map(Some)
    }
}

impl ChangeRing {
    /// The row was read.
    fn read(mut self, row: Option<Row<KeyRingRecord>>) -> Step<Self> {
        let stored = row.as_ref().map(|row| &row.record);
        match (self.change.edit(&self.vault.issuer, stored, self.now), row) {
            (Err(error), _) => Step::Done(Err(error)),
            (Ok(None), Some(row)) => Step::Done(KeyRing::open(&self.vault, &row, self.now)),
            (Ok(None), None) => Step::Done(Err(RingError::Missing)),
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
            0 => Step::Done(Err(RingError::Contended)),
            _ => Step::Need(self),
        }
    }
}

impl Pending for LoadRing {
    type Op = RowOp<KeyRingRecord>;
    type Outcome = Result<KeyRing, RingError>;

    fn op(&self) -> Self::Op {
        RowOp::Load(Load::new(KeyRingRecord::row_of(&self.vault.issuer)))
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        Step::Done(match reply {
            Ok(Some(row)) => KeyRing::open(&self.vault, &row, self.now),
            Ok(None) => Err(RingError::Empty),
            Err(Unavailable) => Err(RingError::Unavailable),
        })
    }
}

impl Pending for ChangeRing {
    type Op = RowOp<KeyRingRecord>;
    type Outcome = Result<KeyRing, RingError>;

    fn op(&self) -> Self::Op {
        let id = KeyRingRecord::row_of(&self.vault.issuer);
        match &self.write {
            None => RowOp::Load(Load::new(id)),
            Some((expected, record)) => RowOp::Swap(Swap {
                id,
                expected: *expected,
                record: record.clone(),
            }),
        }
    }

    fn finish(self, reply: Reply) -> Step<Self> {
        match (&self.write, reply) {
            (_, Err(Unavailable)) => Step::Done(Err(RingError::Unavailable)),
            (None, Ok(row)) => self.read(row),
            (Some(_), Ok(Some(row))) => Step::Done(KeyRing::open(&self.vault, &row, self.now)),
            (Some(_), Ok(None)) => self.lost(),
        }
    }
}

/// By how much clocks of hosts differ.
const CLOCKS: Span = Span::from_minutes(1);
/// How often a lost swap is tried again: a swap is lost to one that won, so as many may write at once as this.
const TRIES: u8 = 64;
