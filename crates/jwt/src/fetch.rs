//! Fetching keys: a machine that says what to fetch and when, and that takes what came of it.

mod answer;
mod error;
mod issuers;
mod kids;
mod pace;
mod policy;
mod url;

pub use answer::{FetchResponse, KeySnapshot};
pub use error::{FetchCause, FetchError, FetchSetupError};
pub use issuers::{Claimed, TrustedIssuers, claimed_issuer, claimed_kid};
pub use policy::FetchPolicy;

use alloc::sync::Arc;

use counterseal_core::{Seed, Signatures, Span, Time};

use answer::KeySet;
use kids::{Absent, KidHash};
use pace::{Forward, Jitter};

/// Keeps the keys of one issuer fresh. It connects to nothing itself: its host runs what [`KeyFetcher::poll_output`] orders, calls
/// [`KeyFetcher::handle_timeout`] at the time of [`KeyFetcher::poll_timeout`], and hands over what came of it.
///
/// ```
/// use counterseal_core::{Refusal, Seed, Time};
/// use counterseal_jwt::{FetchCause, FetchPolicy, KeyFetcher, Wanted};
/// # let now = Time::from_seconds(1_800_000_000);
/// let policy = FetchPolicy::new("https://iss.example", "https://iss.example/.well-known/jwks.json")?;
/// let mut fetcher = KeyFetcher::new(policy, &Seed::new([7; 8]), now);
///
/// fetcher.handle_timeout(now);
/// let order = fetcher.poll_output().expect("the first fetch is due at once");
/// // GET order.url, without following redirects, within order.timeout, and up to order.max_bytes.
/// let failed = fetcher.handle_failure(order.id, FetchCause::Connection, now);
/// assert_eq!(failed.code().name, "jwt_fetch_connection");
/// assert_eq!(fetcher.keys(now).unwrap_err().code().name, "jwt_keys_unavailable");
///
/// // A token that names an unknown key has them fetched too, but not again and again.
/// assert_eq!(fetcher.handle_wanted("k1", now), Wanted::Fetching);
/// # Ok::<(), counterseal_jwt::FetchSetupError>(())
/// ```
///
/// - There is one order at a time. An answer after twice its time still counts, if there is no newer set.
/// - A set replaces the one before, whole; whatever fails keeps it, until it is older than the hard limit.
/// - Memory is constant: two orders, one set, and 128 ids that were not there.
///
/// Any `now` may be handed in. Ages and pauses are counted on the machine's own clock, which goes forward by what `now` does and stands
/// while that goes back; so a clock that is set back makes no key younger. It lengthens nothing but what passes unseen between two calls.
///
/// What it does not protect: whoever can answer for the pinned host with a certificate for it says which keys there are.
pub struct KeyFetcher {
    policy: FetchPolicy,
    clock: Forward,
    jitter: Jitter,
    /// The last id that was given out.
    last: u64,
    flight: Option<Flight>,
    /// Whether the host has not taken the order yet.
    is_waiting: bool,
    /// An order that was given up, whose answer may come yet.
    late: Option<Flight>,
    set: Option<Current>,
    generation: u64,
    absent: Absent,
    /// When an unknown id may order again.
    open_at: Time,
    refresh_at: Time,
    failures: u32,
    error: Option<FetchError>,
}

/// Which order, of one fetcher; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(u64);

/// A GET that the host is to do.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchOrder {
    /// To hand back with the answer.
    pub id: FetchId,
    /// Where to; the pinned URL. Redirects are not followed.
    pub url: Arc<str>,
    /// How long all of it may take, from the name to the last byte.
    pub timeout: Span,
    /// How many bytes of a body are read, after any decoding.
    pub max_bytes: usize,
    /// What it is for.
    pub why: Why,
}

/// What a fetch is for, or a time is the time of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A token named an id that is unknown.
    Kid,
    /// An order has had no answer in twice its time, and is given up.
    Overdue,
    /// The set is to be fetched, for the first time or anew.
    Refresh,
}

/// What becomes of an unknown id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It was not in a fresh set, or is no id. The token stays refused.
    Absent,
    /// A set is being fetched; it may be in there.
    Fetching,
    /// It is in the set by now.
    Known,
    /// Nothing is fetched for it before this time.
    Later(Time),
}

/// What an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// Nothing: there is a newer set, or the order was answered before.
    Ignored,
    /// There is a new set.
    New,
    /// The set is the same, and fresh.
    Same,
}

