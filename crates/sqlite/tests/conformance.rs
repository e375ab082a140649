//! SQLite passes the conformance suite, through one connection and through four.

mod common;

use common::{Shared, shared};
use counterseal_core::Time;

fn one(now: Time) -> Shared {
    shared(1, now)
}

fn four(now: Time) -> Shared {
    shared(4, now)
}

mod through_one_connection {
    use super::*;
    use counterseal_testkit::{
        cell_tests, charge_tests, claim_tests, edit_tests, ended_tests, linked_tests, row_tests,
        sweep_tests, together_tests,
    };

    cell_tests!(one);
    charge_tests!(one);
    claim_tests!(one);
    row_tests!(one);
    edit_tests!(one);
    ended_tests!(one);
    linked_tests!(one);
    together_tests!(one);
    sweep_tests!(one);
}

mod through_four_connections {
    use super::*;
    use counterseal_testkit::{
        cell_tests, charge_tests, claim_tests, edit_tests, ended_tests, linked_tests, row_tests,
        sweep_tests, together_tests,
    };

    cell_tests!(four);
    charge_tests!(four);
    claim_tests!(four);
    row_tests!(four);
    edit_tests!(four);
    ended_tests!(four);
    linked_tests!(four);
    together_tests!(four);
    sweep_tests!(four);
}
