//! Processes that claim the same nonces at the same time in one mapped file, over several turns.

use counterseal_core::Span;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::crew::{Answers, Crew};
use crate::report::Report;
use crate::uses::{BEGINNING, Batch, WARM};
use crate::worker::Opening;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let (turns, per_second) = match size {
        Size::Broken => (1, 200),
        Size::Full => (8, 2_000),
        Size::Smoke => (4, 200),
    };
    let scratch = Scratch::new();
    let opening = opening(&scratch, 2 * per_second, size);
    let mut crew = Crew::new(WORKERS, &opening);
    let (mut contested, mut replayed) = (0_u64, 0);
    let batches = turns * 26;
    let count = u64::from(per_second) * 15;
    for number in 0..batches {
        let batch = Batch {
            number,
            now: WARM.plus(Span::from_seconds(15).times(number.cast_signed())),
            count,
            spread: true,
        };
        let answers = crew.claim(&batch);
        let winners = answers.iter().flatten().filter(|one| one.fresh > 0);
        contested += u64::from(winners.count() > 1);
        replayed += Answers::sum(&crew.claim(&batch)).fresh;
    }
    let (uses, accepted) = (batches * count, crew.tally.accepted());
    let false_accepts = crew.tally.false_accepts();
    report.check(
        "no nonce is accepted twice",
        false_accepts == 0 && replayed == 0,
        [
            ("processes", WORKERS.into()),
            ("turns", turns.into()),
            ("nonces", uses.into()),
            ("false_accepts", false_accepts.into()),
        ],
    );
    report.check(
        "every nonce is accepted by one of them",
        accepted == uses && contested > 0,
        [
            ("nonces", uses.into()),
            ("accepted", accepted.into()),
            ("contested_batches", contested.into()),
        ],
    );
}

/// A ring in a directory of its own. It is broken when each worker has one of its own.
pub(crate) fn opening(scratch: &Scratch, per_second: u32, size: Size) -> Opening {
    let path = scratch.path().join("private").join("ring");
    Opening {
        path: path.to_str().expect("a path that is text").into(),
        per_second,
        now: BEGINNING,
        private: size == Size::Broken,
    }
}

pub(crate) const WORKERS: usize = 4;
