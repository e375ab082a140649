//! Rules that are not ours, what is predicted of each, and the worlds in which that shows.

use std::fmt;

use counterseal_core::{Span, Time};
use counterseal_refresh::{Confirmation, Decision, End, Facts, Place, RefreshPolicy, Why};

use super::{Confirms, Fault, LONG, Make, Rule, SEARCH, World};

/// One thing that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// A generation is confirmed when it is handed out.
    ConfirmsWhenHandedOut,
    /// A token that is new is rotated all the same.
    DoesNotSettle,
    /// The store is asked without looking whether the session has ended.
    ForgetsTheEnd,
    /// The session goes on for ever.
    ForgetsExpiry,
    /// A token that the store has not seen made is taken for the newest.
    GuessesNewer,
    /// Nobody is ever known to have stored anything.
    NeverConfirmed,
    /// A late retry opens no window for its siblings.
    LateIsAlone,
    /// Any older token is taken for the parent.
    OldIsParent,
    /// A retry is answered with a token of its own.
    RetryForks,
    /// A token settles for a window only, as long as its parent may be retried.
    SettlesForAWindow,
    /// Whoever writes last wins.
    SwapsAreBlind,
    /// The budget of retries counts the late ones, and who is over it is a thief.
    OneBudget,
    /// Nobody who did not confirm is waited for.
    WaitsForNobody,
}

/// What others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rival {
    /// The parent is good until its successor is used.
    ConfirmOnly,
    /// The same, but the parent is refused then, without an end.
    DoorkeeperOnUse,
    /// Any old generation is answered for a while.
    DotGrace,
    /// The parent is answered for a while, with a token of its own.
    HydraGraceful,
    /// Every token is good once.
    Strict,
    /// The parent of the newest token is always answered.
    Supabase,
    /// The parent is answered for a while.
    Window,
}

impl Rival {
    pub(super) fn decide(self, world: &World, facts: &Facts, now: Time) -> Decision {
        let chain = &facts.chain;
        if let Some((end, at)) = chain.ended {
            return Decision::Refuse(Why::Ended(end, at));
        }
        let is_in_window = now.since(chain.rotated_at) <= Span::from_seconds(world.window);
        let retry = Decision::Retry { late: false };
        let reuse = Decision::End(End::Replayed);
        match (self, facts.place) {
            (_, Place::Current) => Decision::Rotate,
            (Rival::DotGrace, Place::Parent | Place::Older)
            | (Rival::HydraGraceful | Rival::Window, Place::Parent)
                if is_in_window =>
            {
                retry
            }
            (Rival::Supabase, Place::Parent) => retry,
            (Rival::ConfirmOnly | Rival::DoorkeeperOnUse, Place::Parent) if !chain.confirmed => {
                retry
            }
            (Rival::DoorkeeperOnUse, _) => Decision::Refuse(Why::Superseded),
            _ => reuse,
        }
    }

    /// What is predicted of it, and in which world.
    pub(super) fn predicted(self) -> (Fault, fn(Rule) -> World) {
        match self {
            Rival::HydraGraceful => (Fault::Forked, honest),
            Rival::Supabase => (Fault::Undetected, in_turn),
            Rival::ConfirmOnly
            | Rival::DoorkeeperOnUse
            | Rival::DotGrace
            | Rival::Strict
            | Rival::Window => (Fault::LoggedOut, honest),
        }
    }

    pub(super) const ALL: [Rival; 7] = [
        Rival::ConfirmOnly,
        Rival::DoorkeeperOnUse,
        Rival::DotGrace,
        Rival::HydraGraceful,
        Rival::Strict,
        Rival::Supabase,
        Rival::Window,
    ];
}

