//! Keys of tokens.

use counterseal_shared::{self as shared, Problem, guard};
use pyo3::prelude::*;

use crate::args::{self, Any, bytes, raw, text};
use crate::errors::Guarded;

/// A key that tokens are verified with: an id, an algorithm, and what verifies.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenKey(pub(crate) shared::TokenKey);

/// A key that tokens are signed with. It does not come out again: no text, no pickle, no copy.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenSigner(pub(crate) shared::TokenSigner);

/// The keys of an issuer: 1 to 64, each id once.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenKeys(pub(crate) shared::TokenKeys);

#[pymethods]
impl TokenKey {
    /// The key of a secret: `HS256` (32 bytes or more), `HS384` (48) or `HS512` (64).
    #[staticmethod]
    fn hmac(id: &Any<'_>, algorithm: &Any<'_>, secret: &Any<'_>) -> Guarded<Self> {
        guard("TokenKey.hmac", || {
            let (id, algorithm) = (text("id", id)?, text("algorithm", algorithm)?);
            let secret = bytes("secret", secret)?;
            Ok(TokenKey(shared::TokenKey::hmac(id, algorithm, &secret)?))
        })
    }

    /// The key of a public key in PEM, for this algorithm and no other.
    #[staticmethod]
    fn public(id: &Any<'_>, algorithm: &Any<'_>, pem: &Any<'_>) -> Guarded<Self> {
        guard("TokenKey.public", || {
            let (id, algorithm) = (text("id", id)?, text("algorithm", algorithm)?);
            let key = shared::TokenKey::public(id, algorithm, text("pem", pem)?)?;
            Ok(TokenKey(key))
        })
    }

    /// The key of a JWK, which says its `kty`, `alg` and `kid`.
    #[staticmethod]
    fn from_jwk(json: &Any<'_>) -> Guarded<Self> {
        guard("TokenKey.from_jwk", || {
            Ok(TokenKey(shared::TokenKey::from_jwk(text("json", json)?)?))
        })
    }

    #[getter]
    fn id(&self) -> Guarded<&str> {
        guard("TokenKey.id", || Ok(self.0.id()))
    }

    #[getter]
    fn algorithm(&self) -> Guarded<&str> {
        guard("TokenKey.algorithm", || Ok(self.0.algorithm()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("TokenKey.__repr__", || {
            Ok(format!("<TokenKey {} {}>", self.0.id(), self.0.algorithm()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenKey.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl TokenSigner {
    /// Signs with a secret; verifiers need the same.
    #[staticmethod]
    fn hmac(id: &Any<'_>, algorithm: &Any<'_>, secret: &Any<'_>) -> Guarded<Self> {
        guard("TokenSigner.hmac", || {
            let (id, algorithm) = (text("id", id)?, text("algorithm", algorithm)?);
            let secret = bytes("secret", secret)?;
            let signer = shared::TokenSigner::hmac(id, algorithm, &secret)?;
            Ok(TokenSigner(signer))
        })
    }

    /// Signs with a private key in PEM (PKCS#8): Ed25519, P-256 or P-384, each by its own algorithm.
    #[staticmethod]
    fn private(id: &Any<'_>, pem: &Any<'_>) -> Guarded<Self> {
        guard("TokenSigner.private", || {
            let pem = raw("pem", pem)?;
            let signer = shared::TokenSigner::private(text("id", id)?, &pem)?;
            Ok(TokenSigner(signer))
        })
    }

    /// What verifies its tokens.
    #[getter]
    fn key(&self) -> Guarded<TokenKey> {
        guard("TokenSigner.key", || Ok(TokenKey(self.0.key())))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("TokenSigner.__repr__", || {
            let key = self.0.key();
            Ok(format!("<TokenSigner {} {}>", key.id(), key.algorithm()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenSigner.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl TokenKeys {
    #[new]
    fn new(keys: &Any<'_>) -> Guarded<Self> {
        guard("TokenKeys.__new__", || Ok(TokenKeys(token_keys(keys)?)))
    }

    /// The keys of a JWK Set.
    #[staticmethod]
    fn from_jwks(json: &Any<'_>) -> Guarded<Self> {
        guard("TokenKeys.from_jwks", || {
            let keys = shared::TokenKeys::from_jwks(text("json", json)?)?;
            Ok(TokenKeys(keys))
        })
    }

    /// The keys for JWT-SVIDs of a SPIFFE bundle.
    #[staticmethod]
    fn from_spiffe_bundle(json: &Any<'_>) -> Guarded<Self> {
        guard("TokenKeys.from_spiffe_bundle", || {
            let keys = shared::TokenKeys::from_spiffe_bundle(text("json", json)?)?;
            Ok(TokenKeys(keys))
        })
    }

    #[getter]
    fn ids(&self) -> Guarded<Vec<String>> {
        guard("TokenKeys.ids", || Ok(self.0.ids()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("TokenKeys.__repr__", || {
            Ok(format!("<TokenKeys of {}>", self.0.ids().len()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenKeys.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

/// Keys, or a list or tuple of them.
pub(crate) fn token_keys(value: &Any<'_>) -> Guarded<shared::TokenKeys> {
    if let Ok(keys) = value.cast::<TokenKeys>() {
        return Ok(keys.get().0.clone());
    }
    let key = |item: &Any<'_>| match item.cast::<TokenKey>() {
        Ok(key) => Ok(key.get().0.clone()),
        Err(_) => Err(args::wrong("keys", "TokenKeys or TokenKey objects").into()),
    };
    let keys: Guarded<Vec<_>> = args::items("keys", value)?.iter().map(key).collect();
    Ok(shared::TokenKeys::new(&keys?)?)
}
