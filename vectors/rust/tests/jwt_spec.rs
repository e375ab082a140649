//! The specifications of tokens against the source and the vectors: their rules, their answers, and the cases that they name.

#![allow(clippy::unwrap_used)] // helpers of tests

mod page;

use std::collections::BTreeSet;
use std::path::Path;

use counterseal::core::{Blame, Code, Refusal};
use counterseal::jwt::{
    FetchError, FetchSetupError, JwtError, JwtSetupError, OidcError, OidcSetupError,
    RequirementError, RequirementSetupError, RingError, RingSetupError, StandingError,
    StandingWriteError,
};
use counterseal_vectors::Case;
use page::{ROOT, between};

/// A page, what its rules begin with, and the codes that it is about.
struct Page {
    name: &'static str,
    rules: &'static str,
    codes: Vec<Code>,
}

fn pages() -> [Page; 3] {
    [
        Page {
            name: "jwt",
            rules: "T-",
            codes: [
                JwtError::CODES,
                JwtSetupError::CODES,
                RingError::CODES,
                RingSetupError::CODES,
            ]
            .concat(),
        },
        Page {
            name: "access",
            rules: "A-",
            codes: [
                RequirementError::CODES,
                RequirementSetupError::CODES,
                StandingError::CODES,
                StandingWriteError::CODES,
            ]
            .concat(),
        },
        Page {
            name: "issuers",
            rules: "I-",
            codes: [
                FetchError::CODES,
                FetchSetupError::CODES,
                OidcError::CODES,
                OidcSetupError::CODES,
            ]
            .concat(),
        },
    ]
}

fn cases() -> Vec<Case> {
    page::cases("jwt")
}

#[test]
fn the_public_answers_are_those_of_the_codes() {
    for page in pages() {
        let mut codes = page.codes;
        codes.sort_unstable_by_key(|code| code.name);
        // That a library could not sign is told to nobody who sends tokens.
        let told = |code: &&Code| {
            code.blame != Blame::Integrator && **code != JwtSetupError::NotSigned.code()
        };
        page::check_answers(&page::spec(page.name), codes.iter().filter(told));
    }
}

#[test]
fn every_code_has_its_rule() {
    for page in pages() {
        let spec = page::spec(page.name);
        let (rules, _) = spec.split_once("<!-- answers -->").unwrap();
        // And it is no rule of tokens.
        let not_signed = JwtSetupError::NotSigned.code();
        for code in page.codes.iter().filter(|code| **code != not_signed) {
            let is_there = rules.contains(&format!("`{}`", code.name))
                || rules.contains(&format!("({})", code.name));
            assert!(is_there, "{}", code.name);
        }
    }
}

#[test]
fn every_rule_has_a_case_that_is_about_it() {
    let flags: BTreeSet<_> = cases().into_iter().flat_map(|case| case.flags).collect();
    for page in pages() {
        let of_page = flags.iter().filter(|flag| flag.starts_with(page.rules));
        let spec = page::spec(page.name);
        let ids = spec.split("<a id=\"").skip(1);
        let stated: BTreeSet<_> = ids.map(|rest| rest.split_once('"').unwrap().0).collect();
        assert_eq!(of_page.map(String::as_str).collect::<BTreeSet<_>>(), stated);
    }
}

#[test]
fn every_row_of_the_tables_names_a_case_or_a_test() {
    let spec = page::spec("jwt");
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