#[derive(Clone, Copy)]
struct Flight {
    id: FetchId,
    asked: Time,
    kid: Option<KidHash>,
}

struct Current {
    set: KeySet,
    from: FetchId,
    /// The age of a set counts from its order: what an answer says is no newer.
    asked: Time,
}

impl KeyFetcher {
    /// Construction. The first fetch is due at once; `seed` spreads the later ones, and is another one in each process.
    pub fn new(policy: FetchPolicy, seed: &Seed<8>, now: Time) -> Self {
        KeyFetcher {
            policy,
            clock: Forward::new(now),
            jitter: Jitter::new(seed),
            last: 0,
            flight: None,
            is_waiting: false,
            late: None,
            set: None,
            generation: 0,
            absent: Absent::default(),
            open_at: Time::EPOCH,
            refresh_at: Time::EPOCH,
            failures: 0,
            error: None,
        }
    }

    /// Event: a token that is otherwise in form named this `kid`, and no key has it. See [`claimed_kid`](crate::claimed_kid).
    pub fn handle_wanted(&mut self, kid: &str, now: Time) -> Wanted {
        let own = self.clock.go(now);
        //= docs/spec/issuers.md#I-4
        let Some(hash) = KidHash::of(kid) else {
            return Wanted::Absent;
        };
        if self
            .set
            .as_ref()
            .is_some_and(|current| current.set.keys.find(kid).is_some())
        {
            return Wanted::Known;
        }
        if self.absent.has(hash, own) {
            return Wanted::Absent;
        }
        if self.flight.is_some() {
            return Wanted::Fetching;
        }
        if own < self.open_at {
            return Wanted::Later(self.clock.outside(self.open_at));
        }
        // The pause begins when the order ends, and nothing is ordered before that.
        self.order(own, Some(hash));
        Wanted::Fetching
    }

    /// Event: time has passed. To be called at the time of [`KeyFetcher::poll_timeout`]; calls at other times do no harm.
    pub fn handle_timeout(&mut self, now: Time) {
        let own = self.clock.go(now);
        if let Some(flight) = self.flight {
            if own < self.given_up_at(flight) {
                return;
            }
            self.late = self.flight.take();
            self.failed(flight, FetchError::Timeout, own);
        }
        if own >= self.refresh_at {
            self.order(own, None);
        }
    }

    /// Event: an order was answered, whatever the answer is.
    ///
    /// # Errors
    ///
    /// Why it is no set of keys. The one before is kept.
    pub fn handle_response(
        &mut self,
        id: FetchId,
        response: &FetchResponse<'_>,
        library: &dyn Signatures,
        now: Time,
    ) -> Result<Fetched, FetchError> {
        let own = self.clock.go(now);
        let Some((flight, is_late)) = self.land(id) else {
            return Ok(Fetched::Ignored);
        };
        let read = response.read(&self.policy.url, library);
        match read {
            Ok(set) => Ok(self.succeeded(flight, set, response.max_age, own)),
            Err(error) if is_late => Err(error),
            Err(error) => Err(self.failed(flight, error, own)),
        }
    }

    /// Event: an order has no answer. Answers with the error that is the last one now.
    pub fn handle_failure(&mut self, id: FetchId, cause: FetchCause, now: Time) -> FetchError {
        let own = self.clock.go(now);
        match self.land(id) {
            Some((flight, false)) => self.failed(flight, cause.into(), own),
            _ => cause.into(),
        }
    }

    /// Output: what to fetch, each order once. To be called after every event.
    pub fn poll_output(&mut self) -> Option<FetchOrder> {
        //= docs/spec/issuers.md#I-2
        let flight = self.flight.filter(|_| self.is_waiting)?;
        self.is_waiting = false;
        Some(FetchOrder {
            id: flight.id,
            url: self.policy.url.clone(),
            timeout: self.policy.timeout,
            max_bytes: FetchResponse::MOST,
            why: flight.kid.map_or(Why::Refresh, |_| Why::Kid),
        })
    }

    /// Output: when to call [`KeyFetcher::handle_timeout`] next, on the clock of the last event, and what for.
    pub fn poll_timeout(&self) -> Option<(Time, Why)> {
        let (at, why) = match self.flight {
            Some(flight) => (self.given_up_at(flight), Why::Overdue),
            None => (self.refresh_at, Why::Refresh),
        };
        Some((self.clock.outside(at), why))
    }

