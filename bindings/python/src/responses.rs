//! Responses, and content in pieces.

use std::borrow::Cow;

use counterseal_shared::{self as shared, Answered, Problem, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, bytes, int};
use crate::errors::Guarded;
use crate::verify::Verified;
use crate::waiting::Waiting;

/// A signed request that waits for its response.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Sent(pub(crate) shared::Sent);

/// A response to the request that was sent, by a holder of its key. Only `Sent.check` makes one.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct VerifiedResponse(shared::VerifiedResponse);

/// The content of a genuine request, which follows in pieces. Act on none of it before the proof.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Content(pub(crate) shared::Content);

#[pymethods]
impl Sent {
    /// The fields to add to the request.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("Sent.headers", || {
            Ok(self.0.headers().to_vec().into_py_dict(py)?)
        })
    }

    /// The response, if it is the signed answer to this request. `body` is the raw content, before any decompression.
    #[pyo3(signature = (status, headers, body=None))]
    fn check<'py>(
        &self,
        status: &Any<'_>,
        headers: Any<'py>,
        body: Maybe<'py>,
    ) -> Guarded<VerifiedResponse> {
        guard("Sent.check", || {
            answered(status, headers, &body, |answered| {
                Ok(VerifiedResponse(self.0.check(answered)?))
            })
        })
    }

    /// The service's clock in milliseconds, from the signed refusal of a request that was outside of its window, and whether
    /// the request may be signed anew by it, once: it was not served and cannot be any more, or its method changes nothing.
    /// `round_trip_ms` is how long the head of the answer took by a monotonic clock: 5 s at most.
    #[pyo3(signature = (status, headers, body=None, *, round_trip_ms))]
    fn clock<'py>(
        &self,
        status: &Any<'_>,
        headers: Any<'py>,
        body: Maybe<'py>,
        round_trip_ms: &Any<'_>,
    ) -> Guarded<(i64, bool)> {
        guard("Sent.clock", || {
            let round_trip = int("round_trip_ms", round_trip_ms, 0, u32::MAX.into())?;
            answered(status, headers, &body, |answered| {
                Ok(self.0.clock(answered, round_trip)?)
            })
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Sent.__reduce__", uncopied)
    }
}

#[pymethods]
impl VerifiedResponse {
    /// The key of request and response.
    #[getter]
    fn key_id(&self) -> Guarded<&str> {
        guard("VerifiedResponse.key_id", || Ok(self.0.key_id()))
    }

    /// The status, which is covered.
    #[getter]
    fn status(&self) -> Guarded<u16> {
        guard("VerifiedResponse.status", || Ok(self.0.status()))
    }

    /// When the service signed it, by its clock, in milliseconds.
    #[getter]
    fn created(&self) -> Guarded<i64> {
        guard("VerifiedResponse.created", || Ok(self.0.created()))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("VerifiedResponse.__reduce__", uncopied)
    }
}

#[pymethods]
impl Content {
    /// Takes the next piece. Whoever is refused here reads no further.
    fn update(&self, piece: &Any<'_>) -> Guarded<()> {
        guard("Content.update", || {
            Ok(self.0.update(&bytes("piece", piece)?)?)
        })
    }

    /// All of it came: everything but the claim, which waits for a store of your own.
    fn finish(&self) -> Guarded<Waiting> {
        guard("Content.finish", || Ok(Waiting(self.0.finish()?)))
    }

    /// All of it came: claims the nonce in the verifier's store. Whatever fails raises.
    fn verify(&self, py: Python<'_>) -> Guarded<Verified> {
        guard("Content.verify", || {
            Ok(Verified(py.detach(|| self.0.verify())?))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Content.__reduce__", uncopied)
    }
}

/// Hands a response to `then`.
fn answered<T>(
    status: &Any<'_>,
    headers: Any<'_>,
    body: &Maybe<'_>,
    then: impl FnOnce(&Answered<'_>) -> Guarded<T>,
) -> Guarded<T> {
    let status = int("status", status, 0, u16::MAX.into())?;
    let lines = args::lines(&Some(headers))?;
    let lines = args::fields(&lines)?;
    let lines: Vec<(&str, &[u8])> = lines.iter().map(|(n, v)| (&**n, &**v)).collect();
    let body = args::given(body).map_or(Ok(Cow::Borrowed(&b""[..])), |body| bytes("body", body))?;
    then(&Answered {
        status,
        headers: &lines,
        body: &body,
    })
}

fn uncopied() -> Guarded<()> {
    Err(Problem::secret_copied().into())
}
