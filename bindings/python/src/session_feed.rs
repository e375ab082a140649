//! What verifiers of access tokens know of sessions that have ended.

use counterseal_shared::{self as shared, guard};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, int, maybe_text};
use crate::errors::Guarded;
use crate::waiting::Waiting;

/// Reads which sessions ended within the life of an access token. It needs a store and no secret.
#[pyclass(frozen, module = "counterseal.refresh")]
pub(crate) struct SessionFeed {
    feed: shared::SessionFeed,
    trusted_for_seconds: i64,
}

/// The sessions that had ended at an instant, so that their access tokens are over.
#[pyclass(frozen, module = "counterseal.refresh")]
pub(crate) struct EndedSessions(pub(crate) Box<shared::EndedSessions>);

#[pymethods]
impl SessionFeed {
    /// What is read is trusted for so long, 1 s to 10 min: so long a session that has ended may go on, and so long access tokens are
    /// taken while the store does not answer.
    #[new]
    #[pyo3(signature = (*, trusted_for_seconds))]
    fn new(trusted_for_seconds: &Any<'_>) -> Guarded<Self> {
        guard("SessionFeed.__new__", || {
            let trusted_for_seconds = int(
                "trusted_for_seconds",
                trusted_for_seconds,
                i64::MIN,
                i64::MAX,
            )?;
            Ok(SessionFeed {
                feed: shared::SessionFeed::new(trusted_for_seconds)?,
                trusted_for_seconds,
            })
        })
    }

    /// For how long what is read is trusted.
    #[getter]
    fn trusted_for_seconds(&self) -> Guarded<i64> {
        guard("SessionFeed.trusted_for_seconds", || {
            Ok(self.trusted_for_seconds)
        })
    }

    /// Begins to read. On success, put it in the place of what was read before; on failure, keep that.
    #[pyo3(signature = (*, now=None))]
    fn read(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("SessionFeed.read", || {
            Ok(Waiting(self.feed.read(args::now(py, &now)?)?))
        })
    }
}

#[pymethods]
impl EndedSessions {
    /// Looks at the session that a genuine access token names; None where it names none.
    #[pyo3(signature = (session, *, now=None))]
    fn check(&self, py: Python<'_>, session: Maybe<'_>, now: Maybe<'_>) -> Guarded<()> {
        guard("EndedSessions.check", || {
            let session = maybe_text("session", &session)?;
            Ok(self.0.check(session.as_deref(), args::now(py, &now)?)?)
        })
    }

    /// When it began to be read, in milliseconds since 1970.
    #[getter]
    fn read_at(&self) -> Guarded<i64> {
        guard("EndedSessions.read_at", || Ok(self.0.read_at()))
    }

    /// How many sessions it holds.
    fn __len__(&self) -> Guarded<usize> {
        guard("EndedSessions.__len__", || Ok(self.0.count() as usize))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("EndedSessions.__repr__", || {
            Ok(format!("<EndedSessions {}>", self.0.count()))
        })
    }
}
