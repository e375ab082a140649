//! The steps of a sweep, as in `sweep.rs`.

use super::state::{Slot, Step};
use super::turn::Turn;
use super::{Mutant, Role, Wrong};

impl Turn<'_> {
    /// Begins a pass, unless the table is swept.
    pub(super) fn sweep(&mut self) {
        let swept = self.state.bound >= self.bound_after();
        self.me.before = if swept { 0 } else { self.state.bound };
        match self.role() {
            Role::Claim { home, .. } if swept => {
                self.me.at = home;
                self.go(Step::Walk);
            }
            _ if swept => self.end(),
            _ if self.has(Mutant::BoundFirst) => self.go(Step::SweepRaise),
            _ => self.go(Step::SweepLoad),
        }
    }

    pub(super) fn sweep_load(&mut self) {
        self.me.seen = self.word();
        if self.me.seen == 0 {
            self.next_word();
        } else if self.has(Mutant::BoundOnce) {
            self.decide();
        } else {
            self.go(Step::SweepCheck);
        }
    }

    pub(super) fn sweep_check(&mut self) {
        let expected = if self.has(Mutant::BoundFirst) {
            self.bound_after()
        } else {
            self.me.before
        };
        if self.state.bound == expected {
            self.decide();
        } else {
            self.sweep_again();
        }
    }

    /// What to do about the word that was seen.
    fn decide(&mut self) {
        if self.retagged().is_some() {
            self.go(Step::SweepSwap);
        } else {
            self.next_word();
        }
    }

    pub(super) fn sweep_swap(&mut self) -> Result<(), Wrong> {
        let dead = Slot {
            cycle: self.me.cycle - 1,
            key: 0,
        };
        assert_eq!(self.retagged(), Some(dead.word(self.model)));
        let zero = self.has(Mutant::SweepToZero);
        let put = if zero { Slot::default() } else { dead };
        if self.swaps(put)? {
            self.next_word();
        } else {
            self.go(Step::SweepLoad);
        }
        Ok(())
    }

    fn next_word(&mut self) {
        if self.passes(0) {
            self.go(Step::SweepLoad);
        } else if self.has(Mutant::BoundFirst) {
            self.sweep_again();
        } else {
            self.me.before = 0;
            self.go(Step::SweepRaise);
        }
    }

    pub(super) fn sweep_raise(&mut self) {
        self.state.bound = self.state.bound.max(self.bound_after());
        let first = self.has(Mutant::BoundFirst);
        self.go(if first { Step::SweepLoad } else { Step::Sweep });
    }

    fn sweep_again(&mut self) {
        self.forget();
        self.me.at = 0;
        self.me.before = 0;
        self.go(Step::Sweep);
    }

    /// What the real rule writes in place of the word that was seen.
    fn retagged(&self) -> Option<u64> {
        let (before, cycle) = (self.me.before.into(), self.me.cycle.into());
        self.model.tags.retag(self.me.seen, before, cycle)
    }

    /// The bound that a sweep for this cycle leaves.
    fn bound_after(&self) -> u8 {
        let bound = self.model.tags.bound(self.me.cycle.into());
        u8::try_from(bound).expect("not above the cycle")
    }
}
