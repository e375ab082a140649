//! The steps of a claim, as in `ring.rs`.

use counterseal_replay::word::Seen;

use super::state::{Actor, Slot, Step};
use super::turn::Turn;
use super::{Mutant, Role, Wrong};

impl Turn<'_> {
    pub(super) fn reach(&mut self) -> Result<(), Wrong> {
        let raises = self.me.cycle > self.state.newest && !self.state.retired;
        if raises && !self.has(Mutant::RaiseLate) {
            self.go(Step::Raise);
            return Ok(());
        }
        self.go_on_if(self.lives(), Step::Keep)
    }

    /// The newest bucket may have risen above this one since it was read.
    pub(super) fn raise(&mut self) -> Result<(), Wrong> {
        let lived = self.lives();
        self.raise_newest();
        self.go_on_if(lived, Step::Keep)
    }

    pub(super) fn keep_swept(&mut self) -> Result<(), Wrong> {
        let (bound, cycle) = (self.state.bound, self.me.cycle);
        let due = self.model.tags.is_due(bound.into(), cycle.into());
        if due && !self.has(Mutant::NoSweep) {
            self.go(Step::Sweep);
            return Ok(());
        }
        self.me.at = self.role().home();
        self.go_on_if(cycle >= bound, Step::Walk)
    }

    pub(super) fn walk(&mut self) -> Result<(), Wrong> {
        let (seen, mine) = (self.word(), self.mine().word(self.model));
        match self.model.tags.see(seen, mine) {
            Seen::Held => {
                self.must_be_of_my_cycle()?;
                self.end();
            }
            Seen::Newer => self.refuse()?,
            Seen::Taken => {
                self.must_be_of_my_cycle()?;
                self.next_slot();
            }
            Seen::Older => {
                self.me.seen = seen;
                self.go(Step::Swap);
            }
        }
        Ok(())
    }

    /// The next slot, or the answer `Full`.
    fn next_slot(&mut self) {
        if self.passes(self.role().home()) {
            self.go(Step::Walk);
        } else {
            self.end();
        }
    }

    /// A lost swap tells the word that won, and the walk goes on from there.
    pub(super) fn swap(&mut self) -> Result<(), Wrong> {
        if !self.swaps(self.mine())? {
            return self.walk();
        }
        self.me.at = 0;
        self.me.late = self.state.retired;
        if self.has(Mutant::NoSecondLook) {
            return self.fresh();
        }
        let late = self.has(Mutant::RaiseLate);
        self.go(if late { Step::RaiseLate } else { Step::Won });
        Ok(())
    }

    pub(super) fn raise_late(&mut self) {
        self.raise_newest();
        self.go(Step::Won);
    }

    pub(super) fn won(&mut self) -> Result<(), Wrong> {
        if self.lives() {
            self.fresh()
        } else {
            self.refuse()
        }
    }

    fn fresh(&mut self) -> Result<(), Wrong> {
        if self.me.late {
            return Err(Wrong::FreshAfterRetire);
        }
        let mut actors = self.state.actors.iter().zip(self.model.roles);
        let same = |(actor, role): (&Actor, &Role)| {
            let same = actor.cycle == self.me.cycle && role.key() == self.role().key();
            same && actor.step == Step::Fresh
        };
        if actors.any(same) {
            return Err(Wrong::FreshTwice);
        }
        self.me = Actor {
            cycle: self.me.cycle,
            ..Actor::at(Step::Fresh)
        };
        Ok(())
    }

    fn go_on_if(&mut self, may: bool, step: Step) -> Result<(), Wrong> {
        if !may {
            return self.refuse();
        }
        self.go(step);
        Ok(())
    }

    /// `Stale`, which a claim that is not delayed never is while the ring goes on.
    fn refuse(&mut self) -> Result<(), Wrong> {
        if self.is_prompt() && !self.state.retired {
            return Err(Wrong::Misread);
        }
        self.end();
        Ok(())
    }

    /// A word that stops this claim must be of its cycle, not of one with the same tag.
    fn must_be_of_my_cycle(&self) -> Result<(), Wrong> {
        let theirs = self.state.slots[usize::from(self.me.at)].cycle;
        if self.is_prompt() && theirs != self.me.cycle {
            return Err(Wrong::Misread);
        }
        Ok(())
    }

    fn is_prompt(&self) -> bool {
        self.model.prompt && self.me.cycle == self.state.now
    }

    fn lives(&self) -> bool {
        !self.state.retired && self.me.cycle >= self.state.newest
    }

    fn raise_newest(&mut self) {
        self.state.newest = self.state.newest.max(self.me.cycle);
    }

    /// The word that this claim writes.
    fn mine(&self) -> Slot {
        Slot {
            cycle: self.me.cycle,
            key: self.role().key(),
        }
    }
}
