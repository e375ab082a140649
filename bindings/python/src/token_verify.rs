//! Verifying tokens.

use counterseal_shared::{self as shared, MAX_ITEMS, Problem, guard, number};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::args::{self, Any, Maybe, maybe_int, text};
use crate::errors::Guarded;
use crate::token_keys::token_keys;
use crate::token_mint::{binding, token_policy};
use crate::token_ring::ring;

/// Verifies tokens of one policy. Any number of threads may share it.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenVerifier {
    inner: shared::TokenVerifier,
    /// Proofs by their tokens.
    kept: Py<PyDict>,
    most: usize,
}

/// A token that is genuine, for this audience, and in time.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct VerifiedToken(pub(crate) shared::VerifiedToken);

#[pymethods]
impl TokenVerifier {
    /// `cache` proofs are kept in memory, by their tokens; 0 for none.
    #[new]
    #[pyo3(signature = (policy, keys, *, cache=None))]
    fn new(py: Python<'_>, policy: &Any<'_>, keys: &Any<'_>, cache: Maybe<'_>) -> Guarded<Self> {
        guard("TokenVerifier.__new__", || {
            let cache = maybe_int("cache", &cache)?.unwrap_or(USUAL);
            let cache = number("cache", cache, 0, i64::try_from(MAX_ITEMS).unwrap_or(USUAL))?;
            let policy = token_policy(policy)?;
            let inner = match ring(keys) {
                Some(ring) => shared::TokenVerifier::of_ring(&policy, &ring)?,
                None => shared::TokenVerifier::new(&policy, &token_keys(keys)?),
            };
            Ok(TokenVerifier {
                inner,
                kept: PyDict::new(py).unbind(),
                most: usize::try_from(cache).unwrap_or(0),
            })
        })
    }

