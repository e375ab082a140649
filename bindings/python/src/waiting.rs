//! Decisions that wait for a store, and the cells that drivers carry.

use counterseal_shared::{self as shared, Problem, Statement, Value, Verdict, guard};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString};

use crate::args::{self, Any, Maybe, bytes, given, items, text};
use crate::errors::Guarded;
use crate::keys::Key;
use crate::limits::Admitted;
use crate::refresh::{Refreshed, Session};
use crate::session_feed::EndedSessions;
use crate::standing::LiveToken;
use crate::verify::Verified;
use crate::webhooks::Received;

/// A decision that waits for a store's answer. It serves once. For type checkers, `Waiting[T]` ends in a `T`.
#[pyclass(frozen, generic, module = "counterseal.stores")]
pub(crate) struct Waiting(pub(crate) shared::Waiting);

/// What a driver runs: a name, a text and its values.
pub(crate) type Asked<'py> = (String, String, Bound<'py, PyList>);

#[pymethods]
impl Waiting {
    /// What to run now; None once it is decided. `future_seconds` is what the database was made ready for; a policy by
    /// which clocks may be further ahead raises `binding_store_window`.
    #[pyo3(signature = (dialect, *, future_seconds=None))]
    fn statement<'py>(
        &self,
        py: Python<'py>,
        dialect: &Any<'_>,
        future_seconds: Maybe<'_>,
    ) -> Guarded<Option<Asked<'py>>> {
        guard("Waiting.statement", || {
            let dialect = shared::dialect(text("dialect", dialect)?)?;
            let told = args::maybe_int("future_seconds", &future_seconds)?;
            let statement = self.0.statement(dialect, told)?;
            statement.map(|statement| asked(py, statement)).transpose()
        })
    }

    /// Hands over the rows, as lists or tuples; None when the store did not answer.
    fn answer(&self, rows: &Any<'_>) -> Guarded<()> {
        guard("Waiting.answer", || {
            let rows = (!rows.is_none()).then(|| cells(rows)).transpose()?;
            Ok(self.0.answer(rows)?)
        })
    }

    /// What was decided, once: a proof, a key that was loaded, a token that may act, someone who is within a limit, a message that was
    /// received, a session, an explanation, or nothing for a change that was made.
    fn verdict<'py>(&self, py: Python<'py>) -> Guarded<Option<Any<'py>>> {
        guard("Waiting.verdict", || plain(py, self.0.verdict()?))
    }

    /// Runs it to its end on a store inside the extension.
    fn run<'py>(&self, py: Python<'py>, store: &Any<'py>) -> Guarded<Option<Any<'py>>> {
        guard("Waiting.run", || {
            let store = crate::stores::store(store)?;
            let verdict = py.detach(|| self.0.run(&store))?;
            plain(py, verdict)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard(
            "Waiting.__reduce__",
            || Err(Problem::secret_copied().into()),
        )
    }
}

/// What makes a database ready, in this order; all of it may be run again.
#[pyfunction]
#[pyo3(signature = (dialect, *, past_seconds=None, future_seconds=None, now=None))]
pub(crate) fn migrations<'py>(
    py: Python<'py>,
    dialect: &Any<'py>,
    past_seconds: Maybe<'py>,
    future_seconds: Maybe<'py>,
    now: Maybe<'py>,
) -> Guarded<Vec<Asked<'py>>> {
    guard("migrations", || {
        let dialect = shared::dialect(text("dialect", dialect)?)?;
        let window = crate::stores::window(&past_seconds, &future_seconds)?;
        let statements = shared::migrations(dialect, window, args::now(py, &now)?)?;
        statements.into_iter().map(|s| asked(py, s)).collect()
    })
}

