//! An issuer's own keys in a store.

use counterseal_shared::{
    self as shared, NewRingKey, Problem, RingKeyFacts, RingKeyMembers, guard,
};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, bytes, flag, given, maybe_int, maybe_text, raw, text, texts};
use crate::errors::Guarded;
use crate::waiting::Waiting;

/// The keys of an issuer in a store: rotated, published, signed with and verified with. It goes by what it read last.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct TokenRing(pub(crate) shared::TokenRing);

/// What a route for the keys answers.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct PublishedKeys(shared::PublishedKeys);

#[pymethods]
impl TokenRing {
    /// `sealing_key` is 32 random bytes, the same on all hosts, which seal private keys in the store. `period_seconds` is how long a
    /// key signs at least; `lead_seconds` and `tolerance_seconds` are for issuers that know all verifiers.
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (issuer, sealing_key, *, life_seconds=None, max_age_seconds=None, hosts_seconds=None, period_seconds=None,
        lead_seconds=None, tolerance_seconds=None))]
    fn new(
        issuer: &Any<'_>,
        sealing_key: &Any<'_>,
        life_seconds: Maybe<'_>,
        max_age_seconds: Maybe<'_>,
        hosts_seconds: Maybe<'_>,
        period_seconds: Maybe<'_>,
        lead_seconds: Maybe<'_>,
        tolerance_seconds: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("TokenRing.__new__", || {
            let ring = shared::TokenRing::new(&RingKeyMembers {
                issuer: text("issuer", issuer)?,
                sealing_key: &bytes("sealing_key", sealing_key)?,
                life_seconds: maybe_int("life_seconds", &life_seconds)?,
                max_age_seconds: maybe_int("max_age_seconds", &max_age_seconds)?,
                hosts_seconds: maybe_int("hosts_seconds", &hosts_seconds)?,
                period_seconds: maybe_int("period_seconds", &period_seconds)?,
                lead_seconds: maybe_int("lead_seconds", &lead_seconds)?,
                tolerance_seconds: maybe_int("tolerance_seconds", &tolerance_seconds)?,
            })?;
            Ok(TokenRing(ring))
        })
    }

    #[getter]
    fn issuer(&self) -> Guarded<&str> {
        guard("TokenRing.issuer", || Ok(self.0.issuer()))
    }

    /// Reads the keys.
    #[pyo3(signature = (*, now=None))]
    fn load(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("TokenRing.load", || {
            Ok(Waiting(self.0.load(args::now(py, &now)?)?))
        })
    }

    /// Announces a key: a new one of `algorithm` (`ES256`, unless it is said), or that of `pem`. It is stored, sealed; `held` keys are
    /// not, and each host is given them. `seed` is 64 random bytes for a new key, and 12 for its seal.
    #[pyo3(signature = (*, algorithm=None, pem=None, held=None, now=None, seed=None))]
    fn rotate(
        &self,
        py: Python<'_>,
        algorithm: Maybe<'_>,
        pem: Maybe<'_>,
        held: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("TokenRing.rotate", || {
            let algorithm = maybe_text("algorithm", &algorithm)?;
            let pem = given(&pem).map(|pem| raw("pem", pem)).transpose()?;
            let new = NewRingKey {
                algorithm: algorithm.as_deref(),
                pem: pem.as_deref(),
                held: flag("held", &held, false)?,
            };
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 76)?);
            Ok(Waiting(self.0.rotate(&new, &seed, now)?))
        })
    }

    /// Announces a first key if there is none, and reads the keys otherwise: for hosts that start, all at once and any number of times.
    #[pyo3(signature = (*, now=None, seed=None))]
    fn ensure(&self, py: Python<'_>, now: Maybe<'_>, seed: Maybe<'_>) -> Guarded<Waiting> {
        guard("TokenRing.ensure", || {
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 76)?);
            Ok(Waiting(self.0.ensure(&seed, now)?))
        })
    }

    /// How many milliseconds to wait before the next reading.
    #[pyo3(signature = (*, now=None))]
    fn pause(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<i64> {
        guard("TokenRing.pause", || {
            Ok(self.0.pause(args::now(py, &now)?)?)
        })
    }

    /// Removes a key at once and for good.
    #[pyo3(signature = (key_id, *, now=None))]
    fn revoke(&self, py: Python<'_>, key_id: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("TokenRing.revoke", || {
            let now = args::now(py, &now)?;
            Ok(Waiting(self.0.revoke(text("key_id", key_id)?, now)?))
        })
    }

    /// Signs with this private key too, in PEM, of which the store has the public part only.
    fn hold(&self, pem: &Any<'_>) -> Guarded<()> {
        guard("TokenRing.hold", || Ok(self.0.hold(&raw("pem", pem)?)?))
    }

    /// What a route for the keys answers.
    #[pyo3(signature = (*, now=None))]
    fn published(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<PublishedKeys> {
        guard("TokenRing.published", || {
            Ok(PublishedKeys(self.0.published(args::now(py, &now)?)?))
        })
    }

    /// Its keys, in the order in which they sign; none before they were read.
    #[pyo3(signature = (*, now=None))]
    fn keys<'py>(&self, py: Python<'py>, now: Maybe<'_>) -> Guarded<Vec<Bound<'py, PyDict>>> {
        guard("TokenRing.keys", || {
            let keys = self.0.keys(args::now(py, &now)?)?;
            keys.iter().map(|key| facts(py, key)).collect()
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("TokenRing.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl PublishedKeys {
    /// The JSON text.
    #[getter]
    fn body(&self) -> Guarded<&str> {
        guard("PublishedKeys.body", || Ok(self.0.body()))
    }

    #[getter]
    fn content_type(&self) -> Guarded<&str> {
        guard("PublishedKeys.content_type", || Ok(self.0.content_type()))
    }

    /// The strong entity tag, with its quotes.
    #[getter]
    fn etag(&self) -> Guarded<&str> {
        guard("PublishedKeys.etag", || Ok(self.0.etag()))
    }

    /// For how long a copy is good.
    #[getter]
    fn cache_control(&self) -> Guarded<&str> {
        guard("PublishedKeys.cache_control", || Ok(self.0.cache_control()))
    }

    /// Whether the client has it already, by its fields `If-None-Match`: then the answer is 304.
    fn is_known(&self, if_none_match: Any<'_>) -> Guarded<bool> {
        guard("PublishedKeys.is_known", || {
            let lines = texts("if_none_match", &Some(if_none_match))?;
            Ok(self.0.is_known(lines.iter().map(String::as_bytes)))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("PublishedKeys.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

fn facts<'py>(py: Python<'py>, key: &RingKeyFacts) -> Guarded<Bound<'py, PyDict>> {
    let facts = [("id", key.id.as_str()), ("state", key.state)].into_py_dict(py)?;
    for (name, at) in [
        ("announced", Some(key.announced)),
        ("active", Some(key.active)),
        ("ends", key.ends),
        ("gone", key.gone),
    ] {
        facts.set_item(name, at)?;
    }
    Ok(facts)
}

/// A ring, if the value is one.
pub(crate) fn ring(value: &Any<'_>) -> Option<shared::TokenRing> {
    let ring = value.cast::<TokenRing>().ok()?;
    Some(ring.get().0.clone())
}
