//! Every history of a key rotation: two controllers and two hosts of one store, a verifier with a copy of the keys, and tokens.
//!
//! The rotation is the crate's own [`Rotation`]; the rest of the world is as bad as the policy lets it be: controllers take their time
//! between reading and writing, hosts go by what they read before, the verifier looks again only when its copy is too old, and clocks
//! differ. What holds for one verifier holds for each.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Whether keys are lost, and revoked.
    emergencies: bool,
    mutant: Option<Mutant>,
}

/// One rule that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    /// A verifier's clock is two seconds further off than the policy says.
    ClocksDifferMore,
    /// A copy is kept for a second longer than the issuer says.
    CopiesLiveLonger,
    /// A host goes by what it read for a second longer.
    HostsLookTooLate,
    /// The longest age of copies is served, whatever ends before.
    MaxAgeIsFixed,
    /// A revoked key is served on by a host that has looked.
    RevokedIsServed,
    /// A key signs as soon as it is announced.
    SignsWhenAnnounced,
    /// Whoever writes last wins.
    SwapsAreBlind,
    /// The key that waits does not take over from a lost one.
    SuccessorWaitsOn,
    /// A token lives for two seconds longer than the policy says: the last one is minted a second before its key ends.
    TokensLiveLonger,
    /// A controller takes a second longer between reading and writing.
    WritesTakeLonger,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: i64,
    stored: Rotation<u8>,
    version: u8,
    controllers: [Option<Change>; 2],
    /// None that has read nothing of late, and will before it does anything.
    hosts: [Option<Host>; 2],
    /// None where it is too old.
    copy: Option<Copy>,
    /// The newest token of each key: its end. Older ones end before.
    tokens: BTreeMap<u8, i64>,
    /// Until when some have not seen each key that was made, once it was stored.
    keys: Vec<i64>,
    /// Whether a write took a key away that nobody revoked.
    dropped: bool,
    /// The key that was lost, and until when some have not seen that.
    lost: Option<(u8, i64)>,
    /// Keys that had to sign before every verifier knew them.
    early: BTreeSet<u8>,
}

/// What a controller read, and is about to write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Change {
    version: u8,
    began: i64,
    next: Rotation<u8>,
    announces: Option<u8>,
    revokes: Option<u8>,
}

/// What a host read, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Host {
    version: u8,
    rotation: Rotation<u8>,
    read: i64,
}

/// What a verifier has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Copy {
    keys: BTreeSet<u8>,
    /// The first second at which it is too old.
    until: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    /// A controller reads, to announce a key.
    Announce(usize),
    /// A controller reads, to revoke the key that signs.
    Revoke(usize),
    /// A controller writes.
    Write(usize),
    /// A host reads.
    Read(usize),
    /// The verifier looks at this host.
    Look(usize),
    /// This host signs a token.
    Mint(usize),
    Tick,
}

impl State {
    fn time(&self) -> Time {
        Time::from_seconds(self.now)
    }

    /// The sets of keys that the verifier may go by: its copy, or what a host publishes where that is too old.
    fn known(&self, world: &World) -> Vec<BTreeSet<u8>> {
        match &self.copy {
            Some(copy) => vec![copy.keys.clone()],
            None => [0, 1].map(|host| world.published(self, host)).to_vec(),
        }
    }

    fn knows(&self, world: &World, key: u8) -> bool {
        self.known(world).iter().all(|keys| keys.contains(&key))
    }

    /// Whether a key has to be known to all.
    fn is_due(&self, key: u8) -> bool {
        !self.early.contains(&key) && !self.is_lost(key)
    }

    fn is_lost(&self, key: u8) -> bool {
        self.lost.is_some_and(|(lost, _)| lost == key)
    }

