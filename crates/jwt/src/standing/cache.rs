//! What was found a moment ago, so that a hot path need not ask the store for each request.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use counterseal_core::{Span, Step, Time};

use crate::standing::{Genuine, LiveToken, PendingStanding, StandingPolicy, Ticket};
use crate::{JwtSetupError, VerifiedToken};

/// Tokens that were found to stand, for at most 60 s each.
///
/// **What it costs**: a change by another process is seen up to `max_age` later. Changes by this process are seen at once, if
/// it calls [`Self::forget_subject`] and its twins after each, also after one that failed. A change whose answer was lost may
/// come about later still, and counts as one by another process.
///
/// Only a load that ended well fills it: a refusal is never kept. It belongs to one policy, has a fixed number of places, and
/// is no more than a map: hosts with threads put it behind a lock, or several behind several, chosen by a hash of the subject.
/// A cache for each thread would miss what other threads forget.
///
/// Time is counted from before the load, on the latest clock that was seen; a clock that goes back by more than a second
/// empties it.
pub struct StandingCache {
    policy: StandingPolicy,
    max_age: Span,
    sets: Vec<Set>,
    turn: usize,
    latest: Time,
    /// Another one after each change: what was asked in an earlier state does not come in.
    state: Arc<()>,
}

type Set = [Option<Entry>; WAYS];

struct Entry {
    hash: u64,
    subject: Box<str>,
    id: Option<Box<str>>,
    access_key: Option<Box<str>>,
    user_ver: Option<i64>,
    loaded: Time,
}

impl StandingCache {
    /// A cache of at most `places` tokens (rounded up to a power of two, 4 to 65536) that trusts what it found for `max_age`:
    /// at most 60 s; 0 asks the store each time. A token takes about 100 bytes and the length of its three ids.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Window`] when the age is negative or more than 60 s, or there are no places or too many.
    pub fn new(
        policy: StandingPolicy,
        max_age: Span,
        places: usize,
    ) -> Result<Self, JwtSetupError> {
        if !(0..=MAX_AGE.millis()).contains(&max_age.millis()) {
            return Err(JwtSetupError::Window { name: "max_age" });
        }
        if !(1..=MAX_PLACES).contains(&places) {
            return Err(JwtSetupError::Window { name: "places" });
        }
        let sets = places.div_ceil(WAYS).next_power_of_two();
        Ok(StandingCache {
            policy,
            max_age,
            sets: (0..sets).map(|_| Set::default()).collect(),
            turn: 0,
            latest: Time::EPOCH,
            state: Arc::new(()),
        })
    }

    /// Begins to ask about a token, and is done when it was found to stand a moment ago.
    pub fn begin<'t>(
        &mut self,
        token: impl Into<Genuine<'t>>,
        now: Time,
    ) -> Step<PendingStanding<'t>> {
        //= docs/spec/access.md#A-11
        let token = token.into();
        self.see(now);
        if self.has(token.token()) {
            let ticket = None;
            return Step::Done(Ok(LiveToken { token, ticket }));
        }
        let ticket = Ticket {
            state: self.state.clone(),
            began: self.latest,
        };
        Step::Need(self.policy.pending(token, Some(ticket)))
    }

    /// Keeps what a load found that [`Self::begin`] began. What was begun before something was forgotten, or by another cache,
    /// does not come in.
    pub fn keep(&mut self, live: &LiveToken<'_>, now: Time) {
        self.see(now);
        let Some(ticket) = &live.ticket else { return };
        if !Arc::ptr_eq(&ticket.state, &self.state) || !self.is_young(ticket.began) {
            return;
        }
        let entry = Entry::new(live.token(), ticket.began);
        let set = self.set(entry.hash);
        let own = |place: &Option<Entry>| {
            place
                .as_ref()
                .is_none_or(|old| old.is(live.token(), entry.hash))
        };
        let set = &mut self.sets[set];
        let at = set.iter().position(own).unwrap_or(self.turn % WAYS);
        set[at] = Some(entry);
        self.turn = self.turn.wrapping_add(1);
    }

    /// Forgets the tokens of a subject: after its version was raised, or it was disabled.
    pub fn forget_subject(&mut self, subject: &str) {
        self.forget(|entry| &*entry.subject == subject);
    }

    /// Forgets a token: after it was denied.
    pub fn forget_token(&mut self, jti: &str) {
        self.forget(|entry| entry.id.as_deref() == Some(jti));
    }

    /// Forgets the tokens of sessions that this key opened: after it was disabled.
    pub fn forget_access_key(&mut self, akid: &str) {
        self.forget(|entry| entry.access_key.as_deref() == Some(akid));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.forget(|_| true);
    }

    fn forget(&mut self, is_over: impl Fn(&Entry) -> bool) {
        self.state = Arc::new(());
        for place in self.sets.iter_mut().flatten() {
            if place.as_ref().is_some_and(&is_over) {
                *place = None;
            }
        }
    }

    /// Ages are counted on the latest clock. Threads read theirs in any order, which is no step back.
    fn see(&mut self, now: Time) {
        if now.plus(JITTER) < self.latest {
            self.clear();
            self.latest = now;
        }
        self.latest = self.latest.max(now);
    }

    fn has(&self, token: &VerifiedToken<'_>) -> bool {
        let hash = hash(token);
        let set = &self.sets[self.set(hash)];
        let is_good = |entry: &Entry| entry.is(token, hash) && self.is_young(entry.loaded);
        set.iter().flatten().any(is_good)
    }

    fn is_young(&self, loaded: Time) -> bool {
        loaded <= self.latest && self.latest.since(loaded) < self.max_age
    }

    #[allow(clippy::cast_possible_truncation)] // the upper bits are as good as the lower ones
    const fn set(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.sets.len() - 1)
    }
}

impl Entry {
    fn new(token: &VerifiedToken<'_>, loaded: Time) -> Self {
        Entry {
            hash: hash(token),
            subject: token.subject().into(),
            id: token.id().map(Into::into),
            access_key: token.access_key().map(Into::into),
            user_ver: token.user_ver(),
            loaded,
        }
    }

    /// The hash only chooses: every text is compared.
    fn is(&self, token: &VerifiedToken<'_>, hash: u64) -> bool {
        self.hash == hash
            && self.user_ver == token.user_ver()
            && *self.subject == *token.subject()
            && self.id.as_deref() == token.id()
            && self.access_key.as_deref() == token.access_key()
    }
}

/// Texts are from genuine tokens, and a set that is hit too often only costs loads, so a quick hash will do.
fn hash(token: &VerifiedToken<'_>) -> u64 {
    let texts = [
        token.subject(),
        token.id().unwrap_or(""),
        token.access_key().unwrap_or(""),
    ];
    texts
        .into_iter()
        .fold(SEED, |hash, text| mix(hash, text.as_bytes()))
}

fn mix(mut hash: u64, text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(hash ^ u64::from_le_bytes(last) ^ ((text.len() as u64) << 56))
}

/// The two halves of a product, so that every bit goes into every other.
#[allow(clippy::cast_possible_truncation)]
const fn fold(word: u64) -> u64 {
    let product = (word ^ SEED) as u128 * ODD as u128;
    (product >> 64) as u64 ^ product as u64
}

const WAYS: usize = 4;
const MAX_PLACES: usize = 65_536;
const MAX_AGE: Span = Span::from_seconds(60);
const JITTER: Span = Span::from_seconds(1);
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const ODD: u64 = 0xd6e8_feb8_6659_fd93;
