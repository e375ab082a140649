//! The rotation: an entry for each key, of which all else follows by the clock.
//!
//! ```text
//! announced          active                ends                 gone
//!    |-- lead, or more --|---- signs ---------|---- life, tolerance ----|
//!    published ....................................................... removed
//!                                   announce of the next
//! ```

use alloc::vec::Vec;

use counterseal_core::{Span, Time};

use crate::{RingError, RotationPolicy};

/// Keys in the order in which they sign. Nothing has to happen at the right moment: a key that was announced signs, is kept and is
/// gone by the clock alone, so a controller that is away delays the next key and nothing else.
///
/// The instants of a key are fixed when they are decided, so that another policy does not act backwards.
///
/// What it does not protect: a copy that somebody has of a revoked key's entry is good until it is too old.
///
/// The model `cargo xtask prove key-rotation` explores it with controllers and hosts of one store, verifiers, copies and tokens: no
/// valid token is refused, and no key is taken once it is gone.
///
/// ```
/// use counterseal_core::{Span, Time};
/// use counterseal_jwt::{Rotation, RotationPolicy};
/// # let now = Time::from_seconds(1_800_000_000);
/// let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5))?;
/// let mut rotation = Rotation::new();
/// rotation.announce("first", &policy, now)?;
/// assert_eq!(rotation.signing(now), Some(&"first"));
/// rotation.announce("second", &policy, now)?;
/// assert_eq!(rotation.signing(now), Some(&"first"));
/// assert_eq!(rotation.published(now).count(), 2);
///
/// let later = now.plus(policy.lead());
/// assert_eq!(rotation.signing(later), Some(&"second"));
/// assert_eq!(rotation.published(later.plus(policy.keep())).collect::<Vec<_>>(), [&"second"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rotation<K> {
    /// That of the last key; none before the first one.
    policy: Option<RotationPolicy>,
    turns: Vec<Turn<K>>,
    revoked: Vec<Revoked<K>>,
}

/// A key, and when it is what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Turn<K> {
    pub(crate) key: K,
    pub(crate) announced: Time,
    pub(crate) active: Time,
    pub(crate) over: Option<Over>,
}

/// The end of a key's turn, once the next one was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Over {
    /// When the next one takes over.
    pub(crate) ends: Time,
    pub(crate) gone: Time,
}

/// A key that never comes back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Revoked<K> {
    pub(crate) key: K,
    pub(crate) at: Time,
}

/// What a key is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, and not yet signing.
    Announced,
    /// Signing.
    Active,
    /// Published, since tokens that it signed are still good.
    Retiring,
    /// Gone.
    Retired,
}

impl<K> Default for Rotation<K> {
    fn default() -> Self {
        Rotation {
            policy: None,
            turns: Vec::new(),
            revoked: Vec::new(),
        }
    }
}

impl<K: PartialEq> Rotation<K> {
    /// Without any key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Publishes this key from `now` on. It signs after the lead, and after the period of the key that signs; at once, where there
    /// is no other that does. The policy holds from now on; for this key and the one before it, the longer spans of this policy
    /// and the last one.
    ///
    /// # Errors
    ///
    /// [`RingError::Known`] for one that is published already: no reader takes a set with a key that is there twice.
    /// [`RingError::Revoked`] for one of the last 16 that were revoked, [`RingError::Announced`] while another one waits for its turn,
    /// [`RingError::Full`] while eight are published.
    pub fn announce(
        &mut self,
        key: K,
        policy: &RotationPolicy,
        now: Time,
    ) -> Result<(), RingError> {
        //= docs/spec/jwt.md#T-21
        if self.published(now).any(|other| *other == key) {
            return Err(RingError::Known);
        }
        if self.revoked.iter().any(|revoked| revoked.key == key) {
            return Err(RingError::Revoked);
        }
        if self.waiting(now).is_some() {
            return Err(RingError::Announced);
        }
        if self.published(now).count() == MOST {
            return Err(RingError::Full);
        }
        self.turns.retain(|turn| turn.is_published(now));
        let last = self.policy.replace(*policy).unwrap_or(*policy);
        let active = match self.signer(now) {
            Some(turn) => {
                let lead = now.plus(policy.lead.max(last.lead));
                lead.max(turn.active.plus(policy.period))
            }
            None => now,
        };
        if let Some(before) = self.turns.last_mut() {
            let gone = active.plus(policy.keep().max(last.keep()));
            before.over = before.over.or(Some(Over { ends: active, gone }));
        }
        self.turns.push(Turn {
            key,
            announced: now,
            active,
            over: None,
        });
        Ok(())
    }

    /// Removes keys at once, because somebody else may have them; the last 16 of these do not come back. Where one of them was to sign, the
    /// one that was announced does instead. If it was announced less than the lead ago, some verifiers do not know it yet: tokens may be
    /// refused for a while, and nothing is accepted that was forged once copies have been renewed.
    pub fn revoke(&mut self, now: Time, is_lost: impl Fn(&K) -> bool) {
        //= docs/spec/jwt.md#T-22
        let lost = self.turns.extract_if(.., |turn| is_lost(&turn.key));
        self.revoked
            .extend(lost.map(|Turn { key, .. }| Revoked { key, at: now }));
        let surplus = self.revoked.len().saturating_sub(MOST_REVOKED);
        self.revoked.drain(..surplus);
        // Whoever was to take over may be gone.
        if let Some(last) = self.turns.last_mut() {
            last.over = last.over.filter(|over| over.ends <= now);
        }
        // A gap is closed: whoever comes after a lost key signs where that would have, or did.
        let mut from = now;
        for turn in &mut self.turns {
            turn.active = turn.active.min(from.max(turn.announced));
            from = turn.over.map_or(from, |over| over.ends.max(now));
        }
    }

