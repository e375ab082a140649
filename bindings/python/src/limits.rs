//! Rate limits.

use std::borrow::Cow;
use std::sync::Arc;

use counterseal_shared::{self as shared, Counting, LimitMembers, Problem, guard};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};

use crate::args::{self, Any, Maybe, flag, given, int, items, maybe_int, raw, text};
use crate::errors::Guarded;
use crate::stores::{of, path_of, refuse_private};
use crate::waiting::Waiting;

/// How many requests pass at once, and how fast more do. Threads may share it.
#[pyclass(frozen, module = "counterseal.limit")]
pub(crate) struct Limit(shared::Limit);

/// Someone who is within a limit. Only a limit makes one: there is no constructor.
#[pyclass(frozen, module = "counterseal.limit")]
pub(crate) struct Admitted(pub(crate) shared::Admitted);

/// Counts of limits in a file that all worker processes of a host map.
#[pyclass(frozen, module = "counterseal.limit")]
pub(crate) struct SharedCells(pub(crate) Arc<shared::Store>);

/// Counts of limits of one process.
#[pyclass(frozen, module = "counterseal.limit")]
pub(crate) struct Cells(pub(crate) Arc<shared::Store>);

#[pymethods]
impl Limit {
    #[new]
    #[pyo3(signature = (name, *, burst, every_ms, site=None, admits_unknown=None, yields=None))]
    fn new(
        name: &Any<'_>,
        burst: &Any<'_>,
        every_ms: &Any<'_>,
        site: Maybe<'_>,
        admits_unknown: Maybe<'_>,
        yields: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Limit.__new__", || {
            Ok(Limit(shared::Limit::new(&LimitMembers {
                name: text("name", name)?.into(),
                burst: int("burst", burst, i64::MIN, i64::MAX)?,
                every_ms: int("every_ms", every_ms, i64::MIN, i64::MAX)?,
                site: given(&site).map(rate).transpose()?,
                admits_unknown: flag("admits_unknown", &admits_unknown, false)?,
                yields: flag("yields", &yields, false)?,
            })?))
        })
    }

    /// Counts a request, as `cost` or 1, for a client's address, and for its site's where it has one.
    #[pyo3(signature = (client, *, cost=None, is_crowded=None, now=None))]
    fn by_address(
        &self,
        py: Python<'_>,
        client: &Any<'_>,
        cost: Maybe<'_>,
        is_crowded: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Limit.by_address", || {
            let counting = counting(py, &cost, &is_crowded, &now)?;
            let waiting = self.0.by_address(text("client", client)?, counting)?;
            Ok(Waiting(waiting))
        })
    }

    /// Counts a request for a key of this program's own.
    #[pyo3(signature = (id, *, cost=None, is_crowded=None, now=None))]
    fn by_key(
        &self,
        py: Python<'_>,
        id: &Any<'_>,
        cost: Maybe<'_>,
        is_crowded: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Limit.by_key", || {
            let counting = counting(py, &cost, &is_crowded, &now)?;
            Ok(Waiting(self.0.by_key(text("id", id)?, counting)?))
        })
    }

    /// Counts a request for a name as people write it.
    #[pyo3(signature = (name, *, cost=None, is_crowded=None, now=None))]
    fn by_name(
        &self,
        py: Python<'_>,
        name: &Any<'_>,
        cost: Maybe<'_>,
        is_crowded: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Limit.by_name", || {
            let counting = counting(py, &cost, &is_crowded, &now)?;
            Ok(Waiting(self.0.by_name(text("name", name)?, counting)?))
        })
    }

    /// Whether it steps aside while its table of cells is crowded.
    #[getter]
    fn yields(&self) -> Guarded<bool> {
        guard("Limit.yields", || Ok(self.0.yields()))
    }
}

#[pymethods]
impl Admitted {
    /// How many more would pass now; None when nothing was counted.
    #[getter]
    fn left(&self) -> Guarded<Option<u32>> {
        guard("Admitted.left", || Ok(self.0.left()))
    }

    /// Whether nothing was counted because the limit stepped aside.
    #[getter]
    fn stepped_aside(&self) -> Guarded<bool> {
        guard("Admitted.stepped_aside", || Ok(self.0.stepped_aside()))
    }

