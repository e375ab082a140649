//! A simulator of sessions: clients, hosts, a thief, an operator and a lossy world, over the crate itself and the store in memory.
//!
//! A seed is a history, and the same seed is the same history to the bit. In each, what must never be is looked for at every step. Worlds
//! with one thing wrong are looked through as well, and each must be found out by what it was predicted to do.

use std::sync::Mutex;

use counterseal_testkit::race;

mod ask;
mod family;
mod operate;
mod world;

use family::Fault;
use world::{Counts, World};

use crate::Size;
use crate::report::Report;

/// One thing that is wrong in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// The store writes without comparing.
    BlindSwaps,
    /// The service confirms what it has just handed out.
    ConfirmsAtOnce,
    /// The store acknowledges the end of a session without writing it.
    ForgetsEnds,
    /// Answers are under way for longer than a window.
    SlowAnswers,
    /// Subjects are read where they are not yet known.
    StaleSubjects,
    /// Sessions are swept that are not over.
    SweepsEarly,
}

pub(crate) fn prove(size: Size, report: &mut Report) {
    let (seeds, steps) = match size {
        Size::Broken => return holds(Some(Wrong::BlindSwaps), 20, 2_000, report),
        Size::Full => (10_000, 10_000),
        Size::Smoke => (60, 2_000),
    };
    holds(None, seeds, steps, report);
    replays(seeds.div_ceil(100), steps, report);
    for (wrong, predicted) in WRONGS {
        is_found_out(wrong, predicted, report);
    }
}

/// In no history is there what must never be.
fn holds(wrong: Option<Wrong>, seeds: u64, steps: u32, report: &mut Report) {
    let first = Mutex::new(None);
    let parts = race(THREADS, |thread| {
        let mut sum = Counts::default();
        for seed in (thread as u64..seeds).step_by(THREADS) {
            let end = World::new(seed, wrong).live(steps);
            sum.add(&end.counts);
            if let Some((fault, step)) = end.fault {
                sum.faults += 1;
                let mut first = first.lock().expect("no thread panics");
                first.get_or_insert(format!("{fault:?} in {seed} at {step}"));
            }
        }
        sum
    });
    let mut sum = Counts::default();
    for part in &parts {
        sum.add(part);
    }
    let first = first.into_inner().expect("no thread panics");
    report.check(
        "nothing happens that must never be",
        sum.faults == 0 && sum.is_varied(),
        [
            ("seeds", seeds.into()),
            ("steps", (seeds * u64::from(steps)).into()),
            ("requests", sum.requests.into()),
            ("rotated", sum.rotated.into()),
            ("retried", sum.retried.into()),
            ("late", sum.late.into()),
            ("same", sum.same.into()),
            ("minted", sum.minted.into()),
            ("lost", sum.lost.into()),
            ("swaps_lost", sum.swaps_lost.into()),
            ("busy", sum.busy.into()),
            ("ends_acknowledged", sum.ends.into()),
            ("rolls", sum.rolls.into()),
            ("thefts_found", sum.thefts_found.into()),
            ("faults", sum.faults.into()),
            ("first", first.unwrap_or_default().into()),
        ],
    );
}

/// A history is the same whenever it is run.
fn replays(seeds: u64, steps: u32, report: &mut Report) {
    let end = |seed| World::new(seed, None).live(steps).digest;
    let ends: Vec<[u64; 2]> = (0..seeds).map(|seed| [end(seed), end(seed)]).collect();
    let same = ends.iter().filter(|[one, other]| one == other).count();
    let mut different: Vec<u64> = ends.iter().map(|[one, _]| *one).collect();
    different.sort_unstable();
    different.dedup();
    report.check(
        "a seed is one history, and another seed another one",
        same == ends.len() && different.len() == ends.len(),
        [("seeds", seeds.into()), ("same", same.into())],
    );
}

/// The prediction is what is found first.
fn is_found_out(wrong: Wrong, predicted: Fault, report: &mut Report) {
    let end = |seed| World::new(seed, Some(wrong)).live(SEARCH_STEPS).fault;
    let found = (0..SEARCH).find_map(|seed| end(seed).map(|(fault, step)| (fault, seed, step)));
    let (fault, seed, step) = found.map_or_else(Default::default, |(fault, seed, step)| {
        (format!("{fault:?}"), seed, step)
    });
    report.check(
        &format!("{wrong:?} is found out"),
        found.is_some_and(|(fault, ..)| fault == predicted),
        [
            ("found", fault.into()),
            ("seed", seed.into()),
            ("step", step.into()),
        ],
    );
}

const WRONGS: [(Wrong, Fault); 6] = [
    (Wrong::BlindSwaps, Fault::Forked),
    (Wrong::ConfirmsAtOnce, Fault::LoggedOut),
    (Wrong::ForgetsEnds, Fault::AfterEnd),
    (Wrong::SlowAnswers, Fault::LoggedOut),
    (Wrong::StaleSubjects, Fault::AfterVersion),
    (Wrong::SweepsEarly, Fault::LoggedOut),
];
const THREADS: usize = 2;
/// How many histories of a wrong world are looked through.
const SEARCH: u64 = 100;
const SEARCH_STEPS: u32 = 5_000;
