//! Every history of a session: tabs of one client, a thief, answers that are lost or late, hosts that die between two steps, clocks
//! that differ, a store that is set back.
//!
//! The rule is the crate's own [`RefreshPolicy::decide`] and [`RefreshPolicy::next`]. Around it a request reads the row, decides, and
//! writes if the row is still the one that it read; anything may happen between these steps. Mutants blind the rule to one fact, or break
//! one thing around it; rivals are the rules of others in the same world. Each must be found out by what it is predicted to do.

use counterseal_core::{Span, Time};
use counterseal_refresh::{Chain, Decision, End, Facts, Mode, Place, RefreshPolicy, Standing, Why};
use stateright::{Checker, Model, Property};

mod rules;
mod state;

use rules::{Mutant, Rival, WORLDS, honest};
use state::{Action, Flight, Leg, Row, State, Token, confirm};

use crate::Size;
use crate::report::Report;

/// The world, and what is wrong in it.
#[derive(Clone)]
struct World {
    policy: RefreshPolicy,
    /// The policy's window, in seconds.
    window: i64,
    /// Until when histories are explored.
    last: i64,
    /// When the session is over, in seconds.
    end: i64,
    /// How long a request or an answer is on its way at most, in seconds.
    delay: i64,
    /// When it is known that the client has stored its newest token.
    confirms: Confirms,
    /// How many requests are under way at once.
    flights: usize,
    /// Whether a host's clock may be a second behind.
    has_skew: bool,
    has_thief: bool,
    /// Whether an operator may end the session, and the store may be set back.
    has_operator: bool,
    rule: Rule,
    /// The one fault that is looked for; none for all.
    looks_for: Option<Fault>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Confirms {
    /// As soon as it has.
    AtOnce,
    /// At any time after that, or never.
    Sometime,
}

/// Which rule is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    Ours,
    Mutant(Mutant),
    Rival(Rival),
}

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Fault {
    /// Something is given after the session was ended.
    AfterEnd,
    /// Something is given after the session was over.
    AfterExpiry,
    /// A generation, a version or an end was taken back.
    Backwards,
    /// Two answers to one token differ.
    Forked,
    /// An honest client is logged out.
    LoggedOut,
    /// Something is given for a token that the store has not seen made.
    Stranger,
    /// A thief who comes after the client is answered.
    ThiefAnswered,
    /// Client and thief go on and on from the same tokens, and nobody hears of it.
    Undetected,
}

impl World {
    fn is(&self, mutant: Mutant) -> bool {
        self.rule == Rule::Mutant(mutant)
    }

    fn found(&self, state: &mut State, fault: Fault) {
        if self.looks_for.is_none_or(|other| other == fault) {
            state.fault = state.fault.or(Some(fault));
        }
    }

    fn place(row: &Row, token: Token) -> Place {
        if token == row.current {
            return Place::Current;
        }
        if Some(token) == row.parent {
            return Place::Parent;
        }
        let is_older = token.generation < row.current.generation;
        if is_older { Place::Older } else { Place::Newer }
    }

    fn facts(&self, row: &Row, place: Place) -> Facts {
        Facts {
            place,
            is_holder: true,
            chain: row.chain,
            absolute_end: Time::from_seconds(self.end),
            version: 0,
            subject: Standing {
                version: 0,
                disabled: None,
            },
        }
    }

    /// The rule, blinded where a mutant is; and the facts that it was shown.
    fn decide(&self, row: &Row, token: Token, clock: i64) -> (Decision, Facts) {
        let now = Time::from_seconds(clock);
        let mut facts = self.facts(row, Self::place(row, token));
        let shown = &mut facts;
        let long_ago = Time::from_seconds(-1_000);
        match self.rule {
            Rule::Rival(rival) => {
                let decision = rival.decide(self, &facts, now);
                return (decision, facts);
            }
            Rule::Mutant(Mutant::DoesNotSettle) if shown.place == Place::Current => {
                shown.chain.rotated_at = long_ago;
                shown.chain.window_at = long_ago;
            }
            Rule::Mutant(Mutant::ForgetsTheEnd) => shown.chain.ended = None,
            Rule::Mutant(Mutant::ForgetsExpiry) => {
                shown.absolute_end = Time::NEVER;
                shown.chain.idle_end = Time::NEVER;
            }
            Rule::Mutant(Mutant::GuessesNewer) if shown.place == Place::Newer => {
                shown.place = Place::Current;
            }
            Rule::Mutant(Mutant::NeverConfirmed) => shown.chain.confirmed = false,
            Rule::Mutant(Mutant::WaitsForNobody) => shown.chain.confirmed = true,
            Rule::Mutant(Mutant::OldIsParent) if shown.place == Place::Older => {
                shown.place = Place::Parent;
            }
            Rule::Mutant(Mutant::SettlesForAWindow)
                if shown.place == Place::Current && self.is_older_than_window(shown, now) =>
            {
                return (Decision::Rotate, facts);
            }
            Rule::Mutant(Mutant::OneBudget)
                if shown.place == Place::Parent && shown.chain.retries + shown.chain.late >= 2 =>
            {
                return (Decision::End(End::Replayed), facts);
            }
            _ => {}
        }
        (self.policy.decide(&facts, Mode::Rotate, now), facts)
    }