    /// One state for all that cannot be told apart: what is over is forgotten, and twins have an order.
    fn settled(mut self, world: &World) -> Self {
        let now = self.now;
        let most = HOSTS + world.seconds(Mutant::HostsLookTooLate);
        for host in &mut self.hosts {
            *host = host.take().filter(|host| now - host.read < most);
        }
        self.copy = self.copy.filter(|copy| now < copy.until);
        self.tokens.retain(|_, ends| now < world.taken_until(*ends));
        let keys = &mut self.keys;
        self.early.retain(|key| now < keys[usize::from(*key)]);
        for until in &mut self.keys {
            *until = if now < *until { *until } else { 0 };
        }
        self.lost = self
            .lost
            .map(|(key, at)| (key, if now < at { at } else { 0 }));
        self.hosts
            .sort_by_key(|host| host.as_ref().map(|host| (host.version, host.read)));
        self.controllers.sort_by_key(|change| {
            let change = change.as_ref();
            change.map(|change| {
                (
                    change.version,
                    change.began,
                    change.announces,
                    change.revokes,
                )
            })
        });
        self
    }
}

impl World {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn seconds(&self, mutant: Mutant) -> i64 {
        i64::from(self.is(mutant))
    }

    /// What a host goes by: what it read, unless that is too old, or nobody signs in it.
    fn rotation(state: &State, host: usize) -> &Rotation<u8> {
        let read = state.hosts[host].as_ref().map(|host| &host.rotation);
        let read = read.filter(|rotation| rotation.signing(state.time()).is_some());
        read.unwrap_or(&state.stored)
    }

    fn published(&self, state: &State, host: usize) -> BTreeSet<u8> {
        let rotation = Self::rotation(state, host);
        let mut keys: BTreeSet<u8> = rotation.published(state.time()).copied().collect();
        if self.is(Mutant::RevokedIsServed) {
            keys.extend(rotation.revoked().map(|(key, _)| *key));
        }
        keys
    }

    fn signing(&self, state: &State, host: usize) -> Option<u8> {
        let rotation = Self::rotation(state, host);
        if self.is(Mutant::SignsWhenAnnounced) {
            return rotation.turns().last().map(|turn| *turn.key());
        }
        let signs = rotation.signing(state.time()).copied();
        signs.filter(|key| !self.is(Mutant::SuccessorWaitsOn) || !state.early.contains(key))
    }

    fn max_age(&self, state: &State, host: usize) -> i64 {
        let age = Self::rotation(state, host).max_age(state.time()).seconds();
        let is_fixed = self.is(Mutant::MaxAgeIsFixed);
        (if is_fixed { MAX_AGE } else { age }) + self.seconds(Mutant::CopiesLiveLonger)
    }

    /// Until when a verifier whose clock is late takes a token.
    fn taken_until(&self, ends: i64) -> i64 {
        ends + TOLERANCE + 2 * self.seconds(Mutant::ClocksDifferMore)
    }

    fn announce(&self, state: &State) -> Option<Change> {
        let mut next = state.stored.clone();
        let key = u8::try_from(state.keys.len()).ok()?;
        next.announce(key, &self.policy, state.time()).ok()?;
        Some(Change {
            version: state.version,
            began: state.now,
            next,
            announces: Some(key),
            revokes: None,
        })
    }

    fn revoke(state: &State) -> Option<Change> {
        let mut next = state.stored.clone();
        let lost = *next.signing(state.time())?;
        next.revoke(state.time(), |key| *key == lost);
        Some(Change {
            version: state.version,
            began: state.now,
            next,
            announces: None,
            revokes: Some(lost),
        })
    }

