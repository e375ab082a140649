//! Verifying, with a snapshot of keys that can be replaced while others verify.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use counterseal::core::{KeyId, Span, Step, Time, drive};
use counterseal::replay::Window;
use counterseal::request::{self, KeyRecordError, KeySet, Keyring, PendingRequest};

use crate::response::{fields_of, status_of};
use crate::waiting::Plain;
use crate::{
    ArgumentFault, Content, Key, Message, Problem, Reads, SignedFields, Store, Verdict, Verified,
    Waiting, keys, number, time,
};

/// Verifies requests. Any number of threads may share it; replacing keys does not hold them up.
pub struct Verifier {
    inner: request::Verifier,
    /// What requests are verified with: read under a lock that is held for one clone.
    snapshot: RwLock<Arc<KeySet>>,
    ring: Mutex<Keyring>,
    store: Option<Arc<Store>>,
    /// How often each known key is loaded again, where keys come from a store.
    refresh: Span,
    /// What a store must know of the policy.
    window: Window,
}

/// What the verifier compared, for the operator.
pub struct Explained {
    /// The signature base as the verifier builds it, redacted.
    pub base: String,
    /// The first place in which the signer's base differs, if one was given and does.
    pub difference: Option<request::Difference>,
    /// The code of the rule that components or parameters break, if they do.
    pub broken_rule: Option<&'static str>,
}

impl Verifier {
    /// A verifier of this policy, these keys, and the store to claim nonces in, if it is one of ours. Keys that come
    /// from a store are loaded again every `refresh_seconds`, 1 to 3600, or 30.
    ///
    /// # Errors
    ///
    /// An argument that cannot be; `request_key_repeated`; `binding_store_window` for a store that was made for a shorter
    /// window.
    pub fn new(
        policy: Reads,
        known: &[Key],
        store: Option<Arc<Store>>,
        refresh_seconds: Option<i64>,
    ) -> Result<Self, Problem> {
        let refresh = refresh_seconds.unwrap_or(REFRESH);
        let refresh = Span::from_seconds(number("refresh_seconds", refresh, 1, 3_600)?);
        if let Some(store) = &store {
            store.check_covers(policy.window())?;
        }
        let snapshot = keys(known)?;
        let ring = Keyring::new((*snapshot).clone(), refresh, Time::EPOCH);
        Ok(Verifier {
            window: policy.window(),
            inner: policy.verifier(),
            snapshot: RwLock::new(snapshot),
            ring: Mutex::new(ring),
            store,
            refresh,
        })
    }

    /// The store to claim nonces in, if it is one of ours.
    pub fn store(&self) -> Option<&Arc<Store>> {
        self.store.as_ref()
    }

    /// The most bytes of content; an adapter stops reading there.
    pub fn body_limit(&self) -> usize {
        self.inner.body_limit()
    }

    /// Verifies `message` and claims its nonce in the verifier's own store.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails.
    pub fn verify(&self, message: &Message<'_>, now: i64) -> Result<Verified, Problem> {
        let store = self.store.as_ref().ok_or_else(Problem::store_missing)?;
        store.check_process()?;
        let now = time("now", now)?;
        let pending = self.pending(message, now)?;
        match drive(&**store, Step::Need(pending)) {
            Ok(proof) => Ok(Verified::new(proof, now)),
            Err(error) => Err(Problem::refused(&error, now)),
        }
    }

    /// Everything but the claim, which the host runs on a store of its own.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails; nothing was written then.
    pub fn begin(&self, message: &Message<'_>, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let pending = self.pending(message, now)?;
        Ok(Waiting::within(self.window, Step::Need(pending), now))
    }

    /// Everything but content and claim: the content follows in pieces. That of `message` is not looked at.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails; nothing was written then.
    pub fn begin_content(&self, message: &Message<'_>, now: i64) -> Result<Content, Problem> {
        let now = time("now", now)?;
        let known = self.known();
        let content = message.with(|request| self.inner.begin_content(request, &*known, now));
        let content = content.map_err(|error| Problem::refused(&error, now))?;
        Ok(Content::new(content, self.store.clone(), self.window, now))
    }

