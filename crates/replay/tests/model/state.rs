//! What there is at one moment.

use counterseal_replay::word::{tag, value};

use super::{Model, Mutant, Role};

/// Slots of the table.
pub(super) const SLOTS: u8 = 2;

/// All words, the clock, and how far everyone is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(super) slots: [Slot; SLOTS as usize],
    /// The cycle on every clock: claims are made for the present one.
    pub(super) now: u8,
    pub(super) newest: u8,
    pub(super) retired: bool,
    pub(super) bound: u8,
    pub(super) actors: [Actor; 4],
}

/// A word as it was meant: its tag alone does not tell which turn of the tags it is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// 0 in a word that was never written.
    pub(super) cycle: u8,
    /// 0 in a word that a sweep wrote.
    pub(super) key: u8,
}

/// How far someone is, with what it has read; what is not needed any more is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Actor {
    pub(super) step: Step,
    /// The cycle that it acts for, which is also when it began.
    pub(super) cycle: u8,
    /// The slot that it is at.
    pub(super) at: u8,
    /// The word that it may be about to swap.
    pub(super) seen: u64,
    /// Whether the slot was written since.
    pub(super) written: bool,
    /// The bound that its pass began with.
    pub(super) before: u8,
    /// Whether its word was won after `retire` had returned.
    pub(super) late: bool,
}

/// The next access to a shared word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Idle,
    Reach,
    Raise,
    Keep,
    Sweep,
    SweepLoad,
    SweepCheck,
    SweepSwap,
    SweepRaise,
    Walk,
    Swap,
    RaiseLate,
    Won,
    Fresh,
    /// Answered in another way, or dead.
    Over,
}

impl State {
    /// A ring that has just begun.
    pub(super) fn first(actors: usize) -> State {
        assert!(actors <= 4, "a code has room for four");
        State {
            slots: [Slot::default(); SLOTS as usize],
            now: 1,
            newest: 0,
            retired: false,
            bound: 0,
            actors: [Actor::default(); 4],
        }
    }

    /// The next cycle, if nobody would be delayed for too long.
    pub(super) fn later(&self, model: &Model) -> Option<State> {
        let now = self.now + 1;
        let patient = |actor: &Actor| !actor.is_busy() || now - actor.cycle <= model.pause;
        let may = now <= model.last && self.actors.iter().all(patient);
        may.then_some(State { now, ..*self })
    }

    /// A claim of the present bucket in another table.
    pub(super) fn neighbours_claim(&self) -> Option<State> {
        let newest = self.now;
        (self.newest < newest && !self.retired).then_some(State { newest, ..*self })
    }

    /// The same state without someone who was in the middle of something.
    pub(super) fn dies(&self, who: usize) -> Option<State> {
        if !self.actors[who].is_busy() {
            return None;
        }
        let mut state = *self;
        state.actors[who] = Actor::at(Step::Over);
        Some(state)
    }

    /// Writes a slot, behind the back of those who have read it.
    pub(super) fn write(&mut self, slot: u8, put: Slot) {
        self.slots[usize::from(slot)] = put;
        for actor in &mut self.actors {
            let has_read = matches!(actor.step, Step::Swap | Step::SweepCheck | Step::SweepSwap);
            actor.written |= has_read && actor.at == slot;
        }
    }

    /// The state in 117 bits; actors of the same role are interchangeable.
    pub(super) fn code(&self, roles: &[Role]) -> u128 {
        let mut actors = self.actors.map(Actor::code);
        let mut rest = &mut actors[..roles.len()];
        for same in roles.chunk_by(Role::eq) {
            let (these, others) = rest.split_at_mut(same.len());
            these.sort_unstable();
            rest = others;
        }
        let mut code = Code(0);
        for actor in actors {
            code.put(actor, 23);
        }
        for slot in self.slots {
            code.put(slot.cycle.into(), 4);
            code.put(slot.key.into(), 2);
        }
        for part in [self.now, self.newest, self.bound] {
            code.put(part.into(), 4);
        }
        code.put(self.retired.into(), 1);
        code.0
    }
}

impl Slot {
    /// The word as it stands in memory. A key covers the time that it was made at, so the same key in
    /// another turn of the tags has another fingerprint.
    pub(super) fn word(self, model: &Model) -> u64 {
        let cycle = u64::from(self.cycle);
        let timeless = model.has(Mutant::TimelessKeys);
        let turn = if timeless {
            0
        } else {
            cycle / model.tags.modulus
        };
        match (self.cycle, self.key) {
            (0, _) => 0,
            (_, 0) => model.tags.word(cycle, 0),
            (_, key) => model.tags.word(cycle, turn << 2 | u64::from(key)),
        }
    }
}

impl Actor {
    /// Someone about to make this step, with nothing in hand.
    pub(super) fn at(step: Step) -> Actor {
        Actor {
            step,
            ..Actor::default()
        }
    }

    fn is_busy(&self) -> bool {
        !matches!(self.step, Step::Idle | Step::Fresh | Step::Over)
    }

    fn code(self) -> u128 {
        let mut code = Code(0);
        code.put(self.step as u128, 4);
        code.put(self.cycle.into(), 4);
        code.put(self.at.into(), 1);
        code.put(tag(self.seen).into(), 4);
        code.put(value(self.seen).into(), 4);
        code.put(self.before.into(), 4);
        code.put(self.late.into(), 1);
        code.put(self.written.into(), 1);
        code.0
    }
}

/// Numbers side by side.
struct Code(u128);

impl Code {
    fn put(&mut self, part: u128, bits: u32) {
        debug_assert!(part < 1 << bits, "{part} in {bits} bits");
        self.0 = self.0 << bits | part;
    }
}
