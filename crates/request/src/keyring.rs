//! Which keys to load, and when: a snapshot that learns, without letting strangers drive the store.
//!
//! A request with an unknown key id may be by a key that was made a moment ago, so it may ask for
//! one load. Strangers can invent ids without end, so loads are limited twice: one id is asked for
//! at most once per [`COOL_DOWN`], and all unknown ids together at most [`BURST`] times at once and
//! ten times a second after that. The memory is fixed. Under such a flood a new key may have to wait
//! for the next refresh; known keys are served as ever.
//!
//! ```text
//! handle_unknown(id, now) ---> load this id? ---> LoadKey on the store ---> handle_loaded(id, outcome, now)
//! poll_refresh(now)       ---> reload this id? --/
//! ```

use alloc::sync::Arc;

use counterseal_core::{Charged, Gcra, KeyId, Rate, Span, Time, sha256};

use crate::{Key, KeyRecordError, KeySet, Keys};

/// The snapshot of keys, and what is known about ids that are not in it.
pub struct Keyring {
    keys: Arc<KeySet>,
    refresh: Span,
    /// For each known key in turn: when the next one is due, and which one it is.
    due: Time,
    last: Option<KeyId>,
    unknown: [Missed; SLOTS],
    budget: Gcra,
}

/// An unknown id that was asked for.
#[derive(Clone, Copy)]
struct Missed {
    id: u64,
    at: Time,
}

impl Keyring {
    /// A ring of these keys, each of which is loaded again every `refresh` (at least a second), so
    /// that a revocation reaches every verifier within that time.
    pub fn new(keys: KeySet, refresh: Span, now: Time) -> Self {
        let never = Missed {
            id: 0,
            at: Time::from_millis(i64::MIN),
        };
        Keyring {
            keys: Arc::new(keys),
            refresh: refresh.max(Span::from_seconds(1)),
            due: now,
            last: None,
            unknown: [never; SLOTS],
            budget: Gcra::default(),
        }
    }

    /// The snapshot to verify with.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys)
    }

    /// Whether to load the key `id`, which a request named and the snapshot does not have.
    pub fn handle_unknown(&mut self, id: &KeyId, now: Time) -> bool {
        if self.keys.find(id).is_some() {
            return false;
        }
        let hash = hash(id);
        let slot = usize::try_from(hash % SLOTS as u64).expect("a small number");
        let missed = self.unknown[slot];
        // A clock that stepped back must not keep an id waiting for longer than the cool-down.
        let age = now.since(missed.at).millis();
        if missed.id == hash && (0..COOL_DOWN.millis()).contains(&age) {
            return false;
        }
        let rate = Rate::new(BURST, EVERY_MS).expect("neither is zero");
        let (answer, budget) = self.budget.charge(rate, 1, now);
        self.budget = budget;
        if matches!(answer, Charged::Over { .. }) {
            return false;
        }
        self.unknown[slot] = Missed { id: hash, at: now };
        true
    }

    /// The known key to load again now, if one is due. Ask until there is none.
    pub fn poll_refresh(&mut self, now: Time) -> Option<KeyId> {
        // A clock that stepped back must not put the next load off for longer than the interval.
        self.due = self.due.min(now.plus(self.refresh));
        if now < self.due {
            return None;
        }
        let id = self.after_last()?;
        self.last = Some(id);
        let turns = i64::try_from(self.keys.len().max(1)).unwrap_or(i64::MAX);
        self.due = now.plus(Span::from_millis(self.refresh.millis() / turns));
        Some(id)
    }

    /// When [`Keyring::poll_refresh`] should be asked next.
    pub const fn poll_timeout(&self) -> Time {
        self.due
    }

    /// Takes the outcome of loading `id`.
    ///
    /// A key that is gone leaves the snapshot. A store that does not answer, or a record that does
    /// not open, changes nothing: a key that was good stays good until its own end.
    pub fn handle_loaded(&mut self, id: &KeyId, loaded: Result<Arc<Key>, KeyRecordError>) {
        match loaded {
            Ok(key) => self.keys = Arc::new(self.keys.with(key)),
            Err(KeyRecordError::Missing) => self.keys = Arc::new(self.keys.without(id)),
            Err(_) => {}
        }
    }

    fn after_last(&self) -> Option<KeyId> {
        let mut ids = self.keys.iter().map(|key| *key.id());
        let next = ids.find(|id| self.last.is_none_or(|last| *id > last));
        next.or_else(|| self.keys.iter().next().map(|key| *key.id()))
    }
}

