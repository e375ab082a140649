//! Keys of tokens, with host-made parts.

use std::sync::Arc;

use counterseal::core::{KeyId, PrivateKey, PublicKey, Secret, Signatures};
use counterseal::jwt::{self, TokenAlgorithm};
use counterseal_crypto_aws_lc::AwsLc;

use crate::{MAX_ITEMS, Problem, check_len};

/// A key that tokens are verified with: an id, an algorithm, and what verifies.
#[derive(Clone)]
pub struct TokenKey(pub(crate) jwt::TokenKey);

/// A key that tokens are signed with. It does not come out again.
#[derive(Clone)]
pub struct TokenSigner(pub(crate) jwt::TokenSigner);

/// The keys of an issuer.
#[derive(Clone)]
pub struct TokenKeys(pub(crate) Arc<jwt::TokenKeys>);

impl TokenKey {
    /// The key of this secret: `HS256`, `HS384` or `HS512`.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`, or a secret that is too short.
    pub fn hmac(id: &str, algorithm: &str, secret: &[u8]) -> Result<Self, Problem> {
        let algorithm = TokenAlgorithm::parse(algorithm)?;
        let secret = Secret::new(secret.into());
        let key = jwt::TokenKey::hmac(KeyId::parse(id)?, algorithm, &secret)?;
        Ok(TokenKey(key))
    }

    /// The key of this public key, `SubjectPublicKeyInfo` as PEM, for this algorithm and no other.
    ///
    /// # Errors
    ///
    /// `jwt_setup_algorithm`, or why the key cannot be used.
    pub fn public(id: &str, algorithm: &str, pem: &str) -> Result<Self, Problem> {
        let TokenAlgorithm::Signature(algorithm) = TokenAlgorithm::parse(algorithm)? else {
            return Err(jwt::JwtSetupError::Algorithm.into());
        };
        let id = KeyId::parse(id)?;
        let public = PublicKey::from_pem(pem)?;
        let key = AwsLc.verify_key(algorithm, &public)?;
        Ok(TokenKey(jwt::TokenKey::public(id, key)))
    }

    /// The key of this JWK.
    ///
    /// # Errors
    ///
    /// `jwt_setup_jwk`, or why the key cannot be used.
    pub fn from_jwk(json: &str) -> Result<Self, Problem> {
        Ok(TokenKey(jwt::TokenKey::from_jwk(json, &AwsLc)?))
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.0.id().as_str()
    }

    /// Its one algorithm.
    pub fn algorithm(&self) -> &'static str {
        self.0.algorithm().name()
    }
}

impl TokenSigner {
    /// Signs with this secret.
    ///
    /// # Errors
    ///
    /// As [`TokenKey::hmac`].
    pub fn hmac(id: &str, algorithm: &str, secret: &[u8]) -> Result<Self, Problem> {
        let algorithm = TokenAlgorithm::parse(algorithm)?;
        let secret = Secret::new(secret.into());
        let signer = jwt::TokenSigner::hmac(KeyId::parse(id)?, algorithm, &secret)?;
        Ok(TokenSigner(signer))
    }

    /// Signs with this private key, PKCS#8 as PEM, by the algorithm of its kind: `EdDSA`, `ES256` or `ES384`.
    ///
    /// # Errors
    ///
    /// Why the key cannot be used.
    pub fn private(id: &str, pem: &[u8]) -> Result<Self, Problem> {
        let id = KeyId::parse(id)?;
        let key = PrivateKey::from_pem(&Secret::new(pem.into()))?;
        Ok(TokenSigner(jwt::TokenSigner::private(id, &key, &AwsLc)?))
    }

    /// What verifies its tokens.
    pub fn key(&self) -> TokenKey {
        TokenKey(self.0.key().clone())
    }
}

impl TokenKeys {
    /// These keys.
    ///
    /// # Errors
    ///
    /// `jwt_setup_keys`.
    pub fn new(keys: &[TokenKey]) -> Result<Self, Problem> {
        check_len("keys", keys.len(), 0, MAX_ITEMS)?;
        let keys = keys.iter().map(|key| key.0.clone());
        Ok(TokenKeys(Arc::new(jwt::TokenKeys::new(keys)?)))
    }

    /// The keys of a JWK Set.
    ///
    /// # Errors
    ///
    /// `jwt_setup_jwk`, `jwt_setup_keys`, or why a key cannot be used.
    pub fn from_jwks(json: &str) -> Result<Self, Problem> {
        let keys = jwt::TokenKeys::from_jwks(json, &AwsLc)?;
        Ok(TokenKeys(Arc::new(keys)))
    }

    /// The keys for JWT-SVIDs of a SPIFFE bundle.
    ///
    /// # Errors
    ///
    /// As [`TokenKeys::from_jwks`].
    pub fn from_spiffe_bundle(json: &str) -> Result<Self, Problem> {
        let keys = jwt::TokenKeys::from_spiffe_bundle(json, &AwsLc)?;
        Ok(TokenKeys(Arc::new(keys)))
    }

    /// Their ids.
    pub fn ids(&self) -> Vec<String> {
        let ids = self.0.iter().map(|key| key.id().as_str().into());
        ids.collect()
    }
}
