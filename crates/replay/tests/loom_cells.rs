//! Races over the cells of rate limits, in every order that the memory model of the language allows:
//! `RUSTFLAGS="--cfg loom" cargo test -p counterseal-replay --test loom_cells --release`.
#![cfg(loom)]

use std::sync::Arc;

use counterseal_core::{Charge, Charged, Rate, Seed, Space, Time};
use counterseal_replay::{CellPlan, Cells, Word};
use loom::thread;

struct Shared {
    plan: CellPlan,
    words: Vec<Word>,
}

impl Shared {
    fn new(cells: u32) -> Arc<Shared> {
        let plan = CellPlan::new(cells, &Seed::new([3; 16]));
        let words = (0..plan.words()).map(|_| Word::new(0)).collect();
        Arc::new(Shared { plan, words })
    }

    fn cells(&self) -> Cells<'_> {
        Cells::over(&self.plan, &self.words).expect("the planned length")
    }

    /// Whether a charge of 1 on `key` passes.
    fn passes(&self, key: u8, burst: u32) -> bool {
        let charge = Charge {
            space: Space::new("loom"),
            key: [key; 16],
            cost: 1,
            rate: Rate::new(burst, 1_000).expect("a rate"),
            now: Time::from_seconds(1_000),
        };
        matches!(self.cells().charge(&charge), Charged::Within { .. })
    }
}

/// Two threads are explored without a bound, three with at most this many preemptions.
fn bounded(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(run);
}

/// Charges each of `keys` in a thread of its own, and counts for each key how many passed.
fn race<const N: usize>(shared: &Arc<Shared>, keys: [u8; N], burst: u32) -> [usize; 256] {
    let racers = keys.map(|key| {
        let shared = shared.clone();
        (key, thread::spawn(move || shared.passes(key, burst)))
    });
    let mut passed = [0; 256];
    for (key, racer) in racers {
        passed[usize::from(key)] += usize::from(racer.join().expect("a racer that ends"));
    }
    passed
}

#[test]
fn p07_of_three_racers_a_burst_of_two_passes() {
    bounded(|| {
        let shared = Shared::new(2);
        assert_eq!(race(&shared, [7; 3], 2)[7], 2);
        assert!(!shared.passes(7, 2));
    });
}

#[test]
fn p07_of_two_racers_a_burst_of_one_passes() {
    loom::model(|| assert_eq!(race(&Shared::new(2), [7; 2], 1)[7], 1));
}

/// In a table of four cells, keys share one cell or two, in either order.
#[test]
fn p07_keys_that_collide_pass_no_more_than_their_bursts() {
    for other in 1..5 {
        bounded(move || {
            let passed = race(&Shared::new(4), [0, 0, other], 1);
            assert!(passed[0] <= 1 && passed[usize::from(other)] <= 1);
            assert!(passed[0] + passed[usize::from(other)] >= 1);
        });
    }
}
