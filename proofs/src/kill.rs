//! Kills: a worker dies at any instruction, and the others and its successor go on.

use std::time::Duration;

use counterseal_core::{Span, Time};
use counterseal_testkit::Scratch;

use crate::Size;
use crate::fresh::{BEGUN, SERVED, Tally, spread};
use crate::report::Report;
use crate::worker::{Batch, FRESH, Place, Worker};

/// Everyone claims the same nonces; one is killed in each round. What the dead one accepted and did not
/// report was accepted by nobody; all others must add up, and each of the living must be served its own.
pub(crate) fn prove(size: Size, report: &mut Report) {
    let kills = size.pick(60, 1_000);
    let scratch = Scratch::new();
    let place = Place {
        path: scratch.path().join("ring").join("file"),
        per_second: 1_000,
        window: 60_000,
    };
    let mut workers: Vec<_> = (0..4).map(|_| Worker::start(&place, BEGUN)).collect();
    let mut rounds = Rounds {
        number: 0,
        unreported: 0,
        doubles: 0,
        own_refused: 0,
    };
    for _ in 0..kills {
        rounds.run(&mut workers, &place);
    }
    let figures = [
        ("kills", kills),
        ("in_mid_batch", rounds.unreported),
        ("nonces", kills * SHARED),
        ("false_accepts", rounds.doubles),
        ("honest_refused", rounds.own_refused),
    ];
    let holds = rounds.doubles == 0 && rounds.own_refused == 0;
    report.check(
        "no kill makes a nonce pass twice or an honest one fail",
        holds,
        &figures,
    );
    let enough = rounds.unreported * 2 > kills;
    report.check(
        "most kills hit a worker that was claiming",
        enough,
        &figures[..2],
    );
}

struct Rounds {
    number: u64,
    unreported: u64,
    doubles: u64,
    own_refused: u64,
}

impl Rounds {
    fn run(&mut self, workers: &mut [Worker], place: &Place) {
        let round = self.number;
        self.number += 1;
        let victim = usize::try_from(spread(round) % workers.len() as u64).expect("an index");
        for worker in &mut *workers {
            worker.send(shared(round));
        }
        std::thread::sleep(Duration::from_micros(spread(round << 32) % LONGEST_US));
        workers[victim].kill();
        let mut tally = Tally::new(usize::try_from(SHARED).expect("a small number"));
        let mut victim_reported = false;
        for (at, worker) in workers.iter_mut().enumerate() {
            let Some(answers) = worker.receive() else {
                assert_eq!(at, victim, "only the killed one is gone");
                continue;
            };
            victim_reported |= at == victim;
            let fresh = answers.chars().enumerate().filter(|(_, a)| *a == FRESH);
            fresh.for_each(|(nonce, _)| tally.accept(nonce));
        }
        self.doubles += tally.doubles();
        if victim_reported {
            // Then nothing is unknown, and every nonce was accepted by somebody.
            self.own_refused += tally.missing();
        } else {
            self.unreported += 1;
        }
        workers[victim] = Worker::start(place, BEGUN);
        self.own(workers, round);
    }

    /// Nonces that only one worker is asked about, the successor of the dead one included; then the shared
    /// ones once more, of which none may pass.
    fn own(&mut self, workers: &mut [Worker], round: u64) {
        for (at, worker) in workers.iter_mut().enumerate() {
            worker.send(Batch {
                owner: 2 + at as u64,
                count: OWN,
                ..shared(round)
            });
            let answers = worker.receive().expect("a worker that lives");
            self.own_refused += answers.chars().filter(|a| *a != FRESH).count() as u64;
            worker.send(shared(round));
            let again = worker.receive().expect("a worker that lives");
            self.doubles += again.chars().filter(|a| *a == FRESH).count() as u64;
        }
    }
}

/// The batch that all are sent in this round.
fn shared(round: u64) -> Batch {
    Batch {
        owner: 1,
        since: Time::EPOCH,
        born: SERVED.plus(Span::from_millis(STEP).times((round * SHARED).cast_signed())),
        step: STEP,
        first: round * SHARED,
        count: SHARED,
    }
}

const LONGEST_US: u64 = 1_500;
const OWN: u64 = 64;
const SHARED: u64 = 16_384;
const STEP: i64 = 1;
