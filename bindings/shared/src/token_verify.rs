//! Verifying tokens, with host-made parts.

use std::cell::RefCell;
use std::sync::{Arc, PoisonError, RwLock};

use counterseal::core::{Span, Time};
use counterseal::jwt;

use crate::{
    ArgumentFault, Family, MAX_TIME, Problem, TokenKeys, TokenPolicy, TokenRing, check_len, codes,
    time,
};

/// Verifies tokens of one policy, against keys that may be replaced, or against those of a ring. Any number of threads may share it.
pub struct TokenVerifier {
    inner: jwt::TokenVerifier,
    keys: Known,
}

enum Known {
    Keys(RwLock<Snapshot>),
    Ring(TokenRing),
}

/// Keys, and how often there have been others.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) keys: Arc<jwt::TokenKeys>,
    pub(crate) generation: u64,
}

/// The key that a token is bound to, and that the peer has shown to hold.
#[derive(Clone, Copy)]
pub struct Binding(pub(crate) jwt::Binding);

/// A token that is genuine, for this audience, and in time.
#[derive(Clone)]
pub struct VerifiedToken {
    proof: Arc<jwt::VerifiedToken<'static>>,
    generation: u64,
}

/// What a proof says, for hosts that keep it as a text.
pub struct TokenFacts<'t> {
    /// The key that signed it.
    pub key_id: &'t str,
    /// Whom it is about.
    pub subject: &'t str,
    /// Its own id.
    pub id: Option<&'t str>,
    /// The session that it belongs to.
    pub session: Option<&'t str>,
    /// The registered key with which its session was opened.
    pub access_key: Option<&'t str>,
    /// The version of its subject when it was issued.
    pub user_ver: Option<i64>,
    /// The generation of its session when it was issued.
    pub generation: Option<i64>,
    /// When it was issued, in milliseconds.
    pub issued: i64,
    /// From when on it is valid, in milliseconds, without leeway.
    pub begins: i64,
    /// When it is over, in milliseconds, without leeway.
    pub expires: i64,
    /// What it is bound to, if anything.
    pub bound_by: Option<&'static str>,
    /// All claims, a JSON object.
    pub payload: &'t str,
    /// From when on it holds by the clock of this verifier.
    pub holds_from: i64,
    /// Before when.
    pub holds_until: i64,
}

thread_local! {
    /// Where proofs stand that nobody keeps.
    static SPACE: RefCell<jwt::TokenSpace> = RefCell::new(jwt::TokenSpace::new());
}

impl TokenVerifier {
    /// A verifier of this policy with these keys.
    pub fn new(policy: &TokenPolicy, keys: &TokenKeys) -> Self {
        let snapshot = Snapshot {
            keys: Arc::clone(&keys.0),
            generation: 0,
        };
        TokenVerifier {
            inner: jwt::TokenVerifier::new(policy.0.clone()),
            keys: Known::Keys(RwLock::new(snapshot)),
        }
    }

    /// A verifier of this policy with the keys of a ring of its issuer, whichever are published.
    ///
    /// # Errors
    ///
    /// A policy of another issuer.
    pub fn of_ring(policy: &TokenPolicy, ring: &TokenRing) -> Result<Self, Problem> {
        ring.check_issuer(policy)?;
        Ok(TokenVerifier {
            inner: jwt::TokenVerifier::new(policy.0.clone()),
            keys: Known::Ring(ring.clone()),
        })
    }

    /// The proof that `token` is genuine at `now` (milliseconds), and bound to this key where there is one.
    ///
    /// # Errors
    ///
    /// A `jwt_..` code; `jwt_ring_stale` where the keys of a ring are too old.
    pub fn verify(
        &self,
        token: &str,
        binding: Option<&Binding>,
        now: i64,
    ) -> Result<VerifiedToken, Problem> {
        let now = time("now", now)?;
        let Snapshot { keys, generation } = self.snapshot(now)?;
        let verified = match binding {
            Some(binding) => self.inner.verify_bound(token, &binding.0, &keys, now),
            None => self.inner.verify(token, &keys, now),
        };
        let proof = Arc::new(verified.map_err(|error| Problem::untrusted(&error, now))?);
        Ok(VerifiedToken { proof, generation })
    }

