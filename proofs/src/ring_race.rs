//! Threads that claim the same nonces at the same time, over several turns of the ring.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::thread;

use counterseal_core::{Claim, Claimed, Run, Seed, Span};
use counterseal_replay::{PrivateRing, Shape};
use counterseal_testkit::race;

use crate::Size;
use crate::broken::LooksThenWrites;
use crate::report::Report;
use crate::uses::{BEGINNING, Batch, WARM, WINDOW};

pub(crate) fn prove(size: Size, report: &mut Report) {
    let (turns, per_second) = match size {
        Size::Broken => return run(&LooksThenWrites::default(), 1, 200, report),
        Size::Full => (12, 800),
        Size::Smoke => (4, 200),
    };
    // Twice the room of the mean: some batches fall together in one bucket.
    let shape = Shape::for_rate(2 * per_second);
    let ring = PrivateRing::new(shape, WINDOW, BEGINNING, &Seed::new([7; 16]));
    run(&ring.expect("a shape"), turns, per_second, report);
}

fn run(store: &(impl Run<Claim> + Sync), turns: u64, per_second: u32, report: &mut Report) {
    let count = u64::from(per_second) * 15;
    let claims: Vec<Claim> = (0..turns * 26)
        .flat_map(|number| batch(number, count))
        .collect();
    let accepted: Vec<AtomicU8> = claims.iter().map(|_| AtomicU8::new(0)).collect();
    let (meeting, winners) = (Meeting::default(), AtomicU64::new(0));
    let contested = race(THREADS, |thread| {
        let mut contested = 0_u64;
        for (claims, accepted) in claims.chunks(HEAT).zip(accepted.chunks(HEAT)) {
            meeting.meet();
            let won = claim_all(store, claims, accepted);
            winners.fetch_add(u64::from(won > 0), Relaxed);
            meeting.meet();
            if thread == 0 {
                contested += u64::from(winners.swap(0, Relaxed) > 1);
            }
            // Now that all are through, nothing of it is accepted again.
            claim_all(store, claims, accepted);
        }
        contested
    });
    let contested: u64 = contested.into_iter().sum();
    let times = |wanted: fn(u8) -> bool| {
        let uses = accepted.iter().filter(|times| wanted(times.load(Relaxed)));
        uses.count() as u64
    };
    let (uses, once, twice) = (claims.len() as u64, times(|n| n >= 1), times(|n| n > 1));
    report.check(
        "no nonce is accepted twice",
        twice == 0,
        [
            ("threads", THREADS.into()),
            ("turns", turns.into()),
            ("nonces", uses.into()),
            ("false_accepts", twice.into()),
        ],
    );
    report.check(
        "every nonce is accepted by one of them",
        once == uses && contested > 0,
        [
            ("nonces", uses.into()),
            ("accepted", once.into()),
            ("heats", (uses / HEAT as u64).into()),
            ("contested", contested.into()),
        ],
    );
}

fn batch(number: u64, count: u64) -> impl Iterator<Item = Claim> {
    let batch = Batch {
        number,
        now: WARM.plus(Span::from_seconds(15).times(number.cast_signed())),
        count,
        spread: true,
    };
    batch.claims().map(|(_, claim)| claim)
}

/// Claims all of these; how many were accepted here.
fn claim_all(store: &impl Run<Claim>, claims: &[Claim], accepted: &[AtomicU8]) -> u64 {
    let mut won = 0;
    for (claim, accepted) in claims.iter().zip(accepted) {
        if store.run(*claim) == Ok(Claimed::Fresh) {
            accepted.fetch_add(1, Relaxed);
            won += 1;
        }
    }
    won
}

/// Where all threads wait for each other, awake, so that they go on at the same time.
#[derive(Default)]
struct Meeting {
    arrived: AtomicU64,
}

impl Meeting {
    fn meet(&self) {
        let threads = THREADS as u64;
        let all = (self.arrived.fetch_add(1, SeqCst) / threads + 1) * threads;
        while self.arrived.load(SeqCst) < all {
            thread::yield_now();
        }
    }
}

const THREADS: usize = 8;
/// Nonces between two meetings.
const HEAT: usize = 20;