/// What deletes what is over in a room, at most `limit` or 1000 of them.
#[pyfunction]
#[pyo3(signature = (dialect, *, room=None, now=None, limit=None))]
pub(crate) fn sweeping<'py>(
    py: Python<'py>,
    dialect: &Any<'py>,
    room: Maybe<'py>,
    now: Maybe<'py>,
    limit: Maybe<'py>,
) -> Guarded<Asked<'py>> {
    guard("sweeping", || {
        let dialect = shared::dialect(text("dialect", dialect)?)?;
        let room = given(&room).map_or(Ok("request"), |room| text("room", room))?;
        let (now, limit) = (args::now(py, &now)?, crate::stores::limit(&limit)?);
        asked(py, shared::sweeping(dialect, room, now, limit)?)
    })
}

/// What deletes cells of limits that are empty, at most `limit` or 1000 of them.
#[pyfunction]
#[pyo3(signature = (dialect, *, now=None, limit=None))]
pub(crate) fn sweeping_cells<'py>(
    py: Python<'py>,
    dialect: &Any<'py>,
    now: Maybe<'py>,
    limit: Maybe<'py>,
) -> Guarded<Asked<'py>> {
    guard("sweeping_cells", || {
        let dialect = shared::dialect(text("dialect", dialect)?)?;
        let (now, limit) = (args::now(py, &now)?, crate::stores::limit(&limit)?);
        asked(py, shared::sweeping_cells(dialect, now, limit)?)
    })
}

fn plain(py: Python<'_>, verdict: Verdict) -> Guarded<Option<Any<'_>>> {
    Ok(match verdict {
        Verdict::Admitted(admitted) => Some(Bound::new(py, Admitted(admitted))?.into_any()),
        Verdict::Count(count) => Some(PyInt::new(py, count).into_any()),
        Verdict::Ended(ended) => Some(Bound::new(py, EndedSessions(ended))?.into_any()),
        Verdict::Explained(text) => Some(PyString::new(py, &text).into_any()),
        Verdict::Key(key) => Some(Bound::new(py, Key(key))?.into_any()),
        Verdict::Live(live) => Some(Bound::new(py, LiveToken(live))?.into_any()),
        Verdict::Received(proof) => Some(Bound::new(py, Received(proof))?.into_any()),
        Verdict::Refreshed(refreshed) => Some(Bound::new(py, Refreshed(refreshed))?.into_any()),
        Verdict::Session(session) => Some(Bound::new(py, Session(*session))?.into_any()),
        Verdict::Sessions(sessions) => Some(listed(py, sessions)?),
        Verdict::Verified(proof) => Some(Bound::new(py, Verified(proof))?.into_any()),
        Verdict::Version(version) => Some(PyInt::new(py, version).into_any()),
        _ => None,
    })
}

fn listed(py: Python<'_>, sessions: Vec<shared::Session>) -> PyResult<Any<'_>> {
    let sessions = sessions
        .into_iter()
        .map(|session| Bound::new(py, Session(session)));
    let sessions = sessions.collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, sessions)?.into_any())
}

fn asked(py: Python<'_>, statement: Statement) -> Guarded<Asked<'_>> {
    let values = statement.values.into_iter().map(|value| host(py, value));
    let values = PyList::new(py, values.collect::<PyResult<Vec<_>>>()?)?;
    Ok((statement.name.into(), statement.text.into(), values))
}

fn host(py: Python<'_>, value: Value) -> PyResult<Any<'_>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::Text(text) => PyString::new(py, &text).into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, &bytes).into_any(),
    })
}

/// Rows from a driver: lists or tuples of cells. A cell of another kind is refused here, by its code.
fn cells(rows: &Any<'_>) -> Guarded<Vec<Vec<Value>>> {
    let row = |row: &Any<'_>| items("rows", row)?.iter().map(cell).collect();
    items("rows", rows)?.iter().map(row).collect()
}

fn cell(value: &Any<'_>) -> Guarded<Value> {
    if value.is_none() {
        return Ok(Value::Null);
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Value::Text(text("rows", value)?.into()));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
        return Ok(Value::Int(args::int("rows", value, i64::MIN, i64::MAX)?));
    }
    Ok(Value::Bytes(bytes("rows", value)?.into_owned()))
}
