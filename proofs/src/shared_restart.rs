//! All workers stop, in order or by a kill, and start again: the file remembers.

use counterseal_core::Span;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::crew::{Answers, Crew};
use crate::report::Report;
use crate::shared_race::{WORKERS, opening};
use crate::uses::{Batch, WARM};

pub(crate) fn prove(size: Size, report: &mut Report) {
    let restarts = if size == Size::Full { 200 } else { 8 };
    let scratch = Scratch::new();
    let opening = opening(&scratch, 400, size);
    let mut crew = Crew::new(WORKERS, &opening);
    let [mut replays, mut replayed, mut refused] = [0_u64; 3];
    for number in 0..restarts {
        let answers = Answers::sum(&crew.claim(&batch(number)));
        refused += answers.stale + answers.full + answers.unavailable;
        if number % 2 == 0 {
            crew.dismiss();
        } else {
            crew.kill_all();
        }
        for _ in 0..WORKERS {
            crew.hire(&opening);
        }
        for old in number.saturating_sub(3)..=number {
            replayed += Answers::sum(&crew.claim(&batch(old))).fresh;
            replays += COUNT * WORKERS as u64;
        }
    }
    let (uses, accepted) = (restarts * COUNT, crew.tally.accepted());
    report.check(
        "a restart reopens nothing",
        replayed == 0 && crew.tally.false_accepts() == 0,
        [
            ("restarts", restarts.into()),
            ("replays", replays.into()),
            ("false_accepts", replayed.into()),
        ],
    );
    report.check(
        "and serves at once",
        accepted == uses && refused == 0,
        [
            ("nonces", uses.into()),
            ("accepted", accepted.into()),
            ("refused", refused.into()),
        ],
    );
}

/// Batches are ten seconds apart, so each is in the window for several restarts.
fn batch(number: u64) -> Batch {
    Batch {
        number,
        now: WARM.plus(Span::from_seconds(10).times(number.cast_signed())),
        count: COUNT,
        spread: true,
    }
}

const COUNT: u64 = 2_000;
