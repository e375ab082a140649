//! Verifying.

use std::borrow::Cow;

use counterseal_shared::{self as shared, Problem, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict};

use crate::args::{self, Any, Maybe, Parts, bytes, given, int, text};
use crate::errors::Guarded;
use crate::keys::{Key, keys};
use crate::policy::{ForeignPolicy, Policy};
use crate::responses::Content;

/// A request that was accepted. Only a verifier makes one: there is no constructor.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Verified(pub(crate) shared::Verified);

/// Verifies requests. Threads may share it.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Verifier(shared::Verifier);

#[pymethods]
impl Verified {
    #[getter]
    fn key_id(&self) -> Guarded<&str> {
        guard("Verified.key_id", || Ok(self.0.key_id()))
    }

    /// The scope of the key.
    #[getter]
    fn scope(&self) -> Guarded<&str> {
        guard("Verified.scope", || Ok(self.0.scope()))
    }

    /// The signed time, in milliseconds.
    #[getter]
    fn created(&self) -> Guarded<i64> {
        guard("Verified.created", || Ok(self.0.created()))
    }

    /// The signed end, in milliseconds.
    #[getter]
    fn expires(&self) -> Guarded<i64> {
        guard("Verified.expires", || Ok(self.0.expires()))
    }

    #[getter]
    fn nonce<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyBytes>> {
        guard("Verified.nonce", || Ok(PyBytes::new(py, self.0.nonce())))
    }

    /// Names and values of what was covered, in signing order.
    #[getter]
    fn covered(&self) -> Guarded<Vec<(Cow<'_, str>, &str)>> {
        guard("Verified.covered", || Ok(self.0.covered().collect()))
    }

    /// The acceptance as one line of JSON for the audit log.
    #[getter]
    fn event(&self) -> Guarded<String> {
        guard("Verified.event", || Ok(self.0.event()))
    }

    /// The value of one covered component: `@path`, `content-type`.
    fn component(&self, name: &Any<'_>) -> Guarded<Option<&str>> {
        guard("Verified.component", || {
            Ok(self.0.component(text("name", name)?))
        })
    }