    /// The proof that `token` is genuine. A token that is bound to a key needs the SHA-256 thumbprint of the peer's `certificate`, or
    /// of the `key` that it has shown to hold.
    #[pyo3(signature = (token, *, certificate=None, key=None, now=None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        token: &Any<'py>,
        certificate: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Bound<'py, VerifiedToken>> {
        guard("TokenVerifier.verify", || {
            let now = args::now(py, &now)?;
            let binding = binding(&certificate, &key)?;
            if binding.is_none()
                && let Some(kept) = self.kept(token, now)?
            {
                return Ok(kept);
            }
            let text = text("token", token)?;
            let verified = py.detach(|| self.inner.verify(text, binding.as_ref(), now))?;
            let verified = Bound::new(py, VerifiedToken(verified))?;
            if binding.is_none() {
                self.keep(token, &verified)?;
            }
            Ok(verified)
        })
    }

    /// What `verify` makes of `token`, as text: the verdict, then each check with what it compared, up to the one
    /// that refuses. For the log, not for the peer.
    #[pyo3(signature = (token, *, certificate=None, key=None, now=None))]
    fn explain(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        certificate: Maybe<'_>,
        key: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<String> {
        guard("TokenVerifier.explain", || {
            let now = args::now(py, &now)?;
            let binding = binding(&certificate, &key)?;
            Ok(self
                .inner
                .explain(text("token", token)?, binding.as_ref(), now)?)
        })
    }

    /// Knows these keys, and no others, from now on.
    fn replace_keys(&self, py: Python<'_>, keys: &Any<'_>) -> Guarded<()> {
        guard("TokenVerifier.replace_keys", || {
            self.inner.replace_keys(&token_keys(keys)?)?;
            self.kept.bind(py).clear();
            Ok(())
        })
    }

    #[getter]
    fn key_ids(&self) -> Guarded<Vec<String>> {
        guard("TokenVerifier.key_ids", || Ok(self.inner.key_ids()))
    }

    #[getter]
    fn issuer(&self) -> Guarded<&str> {
        guard("TokenVerifier.issuer", || Ok(self.inner.issuer()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("TokenVerifier.__repr__", || {
            let keys = self.inner.key_ids().len();
            Ok(format!("<TokenVerifier of {keys} keys>"))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenVerifier.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

impl TokenVerifier {
    /// The proof that was kept for this token, if it still holds.
    fn kept<'py>(&self, token: &Any<'py>, now: i64) -> Guarded<Option<Bound<'py, VerifiedToken>>> {
        // A subclass of `str` may say that it equals anything.
        if self.most == 0 || !token.is_exact_instance_of::<PyString>() {
            return Ok(None);
        }
        let Some(kept) = self.kept.bind(token.py()).get_item(token)? else {
            return Ok(None);
        };
        let Ok(kept) = kept.cast_into::<VerifiedToken>() else {
            return Ok(None);
        };
        Ok(self.inner.recheck(&kept.get().0, now)?.then_some(kept))
    }

    /// Keeps a proof. A cache that is full begins anew: nothing in it is missed but for time.
    fn keep(&self, token: &Any<'_>, verified: &Bound<'_, VerifiedToken>) -> Guarded<()> {
        if self.most == 0 || !token.is_exact_instance_of::<PyString>() {
            return Ok(());
        }
        let kept = self.kept.bind(token.py());
        if kept.len() >= self.most {
            kept.clear();
        }
        Ok(kept.set_item(token, verified)?)
    }
}

#[pymethods]
impl VerifiedToken {
    #[getter]
    fn key_id(&self) -> Guarded<&str> {
        guard("VerifiedToken.key_id", || Ok(self.0.key_id()))
    }

    #[getter]
    fn subject(&self) -> Guarded<&str> {
        guard("VerifiedToken.subject", || Ok(self.0.subject()))
    }

    /// Its own id, `jti`.
    #[getter]
    fn id(&self) -> Guarded<Option<&str>> {
        guard("VerifiedToken.id", || Ok(self.0.id()))
    }

    /// The session that it belongs to, `sid`.
    #[getter]
    fn session(&self) -> Guarded<Option<&str>> {
        guard("VerifiedToken.session", || Ok(self.0.session()))
    }

    /// The registered key with which its session was opened, `akid`.
    #[getter]
    fn access_key(&self) -> Guarded<Option<&str>> {
        guard("VerifiedToken.access_key", || Ok(self.0.access_key()))
    }

    #[getter]
    fn user_ver(&self) -> Guarded<Option<i64>> {
        guard("VerifiedToken.user_ver", || Ok(self.0.user_ver()))
    }

    #[getter]
    fn generation(&self) -> Guarded<Option<i64>> {
        guard("VerifiedToken.generation", || Ok(self.0.generation()))
    }

    /// When it was issued, in milliseconds.
    #[getter]
    fn issued(&self) -> Guarded<i64> {
        guard("VerifiedToken.issued", || Ok(self.0.issued()))
    }

    /// From when on it is valid, in milliseconds, without leeway.
    #[getter]
    fn begins(&self) -> Guarded<i64> {
        guard("VerifiedToken.begins", || Ok(self.0.begins()))
    }

    /// When it is over, in milliseconds, without leeway.
    #[getter]
    fn expires(&self) -> Guarded<i64> {
        guard("VerifiedToken.expires", || Ok(self.0.expires()))
    }

    /// What it is bound to: `x5t#S256`, `jkt` or nothing.
    #[getter]
    fn bound_by(&self) -> Guarded<Option<&str>> {
        guard("VerifiedToken.bound_by", || Ok(self.0.bound_by()))
    }

    /// All claims, as the JSON text that was signed.
    #[getter]
    fn payload(&self) -> Guarded<&str> {
        guard("VerifiedToken.payload", || Ok(self.0.payload()))
    }

    /// All claims, read anew.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("VerifiedToken.claims", || {
            let json = py.import(intern!(py, "json"))?;
            let claims = json.call_method1(intern!(py, "loads"), (self.0.payload(),))?;
            Ok(claims.cast_into().map_err(PyErr::from)?)
        })
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("VerifiedToken.__repr__", || {
            let (key, expires) = (self.0.key_id(), self.0.expires());
            Ok(format!("<VerifiedToken by {key} until {expires}>"))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("VerifiedToken.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

/// The token of the `Authorization` field: of a dict, or of a list or tuple of pairs.
#[pyfunction]
#[pyo3(signature = (headers, *, now=None))]
pub(crate) fn bearer(py: Python<'_>, headers: Maybe<'_>, now: Maybe<'_>) -> Guarded<String> {
    guard("bearer", || {
        let now = args::now(py, &now)?;
        let lines = args::lines(&headers)?;
        let fields = args::fields(&lines)?;
        let named = fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let token = shared::bearer(named.map(|(_, value)| &**value), now)?;
        Ok(token.into())
    })
}

/// What stands in a token, as text for people: header, claims, times and sizes. Nothing of it is verified; no key is
/// used, and the signature is not shown.
#[pyfunction]
pub(crate) fn inspect(token: &Any<'_>) -> Guarded<String> {
    guard("inspect", || Ok(shared::inspect(text("token", token)?)))
}

/// A refusal of a genuine token whose claims are not of the application's model.
#[pyfunction]
pub(crate) fn claims_unfit() -> Guarded<()> {
    guard("claims_unfit", || Err(Problem::claims_unfit().into()))
}

/// How many proofs are kept, unless it is said.
const USUAL: i64 = 1_024;
