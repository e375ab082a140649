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

    /// The same as an algorithm of JWT-SVIDs, which know no secrets and no Ed25519 (JWT-SVID section 2.1).
    //= docs/spec/jwt.md#T-17
    pub(crate) fn of_svid(self) -> Option<Algorithm> {
        match self {
            TokenAlgorithm::Signature(algorithm) if algorithm != Algorithm::EdDsa => {
                Some(algorithm)
            }
            _ => None,
        }
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
