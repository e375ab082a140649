//! Storage steps on SQLite: one file that all processes of a host share.
//!
//! ```
//! use counterseal_core::{Claim, Claimed, Run, Space, Span, Time};
//! use counterseal_replay::Window;
//! use counterseal_sqlite::Sqlite;
//!
//! # let scratch = counterseal_testkit::Scratch::new();
//! # let path = scratch.file("claims.db");
//! # let now = Time::from_seconds(1_800_000_000);
//! const USES: Space = Space::new("example");
//! let sqlite = Sqlite::open(&path, &[], &[USES], Window::MINUTE, now)?;
//! let claim = Claim {
//!     space: USES,
//!     owner: 1,
//!     key: [9; 16],
//!     since: now,
//!     born: now,
//!     until: now.plus(Span::from_minutes(5)),
//! };
//! assert_eq!(sqlite.run(claim)?, Claimed::Fresh);
//! assert_eq!(sqlite.run(claim)?, Claimed::Held);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not protect:
//!
//! - Who may write to the file or its directory can change every answer; it belongs to one user.
//! - A backup that is put back *into* the same file brings its old claims along. Delete the rows of
//!   `counterseal_epoch` with it, and it begins anew; a file that takes the place of another does so by itself.
//! - It needs a local file system, because processes share memory through it.
//! - A process that has a second copy of SQLite must not open the same file with that: when one copy closes
//!   the file, the other one loses its locks.
//!
//! Codes: [`SqliteError::CODES`]. Spec: `docs/spec/replay.md` (claims in a database).
#![forbid(unsafe_code)]

mod error;
mod file;
mod open;
mod platform;
mod rows;

pub use error::SqliteError;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{mem, process};

use counterseal_core::{
    Charge, Charged, Claim, Claimed, Ended, Linked, LinkedOp, Links, ListEnded, ListOp, Load,
    LoadTogether, Record, Row, RowOp, Run, Space, Span, Swap, Sweep, SweepCells, SweepRows, Table,
    Time, Together, Unavailable,
};
use counterseal_replay::Window;
use counterseal_store::{Dialect, Epoch, Execute, Rows, Statement, run};
use rusqlite::Connection;

use crate::file::Files;
use crate::rows::query;

/// A database file, through one connection.
///
/// A step waits up to 5 s for other processes. It refuses once the file is deleted or replaced, and in a
/// process that was forked after it was opened; open it anew there.
///
/// # A file that was replaced
///
/// Two files at one path could each accept a request once. They do not: a step is answered only if the path
/// still named the opened files *after* it was committed, so whoever makes another file there makes it
/// later. That one's clock was read later too, or earlier by no more than it takes to open a file. Every
/// request that the first file accepted was thus born before that clock plus the window's future and this
/// delay, which is below the second one's floor: its 5 s are for the delay. What is left is a key that was
/// made, and used, within the delay.
///
/// It is not opened again by itself. The keys were in the first file too, so going on with an empty one
/// would tell peers that they are unknown, where the truth is that a file is missing.
pub struct Sqlite {
    files: Files,
    future: Span,
    process: u32,
    /// How claims are committed.
    claims: Commit,
    fresh: AtomicU32,
    state: Mutex<State>,
}

struct State {
    /// None once the files were moved.
    connection: Option<Connection>,
    commit: Commit,
}

/// What a commit survives before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    /// A crash of the host.
    Host,
    /// A crash of the process.
    Process,
}

impl Sqlite {
    /// Opens or makes the database at `path`, with the tables of these records and these spaces of claims.
    ///
    /// `now` is read just before. `window` is how far from the verifier's clock claims may be born.
    /// Any number of processes may open it at once; the tables are brought up to date by the first.
    ///
    /// # Errors
    ///
    /// [`SqliteError`] when the file must not be used, or cannot be.
    pub fn open(
        path: &Path,
        tables: &[Table],
        spaces: &[Space],
        window: Window,
        now: Time,
    ) -> Result<Self, SqliteError> {
        let files = Files::create(path)?;
        let (files, connection) = open::connect(files, tables, spaces, window, now)?;
        Ok(Sqlite {
            claims: Commit::of_claims(),
            files,
            future: window.future,
            process: process::id(),
            fresh: AtomicU32::new(0),
            state: Mutex::new(State {
                connection: Some(connection),
                commit: Commit::Host,
            }),
        })
    }

    //= docs/spec/replay.md#R-26
    fn execute_as(&self, commit: Commit, statement: &Statement) -> Result<Rows, Unavailable> {
        if self.is_forked() {
            return Err(Unavailable);
        }
        let mut state = self.lock();
        state.check(&self.files)?;
        let rows = state.execute(commit, statement);
        state.check(&self.files)?;
        rows.ok_or(Unavailable)
    }

    /// Whether this process is not the one that opened the files; then the lock may be held by nobody.
    fn is_forked(&self) -> bool {
        self.process != process::id()
    }

    /// Every 64 fresh claims, lets a slice of what was over go: the claim's verifier was not further behind
    /// `born` than the window's future, so what ended before that had ended on its clock.
    //= docs/spec/replay.md#R-25
    fn forget(&self, claim: &Claim) {
        if !self.fresh.fetch_add(1, Relaxed).is_multiple_of(TURN) {
            return;
        }
        let sweep = Sweep {
            space: claim.space,
            before: claim.born.minus(self.future),
            limit: SLICE,
        };
        // The claim was answered. What does not leave now leaves at another turn.
        let _ = self.run(sweep);
    }

    /// Statements commit by themselves, so a panic in one leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the connection go for good once the files are not those that it opened.
    fn check(&mut self, files: &Files) -> Result<(), Unavailable> {
        if !files.are_in_place() {
            self.connection = None;
        }
        self.connection.as_ref().map(drop).ok_or(Unavailable)
    }