    /// The key that signs. Where none does, the next one does already: on a host whose clock is late.
    pub fn signing(&self, now: Time) -> Option<&K> {
        self.signer(now).map(|turn| &turn.key)
    }

    /// The key that was announced, and when it takes over.
    pub fn waiting(&self, now: Time) -> Option<(&K, Time)> {
        let waits = self.turns.iter().find(|turn| turn.active > now);
        waits.map(|turn| (&turn.key, turn.active))
    }

    /// The keys that verifiers are told of.
    pub fn published(&self, now: Time) -> impl Iterator<Item = &K> {
        let is_there = move |turn: &&Turn<K>| turn.is_published(now);
        self.turns.iter().filter(is_there).map(|turn| &turn.key)
    }

    /// All keys that are not forgotten and not revoked, in the order in which they sign.
    pub fn turns(&self) -> impl Iterator<Item = &Turn<K>> {
        self.turns.iter()
    }

    /// The keys that were revoked, the last 16 of them, with the instant.
    pub fn revoked(&self) -> impl Iterator<Item = (&K, Time)> {
        let revoked = self.revoked.iter();
        revoked.map(|revoked| (&revoked.key, revoked.at))
    }

    /// For how long a copy of what is published may be kept: no longer than until a key of it is gone, and not at all while no key signs,
    /// because the next one signs as soon as it is announced.
    pub fn max_age(&self, now: Time) -> Span {
        let (Some(policy), Some(_)) = (&self.policy, self.signer(now)) else {
            return Span::ZERO;
        };
        let ahead = self.ends().map(|gone| gone.since(now));
        let next = ahead.filter(|span| *span > Span::ZERO).min();
        next.map_or(policy.max_age, |next| next.min(policy.max_age))
    }

    /// When something changes by the clock: a key signs, or is gone.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        let turns = self.turns.iter().map(|turn| turn.active);
        turns.chain(self.ends()).filter(|at| *at > now).min()
    }

    /// The policy under which the last key was announced.
    pub const fn policy(&self) -> Option<&RotationPolicy> {
        self.policy.as_ref()
    }

    /// When keys are gone.
    pub(crate) fn ends(&self) -> impl Iterator<Item = Time> {
        let over = self.turns.iter().filter_map(|turn| turn.over);
        over.map(|over| over.gone)
    }

    fn signer(&self, now: Time) -> Option<&Turn<K>> {
        let mut turns = self.turns.iter();
        let signs = turns.clone().find(|turn| turn.signs(now));
        signs.or_else(|| turns.find(|turn| turn.active > now))
    }
}

impl<K> Rotation<K> {
    /// The rotation of these entries, as it was stored.
    pub(crate) const fn stored(
        policy: Option<RotationPolicy>,
        turns: Vec<Turn<K>>,
        revoked: Vec<Revoked<K>>,
    ) -> Self {
        Rotation {
            policy,
            turns,
            revoked,
        }
    }

    /// The same rotation of what `open` makes of its keys; revoked ones are left out.
    pub(crate) fn try_map<L, E>(
        &self,
        open: impl Fn(&K) -> Result<L, E>,
    ) -> Result<Rotation<L>, E> {
        let turns = self.turns.iter().map(|turn| {
            Ok(Turn {
                key: open(&turn.key)?,
                announced: turn.announced,
                active: turn.active,
                over: turn.over,
            })
        });
        let turns = turns.collect::<Result<_, _>>()?;
        Ok(Rotation::stored(self.policy, turns, Vec::new()))
    }

    pub(crate) fn key_mut(&mut self, is_it: impl Fn(&K) -> bool) -> Option<&mut K> {
        let mut keys = self.turns.iter_mut().map(|turn| &mut turn.key);
        keys.find(|key| is_it(key))
    }
}

impl<K> Turn<K> {
    /// The key.
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// Since when it is published.
    pub const fn announced(&self) -> Time {
        self.announced
    }

    /// Since when, or from when on, it signs.
    pub const fn active(&self) -> Time {
        self.active
    }

    /// When it signs no more, if another one was announced.
    pub fn ends(&self) -> Option<Time> {
        self.over.map(|over| over.ends)
    }

    /// When it is published no more, if another one was announced.
    pub fn gone(&self) -> Option<Time> {
        self.over.map(|over| over.gone)
    }

    /// What it is at `now`.
    pub fn state(&self, now: Time) -> KeyState {
        if !self.is_published(now) {
            KeyState::Retired
        } else if now < self.active {
            KeyState::Announced
        } else if self.signs(now) {
            KeyState::Active
        } else {
            KeyState::Retiring
        }
    }

    fn is_published(&self, now: Time) -> bool {
        self.over.is_none_or(|over| now < over.gone)
    }

    fn signs(&self, now: Time) -> bool {
        self.active <= now && self.over.is_none_or(|over| now < over.ends)
    }
}

/// How many keys may be published.
pub(crate) const MOST: usize = 8;
/// How many revoked keys are remembered.
pub(crate) const MOST_REVOKED: usize = 16;
