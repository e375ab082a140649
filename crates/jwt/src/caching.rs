//! A verifier that keeps its proofs, for tokens that come with each request of a session.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use core::hash::Hasher;

use counterseal_core::{Seed, Time};
use siphasher::sip128::{Hash128, Hasher128, SipHasher24};

use crate::verify::MOST;
use crate::{
    JwtError, JwtSetupError, TokenKeys, TokenPolicy, TokenSpace, TokenVerifier, VerifiedToken,
};

/// Verifies each token once, and looks at its times each time that it comes again.
///
/// A proof is found by a keyed hash of the whole token and a comparison of all of it, so nobody finds the proof of another token. It
/// belongs to this verifier's policy and keys: other keys forget all proofs. Refusals are not kept, and neither are tokens that are
/// bound to a key, since what the peer shows is checked anew: [`TokenVerifier::verify_bound`].
///
/// It has a fixed number of places; a proof takes about 400 bytes and twice the token's length. Hosts with threads put it behind a
/// lock, or several behind several. Tokens are kept in memory as they are.
///
/// Whether keys that were fetched are still good is for [`KeySnapshot::keys`](crate::KeySnapshot::keys) to say, and whether a token may
/// still act for [`StandingPolicy`](crate::StandingPolicy): ask both on each request.
pub struct CachingVerifier {
    verifier: TokenVerifier,
    keys: TokenKeys,
    hasher: SipHasher24,
    sets: Vec<Set>,
    turn: usize,
    space: TokenSpace,
}

type Set = [Option<Entry>; WAYS];

struct Entry {
    hash: Hash128,
    token: Box<str>,
    proof: Arc<VerifiedToken<'static>>,
}

impl CachingVerifier {
    /// A verifier that keeps up to `places` proofs, rounded up to a power of two: 4 to 65536.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Window`] for no places, or too many.
    pub fn new(
        policy: TokenPolicy,
        keys: TokenKeys,
        places: usize,
        seed: &Seed<16>,
    ) -> Result<Self, JwtSetupError> {
        if !(1..=MOST_PLACES).contains(&places) {
            return Err(JwtSetupError::Window { name: "places" });
        }
        let sets = places.div_ceil(WAYS).next_power_of_two();
        Ok(CachingVerifier {
            verifier: TokenVerifier::new(policy),
            keys,
            hasher: SipHasher24::new_with_key(seed.expose()),
            sets: (0..sets).map(|_| Set::default()).collect(),
            turn: 0,
            space: TokenSpace::new(),
        })
    }

    /// As [`TokenVerifier::verify`].
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    pub fn verify(
        &mut self,
        token: &str,
        now: Time,
    ) -> Result<Arc<VerifiedToken<'static>>, JwtError> {
        if token.len() > MOST {
            return Err(JwtError::TooLarge { len: token.len() });
        }
        let hash = self.hash(token);
        let set = self.set_of(hash);
        //= docs/spec/jwt.md#T-19
        let mut places = self.sets[set].iter().flatten();
        if let Some(found) = places.find(|entry| entry.is(hash, token)) {
            self.verifier.recheck(&found.proof, now)?;
            return Ok(Arc::clone(&found.proof));
        }
        let (space, keys) = (&mut self.space, &self.keys);
        let proof = self.verifier.verify_in(space, token, None, keys, now)?;
        let proof = Arc::new(proof.into_owned());
        self.keep(hash, set, token, &proof);
        Ok(proof)
    }

    /// Knows these keys, and no others and no proofs, from now on.
    pub fn replace_keys(&mut self, keys: TokenKeys) {
        self.keys = keys;
        self.sets.fill_with(Set::default);
    }

    /// Its policy.
    pub const fn policy(&self) -> &TokenPolicy {
        self.verifier.policy()
    }

    fn keep(
        &mut self,
        hash: Hash128,
        set: usize,
        token: &str,
        proof: &Arc<VerifiedToken<'static>>,
    ) {
        let set = &mut self.sets[set];
        let free = set.iter().position(Option::is_none);
        set[free.unwrap_or(self.turn % WAYS)] = Some(Entry {
            hash,
            token: token.into(),
            proof: Arc::clone(proof),
        });
        self.turn = self.turn.wrapping_add(1);
    }

    fn hash(&self, token: &str) -> Hash128 {
        let mut hasher = self.hasher;
        hasher.write(token.as_bytes());
        hasher.finish128()
    }

    const fn set_of(&self, hash: Hash128) -> usize {
        (hash.h1 >> 32) as usize & (self.sets.len() - 1)
    }
}

impl Entry {
    fn is(&self, hash: Hash128, token: &str) -> bool {
        self.hash == hash && *self.token == *token
    }
}

/// How many proofs share a hash's place.
const WAYS: usize = 4;
const MOST_PLACES: usize = 65_536;
