//! Explores every interleaving of a small ring: one table of two slots, whose bucket advances with
//! each cycle, under the real rules of [`Tags`] with small constants.
//!
//! A step is one access to a shared word, in the order in which `ring.rs` and `sweep.rs` make them.
//! Between any two steps time may pass, the newest bucket may rise because of claims in other tables,
//! and whoever is in the middle of something may die. It needs the standard library and the crate's
//! `word` module only, so that other crates can include it by its path for larger sizes.

mod claim;
mod state;
mod sweep;
mod turn;

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use counterseal_replay::word::Tags;

pub(crate) use state::State;
use turn::Turn;

/// A small ring and those who use it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) tags: Tags,
    /// The last cycle, at most 14; the first one is 1.
    pub(crate) last: u8,
    /// How many cycles anyone may lag behind the clock between two steps.
    pub(crate) pause: u8,
    /// Who uses the ring once each: at most four, those of one role side by side.
    pub(crate) roles: &'static [Role],
    /// Whether a claim that is not itself delayed must be answered rightly, not only safely.
    pub(crate) prompt: bool,
    /// What is done wrong.
    pub(crate) mutants: &'static [Mutant],
}

/// What someone does with the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `Ring::claim` with a key, 1 to 3, whose walk begins at the slot `home`.
    Claim { key: u8, home: u8 },
    /// `Ring::sweep`.
    Sweep,
    /// `Ring::retire`.
    Retire,
}

impl Role {
    fn key(self) -> u8 {
        match self {
            Role::Claim { key, .. } => key,
            Role::Sweep | Role::Retire => 0,
        }
    }

    fn home(self) -> u8 {
        match self {
            Role::Claim { home, .. } => home,
            Role::Sweep | Role::Retire => 0,
        }
    }
}

/// A wrong ring, which the explorer must tell from the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A sweep makes old words 0.
    SweepToZero,
    /// A won word is `Fresh` without a second look at the newest bucket.
    NoSecondLook,
    /// The newest bucket is raised after the word is won.
    RaiseLate,
    /// Nobody sweeps.
    NoSweep,
    /// A sweep raises the bound before its pass.
    BoundFirst,
    /// A sweep does not read the bound again after a word.
    BoundOnce,
    /// Keys do not cover the time that they were made at.
    TimelessKeys,
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Two claims of one key in one cycle were `Fresh`.
    FreshTwice,
    /// A word that was won after `retire` had returned made a claim `Fresh`.
    FreshAfterRetire,
    /// A claim that was not delayed was refused for a word that should not have stopped it.
    Misread,
    /// A word was written, and then written again to what someone had read before, who could not tell.
    Restored,
    /// Someone can go on for ever.
    Endless,
}

/// What the explorer saw.
#[derive(Debug)]
pub(crate) struct Report {
    /// Different states, interchangeable actors counted once.
    pub(crate) states: usize,
    /// What went wrong first, and how it came to be.
    pub(crate) wrong: Option<(Wrong, Vec<State>)>,
}

impl Model {
    /// The right ring, for one cycle more than there are tags.
    pub(crate) fn new(tags: Tags, pause: u8, roles: &'static [Role]) -> Model {
        Model {
            tags,
            last: u8::try_from(tags.modulus).expect("small tags") + 1,
            pause,
            roles,
            prompt: false,
            mutants: &[],
        }
    }

    /// The same, where claims that are not delayed must be answered rightly.
    pub(crate) fn prompt(self) -> Model {
        Model {
            prompt: true,
            ..self
        }
    }

    /// The same with faults.
    pub(crate) fn with(self, mutants: &'static [Mutant]) -> Model {
        Model { mutants, ..self }
    }

    fn has(&self, mutant: Mutant) -> bool {
        self.mutants.contains(&mutant)
    }

    /// Visits every state that can be reached, or stops at the first wrong one.
    pub(crate) fn explore(&self) -> Report {
        let mut search = Search::default();
        let first = State::first(self.roles.len());
        search
            .stack
            .push(Visit::Enter(first.code(self.roles), first));
        let wrong = self.search(&mut search);
        Report {
            states: search.seen.len(),
            wrong: wrong.err().map(|wrong| (wrong, search.path)),
        }
    }

    fn search(&self, search: &mut Search) -> Result<(), Wrong> {
        while let Some(visit) = search.stack.pop() {
            match visit {
                Visit::Enter(code, state) => self.enter(code, state, search)?,
                Visit::Leave(code) => search.leave(code),
            }
        }
        Ok(())
    }

    /// A step that leads back to a state on the way to it could be repeated for ever.
    fn enter(&self, code: u128, state: State, search: &mut Search) -> Result<(), Wrong> {
        if !search.seen.insert(code) {
            return Ok(());
        }
        search.on_path.insert(code);
        search.path.push(state);
        search.stack.push(Visit::Leave(code));
        for next in self.next(&state) {
            let next = next?;
            let code = next.code(self.roles);
            if search.on_path.contains(&code) {
                return Err(Wrong::Endless);
            }
            if !search.seen.contains(&code) {
                search.stack.push(Visit::Enter(code, next));
            }
        }
        Ok(())
    }

    /// Every state that can follow.
    fn next(&self, state: &State) -> Vec<Result<State, Wrong>> {
        let mut next = Vec::with_capacity(10);
        next.extend(state.later(self).map(Ok));
        next.extend(state.neighbours_claim().map(Ok));
        for who in 0..self.roles.len() {
            next.extend(state.dies(who).map(Ok));
            next.extend(Turn::of(self, *state, who).map(Turn::step));
        }
        next
    }
}

/// A depth-first search.
#[derive(Default)]
struct Search {
    seen: Codes,
    stack: Vec<Visit>,
    /// The states from the first one to the present one.
    path: Vec<State>,
    on_path: Codes,
}

enum Visit {
    Enter(u128, State),
    Leave(u128),
}

impl Search {
    fn leave(&mut self, code: u128) {
        self.on_path.remove(&code);
        self.path.pop();
    }
}

type Codes = HashSet<u128, BuildHasherDefault<Mix>>;

/// A hash for codes that nobody chooses.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u128(u128::from(byte));
        }
    }

    #[allow(clippy::cast_possible_truncation)] // both halves are mixed in
    fn write_u128(&mut self, code: u128) {
        for half in [code as u64, (code >> 64) as u64] {
            self.0 = (self.0 ^ half).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.0 ^= self.0 >> 29;
        }
    }
}
