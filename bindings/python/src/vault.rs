//! Keys at rest.

use counterseal_shared::{self as shared, KeyMembers, MAX_TIME, Problem, guard};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, bytes, given, int, text};
use crate::errors::Guarded;
use crate::keys::instant;
use crate::waiting::Waiting;

/// Decides about stored keys, whose secrets it seals.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct KeyVault(shared::KeyVault);

#[pymethods]
impl KeyVault {
    #[new]
    fn new(secret: &Any<'_>) -> Guarded<Self> {
        guard("KeyVault.__new__", || {
            Ok(KeyVault(shared::KeyVault::new(&bytes("secret", secret)?)?))
        })
    }

    /// Reads a key.
    fn load(&self, id: &Any<'_>) -> Guarded<Waiting> {
        guard("KeyVault.load", || {
            Ok(Waiting(self.0.load(text("id", id)?)?))
        })
    }

    /// Saves a new key, which begins now unless `since` says when (milliseconds).
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (id, secret, *, since=None, until=None, scope=None, seed=None))]
    fn save(
        &self,
        py: Python<'_>,
        id: &Any<'_>,
        secret: &Any<'_>,
        since: Maybe<'_>,
        until: Maybe<'_>,
        scope: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("KeyVault.save", || {
            let secret = bytes("secret", secret)?;
            let new = members(py, id, &secret, &since, &until, &scope)?;
            let seed = args::seed(py, &seed, 12)?;
            Ok(Waiting(self.0.save(&new, &seed)?))
        })
    }

    /// Saves a successor of the key `old`, which is over at `old_until` (milliseconds).
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (old, id, secret, *, old_until, since=None, until=None, scope=None, seed=None))]
    fn rotate(
        &self,
        py: Python<'_>,
        old: &Any<'_>,
        id: &Any<'_>,
        secret: &Any<'_>,
        old_until: &Any<'_>,
        since: Maybe<'_>,
        until: Maybe<'_>,
        scope: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("KeyVault.rotate", || {
            let secret = bytes("secret", secret)?;
            let new = members(py, id, &secret, &since, &until, &scope)?;
            let seed = args::seed(py, &seed, 12)?;
            let over = int("old_until", old_until, 0, MAX_TIME)?;
            Ok(Waiting(self.0.rotate(
                text("old", old)?,
                &new,
                &seed,
                over,
            )?))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("KeyVault.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

/// Lets a key be over at `until` (milliseconds), or earlier if it was to be.
#[pyfunction]
pub(crate) fn end_key(id: &Any<'_>, until: &Any<'_>) -> Guarded<Waiting> {
    guard("end_key", || {
        let until = int("until", until, 0, MAX_TIME)?;
        Ok(Waiting(shared::end_key(text("id", id)?, until)?))
    })
}

/// Revokes a key from now on, for good.
#[pyfunction]
#[pyo3(signature = (id, *, now=None))]
pub(crate) fn revoke_key(py: Python<'_>, id: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
    guard("revoke_key", || {
        let now = args::now(py, &now)?;
        Ok(Waiting(shared::revoke_key(text("id", id)?, now)?))
    })
}

/// A new key begins now unless it is said when.
fn members<'a>(
    py: Python<'_>,
    id: &'a Any<'_>,
    secret: &'a [u8],
    since: &Maybe<'_>,
    until: &Maybe<'_>,
    scope: &'a Maybe<'_>,
) -> Guarded<KeyMembers<'a>> {
    Ok(KeyMembers {
        id: text("id", id)?,
        secret,
        since: args::now(py, since)?,
        until: instant("until", until)?,
        scope: given(scope).map_or(Ok(""), |scope| text("scope", scope))?,
        revoked: false,
    })
}
