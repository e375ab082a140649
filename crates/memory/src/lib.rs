//! Stores in memory, behind one lock: for tests, small tools and services of one process.
//!
//! ```
//! use counterseal_core::{Claim, Claimed, Run, Space, Span, Time, Unavailable};
//! use counterseal_memory::Memory;
//! use counterseal_replay::Window;
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! let memory = Memory::new(Window::MINUTE, 100_000, now);
//! let claim = Claim {
//!     space: Space::new("example"),
//!     owner: 1,
//!     key: [9; 16],
//!     since: now,
//!     born: now,
//!     until: now.plus(Span::from_minutes(5)),
//! };
//! assert_eq!(memory.run(claim), Ok(Claimed::Fresh));
//! assert_eq!(memory.run(claim), Ok(Claimed::Held));
//! # Ok::<(), Unavailable>(())
//! ```
//!
//! It says the same as the SQL of `counterseal-store`, in a few lines of maps; what it has on top is a
//! bound, because memory has one.
//!
//! What it does not protect: a second process does not see its claims, and its rows are gone when the
//! process ends. Spec: `docs/spec/replay.md`.
#![forbid(unsafe_code)]

mod cells;
mod claims;
mod rows;

use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal_core::{
    Charge, Charged, Claim, Claimed, Ended, Linked, LinkedOp, Links, ListEnded, ListOp,
    LoadTogether, Record, Row, RowOp, Run, RunAsync, Sweep, SweepCells, SweepRows, Time, Together,
    Unavailable,
};
use counterseal_replay::Window;

use crate::cells::Cells;
use crate::claims::Claims;
use crate::rows::Rows;

/// Claims, rows and rate limits of one process.
///
/// Like every store that begins empty, it answers `Stale` for keys that are older than itself until `now`
/// plus the window's future and 5 s.
pub struct Memory {
    state: Mutex<State>,
}

struct State {
    cells: Cells,
    claims: Claims,
    rows: Rows,
}

impl Memory {
    /// A memory that begins at `now` and holds at most `capacity` claims, of which one owner may hold a
    /// quarter, and as many cells of rate limits that are not empty. A claim takes about 150 bytes.
    ///
    /// `window` is how far from the verifier's clock claims may be born.
    pub fn new(window: Window, capacity: usize, now: Time) -> Self {
        let state = Mutex::new(State {
            cells: Cells::new(capacity),
            claims: Claims::new(window, capacity, now),
            rows: Rows::default(),
        });
        Memory { state }
    }

    /// The same memory, where one owner may hold `cap` claims.
    #[must_use]
    pub fn with_owner_cap(self, cap: usize) -> Self {
        self.lock().claims.owner_cap = cap;
        self
    }

    /// A step never leaves the state half done, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run<Claim> for Memory {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Ok(self.lock().claims.claim(&op))
    }
}

impl Run<Sweep> for Memory {
    fn run(&self, op: Sweep) -> Result<u64, Unavailable> {
        Ok(self.lock().claims.sweep(&op))
    }
}

impl Run<Charge> for Memory {
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        self.lock().cells.charge(&op)
    }
}

impl Run<SweepCells> for Memory {
    fn run(&self, op: SweepCells) -> Result<u64, Unavailable> {
        Ok(self.lock().cells.sweep(&op))
    }
}

impl<R: Record> Run<RowOp<R>> for Memory {
    fn run(&self, op: RowOp<R>) -> Result<Option<Row<R>>, Unavailable> {
        let rows = &mut self.lock().rows;
        match op {
            RowOp::Load(load) => rows.load(load.id),
            RowOp::Swap(swap) => rows.swap(&swap),
        }
    }
}

impl<A: Record, B: Record, C: Record> Run<LoadTogether<A, B, C>> for Memory {
    fn run(&self, op: LoadTogether<A, B, C>) -> Result<Together<A, B, C>, Unavailable> {
        let rows = &self.lock().rows;
        let [a, b, c] = op.ids;
        Ok((rows.maybe(a)?, rows.maybe(b)?, rows.maybe(c)?))
    }
}

impl<A: Links<B>, B: Record> Run<LinkedOp<A, B>> for Memory {
    fn run(&self, op: LinkedOp<A, B>) -> Result<Linked<A, B>, Unavailable> {
        let rows = &mut self.lock().rows;
        match op {
            LinkedOp::Edit(edit) => rows.edit(&edit),
            LinkedOp::Load(load) => rows.linked(load.id),
            LinkedOp::Swap(swap) => Ok((rows.swap(&swap)?, None)),
            LinkedOp::SwapNamed(swap) => Ok((None, rows.swap(&swap)?)),
        }
    }
}

impl<R: Record> Run<ListOp<R>> for Memory {
    fn run(&self, op: ListOp<R>) -> Result<Vec<Row<R>>, Unavailable> {
        let rows = &mut self.lock().rows;
        match op {
            ListOp::List(list) => rows.list(&list),
            ListOp::Swap(swap) => Ok(rows.swap(&swap)?.into_iter().collect()),
        }
    }
}

impl<R: Record> Run<ListEnded<R>> for Memory {
    fn run(&self, op: ListEnded<R>) -> Result<Vec<Ended>, Unavailable> {
        self.lock().rows.ended(&op)
    }
}

impl<R: Record> Run<SweepRows<R>> for Memory {
    fn run(&self, op: SweepRows<R>) -> Result<u64, Unavailable> {
        Ok(self.lock().rows.sweep(&op))
    }
}

impl RunAsync<Claim> for Memory {
    async fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        Run::run(self, op)
    }
}

impl RunAsync<Charge> for Memory {
    async fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        Run::run(self, op)
    }
}

impl RunAsync<Sweep> for Memory {
    async fn run(&self, op: Sweep) -> Result<u64, Unavailable> {
        Run::run(self, op)
    }
}

impl<R: Record> RunAsync<RowOp<R>> for Memory {
    async fn run(&self, op: RowOp<R>) -> Result<Option<Row<R>>, Unavailable> {
        Run::run(self, op)
    }
}

impl<A: Record, B: Record, C: Record> RunAsync<LoadTogether<A, B, C>> for Memory {
    async fn run(&self, op: LoadTogether<A, B, C>) -> Result<Together<A, B, C>, Unavailable> {
        Run::run(self, op)
    }
}

impl<A: Links<B>, B: Record> RunAsync<LinkedOp<A, B>> for Memory {
    async fn run(&self, op: LinkedOp<A, B>) -> Result<Linked<A, B>, Unavailable> {
        Run::run(self, op)
    }
}

impl<R: Record> RunAsync<ListEnded<R>> for Memory {
    async fn run(&self, op: ListEnded<R>) -> Result<Vec<Ended>, Unavailable> {
        Run::run(self, op)
    }
}

impl<R: Record> RunAsync<ListOp<R>> for Memory {
    async fn run(&self, op: ListOp<R>) -> Result<Vec<Row<R>>, Unavailable> {
        Run::run(self, op)
    }
}
