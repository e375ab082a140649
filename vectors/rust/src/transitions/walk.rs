//! Sessions, step by step: every one that can be reached from a new one by tokens, confirmations and time.

use std::collections::BTreeSet;

use counterseal::core::{Span, Time};
use counterseal::refresh::{
    Chain, Confirmation, Decision, End, Facts, Mode, Place, RefreshPolicy, Standing,
};

use super::{Event, Token, answer};

/// The lengths of a policy, in steps of time.
pub struct Lengths {
    /// `W`.
    pub window: i64,
    /// `U`.
    pub unconfirmed: i64,
    /// How often the parent is answered in a window.
    pub retries: u32,
    /// How long a session may lie unused.
    pub idle: i64,
    /// How long it may last.
    pub absolute: i64,
}

/// A session and an instant, told by how long ago everything was. What no answer depends on is left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    rotated: i64,
    answered: i64,
    is_confirmed: bool,
    retries: i64,
    idle_left: i64,
    absolute_left: i64,
    ended: Option<End>,
}

/// What came of an event.
pub(super) struct Seen {
    pub(super) moment: Moment,
    pub(super) answer: String,
}

impl Lengths {
    /// Each window has another length, and all of them pass before a session is over.
    pub const SMALL: Lengths = Lengths {
        window: 2,
        unconfirmed: 7,
        retries: 2,
        idle: 14,
        absolute: 24,
    };

    pub(super) fn policy(&self) -> RefreshPolicy {
        let within = steps(self.unconfirmed);
        RefreshPolicy::new(Confirmation::Wired { within })
            .and_then(|policy| policy.with_window(steps(self.window)))
            .and_then(|policy| policy.with_retries(self.retries))
            .and_then(|policy| policy.with_lives(steps(self.idle), steps(self.absolute)))
            .and_then(|policy| policy.with_skew(steps(SKEW)))
            .expect("the lengths are those of a policy")
    }
}

/// Every moment that can be reached.
pub(super) fn walk(lengths: &Lengths) -> BTreeSet<Moment> {
    let policy = lengths.policy();
    let mut reached = BTreeSet::new();
    let mut next = vec![Moment::begun(lengths)];
    while let Some(moment) = next.pop() {
        if reached.contains(&moment) {
            continue;
        }
        let seen = moment.events(&policy).into_iter();
        next.extend(seen.map(|(_, seen)| seen.moment));
        reached.insert(moment);
    }
    reached
}

impl Moment {
    /// A session that begins.
    pub(super) const fn begun(lengths: &Lengths) -> Self {
        Moment {
            rotated: 0,
            answered: 0,
            is_confirmed: false,
            retries: 0,
            idle_left: lengths.idle,
            absolute_left: lengths.absolute,
            ended: None,
        }
    }

    /// All that may happen now, and what the rule makes of it.
    pub(super) fn events(&self, policy: &RefreshPolicy) -> Vec<(Event, Seen)> {
        let mut events: Vec<_> = TOKENS
            .map(|(token, place)| (Event::Presented(token), self.presented(policy, place)))
            .into();
        events.push((
            Event::Presented(Token::Foreign),
            self.refused(policy, |facts| facts.is_holder = false, NOW),
        ));
        let slow = NOW.minus(steps(SKEW + 1 + self.answered.min(self.rotated)));
        events.push((
            Event::Presented(Token::Slow),
            self.refused(policy, |_| {}, slow),
        ));
        if self.is_live() {
            events.push((Event::Confirmed, self.confirmed(policy)));
            events.push((Event::Time, self.later()));
        }
        events
    }

    /// A token of this place, and what is written.
    fn presented(&self, policy: &RefreshPolicy, place: Place) -> Seen {
        let facts = self.facts(place);
        let decision = policy.decide(&facts, Mode::Rotate, NOW);
        self.seen(policy, &facts, decision)
    }

    /// What is refused alike wherever the token stands.
    fn refused(&self, policy: &RefreshPolicy, edit: impl Fn(&mut Facts), now: Time) -> Seen {
        let decided = TOKENS.map(|(_, place)| {
            let mut facts = self.facts(place);
            edit(&mut facts);
            policy.decide(&facts, Mode::Rotate, now)
        });
        let [decision, others @ ..] = decided;
        assert!(
            others.iter().all(|other| *other == decision),
            "who is told nothing learns where a token stands"
        );
        self.seen(policy, &self.facts(Place::Current), decision)
    }

    /// The service confirms: what *same* writes (S-8, S-10).
    fn confirmed(&self, policy: &RefreshPolicy) -> Seen {
        let facts = self.facts(Place::Current);
        let seen = self.seen(policy, &facts, Decision::Same);
        Seen {
            answer: String::new(),
            ..seen
        }
    }

    fn later(&self) -> Seen {
        Seen {
            answer: String::new(),
            moment: Moment {
                rotated: self.rotated + 1,
                answered: self.answered + 1,
                idle_left: self.idle_left - 1,
                absolute_left: self.absolute_left - 1,
                ..self.clone()
            },
        }
    }

    /// What the rule writes.
    fn seen(&self, policy: &RefreshPolicy, facts: &Facts, decision: Decision) -> Seen {
        let written = policy.next(facts, decision, NOW);
        let moment = written.map_or_else(|| self.clone(), |chain| self.with(&chain));
        let answer = answer(decision);
        Seen { moment, answer }
    }

    fn with(&self, chain: &Chain) -> Self {
        let ago = |at: Time| NOW.since(at).seconds() / STEP;
        Moment {
            rotated: ago(chain.rotated_at),
            answered: ago(chain.window_at),
            is_confirmed: chain.confirmed,
            retries: chain.retries,
            idle_left: -ago(chain.idle_end),
            absolute_left: self.absolute_left,
            ended: chain.ended.map(|(end, _)| end),
        }
    }

    /// All that the rule compares, for a token of this place.
    pub(super) fn facts(&self, place: Place) -> Facts {
        let ago = |past: i64| NOW.minus(steps(past));
        let idle_end = ago(-self.idle_left);
        Facts {
            place,
            is_holder: true,
            chain: Chain {
                generation: 1,
                rotated_at: ago(self.rotated),
                window_at: ago(self.answered),
                confirmed: self.is_confirmed,
                retries: self.retries,
                ended: self.ended.map(|end| (end, NOW)),
                ..Chain::begun(idle_end, NOW)
            },
            absolute_end: ago(-self.absolute_left),
            version: 0,
            subject: Standing {
                version: 0,
                disabled: None,
            },
        }
    }

    pub(super) const fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    /// How many steps ago its parent was answered, and the newest was made; and how often the parent was retried since.
    pub(super) const fn ages(&self) -> (i64, i64, i64) {
        (self.answered, self.rotated, self.retries)
    }

    fn is_live(&self) -> bool {
        self.ended.is_none() && self.idle_left.min(self.absolute_left) > 0
    }
}

fn steps(count: i64) -> Span {
    Span::from_seconds(count * STEP)
}

const TOKENS: [(Token, Place); 4] = [
    (Token::Newest, Place::Current),
    (Token::Parent, Place::Parent),
    (Token::Older, Place::Older),
    (Token::Newer, Place::Newer),
];
pub(super) const NOW: Time = Time::from_seconds(1_800_000_000);
/// By how much clocks differ.
const SKEW: i64 = 1;
/// A step of time, in seconds: long enough that policies with windows of few steps may be.
const STEP: i64 = 15;