    fn is_older_than_window(&self, facts: &Facts, now: Time) -> bool {
        let latest = facts.chain.rotated_at.max(facts.chain.window_at);
        now.since(latest) > Span::from_seconds(self.window) && facts.chain.ended.is_none()
    }

    /// What the row becomes, and what is answered.
    fn next(
        &self,
        state: &mut State,
        row: &Row,
        flight: &Flight,
        clock: i64,
    ) -> Option<(Option<Row>, Option<Token>)> {
        let now = Time::from_seconds(clock);
        let (decision, facts) = self.decide(row, flight.token, clock);
        let mut chain = self.policy.next(&facts, decision, now);
        if self.is(Mutant::LateIsAlone) && decision == (Decision::Retry { late: true }) {
            chain = chain.map(|chain| Chain {
                window_at: row.chain.window_at,
                ..chain
            });
        }
        if self.is(Mutant::ConfirmsWhenHandedOut) {
            chain = chain.map(|chain| Chain {
                confirmed: true,
                ..chain
            });
        }
        let mut next = chain.map(|chain| Row {
            version: row.version.saturating_add(1),
            chain,
            ..row.clone()
        });
        let forks = self.is(Mutant::RetryForks) || self.rule == Rule::Rival(Rival::HydraGraceful);
        let given = match decision {
            Decision::Rotate => {
                let made = Token {
                    generation: flight.token.generation + 1,
                    serial: state.made,
                };
                let next = next.as_mut()?;
                next.parent = Some(flight.token);
                next.current = made;
                next.chain.generation = made.generation;
                Some(made)
            }
            Decision::Retry { .. } if forks => Some(Token {
                generation: row.current.generation,
                serial: state.made,
            }),
            Decision::Retry { .. } => Some(row.current),
            Decision::Same => Some(flight.token),
            Decision::Mint | Decision::End(_) | Decision::Refuse(_) => None,
        };
        if given.is_some_and(|token| token.serial == state.made) {
            state.made += 1;
        }
        self.judge(state, row, flight, clock, decision, given);
        Some((next, given))
    }

    /// What is wrong about an answer.
    fn judge(
        &self,
        state: &mut State,
        row: &Row,
        flight: &Flight,
        clock: i64,
        decision: Decision,
        given: Option<Token>,
    ) {
        let is_honest = flight.who == CLIENT;
        let is_out = match decision {
            Decision::End(_) => true,
            Decision::Refuse(why) => !matches!(
                why,
                Why::Busy { .. } | Why::Clock { .. } | Why::Expired { .. }
            ),
            _ => false,
        };
        if is_honest && is_out && state.is_undisturbed() {
            self.found(state, Fault::LoggedOut);
        }
        let Some(given) = given else { return };
        if row.chain.ended.is_some() {
            self.found(state, Fault::AfterEnd);
        }
        if Self::place(row, flight.token) == Place::Newer {
            self.found(state, Fault::Stranger);
        }
        if clock >= self.end {
            self.found(state, Fault::AfterExpiry);
        }
        if decision != Decision::Same {
            let before = state
                .answers
                .iter()
                .find(|(token, _)| *token == flight.token);
            match before {
                Some((_, answer)) if *answer != given => self.found(state, Fault::Forked),
                Some(_) => {}
                None => state.answers.push((flight.token, given)),
            }
        }
        self.follow(state, row, flight, decision);
    }

