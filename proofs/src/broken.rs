//! Stores that are wrong in usual ways, to show that the proofs can fail.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use counterseal_core::{
    Carry, Claim, Claimed, Edit, Linked, LinkedOp, ListEnded, ListOp, Load, LoadLinked, Op, Row,
    RowOp, Run, Subject, Swap, Sweep, SweepRows, Unavailable, read, write,
};
use counterseal_refresh::RefreshFamily;

use crate::databases::Store;

type Key = [u8; 16];
type Both = Result<Linked<RefreshFamily, Subject>, Unavailable>;

/// Looks whether a key was used, and writes it down in a second step.
#[derive(Default)]
pub(crate) struct LooksThenWrites(Mutex<HashSet<Key>>);

/// Makes room by forgetting what is oldest.
#[derive(Default)]
pub(crate) struct Evicts(Mutex<(HashSet<Key>, VecDeque<Key>)>);

/// Writes sessions without looking whether they are still as they were read.
pub(crate) struct LastWriterWins(Store);

impl LastWriterWins {
    pub(crate) fn over(store: &Store) -> Store {
        Arc::new(LastWriterWins(store.clone()))
    }

    /// Looks first, and writes then.
    fn edited(&self, edit: &Edit<RefreshFamily, Subject>) -> Both {
        let (found, named) = self.0.run(LinkedOp::Load(LoadLinked::new(edit.id)))?;
        let Some(row) = found else {
            return Ok((None, None));
        };
        let mut values = write(&row.record);
        let subject = named.as_ref().map(|named| write(&named.record));
        if !edit.holds(&values, subject.as_deref()) {
            return Ok((Some(row), named));
        }
        thread::yield_now();
        edit.apply(&mut values);
        let record = read(&values, Carry::Binary).map_err(|_| Unavailable)?;
        let swap = self.blind(Swap {
            id: edit.id,
            expected: row.version,
            record,
        });
        self.0.run(LinkedOp::Swap(swap))
    }

    fn blind(&self, mut swap: Swap<RefreshFamily>) -> Swap<RefreshFamily> {
        let row: Option<Row<RefreshFamily>> = self
            .0
            .run(RowOp::Load(Load::new(swap.id)))
            .unwrap_or_default();
        swap.expected = row.map_or(0, |row| row.version);
        swap
    }
}

/// Says that a session was ended, and does not write it down.
pub(crate) struct ForgetsEnds(Store);

impl ForgetsEnds {
    pub(crate) fn over(store: &Store) -> Store {
        Arc::new(ForgetsEnds(store.clone()))
    }
}

impl Run<RowOp<RefreshFamily>> for ForgetsEnds {
    fn run(&self, op: RowOp<RefreshFamily>) -> Result<Option<Row<RefreshFamily>>, Unavailable> {
        match op {
            RowOp::Swap(swap) => Ok(Some(Row {
                version: swap.expected + 1,
                record: swap.record,
            })),
            load @ RowOp::Load(_) => self.0.run(load),
        }
    }
}

macro_rules! hands_on {
    ($store:ty: $($op:ty),+) => {
        $(impl Run<$op> for $store {
            fn run(&self, op: $op) -> Result<<$op as Op>::Reply, Unavailable> {
                self.0.run(op)
            }
        })+
    };
}

hands_on!(LastWriterWins: ListEnded<RefreshFamily>, ListOp<RefreshFamily>, RowOp<Subject>, SweepRows<RefreshFamily>);
hands_on!(ForgetsEnds: LinkedOp<RefreshFamily, Subject>, ListEnded<RefreshFamily>, ListOp<RefreshFamily>, RowOp<Subject>, SweepRows<RefreshFamily>);

impl Run<LinkedOp<RefreshFamily, Subject>> for LastWriterWins {
    fn run(
        &self,
        op: LinkedOp<RefreshFamily, Subject>,
    ) -> Result<Linked<RefreshFamily, Subject>, Unavailable> {
        match op {
            LinkedOp::Edit(edit) => self.edited(&edit),
            LinkedOp::Swap(swap) => self.0.run(LinkedOp::Swap(self.blind(swap))),
            other => self.0.run(other),
        }
    }
}

impl Run<RowOp<RefreshFamily>> for LastWriterWins {
    fn run(&self, op: RowOp<RefreshFamily>) -> Result<Option<Row<RefreshFamily>>, Unavailable> {
        match op {
            RowOp::Swap(swap) => self.0.run(RowOp::Swap(self.blind(swap))),
            load @ RowOp::Load(_) => self.0.run(load),
        }
    }
}

impl Run<Claim> for LooksThenWrites {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        if lock(&self.0).contains(&op.key) {
            return Ok(Claimed::Held);
        }
        lock(&self.0).insert(op.key);
        Ok(Claimed::Fresh)
    }
}

impl Run<Claim> for Evicts {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        let mut state = lock(&self.0);
        let (used, order) = &mut *state;
        if !used.insert(op.key) {
            return Ok(Claimed::Held);
        }
        order.push_back(op.key);
        if order.len() > ROOM {
            let oldest = order.pop_front();
            oldest.map(|key| used.remove(&key));
        }
        Ok(Claimed::Fresh)
    }
}

impl Run<Sweep> for Evicts {
    fn run(&self, _: Sweep) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const ROOM: usize = 1_000;
