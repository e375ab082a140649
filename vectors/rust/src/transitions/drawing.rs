//! What was found, as a diagram for Mermaid and as a table.
//!
//! What all states that go on have in common is drawn once, at the box around them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Event, Found, Lengths, State, Token};

/// A move, without the state that it begins in: where it ends, if elsewhere, by what, and with which answer.
type Step = (Option<State>, Event, String);

impl Found {
    pub(super) fn diagram(&self) -> String {
        let common = self.common();
        let mut text = String::from("```mermaid\nstateDiagram-v2\n");
        line(&mut text, 1, &format!("[*] --> {}", self.first.id()));
        line(&mut text, 1, "state \"the session goes on\" as live {");
        for state in self.live() {
            let [newest, parent] = state.answers();
            line(
                &mut text,
                2,
                &format!("{} : {}", state.id(), state.confirmed()),
            );
            line(&mut text, 2, &format!("{} : newest / {newest}", state.id()));
            line(&mut text, 2, &format!("{} : parent / {parent}", state.id()));
        }
        for state in self.live() {
            let own = self.steps(state).into_iter();
            let own = own.filter(|step| !common.contains(step) && !is_silent(step));
            draw(&mut text, 2, &state.id(), own.collect());
        }
        line(&mut text, 1, "}");
        draw(
            &mut text,
            1,
            "live",
            common.into_iter().filter(|step| !is_silent(step)).collect(),
        );
        for state in [State::Ended, State::Over] {
            draw(&mut text, 1, &state.id(), self.steps(&state));
        }
        text.push_str("```\n");
        text
    }

    pub(super) fn table(&self, lengths: &Lengths) -> String {
        let mut text = String::from(TABLE);
        for (state, bands) in &self.states {
            if !state.is_live() {
                continue;
            }
            let [newest, parent] = state.answers();
            let (answered, rotated) = (lengths.band(bands.answered), lengths.band(bands.rotated));
            let retries = lengths.retried(bands.retries);
            let (id, confirmed) = (state.id(), state.confirmed());
            let _ = writeln!(
                text,
                "| `{id}` | {confirmed} | {answered} | {retries} | {rotated} | {newest} | {parent} |"
            );
        }
        text
    }

    fn live(&self) -> impl Iterator<Item = &State> {
        self.states.keys().filter(|state| state.is_live())
    }

    /// All moves from this state.
    fn steps(&self, from: &State) -> BTreeSet<Step> {
        let moves = self.moves.iter().filter(|((start, _), _)| start == from);
        let steps = moves.flat_map(|((_, to), labels)| {
            let to = (to != from).then(|| to.clone());
            let step =
                move |(event, answer): &(Event, String)| (to.clone(), *event, answer.clone());
            labels.iter().map(step)
        });
        steps.collect()
    }

    /// The moves that each state that goes on has.
    fn common(&self) -> BTreeSet<Step> {
        let mut live = self.live().map(|state| self.steps(state));
        let first = live.next().expect("sessions go on");
        live.fold(first, |common, steps| &common & &steps)
    }
}

/// Time that changes nothing, and what is confirmed already.
fn is_silent((to, event, _): &Step) -> bool {
    to.is_none() && matches!(event, Event::Confirmed | Event::Time)
}

/// An arrow for each state in which these moves end.
fn draw(text: &mut String, depth: usize, from: &str, steps: BTreeSet<Step>) {
    let mut arrows: BTreeMap<Option<State>, Vec<(Event, String)>> = BTreeMap::new();
    for (to, event, answer) in steps {
        arrows.entry(to).or_default().push((event, answer));
    }
    for (to, labels) in arrows {
        let to = to.map_or_else(|| from.to_owned(), |to| to.id());
        line(
            text,
            depth,
            &format!("{from} --> {to} : {}", joined(&labels)),
        );
    }
}

/// Tokens with one answer are told together.
fn joined(labels: &[(Event, String)]) -> String {
    let mut answers: Vec<(&str, Vec<&str>)> = Vec::new();
    for (event, answer) in labels {
        let answer = answer.strip_suffix(", and ends").unwrap_or(answer);
        match answers.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, events)) => events.push(event.name()),
            None => answers.push((answer, vec![event.name()])),
        }
    }
    let told = answers.into_iter().map(|(answer, events)| {
        let events = events.join(" or ").replace(ANY, "any");
        match answer {
            "" => events,
            answer => format!("{events} / {answer}"),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, depth: usize, words: &str) {
    let _ = writeln!(text, "{:1$}{words}", "", depth * 4);
}

impl State {
    fn is_live(&self) -> bool {
        matches!(self, State::Live { .. })
    }

    /// Its name: what the newest token is answered with, and what its parent is.
    fn id(&self) -> String {
        match self {
            State::Ended => "ended".into(),
            State::Over => "over".into(),
            State::Live { is_confirmed, .. } => {
                let words = self.answers().join("_").replace(' ', "_");
                let words = words.replace("refresh_", "");
                format!("{}{words}", if *is_confirmed { "confirmed_" } else { "" })
            }
        }
    }

    fn confirmed(&self) -> &'static str {
        match self {
            State::Live {
                is_confirmed: true, ..
            } => "confirmed",
            _ => "not confirmed",
        }
    }

    fn answers(&self) -> [&str; 2] {
        match self {
            State::Live { answers, .. } => answers
                .each_ref()
                .map(|answer| answer.strip_suffix(", and ends").unwrap_or(answer)),
            State::Ended | State::Over => [""; 2],
        }
    }
}

impl Event {
    const fn name(self) -> &'static str {
        match self {
            Event::Confirmed => "confirmed",
            Event::Time => "time",
            Event::Presented(token) => match token {
                Token::Newest => "newest",
                Token::Parent => "parent",
                Token::Older => "older",
                Token::Newer => "newer",
                Token::Foreign => "any by another holder",
                Token::Slow => "any by a slow clock",
            },
        }
    }
}

impl Lengths {
    /// How long ago, in the letters of the rule.
    fn band(&self, (least, most): (i64, i64)) -> String {
        let edges = [
            (self.window, "W"),
            (self.window * 2, "2 W"),
            (self.unconfirmed, "U"),
        ];
        let after = edges.iter().rfind(|(edge, _)| *edge < least);
        let until = edges.iter().find(|(edge, _)| *edge >= most);
        match (after, until) {
            (None, None) => "any time".into(),
            (None, Some((_, until))) => format!("at most {until}"),
            (Some((_, after)), None) => format!("more than {after}"),
            (Some((_, after)), Some((_, until))) => format!("more than {after}, at most {until}"),
        }
    }

    fn retried(&self, (least, most): (i64, i64)) -> &'static str {
        let budget = i64::from(self.retries);
        match (least >= budget, most < budget) {
            (true, _) => "as often as the budget",
            (_, true) => "less often than the budget",
            _ => "any number of times",
        }
    }
}

/// All tokens, one after the other.
const ANY: &str = "newest or parent or older or newer";
const TABLE: &str = "\
| state | the newest is | its parent was answered, ago | and retried | it was made, ago | the newest gets | its parent gets |
|---|---|---|---|---|---|---|
";
