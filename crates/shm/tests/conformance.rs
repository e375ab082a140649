//! The shared ring passes the conformance suite, through one mapping and through four.

use counterseal_core::{Claim, Claimed, Run, Seed, Sweep, Time, Unavailable};
use counterseal_replay::Shape;
use counterseal_shm::SharedRing;
use counterseal_testkit::{Scratch, WINDOW};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Mappings of one file that take turns.
struct Turns {
    rings: Vec<SharedRing>,
    next: AtomicUsize,
    _scratch: Scratch,
}

impl Turns {
    fn new(mappings: u8, now: Time) -> Self {
        let scratch = Scratch::new();
        let path = scratch.path().join("private").join("ring");
        let open = |number| {
            let seed = Seed::new([number; 16]);
            SharedRing::open(&path, Shape::for_rate(1_000), WINDOW, now, &seed)
        };
        Turns {
            rings: (0..mappings).map(|n| open(n).expect("a ring")).collect(),
            next: AtomicUsize::new(0),
            _scratch: scratch,
        }
    }

    fn ring(&self) -> &SharedRing {
        &self.rings[self.next.fetch_add(1, Relaxed) % self.rings.len()]
    }
}

impl Run<Claim> for Turns {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        self.ring().run(op)
    }
}

impl Run<Sweep> for Turns {
    fn run(&self, op: Sweep) -> Result<u64, Unavailable> {
        self.ring().run(op)
    }
}

fn one(now: Time) -> Turns {
    Turns::new(1, now)
}

fn four(now: Time) -> Turns {
    Turns::new(4, now)
}

mod through_one_mapping {
    use super::*;
    use counterseal_testkit::{claim_tests, full_tests};

    claim_tests!(one);
    full_tests!(one);
}

mod through_four_mappings {
    use super::*;
    use counterseal_testkit::{claim_tests, full_tests};

    claim_tests!(four);
    full_tests!(four);
}