    /// Who was answered to the newest token's parent, and when.
    fn follow(&self, state: &mut State, row: &Row, flight: &Flight, decision: Decision) {
        let now = state.now;
        match decision {
            Decision::Rotate => {
                state.rounds = if state.is_shared { state.rounds + 1 } else { 0 };
                state.is_shared = false;
                state.uses = [None, None];
                if state.rounds == ROUNDS && !state.is_known {
                    self.found(state, Fault::Undetected);
                }
            }
            Decision::Retry { late } => {
                let other = state.uses[1 - flight.who];
                let is_apart = other.is_some_and(|other| now - other > self.window);
                state.is_shared |= is_apart;
                state.is_known |= late && row.chain.followed >= 2;
                let has_stored = state.jar == row.current;
                let follows = flight.who == THIEF && has_stored && is_apart;
                if follows && self.confirms == Confirms::AtOnce {
                    self.found(state, Fault::ThiefAnswered);
                }
            }
            _ => return,
        }
        state.uses[flight.who] = Some(now);
    }

    fn write(&self, state: &State, at: usize) -> Option<State> {
        let mut next = state.clone();
        let flight = next.flights.remove(at);
        let Leg::Read(read, clock) = &flight.at else {
            return None;
        };
        let before = next.clone();
        let (row, given) = self.next(&mut next, read, &flight, *clock)?;
        if let Some(row) = row {
            if read.version != state.row.version && !self.is(Mutant::SwapsAreBlind) {
                // It lost, and reads again.
                next = before;
                next.flights.push(Flight {
                    at: Leg::Sent,
                    ..flight
                });
                return Some(next.settled());
            }
            let is_back = row.chain.generation < state.row.chain.generation
                || state.row.chain.ended.is_some() && row.chain.ended.is_none();
            if is_back {
                self.found(&mut next, Fault::Backwards);
            }
            next.row = row;
        }
        if let Some(given) = given {
            next.flights.push(Flight {
                since: state.now,
                at: Leg::Answer(given),
                ..flight
            });
        }
        Some(next.settled())
    }

    fn deliver(&self, state: &State, at: usize) -> Option<State> {
        let mut next = state.clone();
        let flight = next.flights.remove(at);
        let Leg::Answer(given) = flight.at else {
            return None;
        };
        // The same token needs no storing.
        let is_same = given == flight.token;
        if flight.who == THIEF {
            next.loot = Some(given);
        } else if !is_same {
            next.jar = given;
            if self.confirms == Confirms::AtOnce {
                confirm(&mut next);
            }
        }
        Some(next.settled())
    }

