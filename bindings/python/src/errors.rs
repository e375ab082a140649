//! Refusals become exceptions of the classes that `counterseal.errors` defines.

use counterseal_shared::{ArgumentFault, Problem};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// What an exported function may fail with.
pub(crate) enum Raised {
    /// A refusal of ours.
    Problem(Problem),
    /// Python itself failed: out of memory, an interrupted import.
    Python(PyErr),
}

/// What every exported function returns.
pub(crate) type Guarded<T> = Result<T, Raised>;

impl From<Problem> for Raised {
    fn from(problem: Problem) -> Self {
        Raised::Problem(problem)
    }
}

impl From<ArgumentFault> for Raised {
    fn from(fault: ArgumentFault) -> Self {
        Problem::from(fault).into()
    }
}

impl From<PyErr> for Raised {
    fn from(error: PyErr) -> Self {
        Raised::Python(error)
    }
}

impl From<Raised> for PyErr {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Python(error) => error,
            Raised::Problem(problem) => Python::attach(|py| {
                exception(py, &problem).map_or_else(|error| error, PyErr::from_value)
            }),
        }
    }
}

/// The exception for `problem`, made by `counterseal.errors`.
pub(crate) fn exception<'py>(py: Python<'py>, problem: &Problem) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.get_or_try_init(py, || {
        let errors = py.import("counterseal.errors")?;
        Ok::<_, PyErr>(errors.getattr("_make")?.unbind())
    })?;
    let arguments = (
        problem.family.name(),
        problem.code.name,
        problem.to_string(),
        problem.detail.clone(),
        problem.event.as_deref(),
        problem.retry_after(),
        problem.headers.clone(),
        problem.clears_cookies,
    );
    make.bind(py).call1(arguments)
}