    /// Fields for the response.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("Admitted.headers", || {
            Ok(self.0.headers().into_py_dict(py)?)
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Admitted.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl SharedCells {
    #[new]
    #[pyo3(signature = (path, *, cells=None, seed=None))]
    fn new(py: Python<'_>, path: &Any<'_>, cells: Maybe<'_>, seed: Maybe<'_>) -> Guarded<Self> {
        guard("SharedCells.__new__", || {
            let path = path_of(path)?;
            let (cells, seed) = (maybe_int("cells", &cells)?, args::seed(py, &seed, 16)?);
            let store = py.detach(|| shared::Store::shared_cells(&path, cells, &seed))?;
            Ok(SharedCells(Arc::new(store)))
        })
    }

    /// Whether limits that yield step aside now.
    #[pyo3(signature = (*, now=None))]
    fn is_crowded(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<bool> {
        guard("SharedCells.is_crowded", || {
            Ok(self.0.is_crowded(args::now(py, &now)?)?)
        })
    }

    #[pyo3(signature = (*, now=None))]
    fn gauge<'py>(&self, py: Python<'py>, now: Maybe<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("SharedCells.gauge", || gauge(py, &self.0, &now))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("SharedCells.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Cells {
    #[new]
    #[pyo3(signature = (*, cells=None, seed=None, one_per_worker=None))]
    fn new(
        py: Python<'_>,
        cells: Maybe<'_>,
        seed: Maybe<'_>,
        one_per_worker: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Cells.__new__", || {
            refuse_private(py, &one_per_worker)?;
            let (cells, seed) = (maybe_int("cells", &cells)?, args::seed(py, &seed, 16)?);
            let store = of(shared::Store::cells(cells, &seed)?, &one_per_worker)?;
            Ok(Cells(Arc::new(store)))
        })
    }

    /// Whether limits that yield step aside now.
    #[pyo3(signature = (*, now=None))]
    fn is_crowded(&self, py: Python<'_>, now: Maybe<'_>) -> Guarded<bool> {
        guard("Cells.is_crowded", || {
            Ok(self.0.is_crowded(args::now(py, &now)?)?)
        })
    }

    #[pyo3(signature = (*, now=None))]
    fn gauge<'py>(&self, py: Python<'py>, now: Maybe<'py>) -> Guarded<Bound<'py, PyDict>> {
        guard("Cells.gauge", || gauge(py, &self.0, &now))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Cells.__reduce__", || Err(Problem::secret_copied().into()))
    }
}

/// The address of the client of a connection from `peer`, where `hops` proxies of your own have written into
/// `field`, whose lines have these values, in their order. A peer without an address is 0.0.0.0.
#[pyfunction]
#[pyo3(signature = (peer, values, *, hops, field=None))]
pub(crate) fn client_address(
    peer: &Any<'_>,
    values: &Any<'_>,
    hops: &Any<'_>,
    field: Maybe<'_>,
) -> Guarded<String> {
    guard("client_address", || {
        let peer = (!peer.is_none()).then(|| text("peer", peer)).transpose()?;
        let field = given(&field).map_or(Ok(FORWARDED_FOR), |field| text("field", field))?;
        let lines = items("values", values)?;
        let lines = lines.iter().map(|line| raw("values", line).map(ascii));
        let lines = lines.collect::<Guarded<Vec<_>>>()?;
        let hops = int("hops", hops, i64::MIN, i64::MAX)?;
        Ok(shared::client_address(peer, field, &lines, hops)?)
    })
}

/// Other bytes become a character that no address has.
fn ascii(line: Cow<'_, [u8]>) -> String {
    String::from_utf8_lossy(&line).into_owned()
}

fn counting(
    py: Python<'_>,
    cost: &Maybe<'_>,
    is_crowded: &Maybe<'_>,
    now: &Maybe<'_>,
) -> Guarded<Counting> {
    Ok(Counting {
        cost: maybe_int("cost", cost)?.unwrap_or(1),
        is_crowded: flag("is_crowded", is_crowded, false)?,
        now: args::now(py, now)?,
    })
}

/// A pair of burst and interval.
fn rate(site: &Any<'_>) -> Guarded<(i64, i64)> {
    let members = items("site", site)?;
    let [burst, every_ms] = &members[..] else {
        return Err(args::wrong("site", "a pair of burst and milliseconds").into());
    };
    Ok((
        int("site", burst, i64::MIN, i64::MAX)?,
        int("site", every_ms, i64::MIN, i64::MAX)?,
    ))
}

fn gauge<'py>(
    py: Python<'py>,
    store: &shared::Store,
    now: &Maybe<'py>,
) -> Guarded<Bound<'py, PyDict>> {
    let now = args::now(py, now)?;
    let gauge = py.detach(|| store.cell_gauge(now))?.unwrap_or_default();
    Ok([("cells", gauge.cells), ("hot", gauge.hot)].into_py_dict(py)?)
}

const FORWARDED_FOR: &str = "x-forwarded-for";
