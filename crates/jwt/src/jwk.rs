//! Public keys as JSON (RFC 7517), read strictly: a key says its algorithm and its id, and has no private part.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Algorithm, KeyId, PublicKey, Secret, Signatures};

use crate::json::{Members, Value};
use crate::{JwtSetupError, TokenAlgorithm, TokenKey, TokenKeys};

impl TokenKey {
    /// The key of this JWK, for verifying. It says `kty`, `alg` and `kid`; `use` is `sig` and `key_ops` has `verify`, where they are
    /// there at all; numbers are in their one form.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Jwk`] names the member that is wrong, [`JwtSetupError::PublicKey`] says why the key itself cannot be used.
    //= docs/spec/jwt.md#T-14
    pub fn from_jwk(text: &str, library: &dyn Signatures) -> Result<Self, JwtSetupError> {
        let members = Members::parse(text).map_err(|_| wrong("members"))?;
        let jwk = Jwk(members);
        let algorithm = jwk.algorithm()?;
        let kid = jwk.kid()?;
        if jwk.0.get("use").is_some() {
            jwk.is("use", "sig")?;
        }
        jwk.check_public()?;
        match algorithm {
            TokenAlgorithm::Signature(algorithm) => jwk.pair(&kid, algorithm, library),
            hmac => {
                jwk.is("kty", "oct")?;
                let id = KeyId::parse(&kid).map_err(|_| wrong("kid"))?;
                TokenKey::hmac(id, hmac, &Secret::new(jwk.bytes("k")?))
            }
        }
    }
}

impl TokenKeys {
    /// The keys of this JWK Set, at most 256 KiB. Keys that say nothing of signatures that are known here are left out, since an
    /// issuer may have others too; a key that is damaged, or an id that is there twice, is none that anybody may guess around.
    ///
    /// # Errors
    ///
    /// As [`TokenKey::from_jwk`]; [`JwtSetupError::Keys`] where no key is left.
    //= docs/spec/jwt.md#T-14
    pub fn from_jwks(text: &str, library: &dyn Signatures) -> Result<Self, JwtSetupError> {
        let mut keys = Vec::new();
        for text in items(text)? {
            let text = text?;
            if Jwk(Members::parse(text).map_err(|_| wrong("members"))?).is_ours() {
                keys.push(TokenKey::from_jwk(text, library)?);
            }
        }
        TokenKeys::new(keys)
    }
}

impl TokenKeys {
    /// The keys for JWT-SVIDs of this SPIFFE bundle, a JWK Set (SPIFFE Trust Domain and Bundle section 4), at most 256 KiB. They say
    /// `use` as `jwt-svid`. One that says no `alg` is for the algorithm of its curve, or for `RS256`. Keys for certificates, and those of
    /// kinds that are not known here, are left out.
    ///
    /// # Errors
    ///
    /// As [`TokenKeys::from_jwks`].
    //= docs/spec/jwt.md#T-18
    pub fn from_spiffe_bundle(text: &str, library: &dyn Signatures) -> Result<Self, JwtSetupError> {
        let mut keys = Vec::new();
        for text in items(text)? {
            let jwk = Jwk(Members::parse(text?).map_err(|_| wrong("members"))?);
            if let Some(algorithm) = jwk.svid_algorithm() {
                jwk.check_public()?;
                keys.push(jwk.pair(&jwk.kid()?, algorithm, library)?);
            }
        }
        TokenKeys::new(keys)
    }
}

/// The keys of a set, each as its text. They are objects, or the text is no set.
pub(crate) fn items(
    set: &str,
) -> Result<impl Iterator<Item = Result<&str, JwtSetupError>>, JwtSetupError> {
    if set.len() > MOST_SET {
        return Err(wrong("keys"));
    }
    let members = Members::parse(set).map_err(|_| wrong("keys"))?;
    let Some(Value::List(list)) = members.get("keys") else {
        return Err(wrong("keys"));
    };
    Ok(Value::items(list).map(|item| match item {
        Value::Object(text) => Ok(text),
        _ => Err(wrong("keys")),
    }))
}

/// Whether this JWK has what nobody publishes: the private part of a key pair, or a secret. So for keys of any kind and use.
pub(crate) fn has_secret(jwk: &str) -> Result<bool, JwtSetupError> {
    let members = Members::parse(jwk).map_err(|_| wrong("members"))?;
    let is_oct = matches!(members.get("kty"), Some(Value::Text(text)) if text.is("oct"));
    let mut names = PRIVATE.into_iter().chain(["k"]);
    Ok(is_oct || names.any(|name| members.get(name).is_some()))
}

/// The public key of this JWK, for signatures of its algorithm.
pub(crate) fn public(text: &str) -> Result<(Algorithm, PublicKey), JwtSetupError> {
    let jwk = Jwk(Members::parse(text).map_err(|_| wrong("members"))?);
    jwk.check_public()?;
    match jwk.algorithm()? {
        TokenAlgorithm::Signature(algorithm) => Ok((algorithm, jwk.public_key(algorithm)?)),
        _ => Err(wrong("alg")),
    }
}