    /// What `tell` makes of such a proof, which stands in memory that is used again: it costs no allocation.
    ///
    /// # Errors
    ///
    /// As [`TokenVerifier::verify`].
    pub fn told<T>(
        &self,
        token: &str,
        binding: Option<&Binding>,
        now: i64,
        tell: impl FnOnce(&TokenFacts<'_>) -> T,
    ) -> Result<T, Problem> {
        let now = time("now", now)?;
        let keys = self.snapshot(now)?.keys;
        let binding = binding.map(|binding| &binding.0);
        SPACE.with_borrow_mut(|space| {
            let verified = self.inner.verify_in(space, token, binding, &keys, now);
            let verified = verified.map_err(|error| Problem::untrusted(&error, now))?;
            Ok(tell(&TokenFacts::of(
                &verified,
                self.inner.policy().leeway(),
            )))
        })
    }

    /// What a proof of this verifier says.
    pub fn facts<'t>(&self, verified: &'t VerifiedToken) -> TokenFacts<'t> {
        TokenFacts::of(&verified.proof, self.inner.policy().leeway())
    }

    /// What [`TokenVerifier::verify`] makes of `token`, check by check, for the log of whoever runs it.
    ///
    /// # Errors
    ///
    /// A clock that cannot be; `jwt_ring_stale` where the keys of a ring are too old.
    pub fn explain(
        &self,
        token: &str,
        binding: Option<&Binding>,
        now: i64,
    ) -> Result<String, Problem> {
        let now = time("now", now)?;
        let keys = self.snapshot(now)?.keys;
        let binding = binding.map(|binding| &binding.0);
        Ok(self.inner.explain(token, binding, &keys, now).to_string())
    }

    /// Looks again at a proof that was kept: whether it is in time, if it is one of these keys.
    ///
    /// # Errors
    ///
    /// As [`TokenVerifier::verify`].
    pub fn recheck(&self, verified: &VerifiedToken, now: i64) -> Result<bool, Problem> {
        let now = time("now", now)?;
        if verified.generation != self.snapshot(now)?.generation {
            return Ok(false);
        }
        let checked = self.inner.recheck(&verified.proof, now);
        checked.map_err(|error| Problem::untrusted(&error, now))?;
        Ok(true)
    }

    /// Knows these keys, and no others, from now on.
    ///
    /// # Errors
    ///
    /// An argument that cannot be: a verifier with a ring has the keys of the ring.
    pub fn replace_keys(&self, keys: &TokenKeys) -> Result<(), Problem> {
        let Known::Keys(known) = &self.keys else {
            let (name, wanted) = ("keys", "verifier that was made with keys, not with a ring");
            return Err(ArgumentFault::Type { name, wanted }.into());
        };
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        known.keys = Arc::clone(&keys.0);
        known.generation += 1;
        Ok(())
    }

    /// The ids of its keys.
    pub fn key_ids(&self) -> Vec<String> {
        match &self.keys {
            Known::Keys(known) => TokenKeys(read(known).keys).ids(),
            Known::Ring(ring) => ring.ids(),
        }
    }

    /// Who issues.
    pub fn issuer(&self) -> &str {
        self.inner.policy().issuer()
    }

    /// A number that is another one when its keys are others, for hosts that keep proofs themselves.
    ///
    /// # Errors
    ///
    /// `jwt_ring_stale`, `jwt_ring_empty`, or an instant that cannot be.
    pub fn generation(&self, now: i64) -> Result<i64, Problem> {
        let generation = self.snapshot(time("now", now)?)?.generation;
        Ok(i64::try_from(generation).unwrap_or(i64::MAX))
    }

    fn snapshot(&self, now: Time) -> Result<Snapshot, Problem> {
        match &self.keys {
            Known::Keys(known) => Ok(read(known)),
            Known::Ring(ring) => ring.snapshot(now),
        }
    }
}

fn read(known: &RwLock<Snapshot>) -> Snapshot {
    let known = known.read().unwrap_or_else(PoisonError::into_inner);
    known.clone()
}

impl<'t> TokenFacts<'t> {
    /// What this proof says, which holds for so much longer by the clock.
    pub(crate) fn of(proof: &'t jwt::VerifiedToken<'_>, leeway: Span) -> Self {
        TokenFacts {
            key_id: proof.key_id().as_str(),
            subject: proof.subject(),
            id: proof.id(),
            session: proof.session(),
            access_key: proof.access_key(),
            user_ver: proof.user_ver(),
            generation: proof.generation(),
            issued: proof.issued().millis(),
            begins: proof.begins().millis(),
            expires: proof.expires().millis(),
            bound_by: proof.binding().map(jwt::Binding::name),
            payload: proof.payload(),
            holds_from: proof.begins().minus(leeway).millis().max(0),
            holds_until: proof.expires().plus(leeway).millis().min(MAX_TIME + 1),
        }
    }
}

