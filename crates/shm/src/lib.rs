//! The ring in a file that all workers of a host map.
use std::path::Path;

use counterseal_core::{Claim, Claimed, Code, Refusal, Run, Seed, Sweep, Time, Unavailable};
use counterseal_replay::{Gauge, Shape, Window};

/// A ring in a mapped file.
pub struct SharedRing {}

/// Why a shared ring cannot be opened.
#[derive(Debug)]
pub struct ShmError {}

impl SharedRing {
    /// Opens or makes the ring at `path`.
    ///
    /// # Errors
    ///
    /// [`ShmError`].
    pub fn open(
        _path: &Path,
        _shape: Shape,
        _window: Window,
        _now: Time,
        _seed: &Seed<16>,
    ) -> Result<Self, ShmError> {
        Err(ShmError {})
    }

    /// How full it is.
    pub fn gauge(&self) -> Gauge {
        Gauge::default()
    }
}

impl Run<Claim> for SharedRing {
    fn run(&self, _: Claim) -> Result<Claimed, Unavailable> {
        Err(Unavailable)
    }
}

impl Run<Sweep> for SharedRing {
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

impl ShmError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[];
}

impl core::fmt::Display for ShmError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("")
    }
}

impl core::error::Error for ShmError {}

impl Refusal for ShmError {
    fn code(&self) -> Code {
        counterseal_core::STORE_UNAVAILABLE
    }
}