struct Jwk<'t>(Members<'t>);

impl<'t> Jwk<'t> {
    /// Whether it is for signatures of an algorithm that is known here.
    fn is_ours(&self) -> bool {
        let is_encryption = matches!(self.0.get("use"), Some(Value::Text(text)) if text.is("enc"));
        !is_encryption && self.algorithm().is_ok()
    }

    fn algorithm(&self) -> Result<TokenAlgorithm, JwtSetupError> {
        TokenAlgorithm::parse(self.text("alg")?).map_err(|_| wrong("alg"))
    }

    fn kid(&self) -> Result<Cow<'t, str>, JwtSetupError> {
        match self.0.get("kid") {
            Some(Value::Text(text)) => Ok(text.said()),
            _ => Err(wrong("kid")),
        }
    }

    /// The algorithm for which it signs JWT-SVIDs, if it does so by one that is known here.
    fn svid_algorithm(&self) -> Option<Algorithm> {
        let said =
            |name, text: &str| matches!(self.0.get(name), Some(Value::Text(it)) if it.is(text));
        if !said("use", "jwt-svid") {
            return None;
        }
        if self.0.get("alg").is_some() {
            return self.algorithm().ok().and_then(TokenAlgorithm::of_svid);
        }
        let of_curve = [("P-256", Algorithm::Es256), ("P-384", Algorithm::Es384)];
        let of_curve = of_curve.into_iter().find(|(name, _)| said("crv", name));
        match of_curve {
            Some((_, algorithm)) if said("kty", "EC") => Some(algorithm),
            _ => said("kty", "RSA").then_some(Algorithm::Rs256),
        }
    }

    /// It is for verifying, and has nothing private.
    fn check_public(&self) -> Result<(), JwtSetupError> {
        match self.0.get("key_ops") {
            None => {}
            Some(Value::List(list)) => {
                let mut texts = Value::texts(list);
                if !texts.any(|text| text.is_some_and(|text| text.is("verify"))) {
                    return Err(wrong("key_ops"));
                }
            }
            Some(_) => return Err(wrong("key_ops")),
        }
        for name in PRIVATE {
            if self.0.get(name).is_some() {
                return Err(wrong(name));
            }
        }
        Ok(())
    }

    fn pair(
        &self,
        kid: &str,
        algorithm: Algorithm,
        library: &dyn Signatures,
    ) -> Result<TokenKey, JwtSetupError> {
        let key = library.verify_key(algorithm, &self.public_key(algorithm)?);
        let key = key.map_err(JwtSetupError::PublicKey)?;
        TokenKey::foreign(kid, key).map_err(|_| wrong("kid"))
    }

    fn public_key(&self, algorithm: Algorithm) -> Result<PublicKey, JwtSetupError> {
        let key = match algorithm {
            Algorithm::EdDsa => {
                self.is("kty", "OKP")?;
                self.is("crv", "Ed25519")?;
                PublicKey::ed25519(&self.number("x")?)
            }
            Algorithm::Es256 => {
                self.is("kty", "EC")?;
                self.is("crv", "P-256")?;
                Ok(PublicKey::p256(&self.number("x")?, &self.number("y")?))
            }
            Algorithm::Es384 => {
                self.is("kty", "EC")?;
                self.is("crv", "P-384")?;
                Ok(PublicKey::p384(&self.number("x")?, &self.number("y")?))
            }
            Algorithm::Ps256 | Algorithm::Rs256 => {
                self.is("kty", "RSA")?;
                PublicKey::rsa(&self.bytes("n")?, &self.bytes("e")?)
            }
            _ => return Err(wrong("alg")),
        };
        key.map_err(JwtSetupError::PublicKey)
    }

    fn text(&self, name: &'static str) -> Result<&'t str, JwtSetupError> {
        match self.0.get(name) {
            Some(Value::Text(text)) => text.plain().ok_or(wrong(name)),
            _ => Err(wrong(name)),
        }
    }

    fn is(&self, name: &'static str, expected: &str) -> Result<(), JwtSetupError> {
        if self.text(name)? != expected {
            return Err(wrong(name));
        }
        Ok(())
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, JwtSetupError> {
        let bytes = URL_SAFE_NO_PAD.decode(self.text(name)?);
        bytes.map_err(|_| wrong(name))
    }

    /// A number of a curve, with all its bytes (RFC 7518 section 6.2.1.2).
    fn number<const N: usize>(&self, name: &'static str) -> Result<[u8; N], JwtSetupError> {
        self.bytes(name)?.try_into().map_err(|_| wrong(name))
    }
}

const fn wrong(member: &'static str) -> JwtSetupError {
    JwtSetupError::Jwk { member }
}

/// What a public key does not have.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
pub(crate) const MOST_SET: usize = 256 * 1024;
