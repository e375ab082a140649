//! Cells of rate limits, of which those that are not empty are kept.

use std::collections::HashMap;

use counterseal_core::{Charge, Charged, Space, SweepCells, Unavailable};

pub(crate) struct Cells {
    capacity: usize,
    levels: HashMap<(Space, [u8; 16]), i64>,
}

impl Cells {
    pub(crate) fn new(capacity: usize) -> Self {
        Cells {
            capacity,
            levels: HashMap::new(),
        }
    }

    /// Refuses when there is no room for another cell, even after the empty ones have left.
    pub(crate) fn charge(&mut self, charge: &Charge) -> Result<Charged, Unavailable> {
        let (terms, cell) = (
            charge.rate.terms(charge.cost, charge.now),
            (charge.space, charge.key),
        );
        let level = self.levels.get(&cell).copied();
        if level.is_none() && self.levels.len() >= self.capacity {
            self.levels.retain(|_, level| *level > terms.now);
        }
        if level.is_none() && self.levels.len() >= self.capacity {
            return Err(Unavailable);
        }
        let (taken, level) = terms.apply(level.unwrap_or(0));
        self.levels.insert(cell, level);
        Ok(terms.answer(taken, level))
    }

    pub(crate) fn sweep(&mut self, sweep: &SweepCells) -> u64 {
        let empty = |(cell, level): (&(Space, [u8; 16]), &i64)| {
            (cell.0 == sweep.space && *level < sweep.before.millis()).then_some(*cell)
        };
        let empty = self.levels.iter().filter_map(empty);
        let empty: Vec<_> = empty.take(sweep.limit as usize).collect();
        for cell in &empty {
            self.levels.remove(cell);
        }
        empty.len() as u64
    }
}