impl Binding {
    /// The binding to a client's certificate or to its key, by its SHA-256 thumbprint; one of them, or none.
    ///
    /// # Errors
    ///
    /// Both at once, or one that is not of 32 bytes.
    pub fn maybe(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Result<Option<Self>, Problem> {
        let (name, print, bind): (_, _, fn([u8; 32]) -> _) = match (certificate, key) {
            (None, None) => return Ok(None),
            (Some(print), None) => ("certificate", print, jwt::Binding::Certificate),
            (None, Some(print)) => ("key", print, jwt::Binding::Key),
            (Some(_), Some(_)) => {
                let wanted = "no key beside a certificate";
                return Err(ArgumentFault::Type {
                    name: "key",
                    wanted,
                }
                .into());
            }
        };
        check_len(name, print.len(), 32, 32)?;
        let print = print.try_into().expect("the length was checked");
        Ok(Some(Binding(bind(print))))
    }
}

impl VerifiedToken {
    /// A token that no verifier of ours keeps.
    pub(crate) fn admitted(proof: jwt::VerifiedToken<'static>) -> Self {
        VerifiedToken {
            proof: Arc::new(proof),
            generation: u64::MAX,
        }
    }

    pub(crate) fn proof(&self) -> &jwt::VerifiedToken<'static> {
        &self.proof
    }

    pub(crate) fn shared(&self) -> Arc<jwt::VerifiedToken<'static>> {
        Arc::clone(&self.proof)
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &str {
        self.proof.key_id().as_str()
    }

    /// Whom it is about.
    pub fn subject(&self) -> &str {
        self.proof.subject()
    }

    /// Its own id.
    pub fn id(&self) -> Option<&str> {
        self.proof.id()
    }

    /// The session that it belongs to.
    pub fn session(&self) -> Option<&str> {
        self.proof.session()
    }

    /// The registered key with which its session was opened.
    pub fn access_key(&self) -> Option<&str> {
        self.proof.access_key()
    }

    /// The version of its subject when it was issued.
    pub fn user_ver(&self) -> Option<i64> {
        self.proof.user_ver()
    }

    /// The generation of its session when it was issued.
    pub fn generation(&self) -> Option<i64> {
        self.proof.generation()
    }

    /// When it was issued, in milliseconds.
    pub fn issued(&self) -> i64 {
        self.proof.issued().millis()
    }

    /// From when on it is valid, in milliseconds, without leeway.
    pub fn begins(&self) -> i64 {
        self.proof.begins().millis()
    }

    /// When it is over, in milliseconds, without leeway.
    pub fn expires(&self) -> i64 {
        self.proof.expires().millis()
    }

    /// What it is bound to: `x5t#S256` or `jkt`, if anything.
    pub fn bound_by(&self) -> Option<&'static str> {
        self.proof.binding().map(jwt::Binding::name)
    }

    /// All claims, a JSON object.
    pub fn payload(&self) -> &str {
        self.proof.payload()
    }
}

/// What stands in a token, verified or not, as text for people.
pub fn inspect(token: &str) -> String {
    jwt::inspect(token)
}

/// The token of a request's `Authorization` fields.
///
/// # Errors
///
/// `jwt_missing`, or `jwt_malformed`; at `now` (milliseconds), for the audit log.
pub fn bearer<'a>(lines: impl IntoIterator<Item = &'a [u8]>, now: i64) -> Result<&'a str, Problem> {
    let now = time("now", now)?;
    jwt::bearer(lines).map_err(|error| Problem::untrusted(&error, now))
}

impl Problem {
    /// A genuine token whose claims are not of the application's model.
    pub fn claims_unfit() -> Self {
        let code = codes::CLAIMS_UNFIT;
        let mut problem = Problem::of(Family::Token, code, Vec::new());
        problem.challenge(INVALID);
        problem
    }

    /// A token that was refused at `now`.
    pub(crate) fn untrusted(error: &jwt::JwtError, now: Time) -> Self {
        let mut problem = Problem::told(Family::Token, error, &error.event(now));
        match error {
            // A request without a token is told how to come back, and no error (RFC 6750 section 3.1).
            jwt::JwtError::Missing => problem.challenge("Bearer"),
            _ => problem.challenge(INVALID),
        }
        problem
    }
}

pub(crate) const INVALID: &str = "Bearer error=\"invalid_token\"";
