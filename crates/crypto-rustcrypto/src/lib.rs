//! Signatures by the [RustCrypto](https://github.com/RustCrypto) crates and ed25519-dalek: no C compiler, and equal inputs
//! give equal signatures (RFC 6979), which vectors and tests need.
//!
//! ```
//! use counterseal_core::{Algorithm, Seed, Signatures};
//! use counterseal_crypto_rustcrypto::RustCrypto;
//! let private = RustCrypto.generate(Algorithm::Es256, &Seed::new([7; 64]))?;
//! let signer = RustCrypto.sign_key(Algorithm::Es256, &private)?;
//! let signature = signer.sign(b"message")?;
//! assert_eq!(signer.sign(b"message")?.as_bytes(), signature.as_bytes());
//! let verifier = RustCrypto.verify_key(Algorithm::Es256, signer.public_key())?;
//! assert!(verifier.verify(b"message", signature.as_bytes()).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It has no RSA.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;

use counterseal_core::{
    Algorithm, Forged, NotSigned, PrivateKey, PublicKey, PublicKeyError, PublicNumbers, Secret,
    Seed, SignKey, Signature, Signatures, VerifyKey,
};
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;

/// The library.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

impl Signatures for RustCrypto {
    fn verify_key(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
    ) -> Result<Arc<dyn VerifyKey>, PublicKeyError> {
        Ok(match (algorithm, key.numbers()) {
            (Algorithm::EdDsa, PublicNumbers::Ed25519(point)) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(point);
                Arc::new(Ed25519VerifyKey(key.map_err(|_| PublicKeyError::Point)?))
            }
            (Algorithm::Es256, PublicNumbers::P256(point)) => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
                Arc::new(P256VerifyKey(key.map_err(|_| PublicKeyError::Point)?))
            }
            (Algorithm::Es384, PublicNumbers::P384(point)) => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point);
                Arc::new(P384VerifyKey(key.map_err(|_| PublicKeyError::Point)?))
            }
            (Algorithm::Ps256 | Algorithm::Rs256, PublicNumbers::Rsa(_)) => {
                return Err(PublicKeyError::Unsupported);
            }
            _ => return Err(PublicKeyError::Algorithm { algorithm }),
        })
    }

    fn sign_key(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
    ) -> Result<Arc<dyn SignKey>, PublicKeyError> {
        if key.algorithm() != algorithm {
            return Err(PublicKeyError::Algorithm { algorithm });
        }
        let secret = key.secret().expose();
        let (made, public): (Arc<dyn SignKey>, PublicKey) = match algorithm {
            Algorithm::EdDsa => {
                let seed = secret.try_into().map_err(|_| PublicKeyError::Malformed)?;
                let key = ed25519_dalek::SigningKey::from_bytes(seed);
                let public = PublicKey::ed25519(key.verifying_key().as_bytes())?;
                (
                    Arc::new(Ed25519SignKey {
                        key,
                        public: public.clone(),
                    }),
                    public,
                )
            }
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(secret);
                let key = key.map_err(|_| PublicKeyError::Malformed)?;
                let public = p256_public(&key)?;
                (
                    Arc::new(P256SignKey {
                        key,
                        public: public.clone(),
                    }),
                    public,
                )
            }
            Algorithm::Es384 => {
                let key = p384::ecdsa::SigningKey::from_slice(secret);
                let key = key.map_err(|_| PublicKeyError::Malformed)?;
                let public = p384_public(&key)?;
                (
                    Arc::new(P384SignKey {
                        key,
                        public: public.clone(),
                    }),
                    public,
                )
            }
            _ => return Err(PublicKeyError::Unsupported),
        };
        if key.public_key().is_some_and(|given| *given != public) {
            return Err(PublicKeyError::Pair);
        }
        Ok(made)
    }

    /// The first bytes of the seed are the secret number, and the last ones where the first are none: with a chance below
    /// 2^-32.
    fn generate(
        &self,
        algorithm: Algorithm,
        seed: &Seed<64>,
    ) -> Result<PrivateKey, PublicKeyError> {
        let seed = seed.expose();
        let two = |len: usize| [&seed[..len], &seed[64 - len..]];
        let secret = |bytes: &[u8]| Secret::new(bytes.to_vec());
        match algorithm {
            Algorithm::EdDsa => PrivateKey::ed25519(secret(&seed[..32])),
            Algorithm::Es256 => {
                let keys = two(32)
                    .map(|bytes| Some((p256::ecdsa::SigningKey::from_slice(bytes).ok()?, bytes)));
                let (key, bytes) = keys
                    .into_iter()
                    .flatten()
                    .next()
                    .ok_or(PublicKeyError::Unsupported)?;
                PrivateKey::pair(secret(bytes), p256_public(&key)?)
            }
            Algorithm::Es384 => {
                let keys = two(48)
                    .map(|bytes| Some((p384::ecdsa::SigningKey::from_slice(bytes).ok()?, bytes)));
                let (key, bytes) = keys
                    .into_iter()
                    .flatten()
                    .next()
                    .ok_or(PublicKeyError::Unsupported)?;
                PrivateKey::pair(secret(bytes), p384_public(&key)?)
            }
            _ => Err(PublicKeyError::Unsupported),
        }
    }
}

