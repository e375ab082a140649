//! Private keys: the secret number, with the public key that belongs to it.

use crate::{Algorithm, PublicKey, PublicKeyError, PublicNumbers, Secret, der, pem};

/// A key that signs: Ed25519, P-256 or P-384.
///
/// Whether the halves belong together is found by the library that makes a [`SignKey`](crate::SignKey) of it.
pub struct PrivateKey {
    algorithm: Algorithm,
    secret: Secret,
    /// Always there on P-256 and P-384.
    public: Option<PublicKey>,
}

impl PrivateKey {
    /// The Ed25519 key of this seed of 32 bytes (RFC 8032 section 5.1.5). Its public key follows from it.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Malformed`] when the seed has another length.
    pub fn ed25519(seed: Secret) -> Result<Self, PublicKeyError> {
        if seed.expose().len() != 32 {
            return Err(PublicKeyError::Malformed);
        }
        Ok(PrivateKey {
            algorithm: Algorithm::EdDsa,
            secret: seed,
            public: None,
        })
    }

    /// The pair of this secret number (32 bytes; 48 on P-384) and this public key.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Malformed`] when the number has another length, [`PublicKeyError::Unsupported`] for RSA.
    pub fn pair(secret: Secret, public: PublicKey) -> Result<Self, PublicKeyError> {
        let (algorithm, len) = match public.numbers() {
            PublicNumbers::Ed25519(_) => (Algorithm::EdDsa, 32),
            PublicNumbers::P256(_) => (Algorithm::Es256, 32),
            PublicNumbers::P384(_) => (Algorithm::Es384, 48),
            PublicNumbers::Rsa(_) => return Err(PublicKeyError::Unsupported),
        };
        if secret.expose().len() != len {
            return Err(PublicKeyError::Malformed);
        }
        Ok(PrivateKey {
            algorithm,
            secret,
            public: Some(public),
        })
    }

    /// The key of a `PrivateKeyInfo` in the one DER form of its kind, as `openssl pkey -outform DER` writes it: Ed25519
    /// without attributes, P-256 and P-384 with their public key.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Malformed`] when it is none, and those of the public key.
    pub fn from_der(der: &Secret) -> Result<Self, PublicKeyError> {
        let der = der.expose();
        if let Some(seed) = der.strip_prefix(&der::ED25519_PRIVATE) {
            return Self::ed25519(Secret::new(seed.to_vec()));
        }
        let is_p256 = der.strip_prefix(&der::P256_PRIVATE);
        if let Some((secret, rest)) = is_p256.and_then(<[u8]>::split_first_chunk::<32>) {
            return Self::of_point(secret, rest, &der::P256_PRIVATE_POINT, &der::P256_PUBLIC);
        }
        let is_p384 = der.strip_prefix(&der::P384_PRIVATE);
        if let Some((secret, rest)) = is_p384.and_then(<[u8]>::split_first_chunk::<48>) {
            return Self::of_point(secret, rest, &der::P384_PRIVATE_POINT, &der::P384_PUBLIC);
        }
        Err(PublicKeyError::Malformed)
    }

    /// The same as PEM with the label `PRIVATE KEY` and nothing around it (RFC 7468 sections 3 and 10).
    ///
    /// # Errors
    ///
    /// As [`PrivateKey::from_der`].
    pub fn from_pem(text: &Secret) -> Result<Self, PublicKeyError> {
        let text = core::str::from_utf8(text.expose()).ok();
        let der = text.and_then(|text| pem::decode("PRIVATE KEY", text));
        Self::from_der(&Secret::new(der.ok_or(PublicKeyError::Malformed)?))
    }

    fn of_point(
        secret: &[u8],
        rest: &[u8],
        before: &[u8],
        public: &[u8],
    ) -> Result<Self, PublicKeyError> {
        let point = rest.strip_prefix(before).ok_or(PublicKeyError::Malformed)?;
        let public = PublicKey::from_der(&[public, point].concat())?;
        Self::pair(Secret::new(secret.to_vec()), public)
    }

    /// The algorithm of its kind.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, unless it is an Ed25519 key that came without.
    pub const fn public_key(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// The secret half: the number, or the seed of Ed25519.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }
}
