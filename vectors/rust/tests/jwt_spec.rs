//! The specification of tokens against the source and the vectors: its rules, its answers, and the cases that it names.

#![allow(clippy::unwrap_used)] // helpers of tests

mod page;

use std::collections::BTreeSet;
use std::path::Path;

use counterseal::core::Blame;
use counterseal::jwt::{JwtError, JwtSetupError};
use counterseal_vectors::Case;
use page::{ROOT, between};

fn spec() -> String {
    page::spec("jwt")
}

fn cases() -> Vec<Case> {
    page::cases("jwt")
}

#[test]
fn the_public_answers_are_those_of_the_codes() {
    page::check_answers(&spec(), JwtError::CODES.iter());
}

#[test]
fn every_code_has_its_rule() {
    let spec = spec();
    let (rules, _) = spec.split_once("<!-- answers -->").unwrap();
    let codes = [JwtError::CODES, JwtSetupError::CODES].concat();
    // That a library could not sign is no rule of tokens.
    let codes = codes.iter().filter(|code| code.blame != Blame::Environment);
    for code in codes {
        let is_there = rules.contains(&format!("`{}`", code.name))
            || rules.contains(&format!("({})", code.name));
        assert!(is_there, "{}", code.name);
    }
}

/// The rules that the specification states, `T-1` to its last.
fn stated() -> BTreeSet<String> {
    let spec = spec();
    let ids = spec.split("<a id=\"").skip(1);
    ids.map(|rest| rest.split_once('"').unwrap().0.to_owned())
        .collect()
}

#[test]
fn every_rule_has_a_case_that_is_about_it() {
    let flags: BTreeSet<_> = cases().into_iter().flat_map(|case| case.flags).collect();
    let rules: BTreeSet<_> = flags
        .into_iter()
        .filter(|flag| flag.starts_with("T-"))
        .collect();
    assert_eq!(rules, stated());
}

#[test]
fn every_row_of_the_tables_names_a_case_or_a_test() {
    let spec = spec();
    let path = Path::new(ROOT).join("bindings/python/tests/test_jwt.py");
    let written = std::fs::read_to_string(path).unwrap();
    let ids: BTreeSet<_> = cases().into_iter().map(|case| case.id).collect();
    let mut named = 0;
    for table in ["## What the RFCs demand", "## Where it is narrower"] {
        let rows = between(&spec, table, "\n## ");
        let rows = rows.lines().filter(|line| line.starts_with("| "));
        for row in rows.skip(1) {
            let shown = row.trim_end_matches(" |").rsplit_once(" | ").unwrap().1;
            let said: Vec<_> = shown.split('`').skip(1).step_by(2).collect();
            assert!(!said.is_empty(), "{row}");
            for name in said {
                let is_test = written.contains(&format!("def {name}("));
                assert!(ids.contains(name) || is_test, "{name}");
                named += 1;
            }
        }
    }
    assert!(named > 80, "the tables were not read: {named}");
}