    /// The fields to set on the response with this status and content, so that the caller can check whose it is.
    #[pyo3(signature = (status, body=None, *, now=None))]
    fn sign_response<'py>(
        &self,
        py: Python<'py>,
        status: &Any<'_>,
        body: Maybe<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Bound<'py, PyDict>> {
        guard("Verified.sign_response", || {
            let (status, now) = (
                int("status", status, 0, u16::MAX.into())?,
                args::now(py, &now)?,
            );
            let body = given(&body).map_or(Ok(Cow::Borrowed(&b""[..])), |b| bytes("body", b))?;
            Ok(self.0.sign_response(status, &body, now)?.into_py_dict(py)?)
        })
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Verified.__repr__", || {
            Ok(format!("<Verified {}>", self.0.key_id()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Verified.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (policy, keys=None, store=None, *, refresh_seconds=None))]
    fn new(
        policy: &Any<'_>,
        keys: Maybe<'_>,
        store: Maybe<'_>,
        refresh_seconds: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Verifier.__new__", || {
            let known = given(&keys).map_or(Ok(Vec::new()), crate::keys::keys)?;
            let store = given(&store).map(crate::stores::store).transpose()?;
            let refresh = args::maybe_int("refresh_seconds", &refresh_seconds)?;
            let verifier = shared::Verifier::new(reads(policy)?, &known, store, refresh)?;
            Ok(Verifier(verifier))
        })
    }

    /// Verifies a request as it was sent, and claims its nonce. Whatever fails raises.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None))]
    fn verify<'py>(
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
    ) -> Guarded<Verified> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Verifier.verify", || {
            let now = args::now(py, &now)?;
            let lines = parts.lines()?;
            let message = parts.message(&lines)?;
            let verify = || self.0.verify(&message, now).map(Verified);
            // Whoever waits for a file or hashes much lets other threads run meanwhile.
            if self.blocks() || message.body.len() > MUCH {
                return Ok(py.detach(verify)?);
            }
            Ok(verify()?)
        })
    }

    /// Everything but the claim, which waits for a store of your own.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None))]
    fn begin<'py>(
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
    ) -> Guarded<crate::waiting::Waiting> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Verifier.begin", || {
            let now = args::now(py, &now)?;
            let lines = parts.lines()?;
            let message = parts.message(&lines)?;
            Ok(crate::waiting::Waiting(self.0.begin(&message, now)?))
        })
    }

    /// Everything but content and claim: the content follows in pieces, so forgeries are refused before it is read.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, *, now=None))]
    fn begin_content<'py>(
        &self,
        py: Python<'py>,
        method: Any<'py>,
        scheme: Any<'py>,
        authority: Any<'py>,
        path: Any<'py>,
        query: Maybe<'py>,
        headers: Maybe<'py>,
        now: Maybe<'py>,
    ) -> Guarded<Content> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body: None };
        guard("Verifier.begin_content", || {
            let now = args::now(py, &now)?;
            let lines = parts.lines()?;
            let message = parts.message(&lines)?;
            Ok(Content(self.0.begin_content(&message, now)?))
        })
    }

    /// The fields that sign the refusal of a request that is genuine and outside of its window, so that its sender
    /// learns this clock; None for any other request. `status` and `content` are those of the refusal.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, status, content, now=None))]
    fn sign_refusal<'py>(
        &self,
        py: Python<'py>,
        method: Any<'py>,
        scheme: Any<'py>,
        authority: Any<'py>,
        path: Any<'py>,
        query: Maybe<'py>,
        headers: Maybe<'py>,
        body: Maybe<'py>,
        status: &Any<'_>,
        content: &Any<'_>,
        now: Maybe<'py>,
    ) -> Guarded<Option<Bound<'py, PyDict>>> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Verifier.sign_refusal", || {
            let (status, now) = (
                int("status", status, 0, u16::MAX.into())?,
                args::now(py, &now)?,
            );
            let lines = parts.lines()?;
            let message = parts.message(&lines)?;
            let content = bytes("content", content)?;
            let signed = self.0.sign_refusal(&message, status, &content, now)?;
            Ok(signed.map(|fields| fields.into_py_dict(py)).transpose()?)
        })
    }

    /// What the verifier compares; `base` is the signer's, from `Signer.explain`.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, base=None))]
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
        base: Maybe<'py>,
    ) -> Guarded<Bound<'py, PyDict>> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Verifier.explain", || {
            let lines = parts.lines()?;
            let message = parts.message(&lines)?;
            let base = given(&base).map(|base| text("base", base)).transpose()?;
            explained(py, self.0.explain(&message, base)?)
        })
    }

    /// The id of the key to load before verifying: the request names it, it is unknown, and its
    /// turn has come.
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (method, scheme, authority, path, query=None, headers=None, body=None, *, now=None))]
    fn key_to_load<'py>(
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
    ) -> Guarded<Option<String>> {
        #[rustfmt::skip]
        let parts = Parts { method, scheme, authority, path, query, headers, body };
        guard("Verifier.key_to_load", || {
            let now = args::now(py, &now)?;
            let lines = parts.lines()?;
            Ok(self.0.key_to_load(&parts.message(&lines)?, now)?)
        })
    }

    /// The id of a known key that is due to be loaded again. Ask until there is none.
    #[pyo3(signature = (*, now=None))]
    fn key_to_refresh(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<Option<String>> {
        guard("Verifier.key_to_refresh", || {
            Ok(self.0.key_to_refresh(args::now(py, &now)?)?)
        })
    }

    /// Knows this key from now on, in the place of the one with its id.
    fn put_key(&self, key: &Any<'_>) -> Guarded<()> {
        guard("Verifier.put_key", || {
            let wrong = |_| args::wrong("key", "Key");
            self.0.put_key(&key.cast::<Key>().map_err(wrong)?.get().0);
            Ok(())
        })
    }

    /// Does not know the key of this id any more.
    fn forget_key(&self, id: &Any<'_>) -> Guarded<()> {
        guard("Verifier.forget_key", || {
            Ok(self.0.forget_key(text("id", id)?)?)
        })
    }

    /// Knows these keys, and no others, from now on.
    fn replace_keys(&self, keys: &Any<'_>) -> Guarded<()> {
        guard("Verifier.replace_keys", || {
            Ok(self.0.replace_keys(&self::keys(keys)?)?)
        })
    }

    #[getter]
    fn key_ids(&self) -> Guarded<Vec<String>> {
        guard("Verifier.key_ids", || Ok(self.0.key_ids()))
    }

    /// The most bytes of content; stop reading there.
    #[getter]
    fn body_limit_bytes(&self) -> Guarded<usize> {
        guard("Verifier.body_limit_bytes", || Ok(self.0.body_limit()))
    }

    /// Whether `verify` may wait for a file, so that an event loop should call it in a thread.
    #[getter]
    fn blocking(&self) -> Guarded<bool> {
        guard("Verifier.blocking", || Ok(self.blocks()))
    }

    fn __repr__(&self) -> Guarded<String> {
        guard("Verifier.__repr__", || {
            Ok(format!("<Verifier of {} keys>", self.0.key_ids().len()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Verifier.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

impl Verifier {
    fn blocks(&self) -> bool {
        self.0.store().is_some_and(|store| store.blocks())
    }
}

/// A policy of either kind.
fn reads(policy: &Any<'_>) -> Guarded<shared::Reads> {
    if let Ok(foreign) = policy.cast::<ForeignPolicy>() {
        return Ok(shared::Reads::Foreign(foreign.get().0.clone()));
    }
    let wrong = |_| args::wrong("policy", "Policy or ForeignPolicy");
    let policy = policy.cast::<Policy>().map_err(wrong)?.get().0.clone();
    Ok(shared::Reads::Own(policy))
}

fn explained(py: Python<'_>, explained: shared::Explained) -> Guarded<Bound<'_, PyDict>> {
    let difference = explained.difference;
    let difference = difference.map(|found| (found.line, found.component, found.at));
    let fields = PyDict::new(py);
    fields.set_item("base", explained.base)?;
    fields.set_item("broken_rule", explained.broken_rule)?;
    fields.set_item("difference", difference)?;
    Ok(fields)
}

/// From how many bytes on hashing is worth letting other threads run.
const MUCH: usize = 64 * 1024;
