//! The rotation: an entry for each key, of which all else follows by the clock.
//!
//! ```text
//! announce           active                ends                 gone
//!    |---- lead -------|---- signs ---------|---- life, tolerance ----|
//!    published ..................................................... removed
//!                                 announce of the next
//! ```

use alloc::vec::Vec;

use counterseal_core::{Span, Time};

use crate::{RingError, RotationPolicy};

/// Keys in the order in which they sign. Nothing has to happen at the right moment: a key that was announced signs, is kept and is
/// gone by the clock alone, so a controller that is away delays the next key and nothing else.
///
/// What it does not protect: a copy that somebody has of a revoked key's entry is good until it is too old; and it is kept by one process,
/// so two that rotate at once each have a rotation of their own until it is stored.
///
/// The model `cargo xtask prove key-rotation` explores it with verifiers, copies and tokens: no valid token is refused, and no key is
/// taken once it is gone.
///
/// ```
/// use counterseal_core::{Span, Time};
/// use counterseal_jwt::{Rotation, RotationPolicy};
/// # let now = Time::from_seconds(1_800_000_000);
/// let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5))?;
/// let mut rotation = Rotation::new(policy);
/// rotation.announce("first", now)?;
/// assert_eq!(rotation.signing(now), Some(&"first"));
/// rotation.announce("second", now)?;
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
    policy: RotationPolicy,
    turns: Vec<Turn<K>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Turn<K> {
    key: K,
    active: Time,
    /// When the next one takes over, if there is one.
    ends: Option<Time>,
}

impl<K: PartialEq> Rotation<K> {
    /// Without any key.
    pub const fn new(policy: RotationPolicy) -> Self {
        let turns = Vec::new();
        Rotation { policy, turns }
    }

    /// Publishes this key from `now` on. It signs after the lead; at once, where there is no other that does.
    ///
    /// # Errors
    ///
    /// [`RingError::Announced`] while another one waits for its turn, [`RingError::Full`] while eight are published,
    /// [`RingError::Known`] for one that is published already: no reader takes a set with a key that is there twice.
    pub fn announce(&mut self, key: K, now: Time) -> Result<(), RingError> {
        self.forget(now);
        if self.turns.iter().any(|turn| turn.active > now) {
            return Err(RingError::Announced);
        }
        if self.turns.iter().any(|turn| turn.key == key) {
            return Err(RingError::Known);
        }
        if self.turns.len() == MOST {
            return Err(RingError::Full);
        }
        let active = match self.signing(now) {
            Some(_) => now.plus(self.policy.lead),
            None => now,
        };
        if let Some(last) = self.turns.last_mut() {
            last.ends = last.ends.or(Some(active));
        }
        self.turns.push(Turn {
            key,
            active,
            ends: None,
        });
        Ok(())
    }

    /// Removes keys at once, because somebody else may have them. Where one of them was to sign, the one that was announced does
    /// from `now` on, before every verifier knows it: tokens may be refused for a while, and nothing is accepted that was forged
    /// once copies have been renewed.
    pub fn revoke(&mut self, now: Time, is_lost: impl Fn(&K) -> bool) {
        self.turns.retain(|turn| !is_lost(&turn.key));
        // Whoever was to take over may be gone.
        if let Some(last) = self.turns.last_mut() {
            last.ends = last.ends.filter(|ends| *ends <= now);
        }
        if self.signing(now).is_none()
            && let Some(next) = self.turns.iter_mut().find(|turn| turn.active > now)
        {
            next.active = now;
        }
    }

    /// The key that signs.
    pub fn signing(&self, now: Time) -> Option<&K> {
        let signs = |turn: &&Turn<K>| turn.active <= now && turn.ends.is_none_or(|ends| now < ends);
        self.turns.iter().find(signs).map(|turn| &turn.key)
    }

    /// The keys that verifiers are told of.
    pub fn published(&self, now: Time) -> impl Iterator<Item = &K> {
        let is_there = move |turn: &&Turn<K>| self.gone(turn).is_none_or(|gone| now < gone);
        self.turns.iter().filter(is_there).map(|turn| &turn.key)
    }

    /// For how long a copy of what is published may be kept: no longer than until a key of it is gone, and not at all while no key signs,
    /// because the next one signs as soon as it is announced.
    pub fn max_age(&self, now: Time) -> Span {
        if self.signing(now).is_none() {
            return Span::ZERO;
        }
        let ends = self.turns.iter().filter_map(|turn| self.gone(turn));
        let ahead = ends.map(|gone| gone.since(now));
        let next = ahead.filter(|span| *span > Span::ZERO).min();
        next.map_or(self.policy.max_age, |next| next.min(self.policy.max_age))
    }

    /// When something changes by the clock: a key signs, or is gone.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        let gone = self.turns.iter().filter_map(|turn| self.gone(turn));
        let turns = self.turns.iter().map(|turn| turn.active);
        turns.chain(gone).filter(|at| *at > now).min()
    }

    /// Its policy.
    pub const fn policy(&self) -> &RotationPolicy {
        &self.policy
    }

    fn gone(&self, turn: &Turn<K>) -> Option<Time> {
        turn.ends.map(|ends| ends.plus(self.policy.keep()))
    }

    fn forget(&mut self, now: Time) {
        let keep = self.policy.keep();
        let is_there = |turn: &Turn<K>| turn.ends.is_none_or(|ends| now < ends.plus(keep));
        self.turns.retain(is_there);
    }
}

/// How many keys may be published.
const MOST: usize = 8;
