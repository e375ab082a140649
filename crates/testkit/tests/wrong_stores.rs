//! The suite finds what is wrong with stores that are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use counterseal_core::{Carry, Value};
use counterseal_core::{
    Claim, Claimed, Record, Row, RowOp, Run, Space, Span, Sweep, Time, Unavailable, read, write,
};
use counterseal_replay::Start;
use counterseal_testkit::{Note, SPACES, WINDOW, claims, rows};

/// What is wrong with a store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    AsksThenInserts,
    Evicts,
    ForgetsEarly,
    HasNoFloor,
    MixesSpaces,
    Nothing,
    RefusesAll,
    SweepsWithoutTrace,
}

struct Wrong {
    fault: Fault,
    start: Start,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: HashMap<(Space, [u8; 16]), Claim>,
    swept: Option<Time>,
}

fn wrong(fault: Fault) -> impl Fn(Time) -> Wrong {
    move |now| Wrong {
        fault,
        start: Start::cold(now, WINDOW),
        state: Mutex::default(),
    }
}

impl Wrong {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics in here")
    }

    fn admits(&self, claim: &Claim) -> bool {
        let young = claim.since >= self.start.began || self.fault == Fault::HasNoFloor;
        let above = self.lock().swept.is_none_or(|swept| claim.born > swept);
        above && (young || claim.born > self.start.floor)
    }
}

impl Run<Claim> for Wrong {
    fn run(&self, claim: Claim) -> Result<Claimed, Unavailable> {
        if self.fault == Fault::RefusesAll || !self.admits(&claim) {
            return Ok(Claimed::Stale);
        }
        let space = match self.fault {
            Fault::MixesSpaces => SPACES[0],
            _ => claim.space,
        };
        let mut state = self.lock();
        if state.used.contains_key(&(space, claim.key)) {
            return Ok(Claimed::Held);
        }
        match self.fault {
            Fault::AsksThenInserts => {
                drop(state);
                for _ in 0..100 {
                    thread::yield_now();
                }
                state = self.lock();
            }
            Fault::Evicts if state.used.len() == 50 => state.used.clear(),
            Fault::ForgetsEarly => {
                let oldest = claim.born.minus(Span::from_seconds(100));
                state.used.retain(|_, used| used.born >= oldest);
            }
            _ => {}
        }
        state.used.insert((space, claim.key), claim);
        Ok(Claimed::Fresh)
    }
}

impl Run<Sweep> for Wrong {
    fn run(&self, sweep: Sweep) -> Result<u64, Unavailable> {
        let mut state = self.lock();
        let over = |used: &Claim| used.until < sweep.before;
        let newest = state.used.values().filter(|used| over(used));
        let newest = newest.map(|used| used.born).max();
        state.used.retain(|_, used| !over(used));
        if self.fault != Fault::SweepsWithoutTrace {
            state.swept = state.swept.max(newest);
        }
        Ok(0)
    }
}

#[test]
fn a_store_with_nothing_wrong_passes() {
    let make = wrong(Fault::Nothing);
    claims::a_key_is_fresh_once(&make);
    claims::h18_of_64_racers_exactly_one_is_first(&make);
    claims::h20_owners_and_spaces_are_apart(&make);
    claims::h21_a_replay_is_refused_as_long_as_it_is_in_the_window(&make);
    claims::h25_a_new_store_refuses_what_it_cannot_know(&make);
    claims::only_what_a_naive_memory_would_accept_is_accepted(&make);
    claims::what_a_clock_ahead_swept_is_not_taken_again(&make);
}

#[test]
#[should_panic(expected = "one is first")]
fn who_asks_before_inserting_is_found() {
    claims::h18_of_64_racers_exactly_one_is_first(wrong(Fault::AsksThenInserts));
}

#[test]
#[should_panic(expected = "Fresh")]
fn who_evicts_is_found() {
    claims::claims_of_clocks_ahead_reopen_nothing(wrong(Fault::Evicts));
}

#[test]
#[should_panic(expected = "for a replay")]
fn who_forgets_inside_the_window_is_found() {
    claims::h21_a_replay_is_refused_as_long_as_it_is_in_the_window(wrong(Fault::ForgetsEarly));
}

#[test]
#[should_panic(expected = "is right, in run")]
fn who_forgets_inside_the_window_is_found_by_the_model() {
    claims::only_what_a_naive_memory_would_accept_is_accepted(wrong(Fault::ForgetsEarly));
}

#[test]
#[should_panic(expected = "Stale")]
fn who_has_no_floor_is_found() {
    claims::h25_a_new_store_refuses_what_it_cannot_know(wrong(Fault::HasNoFloor));
}

#[test]
#[should_panic(expected = "Held")]
fn who_mixes_spaces_is_found() {
    claims::h20_owners_and_spaces_are_apart(wrong(Fault::MixesSpaces));
}

#[test]
#[should_panic(expected = "Fresh")]
fn who_refuses_everything_is_found() {
    claims::a_key_is_fresh_once(wrong(Fault::RefusesAll));
}

#[test]
#[should_panic(expected = "for a replay")]
fn who_sweeps_without_a_trace_is_found() {
    claims::what_a_clock_ahead_swept_is_not_taken_again(wrong(Fault::SweepsWithoutTrace));
}

/// Rows where the last writer wins.
#[derive(Default)]
struct LastWins(Mutex<HashMap<[u8; 16], Stored>>);

type Stored = (i64, Vec<Value>);

impl Run<RowOp<Note>> for LastWins {
    fn run(&self, op: RowOp<Note>) -> Result<Option<Row<Note>>, Unavailable> {
        let mut rows = self.0.lock().expect("no test panics in here");
        let id = match op {
            RowOp::Load(load) => load.id,
            RowOp::Swap(swap) => {
                rows.insert(swap.id, (swap.expected + 1, write(&swap.record)));
                swap.id
            }
        };
        let row = |(version, values): &Stored| Row {
            version: *version,
            record: read(values, Carry::Binary).unwrap_or(Note::blank()),
        };
        Ok(rows.get(&id).map(row))
    }
}

#[test]
#[should_panic(expected = "at version 0")]
fn rows_where_the_last_writer_wins_are_found() {
    rows::of_many_swaps_of_one_version_one_wins(|_| LastWins::default());
}
