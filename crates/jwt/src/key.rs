//! Keys of tokens: each with its id and its one algorithm.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use counterseal_core::{
    Forged, KeyId, MacKey, NotSigned, PrivateKey, Secret, SignKey, Signature, Signatures,
    VerifyKey, WeakKey, sha256,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha384, Sha512};

use crate::json::write_text;
use crate::{JwtSetupError, TokenAlgorithm};

/// A key that tokens are verified with.
#[derive(Clone)]
pub struct TokenKey {
    id: KeyId,
    kid: Arc<str>,
    with: With,
    /// The header that we write for it, up to what stands in `typ`.
    header: Arc<str>,
    /// Where `kid` begins in it.
    kid_at: usize,
}

/// A key that tokens are signed with, and its verifying half.
#[derive(Clone)]
pub struct TokenSigner {
    key: TokenKey,
    sign: Option<Arc<dyn SignKey>>,
}

#[derive(Clone)]
enum With {
    Hs256(Arc<MacKey>),
    Hs384(Arc<Hmac<Sha384>>),
    Hs512(Arc<Hmac<Sha512>>),
    Signature(Arc<dyn VerifyKey>),
}

/// The keys of an issuer, a snapshot: 1 to 64, each id once.
#[derive(Clone)]
pub struct TokenKeys(Vec<TokenKey>);

/// What a header says before its `typ`.
const TYP: &str = "\"typ\":\"";

impl TokenKey {
    /// The HMAC key of `secret`: at least 32 bytes, 48 for HS384, 64 for HS512 (RFC 7518 section 3.2).
    ///
    /// # Errors
    ///
    /// [`WeakKey`] below that; [`JwtSetupError::Algorithm`] for an algorithm that has no secret.
    //= docs/spec/jwt.md#T-13
    pub fn hmac(
        id: KeyId,
        algorithm: TokenAlgorithm,
        secret: &Secret,
    ) -> Result<Self, JwtSetupError> {
        let least = match algorithm {
            TokenAlgorithm::Hs256 => 32,
            TokenAlgorithm::Hs384 => 48,
            TokenAlgorithm::Hs512 => 64,
            TokenAlgorithm::Signature(_) => return Err(JwtSetupError::Algorithm),
        };
        let bytes = secret.expose();
        if bytes.len() < least {
            let len = bytes.len();
            return Err(JwtSetupError::Key(WeakKey { len, least }));
        }
        let any = "HMAC takes a key of any length";
        let with = match algorithm {
            TokenAlgorithm::Hs384 => With::Hs384(Arc::new(Hmac::new_from_slice(bytes).expect(any))),
            TokenAlgorithm::Hs512 => With::Hs512(Arc::new(Hmac::new_from_slice(bytes).expect(any))),
            _ => With::Hs256(Arc::new(MacKey::new(secret).map_err(JwtSetupError::Key)?)),
        };
        Ok(Self::new(id, id.as_str(), with))
    }

    /// The key of a key pair, as a library of signatures made it.
    pub fn public(id: KeyId, key: Arc<dyn VerifyKey>) -> Self {
        Self::new(id, id.as_str(), With::Signature(key))
    }

    /// The same for a key of an issuer whose `kid` may be any text: 1 to 255 bytes. Where that is no [`KeyId`], logs call it
    /// `sha256:` and the first 32 digits of its hash.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`] for an empty text or a longer one.
    pub fn foreign(kid: &str, key: Arc<dyn VerifyKey>) -> Result<Self, JwtSetupError> {
        if !(1..=MOST_KID).contains(&kid.len()) {
            return Err(JwtSetupError::Text { name: "kid" });
        }
        let id = KeyId::parse(kid).unwrap_or_else(|_| log_id(kid));
        Ok(Self::new(id, kid, With::Signature(key)))
    }

    fn new(id: KeyId, kid: &str, with: With) -> Self {
        let mut header = String::from("{\"alg\":");
        write_text(&mut header, with.algorithm().name());
        header.push(',');
        let kid_at = header.len();
        header.push_str("\"kid\":");
        write_text(&mut header, kid);
        header.push(',');
        header.push_str(TYP);
        let header = header.into();
        let kid = kid.into();
        TokenKey {
            id,
            kid,
            with,
            header,
            kid_at,
        }
    }

    /// Its id, as logs and proofs have it: the `kid`, where that is a [`KeyId`].
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Its `kid`, as a header names it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its one algorithm.
    pub fn algorithm(&self) -> TokenAlgorithm {
        self.with.algorithm()
    }

