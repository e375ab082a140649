//! Keys at rest.

use counterseal_shared as shared;
use napi_derive::napi;

use crate::answer::{Answer, answer};
use crate::key::KeyOptions;
use crate::waiting::Waiting;

/// Decides about stored keys, whose secrets it seals.
#[napi]
pub struct KeyVault(shared::KeyVault);

#[napi]
impl KeyVault {
    /// A vault that seals with this secret.
    #[napi]
    pub fn create(secret: &[u8]) -> Answer<KeyVault> {
        answer("KeyVault.create", || {
            Ok(KeyVault(shared::KeyVault::new(secret)?))
        })
    }

    /// Reads a key.
    #[napi]
    pub fn load(&self, id: String) -> Answer<Waiting> {
        answer("KeyVault.load", || Ok(Waiting::new(self.0.load(&id)?)))
    }

    /// Saves a new key.
    #[napi]
    pub fn save(
        &self,
        id: String,
        secret: &[u8],
        options: KeyOptions,
        seed: &[u8],
    ) -> Answer<Waiting> {
        answer("KeyVault.save", || {
            let new = options.members(&id, secret);
            Ok(Waiting::new(self.0.save(&new, seed)?))
        })
    }

    /// Saves the successor of the key `old`, which is over at `old_until`.
    #[napi]
    pub fn rotate(
        &self,
        old: String,
        old_until: i64,
        id: String,
        secret: &[u8],
        options: KeyOptions,
        seed: &[u8],
    ) -> Answer<Waiting> {
        answer("KeyVault.rotate", || {
            let new = options.members(&id, secret);
            Ok(Waiting::new(self.0.rotate(&old, &new, seed, old_until)?))
        })
    }

    /// Lets a key be over at `until`.
    #[napi]
    pub fn end_key(id: String, until: i64) -> Answer<Waiting> {
        answer("KeyVault.endKey", || {
            Ok(Waiting::new(shared::end_key(&id, until)?))
        })
    }

    /// Revokes a key.
    #[napi]
    pub fn revoke_key(id: String, now: i64) -> Answer<Waiting> {
        answer("KeyVault.revokeKey", || {
            Ok(Waiting::new(shared::revoke_key(&id, now)?))
        })
    }
}
