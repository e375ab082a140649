//! The diagram and the table of docs/spec/refresh.md: what the rule does in each state of a session, found by asking the rule itself.
//!
//! Sessions are walked through step by step, with every token that may be presented, until nothing new is met. Those in which the
//! newest token and its parent are answered alike are one state. The policy is small, so that all of its windows are walked through.

mod drawing;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use counterseal::refresh::{Decision, Mode, Place, RefreshPolicy, Why};

pub use walk::Lengths;
use walk::{Moment, NOW, walk};

/// What a state is: all sessions of it are answered alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// It goes on.
    Live {
        is_confirmed: bool,
        /// What the newest token is answered with, and what its parent is.
        answers: [String; 2],
    },
    Ended,
    Over,
}

/// What happens to a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Presented(Token),
    /// The service shows that the client has the newest token.
    Confirmed,
    /// A step of time passes.
    Time,
}

/// What is presented.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Newest,
    Parent,
    Older,
    Newer,
    /// Any of them by another holder.
    Foreign,
    /// Any of them where the clock is too far behind.
    Slow,
}

/// All that was found.
struct Found {
    /// In which sessions begin.
    first: State,
    /// Where the sessions of a state stand.
    states: BTreeMap<State, Bands>,
    moves: BTreeMap<(State, State), BTreeSet<(Event, String)>>,
}

/// The least and the greatest of what differs between the sessions of a state.
#[derive(Clone, Copy)]
struct Bands {
    /// Steps since the last answer to the parent.
    answered: (i64, i64),
    /// Steps since the rotation.
    rotated: (i64, i64),
    retries: (i64, i64),
}

/// The diagram and the table, as they stand in the page.
///
/// # Panics
///
/// When the policy cannot be, or the rule answers tokens of which it must not know apart in different ways.
pub fn transitions(lengths: &Lengths) -> String {
    let found = Found::of(lengths, walk(lengths));
    format!("{}\n{}", found.diagram(), found.table(lengths))
}

impl Found {
    fn of(lengths: &Lengths, moments: BTreeSet<Moment>) -> Self {
        let policy = &lengths.policy();
        let mut found = Found {
            first: State::of(policy, &Moment::begun(lengths)),
            states: BTreeMap::new(),
            moves: BTreeMap::new(),
        };
        for moment in moments {
            let state = State::of(policy, &moment);
            found.meet(&state, &moment);
            for (event, seen) in moment.events(policy) {
                let to = State::of(policy, &seen.moment);
                let moves = found.moves.entry((state.clone(), to)).or_default();
                moves.insert((event, seen.answer));
            }
        }
        found
    }

    fn meet(&mut self, state: &State, moment: &Moment) {
        let (answered, rotated, retries) = moment.ages();
        let bands = self.states.entry(state.clone()).or_insert(Bands {
            answered: (answered, answered),
            rotated: (rotated, rotated),
            retries: (retries, retries),
        });
        let wider = |(least, most): (i64, i64), seen: i64| (least.min(seen), most.max(seen));
        bands.answered = wider(bands.answered, answered);
        bands.rotated = wider(bands.rotated, rotated);
        bands.retries = wider(bands.retries, retries);
    }
}

impl State {
    fn of(policy: &RefreshPolicy, moment: &Moment) -> Self {
        let answers = [Place::Current, Place::Parent].map(|place| {
            let decision = policy.decide(&moment.facts(place), Mode::Rotate, NOW);
            match decision {
                Decision::Refuse(Why::Ended(..)) => Err(State::Ended),
                Decision::Refuse(Why::Expired { .. }) => Err(State::Over),
                decision => Ok(answer(decision)),
            }
        });
        match answers {
            [Ok(newest), Ok(parent)] => State::Live {
                is_confirmed: moment.is_confirmed(),
                answers: [newest, parent],
            },
            [Err(one), Err(other)] if one == other => one,
            _ => unreachable!("a session is over for all of its tokens"),
        }
    }
}

/// What a decision is called in the page: an answer, or the code of a refusal.
fn answer(decision: Decision) -> String {
    match decision {
        Decision::End(end) => format!("refresh_{}, and ends", end.name()),
        Decision::Mint => "mint".into(),
        Decision::Retry { late: false } => "retry".into(),
        Decision::Retry { late: true } => "late retry".into(),
        Decision::Rotate => "rotate".into(),
        Decision::Same => "same".into(),
        Decision::Refuse(why) => refusal(why).into(),
    }
}

fn refusal(why: Why) -> &'static str {
    match why {
        Why::Busy { .. } => "refresh_busy",
        Why::Clock { .. } => "refresh_clock",
        Why::Ended(..) => "refresh_ended",
        Why::Expired { .. } => "refresh_expired",
        Why::Holder => "refresh_holder",
        Why::StoreBehind => "refresh_store_behind",
        Why::SubjectDisabled { .. } => "refresh_subject_disabled",
        Why::Superseded => "refresh_superseded",
        Why::UserVer { .. } => "refresh_user_ver",
    }
}
