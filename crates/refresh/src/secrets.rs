//! The secrets behind refresh tokens: one signs, others still verify while sessions move over.

use alloc::vec::Vec;

use counterseal_core::{MacKey, Secret, WeakKey, hkdf_sha256};

/// The secrets of an issuer of refresh tokens, each with a number that tokens carry.
///
/// A secret goes through four states: it signs; it verifies, for as long as a session may be idle plus what an unconfirmed token is good
/// for; it only detects, until the last session that it began is over; then it is gone. A token whose secret is gone is
/// refused, and no longer ends a session that it was stolen from.
///
/// Keep them outside the store: whoever has both can go on from a token that they hold, but from no other.
pub struct RefreshSecrets(Vec<Pepper>);

/// One secret, as the keys that are made from it.
pub(crate) struct Pepper {
    pub(crate) number: u8,
    state: State,
    pub(crate) tag: MacKey,
    pub(crate) row: MacKey,
    pub(crate) next: MacKey,
    pub(crate) seal: MacKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Signing,
    Verifying,
    Detecting,
}

impl RefreshSecrets {
    /// The secret that signs: at least 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`WeakKey`] below that.
    //= docs/spec/refresh.md#F-2
    pub fn signing(number: u8, secret: &Secret) -> Result<Self, WeakKey> {
        let pepper = Pepper::new(number, State::Signing, secret)?;
        Ok(RefreshSecrets(alloc::vec![pepper]))
    }

    /// The same with one that signed before, and verifies. A number that is there already is replaced.
    ///
    /// # Errors
    ///
    /// As for the first.
    pub fn verifying(self, number: u8, secret: &Secret) -> Result<Self, WeakKey> {
        Ok(self.with(Pepper::new(number, State::Verifying, secret)?))
    }

    /// The same with one whose tokens are all over, and that only finds those that are used again.
    ///
    /// # Errors
    ///
    /// As for the first.
    pub fn detecting(self, number: u8, secret: &Secret) -> Result<Self, WeakKey> {
        Ok(self.with(Pepper::new(number, State::Detecting, secret)?))
    }

    fn with(mut self, pepper: Pepper) -> Self {
        self.0
            .retain(|other| other.number != pepper.number || other.state == State::Signing);
        if self.0.iter().all(|other| other.number != pepper.number) {
            self.0.push(pepper);
        }
        self
    }

    /// The one that signs.
    pub(crate) fn signs(&self) -> &Pepper {
        &self.0[0]
    }

    pub(crate) fn find(&self, number: u8) -> Option<&Pepper> {
        self.0.iter().find(|pepper| pepper.number == number)
    }
}

impl Pepper {
    fn new(number: u8, state: State, secret: &Secret) -> Result<Self, WeakKey> {
        MacKey::new(secret)?;
        let key = |info: &[u8]| MacKey::new(&hkdf_sha256::<32>(secret, SALT, info));
        Ok(Pepper {
            number,
            state,
            tag: key(b"tag")?,
            row: key(b"row")?,
            next: key(b"next")?,
            seal: key(b"seal")?,
        })
    }

    /// Whether a session may go on from a token of this secret.
    pub(crate) fn verifies(&self) -> bool {
        self.state != State::Detecting
    }
}

const SALT: &[u8] = b"counterseal/refresh/1";
