//! The native half of the Python package `counterseal`: conversions, and nothing else.
//!
//! Each exported function runs inside [`counterseal_shared::guard`], under the name by which Python
//! calls it. Decisions, checks and codes come from `counterseal-shared`.

mod args;
mod errors;
mod keys;
mod policy;
mod sign;
mod stores;
mod verify;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _counterseal {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        keys::Key,
        policy::{Policy, Profile},
        sign::Signer,
        verify::{Verified, Verifier},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
