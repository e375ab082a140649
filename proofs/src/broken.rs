//! Stores that are wrong in usual ways, to show that the proofs can fail.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal_core::{Claim, Claimed, Run, Sweep, Unavailable};

type Key = [u8; 16];

/// Looks whether a key was used, and writes it down in a second step.
#[derive(Default)]
pub(crate) struct LooksThenWrites(Mutex<HashSet<Key>>);

/// Makes room by forgetting what is oldest.
#[derive(Default)]
pub(crate) struct Evicts(Mutex<(HashSet<Key>, VecDeque<Key>)>);

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
