//! Public keys: parsed once, from DER, PEM or the numbers of a JWK, into a type whose shape holds.
//!
//! ```
//! use counterseal_core::{PublicKey, Refusal};
//! let pem = "-----BEGIN PUBLIC KEY-----
//! MCowBQYDK2VwAyEAgqY4cMUkSEhQtw0Q4XHQVJ2tsDCTmXKEeyX2qlODnyk=
//! -----END PUBLIC KEY-----
//! ";
//! let key = PublicKey::from_pem(pem)?;
//! assert_eq!(PublicKey::from_der(&key.to_der())?, key);
//! let refused = PublicKey::from_pem(&format!("# mine\n{pem}")).unwrap_err();
//! assert_eq!(refused.code().name, "public_key_malformed");
//! # Ok::<(), counterseal_core::PublicKeyError>(())
//! ```
//!
//! What it does not check: that a point lies on its curve. The library that makes a [`VerifyKey`](crate::VerifyKey) of the key
//! does.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use crate::rsa::check_modulus;
use crate::{Algorithm, Code, Refusal, der, pem};

/// A public key of a kind that signatures are verified with here.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Ed25519([u8; 32]),
    P256([u8; 65]),
    P384([u8; 97]),
    Rsa(Box<[u8]>),
}

/// The numbers of a [`PublicKey`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicNumbers<'k> {
    /// The point, as RFC 8032 section 5.1.2 encodes it.
    Ed25519(&'k [u8; 32]),
    /// The point, uncompressed: 4, x, y (SEC 1 section 2.3.3).
    P256(&'k [u8; 65]),
    /// The same on P-384.
    P384(&'k [u8; 97]),
    /// The modulus, without leading zeros. The exponent is 65537.
    Rsa(&'k [u8]),
}

/// Why there is no such key.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyError {
    /// The key is not of the algorithm's kind.
    Algorithm {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The text or the bytes are not the one form of a key.
    Malformed,
    /// The two halves are no pair.
    Pair,
    /// The point is not on its curve, or is of small order.
    Point,
    /// The RSA exponent is not 65537.
    RsaExponent,
    /// The RSA modulus has too few or too many bits.
    RsaSize {
        /// How many it has.
        bits: usize,
    },
    /// The RSA modulus can be factored: it is even, made by a broken library (ROCA), or of two primes that are close.
    RsaWeak,
    /// Keys of this kind cannot be made or used here.
    Unsupported,
}

impl PublicKey {
    /// The Ed25519 key of this point.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Point`] for a point of small order, or one that is not in its one form: with such a key a signature
    /// may be valid for many messages.
    pub fn ed25519(point: &[u8; 32]) -> Result<Self, PublicKeyError> {
        if is_small_or_loose(point) {
            return Err(PublicKeyError::Point);
        }
        Ok(PublicKey(Kind::Ed25519(*point)))
    }

    /// The P-256 key of these coordinates.
    pub fn p256(x: &[u8; 32], y: &[u8; 32]) -> Self {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(x);
        point[33..].copy_from_slice(y);
        PublicKey(Kind::P256(point))
    }

    /// The P-384 key of these coordinates.
    pub fn p384(x: &[u8; 48], y: &[u8; 48]) -> Self {
        let mut point = [4; 97];
        point[1..49].copy_from_slice(x);
        point[49..].copy_from_slice(y);
        PublicKey(Kind::P384(point))
    }

    /// The RSA key of this modulus, 2048 to 8192 bits without leading zeros, and this exponent.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::RsaExponent`], [`PublicKeyError::RsaSize`], [`PublicKeyError::RsaWeak`], or
    /// [`PublicKeyError::Malformed`] for leading zeros.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        if modulus.first().is_none_or(|first| *first == 0) {
            return Err(PublicKeyError::Malformed);
        }
        if exponent != EXPONENT {
            return Err(PublicKeyError::RsaExponent);
        }
        check_modulus(modulus)?;
        Ok(PublicKey(Kind::Rsa(modulus.into())))
    }

    /// The key of a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), in the one DER form of its kind: a point is not
    /// compressed, an algorithm has no other parameters.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Malformed`] when it is none, and those of the key itself.
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        if let Some(point) = der.strip_prefix(&der::ED25519_PUBLIC) {
            return Self::ed25519(point.try_into().map_err(|_| PublicKeyError::Malformed)?);
        }
        if let Some(point) = der.strip_prefix(&der::P256_PUBLIC) {
            let (x, y) = halves(point)?;
            return Ok(Self::p256(x, y));
        }
        if let Some(point) = der.strip_prefix(&der::P384_PUBLIC) {
            let (x, y) = halves(point)?;
            return Ok(Self::p384(x, y));
        }
        let (modulus, exponent) = der::rsa_public(der).ok_or(PublicKeyError::Malformed)?;
        Self::rsa(modulus, exponent)
    }

    /// The key of a PEM text with the label `PUBLIC KEY` and nothing around it (RFC 7468 sections 3 and 13).
    ///
    /// # Errors
    ///
    /// As [`PublicKey::from_der`].
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        let der = pem::decode("PUBLIC KEY", text).ok_or(PublicKeyError::Malformed)?;
        Self::from_der(&der)
    }

    /// The key as a `SubjectPublicKeyInfo`.
    pub fn to_der(&self) -> Vec<u8> {
        match self.numbers() {
            PublicNumbers::Ed25519(point) => [&der::ED25519_PUBLIC[..], point].concat(),
            PublicNumbers::P256(point) => [&der::P256_PUBLIC[..], &point[1..]].concat(),
            PublicNumbers::P384(point) => [&der::P384_PUBLIC[..], &point[1..]].concat(),
            PublicNumbers::Rsa(modulus) => der::rsa_public_of(modulus, &EXPONENT),
        }
    }

    /// Its numbers.
    pub fn numbers(&self) -> PublicNumbers<'_> {
        match &self.0 {
            Kind::Ed25519(point) => PublicNumbers::Ed25519(point),
            Kind::P256(point) => PublicNumbers::P256(point),
            Kind::P384(point) => PublicNumbers::P384(point),
            Kind::Rsa(modulus) => PublicNumbers::Rsa(modulus),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Ed25519(_) => "PublicKey(Ed25519)",
            Kind::P256(_) => "PublicKey(P-256)",
            Kind::P384(_) => "PublicKey(P-384)",
            Kind::Rsa(_) => "PublicKey(RSA)",
        })
    }
}

