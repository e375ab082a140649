//! The stores that run inside the extension, as one type.

use std::path::Path;
use std::process;

use counterseal::core::{
    Charge, Charged, Claim, Claimed, Ended, Linked, LinkedOp, Links, ListEnded, ListOp,
    LoadTogether, Record, Row, RowOp, Run, Seed, Space, Span, Sweep, SweepCells, SweepRows, Time,
    Together, Unavailable,
};
use counterseal::jwt::Denied;
use counterseal::refresh::RefreshFamily;
use counterseal::replay::{CellGauge, Gauge, PrivateCells, PrivateRing, Shape, Window};
use counterseal_memory::Memory;
use counterseal_shm::{SharedCells, SharedRing};
use counterseal_sqlite::Sqlite;

use crate::{Problem, check_len, number, seed, time};

/// A store of this process or of this host.
pub struct Store {
    kind: Kind,
    window: Window,
    /// The process that made it, where it is of no use to another one.
    only_in: Option<u32>,
}

#[allow(clippy::large_enum_variant)] // one for each process, and always behind a pointer
enum Kind {
    Cells(PrivateCells),
    Memory(Memory),
    Ring(PrivateRing),
    Shared(SharedRing),
    SharedCells(SharedCells),
    Sqlite(Sqlite),
}

/// What a decision needs of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// That it counts charges.
    Cells,
    /// That it claims nonces.
    Claims,
    /// That it keeps rows.
    Rows,
}

/// How large a ring is, as the host gave it; none stands for the default.
#[derive(Clone, Copy, Default)]
pub struct RingMembers {
    /// Requests per second that it is made for.
    pub per_second: Option<i64>,
    /// How many claims one key may win in 15 s.
    pub owner_cap: Option<i64>,
}

/// The window of the policies that a store will serve, as the host gave it; none stands for a minute.
#[derive(Clone, Copy, Default)]
pub struct WindowMembers {
    /// How far ahead `created` may be.
    pub future_seconds: Option<i64>,
    /// How old `created` may be.
    pub past_seconds: Option<i64>,
}

impl Store {
    /// Nonces and keys in the memory of this process, for at most `capacity` nonces.
    ///
    /// # Errors
    ///
    /// A member that cannot be.
    pub fn memory(capacity: Option<i64>, window: WindowMembers, now: i64) -> Result<Self, Problem> {
        let (window, now) = (window.window()?, time("now", now)?);
        let capacity = number("capacity", capacity.unwrap_or(CAPACITY), 1, MAX_CAPACITY)?;
        let capacity = usize::try_from(capacity).expect("the range was checked");
        Ok(Store {
            kind: Kind::Memory(Memory::new(window, capacity, now)),
            window,
            only_in: Some(process::id()),
        })
    }

    /// A ring of this process. `secret` is 16 random bytes.
    ///
    /// # Errors
    ///
    /// A member that cannot be.
    pub fn ring(
        ring: RingMembers,
        window: WindowMembers,
        now: i64,
        secret: &[u8],
    ) -> Result<Self, Problem> {
        let (window, now, seed) = begin(window, now, secret)?;
        let ring = PrivateRing::new(ring.shape(window)?, window, now, &seed)?;
        Ok(Store {
            kind: Kind::Ring(ring),
            window,
            only_in: Some(process::id()),
        })
    }

    /// The ring in the file at `path`, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// A member that cannot be, or a file that must not be used.
    pub fn shared(
        path: &str,
        ring: RingMembers,
        window: WindowMembers,
        now: i64,
        secret: &[u8],
    ) -> Result<Self, Problem> {
        let (window, now, seed) = begin(window, now, secret)?;
        let ring = SharedRing::open(checked(path)?, ring.shape(window)?, window, now, &seed)?;
        Ok(Store {
            kind: Kind::Shared(ring),
            window,
            only_in: None,
        })
    }