    /// The header that we write for this key and `typ`, in three pieces.
    pub(crate) fn header<'a>(&'a self, typ: &'a str) -> [&'a str; 3] {
        [&self.header, typ, "\"}"]
    }

    /// The same, as its members; each in three pieces that are behind one another.
    pub(crate) fn members<'a>(&'a self, typ: &'a str) -> [[&'a str; 3]; 3] {
        let kid_ends = self.header.len() - TYP.len() - 1;
        let algorithm = &self.header[1..self.kid_at - 1];
        let kid = &self.header[self.kid_at..kid_ends];
        [[algorithm, "", ""], [kid, "", ""], [TYP, typ, "\""]]
    }

    /// Checks a signature of these bytes, over its whole length and in constant time where it is a tag. Of a token that says
    /// nothing about its header and claims; [`TokenVerifier`](crate::TokenVerifier) looks at all of it.
    ///
    /// # Errors
    ///
    /// [`Forged`] otherwise.
    pub fn verify_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        match &self.with {
            With::Hs256(key) => key.verify(message, signature.try_into().map_err(|_| Forged)?),
            With::Hs384(key) => tagged(&**key, message)
                .verify_slice(signature)
                .map_err(|_| Forged),
            With::Hs512(key) => tagged(&**key, message)
                .verify_slice(signature)
                .map_err(|_| Forged),
            With::Signature(key) => key.verify(message, signature),
        }
    }
}

impl With {
    fn algorithm(&self) -> TokenAlgorithm {
        match self {
            With::Hs256(_) => TokenAlgorithm::Hs256,
            With::Hs384(_) => TokenAlgorithm::Hs384,
            With::Hs512(_) => TokenAlgorithm::Hs512,
            With::Signature(key) => TokenAlgorithm::Signature(key.algorithm()),
        }
    }
}

impl TokenSigner {
    /// Signs with this secret; verifiers need the same.
    ///
    /// # Errors
    ///
    /// As [`TokenKey::hmac`].
    pub fn hmac(
        id: KeyId,
        algorithm: TokenAlgorithm,
        secret: &Secret,
    ) -> Result<Self, JwtSetupError> {
        let key = TokenKey::hmac(id, algorithm, secret)?;
        Ok(TokenSigner { key, sign: None })
    }

    /// Signs with a private key, by the algorithm of its kind.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::PublicKey`] when its halves are no pair.
    pub fn private(
        id: KeyId,
        key: &PrivateKey,
        library: &dyn Signatures,
    ) -> Result<Self, JwtSetupError> {
        let algorithm = key.algorithm();
        let made = library.sign_key(algorithm, key).and_then(|sign| {
            let verify = library.verify_key(algorithm, sign.public_key())?;
            Ok((sign, verify))
        });
        let (sign, verify) = made.map_err(JwtSetupError::PublicKey)?;
        let key = TokenKey::public(id, verify);
        let sign = Some(sign);
        Ok(TokenSigner { key, sign })
    }

    /// What verifies its tokens.
    pub const fn key(&self) -> &TokenKey {
        &self.key
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature, NotSigned> {
        let tag = |bytes: &[u8]| Signature::new(bytes).ok_or(NotSigned);
        match (&self.key.with, &self.sign) {
            (With::Hs256(key), _) => tag(&key.tag(message)),
            (With::Hs384(key), _) => tag(&tagged(&**key, message).finalize().into_bytes()),
            (With::Hs512(key), _) => tag(&tagged(&**key, message).finalize().into_bytes()),
            (With::Signature(_), Some(key)) => key.sign(message),
            (With::Signature(_), None) => Err(NotSigned),
        }
    }
}

impl TokenKeys {
    /// These keys.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Keys`] for none, more than 64, or two of one id: which of them was meant is nobody's to guess.
    //= docs/spec/jwt.md#T-13
    pub fn new(keys: impl IntoIterator<Item = TokenKey>) -> Result<Self, JwtSetupError> {
        let keys: Vec<_> = keys.into_iter().collect();
        let is_twice =
            |(at, key): (usize, &TokenKey)| keys[..at].iter().any(|other| other.kid == key.kid);
        if !(1..=MOST_KEYS).contains(&keys.len()) || keys.iter().enumerate().any(is_twice) {
            return Err(JwtSetupError::Keys);
        }
        Ok(TokenKeys(keys))
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &TokenKey> {
        self.0.iter()
    }

    /// The one key, if there is one only.
    pub(crate) fn only(&self) -> Option<&TokenKey> {
        match self.0.as_slice() {
            [key] => Some(key),
            _ => None,
        }
    }

    /// The key of this `kid`, compared as it is.
    pub fn find(&self, kid: &str) -> Option<&TokenKey> {
        self.0.iter().find(|key| *key.kid == *kid)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({}, {})", self.id, self.algorithm().name())
    }
}

/// What logs call a `kid` that is no [`KeyId`], which may hold anything.
fn log_id(kid: &str) -> KeyId {
    let mut text = String::from("sha256:");
    for byte in &sha256(&[kid.as_bytes()])[..16] {
        let _ = write!(text, "{byte:02x}");
    }
    KeyId::parse(&text).expect("39 of its letters")
}

fn tagged<M: Mac + Clone>(key: &M, message: &[u8]) -> M {
    let mut mac = key.clone();
    mac.update(message);
    mac
}

pub(crate) const MOST_KEYS: usize = 64;
/// The longest `kid`, in bytes.
pub(crate) const MOST_KID: usize = 255;
