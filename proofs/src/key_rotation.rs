//! Every history of a key rotation: an issuer, two verifiers with copies of its keys, and tokens.
//!
//! The issuer is the crate's own [`Rotation`]; the rest of the world is as bad as the policy lets it be: verifiers look again only when
//! their copy is too old, and their clocks differ.

use std::collections::BTreeSet;
use std::fmt;

use counterseal_core::{Span, Time};
use counterseal_jwt::{Rotation, RotationPolicy};
use stateright::{Checker, Model, Property};

use crate::Size;
use crate::report::Report;

/// The world, and what is wrong in it.
#[derive(Clone)]
struct World {
    policy: RotationPolicy,
    /// Until when histories are explored, in seconds.
    last: i64,
    mutant: Option<Mutant>,
}

/// One rule that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    /// A copy is kept for a second longer than the issuer says.
    CopiesLiveLonger,
    /// The longest age of copies is served, whatever ends before.
    MaxAgeIsFixed,
    /// A key signs as soon as it is announced.
    SignsWhenAnnounced,
    /// A token lives for two seconds longer than the policy says: the last one is minted a second before its key ends.
    TokensLiveLonger,
    /// A verifier's clock is two seconds further off than the policy says.
    ClocksDifferMore,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: i64,
    rotation: Rotation<u8>,
    announced: u8,
    copies: [Copy; 2],
    /// The newest token of each key: its end. Older ones end before.
    tokens: Vec<(u8, i64)>,
}

/// What a verifier has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Copy {
    keys: BTreeSet<u8>,
    /// The first second at which it is too old.
    until: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Announce,
    Look(usize),
    Mint,
    Tick,
}

impl State {
    fn time(&self) -> Time {
        Time::from_seconds(self.now)
    }

    fn published(&self) -> BTreeSet<u8> {
        self.rotation.published(self.time()).copied().collect()
    }

    /// What a verifier goes by: its copy, or a new one where that is too old.
    fn known(&self, copy: &Copy) -> BTreeSet<u8> {
        if self.now < copy.until {
            copy.keys.clone()
        } else {
            self.published()
        }
    }
}

impl World {
    fn signing(&self, state: &State) -> Option<u8> {
        if self.mutant == Some(Mutant::SignsWhenAnnounced) {
            return state.announced.checked_sub(1);
        }
        state.rotation.signing(state.time()).copied()
    }

    fn is(&self, mutant: Mutant) -> i64 {
        i64::from(self.mutant == Some(mutant))
    }

    fn max_age(&self, state: &State) -> i64 {
        let age = match self.mutant {
            Some(Mutant::MaxAgeIsFixed) => MAX_AGE,
            _ => state.rotation.max_age(state.time()).seconds(),
        };
        age + self.is(Mutant::CopiesLiveLonger)
    }