struct Ed25519VerifyKey(ed25519_dalek::VerifyingKey);
struct P256VerifyKey(p256::ecdsa::VerifyingKey);
struct P384VerifyKey(p384::ecdsa::VerifyingKey);

struct Ed25519SignKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

struct P256SignKey {
    key: p256::ecdsa::SigningKey,
    public: PublicKey,
}

struct P384SignKey {
    key: p384::ecdsa::SigningKey,
    public: PublicKey,
}

impl VerifyKey for Ed25519VerifyKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Forged)?;
        self.0
            .verify_strict(message, &signature)
            .map_err(|_| Forged)
    }
}

impl VerifyKey for P256VerifyKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| Forged)?;
        self.0.verify(message, &signature).map_err(|_| Forged)
    }
}

impl VerifyKey for P384VerifyKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es384
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        let signature = p384::ecdsa::Signature::from_slice(signature).map_err(|_| Forged)?;
        self.0.verify(message, &signature).map_err(|_| Forged)
    }
}

impl SignKey for Ed25519SignKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        Signature::new(&self.key.sign(message).to_bytes()).ok_or(NotSigned)
    }
}

impl SignKey for P256SignKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        let signature: p256::ecdsa::Signature =
            self.key.try_sign(message).map_err(|_| NotSigned)?;
        Signature::new(&signature.to_bytes()).ok_or(NotSigned)
    }
}

impl SignKey for P384SignKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es384
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        let signature: p384::ecdsa::Signature =
            self.key.try_sign(message).map_err(|_| NotSigned)?;
        Signature::new(&signature.to_bytes()).ok_or(NotSigned)
    }
}

fn p256_public(key: &p256::ecdsa::SigningKey) -> Result<PublicKey, PublicKeyError> {
    let point = key.verifying_key().to_sec1_point(false);
    let point = point
        .as_bytes()
        .get(1..)
        .and_then(<[u8]>::split_first_chunk::<32>);
    let halves = point.and_then(|(x, y)| Some((x, y.try_into().ok()?)));
    halves
        .map(|(x, y)| PublicKey::p256(x, y))
        .ok_or(PublicKeyError::Point)
}

fn p384_public(key: &p384::ecdsa::SigningKey) -> Result<PublicKey, PublicKeyError> {
    let point = key.verifying_key().to_sec1_point(false);
    let point = point
        .as_bytes()
        .get(1..)
        .and_then(<[u8]>::split_first_chunk::<48>);
    let halves = point.and_then(|(x, y)| Some((x, y.try_into().ok()?)));
    halves
        .map(|(x, y)| PublicKey::p384(x, y))
        .ok_or(PublicKeyError::Point)
}
