//! Keys of tokens.

use counterseal_shared as shared;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::answer::{Answer, answer, line};

/// A key that tokens are verified with.
#[napi]
pub struct TokenKey(pub(crate) shared::TokenKey);

/// A key that tokens are signed with. It does not come out again.
#[napi]
pub struct TokenSigner(pub(crate) shared::TokenSigner);

/// The keys of an issuer.
#[napi]
pub struct TokenKeys(pub(crate) shared::TokenKeys);

#[napi]
impl TokenKey {
    /// The key of a secret.
    #[napi]
    pub fn hmac(id: String, algorithm: String, secret: &[u8]) -> Answer<TokenKey> {
        answer("TokenKey.hmac", || {
            let key = shared::TokenKey::hmac(&id, &algorithm, secret)?;
            Ok(TokenKey(key))
        })
    }

    /// The key of a public key in PEM.
    #[napi]
    pub fn public(id: String, algorithm: String, pem: String) -> Answer<TokenKey> {
        answer("TokenKey.public", || {
            let key = shared::TokenKey::public(&id, &algorithm, &pem)?;
            Ok(TokenKey(key))
        })
    }

    /// The key of a JWK.
    #[napi]
    pub fn from_jwk(json: String) -> Answer<TokenKey> {
        answer("TokenKey.fromJwk", || {
            Ok(TokenKey(shared::TokenKey::from_jwk(&json)?))
        })
    }

    /// Its id and its algorithm, one on a line.
    #[napi]
    pub fn facts(&self) -> Answer<String> {
        answer("TokenKey.facts", || {
            let mut text = String::new();
            line(&mut text, self.0.id());
            line(&mut text, self.0.algorithm());
            Ok(text)
        })
    }
}

#[napi]
impl TokenSigner {
    /// Signs with a secret.
    #[napi]
    pub fn hmac(id: String, algorithm: String, secret: &[u8]) -> Answer<TokenSigner> {
        answer("TokenSigner.hmac", || {
            let signer = shared::TokenSigner::hmac(&id, &algorithm, secret)?;
            Ok(TokenSigner(signer))
        })
    }

    /// Signs with a private key in PEM.
    #[napi]
    pub fn private(id: String, pem: &[u8]) -> Answer<TokenSigner> {
        answer("TokenSigner.private", || {
            Ok(TokenSigner(shared::TokenSigner::private(&id, pem)?))
        })
    }

    /// What verifies its tokens.
    #[napi]
    pub fn key(&self) -> Answer<TokenKey> {
        answer("TokenSigner.key", || Ok(TokenKey(self.0.key())))
    }
}

#[napi]
impl TokenKeys {
    /// These keys.
    #[napi]
    pub fn create(keys: Vec<ClassInstance<'_, TokenKey>>) -> Answer<TokenKeys> {
        answer("TokenKeys.create", || {
            let keys: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
            Ok(TokenKeys(shared::TokenKeys::new(&keys)?))
        })
    }

    /// The keys of a JWK Set.
    #[napi]
    pub fn from_jwks(json: String) -> Answer<TokenKeys> {
        answer("TokenKeys.fromJwks", || {
            Ok(TokenKeys(shared::TokenKeys::from_jwks(&json)?))
        })
    }

    /// The keys for JWT-SVIDs of a SPIFFE bundle.
    #[napi]
    pub fn from_spiffe_bundle(json: String) -> Answer<TokenKeys> {
        answer("TokenKeys.fromSpiffeBundle", || {
            Ok(TokenKeys(shared::TokenKeys::from_spiffe_bundle(&json)?))
        })
    }

    /// Their ids, each on a line.
    #[napi]
    pub fn ids(&self) -> Answer<String> {
        answer("TokenKeys.ids", || Ok(lines(&self.0.ids())))
    }
}

/// Ids, each on a line.
pub(crate) fn lines(ids: &[String]) -> String {
    let mut text = String::new();
    for id in ids {
        line(&mut text, id);
    }
    text
}
