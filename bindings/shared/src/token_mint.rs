//! Minting tokens, with host-made parts.

use std::sync::{Arc, Mutex, PoisonError};

use counterseal::core::{Bound, KeyId, Lifetime, Time};
use counterseal::jwt::{Claims, Minter};

use crate::token_policy::seconds;
use crate::{Binding, Problem, TokenPolicy, TokenRing, TokenSigner, number, seed, time};

/// Mints tokens with one key, or with the keys of a ring, for verifiers of one policy.
pub struct TokenMinter {
    with: With,
    policy: TokenPolicy,
}

enum With {
    Key(Arc<Minter>),
    /// The minter of the key that signed last.
    Ring(TokenRing, Mutex<Option<(KeyId, Arc<Minter>)>>),
}

/// What a token is to say, as the host gave it; none stands for a claim that is left out.
#[derive(Default)]
pub struct TokenClaims<'a> {
    /// Whom it is about.
    pub subject: &'a str,
    /// The version of the subject.
    pub user_ver: Option<i64>,
    /// The registered key that the session was opened with.
    pub access_key: Option<&'a str>,
    /// The session.
    pub session: Option<&'a str>,
    /// The generation of the session.
    pub generation: Option<i64>,
    /// The key that it is bound to.
    pub binding: Option<Binding>,
    /// Further claims, a JSON object.
    pub members: Option<&'a str>,
}

/// A token that was minted.
pub struct Minted {
    token: String,
    expires: i64,
    decided_by: &'static str,
}

impl TokenMinter {
    /// A minter.
    pub fn new(signer: &TokenSigner, policy: &TokenPolicy) -> Self {
        TokenMinter {
            with: With::Key(Arc::new(Minter::new(signer.0.clone(), &policy.0))),
            policy: policy.clone(),
        }
    }

    /// A minter with whichever key of a ring signs, for a policy of its issuer.
    ///
    /// # Errors
    ///
    /// A policy of another issuer.
    pub fn of_ring(ring: &TokenRing, policy: &TokenPolicy) -> Result<Self, Problem> {
        ring.check_issuer(policy)?;
        Ok(TokenMinter {
            with: With::Ring(ring.clone(), Mutex::new(None)),
            policy: policy.clone(),
        })
    }

    /// A token that lives for `life_seconds`, or for less where the policy or `until` (milliseconds) says so, with a seed of 16
    /// random bytes.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`, `lifetime_..`, `jwt_ring_..`, or the code of an argument that cannot be.
    pub fn mint(
        &self,
        claims: &TokenClaims<'_>,
        life_seconds: i64,
        until: Option<i64>,
        now: i64,
        random: &[u8],
    ) -> Result<Minted, Problem> {
        let now = time("now", now)?;
        let mut bounds = vec![Bound::ceiling("policy", self.policy.0.life())];
        let (minter, of_ring) = self.minter(now)?;
        bounds.extend(of_ring);
        if let Some(until) = until {
            bounds.push(Bound::end("until", time("until", until)?));
        }
        let life = Lifetime::clamp(seconds("life_seconds", life_seconds)?, &bounds, now)?;
        let seed = seed("seed", random)?;
        let token = minter.mint(&claims.made()?, &life, &seed)?;
        let token = String::from_utf8(token.expose().into());
        Ok(Minted {
            token: token.map_err(|_| counterseal::jwt::JwtSetupError::NotSigned)?,
            expires: Time::from_seconds(life.until().seconds()).millis(),
            decided_by: life.decided_by(),
        })
    }

    /// What mints, and the bound of the ring that its key is of: when the last token is over that the ring reckons with, the key is gone.
    fn minter(&self, now: Time) -> Result<(Arc<Minter>, Option<Bound>), Problem> {
        let (ring, last) = match &self.with {
            With::Key(minter) => return Ok((Arc::clone(minter), None)),
            With::Ring(ring, last) => (ring.ring()?, last),
        };
        let (signer, bound) = (ring.signer(now)?, Some(ring.ceiling()));
        let id = *signer.key().id();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, minter)) = last.as_ref().filter(|(known, _)| *known == id) {
            return Ok((Arc::clone(minter), bound));
        }
        let minter = Arc::new(Minter::new(signer.clone(), &self.policy.0));
        *last = Some((id, Arc::clone(&minter)));
        Ok((minter, bound))
    }
}

impl TokenClaims<'_> {
    fn made(&self) -> Result<Claims, Problem> {
        let mut claims = Claims::of(self.subject);
        if let Some(version) = self.user_ver {
            claims = claims.at_version(number("user_ver", version, 0, MOST_COUNT)?);
        }
        if let Some(id) = self.access_key {
            claims = claims.by_access_key(id);
        }
        if let Some(id) = self.session {
            claims = claims.in_session(id);
        }
        if let Some(generation) = self.generation {
            claims = claims.in_generation(number("generation", generation, 0, MOST_COUNT)?);
        }
        if let Some(binding) = &self.binding {
            claims = claims.bound_to(&binding.0);
        }
        Ok(match self.members {
            Some(members) => claims.with_members(members)?,
            None => claims,
        })
    }
}

impl Minted {
    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// When it is over, in milliseconds: its `exp`, which counts whole seconds.
    pub const fn expires(&self) -> i64 {
        self.expires
    }

    /// What decided how long it lives: `asked`, `policy`, `ring` or `until`.
    pub const fn decided_by(&self) -> &'static str {
        self.decided_by
    }
}

/// The largest number that every language can hold.
const MOST_COUNT: i64 = (1 << 53) - 1;
