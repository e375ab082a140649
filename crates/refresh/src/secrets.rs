//! The secrets behind refresh tokens: one signs, others still verify while sessions move over.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use counterseal_core::{Code, MacKey, Refusal, Secret, WeakKey, hkdf_sha256};

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

/// Secrets that cannot be those of one issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRefreshSecrets {
    /// Two have one number: tokens of one of them would be taken for forged.
    Number {
        /// The number.
        number: u8,
    },
    /// One is too short.
    Weak(WeakKey),
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
    /// [`BadRefreshSecrets::Weak`] below that.
    //= docs/spec/refresh.md#S-2
    pub fn signing(number: u8, secret: &Secret) -> Result<Self, BadRefreshSecrets> {
        let pepper = Pepper::new(number, State::Signing, secret)?;
        Ok(RefreshSecrets(alloc::vec![pepper]))
    }

    /// The same with one that signed before, and verifies.
    ///
    /// # Errors
    ///
    /// [`BadRefreshSecrets`] when it is too short, or its number is another one's.
    pub fn verifying(self, number: u8, secret: &Secret) -> Result<Self, BadRefreshSecrets> {
        self.with(Pepper::new(number, State::Verifying, secret)?)
    }

    /// The same with one whose tokens are all over, and that only finds those that are used again.
    ///
    /// # Errors
    ///
    /// As [`Self::verifying`].
    pub fn detecting(self, number: u8, secret: &Secret) -> Result<Self, BadRefreshSecrets> {
        self.with(Pepper::new(number, State::Detecting, secret)?)
    }

    fn with(mut self, pepper: Pepper) -> Result<Self, BadRefreshSecrets> {
        let number = pepper.number;
        if self.find(number).is_some() {
            return Err(BadRefreshSecrets::Number { number });
        }
        self.0.push(pepper);
        Ok(self)
    }

    /// The one that signs.
    pub(crate) fn signs(&self) -> &Pepper {
        &self.0[0]
    }

    /// What each number does, for operators.
    pub(crate) fn told(&self) -> String {
        let told = |pepper: &Pepper| format!("{} {}", pepper.number, pepper.does());
        self.0.iter().map(told).collect::<Vec<_>>().join(", ")
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

    /// What it is for, as a verb.
    pub(crate) const fn does(&self) -> &'static str {
        match self.state {
            State::Signing => "signs",
            State::Verifying => "verifies",
            State::Detecting => "only detects",
        }
    }

    /// Whether a session may go on from a token of this secret.
    pub(crate) fn verifies(&self) -> bool {
        self.state != State::Detecting
    }
}

impl BadRefreshSecrets {
    /// The codes of this error; that of a short secret is core's.
    pub const CODES: &'static [Code] = &[NUMBER];
}

impl From<WeakKey> for BadRefreshSecrets {
    fn from(weak: WeakKey) -> Self {
        BadRefreshSecrets::Weak(weak)
    }
}

impl Refusal for BadRefreshSecrets {
    fn code(&self) -> Code {
        match self {
            BadRefreshSecrets::Number { .. } => NUMBER,
            BadRefreshSecrets::Weak(weak) => weak.code(),
        }
    }
}

impl fmt::Display for BadRefreshSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadRefreshSecrets::Number { number } => write!(f, "{} ({number})", NUMBER.means),
            BadRefreshSecrets::Weak(weak) => weak.fmt(f),
        }
    }
}

impl core::error::Error for BadRefreshSecrets {}

const NUMBER: Code = Code::integrator(
    "refresh_secret_number",
    "two secrets of refresh tokens have one number",
    "give each secret a number of its own, and never one that was used before",
);
const SALT: &[u8] = b"counterseal/refresh/1";
