//! An issuer's own keys in a store: rotated, published, signed with and verified with.

use std::sync::{Arc, PoisonError, RwLock};

use counterseal::core::{
    KeyId, Op, Pending, PrivateKey, RowOp, SealKey, Secret, Seed, Signatures, Step, Time,
    Unavailable,
};
use counterseal::jwt::{
    JwksDocument, JwtSetupError, KeyRing, KeyRingRecord, KeyState, PublicJwk, RingError, RingVault,
    RotationPolicy, TokenAlgorithm,
};
use counterseal_crypto_aws_lc::AwsLc;

use crate::token_policy::seconds;
use crate::token_verify::Snapshot;
use crate::waiting::Plain;
use crate::{ArgumentFault, Problem, TokenPolicy, Verdict, Waiting, check_len, seed, time};

/// The keys of an issuer, of which this host knows what it read last. Any number of threads may share it.
#[derive(Clone)]
pub struct TokenRing(Arc<Inner>);

struct Inner {
    vault: RingVault,
    policy: RotationPolicy,
    known: RwLock<Known>,
}

/// What the host knows.
#[derive(Default)]
struct Known {
    ring: Option<Arc<KeyRing>>,
    /// How often there have been other keys.
    serial: u64,
    /// How often the store was asked, and which time of these told what is known.
    asked: u64,
    told: u64,
    /// Private keys that are not stored, each a pair.
    held: Vec<Held>,
}

/// A private key, and its thumbprint.
type Held = (KeyId, Arc<PrivateKey>);

/// The members of a ring, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct RingKeyMembers<'a> {
    /// Who issues, as its tokens say it.
    pub issuer: &'a str,
    /// What seals private keys in the store: 32 random bytes, the same on all hosts.
    pub sealing_key: &'a [u8],
    /// How long tokens live at most: 30 min, unless it is said.
    pub life_seconds: Option<i64>,
    /// How long a copy of the published keys may be kept: 5 min, unless it is said.
    pub max_age_seconds: Option<i64>,
    /// How long a host goes by what it read: 5 min, unless it is said.
    pub hosts_seconds: Option<i64>,
    /// How long a key signs at least.
    pub period_seconds: Option<i64>,
    /// How long a key is published before it signs, where all verifiers are known.
    pub lead_seconds: Option<i64>,
    /// How long after its end a token is taken, where all verifiers are known.
    pub tolerance_seconds: Option<i64>,
}

/// A new key of a ring, as the host gave it.
#[derive(Default)]
pub struct NewRingKey<'a> {
    /// `EdDSA`, `ES256` or `ES384`, for a key that is made here; none stands for `ES256`, which every library verifies.
    pub algorithm: Option<&'a str>,
    /// A private key of the host, PKCS#8 as PEM.
    pub pem: Option<&'a [u8]>,
    /// Whether the private part stays with the host.
    pub held: bool,
}

/// A key of a ring. Times are in milliseconds.
pub struct RingKeyFacts {
    /// Its id, `kid`.
    pub id: String,
    /// `announced`, `active`, `retiring` or `retired`.
    pub state: &'static str,
    /// Since when it is published.
    pub announced: i64,
    /// Since when, or from when on, it signs.
    pub active: i64,
    /// When it signs no more, if another one was announced.
    pub ends: Option<i64>,
    /// When it is published no more, if another one was announced.
    pub gone: Option<i64>,
}

/// What a route for the keys answers.
pub struct PublishedKeys(JwksDocument);

/// Reading or changing, after which the host knows what came of it.
struct Asking<P> {
    pending: P,
    ring: TokenRing,
    /// What was announced and is not stored.
    held: Option<Held>,
    turn: u64,
}

/// The host knows what is stored.
pub(crate) struct Refreshed;

impl TokenRing {
    /// A ring of these members.
    ///
    /// # Errors
    ///
    /// `jwt_setup_text`, `jwt_ring_setup_window`, or the code of an argument that cannot be.
    pub fn new(members: &RingKeyMembers<'_>) -> Result<Self, Problem> {
        check_len("sealing_key", members.sealing_key.len(), 32, 32)?;
        let sealer = SealKey::new(&Secret::new(members.sealing_key.into()))?;
        let vault = RingVault::new(members.issuer, Arc::new(sealer), Arc::new(AwsLc))?;
        Ok(TokenRing(Arc::new(Inner {
            vault,
            policy: members.policy()?,
            known: RwLock::default(),
        })))
    }