/// The coordinates of an uncompressed point, after the 4.
fn halves<const N: usize>(point: &[u8]) -> Result<(&[u8; N], &[u8; N]), PublicKeyError> {
    let halves = point.split_first_chunk::<N>();
    let halves = halves.and_then(|(x, rest)| Some((x, rest.try_into().ok()?)));
    halves.ok_or(PublicKeyError::Malformed)
}

/// Whether an Ed25519 point has an order of 8 or less, or its y is not below the prime of the field: neither a key nor the
/// first half of a signature may be one, and not every library looks.
pub fn is_small_or_loose(point: &[u8; 32]) -> bool {
    let mut y = *point;
    y[31] &= 0x7f;
    let is_loose = y[0] >= 0xed && y[1..31].iter().all(|byte| *byte == 0xff) && y[31] == 0x7f;
    is_loose || SMALL_ORDER.contains(&y)
}

/// The numbers y of the points whose order divides 8, least byte first (RFC 7748 section 6.1 on why they are refused). The
/// remaining ones are not below the prime.
const SMALL_ORDER: [[u8; 32]; 5] = [
    number(0, 0),
    number(1, 0),
    // The prime less one.
    number(0xec, 0xff),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// The number whose first byte is `first` and whose others are `rest`, below 2^255.
const fn number(first: u8, rest: u8) -> [u8; 32] {
    let mut bytes = [rest; 32];
    bytes[0] = first;
    bytes[31] &= 0x7f;
    bytes
}

impl PublicKeyError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        ALGORITHM,
        MALFORMED,
        PAIR,
        POINT,
        RSA_EXPONENT,
        RSA_SIZE,
        RSA_WEAK,
        UNSUPPORTED,
    ];
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublicKeyError::Algorithm { algorithm } => {
                write!(f, "the key is of another kind than {algorithm} needs")
            }
            PublicKeyError::RsaSize { bits } => {
                write!(f, "an RSA key of {bits} bits; 2048 to 8192 are allowed")
            }
            _ => f.write_str(self.code().means),
        }
    }
}

impl core::error::Error for PublicKeyError {}

impl Refusal for PublicKeyError {
    fn code(&self) -> Code {
        match self {
            PublicKeyError::Algorithm { .. } => ALGORITHM,
            PublicKeyError::Malformed => MALFORMED,
            PublicKeyError::Pair => PAIR,
            PublicKeyError::Point => POINT,
            PublicKeyError::RsaExponent => RSA_EXPONENT,
            PublicKeyError::RsaSize { .. } => RSA_SIZE,
            PublicKeyError::RsaWeak => RSA_WEAK,
            PublicKeyError::Unsupported => UNSUPPORTED,
        }
    }
}

/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

const ALGORITHM: Code = Code::integrator(
    "public_key_algorithm",
    "the key is of another kind than the algorithm needs",
    "pin the key to the algorithm of its kind: ES256 is P-256, ES384 is P-384, EdDSA is Ed25519, RS256 and PS256 are RSA",
);
const MALFORMED: Code = Code::integrator(
    "public_key_malformed",
    "the key is not in the one form of its kind",
    "give a P-256, P-384, Ed25519 or public RSA key as `openssl pkey` prints it (`PRIVATE KEY` or `PUBLIC KEY`), with nothing around it",
);
const PAIR: Code = Code::integrator(
    "public_key_pair",
    "the public and the private half do not belong together",
    "export both halves of one key anew",
);
const POINT: Code = Code::integrator(
    "public_key_point",
    "the key's point is not on its curve or of small order",
    "do not use this key: it was damaged, or made to break its verifiers",
);
const RSA_EXPONENT: Code = Code::integrator(
    "public_key_rsa_exponent",
    "the exponent of the RSA key is not 65537",
    "make a key with exponent 65537",
);
const RSA_SIZE: Code = Code::integrator(
    "public_key_rsa_size",
    "the RSA key has fewer than 2048 or more than 8192 bits",
    "make a key of 2048 to 8192 bits",
);
const RSA_WEAK: Code = Code::integrator(
    "public_key_rsa_weak",
    "the modulus of the RSA key can be factored",
    "make a new key with a current library; whoever holds this one can be impersonated",
);
const UNSUPPORTED: Code = Code::integrator(
    "public_key_unsupported",
    "keys of this kind cannot be made or used by this library",
    "use another library for signatures, or another algorithm",
);
