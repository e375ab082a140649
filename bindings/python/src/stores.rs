//! The stores that run inside the extension.

use std::sync::Arc;

use counterseal_shared::{self as shared, MAX_TIME, Problem, RingMembers, WindowMembers, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, flag, given, int, maybe_int, text};
use crate::errors::Guarded;
use crate::limits::{Cells, SharedCells};

/// Nonces in a file that all worker processes of a host map.
#[pyclass(frozen, module = "counterseal.replay")]
pub(crate) struct SharedRing(Arc<shared::Store>);

/// Nonces of one process.
#[pyclass(frozen, module = "counterseal.replay")]
pub(crate) struct Ring(Arc<shared::Store>);

/// Nonces and keys in a database file.
#[pyclass(frozen, module = "counterseal.stores")]
pub(crate) struct Sqlite(Arc<shared::Store>);

/// Nonces and keys in the memory of one process.
#[pyclass(frozen, module = "counterseal.stores")]
pub(crate) struct Memory(Arc<shared::Store>);

#[pymethods]
impl SharedRing {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (path, *, per_second=None, owner_cap=None, past_seconds=None, future_seconds=None, now=None,
        seed=None))]
    fn new(
        py: Python<'_>,
        path: &Any<'_>,
        per_second: Maybe<'_>,
        owner_cap: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("SharedRing.__new__", || {
            let path = path_of(path)?;
            let (ring, window) = (
                ring(&per_second, &owner_cap)?,
                window(&past_seconds, &future_seconds)?,
            );
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let store = py.detach(|| shared::Store::shared(&path, ring, window, now, &seed))?;
            Ok(SharedRing(Arc::new(store)))
        })
    }

    fn gauge<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("SharedRing.gauge", || gauge(py, &self.0))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("SharedRing.__reduce__", uncopied)
    }
}

#[pymethods]
impl Ring {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (*, per_second=None, owner_cap=None, past_seconds=None, future_seconds=None, now=None,
        seed=None, one_per_worker=None))]
    fn new(
        py: Python<'_>,
        per_second: Maybe<'_>,
        owner_cap: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        now: Maybe<'_>,
        seed: Maybe<'_>,
        one_per_worker: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Ring.__new__", || {
            refuse_private(py, &one_per_worker)?;
            let (ring, window) = (
                ring(&per_second, &owner_cap)?,
                window(&past_seconds, &future_seconds)?,
            );
            let (now, seed) = (args::now(py, &now)?, args::seed(py, &seed, 16)?);
            let store = shared::Store::ring(ring, window, now, &seed)?;
            Ok(Ring(Arc::new(of(store, &one_per_worker)?)))
        })
    }

    fn gauge<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("Ring.gauge", || gauge(py, &self.0))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Ring.__reduce__", uncopied)
    }
}