    /// Who issues.
    pub fn issuer(&self) -> &str {
        self.0.vault.issuer()
    }

    /// Signs with this private key too, PKCS#8 as PEM, of which the store has the public part only: from the next reading on. The last 64 are
    /// held.
    ///
    /// # Errors
    ///
    /// Why the key cannot be used.
    pub fn hold(&self, pem: &[u8]) -> Result<(), Problem> {
        let held = held(PrivateKey::from_pem(&Secret::new(pem.into()))?)?;
        self.change(|known| known.hold(held));
        Ok(())
    }

    /// Reads the keys; ends in [`Verdict::Done`], and the host knows them.
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn load(&self, now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        Ok(self.waiting(self.0.vault.load(now), None, now))
    }

    /// Announces a key; ends in [`Verdict::Done`]. It is a new one of `algorithm`, or that of `pem`. A `held` one is not stored: each host
    /// that signs has it. `random` is 64 bytes for a new key, and 12 for its seal.
    ///
    /// # Errors
    ///
    /// Why the key cannot be used, or the code of an argument that cannot be.
    pub fn rotate(
        &self,
        new: &NewRingKey<'_>,
        random: &[u8],
        now: i64,
    ) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let (key, seed) = new.made(random)?;
        let (vault, policy) = (&self.0.vault, self.0.policy);
        if !new.held {
            let step = vault.announce(&key, policy, &seed, now)?;
            return Ok(self.waiting(step, None, now));
        }
        let jwk = public_jwk(&key)?;
        let step = vault.announce_public(jwk.algorithm(), jwk.key(), policy, &seed, now)?;
        Ok(self.waiting(step, Some((*jwk.id(), Arc::new(key))), now))
    }

    /// Announces a new key of `ES256` if there is none, with random bytes as [`TokenRing::rotate`] has them, and reads the keys otherwise; ends in
    /// [`Verdict::Done`].
    ///
    /// # Errors
    ///
    /// The code of an argument that cannot be.
    pub fn ensure(&self, random: &[u8], now: i64) -> Result<Waiting, Problem> {
        let now = time("now", now)?;
        let (key, seed) = NewRingKey::default().made(random)?;
        let step = self.0.vault.ensure(&key, self.0.policy, &seed, now)?;
        Ok(self.waiting(step, None, now))
    }

    /// Revokes a key at once and for good; ends in [`Verdict::Done`].
    ///
    /// # Errors
    ///
    /// An id or an instant that cannot be.
    pub fn revoke(&self, id: &str, now: i64) -> Result<Waiting, Problem> {
        let (id, now) = (KeyId::parse(id)?, time("now", now)?);
        Ok(self.waiting(self.0.vault.revoke(id, now), None, now))
    }

    /// What a route for the keys answers at `now`.
    ///
    /// # Errors
    ///
    /// `jwt_ring_stale`; `jwt_ring_empty` before anything was read.
    pub fn published(&self, now: i64) -> Result<PublishedKeys, Problem> {
        let now = time("now", now)?;
        Ok(PublishedKeys(self.ring()?.document(now)?))
    }

    /// Its keys, in the order in which they sign; none before they were read.
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn keys(&self, now: i64) -> Result<Vec<RingKeyFacts>, Problem> {
        let now = time("now", now)?;
        let Ok(ring) = self.ring() else {
            return Ok(Vec::new());
        };
        let facts = ring.facts(now).map(|facts| RingKeyFacts {
            id: facts.id.as_str().into(),
            state: state_name(facts.state),
            announced: facts.announced.millis(),
            active: facts.active.millis(),
            ends: facts.ends.map(Time::millis),
            gone: facts.gone.map(Time::millis),
        });
        Ok(facts.collect())
    }

    /// How long to wait before the next reading, in milliseconds: a second where no key signs, or nothing was read.
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn pause(&self, now: i64) -> Result<i64, Problem> {
        let now = time("now", now)?;
        let pause = self.ring().map(|ring| ring.pause(now).millis());
        Ok(pause.unwrap_or(1_000))
    }

    /// Refuses a policy of another issuer.
    pub(crate) fn check_issuer(&self, policy: &TokenPolicy) -> Result<(), Problem> {
        if policy.issuer() != self.issuer() {
            let (name, wanted) = ("policy", "one whose issuer is the ring's");
            return Err(ArgumentFault::Choice { name, wanted }.into());
        }
        Ok(())
    }

    /// The ids of its keys.
    pub(crate) fn ids(&self) -> Vec<String> {
        let ring = self.ring().ok();
        let facts = ring.iter().flat_map(|ring| ring.facts(Time::EPOCH));
        facts.map(|facts| facts.id.as_str().into()).collect()
    }

    /// The keys that verify, with a number that is another one when they are others: of one ring, keys only leave.
    pub(crate) fn snapshot(&self, now: Time) -> Result<Snapshot, Problem> {
        let (ring, serial) = self.known(|known| (known.ring.clone(), known.serial));
        let ring = ring.ok_or(RingError::Empty)?;
        let keys = Arc::clone(ring.keys(now)?);
        let count = keys.iter().count() as u64;
        let generation = serial << 8 | count;
        Ok(Snapshot { keys, generation })
    }

    /// What the host knows.
    pub(crate) fn ring(&self) -> Result<Arc<KeyRing>, RingError> {
        self.known(|known| known.ring.clone())
            .ok_or(RingError::Empty)
    }

    fn known<T>(&self, read: impl FnOnce(&Known) -> T) -> T {
        read(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.0.known.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn waiting<P>(&self, step: Step<P>, held: Option<Held>, now: Time) -> Waiting
    where
        P: Pending<Op = RowOp<KeyRingRecord>, Outcome = Result<KeyRing, RingError>>
            + Send
            + 'static,
    {
        let turn = self.change(|known| {
            known.asked += 1;
            known.asked
        });
        let step = match step {
            Step::Need(pending) => Step::Need(Asking {
                pending,
                ring: self.clone(),
                held,
                turn,
            }),
            Step::Done(outcome) => Step::Done(self.learn(outcome, held, turn)),
        };
        Waiting::new::<Asking<P>>(step, now)
    }

    /// Goes by what was read or written, with the private keys that this host holds.
    fn learn(
        &self,
        outcome: Result<KeyRing, RingError>,
        held: Option<Held>,
        turn: u64,
    ) -> Result<Refreshed, RingError> {
        let mut ring = outcome?;
        if let Some(held) = held {
            self.change(|known| known.hold(held));
        }
        for (_, key) in self.known(|known| known.held.clone()) {
            // One that the ring does not have may be announced later.
            let _ = ring.hold(&key);
        }
        self.change(|known| known.learn(ring, turn));
        Ok(Refreshed)
    }
}

impl Known {
    fn hold(&mut self, held: Held) {
        self.held.retain(|(id, _)| *id != held.0);
        self.held.push(held);
        let surplus = self.held.len().saturating_sub(MOST_HELD);
        self.held.drain(..surplus);
    }

    /// Goes by this ring, unless something is known that may be newer: of what was asked for before the last answer, only a higher
    /// version is. A store that lost writes may have a lower one, or the same one for other keys.
    fn learn(&mut self, ring: KeyRing, turn: u64) {
        let known = self.ring.as_deref();
        if turn <= self.told && known.is_some_and(|known| ring.version() <= known.version()) {
            return;
        }
        self.serial += u64::from(!known.is_some_and(|known| has_same_keys(known, &ring)));
        self.told = self.asked;
        self.ring = Some(Arc::new(ring));
    }
}

fn has_same_keys(one: &KeyRing, other: &KeyRing) -> bool {
    one.version() == other.version() && one.facts(Time::EPOCH).eq(other.facts(Time::EPOCH))
}

impl RingKeyMembers<'_> {
    fn policy(&self) -> Result<RotationPolicy, Problem> {
        let of = |name, value: Option<i64>, usual| seconds(name, value.unwrap_or(usual));
        let life = of("life_seconds", self.life_seconds, 30 * 60)?;
        let max_age = of("max_age_seconds", self.max_age_seconds, 5 * 60)?;
        let mut policy = RotationPolicy::new(life, max_age)?;
        if let Some(hosts) = self.hosts_seconds {
            policy = policy.with_hosts(seconds("hosts_seconds", hosts)?)?;
        }
        if let Some(period) = self.period_seconds {
            policy = policy.with_period(seconds("period_seconds", period)?)?;
        }
        if self.lead_seconds.is_none() && self.tolerance_seconds.is_none() {
            return Ok(policy);
        }
        let usual = policy.lead().seconds();
        let lead = of("lead_seconds", self.lead_seconds, usual)?;
        let tolerance = of("tolerance_seconds", self.tolerance_seconds, 3 * 60)?;
        Ok(policy.with_lead(lead, tolerance)?)
    }
}

