//! Signatures by [ring](https://docs.rs/ring): the default for Rust services.
//!
//! ```
//! use counterseal_core::{Algorithm, Seed, Signatures};
//! use counterseal_crypto_ring::Ring;
//! let private = Ring.generate(Algorithm::Es256, &Seed::new([7; 64]))?;
//! let signer = Ring.sign_key(Algorithm::Es256, &private)?;
//! let verifier = Ring.verify_key(Algorithm::Es256, signer.public_key())?;
//! let signature = signer.sign(b"message")?;
//! assert!(verifier.verify(b"message", signature.as_bytes()).is_ok());
//! assert!(verifier.verify(b"massage", signature.as_bytes()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ring draws its own randomness: for new keys on P-256 and P-384, and for each ECDSA signature. RSA signs nothing here.
#![forbid(unsafe_code)]

use std::sync::Arc;

use counterseal_core::{
    Algorithm, Forged, NotSigned, PrivateKey, PublicKey, PublicKeyError, PublicNumbers, Secret,
    Seed, SignKey, Signature, Signatures, VerifyKey, is_small_or_loose,
};
use ring::agreement::{
    ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey as Peer, agree_ephemeral,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// The library.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring;

impl Signatures for Ring {
    fn verify_key(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
    ) -> Result<Arc<dyn VerifyKey>, PublicKeyError> {
        let curve = |method: &'static dyn VerificationAlgorithm, point: &[u8]| {
            let key = UnparsedPublicKey::new(method, point.to_vec());
            Ok(Arc::new(CurveVerifyKey { algorithm, key }) as Arc<dyn VerifyKey>)
        };
        let rsa = |method: &'static RsaParameters, modulus: &[u8]| {
            let key = RsaPublicKeyComponents {
                n: modulus.to_vec(),
                e: EXPONENT.to_vec(),
            };
            Ok(Arc::new(RsaVerifyKey {
                algorithm,
                method,
                key,
            }) as Arc<dyn VerifyKey>)
        };
        match (algorithm, key.numbers()) {
            (Algorithm::EdDsa, PublicNumbers::Ed25519(point)) => curve(&ED25519, point),
            (Algorithm::Es256, PublicNumbers::P256(point)) => {
                check_point(&ECDH_P256, point)?;
                curve(&ECDSA_P256_SHA256_FIXED, point)
            }
            (Algorithm::Es384, PublicNumbers::P384(point)) => {
                check_point(&ECDH_P384, point)?;
                curve(&ECDSA_P384_SHA384_FIXED, point)
            }
            (Algorithm::Ps256, PublicNumbers::Rsa(modulus)) => {
                rsa(&RSA_PSS_2048_8192_SHA256, modulus)
            }
            (Algorithm::Rs256, PublicNumbers::Rsa(modulus)) => {
                rsa(&RSA_PKCS1_2048_8192_SHA256, modulus)
            }
            _ => Err(PublicKeyError::Algorithm { algorithm }),
        }
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
        let Some(method) = ecdsa(algorithm) else {
            let pair = match key.public_key().map(PublicKey::numbers) {
                Some(PublicNumbers::Ed25519(point)) => {
                    Ed25519KeyPair::from_seed_and_public_key(secret, point)
                }
                _ => Ed25519KeyPair::from_seed_unchecked(secret),
            };
            let pair = pair.map_err(|_| PublicKeyError::Pair)?;
            let point = pair.public_key().as_ref().try_into();
            let public = PublicKey::ed25519(point.map_err(|_| PublicKeyError::Point)?)?;
            return Ok(Arc::new(Ed25519SignKey { pair, public }));
        };
        let public = key.public_key().ok_or(PublicKeyError::Malformed)?.clone();
        let rng = SystemRandom::new();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(method, secret, point(&public), &rng);
        let pair = pair.map_err(|_| PublicKeyError::Pair)?;
        Ok(Arc::new(EcdsaSignKey {
            algorithm,
            pair,
            public,
            rng,
        }))
    }

    /// Ed25519 of the first half of the seed; a pair on a curve of NIST is drawn by ring.
    fn generate(
        &self,
        algorithm: Algorithm,
        seed: &Seed<64>,
    ) -> Result<PrivateKey, PublicKeyError> {
        if algorithm == Algorithm::EdDsa {
            return PrivateKey::ed25519(Secret::new(seed.expose()[..32].to_vec()));
        }
        let method = ecdsa(algorithm).ok_or(PublicKeyError::Unsupported)?;
        let drawn = EcdsaKeyPair::generate_pkcs8(method, &SystemRandom::new());
        let drawn = drawn.map_err(|_| PublicKeyError::Unsupported)?;
        PrivateKey::from_der(&Secret::new(drawn.as_ref().to_vec()))
    }
}

struct CurveVerifyKey {
    algorithm: Algorithm,
    key: UnparsedPublicKey<Vec<u8>>,
}

struct RsaVerifyKey {
    algorithm: Algorithm,
    method: &'static RsaParameters,
    key: RsaPublicKeyComponents<Vec<u8>>,
}

struct EcdsaSignKey {
    algorithm: Algorithm,
    pair: EcdsaKeyPair,
    public: PublicKey,
    rng: SystemRandom,
}

struct Ed25519SignKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl VerifyKey for CurveVerifyKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        if self.algorithm == Algorithm::EdDsa {
            check_form(signature)?;
        }
        self.key.verify(message, signature).map_err(|_| Forged)
    }
}

impl VerifyKey for RsaVerifyKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        let verified = self.key.verify(self.method, message, signature);
        verified.map_err(|_| Forged)
    }
}

impl SignKey for EcdsaSignKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        let signature = self.pair.sign(&self.rng, message).map_err(|_| NotSigned)?;
        Signature::new(signature.as_ref()).ok_or(NotSigned)
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
        Signature::new(self.pair.sign(message).as_ref()).ok_or(NotSigned)
    }
}

/// How an ECDSA algorithm signs.
fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => Some(&ECDSA_P384_SHA384_FIXED_SIGNING),
        _ => None,
    }
}

/// Refuses a point that is not on its curve. ring says so only to those who agree on a key with it, or much later.
fn check_point(
    curve: &'static ring::agreement::Algorithm,
    point: &[u8],
) -> Result<(), PublicKeyError> {
    let ours = EphemeralPrivateKey::generate(curve, &SystemRandom::new());
    let ours = ours.map_err(|_| PublicKeyError::Unsupported)?;
    let agreed = agree_ephemeral(ours, &Peer::new(curve, point), |_| ());
    agreed.map_err(|_| PublicKeyError::Point)
}

/// Refuses an Ed25519 signature whose first half is of small order: with the right second half the library would take it.
fn check_form(signature: &[u8]) -> Result<(), Forged> {
    let first = signature.first_chunk::<32>().ok_or(Forged)?;
    if is_small_or_loose(first) {
        return Err(Forged);
    }
    Ok(())
}

fn point(key: &PublicKey) -> &[u8] {
    match key.numbers() {
        PublicNumbers::P256(point) => point,
        PublicNumbers::P384(point) => point,
        _ => &[],
    }
}

/// 65537, which is the exponent of all keys here.
const EXPONENT: [u8; 3] = [1, 0, 1];