fn hash(id: &KeyId) -> u64 {
    let digest = sha256(&[id.as_bytes()]);
    u64::from_be_bytes(*digest.first_chunk().expect("32 bytes have a first 8"))
}

/// How long an unknown id is not asked for again.
pub const COOL_DOWN: Span = Span::from_seconds(5);
/// How many loads strangers can cause at once.
pub const BURST: u32 = 20;
const EVERY_MS: u32 = 100;
const SLOTS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};
    use counterseal_core::Secret;

    const NOW: Time = Time::from_seconds(1_800_000_000);

    fn id(text: &str) -> KeyId {
        KeyId::parse(text).unwrap()
    }

    fn key(text: &str) -> Arc<Key> {
        Arc::new(Key::new(id(text), &Secret::new(vec![1; 32])).unwrap())
    }

    fn ring(ids: &[&str]) -> Keyring {
        let keys = KeySet::new(ids.iter().map(|id| key(id))).unwrap();
        Keyring::new(keys, Span::from_seconds(10), NOW)
    }

    #[test]
    fn an_unknown_id_is_asked_for_once_per_cool_down() {
        let mut ring = ring(&[]);
        assert!(ring.handle_unknown(&id("new"), NOW));
        assert!(!ring.handle_unknown(&id("new"), NOW.plus(Span::from_millis(4999))));
        assert!(ring.handle_unknown(&id("new"), NOW.plus(COOL_DOWN)));
    }

    #[test]
    fn o03_a_flood_of_ids_causes_a_bounded_number_of_loads() {
        let mut ring = ring(&["known"]);
        let loads = (0..10_000)
            .filter(|i| ring.handle_unknown(&id(&format!("k{i}")), NOW))
            .count();
        assert_eq!(loads, BURST as usize);
        let later = NOW.plus(Span::from_seconds(1));
        let more = (0..10_000)
            .filter(|i| ring.handle_unknown(&id(&format!("l{i}")), later))
            .count();
        assert_eq!(more, 10);
        assert!(!ring.handle_unknown(&id("known"), later));
    }

    #[test]
    fn a_clock_that_steps_back_blocks_no_id_for_longer_than_the_cool_down() {
        let mut ring = ring(&[]);
        assert!(ring.handle_unknown(&id("new"), NOW));
        let back = NOW.minus(Span::from_minutes(60));
        let again =
            (0..5).any(|s| ring.handle_unknown(&id("new"), back.plus(Span::from_seconds(s))));
        assert!(again);
    }

    #[test]
    fn every_known_key_is_refreshed_within_the_interval() {
        let mut ring = ring(&["a", "b", "c"]);
        let mut seen = vec![];
        for ms in (0..10_000).step_by(100) {
            seen.extend(ring.poll_refresh(NOW.plus(Span::from_millis(ms))));
        }
        assert_eq!(seen, [id("a"), id("b"), id("c")]);
    }

    #[test]
    fn a_refresh_goes_on_after_the_clock_stepped_back_an_hour() {
        let mut ring = ring(&["a"]);
        assert!(ring.poll_refresh(NOW).is_some());
        let back = NOW.minus(Span::from_minutes(60));
        let again = (0..=10).any(|s| {
            ring.poll_refresh(back.plus(Span::from_seconds(s)))
                .is_some()
        });
        assert!(again);
    }

    #[test]
    fn what_was_loaded_replaces_and_what_is_gone_leaves() {
        let mut ring = ring(&["a"]);
        ring.handle_loaded(&id("b"), Ok(key("b")));
        assert_eq!(ring.keys().len(), 2);
        ring.handle_loaded(&id("a"), Err(KeyRecordError::Unavailable));
        ring.handle_loaded(&id("a"), Err(KeyRecordError::Broken));
        assert_eq!(ring.keys().len(), 2);
        ring.handle_loaded(&id("a"), Err(KeyRecordError::Missing));
        assert!(ring.keys().find(&id("a")).is_none());
    }
}