    /// Counts of limits in `cells` words of this process. `secret` is 16 random bytes.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn cells(cells: Option<i64>, secret: &[u8]) -> Result<Self, Problem> {
        let cells = PrivateCells::new(count(cells)?, &seed("seed", secret)?);
        Ok(Store {
            kind: Kind::Cells(cells),
            window: Window::MINUTE,
            only_in: Some(process::id()),
        })
    }

    /// Counts of limits in `cells` words of the file at `path`, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// An argument that cannot be, or a file that must not be used.
    pub fn shared_cells(path: &str, cells: Option<i64>, secret: &[u8]) -> Result<Self, Problem> {
        let seed = seed("seed", secret)?;
        let cells = SharedCells::open(checked(path)?, count(cells)?, &seed)?;
        Ok(Store {
            kind: Kind::SharedCells(cells),
            window: Window::MINUTE,
            only_in: None,
        })
    }

    /// Nonces and keys in the database at `path`, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// A member that cannot be, or a database that cannot be opened.
    pub fn sqlite(path: &str, window: WindowMembers, now: i64) -> Result<Self, Problem> {
        let (window, now) = (window.window()?, time("now", now)?);
        let (tables, spaces) = (counterseal::TABLES, counterseal::SPACES);
        let sqlite = Sqlite::open(checked(path)?, tables, spaces, window, now)?;
        Ok(Store {
            kind: Kind::Sqlite(sqlite),
            window,
            only_in: None,
        })
    }

    /// The same store, of which a forked process may have a copy of its own on purpose.
    #[must_use]
    pub fn one_per_worker(self) -> Self {
        Store {
            only_in: None,
            ..self
        }
    }

    /// Refuses a store of one process in another one: a fork has a copy, which knows nothing of what the
    /// others accept.
    pub(crate) fn check_process(&self) -> Result<(), Problem> {
        if self.only_in.is_some_and(|made_in| made_in != process::id()) {
            return Err(Problem::ring_private());
        }
        Ok(())
    }

    /// Whether it may wait for a file, so that an event loop should call it in a thread.
    pub const fn blocks(&self) -> bool {
        matches!(self.kind, Kind::Sqlite(_))
    }

    /// Whether it keeps what a decision needs.
    pub const fn keeps(&self, needs: Needs) -> bool {
        match self.kind {
            Kind::Cells(_) | Kind::SharedCells(_) => matches!(needs, Needs::Cells),
            Kind::Ring(_) | Kind::Shared(_) => matches!(needs, Needs::Claims),
            Kind::Memory(_) | Kind::Sqlite(_) => true,
        }
    }

    pub(crate) fn check_keeps(&self, needs: Needs) -> Result<(), Problem> {
        if self.keeps(needs) {
            return Ok(());
        }
        Err(Problem::store_unfit())
    }

    /// How many of its cells are hot at `now`, if it is a table of cells; it counts them one by one.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn cell_gauge(&self, now: i64) -> Result<Option<CellGauge>, Problem> {
        let now = time("now", now)?;
        Ok(match &self.kind {
            Kind::Cells(cells) => Some(cells.cells().gauge(now)),
            Kind::SharedCells(cells) => Some(cells.gauge(now)),
            _ => None,
        })
    }

    /// Whether its cells are so hot at `now` that limits which yield step aside; a database never is.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn is_crowded(&self, now: i64) -> Result<bool, Problem> {
        let now = time("now", now)?;
        Ok(match &self.kind {
            Kind::Cells(cells) => cells.cells().is_crowded(now),
            Kind::SharedCells(cells) => cells.is_crowded(now),
            _ => false,
        })
    }

    /// How full it is, if it is a ring.
    pub fn gauge(&self) -> Option<Gauge> {
        match &self.kind {
            Kind::Ring(ring) => Some(ring.gauge()),
            Kind::Shared(ring) => Some(ring.gauge()),
            _ => None,
        }
    }

    /// Deletes claims, denied tokens and sessions that are over at `now`, at most `limit` of them, and counts them. Nothing depends
    /// on it: stores forget by themselves as claims come in.
    ///
    /// # Errors
    ///
    /// An argument that cannot be, or a store that does not answer.
    pub fn sweep(&self, now: i64, limit: i64) -> Result<u64, Problem> {
        let mut swept = 0;
        for &space in counterseal::SPACES {
            let left = limit.saturating_sub(i64::try_from(swept).unwrap_or(i64::MAX));
            if left < 1 && swept > 0 {
                break;
            }
            let sweep = sweep(space, now, left)?;
            swept += self.run(sweep).map_err(|_| Problem::store_unavailable())?;
        }
        swept += self.sweep_rows::<Denied>(now, limit, swept)?;
        swept += self.sweep_rows::<RefreshFamily>(now, limit, swept)?;
        Ok(swept)
    }

    /// The same of rows, where so many were swept before.
    fn sweep_rows<R: Record>(&self, now: i64, limit: i64, before: u64) -> Result<u64, Problem> {
        let left = limit.saturating_sub(i64::try_from(before).unwrap_or(i64::MAX));
        if left < 1 {
            return Ok(0);
        }
        let sweep = sweep_rows::<R>(now, left)?;
        let swept = match &self.kind {
            Kind::Memory(memory) => memory.run(sweep),
            Kind::Sqlite(sqlite) => sqlite.run(sweep),
            _ => Ok(0),
        };
        swept.map_err(|_| Problem::store_unavailable())
    }

    /// Deletes cells that are empty at `now`, at most `limit` of them, and counts them. An empty cell is as good as
    /// none, so nothing is forgotten.
    ///
    /// # Errors
    ///
    /// An argument that cannot be, or a store that does not answer.
    pub fn sweep_cells(&self, now: i64, limit: i64) -> Result<u64, Problem> {
        let sweep = sweep_cells(now, limit)?;
        let swept = match &self.kind {
            Kind::Cells(cells) => cells.run(sweep),
            Kind::Memory(memory) => memory.run(sweep),
            Kind::SharedCells(cells) => cells.run(sweep),
            Kind::Sqlite(sqlite) => sqlite.run(sweep),
            Kind::Ring(_) | Kind::Shared(_) => Ok(0),
        };
        swept.map_err(|_| Problem::store_unavailable())
    }

    /// Whether it claims, and remembers what this window needs.
    pub(crate) fn check_covers(&self, window: Window) -> Result<(), Problem> {
        self.check_keeps(Needs::Claims)?;
        if window.past > self.window.past || window.future > self.window.future {
            return Err(Problem::store_window());
        }
        Ok(())
    }
}

