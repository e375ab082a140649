//! Workers that are killed (SIGKILL) in the middle of their claims.

use counterseal_core::Span;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::crew::{Answers, Crew};
use crate::report::Report;
use crate::shared_race::{WORKERS, opening};
use crate::uses::{Batch, WARM, mix};

/// In each round all workers claim the same nonces while one of them is killed; then those that are left
/// claim all of them again, and each some of its own.
pub(crate) fn prove(size: Size, report: &mut Report) {
    let kills = match size {
        Size::Broken => 2,
        Size::Full => 1_000,
        Size::Smoke => 40,
    };
    let scratch = Scratch::new();
    let opening = opening(&scratch, 1_000, size);
    let mut crew = Crew::new(WORKERS, &opening);
    let [mut in_the_middle, mut replayed, mut own, mut served] = [0_u64; 4];
    for round in 0..kills {
        let batch = round_of(round);
        crew.order(|_| batch);
        let victim = crew.winner(mix(round) % (SHARED / 2) + 1);
        crew.kill(victim);
        let outcomes = crew.answers();
        in_the_middle += u64::from(outcomes[victim].is_err_and(|gone| gone.accepted > 0));
        crew.bury(victim);
        replayed += Answers::sum(&crew.claim(&batch)).fresh;
        crew.order(|worker| own_of(worker, batch));
        let answers = crew.answers();
        own += answers.len() as u64 * OWN;
        served += Answers::sum(&answers).fresh;
        crew.hire(&opening);
    }
    let (uses, false_accepts) = (kills * SHARED + own, crew.tally.false_accepts());
    let lost = uses - crew.tally.accepted();
    report.check(
        "no nonce is accepted twice",
        false_accepts == 0 && replayed == 0,
        [
            ("kills", kills.into()),
            ("in_the_middle", in_the_middle.into()),
            ("nonces", uses.into()),
            ("false_accepts", false_accepts.into()),
        ],
    );
    report.check(
        "who was not killed is served, and a kill loses its own claim at most",
        served == own && lost <= kills && in_the_middle * 2 > kills,
        [
            ("claims_of_survivors", own.into()),
            ("accepted", served.into()),
            ("lost_with_a_process", lost.into()),
        ],
    );
}

fn round_of(round: u64) -> Batch {
    Batch {
        number: round,
        now: WARM.plus(Span::from_seconds(15).times(round.cast_signed())),
        count: SHARED,
        spread: true,
    }
}

/// Nonces that one worker alone claims.
fn own_of(worker: u64, batch: Batch) -> Batch {
    Batch {
        number: batch.number << 20 | 1 << 40 | worker,
        count: OWN,
        ..batch
    }
}

const SHARED: u64 = 8_000;
const OWN: u64 = 200;
