//! Databases in directories of their own.

#![allow(dead_code)] // each test binary uses a part

use std::path::Path;

use counterseal_core::{Op, Record, Run, Time, Unavailable};
use counterseal_sqlite::Sqlite;
use counterseal_testkit::{Leaf, NOW, Note, SPACES, Scratch, WINDOW};
use rusqlite::Connection;

/// Connections to one database, which take turns.
pub(crate) struct Shared {
    pub(crate) connections: Vec<Sqlite>,
    pub(crate) scratch: Scratch,
}

pub(crate) fn shared(connections: usize, now: Time) -> Shared {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let open = |_| {
        Sqlite::open(&path, &[Note::TABLE, Leaf::TABLE], SPACES, WINDOW, now).expect("a database")
    };
    Shared {
        connections: (0..connections).map(open).collect(),
        scratch,
    }
}

pub(crate) fn open(path: &Path) -> Sqlite {
    open_at(path, NOW)
}

pub(crate) fn open_at(path: &Path, now: Time) -> Sqlite {
    Sqlite::open(path, &[Note::TABLE, Leaf::TABLE], SPACES, WINDOW, now).expect("a database")
}

/// The same file without Counterseal.
pub(crate) fn raw(path: &Path) -> Connection {
    Connection::open(path).expect("a database")
}

impl<O: Op> Run<O> for Shared
where
    Sqlite: Run<O>,
{
    /// On the connection of this thread.
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        thread_local!(static TURN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
        let turn = TURN.replace(TURN.get() + 1);
        self.connections[turn % self.connections.len()].run(op)
    }
}