impl Mutant {
    /// What is predicted of it, and in which world.
    pub(super) fn predicted(self) -> (Fault, fn(Rule) -> World) {
        match self {
            Mutant::ForgetsTheEnd => (Fault::AfterEnd, operated),
            Mutant::ForgetsExpiry => (Fault::AfterExpiry, short),
            Mutant::GuessesNewer => (Fault::Stranger, operated),
            Mutant::NeverConfirmed => (Fault::ThiefAnswered, watched),
            Mutant::OldIsParent => (Fault::Forked, theft),
            Mutant::RetryForks | Mutant::SwapsAreBlind => (Fault::Forked, honest),
            Mutant::ConfirmsWhenHandedOut
            | Mutant::DoesNotSettle
            | Mutant::LateIsAlone
            | Mutant::OneBudget
            | Mutant::WaitsForNobody => (Fault::LoggedOut, honest),
            Mutant::SettlesForAWindow => (Fault::LoggedOut, of_one_clock),
        }
    }

    pub(super) const ALL: [Mutant; 13] = [
        Mutant::ConfirmsWhenHandedOut,
        Mutant::DoesNotSettle,
        Mutant::ForgetsExpiry,
        Mutant::ForgetsTheEnd,
        Mutant::GuessesNewer,
        Mutant::LateIsAlone,
        Mutant::NeverConfirmed,
        Mutant::OldIsParent,
        Mutant::OneBudget,
        Mutant::RetryForks,
        Mutant::SettlesForAWindow,
        Mutant::SwapsAreBlind,
        Mutant::WaitsForNobody,
    ];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Ours => f.write_str("ours"),
            Rule::Mutant(mutant) => fmt::Debug::fmt(mutant, f),
            Rule::Rival(rival) => fmt::Debug::fmt(rival, f),
        }
    }
}

/// What is explored, and until when: in the tests, and at full size.
pub(super) const WORLDS: [(&str, Make, (i64, i64)); 4] = [
    (
        "an honest client is never logged out and never forked",
        honest,
        (18, 26),
    ),
    ("a thief is found, or an alarm is raised", theft, (7, 10)),
    (
        "a thief who follows is refused where clients are confirmed",
        watched,
        (7, 10),
    ),
    (
        "an end is final, and a store that is set back is noticed",
        operated,
        (6, 9),
    ),
];

/// Nobody but the client.
pub(super) fn honest(rule: Rule) -> World {
    world(rule, 4, 1, Confirms::Sometime)
}

/// Nobody but the client, and all hosts have one clock.
pub(super) fn of_one_clock(rule: Rule) -> World {
    let mut world = world(rule, 3, 1, Confirms::Sometime);
    world.has_skew = false;
    world
}

/// Nobody but the client, in a session that is soon over.
pub(super) fn short(rule: Rule) -> World {
    let mut world = honest(rule);
    world.end = 3;
    world
}

/// A thief, who takes care not to come at the same time.
pub(super) fn theft(rule: Rule) -> World {
    let mut world = world(rule, 1, 0, Confirms::Sometime);
    world.has_skew = false;
    world.has_thief = true;
    world
}

/// The same, one request after the other.
pub(super) fn in_turn(rule: Rule) -> World {
    let mut world = theft(rule);
    world.flights = 1;
    world.last = 8;
    world
}

/// The same, where it is known at once what the client has stored.
pub(super) fn watched(rule: Rule) -> World {
    let mut world = theft(rule);
    world.confirms = Confirms::AtOnce;
    world
}

/// An operator, and a store that may be set back.
pub(super) fn operated(rule: Rule) -> World {
    let mut world = world(rule, 2, 0, Confirms::Sometime);
    world.last = 5;
    world.has_operator = true;
    world
}

fn world(rule: Rule, window: i64, delay: i64, confirms: Confirms) -> World {
    let policy = RefreshPolicy::new(Confirmation::Wired {
        within: Span::from_minutes(1),
    })
    .and_then(|policy| policy.with_window(Span::from_seconds(window)))
    .and_then(|policy| policy.with_retries(2))
    .and_then(|policy| policy.with_skew(Span::from_seconds(1)))
    .and_then(|policy| policy.with_lives(Span::from_minutes(2), Span::from_minutes(2)))
    .expect("within the bounds");
    World {
        policy,
        window,
        last: SEARCH,
        end: LONG,
        delay,
        confirms,
        flights: 2,
        has_skew: true,
        has_thief: false,
        has_operator: false,
        rule,
        looks_for: None,
    }
}
