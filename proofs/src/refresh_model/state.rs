//! The state of the world of the model: a row, a client, a thief, and what is on its way.

use counterseal_refresh::Chain;

use super::Fault;

/// A token: its generation, and which of those that were ever made it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Token {
    pub(super) generation: u32,
    pub(super) serial: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) version: u8,
    pub(super) chain: Chain,
    pub(super) current: Token,
    pub(super) parent: Option<Token>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) now: i64,
    pub(super) row: Row,
    pub(super) backup: Option<Row>,
    pub(super) was_set_back: bool,
    /// What the client has stored.
    pub(super) jar: Token,
    /// What the thief has.
    pub(super) loot: Option<Token>,
    pub(super) flights: Vec<Flight>,
    pub(super) made: u8,
    /// What each token of late was answered with.
    pub(super) answers: Vec<(Token, Token)>,
    /// When client and thief were last answered to the newest token's parent.
    pub(super) uses: [Option<i64>; 2],
    /// Whether both were, and not at once.
    pub(super) is_shared: bool,
    /// How many generations in a row that was so.
    pub(super) rounds: u8,
    pub(super) is_known: bool,
    pub(super) ended: bool,
    pub(super) fault: Option<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Flight {
    pub(super) who: usize,
    pub(super) token: Token,
    /// Since when it is on this part of its way.
    pub(super) since: i64,
    pub(super) at: Leg,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Leg {
    Sent,
    /// The row as it was read, and the host's clock.
    Read(Box<Row>, i64),
    Answer(Token),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Confirm,
    Deliver(usize),
    Lose(usize),
    /// A host reads; its clock may be a second behind.
    Read(usize, i64),
    Revoke,
    Save,
    Send(usize),
    SetBack,
    Steal,
    Tick,
    Write(usize),
}

impl PartialOrd for Leg {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Leg {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |leg: &Leg| match leg {
            Leg::Sent => (0, 0, 0, None),
            Leg::Read(row, clock) => (1, row.version, *clock, None),
            Leg::Answer(token) => (2, 0, 0, Some(*token)),
        };
        key(self).cmp(&key(other))
    }
}

impl State {
    /// One state for all that cannot be told apart.
    pub(super) fn settled(mut self) -> Self {
        self.flights.sort();
        let row = &self.row;
        self.answers
            .retain(|(token, _)| token.generation + 2 >= row.chain.generation);
        self.answers.sort_unstable();
        self
    }

    /// Whether client and store had nothing to do with anybody else.
    pub(super) fn is_undisturbed(&self) -> bool {
        self.loot.is_none() && !self.was_set_back && !self.ended
    }
}

/// The client has shown to have what it has.
pub(super) fn confirm(state: &mut State) -> bool {
    let row = &mut state.row;
    let is_it = row.current.generation == state.jar.generation;
    if !is_it || row.chain.confirmed || row.chain.ended.is_some() {
        return false;
    }
    row.chain.confirmed = true;
    row.version = row.version.saturating_add(1);
    true
}
