//! Stores in memory, behind one lock.
use counterseal_core::{Claim, Claimed, Record, Row, RowOp, Run, Sweep, Time, Unavailable};
use counterseal_replay::Window;

/// Nonces and rows of one process.
pub struct Memory {}

impl Memory {
    /// A memory that begins at `now`, holds at most `capacity` nonces, and remembers at least `window`.
    pub fn new(_window: Window, _capacity: usize, _now: Time) -> Self {
        Memory {}
    }
}

impl Run<Claim> for Memory {
    fn run(&self, _: Claim) -> Result<Claimed, Unavailable> {
        Err(Unavailable)
    }
}

impl Run<Sweep> for Memory {
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Err(Unavailable)
    }
}

impl<R: Record> Run<RowOp<R>> for Memory {
    fn run(&self, _: RowOp<R>) -> Result<Option<Row<R>>, Unavailable> {
        Err(Unavailable)
    }
}