impl Run<Charge> for Store {
    /// A ring counts nothing; [`Waiting`](crate::Waiting) refuses before it comes to that.
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        match &self.kind {
            Kind::Cells(cells) => cells.run(op),
            Kind::Memory(memory) => memory.run(op),
            Kind::SharedCells(cells) => cells.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            Kind::Ring(_) | Kind::Shared(_) => Err(Unavailable),
        }
    }
}

impl Run<Claim> for Store {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        match &self.kind {
            Kind::Cells(_) | Kind::SharedCells(_) => Err(Unavailable),
            Kind::Memory(memory) => memory.run(op),
            Kind::Ring(ring) => ring.run(op),
            Kind::Shared(ring) => ring.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
        }
    }
}

impl Run<Sweep> for Store {
    fn run(&self, op: Sweep) -> Result<u64, Unavailable> {
        match &self.kind {
            Kind::Cells(_) | Kind::SharedCells(_) => Ok(0),
            Kind::Memory(memory) => memory.run(op),
            Kind::Ring(ring) => ring.run(op),
            Kind::Shared(ring) => ring.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
        }
    }
}

impl<A: Record, B: Record, C: Record> Run<LoadTogether<A, B, C>> for Store {
    /// As for one row.
    fn run(&self, op: LoadTogether<A, B, C>) -> Result<Together<A, B, C>, Unavailable> {
        match &self.kind {
            Kind::Memory(memory) => memory.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            _ => Err(Unavailable),
        }
    }
}

impl<A: Links<B>, B: Record> Run<LinkedOp<A, B>> for Store {
    /// As for one row.
    fn run(&self, op: LinkedOp<A, B>) -> Result<Linked<A, B>, Unavailable> {
        match &self.kind {
            Kind::Memory(memory) => memory.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            _ => Err(Unavailable),
        }
    }
}

impl<R: Record> Run<ListEnded<R>> for Store {
    /// As for one row.
    fn run(&self, op: ListEnded<R>) -> Result<Vec<Ended>, Unavailable> {
        match &self.kind {
            Kind::Memory(memory) => memory.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            _ => Err(Unavailable),
        }
    }
}