    fn write(&self, state: &State, controller: usize) -> Option<State> {
        let mut next = state.clone();
        let change = next.controllers[controller].take()?;
        if change.version != state.version && !self.is(Mutant::SwapsAreBlind) {
            return Some(next.settled(self));
        }
        let is_there = |key| change.next.turns().any(|turn| turn.key() == key);
        let mut before = state.stored.published(state.time());
        next.dropped |= before.any(|key| !is_there(key) && change.revokes != Some(*key));
        if let Some(key) = change.announces {
            next.keys[usize::from(key)] = state.now + SEEN;
        }
        let signed = state.stored.signing(state.time());
        let signs = change.next.signing(state.time());
        if (change.revokes.is_some() || signed.is_none())
            && let Some(key) = signs
        {
            next.early.insert(*key);
        }
        let lost = change.revokes.map(|key| (key, state.now + SEEN));
        next.lost = lost.or(next.lost);
        next.stored = change.next;
        next.version += 1;
        Some(next.settled(self))
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut stored = Rotation::new();
        let is_first = stored.announce(0, &self.policy, Time::from_seconds(0));
        debug_assert!(is_first.is_ok(), "there is no other key");
        vec![State {
            now: 0,
            stored,
            version: 0,
            controllers: [None, None],
            hosts: [None, None],
            copy: None,
            tokens: BTreeMap::new(),
            keys: vec![0],
            dropped: false,
            lost: None,
            early: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let most = WRITE + self.seconds(Mutant::WritesTakeLonger);
        let mut waits = state.controllers.iter().flatten();
        if state.now < self.last && waits.all(|change| state.now - change.began < most) {
            actions.push(Action::Tick);
        }
        for controller in [0, 1] {
            let is_idle = state.controllers[controller].is_none();
            if !is_idle {
                actions.push(Action::Write(controller));
            } else if state.keys.len() < KEYS {
                actions.push(Action::Announce(controller));
            }
            if is_idle && self.emergencies && state.lost.is_none() {
                actions.push(Action::Revoke(controller));
            }
        }
        for host in [0, 1] {
            actions.extend([Action::Read(host), Action::Look(host), Action::Mint(host)]);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Tick => next.now += 1,
            Action::Announce(controller) => {
                next.controllers[controller] = Some(self.announce(state)?);
                next.keys.push(0);
            }
            Action::Revoke(controller) => {
                next.controllers[controller] = Some(Self::revoke(state)?);
            }
            Action::Write(controller) => return self.write(state, controller),
            Action::Read(host) => {
                next.hosts[host] = Some(Host {
                    version: state.version,
                    rotation: state.stored.clone(),
                    read: state.now,
                });
            }
            Action::Look(host) => {
                let until = state.now + self.max_age(state, host);
                let keys = self.published(state, host);
                next.copy = Some(Copy { keys, until });
            }
            Action::Mint(host) => {
                let key = self.signing(state, host)?;
                let ends = state.now + LIFE + 2 * self.seconds(Mutant::TokensLiveLonger);
                next.tokens.insert(key, ends);
            }
        }
        Some(next.settled(self))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "no valid token is refused",
                |world: &World, state: &State| {
                    let mut valid = state.tokens.keys();
                    valid.all(|key| !state.is_due(*key) || state.knows(world, *key))
                },
            ),
            Property::always(
                "no key is taken once it is gone",
                |world: &World, state: &State| {
                    let published: BTreeSet<u8> =
                        state.stored.published(state.time()).copied().collect();
                    let is_seen = |key: &u8| {
                        let lost = state.lost.filter(|(lost, _)| lost == key);
                        lost.is_some_and(|(_, until)| state.now < until)
                    };
                    let known = state.known(world);
                    let mut known = known.iter().flatten();
                    known.all(|key| published.contains(key) || is_seen(key))
                },
            ),
            Property::always(
                "every verifier knows what signs",
                |world: &World, state: &State| {
                    let mut signs = [0, 1]
                        .into_iter()
                        .filter_map(|host| world.signing(state, host));
                    signs.all(|key| !state.is_due(key) || state.knows(world, key))
                },
            ),
            Property::always("somebody signs", |world: &World, state: &State| {
                // Whoever revokes the last key has none, but for those that have signed.
                let is_over = state.stored.turns().all(|turn| turn.ends().is_some());
                is_over || (0..2).all(|host| world.signing(state, host).is_some())
            }),
            Property::always("no announced key is lost", |_: &World, state: &State| {
                !state.dropped
            }),
            Property::sometimes("a key is gone", |_: &World, state: &State| {
                !state.stored.published(state.time()).any(|key| *key == 0)
            }),
            Property::sometimes(
                "three keys are published",
                |world: &World, state: &State| {
                    world.emergencies || state.stored.published(state.time()).count() == 3
                },
            ),
            Property::sometimes("a swap is lost", |world: &World, state: &State| {
                let waits = state.controllers.iter().flatten();
                world.is(Mutant::SwapsAreBlind)
                    || waits
                        .into_iter()
                        .any(|change| change.version != state.version)
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
    let is_full = size == Size::Full;
    let (last, of_lost) = if is_full { FULL } else { (SMOKE, SMOKE_LOST) };
    holds(&world(last, None), report);
    holds(&with_emergencies(world(of_lost, None)), report);
    for mutant in [
        Mutant::ClocksDifferMore,
        Mutant::CopiesLiveLonger,
        Mutant::HostsLookTooLate,
        Mutant::MaxAgeIsFixed,
        Mutant::SignsWhenAnnounced,
        Mutant::SwapsAreBlind,
        Mutant::TokensLiveLonger,
        Mutant::WritesTakeLonger,
    ] {
        finds(&world(SMOKE, Some(mutant)), report);
    }
    for mutant in [Mutant::RevokedIsServed, Mutant::SuccessorWaitsOn] {
        finds(&with_emergencies(world(SMOKE_LOST, Some(mutant))), report);
    }
}

/// The rotation with the shortest lead and the shortest time to keep under which all is well.
fn world(last: i64, mutant: Option<Mutant>) -> World {
    let span = Span::from_seconds;
    let policy = RotationPolicy::new(span(LIFE), span(MAX_AGE))
        .and_then(|policy| policy.with_hosts(span(HOSTS)))
        .and_then(|policy| policy.with_lead(span(LEAD), span(TOLERANCE)))
        .expect("within the bounds");
    World {
        policy,
        last,
        emergencies: false,
        mutant,
    }
}

/// Keys wait, and one is lost.
fn with_emergencies(mut world: World) -> World {
    let long = world.policy.with_period(Span::from_seconds(PERIOD));
    world.policy = long.expect("within the bounds");
    world.emergencies = true;
    world
}

fn holds(world: &World, report: &mut Report) {
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    let wrong = ALWAYS.iter().filter(|name| found.contains_key(**name));
    let seen = SOMETIMES.iter().filter(|name| found.contains_key(**name));
    let (wrong, seen) = (wrong.count(), seen.count());
    let what = if world.emergencies {
        "a key that waited takes over from a lost one without a refusal"
    } else {
        "no valid token is refused, and no key is taken once it is gone"
    };
    report.check(
        what,
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

const ALWAYS: [&str; 5] = [
    "no valid token is refused",
    "no key is taken once it is gone",
    "every verifier knows what signs",
    "somebody signs",
    "no announced key is lost",
];
const SOMETIMES: [&str; 3] = [
    "a key is gone",
    "three keys are published",
    "a swap is lost",
];

/// How long a token lives, in seconds.
const LIFE: i64 = 1;
/// How long a copy may be kept.
const MAX_AGE: i64 = 2;
/// How long a host goes by what it read.
const HOSTS: i64 = 1;
/// How long a controller takes from reading to writing.
const WRITE: i64 = 1;
/// After this, every verifier has seen what was stored.
const SEEN: i64 = MAX_AGE + HOSTS;
/// How long a key is published before it signs. What is over before a second has its last instant a second earlier.
const LEAD: i64 = SEEN + WRITE - 1;
/// How long after its end a verifier whose clock is late takes a token.
const TOLERANCE: i64 = 1;
/// How long a key signs at least, where one is lost.
const PERIOD: i64 = 4;
/// How many keys there are in all.
const KEYS: usize = 4;
/// Long enough for a key to be gone, and for one more.
const SMOKE: i64 = 7;
const SMOKE_LOST: i64 = 5;
const FULL: (i64, i64) = (18, 8);
