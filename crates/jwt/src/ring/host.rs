//! What a host knows of its issuer's keys: with which one it signs, and what it publishes.

use alloc::sync::Arc;
use alloc::vec::Vec;

use counterseal_core::{Bound, KeyId, PrivateKey, Row, Span, Time};

use crate::ring::key::OpenKey;
use crate::ring::record::KeyRingRecord;
use crate::ring::vault::RingVault;
use crate::{
    JwksDocument, KeyState, PublicJwk, RingError, Rotation, RotationPolicy, TokenKeys, TokenSigner,
};

/// An issuer's keys, as a host read them at one time. It goes by them for as long as the policy says
/// ([`RotationPolicy::hosts`]), and refuses after that, because others may have rotated.
///
/// Read them again after each [`Self::pause`].
///
/// What it does not protect: a revoked key is one that this host goes by until it reads again.
pub struct KeyRing {
    vault: RingVault,
    version: i64,
    read: Time,
    rotation: Rotation<OpenKey>,
    /// What verifies, and until when it is so.
    snapshots: Vec<Snapshot>,
}

/// The keys up to an instant.
type Snapshot = (Option<Time>, Arc<TokenKeys>);

/// A key of a ring, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its id, `kid`.
    pub id: KeyId,
    /// What it is at the instant that was asked for.
    pub state: KeyState,
    /// Since when it is published.
    pub announced: Time,
    /// Since when, or from when on, it signs.
    pub active: Time,
    /// When it signs no more, if another one was announced.
    pub ends: Option<Time>,
    /// When it is published no more, if another one was announced.
    pub gone: Option<Time>,
}

impl KeyRing {
    pub(crate) fn open(
        vault: &RingVault,
        row: &Row<KeyRingRecord>,
        read: Time,
    ) -> Result<Self, RingError> {
        let stored = row.record.rotation(&vault.issuer)?;
        let rotation =
            stored.try_map(|key| key.open(&vault.issuer, &*vault.library, &vault.sealer))?;
        let snapshots = snapshots(&rotation)?;
        Ok(KeyRing {
            vault: vault.clone(),
            version: row.version,
            read,
            rotation,
            snapshots,
        })
    }

    /// Signs with this private key too, where the ring has its public part only. Hosts that keep private parts elsewhere give them again
    /// after each reading.
    ///
    /// # Errors
    ///
    /// [`RingError::Missing`] where the ring has no such key, [`RingError::Broken`] when its halves are no pair.
    pub fn hold(&mut self, key: &PrivateKey) -> Result<(), RingError> {
        let library = &*self.vault.library;
        let sign = library.sign_key(key.algorithm(), key);
        let sign = sign.map_err(|_| RingError::Broken)?;
        let jwk = PublicJwk::new(key.algorithm(), sign.public_key());
        let jwk = jwk.map_err(|_| RingError::Broken)?;
        let own = self.rotation.key_mut(|open| open.jwk == jwk);
        own.ok_or(RingError::Missing)?.hold(key, library)
    }

    /// The key that signs. What it signs must not outlive [`Self::ceiling`], or it is refused once the key is gone.
    ///
    /// # Errors
    ///
    /// [`RingError::Stale`], [`RingError::Empty`] while none does, [`RingError::Private`] where its private part is not here.
    pub fn signer(&self, now: Time) -> Result<&TokenSigner, RingError> {
        self.check_age(now)?;
        let key = self.rotation.signing(now).ok_or(RingError::Empty)?;
        key.signer.as_ref().ok_or(RingError::Private)
    }

    /// How long tokens of these keys live at most, by the policy of the ring.
    pub fn ceiling(&self) -> Bound {
        let life = self.rotation.policy().map(RotationPolicy::life);
        Bound::ceiling("ring", life.unwrap_or(Span::ZERO))
    }

    /// The keys that verify: all that are published.
    ///
    /// # Errors
    ///
    /// [`RingError::Stale`], or [`RingError::Empty`] while there are none.
    pub fn keys(&self, now: Time) -> Result<&Arc<TokenKeys>, RingError> {
        self.check_age(now)?;
        let mut snapshots = self.snapshots.iter();
        let current = snapshots.find(|(until, _)| until.is_none_or(|until| now < until));
        current.map(|(_, keys)| keys).ok_or(RingError::Empty)
    }

    /// What a route for the keys answers.
    ///
    /// # Errors
    ///
    /// [`RingError::Stale`].
    pub fn document(&self, now: Time) -> Result<JwksDocument, RingError> {
        self.check_age(now)?;
        Ok(JwksDocument::new(&self.rotation, now))
    }

    /// When there are other keys that verify or another one that signs, without anybody's doing.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        self.rotation.next_change(now)
    }

    /// The key that was announced, and when it takes over. While there is none, the next one may be announced.
    pub fn waiting(&self, now: Time) -> Option<(KeyId, Time)> {
        let waiting = self.rotation.waiting(now);
        waiting.map(|(key, at)| (*key.jwk.id(), at))
    }

    /// Its keys, in the order in which they sign.
    pub fn facts(&self, now: Time) -> impl Iterator<Item = KeyFacts> {
        self.rotation.turns().map(move |turn| KeyFacts {
            id: *turn.key().jwk.id(),
            state: turn.state(now),
            announced: turn.announced(),
            active: turn.active(),
            ends: turn.ends(),
            gone: turn.gone(),
        })
    }

    /// The version of the row: it is another one after each change.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// How long a host waits before it reads again: a minute, or a fifth of the time for which it may go by what it read; a second
    /// where no key signs.
    pub fn pause(&self, now: Time) -> Span {
        match (self.rotation.policy(), self.rotation.signing(now)) {
            (Some(policy), Some(_)) => {
                Span::from_millis(policy.hosts().millis() / 5).min(Span::from_minutes(1))
            }
            _ => Span::from_seconds(1),
        }
    }

    /// When it was read.
    pub const fn read(&self) -> Time {
        self.read
    }

    fn check_age(&self, now: Time) -> Result<(), RingError> {
        let hosts = self.rotation.policy().map(RotationPolicy::hosts);
        let hosts = hosts.unwrap_or(Span::ZERO);
        let is_young = now < self.read.plus(hosts) && self.read <= now.plus(JITTER);
        if !is_young {
            let read = self.read;
            return Err(RingError::Stale { read, now });
        }
        Ok(())
    }
}

/// The keys that verify, up to each instant at which one is gone.
fn snapshots(rotation: &Rotation<OpenKey>) -> Result<Vec<Snapshot>, RingError> {
    let mut ends: Vec<_> = rotation.ends().map(Some).collect();
    ends.sort_unstable();
    ends.dedup();
    ends.push(None);
    let mut from = Time::EPOCH;
    let mut snapshots = Vec::new();
    for until in ends {
        let keys: Vec<_> = rotation
            .published(from)
            .map(|open| open.key.clone())
            .collect();
        if !keys.is_empty() {
            let keys = TokenKeys::new(keys).map_err(|_| RingError::Broken)?;
            snapshots.push((until, Arc::new(keys)));
        }
        from = until.unwrap_or(from);
    }
    Ok(snapshots)
}

/// Threads read their clocks in any order, and hosts set theirs.
const JITTER: Span = Span::from_minutes(1);
