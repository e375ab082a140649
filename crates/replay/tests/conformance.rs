//! The ring and the cells pass the conformance suite.

use counterseal_core::{Seed, Time};
use counterseal_replay::{PrivateRing, Shape};
use counterseal_testkit::{WINDOW, claim_tests, full_tests};

fn make(now: Time) -> PrivateRing {
    PrivateRing::new(Shape::for_rate(200), WINDOW, now, &Seed::new([7; 16])).expect("a shape")
}

claim_tests!(make);
full_tests!(make);

mod cells {
    use counterseal_core::{Seed, Time};
    use counterseal_replay::PrivateCells;
    use counterseal_testkit::charge_tests;

    fn make(_: Time) -> PrivateCells {
        PrivateCells::new(4_096, &Seed::new([7; 16]))
    }

    charge_tests!(make);
}
