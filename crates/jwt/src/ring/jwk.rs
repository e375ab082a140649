//! Public keys as JSON (RFC 7517), each named by its thumbprint (RFC 7638).

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Algorithm, KeyId, PublicKey, PublicNumbers};
use sha2::{Digest, Sha256};

use crate::JwtSetupError;
use crate::json::write_text;
use crate::jwk;

/// A public key for signatures of one algorithm, as verifiers are told of it. It is made of a public key, so there is no way to publish a
/// private part with it.
#[derive(Clone, Debug)]
pub struct PublicJwk {
    id: KeyId,
    algorithm: Algorithm,
    key: PublicKey,
    text: String,
}

impl PublicJwk {
    /// The JWK of this key. Its id is its thumbprint: 43 letters of base64url, the same wherever it is computed.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Algorithm`] for a key of another kind.
    pub fn new(algorithm: Algorithm, key: &PublicKey) -> Result<Self, JwtSetupError> {
        let members = Members::of(key);
        if !members.fits(algorithm) {
            return Err(JwtSetupError::Algorithm);
        }
        let print = URL_SAFE_NO_PAD.encode(Sha256::digest(members.thumbprinted()));
        let id = KeyId::parse(&print).map_err(|_| JwtSetupError::Algorithm)?;
        let text = members.written(algorithm, &print);
        Ok(PublicJwk {
            id,
            algorithm,
            key: key.clone(),
            text,
        })
    }

    /// The key of a JWK as [`Self::text`] has it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (algorithm, key) = jwk::public(text).ok()?;
        Self::new(algorithm, &key).ok()
    }

    /// Its id, `kid`.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Its one algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key itself.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The JWK: `alg`, `kid`, `kty`, `use` and the numbers of the key, in the order of their names.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl AsRef<PublicJwk> for PublicJwk {
    fn as_ref(&self) -> &PublicJwk {
        self
    }
}

impl PartialEq for PublicJwk {
    /// Keys of one id are the same key, also an RSA key with another algorithm.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for PublicJwk {}

/// The members of a public key, encoded; those that a kind does not have are left out.
struct Members {
    kty: &'static str,
    crv: Option<&'static str>,
    e: Option<&'static str>,
    n: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Members {
    fn of(key: &PublicKey) -> Self {
        match key.numbers() {
            PublicNumbers::Ed25519(point) => Self::point("OKP", "Ed25519", point, None),
            PublicNumbers::P256(point) => {
                Self::point("EC", "P-256", &point[1..33], Some(&point[33..]))
            }
            PublicNumbers::P384(point) => {
                Self::point("EC", "P-384", &point[1..49], Some(&point[49..]))
            }
            PublicNumbers::Rsa(modulus) => Members {
                kty: "RSA",
                crv: None,
                e: Some("AQAB"),
                n: Some(URL_SAFE_NO_PAD.encode(modulus)),
                x: None,
                y: None,
            },
            _ => Self::point("", "", &[], None),
        }
    }

    fn point(kty: &'static str, crv: &'static str, x: &[u8], y: Option<&[u8]>) -> Self {
        Members {
            kty,
            crv: Some(crv),
            e: None,
            n: None,
            x: Some(URL_SAFE_NO_PAD.encode(x)),
            y: y.map(|y| URL_SAFE_NO_PAD.encode(y)),
        }
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::EdDsa => self.crv == Some("Ed25519"),
            Algorithm::Es256 => self.crv == Some("P-256"),
            Algorithm::Es384 => self.crv == Some("P-384"),
            Algorithm::Ps256 | Algorithm::Rs256 => self.kty == "RSA",
            _ => false,
        }
    }

    /// The required members alone, in the order of their names, without blanks (RFC 7638 section 3.2).
    fn thumbprinted(&self) -> String {
        object([
            ("crv", self.crv),
            ("e", self.e),
            ("kty", Some(self.kty)),
            ("n", self.n.as_deref()),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
        ])
    }

    fn written(&self, algorithm: Algorithm, print: &str) -> String {
        object([
            ("alg", Some(algorithm.name())),
            ("crv", self.crv),
            ("e", self.e),
            ("kid", Some(print)),
            ("kty", Some(self.kty)),
            ("n", self.n.as_deref()),
            ("use", Some("sig")),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
        ])
    }
}

/// An object of these texts, those that are there.
fn object<const N: usize>(members: [(&str, Option<&str>); N]) -> String {
    let mut text = String::new();
    let mut before = '{';
    for (name, value) in members {
        let Some(value) = value else { continue };
        text.push(before);
        write_text(&mut text, name);
        text.push(':');
        write_text(&mut text, value);
        before = ',';
    }
    text.push('}');
    text
}
