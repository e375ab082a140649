//! A proof that cannot fail proves nothing: with a wrong store, each of them says so.

use std::process::{Command, Output};

fn prove(arguments: &[&str]) -> Output {
    let mut prove = Command::new(env!("CARGO_BIN_EXE_prove"));
    prove.args(arguments).output().expect("a program that runs")
}

fn fails_when_broken(name: &str) {
    let output = prove(&[name, "--break", "--json"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(r#""ok":false"#), "{text}");
    let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
    for line in lines {
        assert_eq!(line.expect("an object")["proof"], name);
    }
}

#[test]
fn a_ring_without_a_second_look_fails_the_model() {
    fails_when_broken("ring-model");
}

#[test]
fn a_store_that_looks_before_it_writes_fails_the_race() {
    fails_when_broken("ring-race");
}

#[test]
fn rings_of_one_process_each_fail_where_processes_share() {
    for name in [
        "shared-race",
        "shared-kill",
        "shared-restart",
        "shared-replace",
    ] {
        fails_when_broken(name);
    }
}

#[test]
fn a_store_that_evicts_fails_where_the_past_comes_back() {
    fails_when_broken("clock-steps");
    fails_when_broken("flood");
}

#[test]
fn a_verifier_that_takes_tokens_that_are_over_fails_beside_another() {
    fails_when_broken("jwt-beside");
}

#[test]
fn a_limit_that_is_read_and_written_in_two_steps_fails_the_race() {
    fails_when_broken("limits");
}

#[test]
fn a_store_of_sessions_that_does_not_compare_fails_race_and_simulator() {
    fails_when_broken("refresh-race");
    fails_when_broken("refresh-sim");
}

#[test]
fn a_store_that_forgets_the_ends_of_sessions_fails_the_kills() {
    fails_when_broken("refresh-kill");
}

#[test]
fn a_service_that_confirms_what_no_browser_has_stored_fails_the_schedules() {
    fails_when_broken("refresh-schedules");
}

#[test]
fn a_name_that_no_proof_has_is_said() {
    assert_eq!(prove(&["ring-rase"]).status.code(), Some(2));
    assert_eq!(prove(&["ring-race", "--fast"]).status.code(), Some(2));
}
