//! Signing, with host-made parts.

use counterseal::core::Span;
use counterseal::request;

use crate::{Key, Message, Problem, Profile, Sent, number, seed, time};

/// Signs requests with one key under one profile.
#[derive(Clone)]
pub struct Signer(request::Signer);

impl Signer {
    /// A signer whose signatures live for `life_seconds`, or 60 s.
    ///
    /// # Errors
    ///
    /// A life outside of 1 to 120 s.
    pub fn new(key: &Key, profile: &Profile, life_seconds: Option<i64>) -> Result<Self, Problem> {
        let signer = request::Signer::new(key.0.clone(), profile.0.clone());
        let life = number("life_seconds", life_seconds.unwrap_or(60), 1, 120)?;
        Ok(Signer(signer.living(Span::from_seconds(life))))
    }

    /// The id of the key that it signs with.
    pub fn key_id(&self) -> &str {
        self.0.key().id().as_str()
    }

    /// The fields that sign `message` at `now` (milliseconds), with `nonce` (16 random bytes).
    ///
    /// # Errors
    ///
    /// A `request_sign_..` code, or that of an argument that cannot be.
    pub fn sign(
        &self,
        message: &Message<'_>,
        now: i64,
        nonce: &[u8],
    ) -> Result<Vec<(&'static str, String)>, Problem> {
        let (now, seed) = (time("now", now)?, seed("seed", nonce)?);
        let signed = message.with(|request| self.0.sign(request, now, &seed))?;
        Ok(signed.headers().map(|(n, v)| (n, v.into())).collect())
    }

    /// Signs `message` as [`Signer::sign`] does, and keeps what its response is checked against.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`].
    pub fn send(&self, message: &Message<'_>, now: i64, nonce: &[u8]) -> Result<Sent, Problem> {
        let (now, seed) = (time("now", now)?, seed("seed", nonce)?);
        let (signed, sent) = message.with(|request| self.0.send(request, now, &seed))?;
        let headers = signed.headers().map(|(n, v)| (n, v.into())).collect();
        Ok(Sent::new(sent, headers))
    }

    /// The signature base that [`Signer::sign`] would sign, to be compared with a verifier's. It holds
    /// the covered values.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`].
    pub fn explain(
        &self,
        message: &Message<'_>,
        now: i64,
        nonce: &[u8],
    ) -> Result<String, Problem> {
        let (now, seed) = (time("now", now)?, seed("seed", nonce)?);
        Ok(message.with(|request| self.0.explain(request, now, &seed))?)
    }
}
