//! Content that follows its request in pieces.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use counterseal::core::{Step, Time, drive};
use counterseal::replay::Window;
use counterseal::request::{PendingContent, PendingRequest};

use crate::{Problem, Store, Verified, Waiting};

/// A genuine request whose content is still to come. Nothing of it may be acted on before the proof.
pub struct Content {
    pending: Mutex<Option<PendingContent>>,
    store: Option<Arc<Store>>,
    window: Window,
    at: Time,
}

impl Content {
    pub(crate) fn new(
        pending: PendingContent,
        store: Option<Arc<Store>>,
        window: Window,
        at: Time,
    ) -> Self {
        Content {
            pending: Mutex::new(Some(pending)),
            store,
            window,
            at,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// `request_too_large`, `request_digest_missing`: read no further then. `pending_spent` after the end.
    pub fn update(&self, piece: &[u8]) -> Result<(), Problem> {
        let mut slot = self.slot();
        let pending = slot.as_mut().ok_or_else(Problem::spent)?;
        let taken = pending.update(piece);
        taken.map_err(|error| Problem::refused(&error, self.at))
    }

    /// All of it came: everything but the claim, which the host runs on a store of its own.
    ///
    /// # Errors
    ///
    /// `request_body_mismatch`, and what [`Content::update`] said; `pending_spent` when it was used before.
    pub fn finish(&self) -> Result<Waiting, Problem> {
        Ok(Waiting::within(
            self.window,
            Step::Need(self.pending()?),
            self.at,
        ))
    }

    /// All of it came: claims the nonce in the verifier's own store.
    ///
    /// # Errors
    ///
    /// As [`Content::finish`]; `binding_store_missing`; the store's refusals.
    pub fn verify(&self) -> Result<Verified, Problem> {
        let store = self.store.as_ref().ok_or_else(Problem::store_missing)?;
        store.check_process()?;
        match drive(&**store, Step::Need(self.pending()?)) {
            Ok(proof) => Ok(Verified::new(proof, self.at)),
            Err(error) => Err(Problem::refused(&error, self.at)),
        }
    }

    fn pending(&self) -> Result<PendingRequest, Problem> {
        let content = self.slot().take().ok_or_else(Problem::spent)?;
        let pending = content.finish();
        pending.map_err(|error| Problem::refused(&error, self.at))
    }

    fn slot(&self) -> MutexGuard<'_, Option<PendingContent>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