impl NewRingKey<'_> {
    /// The key, and the seed of its seal: 64 random bytes for the one, 12 for the other.
    fn made(&self, random: &[u8]) -> Result<(PrivateKey, Seed<12>), Problem> {
        check_len("seed", random.len(), 76, 76)?;
        let (for_key, for_seal) = random.split_at(64);
        let key = self.private(&seed("seed", for_key)?)?;
        Ok((key, seed("seed", for_seal)?))
    }

    fn private(&self, seed: &Seed<64>) -> Result<PrivateKey, Problem> {
        if let Some(pem) = self.pem {
            return Ok(PrivateKey::from_pem(&Secret::new(pem.into()))?);
        }
        if self.held {
            let (name, wanted) = ("pem", "private key, since this host keeps it");
            return Err(ArgumentFault::Type { name, wanted }.into());
        }
        match TokenAlgorithm::parse(self.algorithm.unwrap_or("ES256"))? {
            TokenAlgorithm::Signature(algorithm) => Ok(AwsLc.generate(algorithm, seed)?),
            _ => Err(JwtSetupError::Algorithm.into()),
        }
    }
}

impl PublishedKeys {
    /// The JSON text.
    pub fn body(&self) -> &str {
        self.0.body()
    }

    /// Its media type.
    pub const fn content_type(&self) -> &'static str {
        self.0.content_type()
    }

    /// The strong entity tag, with its quotes.
    pub fn etag(&self) -> &str {
        self.0.etag()
    }

    /// The field `cache-control`.
    pub fn cache_control(&self) -> &str {
        self.0.cache_control()
    }

    /// Whether the client has it already, by the values of its fields `if-none-match`; one that is no text is as good as none.
    pub fn is_known<'a>(&self, if_none_match: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let lines = if_none_match.into_iter();
        self.0
            .is_known(lines.filter_map(|line| std::str::from_utf8(line).ok()))
    }
}