    /// Until when a verifier whose clock is late takes a token.
    fn taken_until(&self, ends: i64) -> i64 {
        ends + TOLERANCE + 2 * self.is(Mutant::ClocksDifferMore)
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut rotation = Rotation::new(self.policy);
        let is_first = rotation.announce(0, Time::from_seconds(0)).is_ok();
        debug_assert!(is_first, "there is no other key");
        vec![State {
            now: 0,
            rotation,
            announced: 1,
            copies: [Copy::default(), Copy::default()],
            tokens: Vec::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.last {
            actions.push(Action::Tick);
        }
        if state.announced < KEYS {
            actions.push(Action::Announce);
        }
        actions.extend([Action::Mint, Action::Look(0), Action::Look(1)]);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Tick => {
                next.now += 1;
                let now = next.now;
                next.tokens.retain(|(_, ends)| now < ends + TOLERANCE + 2);
            }
            Action::Announce => {
                next.rotation.announce(state.announced, state.time()).ok()?;
                next.announced += 1;
            }
            Action::Look(verifier) => {
                let until = state.now + self.max_age(state);
                let keys = state.published();
                next.copies[verifier] = Copy { keys, until };
            }
            Action::Mint => {
                let key = self.signing(state)?;
                let ends = state.now + LIFE + 2 * self.is(Mutant::TokensLiveLonger);
                next.tokens.retain(|(other, _)| *other != key);
                next.tokens.push((key, ends));
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "no valid token is refused",
                |world: &World, state: &State| {
                    let valid = state.tokens.iter();
                    let mut valid = valid.filter(|(_, ends)| state.now < world.taken_until(*ends));
                    let known = state.copies.iter().map(|copy| state.known(copy));
                    let known: Vec<_> = known.collect();
                    valid.all(|(key, _)| known.iter().all(|keys| keys.contains(key)))
                },
            ),
            Property::always(
                "no key is taken once it is gone",
                |_: &World, state: &State| {
                    let published = state.published();
                    let mut copies = state.copies.iter();
                    copies.all(|copy| state.known(copy).is_subset(&published))
                },
            ),
            Property::always(
                "every verifier knows what signs",
                |world: &World, state: &State| {
                    let mut copies = state.copies.iter();
                    let signs = world.signing(state);
                    copies.all(|copy| signs.is_none_or(|key| state.known(copy).contains(&key)))
                },
            ),
            Property::always("somebody signs", |world: &World, state: &State| {
                world.signing(state).is_some()
            }),
            Property::sometimes("a key is gone", |_: &World, state: &State| {
                !state.published().contains(&0)
            }),
            Property::sometimes("three keys are published", |_: &World, state: &State| {
                state.published().len() == 3
            }),
        ]
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

pub(crate) fn prove(size: Size, report: &mut Report) {
    if size == Size::Broken {
        return holds(&world(SMOKE, Some(Mutant::SignsWhenAnnounced)), report);
    }
    let last = if size == Size::Full { FULL } else { SMOKE };
    holds(&world(last, None), report);
    for mutant in [
        Mutant::CopiesLiveLonger,
        Mutant::MaxAgeIsFixed,
        Mutant::SignsWhenAnnounced,
        Mutant::TokensLiveLonger,
        Mutant::ClocksDifferMore,
    ] {
        finds(&world(SMOKE, Some(mutant)), report);
    }
}

/// The rotation with the shortest lead and the shortest time to keep that its policy allows.
fn world(last: i64, mutant: Option<Mutant>) -> World {
    let span = Span::from_seconds;
    let policy = RotationPolicy::new(span(LIFE), span(MAX_AGE))
        .and_then(|policy| policy.with_lead(span(MAX_AGE), span(TOLERANCE)))
        .expect("within the bounds");
    World {
        policy,
        last,
        mutant,
    }
}

fn holds(world: &World, report: &mut Report) {
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    let wrong = ALWAYS.iter().filter(|name| found.contains_key(**name));
    let seen = SOMETIMES.iter().filter(|name| found.contains_key(**name));
    let (wrong, seen) = (wrong.count(), seen.count());
    report.check(
        "no valid token is refused, and no key is taken once it is gone",
        wrong == 0 && seen == SOMETIMES.len(),
        [
            ("states", checker.unique_state_count().into()),
            ("seconds explored", world.last.into()),
        ],
    );
}

fn finds(world: &World, report: &mut Report) {
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    let wrong = ALWAYS.iter().find(|name| found.contains_key(**name));
    let steps = wrong.map_or(0, |name| found[*name].clone().into_actions().len());
    let mutant = world.mutant.map(|mutant| mutant.to_string());
    report.check(
        &format!("{} is found out", mutant.unwrap_or_default()),
        wrong.is_some(),
        [
            ("found", wrong.copied().unwrap_or_default().into()),
            ("steps", steps.into()),
        ],
    );
}

const ALWAYS: [&str; 4] = [
    "no valid token is refused",
    "no key is taken once it is gone",
    "every verifier knows what signs",
    "somebody signs",
];
const SOMETIMES: [&str; 2] = ["a key is gone", "three keys are published"];

/// How long a token lives, in seconds.
const LIFE: i64 = 2;
/// How long a copy may be kept.
const MAX_AGE: i64 = 2;
/// How long after its end a verifier whose clock is late takes a token.
const TOLERANCE: i64 = 1;
/// How many keys there are in all.
const KEYS: u8 = 4;
/// Long enough for a key to be gone, and for one more.
const SMOKE: i64 = 9;
const FULL: i64 = 14;
