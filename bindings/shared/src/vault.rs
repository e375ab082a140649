//! Keys at rest: machines over key records, with the key that seals their secrets.

use std::sync::Arc;

use counterseal::core::{KeyId, SealKey, Secret, Step, Time};
use counterseal::request::{
    EndKey, KeyRecord, KeyRecordError, LoadKey, NewKey, RotateKey, SaveKey,
};

use crate::key::end;
use crate::waiting::{Plain, Waiting};
use crate::{Key, KeyMembers, Problem, Verdict, check_len, seed, time};

/// Makes the decisions about stored keys. Each is a [`Waiting`] that ends in a key or in nothing.
pub struct KeyVault(Arc<SealKey>);

impl KeyVault {
    /// A vault that seals secrets with these 32 random bytes.
    ///
    /// # Errors
    ///
    /// Any other number of bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Problem> {
        check_len("secret", secret.len(), 32, 32)?;
        let sealer = SealKey::new(&Secret::new(secret.into()))?;
        Ok(KeyVault(Arc::new(sealer)))
    }

    /// Reads the key `id`; ends in [`Verdict::Key`].
    ///
    /// # Errors
    ///
    /// An id that cannot be.
    pub fn load(&self, id: &str) -> Result<Waiting, Problem> {
        let id = KeyId::parse(id)?;
        Ok(waiting(LoadKey::begin(id, Arc::clone(&self.0))))
    }

    /// Saves a new key; `nonce` is 12 random bytes.
    ///
    /// # Errors
    ///
    /// The member that cannot be.
    pub fn save(&self, new: &KeyMembers<'_>, nonce: &[u8]) -> Result<Waiting, Problem> {
        Ok(waiting(SaveKey::begin(self.record(new, nonce)?)))
    }

    /// Saves a successor of the key `old`, which is over at `until` (milliseconds).
    ///
    /// # Errors
    ///
    /// The member that cannot be.
    pub fn rotate(
        &self,
        old: &str,
        new: &KeyMembers<'_>,
        nonce: &[u8],
        until: i64,
    ) -> Result<Waiting, Problem> {
        let (old, until) = (KeyId::parse(old)?, time("until", until)?);
        let record = self.record(new, nonce)?;
        Ok(waiting(RotateKey::begin(old, record, until)))
    }

    fn record(&self, new: &KeyMembers<'_>, nonce: &[u8]) -> Result<KeyRecord, Problem> {
        let parts = NewKey {
            id: KeyId::parse(new.id)?,
            secret: Secret::new(new.secret.into()),
            since: time("since", new.since)?,
            until: end(new.until)?,
            scope: new.scope.into(),
        };
        Ok(KeyRecord::seal(parts, &self.0, &seed("seed", nonce)?)?)
    }
}

/// Lets the key `id` be over at `until` (milliseconds), or earlier if it was to be.
///
/// # Errors
///
/// An id or an instant that cannot be.
pub fn end_key(id: &str, until: i64) -> Result<Waiting, Problem> {
    let (id, until) = (KeyId::parse(id)?, time("until", until)?);
    Ok(waiting(EndKey::at(id, until)))
}

/// Revokes the key `id` from `now` (milliseconds) on, for good.
///
/// # Errors
///
/// An id or an instant that cannot be.
pub fn revoke_key(id: &str, now: i64) -> Result<Waiting, Problem> {
    let (id, now) = (KeyId::parse(id)?, time("now", now)?);
    Ok(waiting(EndKey::revoke(id, now)))
}

/// These decisions know no clock, and their refusals are no audit events.
fn waiting<P: crate::waiting::Erasable>(step: Step<P>) -> Waiting {
    Waiting::new(step, Time::EPOCH)
}

impl Plain for Result<Arc<counterseal::request::Key>, KeyRecordError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        Ok(Verdict::Key(Key(self?)))
    }
}

impl Plain for Result<(), KeyRecordError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        self?;
        Ok(Verdict::Done)
    }
}
