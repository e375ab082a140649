//! Signatures by [AWS-LC](https://docs.rs/aws-lc-rs), which parses each key once, RSA keys too.
//!
//! ```
//! use counterseal_core::{Algorithm, Seed, Signatures};
//! use counterseal_crypto_aws_lc::AwsLc;
//! let private = AwsLc.generate(Algorithm::Es256, &Seed::new([7; 64]))?;
//! let signer = AwsLc.sign_key(Algorithm::Es256, &private)?;
//! let verifier = AwsLc.verify_key(Algorithm::Es256, signer.public_key())?;
//! let signature = signer.sign(b"message")?;
//! assert!(verifier.verify(b"message", signature.as_bytes()).is_ok());
//! assert!(verifier.verify(b"massage", signature.as_bytes()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! AWS-LC draws its own randomness: for new keys on P-256 and P-384, and for each ECDSA signature. RSA signs nothing here.
#![forbid(unsafe_code)]

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    VerificationAlgorithm,
};
use counterseal_core::{
    Algorithm, Forged, NotSigned, PrivateKey, PublicKey, PublicKeyError, PublicNumbers, Secret,
    Seed, SignKey, Signature, Signatures, VerifyKey, is_small_or_loose,
};

/// The library.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl Signatures for AwsLc {
    fn verify_key(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
    ) -> Result<Arc<dyn VerifyKey>, PublicKeyError> {
        let parsed = |method: &'static dyn VerificationAlgorithm, key: &[u8]| {
            let key = ParsedPublicKey::new(method, key).map_err(|_| PublicKeyError::Point)?;
            Ok(Arc::new(Parsed { algorithm, key }) as Arc<dyn VerifyKey>)
        };
        match (algorithm, key.numbers()) {
            (Algorithm::EdDsa, PublicNumbers::Ed25519(point)) => parsed(&ED25519, point),
            (Algorithm::Es256, PublicNumbers::P256(point)) => {
                parsed(&ECDSA_P256_SHA256_FIXED, point)
            }
            (Algorithm::Es384, PublicNumbers::P384(point)) => {
                parsed(&ECDSA_P384_SHA384_FIXED, point)
            }
            (Algorithm::Ps256, PublicNumbers::Rsa(_)) => {
                parsed(&RSA_PSS_2048_8192_SHA256, &key.to_der())
            }
            (Algorithm::Rs256, PublicNumbers::Rsa(_)) => {
                parsed(&RSA_PKCS1_2048_8192_SHA256, &key.to_der())
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
        let pair = EcdsaKeyPair::from_private_key_and_public_key(method, secret, point(&public));
        let pair = pair.map_err(|_| PublicKeyError::Pair)?;
        Ok(Arc::new(EcdsaSignKey {
            algorithm,
            pair,
            public,
            rng,
        }))
    }

    /// Ed25519 of the first half of the seed; a pair on a curve of NIST is drawn by AWS-LC.
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

struct Parsed {
    algorithm: Algorithm,
    key: ParsedPublicKey,
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

impl VerifyKey for Parsed {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        if self.algorithm == Algorithm::EdDsa {
            check_form(signature)?;
        }
        let verified = self.key.verify_sig(message, signature);
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