    /// Whether a request may wait for another second.
    fn may_wait(&self, state: &State, flight: &Flight) -> bool {
        state.now - flight.since < self.delay
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let first = Token {
            generation: 0,
            serial: 0,
        };
        let mut chain = Chain::begun(Time::from_seconds(self.end), Time::from_seconds(0));
        chain.confirmed = true;
        vec![State {
            now: 0,
            row: Row {
                version: 1,
                chain,
                current: first,
                parent: None,
            },
            backup: None,
            was_set_back: false,
            jar: first,
            loot: None,
            flights: Vec::new(),
            made: 1,
            answers: Vec::new(),
            uses: [None, None],
            is_shared: false,
            rounds: 0,
            is_known: false,
            ended: false,
            fault: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.fault.is_some() {
            return;
        }
        let waits = state
            .flights
            .iter()
            .all(|flight| self.may_wait(state, flight));
        if state.now < self.last && waits {
            actions.push(Action::Tick);
        }
        if state.flights.len() < self.flights {
            actions.push(Action::Send(CLIENT));
            if state.loot.is_some() {
                actions.push(Action::Send(THIEF));
            }
        }
        for (at, flight) in state.flights.iter().enumerate() {
            match &flight.at {
                Leg::Sent => {
                    actions.push(Action::Read(at, 0));
                    if state.now > 0 && self.has_skew {
                        actions.push(Action::Read(at, 1));
                    }
                }
                Leg::Read(..) => actions.extend([Action::Write(at), Action::Lose(at)]),
                Leg::Answer(_) => actions.extend([Action::Deliver(at), Action::Lose(at)]),
            }
        }
        if self.confirms == Confirms::Sometime {
            actions.push(Action::Confirm);
        }
        if self.has_thief && state.loot.is_none() {
            actions.push(Action::Steal);
        }
        if self.has_operator {
            if !state.ended {
                actions.push(Action::Revoke);
            }
            match state.backup {
                None => actions.push(Action::Save),
                Some(_) if !state.was_set_back => actions.push(Action::SetBack),
                Some(_) => {}
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Tick => next.now += 1,
            Action::Confirm => return confirm(&mut next).then_some(next),
            Action::Deliver(at) => return self.deliver(state, at),
            Action::Lose(at) => drop(next.flights.remove(at)),
            Action::Read(at, behind) => {
                let row = Box::new(next.row.clone());
                next.flights[at].at = Leg::Read(row, next.now - behind);
            }
            Action::Revoke => {
                next.row
                    .chain
                    .ended
                    .get_or_insert((End::Revoked, Time::from_seconds(next.now)));
                next.row.version = next.row.version.saturating_add(1);
                next.ended = true;
            }
            Action::Save => next.backup = Some(next.row.clone()),
            Action::Send(who) => {
                let token = if who == CLIENT {
                    Some(next.jar)
                } else {
                    next.loot
                };
                next.flights.push(Flight {
                    who,
                    token: token?,
                    since: next.now,
                    at: Leg::Sent,
                });
            }
            Action::SetBack => {
                next.row = next.backup.clone()?;
                next.was_set_back = true;
                next.ended = next.row.chain.ended.is_some();
                // What was answered before is of a store that is no more, and nobody reads across that.
                next.answers.clear();
                next.flights
                    .retain(|flight| !matches!(flight.at, Leg::Read(..)));
            }
            Action::Steal => next.loot = Some(next.jar),
            Action::Write(at) => return self.write(state, at),
        }
        Some(next.settled())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![Property::always(
            "all is well",
            |_: &World, state: &State| state.fault.is_none(),
        )];
        if self.rule != Rule::Ours {
            return all;
        }
        let seen = |name, is: fn(&World, &State) -> bool| Property::sometimes(name, is);
        all.push(seen("a token was rotated twice", |world, state| {
            world.has_operator || state.row.chain.generation >= 2
        }));
        all.push(seen("a late retry", |world, state| {
            world.has_operator || state.row.chain.late > 0
        }));
        all.push(seen("a theft is found", |world, state| {
            let ended = state.row.chain.ended;
            !world.has_thief || matches!(ended, Some((End::Replayed, _)))
        }));
        all.push(seen("a store is found to be behind", |world, state| {
            let ended = state.row.chain.ended;
            !world.has_operator || matches!(ended, Some((End::StoreBehind, _)))
        }));
        all
    }
}

pub(crate) fn prove(size: Size, report: &mut Report) {
    if size == Size::Broken {
        return holds(
            "an honest client",
            &honest(Rule::Mutant(Mutant::DoesNotSettle)),
            report,
        );
    }
    let is_full = size == Size::Full;
    for (what, make, last) in WORLDS {
        let mut world = make(Rule::Ours);
        world.last = if is_full { last.1 } else { last.0 };
        holds(what, &world, report);
    }
    for mutant in Mutant::ALL {
        finds(Rule::Mutant(mutant), mutant.predicted(), report);
    }
    for rival in Rival::ALL {
        finds(Rule::Rival(rival), rival.predicted(), report);
    }
}

type Make = fn(Rule) -> World;

fn holds(what: &str, world: &World, report: &mut Report) {
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    let is_well = !found.contains_key(ALWAYS);
    let seen = SOMETIMES.iter().filter(|name| found.contains_key(**name));
    let is_seen = seen.count() == SOMETIMES.len();
    report.check(
        what,
        is_well && is_seen,
        [
            ("states", checker.unique_state_count().into()),
            ("seconds explored", world.last.into()),
        ],
    );
}

fn finds(rule: Rule, predicted: (Fault, Make), report: &mut Report) {
    let (fault, make) = predicted;
    let mut world = make(rule);
    world.looks_for = Some(fault);
    let checker = world.checker().threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    let path = found.get(ALWAYS);
    let is = path.and_then(|path| path.last_state().fault);
    let steps = path.map_or(0, |path| path.clone().into_actions().len());
    report.check(
        &format!("{rule} is found out"),
        is == Some(fault),
        [
            (
                "found",
                is.map_or_else(String::new, |fault| format!("{fault:?}"))
                    .into(),
            ),
            ("steps", steps.into()),
        ],
    );
}

const ALWAYS: &str = "all is well";
const SOMETIMES: [&str; 4] = [
    "a token was rotated twice",
    "a late retry",
    "a theft is found",
    "a store is found to be behind",
];
const CLIENT: usize = 0;
const THIEF: usize = 1;
/// How many generations in a row two may share before somebody must hear of it.
const ROUNDS: u8 = 3;
/// A session that is not over while it is explored.
const LONG: i64 = 120;
/// Until when mutants and rivals are looked for.
const SEARCH: i64 = 14;
