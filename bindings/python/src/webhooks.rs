//! Webhooks.

use std::borrow::Cow;

use counterseal_shared::{self as shared, Problem, ReceiverMembers, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, bytes, given, maybe_int, text, texts};
use crate::errors::Guarded;
use crate::waiting::Waiting;

/// Signs messages for one endpoint.
#[pyclass(frozen, module = "counterseal.webhook")]
pub(crate) struct Sender(shared::WebhookSender);

/// Takes deliveries for one endpoint. Threads may share it.
#[pyclass(frozen, module = "counterseal.webhook")]
pub(crate) struct Receiver(shared::WebhookReceiver);

/// A message that was received. Only a receiver makes one: there is no constructor.
#[pyclass(frozen, module = "counterseal.webhook")]
pub(crate) struct Received(pub(crate) shared::Received);

#[pymethods]
impl Sender {
    #[new]
    fn new(secrets: &Any<'_>) -> Guarded<Self> {
        guard("Sender.__new__", || {
            let secrets = texts("secrets", &Some(secrets.clone()))?;
            Ok(Sender(shared::WebhookSender::new(&secrets)?))
        })
    }

    /// The fields that sign a message which leaves now. Sign each attempt anew, with the same id.
    #[pyo3(signature = (id, body, *, now=None))]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        id: &Any<'py>,
        body: &Any<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Bound<'py, PyDict>> {
        guard("Sender.sign", || {
            let (id, body) = (text("id", id)?, bytes("body", body)?);
            let fields = self.0.sign(id, &body, args::now(py, &now)?)?;
            Ok(fields.into_py_dict(py)?)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Sender.__reduce__", uncopied)
    }
}

#[pymethods]
impl Receiver {
    #[new]
    #[pyo3(signature = (endpoint, secrets, store=None, *, past_seconds=None, future_seconds=None, body_limit_bytes=None))]
    fn new(
        endpoint: &Any<'_>,
        secrets: &Any<'_>,
        store: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        body_limit_bytes: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Receiver.__new__", || {
            let endpoint = text("endpoint", endpoint)?;
            let secrets = texts("secrets", &Some(secrets.clone()))?;
            let store = given(&store).map(crate::stores::store).transpose()?;
            let members = ReceiverMembers {
                past_seconds: maybe_int("past_seconds", &past_seconds)?,
                future_seconds: maybe_int("future_seconds", &future_seconds)?,
                body_limit_bytes: maybe_int("body_limit_bytes", &body_limit_bytes)?,
            };
            let receiver = shared::WebhookReceiver::new(endpoint, &secrets, store, members)?;
            Ok(Receiver(receiver))
        })
    }

    /// Takes a delivery as it was sent, once. Whatever fails raises.
    #[pyo3(signature = (headers, body, *, now=None))]
    fn receive<'py>(
        &self,
        py: Python<'py>,
        headers: Any<'py>,
        body: &Any<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Received> {
        guard("Receiver.receive", || {
            let now = args::now(py, &now)?;
            with(headers, body, |lines, body| {
                let received = || self.0.receive(lines, body, now);
                // Whoever waits for a file lets other threads run meanwhile.
                Ok(Received(if self.blocks() {
                    py.detach(received)?
                } else {
                    received()?
                }))
            })
        })
    }

    /// Everything but the claim, which waits for a store of your own.
    #[pyo3(signature = (headers, body, *, now=None))]
    fn begin<'py>(
        &self,
        py: Python<'py>,
        headers: Any<'py>,
        body: &Any<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Waiting> {
        guard("Receiver.begin", || {
            let now = args::now(py, &now)?;
            with(headers, body, |lines, body| {
                Ok(Waiting(self.0.begin(lines, body, now)?))
            })
        })
    }

    /// The same, and no claim after it: for programs that remember the ids of messages themselves, for longer than the
    /// window.
    #[pyo3(signature = (headers, body, *, now=None))]
    fn check<'py>(
        &self,
        py: Python<'py>,
        headers: Any<'py>,
        body: &Any<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Received> {
        guard("Receiver.check", || {
            let now = args::now(py, &now)?;
            with(headers, body, |lines, body| {
                Ok(Received(self.0.check(lines, body, now)?))
            })
        })
    }

    /// The most bytes of content; stop reading there.
    #[getter]
    fn body_limit_bytes(&self) -> Guarded<usize> {
        guard("Receiver.body_limit_bytes", || Ok(self.0.body_limit()))
    }

    /// Whether `receive` may wait for a file, so that an event loop should call it in a thread.
    #[getter]
    fn blocking(&self) -> Guarded<bool> {
        guard("Receiver.blocking", || Ok(self.blocks()))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Receiver.__reduce__", uncopied)
    }
}

impl Receiver {
    fn blocks(&self) -> bool {
        self.0.store().is_some_and(|store| store.blocks())
    }
}

#[pymethods]
impl Received {
    /// The endpoint.
    #[getter]
    fn endpoint(&self) -> Guarded<&str> {
        guard("Received.endpoint", || Ok(self.0.endpoint()))
    }

    /// The message's id: the same for each attempt to deliver it.
    #[getter]
    fn id(&self) -> Guarded<&str> {
        guard("Received.id", || Ok(self.0.id()))
    }

    /// When this attempt was signed, in milliseconds.
    #[getter]
    fn created(&self) -> Guarded<i64> {
        guard("Received.created", || Ok(self.0.created()))
    }

    /// The acceptance as one line of JSON for the audit log.
    #[getter]
    fn event(&self) -> Guarded<String> {
        guard("Received.event", || Ok(self.0.event()))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Received.__reduce__", uncopied)
    }
}

/// A new id for a message.
#[pyfunction]
#[pyo3(signature = (*, seed=None))]
pub(crate) fn message_id(py: Python<'_>, seed: Maybe<'_>) -> Guarded<String> {
    guard("message_id", || {
        Ok(shared::message_id(&args::seed(py, &seed, 16)?)?)
    })
}

/// Hands field lines and content to `then`.
fn with<T>(
    headers: Any<'_>,
    body: &Any<'_>,
    then: impl FnOnce(&shared::Lines<'_>, &[u8]) -> Guarded<T>,
) -> Guarded<T> {
    let lines = args::lines(&Some(headers))?;
    let lines = args::fields(&lines)?;
    let lines: Vec<(&str, &[u8])> = lines.iter().map(|(n, v)| (&**n, &**v)).collect();
    let body: Cow<'_, [u8]> = bytes("body", body)?;
    then(&lines, &body)
}

fn uncopied() -> Guarded<()> {
    Err(Problem::secret_copied().into())
}