    /// The fields that sign the refusal of `message`, when it is genuine and outside of its window.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn sign_refusal(
        &self,
        message: &Message<'_>,
        status: i64,
        body: &[u8],
        now: i64,
    ) -> Result<Option<SignedFields>, Problem> {
        let (now, status) = (time("now", now)?, status_of(status)?);
        let known = self.known();
        let signed =
            message.with(|request| self.inner.sign_refusal(request, &*known, now, status, body));
        Ok(signed.as_ref().map(fields_of))
    }

    /// Verifies with these keys from now on.
    ///
    /// # Errors
    ///
    /// `request_key_repeated`; the former keys stay then.
    pub fn replace_keys(&self, known: &[Key]) -> Result<(), Problem> {
        let snapshot = keys(known)?;
        let mut ring = self.ring();
        *ring = Keyring::new((*snapshot).clone(), self.refresh, Time::EPOCH);
        self.publish(snapshot);
        Ok(())
    }

    /// The id of the key to load before verifying `message`: it names one that is not known, and
    /// strangers have not used up what they may make the store do (see [`Keyring`]).
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn key_to_load(
        &self,
        message: &Message<'_>,
        now: i64,
    ) -> Result<Option<String>, ArgumentFault> {
        let now = time("now", now)?;
        let claimed = message.with(|request| self.inner.claimed_key(request));
        let wanted = claimed.filter(|id| self.ring().handle_unknown(id, now));
        Ok(wanted.map(|id| id.to_string()))
    }

    /// The id of a known key that is due to be loaded again. Ask until there is none.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn key_to_refresh(&self, now: i64) -> Result<Option<String>, ArgumentFault> {
        let now = time("now", now)?;
        Ok(self.ring().poll_refresh(now).map(|id| id.to_string()))
    }

    /// Knows this key from now on, in the place of the one with its id, if any.
    pub fn put_key(&self, key: &Key) {
        let mut ring = self.ring();
        ring.handle_loaded(key.0.id(), Ok(Arc::clone(&key.0)));
        self.publish(ring.keys());
    }

    /// Does not know the key `id` any more: its record is gone.
    ///
    /// # Errors
    ///
    /// An id that cannot be.
    pub fn forget_key(&self, id: &str) -> Result<(), Problem> {
        let id = KeyId::parse(id)?;
        let mut ring = self.ring();
        ring.handle_loaded(&id, Err(KeyRecordError::Missing));
        self.publish(ring.keys());
        Ok(())
    }

    /// The ids of the known keys.
    pub fn key_ids(&self) -> Vec<String> {
        let known = self.known();
        known.iter().map(|key| key.id().to_string()).collect()
    }

    /// What this verifier compares for `message`; `signers` is the signer's base, if there is one.
    ///
    /// # Errors
    ///
    /// The rule that keeps a base from being built.
    pub fn explain(
        &self,
        message: &Message<'_>,
        signers: Option<&str>,
    ) -> Result<Explained, Problem> {
        let explained = message.with(|request| self.inner.explain(request));
        let explained = explained.map_err(|error| Problem::refused(&error, Time::EPOCH))?;
        let broken = explained.broken_rule();
        Ok(Explained {
            difference: signers.and_then(|text| explained.first_difference(text)),
            broken_rule: broken.map(|error| counterseal::core::Refusal::code(error).name),
            base: explained.to_string(),
        })
    }

    fn pending(&self, message: &Message<'_>, now: Time) -> Result<PendingRequest, Problem> {
        let known = self.known();
        let pending = message.with(|request| self.inner.begin(request, &*known, now));
        pending.map_err(|error| Problem::refused(&error, now))
    }

    fn known(&self) -> Arc<KeySet> {
        let snapshot = self.snapshot.read();
        Arc::clone(&snapshot.unwrap_or_else(PoisonError::into_inner))
    }

    /// Called with the ring locked, so that snapshots are published in their order.
    fn publish(&self, keys: Arc<KeySet>) {
        let snapshot = self.snapshot.write();
        *snapshot.unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn ring(&self) -> MutexGuard<'_, Keyring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plain for Result<request::Verified, request::RequestError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        match self {
            Ok(proof) => Ok(Verdict::Verified(Verified::new(proof, at))),
            Err(error) => Err(Problem::refused(&error, at)),
        }
    }
}

/// After how many seconds each known key is loaded again, where keys come from a store.
const REFRESH: i64 = 30;
