//! Keys.

use counterseal_shared::{self as shared, KeyMembers, MAX_TIME, Problem, guard};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, bytes, flag, given, int, text};
use crate::errors::Guarded;

/// A signing key. Its secret does not come out again: no text, no pickle, no copy.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Key(pub(crate) shared::Key);

#[pymethods]
impl Key {
    #[new]
    #[pyo3(signature = (id, secret, *, since=None, until=None, scope=None, revoked=None))]
    fn new(
        id: &Any<'_>,
        secret: &Any<'_>,
        since: Maybe<'_>,
        until: Maybe<'_>,
        scope: Maybe<'_>,
        revoked: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Key.__new__", || {
            let key = shared::Key::new(&KeyMembers {
                id: text("id", id)?,
                secret: &bytes("secret", secret)?,
                since: instant("since", &since)?.unwrap_or(0),
                until: instant("until", &until)?,
                scope: given(&scope).map_or(Ok(""), |scope| text("scope", scope))?,
                revoked: flag("revoked", &revoked, false)?,
            })?;
            Ok(Key(key))
        })
    }

    #[getter]
    fn id(&self) -> Guarded<&str> {
        guard("Key.id", || Ok(self.0.id()))
    }

    #[getter]
    fn since(&self) -> Guarded<i64> {
        guard("Key.since", || Ok(self.0.since()))
    }

    /// The first instant at which it is over, in milliseconds; None for a key without an end.
    #[getter]
    fn until(&self) -> Guarded<Option<i64>> {
        guard("Key.until", || Ok(self.0.until()))
    }

    #[getter]
    fn scope(&self) -> Guarded<&str> {
        guard("Key.scope", || Ok(self.0.scope()))
    }

    #[getter]
    fn revoked(&self) -> Guarded<bool> {
        guard("Key.revoked", || Ok(self.0.is_revoked()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Key.__repr__", || Ok(format!("<Key {}>", self.0.id())))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Key.__reduce__", || Err(Problem::secret_copied().into()))
    }
}

/// The keys of a list or tuple.
pub(crate) fn keys(value: &Any<'_>) -> Guarded<Vec<shared::Key>> {
    let key = |item: &Any<'_>| match item.cast::<Key>() {
        Ok(key) => Ok(key.get().0.clone()),
        Err(_) => Err(args::wrong("keys", "Key objects").into()),
    };
    args::items("keys", value)?.iter().map(key).collect()
}

/// An instant that may be left out.
pub(crate) fn instant(name: &'static str, value: &Maybe<'_>) -> Guarded<Option<i64>> {
    let value = given(value);
    value.map(|value| int(name, value, 0, MAX_TIME)).transpose()
}