impl<P> Pending for Asking<P>
where
    P: Pending<Op = RowOp<KeyRingRecord>, Outcome = Result<KeyRing, RingError>>,
{
    type Op = RowOp<KeyRingRecord>;
    type Outcome = Result<Refreshed, RingError>;

    fn op(&self) -> Self::Op {
        self.pending.op()
    }

    fn finish(self, reply: Result<<Self::Op as Op>::Reply, Unavailable>) -> Step<Self> {
        let Asking {
            pending,
            ring,
            held,
            turn,
        } = self;
        match pending.finish(reply) {
            Step::Need(pending) => Step::Need(Asking {
                pending,
                ring,
                held,
                turn,
            }),
            Step::Done(outcome) => Step::Done(ring.learn(outcome, held, turn)),
        }
    }
}

impl Plain for Result<Refreshed, RingError> {
    fn plain(self, _: Time) -> Result<Verdict, Problem> {
        self?;
        Ok(Verdict::Done)
    }
}

/// How many private keys a host holds that are not stored.
const MOST_HELD: usize = 64;

fn held(key: PrivateKey) -> Result<Held, Problem> {
    let jwk = public_jwk(&key)?;
    Ok((*jwk.id(), Arc::new(key)))
}

/// The public half, if the halves are a pair.
fn public_jwk(key: &PrivateKey) -> Result<PublicJwk, Problem> {
    let sign = AwsLc.sign_key(key.algorithm(), key)?;
    Ok(PublicJwk::new(key.algorithm(), sign.public_key())?)
}

const fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Announced => "announced",
        KeyState::Active => "active",
        KeyState::Retiring => "retiring",
        KeyState::Retired => "retired",
    }
}
