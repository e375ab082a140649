//! The algorithms of a JWS that are known here (RFC 7518 section 3.1, RFC 8037 section 3.1).

use counterseal_core::Algorithm;

use crate::JwtSetupError;

/// An algorithm that a key of a token is pinned to. There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// A signature by a key pair.
    Signature(Algorithm),
}

impl TokenAlgorithm {
    /// The algorithm of this name, as it is written in a header.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Algorithm`] for any other name, `none` among them.
    pub fn parse(name: &str) -> Result<Self, JwtSetupError> {
        let hmac = [Self::Hs256, Self::Hs384, Self::Hs512].into_iter();
        let mut known = hmac.chain(Algorithm::ALL.map(Self::Signature));
        let found = known.find(|known| known.name() == name);
        found.ok_or(JwtSetupError::Algorithm)
    }

    /// Its name in a header.
    pub const fn name(self) -> &'static str {
        match self {
            TokenAlgorithm::Hs256 => "HS256",
            TokenAlgorithm::Hs384 => "HS384",
            TokenAlgorithm::Hs512 => "HS512",
            TokenAlgorithm::Signature(algorithm) => algorithm.name(),
        }
    }
}
