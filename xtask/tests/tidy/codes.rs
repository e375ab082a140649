//! The lists of codes are those of the crates, and a name that was a code stays one or is retired.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::project::{is_as_generated, read, root};

const LIST: &str = "vectors/codes.json";

#[test]
fn the_lists_are_as_generated() {
    is_as_generated("codes");
}

#[test]
fn every_name_that_was_ever_a_code_is_one_or_is_retired() {
    let now = names(&read(LIST));
    for commit in git(&["log", "--format=%H", "--", LIST]).lines() {
        let then = names(&git(&["show", &format!("{commit}:{LIST}")]));
        let lost: Vec<_> = then.difference(&now).collect();
        assert!(lost.is_empty(), "lost since {commit}: {lost:?}");
    }
}

#[test]
fn codes_are_lower_case_words_that_begin_with_their_room() {
    for name in names(&read(LIST)) {
        let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        assert!(name.chars().all(is_letter) && name.contains('_'), "{name}");
    }
}

/// The names of the codes and of those that are retired.
fn names(list: &str) -> BTreeSet<String> {
    let list: Value = serde_json::from_str(list).expect("JSON");
    let codes = list["codes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|code| &code["name"]);
    let retired = list["retired"].as_array().expect("a list").iter();
    let names = codes
        .chain(retired)
        .map(|name| name.as_str().expect("a name").to_owned());
    names.collect()
}

/// What git says, or nothing where there is no history to ask.
fn git(args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(root()).output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}
