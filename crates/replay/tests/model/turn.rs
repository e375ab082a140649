//! One step of someone who uses the ring.

use super::state::{Actor, SLOTS, Slot, State, Step};
use super::{Model, Mutant, Role, Wrong};

/// Someone's next step from a state.
pub(super) struct Turn<'a> {
    pub(super) model: &'a Model,
    pub(super) state: State,
    who: usize,
    /// Who steps: taken out of the state, and put back after the step.
    pub(super) me: Actor,
}

impl<'a> Turn<'a> {
    /// The turn of `who`, unless it is done.
    pub(super) fn of(model: &'a Model, state: State, who: usize) -> Option<Self> {
        let me = state.actors[who];
        let done = matches!(me.step, Step::Fresh | Step::Over);
        (!done).then_some(Turn {
            model,
            state,
            who,
            me,
        })
    }

    /// The state after the step.
    pub(super) fn step(mut self) -> Result<State, Wrong> {
        match self.me.step {
            Step::Idle => self.begin(),
            Step::Reach => self.reach()?,
            Step::Raise => self.raise()?,
            Step::Keep => self.keep_swept()?,
            Step::Sweep => self.sweep(),
            Step::SweepLoad => self.sweep_load(),
            Step::SweepCheck => self.sweep_check(),
            Step::SweepSwap => self.sweep_swap()?,
            Step::SweepRaise => self.sweep_raise(),
            Step::Walk => self.walk()?,
            Step::Swap => self.swap()?,
            Step::RaiseLate => self.raise_late(),
            Step::Won => self.won()?,
            Step::Fresh | Step::Over => {}
        }
        self.state.actors[self.who] = self.me;
        Ok(self.state)
    }

    fn begin(&mut self) {
        match self.role() {
            Role::Claim { .. } => self.act(Step::Reach, self.state.now),
            Role::Sweep if self.state.retired || self.is_idle() => self.end(),
            Role::Sweep => self.act(Step::Sweep, self.state.newest),
            Role::Retire => {
                self.state.retired = true;
                self.end();
            }
        }
    }

    /// Whether the newest claim is so long ago that a sweep for it would lag too far behind.
    fn is_idle(&self) -> bool {
        self.state.now - self.state.newest > self.model.pause
    }

    fn act(&mut self, step: Step, cycle: u8) {
        self.me = Actor {
            cycle,
            ..Actor::at(step)
        };
    }

    pub(super) fn go(&mut self, step: Step) {
        self.me.step = step;
    }

    pub(super) fn end(&mut self) {
        self.me = Actor::at(Step::Over);
    }

    pub(super) fn role(&self) -> Role {
        self.model.roles[self.who]
    }

    pub(super) fn has(&self, mutant: Mutant) -> bool {
        self.model.has(mutant)
    }

    /// The word of the slot that it is at.
    pub(super) fn word(&self) -> u64 {
        self.state.slots[usize::from(self.me.at)].word(self.model)
    }

    /// Compares the slot with the word that was seen and, if they are equal, puts another there. What
    /// was seen is forgotten.
    pub(super) fn swaps(&mut self, put: Slot) -> Result<bool, Wrong> {
        let won = self.word() == self.me.seen;
        if won && self.me.written {
            return Err(Wrong::Restored);
        }
        if won {
            self.state.write(self.me.at, put);
        }
        self.forget();
        Ok(won)
    }

    /// Moves on by one slot; says whether it is not yet back at the first one.
    pub(super) fn passes(&mut self, first: u8) -> bool {
        self.forget();
        self.me.at = (self.me.at + 1) % SLOTS;
        self.me.at != first
    }

    pub(super) fn forget(&mut self) {
        self.me.seen = 0;
        self.me.written = false;
    }
}
