//! Signing.

use counterseal_shared::{self as shared, Problem, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, Parts, given, maybe_int};
use crate::errors::Guarded;
use crate::keys::Key;
use crate::policy::{Policy, Profile};
use crate::responses::Sent;

/// Signs requests with one key.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Signer(shared::Signer);

#[pymethods]
impl Signer {
    #[new]
    #[pyo3(signature = (key, profile=None, *, life_seconds=None))]
    fn new(key: &Any<'_>, profile: Maybe<'_>, life_seconds: Maybe<'_>) -> Guarded<Self> {
        guard("Signer.__new__", || {
            let wrong = |_| args::wrong("key", "Key");
            let key = key.cast::<Key>().map_err(wrong)?;
            let life = maybe_int("life_seconds", &life_seconds)?;
            let signer = shared::Signer::new(&key.get().0, &profile_of(&profile)?, life)?;
            Ok(Signer(signer))
        })
    }

    #[getter]
    fn key_id(&self) -> Guarded<&str> {
        guard("Signer.key_id", || Ok(self.0.key_id()))
    }

    /// The fields to add to the request. `path` and `query` are raw; `seed` is 16 random bytes,
    /// never used twice.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None, seed=None))]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        method: Any<'py>,
        scheme: Any<'py>,
        authority: Any<'py>,
        path: Any<'py>,
        query: Maybe<'py>,
        headers: Maybe<'py>,
        body: Maybe<'py>,
        now: Maybe<'py>,
        seed: Maybe<'py>,
    ) -> Guarded<Bound<'py, PyDict>> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Signer.sign", || {
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let lines = parts.lines()?;
            let signed = self.0.sign(&parts.message(&lines)?, now, &seed)?;
            Ok(signed.into_py_dict(py)?)
        })
    }

    /// The same, keeping what the response is checked against.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None, seed=None))]
    fn send<'py>(
        &self,
        py: Python<'py>,
        method: Any<'py>,
        scheme: Any<'py>,
        authority: Any<'py>,
        path: Any<'py>,
        query: Maybe<'py>,
        headers: Maybe<'py>,
        body: Maybe<'py>,
        now: Maybe<'py>,
        seed: Maybe<'py>,
    ) -> Guarded<Sent> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Signer.send", || {
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let lines = parts.lines()?;
            Ok(Sent(self.0.send(&parts.message(&lines)?, now, &seed)?))
        })
    }

    /// The signature base, for `Verifier.explain`. It holds the covered values.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None, seed=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        method: Any<'py>,
        scheme: Any<'py>,
        authority: Any<'py>,
        path: Any<'py>,
        query: Maybe<'py>,
        headers: Maybe<'py>,
        body: Maybe<'py>,
        now: Maybe<'py>,
        seed: Maybe<'py>,
    ) -> Guarded<String> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Signer.explain", || {
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let lines = parts.lines()?;
            Ok(self.0.explain(&parts.message(&lines)?, now, &seed)?)
        })
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Signer.__repr__", || {
            Ok(format!("<Signer {}>", self.0.key_id()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Signer.__reduce__", || Err(Problem::secret_copied().into()))
    }
}

/// A profile, that of a policy, or the default one.
fn profile_of(value: &Maybe<'_>) -> Guarded<shared::Profile> {
    let Some(value) = given(value) else {
        return Ok(shared::Profile::default());
    };
    if let Ok(policy) = value.cast::<Policy>() {
        return Ok(policy.get().0.profile());
    }
    match value.cast::<Profile>() {
        Ok(profile) => Ok(profile.get().0.clone()),
        Err(_) => Err(args::wrong("profile", "Profile or Policy").into()),
    }
}
