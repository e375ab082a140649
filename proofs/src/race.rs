//! Races: eight threads, and four processes, claim the same nonces over several turns of a ring.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Barrier, Mutex, PoisonError};

use counterseal_core::{Claim, Claimed, Run, Seed, Span, Time, Unavailable};
use counterseal_replay::{PrivateRing, Shape, Window};
use counterseal_testkit::Scratch;

use crate::Size;
use crate::fresh::{BEGUN, SERVED, Tally, claim};
use crate::report::Report;
use crate::worker::{Batch, FRESH, Place, Worker};

/// What came of a race.
struct Outcome {
    doubles: u64,
    missing: u64,
}

pub(crate) fn prove_threads(size: Size, report: &mut Report) {
    let nonces = size.pick(200_000, 4_000_000);
    let shape = Shape::for_rate(1_000).with_owner_cap(u64::MAX);
    let ring =
        PrivateRing::new(shape, Window::MINUTE, BEGUN, &Seed::new([7; 16])).expect("a shape");
    let Outcome { doubles, missing } = race_threads(&ring, nonces);
    let figures = [
        ("nonces", nonces),
        ("threads", THREADS as u64),
        ("turns", turns(nonces)),
        ("false_accepts", doubles),
        ("honest_refused", missing),
    ];
    report.check(
        "each nonce is accepted once",
        doubles == 0 && missing == 0,
        &figures,
    );
    let found = race_threads(&LookThenInsert::default(), 20_000).doubles;
    report.check(
        "a store that looks and then inserts is found out",
        found > 0,
        &[("found", found)],
    );
}

pub(crate) fn prove_processes(size: Size, report: &mut Report) {
    let scratch = Scratch::new();
    let place = Place {
        path: scratch.path().join("ring").join("file"),
        per_second: 1_000,
        window: 60_000,
    };
    let nonces = size.pick(200_000, 4_000_000);
    let mut workers: Vec<_> = (0..PROCESSES)
        .map(|_| Worker::start(&place, BEGUN))
        .collect();
    let Outcome { doubles, missing } = race_workers(&mut workers, nonces);
    let figures = [
        ("nonces", nonces),
        ("processes", PROCESSES as u64),
        ("turns", turns(nonces)),
        ("false_accepts", doubles),
        ("honest_refused", missing),
    ];
    report.check(
        "each nonce is accepted once",
        doubles == 0 && missing == 0,
        &figures,
    );
    let apart = |number: usize| Place {
        path: scratch.path().join(format!("apart-{number}")).join("file"),
        ..place.clone()
    };
    let mut workers: Vec<_> = (0..PROCESSES)
        .map(|n| Worker::start(&apart(n), BEGUN))
        .collect();
    let found = race_workers(&mut workers, 10_000).doubles;
    report.check(
        "workers with a ring each are found out",
        found > 0,
        &[("found", found)],
    );
}

/// Every thread claims every nonce; they meet before each batch.
fn race_threads(store: &(impl Run<Claim> + Sync), nonces: u64) -> Outcome {
    let accepted: Vec<AtomicU32> = (0..nonces).map(|_| AtomicU32::new(0)).collect();
    let together = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for batch in accepted.chunks(BATCH).enumerate() {
                    together.wait();
                    claim_all(store, batch);
                }
            });
        }
    });
    let count = |count: &AtomicU32| u64::from(count.load(Relaxed));
    Outcome {
        doubles: accepted.iter().map(|c| count(c).saturating_sub(1)).sum(),
        missing: accepted.iter().filter(|c| count(c) == 0).count() as u64,
    }
}

fn claim_all(store: &impl Run<Claim>, (number, batch): (usize, &[AtomicU32])) {
    for (at, accepted) in batch.iter().enumerate() {
        let number = (number * BATCH + at) as u64;
        if store.run(claim(1, Time::EPOCH, born(number), number)) == Ok(Claimed::Fresh) {
            accepted.fetch_add(1, Relaxed);
        }
    }
}

fn race_workers(workers: &mut [Worker], nonces: u64) -> Outcome {
    let mut tally = Tally::new(usize::try_from(nonces).expect("a small number"));
    for first in (0..nonces).step_by(ROUND) {
        let batch = Batch {
            owner: 1,
            since: Time::EPOCH,
            born: born(first),
            step: STEP,
            first,
            count: (ROUND as u64).min(nonces - first),
        };
        for worker in &mut *workers {
            worker.send(batch);
        }
        for worker in &mut *workers {
            let answers = worker.receive().expect("a worker that lives");
            let fresh = answers
                .chars()
                .enumerate()
                .filter(|(_, answer)| *answer == FRESH);
            for (at, _) in fresh {
                tally.accept(usize::try_from(first).expect("a small number") + at);
            }
        }
    }
    Outcome {
        doubles: tally.doubles(),
        missing: tally.missing(),
    }
}

/// Eight milliseconds of signed time from one nonce to the next.
fn born(number: u64) -> Time {
    SERVED.plus(Span::from_millis(STEP).times(number.cast_signed()))
}

/// How often the ring has gone round, rounded down.
const fn turns(nonces: u64) -> u64 {
    nonces * STEP.unsigned_abs() / 390_000
}

/// The mistake that single steps are there to rule out.
#[derive(Default)]
struct LookThenInsert(Mutex<HashSet<[u8; 16]>>);

impl Run<Claim> for LookThenInsert {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&op.key) {
            return Ok(Claimed::Held);
        }
        std::thread::yield_now();
        known().insert(op.key);
        Ok(Claimed::Fresh)
    }
}

const BATCH: usize = 64;
const PROCESSES: usize = 4;
const ROUND: usize = 4_096;
const STEP: i64 = 8;
const THREADS: usize = 8;
