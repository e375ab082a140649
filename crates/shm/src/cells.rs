//! Rate limits of this host: charges, and a new file when the old one is gone.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use counterseal_core::{Charge, Charged, Run, RunAsync, Seed, SweepCells, Time, Unavailable};
use counterseal_replay::CellGauge;

use crate::ShmError;
use crate::disk::absolute;
use crate::table::{Table, Wanted};

/// Cells of rate limits in a file that all processes of a host map, so that a limit is the host's and not each worker's.
///
/// Threads share them, processes open them by their path, and a process that is forked may go on with them.
pub struct SharedCells {
    wanted: Wanted,
    table: ArcSwap<Table>,
}

impl SharedCells {
    /// Opens the cells at `path`, or makes them: `cells` of them, as [`CellPlan::new`](counterseal_replay::CellPlan::new)
    /// has it, of 8 bytes each.
    ///
    /// All processes must name the same number: who names another puts new cells in the place of those that are there,
    /// and those that run go on with the new ones. New cells are empty, so each client has one burst more. The directory
    /// may be that of a ring; the file may not be. `seed` must be unpredictable; it is used when the file is made.
    ///
    /// # Errors
    ///
    /// [`ShmError`].
    pub fn open(path: &Path, cells: u32, seed: &Seed<16>) -> Result<Self, ShmError> {
        let path = absolute(path)?;
        let wanted = Wanted { path, cells };
        let table = ArcSwap::from_pointee(wanted.open(seed)?);
        Ok(SharedCells { wanted, table })
    }

    /// Takes from the key's cells: see [`Cells::charge`](counterseal_replay::Cells::charge).
    #[inline]
    pub fn charge(&self, charge: &Charge) -> Charged {
        let table = self.table.load();
        if table.was_in_place(&self.wanted.path, charge.now) {
            return table.cells().charge(charge);
        }
        self.charge_anew(charge)
    }

    /// How many cells are hot at `now`, counted one by one.
    pub fn gauge(&self, now: Time) -> CellGauge {
        self.table.load().cells().gauge(now)
    }

    /// Whether more than half of the cells are hot: see [`Cells::is_crowded`](counterseal_replay::Cells::is_crowded).
    #[inline]
    pub fn is_crowded(&self, now: Time) -> bool {
        self.table.load().cells().is_crowded(now)
    }

    /// Goes on with the cells that are at the path now, or where there are none with new ones. While it can do neither it
    /// goes on with those it has, which limit whoever has them too.
    //= docs/spec/limit.md#L-17
    #[cold]
    fn charge_anew(&self, charge: &Charge) -> Charged {
        let old = self.table.load_full();
        match self.wanted.reopen(&old) {
            Ok(new) => self.table.store(Arc::new(new)),
            Err(_) => old.rest(charge.now),
        }
        self.table.load().cells().charge(charge)
    }
}

impl Run<Charge> for SharedCells {
    #[inline]
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        Ok(self.charge(&op))
    }
}

impl RunAsync<Charge> for SharedCells {
    async fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        Ok(self.charge(&op))
    }
}

impl Run<SweepCells> for SharedCells {
    /// Nothing needs deleting.
    fn run(&self, _: SweepCells) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

impl core::fmt::Debug for SharedCells {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SharedCells")
            .field("cells", &self.wanted.cells)
            .finish_non_exhaustive()
    }
}
