//! Every interleaving of a small ring: the right one is exact, and each wrong one is found out.
//!
//! Two claims of one key may race a third one in another cycle, and claims of another key may stand in
//! their way. Cycles pass meanwhile, some more of them than there are tags. `counterseal-proofs` explores
//! larger sizes.

#[path = "model/mod.rs"]
mod model;

use counterseal_replay::word::Tags;
use model::{Model, Mutant, Report, Role, State, Wrong};

#[test]
fn the_small_ring_is_exact_while_claimers_sleep() {
    holds(Model::new(FIVE, 2, &[A, A, B]));
    holds(Model::new(FIVE, 2, &[A, A, A]));
    holds(Model::new(FIVE, 0, &[A, A, B_FROM_BEHIND]));
}

#[test]
fn the_small_ring_is_exact_beside_a_sweep_of_its_own_accord() {
    holds(Model::new(FIVE, 2, &[A, A, Role::Sweep]));
    holds(Model::new(FIVE, 0, &[A, A, A, Role::Sweep]));
}

#[test]
fn a_claim_that_is_not_delayed_is_answered_rightly_whoever_else_sleeps() {
    for (tags, roles) in [
        (FIVE, &[A, A, B] as &[_]),
        (FIVE, &[A, A, Role::Sweep]),
        (SEVEN, &[A, A]),
        (SEVEN_LATE, &[A, A]),
        (NINE, &[A, A]),
    ] {
        holds(Model::new(tags, patience(tags), roles).prompt());
    }
}

#[test]
fn a_sleep_beyond_the_patience_of_the_tags_can_refuse_others() {
    for tags in [FIVE, SEVEN] {
        let model = Model::new(tags, patience(tags) + 1, &[A, A, Role::Sweep]).prompt();
        finds(model, Wrong::Misread);
    }
}

#[test]
fn a_sleep_of_more_than_half_of_the_tags_is_not_covered() {
    finds(Model::new(FIVE, 3, &[A, A, B, B]), Wrong::Restored);
}

#[test]
fn nothing_is_fresh_in_a_small_ring_once_it_is_retired() {
    holds(Model::new(FIVE, 2, &[A, A, Role::Retire]));
    let model = Model::new(FIVE, 1, &[A, A, Role::Sweep, Role::Retire]);
    holds(Model { last: 4, ..model });
}

#[test]
fn the_model_finds_a_sweep_that_makes_words_zero() {
    let model = Model::new(FIVE, 2, &[A, A, A]);
    finds(model.with(&[Mutant::SweepToZero]), Wrong::Restored);
}

/// The sweep and the second look each keep a sleeper from winning a word that it read long ago.
#[test]
fn the_model_finds_a_sweep_to_zero_and_no_second_look_to_accept_twice() {
    let model = Model::new(SEVEN_LATE, 2, &[A, A, A]);
    holds(model.with(&[Mutant::NoSecondLook]));
    let both = model.with(&[Mutant::NoSecondLook, Mutant::SweepToZero]);
    finds(both, Wrong::FreshTwice);
}

#[test]
fn the_model_finds_a_won_word_without_a_second_look_if_sweeps_touch_the_cycle_before() {
    let model = Model::new(FIVE, 1, &[A, A, B]);
    finds(model.with(&[Mutant::NoSecondLook]), Wrong::FreshTwice);
}

#[test]
fn the_model_finds_a_newest_bucket_that_is_raised_too_late() {
    let model = Model::new(FIVE, 1, &[A, A, A]);
    finds(model.with(&[Mutant::RaiseLate]), Wrong::FreshTwice);
}

#[test]
fn the_model_finds_tags_that_come_round_unswept() {
    for tags in [FIVE, SEVEN] {
        let model = Model::new(tags, 0, &[A, A, B]).prompt();
        finds(model.with(&[Mutant::NoSweep]), Wrong::Misread);
    }
}

#[test]
fn the_model_finds_a_bound_that_is_raised_before_the_pass() {
    let model = Model::new(FIVE, 0, &[A, A, B]);
    finds(model.with(&[Mutant::BoundFirst]), Wrong::FreshTwice);
}

#[test]
fn the_model_finds_a_sweep_that_reads_the_bound_only_once() {
    let model = Model::new(FIVE, 0, &[A, A, B]);
    finds(model.with(&[Mutant::BoundOnce]), Wrong::FreshTwice);
}

#[test]
fn the_model_finds_keys_that_do_not_cover_their_time() {
    let model = Model::new(FIVE, 0, &[A, A, A]);
    finds(model.with(&[Mutant::TimelessKeys]), Wrong::Restored);
}

#[test]
fn the_model_finds_a_late_win_after_the_ring_was_retired() {
    let model = Model::new(FIVE, 0, &[A, Role::Retire]);
    finds(model.with(&[Mutant::NoSecondLook]), Wrong::FreshAfterRetire);
}

fn holds(model: Model) {
    let wrong = explore(&model)
        .wrong
        .map(|(wrong, path)| (wrong, story(&path)));
    assert_eq!(wrong, None);
}

fn finds(model: Model, wrong: Wrong) {
    let report = explore(&model);
    assert_eq!(report.wrong.map(|(found, _)| found), Some(wrong));
}

#[allow(clippy::print_stdout)] // how much was explored is worth reading
fn explore(model: &Model) -> Report {
    let report = model.explore();
    let found = report.wrong.as_ref().map(|(found, _)| found);
    println!("{:>9} states, found {found:?}: {model:?}", report.states);
    report
}

fn story(path: &[State]) -> Vec<String> {
    path.iter().map(|state| format!("{state:?}")).collect()
}

/// Through how many cycles someone may sleep without doing harm to a claim that is not delayed: what
/// it writes then is swept before half of the tags have passed. At the ring's own tags, 28 735.
fn patience(tags: Tags) -> u8 {
    let cycles = tags.modulus / 2 - tags.due + tags.ancient;
    u8::try_from(cycles).expect("small tags")
}

const A: Role = Role::Claim { key: 1, home: 0 };
const B: Role = Role::Claim { key: 2, home: 0 };
const B_FROM_BEHIND: Role = Role::Claim { key: 2, home: 1 };

const FIVE: Tags = Tags {
    modulus: 5,
    due: 2,
    ancient: 1,
};
const SEVEN: Tags = Tags {
    modulus: 7,
    due: 2,
    ancient: 1,
};
const SEVEN_LATE: Tags = Tags {
    modulus: 7,
    due: 3,
    ancient: 2,
};
const NINE: Tags = Tags {
    modulus: 9,
    due: 2,
    ancient: 1,
};
