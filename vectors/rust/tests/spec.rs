//! The specification against the source and the vectors: its example, its answers, and its rules.

#![allow(clippy::unwrap_used)] // helpers of tests

mod page;

use std::collections::BTreeSet;
use std::path::Path;

use counterseal::core::{Blame, Code};
use counterseal::request::{CODES, KeyRecordError};
use counterseal_vectors::{Case, Verdict};
use page::{ROOT, between};

fn spec() -> String {
    page::spec("request")
}

fn cases() -> Vec<Case> {
    page::cases("request")
}

/// The block of code that begins with this line, unwrapped (RFC 8792 section 7).
fn block(fence: &str) -> String {
    let spec = spec();
    let (_, rest) = spec.split_once(fence).unwrap();
    let (text, _) = rest.split_once("\n```").unwrap();
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap().to_owned();
    lines.fold(first, |text, line| text + line.trim_start())
}

fn example() -> Case {
    let wanted = |case: &Case| case.id == "wire-post-of-json";
    cases().into_iter().find(wanted).unwrap()
}

#[test]
fn the_example_is_the_message_of_a_vector() {
    let message = block("```http\n").replace('\n', "\r\n");
    assert_eq!(message, example().raw.unwrap().to_text());
}

#[test]
fn the_examples_base_is_what_its_signature_covers() {
    let base = block("```text\n");
    let covered = example().expect.output["covered"].clone();
    let lines = covered.as_array().unwrap().iter().map(|pair| {
        format!(
            "\"{}\": {}\n",
            pair[0].as_str().unwrap(),
            pair[1].as_str().unwrap()
        )
    });
    let lines: String = lines.collect();
    let message = block("```http\n");
    let parameters = between(&message, "signature-input: cs=", "\n");
    assert_eq!(base, format!("{lines}\"@signature-params\": {parameters}"));
}

#[test]
fn the_public_answers_are_those_of_the_codes() {
    let told =
        |code: &&Code| code.blame != Blame::Integrator && !KeyRecordError::CODES.contains(code);
    page::check_answers(&spec(), CODES.iter().filter(told));
}

#[test]
fn every_code_that_a_peer_can_cause_has_its_rule() {
    let spec = spec();
    let (rules, _) = spec.split_once("<!-- answers -->").unwrap();
    for code in CODES.iter().filter(|code| code.blame == Blame::Peer) {
        assert!(rules.contains(&format!("`{}`", code.name)), "{}", code.name);
    }
}

#[test]
fn every_exception_is_refused_by_a_case() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("docs/spec/exceptions.toml")).unwrap();
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    let refused: BTreeSet<_> = cases()
        .into_iter()
        .filter(|case| case.expect.verdict == Verdict::Reject)
        .map(|case| case.id)
        .collect();
    let shown = text
        .lines()
        .filter_map(|line| line.strip_prefix("vector = "));
    for id in shown {
        assert!(refused.contains(id.trim_matches('"')), "{id}");
    }
    for member in ["spec = ", "says = ", "here = ", "why = ", "vector = "] {
        assert_eq!(count(member), count("[[exception]]"), "{member}");
    }
}

/// The rules that the specification states, `Q-1` to its last.
fn stated() -> BTreeSet<String> {
    let spec = spec();
    let ids = spec.split("<a id=\"").skip(1);
    ids.map(|rest| rest.split_once('"').unwrap().0.to_owned())
        .collect()
}

/// The rules that a file of Rust in `directory` cites.
fn cited(directory: &Path) -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    for entry in directory.read_dir().unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines = text.lines().map(str::trim_start);
        let ids = lines.filter_map(|line| line.strip_prefix("//= docs/spec/request.md#"));
        cited.extend(ids.map(str::to_owned));
    }
    cited
}

#[test]
fn every_rule_is_cited_in_the_source_and_every_citation_is_a_rule() {
    assert_eq!(cited(&Path::new(ROOT).join("crates/request/src")), stated());
}

#[test]
fn every_rule_has_a_case_that_is_about_it() {
    let flags: BTreeSet<_> = cases().into_iter().flat_map(|case| case.flags).collect();
    let rules = flags
        .into_iter()
        .filter(|flag| flag.starts_with("Q-"))
        .collect();
    // What the peer is told is a member of every refusal.
    assert_eq!(&stated() - &rules, BTreeSet::from(["Q-12".to_owned()]));
    assert_eq!(&rules - &stated(), BTreeSet::new());
}
