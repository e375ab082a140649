//! Signatures by key pairs: the words in which a room asks for one, whoever computes it.
//!
//! A room names no cryptographic library. It holds a [`VerifyKey`] or a [`SignKey`], which a provider (`counterseal-crypto-ring`,
//! `counterseal-crypto-aws-lc`, `counterseal-crypto-rustcrypto`) made of a [`PublicKey`] or a [`PrivateKey`] once, and which is pinned to
//! one [`Algorithm`].

use alloc::sync::Arc;
use core::fmt;

use crate::{Forged, PrivateKey, PublicKey, PublicKeyError, Seed};

/// An algorithm that a key is pinned to (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519, verified strictly: no point of small order, one form of each number.
    EdDsa,
    /// ECDSA on P-256 with SHA-256; the signature is 64 bytes.
    Es256,
    /// ECDSA on P-384 with SHA-384; the signature is 96 bytes.
    Es384,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

/// A public key that was parsed once and is pinned to one algorithm.
pub trait VerifyKey: Send + Sync {
    /// The one algorithm that it verifies.
    fn algorithm(&self) -> Algorithm;

    /// Checks that the holder of the private key signed `message`.
    ///
    /// # Errors
    ///
    /// [`Forged`] otherwise, whatever the signature's length is.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged>;
}

/// A private key that was parsed once and is pinned to one algorithm.
pub trait SignKey: Send + Sync {
    /// The one algorithm that it signs with.
    fn algorithm(&self) -> Algorithm;

    /// What its signatures are verified with.
    fn public_key(&self) -> &PublicKey;

    /// The signature of `message`. ECDSA needs a number that nobody can guess: some libraries derive it from key and
    /// message, others draw it themselves, so equal inputs need not give equal signatures.
    ///
    /// # Errors
    ///
    /// [`NotSigned`] when the library could not draw it.
    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned>;
}

/// A library that computes signatures.
pub trait Signatures: Send + Sync {
    /// The key that verifies `algorithm`. A point that is not on P-256 or P-384 is refused here; an Ed25519 key that is no point may
    /// be found out only when it verifies nothing.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] when it is no key of this algorithm, or of none that the library has.
    fn verify_key(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
    ) -> Result<Arc<dyn VerifyKey>, PublicKeyError>;

    /// The key that signs with `algorithm`.
    ///
    /// # Errors
    ///
    /// As [`Signatures::verify_key`]; and [`PublicKeyError::Pair`] when the two halves are no pair.
    fn sign_key(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
    ) -> Result<Arc<dyn SignKey>, PublicKeyError>;

    /// A new key pair for `algorithm`, made of `seed`.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Unsupported`] for RSA.
    fn generate(&self, algorithm: Algorithm, seed: &Seed<64>)
    -> Result<PrivateKey, PublicKeyError>;
}

/// The bytes of a signature, as JOSE writes them: two numbers of equal length for ECDSA.
#[derive(Clone, Copy)]
pub struct Signature {
    bytes: [u8; Signature::MOST],
    len: u8,
}

/// The library could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSigned;

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 5] = [
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Ps256,
        Algorithm::Rs256,
    ];

    /// Its name in JOSE.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Ps256 => "PS256",
            Algorithm::Rs256 => "RS256",
        }
    }
}

impl Signature {
    /// The longest one: ES384's.
    pub const MOST: usize = 96;

    /// The signature of these bytes, unless they are too many.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut signature = Signature {
            bytes: [0; Self::MOST],
            len: u8::try_from(bytes.len()).ok()?,
        };
        signature
            .bytes
            .get_mut(..bytes.len())?
            .copy_from_slice(bytes);
        Some(signature)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.len)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the library for signatures could not sign")
    }
}

impl core::error::Error for NotSigned {}
