//! Keys of issuers of others.

use counterseal_shared::{self as shared, FetchAnswer, FetchMembers, Problem, guard};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, bytes, flag, given, int, maybe_int, text};
use crate::errors::{Guarded, exception};
use crate::token_keys::TokenKeys;

/// Says when to fetch the keys of an issuer of others, and what of the answer to take. It connects to nothing itself.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct KeyFetcher(shared::KeyFetcher);

/// An order: its number, where to, how many milliseconds it may take, and how many bytes of a body are read.
type Order = (i64, String, i64, usize);

#[pymethods]
impl KeyFetcher {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (issuer, url, *, loopback=None, timeout_seconds=None, refresh_seconds=None, limit_seconds=None,
        cool_down_seconds=None, now=None, seed=None))]
    fn new(
        py: Python<'_>,
        issuer: &Any<'_>,
        url: &Any<'_>,
        loopback: Maybe<'_>,
        timeout_seconds: Maybe<'_>,
        refresh_seconds: Maybe<'_>,
        limit_seconds: Maybe<'_>,
        cool_down_seconds: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("KeyFetcher.__new__", || {
            let members = FetchMembers {
                issuer: text("issuer", issuer)?,
                url: text("url", url)?,
                loopback: flag("loopback", &loopback, false)?,
                timeout_seconds: maybe_int("timeout_seconds", &timeout_seconds)?,
                refresh_seconds: maybe_int("refresh_seconds", &refresh_seconds)?,
                limit_seconds: maybe_int("limit_seconds", &limit_seconds)?,
                cool_down_seconds: maybe_int("cool_down_seconds", &cool_down_seconds)?,
            };
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 8)?);
            Ok(KeyFetcher(shared::KeyFetcher::new(&members, &seed, now)?))
        })
    }

    #[getter]
    fn issuer(&self) -> Guarded<String> {
        guard("KeyFetcher.issuer", || Ok(self.0.issuer()))
    }

    /// A token was refused since its key is unknown. Says whether its key is known by now, or being fetched.
    #[pyo3(signature = (token, *, now=None))]
    fn handle_wanted(&self, py: Python<'_>, token: &Any<'_>, now: Maybe<'_>) -> Guarded<bool> {
        guard("KeyFetcher.handle_wanted", || {
            let now = args::now(py, &now)?;
            Ok(self.0.handle_wanted(text("token", token)?, now)?)
        })
    }

    /// The time of `next_timeout` has come, or may have.
    #[pyo3(signature = (*, now=None))]
    fn handle_timeout(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<()> {
        guard("KeyFetcher.handle_timeout", || {
            Ok(self.0.handle_timeout(args::now(py, &now)?)?)
        })
    }

    /// When to call `handle_timeout` next, in milliseconds.
    #[getter]
    fn next_timeout(&self) -> Guarded<Option<i64>> {
        guard("KeyFetcher.next_timeout", || Ok(self.0.next_timeout()))
    }

    /// What to fetch now, each order once: its number, where to, how many milliseconds it may take, and how many bytes of a body are
    /// read. Ask after each event.
    fn order(&self) -> Guarded<Option<Order>> {
        guard("KeyFetcher.order", || {
            let order = self.0.order();
            Ok(order.map(|order| (order.number, order.url, order.timeout, order.max_bytes)))
        })
    }

    /// An order was answered, whatever the answer is. Says whether there are other keys now.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (number, status, body, *, content_type=None, url=None, max_age_seconds=None, now=None))]
    fn handle_response(
        &self,
        py: Python<'_>,
        number: &Any<'_>,
        status: &Any<'_>,
        body: &Any<'_>,
        content_type: Maybe<'_>,
        url: Maybe<'_>,
        max_age_seconds: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<bool> {
        guard("KeyFetcher.handle_response", || {
            let status = int("status", status, 0, i64::from(u16::MAX))?;
            let text_of = |name, value| given(value).map(|value| text(name, value)).transpose();
            let answer = FetchAnswer {
                number: int("number", number, i64::MIN, i64::MAX)?,
                status: u16::try_from(status).unwrap_or(0),
                content_type: text_of("content_type", &content_type)?,
                url: text_of("url", &url)?,
                max_age_seconds: maybe_int("max_age_seconds", &max_age_seconds)?,
                body: &bytes("body", body)?,
            };
            Ok(self.0.handle_response(&answer, args::now(py, &now)?)?)
        })
    }

    /// An order has no answer: `connection`, `redirect`, `timeout`, `tls` or `too_large`. The keys before are kept.
    #[pyo3(signature = (number, cause, *, now=None))]
    fn handle_failure(
        &self,
        py: Python<'_>,
        number: &Any<'_>,
        cause: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<()> {
        guard("KeyFetcher.handle_failure", || {
            let number = int("number", number, i64::MIN, i64::MAX)?;
            let now = args::now(py, &now)?;
            Ok(self.0.handle_failure(number, text("cause", cause)?, now)?)
        })
    }

    /// The keys to verify with now; raises when there are none yet, or they are too old.
    #[pyo3(signature = (*, now=None))]
    fn keys(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<TokenKeys> {
        guard("KeyFetcher.keys", || {
            Ok(TokenKeys(self.0.keys(args::now(py, &now)?)?))
        })
    }

    /// How many different sets of keys there have been.
    #[getter]
    fn generation(&self) -> Guarded<u64> {
        guard("KeyFetcher.generation", || Ok(self.0.generation()))
    }

    /// Why the last fetch failed, if it did.
    #[getter]
    fn last_error<'py>(&self, py: Python<'py>) -> Guarded<Option<Any<'py>>> {
        guard("KeyFetcher.last_error", || {
            let error = self.0.last_error();
            Ok(error.map(|error| exception(py, &error)).transpose()?)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("KeyFetcher.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}