    fn execute(&mut self, commit: Commit, statement: &Statement) -> Option<Rows> {
        let connection = self.connection.as_ref()?;
        if self.commit != commit {
            commit.set(connection).ok()?;
            self.commit = commit;
        }
        query(connection, statement).ok()
    }
}

impl Commit {
    /// Claims that a crash of the host loses are covered by the boot in the epoch, where there is one.
    //= docs/spec/replay.md#R-27
    fn of_claims() -> Self {
        match file::boot() {
            Some(_) => Commit::Process,
            None => Commit::Host,
        }
    }

    fn set(self, connection: &Connection) -> rusqlite::Result<()> {
        let synchronous = match self {
            Commit::Host => "FULL",
            Commit::Process => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)
    }
}

impl Execute for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    /// The commit survives a crash of the host.
    fn execute(&self, statement: &Statement) -> Result<Rows, Unavailable> {
        self.execute_as(Commit::Host, statement)
    }
}

/// The same database, for claims.
struct OfClaims<'a>(&'a Sqlite);

impl Execute for OfClaims<'_> {
    const DIALECT: Dialect = Dialect::Sqlite;

    fn execute(&self, statement: &Statement) -> Result<Rows, Unavailable> {
        self.0.execute_as(self.0.claims, statement)
    }
}

impl Run<Claim> for Sqlite {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        let claimed = run(&OfClaims(self), &op)?;
        if claimed == Claimed::Fresh {
            self.forget(&op);
        }
        Ok(claimed)
    }
}

impl Run<Sweep> for Sqlite {
    fn run(&self, op: Sweep) -> Result<u64, Unavailable> {
        run(&OfClaims(self), &op)
    }
}

impl Run<Charge> for Sqlite {
    /// Cells that a crash of the host loses are empty ones.
    fn run(&self, op: Charge) -> Result<Charged, Unavailable> {
        run(&OfClaims(self), &op)
    }
}

impl Run<SweepCells> for Sqlite {
    fn run(&self, op: SweepCells) -> Result<u64, Unavailable> {
        run(&OfClaims(self), &op)
    }
}

impl Run<Epoch> for Sqlite {
    fn run(&self, op: Epoch) -> Result<Time, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<Load<R>> for Sqlite {
    fn run(&self, op: Load<R>) -> Result<Option<Row<R>>, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<Swap<R>> for Sqlite {
    fn run(&self, op: Swap<R>) -> Result<Option<Row<R>>, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<RowOp<R>> for Sqlite {
    fn run(&self, op: RowOp<R>) -> Result<Option<Row<R>>, Unavailable> {
        run(self, &op)
    }
}

impl<A: Record, B: Record, C: Record> Run<LoadTogether<A, B, C>> for Sqlite {
    fn run(&self, op: LoadTogether<A, B, C>) -> Result<Together<A, B, C>, Unavailable> {
        run(self, &op)
    }
}

impl<A: Links<B>, B: Record> Run<LinkedOp<A, B>> for Sqlite {
    fn run(&self, op: LinkedOp<A, B>) -> Result<Linked<A, B>, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<ListOp<R>> for Sqlite {
    fn run(&self, op: ListOp<R>) -> Result<Vec<Row<R>>, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<ListEnded<R>> for Sqlite {
    fn run(&self, op: ListEnded<R>) -> Result<Vec<Ended>, Unavailable> {
        run(self, &op)
    }
}

impl<R: Record> Run<SweepRows<R>> for Sqlite {
    fn run(&self, op: SweepRows<R>) -> Result<u64, Unavailable> {
        run(self, &op)
    }
}

impl Drop for Sqlite {
    /// A connection that came through a fork is the parent's; SQLite forbids to even close it.
    fn drop(&mut self) {
        if self.is_forked() {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(state.connection.take());
        }
    }
}

const TURN: u32 = 64;
const SLICE: u32 = 4 * TURN;

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal_testkit::claims::claim;
    use counterseal_testkit::{NOW, SPACES, Scratch, WINDOW};

    fn open(path: &Path) -> Sqlite {
        Sqlite::open(path, &[], SPACES, WINDOW, NOW).expect("a database")
    }

    #[test]
    fn a_forked_process_is_refused_and_leaves_the_connection_alone() {
        let scratch = Scratch::new();
        let path = scratch.file("claims.db");
        let (mut forked, parent) = (open(&path), open(&path));
        assert_eq!(forked.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
        forked.process += 1;
        assert_eq!(forked.run(claim(1, NOW, 1)), Err(Unavailable));
        drop(forked);
        assert_eq!(parent.run(claim(1, NOW, 0)), Ok(Claimed::Held));
    }

    #[test]
    fn rows_survive_the_host_and_claims_the_process() {
        let scratch = Scratch::new();
        let sqlite = open(&scratch.file("claims.db"));
        let synchronous = || -> i64 {
            let state = sqlite.lock();
            let connection = state.connection.as_ref().expect("a connection");
            let level = connection.pragma_query_value(None, "synchronous", |row| row.get(0));
            level.expect("a level of SQLite")
        };
        let (normal, full) = (1, 2);
        sqlite.run(claim(1, NOW, 0)).expect("an answer");
        assert_eq!(
            synchronous(),
            if file::boot().is_some() { normal } else { full }
        );
        let load = Load::<counterseal_testkit::Note>::new([1; 16]);
        assert_eq!(
            sqlite.run(load).err(),
            Some(Unavailable),
            "there is no such table"
        );
        assert_eq!(synchronous(), full);
    }
}