    /// Output: the keys to verify with now.
    ///
    /// # Errors
    ///
    /// [`FetchError::Unavailable`] before the first set, [`FetchError::Stale`] at the hard limit and after it.
    pub fn keys(&self, now: Time) -> Result<KeySnapshot, FetchError> {
        let current = self.set.as_ref().ok_or(FetchError::Unavailable)?;
        let age = self.clock.at(now).since(current.asked);
        if age >= self.policy.hard {
            return Err(FetchError::Stale { age });
        }
        let keys = current.set.keys.clone();
        let fetched = now.minus(age);
        Ok(KeySnapshot::new(
            keys,
            self.generation,
            fetched,
            fetched.plus(self.policy.hard),
        ))
    }

    /// How many different sets there have been; 0 before the first. What was kept for an older one is void.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Why the last fetch failed, if it did.
    pub const fn last_error(&self) -> Option<&FetchError> {
        self.error.as_ref()
    }

    /// Its policy.
    pub const fn policy(&self) -> &FetchPolicy {
        &self.policy
    }

    fn order(&mut self, asked: Time, kid: Option<KidHash>) {
        self.last += 1;
        let id = FetchId(self.last);
        self.flight = Some(Flight { id, asked, kid });
        self.is_waiting = true;
    }

    /// The order of this id, which is answered with this, and whether it was given up.
    fn land(&mut self, id: FetchId) -> Option<(Flight, bool)> {
        //= docs/spec/issuers.md#I-8
        let is = |flight: &mut Flight| flight.id == id;
        let flight = self.flight.take_if(is).map(|flight| (flight, false));
        flight.or_else(|| self.late.take_if(is).map(|flight| (flight, true)))
    }

    fn given_up_at(&self, flight: Flight) -> Time {
        flight.asked.plus(self.policy.timeout.times(2))
    }

    fn succeeded(
        &mut self,
        flight: Flight,
        set: KeySet,
        max_age: Option<Span>,
        own: Time,
    ) -> Fetched {
        self.cool_down(flight, own);
        if self
            .set
            .as_ref()
            .is_some_and(|current| current.from > flight.id)
        {
            return Fetched::Ignored;
        }
        self.failures = 0;
        self.error = None;
        self.refresh_at = flight
            .asked
            .plus(self.refresh_after(max_age))
            .max(own.plus(self.policy.cool));
        let fetched = self.replace(flight, set);
        //= docs/spec/issuers.md#I-5
        if let Some(kid) = flight.kid {
            self.absent.add(kid, own.plus(self.policy.negative), own);
        }
        fetched
    }

    fn replace(&mut self, flight: Flight, set: KeySet) -> Fetched {
        //= docs/spec/issuers.md#I-6
        let (from, asked) = (flight.id, flight.asked);
        match &mut self.set {
            Some(current) if current.set.digest == set.digest => {
                (current.from, current.asked) = (from, asked);
                Fetched::Same
            }
            place => {
                *place = Some(Current { set, from, asked });
                self.generation += 1;
                self.absent = Absent::default();
                Fetched::New
            }
        }
    }

    /// What the issuer says may shorten the time until a refresh, and never lengthens it.
    fn refresh_after(&mut self, max_age: Option<Span>) -> Span {
        //= docs/spec/issuers.md#I-7
        let soft = self.policy.soft;
        let said = max_age.map_or(soft, |said| said.clamp(LEAST_AGE, soft));
        self.jitter.earlier(said)
    }

    fn failed(&mut self, flight: Flight, error: FetchError, own: Time) -> FetchError {
        self.cool_down(flight, own);
        let pause = self.policy.cool.times(1 << self.failures.min(MOST_DOUBLED));
        let pause = self
            .jitter
            .later(pause.min(self.policy.soft.max(self.policy.cool)));
        self.failures = self.failures.saturating_add(1);
        self.refresh_at = self.refresh_at.max(own.plus(pause));
        self.error = Some(error);
        error
    }

    /// An unknown id has had its fetch, whatever came of it.
    fn cool_down(&mut self, flight: Flight, own: Time) {
        if flight.kid.is_some() {
            self.open_at = self.open_at.max(own.plus(self.policy.cool));
        }
    }
}

/// An issuer may ask for a refresh as often as this.
const LEAST_AGE: Span = Span::from_seconds(60);
/// How often the pause after failures is doubled.
const MOST_DOUBLED: u32 = 4;