#[pymethods]
impl Sqlite {
    #[new]
    #[pyo3(signature = (path, *, past_seconds=None, future_seconds=None, now=None))]
    fn new(
        py: Python<'_>,
        path: &Any<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Sqlite.__new__", || {
            let path = path_of(path)?;
            let (window, now) = (
                window(&past_seconds, &future_seconds)?,
                args::now(py, &now)?,
            );
            let store = py.detach(|| shared::Store::sqlite(&path, window, now))?;
            Ok(Sqlite(Arc::new(store)))
        })
    }

    /// Deletes claims that are over, at most `limit` or 1000 of them, and counts them.
    #[pyo3(signature = (*, now=None, limit=None))]
    fn sweep(&self, py: Python<'_>, now: Maybe<'_>, limit: Maybe<'_>) -> Guarded<u64> {
        guard("Sqlite.sweep", || sweep(py, &self.0, &now, &limit))
    }

    /// Deletes cells of limits that are empty, at most `limit` or 1000 of them, and counts them.
    #[pyo3(signature = (*, now=None, limit=None))]
    fn sweep_cells(&self, py: Python<'_>, now: Maybe<'_>, limit: Maybe<'_>) -> Guarded<u64> {
        guard("Sqlite.sweep_cells", || {
            sweep_cells(py, &self.0, &now, &limit)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Sqlite.__reduce__", uncopied)
    }
}

#[pymethods]
impl Memory {
    #[new]
    #[pyo3(signature = (*, capacity=None, past_seconds=None, future_seconds=None, now=None, one_per_worker=None))]
    fn new(
        py: Python<'_>,
        capacity: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        now: Maybe<'_>,
        one_per_worker: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Memory.__new__", || {
            refuse_private(py, &one_per_worker)?;
            let (window, now) = (
                window(&past_seconds, &future_seconds)?,
                args::now(py, &now)?,
            );
            let store = shared::Store::memory(maybe_int("capacity", &capacity)?, window, now)?;
            Ok(Memory(Arc::new(of(store, &one_per_worker)?)))
        })
    }

    /// Deletes claims that are over, at most `limit` or 1000 of them, and counts them.
    #[pyo3(signature = (*, now=None, limit=None))]
    fn sweep(&self, py: Python<'_>, now: Maybe<'_>, limit: Maybe<'_>) -> Guarded<u64> {
        guard("Memory.sweep", || sweep(py, &self.0, &now, &limit))
    }

    /// Deletes cells of limits that are empty, at most `limit` or 1000 of them, and counts them.
    #[pyo3(signature = (*, now=None, limit=None))]
    fn sweep_cells(&self, py: Python<'_>, now: Maybe<'_>, limit: Maybe<'_>) -> Guarded<u64> {
        guard("Memory.sweep_cells", || {
            sweep_cells(py, &self.0, &now, &limit)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Memory.__reduce__", uncopied)
    }
}

/// The store that this object is.
pub(crate) fn store(value: &Any<'_>) -> Guarded<Arc<shared::Store>> {
    let store = if let Ok(ring) = value.cast::<SharedRing>() {
        &ring.get().0
    } else if let Ok(ring) = value.cast::<Ring>() {
        &ring.get().0
    } else if let Ok(sqlite) = value.cast::<Sqlite>() {
        &sqlite.get().0
    } else if let Ok(memory) = value.cast::<Memory>() {
        &memory.get().0
    } else if let Ok(cells) = value.cast::<SharedCells>() {
        &cells.get().0
    } else if let Ok(cells) = value.cast::<Cells>() {
        &cells.get().0
    } else {
        return Err(args::wrong("store", "a store of this package").into());
    };
    Ok(Arc::clone(store))
}

/// The window that the host gave.
pub(crate) fn window(past: &Maybe<'_>, future: &Maybe<'_>) -> Guarded<WindowMembers> {
    Ok(WindowMembers {
        past_seconds: maybe_int("past_seconds", past)?,
        future_seconds: maybe_int("future_seconds", future)?,
    })
}

/// How many rows a sweep may delete.
pub(crate) fn limit(value: &Maybe<'_>) -> Guarded<i64> {
    let value = given(value);
    value.map_or(Ok(1_000), |value| int("limit", value, 1, MAX_TIME))
}

fn ring(per_second: &Maybe<'_>, owner_cap: &Maybe<'_>) -> Guarded<RingMembers> {
    Ok(RingMembers {
        per_second: maybe_int("per_second", per_second)?,
        owner_cap: maybe_int("owner_cap", owner_cap)?,
    })
}

/// A path: text, or what `os.fspath` makes text of.
pub(crate) fn path_of(value: &Any<'_>) -> Guarded<String> {
    if let Ok(path) = text("path", value) {
        return Ok(path.into());
    }
    let wrong = |_| args::wrong("path", "str or os.PathLike");
    let path = value.py().import("os")?.call_method1("fspath", (value,));
    Ok(text("path", &path.map_err(wrong)?)?.into())
}

/// A private store, which serves its own process only unless the host says otherwise.
pub(crate) fn of(store: shared::Store, one_per_worker: &Maybe<'_>) -> Guarded<shared::Store> {
    if flag("one_per_worker", one_per_worker, false)? {
        return Ok(store.one_per_worker());
    }
    Ok(store)
}

pub(crate) fn refuse_private(py: Python<'_>, one_per_worker: &Maybe<'_>) -> Guarded<()> {
    if !flag("one_per_worker", one_per_worker, false)? {
        let workers = py.import("counterseal._workers")?;
        workers.call_method0("refuse_private")?;
    }
    Ok(())
}

fn sweep(py: Python<'_>, store: &shared::Store, now: &Maybe<'_>, most: &Maybe<'_>) -> Guarded<u64> {
    let (now, most) = (args::now(py, now)?, limit(most)?);
    Ok(py.detach(|| store.sweep(now, most))?)
}

fn sweep_cells(
    py: Python<'_>,
    store: &shared::Store,
    now: &Maybe<'_>,
    most: &Maybe<'_>,
) -> Guarded<u64> {
    let (now, most) = (args::now(py, now)?, limit(most)?);
    Ok(py.detach(|| store.sweep_cells(now, most))?)
}

fn gauge<'py>(py: Python<'py>, store: &shared::Store) -> Guarded<Bound<'py, PyDict>> {
    let gauge = py.detach(|| store.gauge()).unwrap_or_default();
    let fields = [
        ("capacity", gauge.capacity),
        ("live", gauge.live),
        ("generation", gauge.generation),
        ("fullest", gauge.fullest),
    ];
    Ok(fields.into_py_dict(py)?)
}

fn uncopied() -> Guarded<()> {
    Err(Problem::secret_copied().into())
}
