//! How often each use was accepted, whoever accepted it.

use std::collections::HashMap;

/// Counts acceptances by the names of uses.
#[derive(Default)]
pub(crate) struct Tally {
    accepted: HashMap<u64, u32>,
}

impl Tally {
    pub(crate) fn add(&mut self, name: u64) {
        *self.accepted.entry(name).or_default() += 1;
    }

    /// How many different uses were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.len() as u64
    }

    /// How many acceptances were not the first one of their use.
    pub(crate) fn false_accepts(&self) -> u64 {
        let again = self.accepted.values().map(|times| u64::from(times - 1));
        again.sum()
    }
}