impl<R: Record> Run<ListOp<R>> for Store {
    /// As for one row.
    fn run(&self, op: ListOp<R>) -> Result<Vec<Row<R>>, Unavailable> {
        match &self.kind {
            Kind::Memory(memory) => memory.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            _ => Err(Unavailable),
        }
    }
}

impl<R: Record> Run<RowOp<R>> for Store {
    /// A ring keeps no rows; [`Waiting`](crate::Waiting) refuses before it comes to that.
    fn run(&self, op: RowOp<R>) -> Result<Option<Row<R>>, Unavailable> {
        match &self.kind {
            Kind::Memory(memory) => memory.run(op),
            Kind::Sqlite(sqlite) => sqlite.run(op),
            _ => Err(Unavailable),
        }
    }
}

impl RingMembers {
    fn shape(self, window: Window) -> Result<Shape, Problem> {
        let per_second = self.per_second.unwrap_or(PER_SECOND);
        let per_second = number("per_second", per_second, 1, MAX_PER_SECOND)?;
        let shape = Shape::for_rate(u32::try_from(per_second).expect("the range was checked"));
        let shape = shape.covering(window);
        let Some(cap) = self.owner_cap else {
            return Ok(shape);
        };
        let cap = number("owner_cap", cap, 1, i64::from(u32::MAX))?;
        Ok(shape.with_owner_cap(cap.unsigned_abs()))
    }
}

impl WindowMembers {
    pub(crate) fn window(self) -> Result<Window, Problem> {
        self.window_or(60)
    }

    /// The window, in which what was not said is `usual` seconds.
    pub(crate) fn window_or(self, usual: i64) -> Result<Window, Problem> {
        let seconds = |name, value: Option<i64>| {
            number(name, value.unwrap_or(usual), 1, 300).map(Span::from_seconds)
        };
        Ok(Window {
            past: seconds("past_seconds", self.past_seconds)?,
            future: seconds("future_seconds", self.future_seconds)?,
        })
    }
}

/// The step that deletes what is over at `now` in `space`.
pub(crate) fn sweep(space: Space, now: i64, limit: i64) -> Result<Sweep, Problem> {
    let limit = number("limit", limit, 1, MAX_SWEEP)?;
    Ok(Sweep {
        space,
        before: time("now", now)?,
        limit: u32::try_from(limit).expect("the range was checked"),
    })
}

/// The step that deletes rows that are over at `now`.
pub(crate) fn sweep_rows<R: Record>(now: i64, limit: i64) -> Result<SweepRows<R>, Problem> {
    let limit = number("limit", limit, 1, MAX_SWEEP)?;
    let limit = u32::try_from(limit).expect("the range was checked");
    Ok(SweepRows::new(time("now", now)?, limit))
}

/// The step that deletes cells that are empty at `now`.
pub(crate) fn sweep_cells(now: i64, limit: i64) -> Result<SweepCells, Problem> {
    let space = counterseal::limit::Limit::SPACE;
    let Sweep { before, limit, .. } = sweep(space, now, limit)?;
    Ok(SweepCells {
        space,
        before,
        limit,
    })
}

/// How many cells a table has.
fn count(cells: Option<i64>) -> Result<u32, Problem> {
    let cells = number("cells", cells.unwrap_or(CELLS), 1, MAX_CELLS)?;
    Ok(u32::try_from(cells).expect("the range was checked"))
}

fn begin(
    window: WindowMembers,
    now: i64,
    secret: &[u8],
) -> Result<(Window, Time, Seed<16>), Problem> {
    Ok((window.window()?, time("now", now)?, seed("seed", secret)?))
}

/// A path that the file system can be asked about.
fn checked(path: &str) -> Result<&Path, Problem> {
    check_len("path", path.len(), 1, MAX_PATH)?;
    if path.contains('\0') {
        return Err(crate::ArgumentFault::Text { name: "path" }.into());
    }
    Ok(Path::new(path))
}

const CAPACITY: i64 = 100_000;
const CELLS: i64 = 1 << 20;
const MAX_CELLS: i64 = 1 << 26;
const MAX_CAPACITY: i64 = 100_000_000;
const MAX_PATH: usize = 4_096;
const MAX_PER_SECOND: i64 = 1_000_000;
const MAX_SWEEP: i64 = 100_000;
const PER_SECOND: i64 = 2_000;
