//! The public test cases of structured fields, as far as they touch what `Signature-Input` may be: dictionaries, and items as
//! the values of one.
//!
//! The cases are read from the directory `structured-fields` below the one that `COUNTERSEAL_EXTRA_VECTORS` names, or
//! `../shared/data` beside the project; they come from github.com/httpwg/structured-field-tests. Without them the
//! test says so, and the project's own vectors stand for the rule.

#![allow(clippy::print_stdout)] // how many cases there were is a figure

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use counterseal_core::{Refusal, Time};
use counterseal_request::{KeySet, Policy, Request, Scheme, Verifier};
use serde_json::Value;

/// Cases that must fail and that the walk over a field passes.
const LATER: &[&str] = &[
    // The base64 of our signature has one form and is decoded later; that of other members is read by nobody.
    "padding at beginning",
    "padding in middle",
    // Display strings stand in members and parameters that nobody reads, so their escapes are not decoded.
    "bad display string utf-8 (invalid 2-byte seq)",
    "bad display string utf-8 (invalid 3-byte seq)",
    "bad display string utf-8 (invalid 4-byte seq)",
    "bad display string utf-8 (invalid sequence id)",
    // In a dictionary a comma ends the member.
    "0x2c in token",
];

#[test]
fn every_public_dictionary_and_item_is_read_as_its_case_says() {
    let Some(directory) = directory() else {
        println!(
            "left out: the cases of github.com/httpwg/structured-field-tests; see COUNTERSEAL_EXTRA_VECTORS"
        );
        return;
    };
    let (mut count, mut wrong, mut later) = (0, Vec::new(), BTreeSet::new());
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let cases: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        for case in cases.as_array().expect("a list") {
            let Some(field) = dictionary(case) else {
                continue;
            };
            let name = case["name"].as_str().expect("a name");
            count += 1;
            match (case["must_fail"] == true, is_structured(&field)) {
                (true, true) if LATER.contains(&name) => {
                    later.insert(name.to_owned());
                }
                (must_fail, taken) if must_fail == taken && case["can_fail"] != true => {
                    wrong.push(format!("{}: {name}: taken {taken}", path.display()));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 1_000, "{count} cases");
    println!("{count} public cases");
    let declared: BTreeSet<_> = LATER.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(later, declared, "a declared difference is none any more");
}

fn directory() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let named = std::env::var_os("COUNTERSEAL_EXTRA_VECTORS").map(PathBuf::from);
    let directory = named
        .unwrap_or_else(|| beside.into())
        .join("structured-fields");
    directory.is_dir().then_some(directory)
}

/// The case as the value of `Signature-Input`: a dictionary as it is, an item as the value of its one member. Blanks around
/// an item belong to the field that it stands in.
fn dictionary(case: &Value) -> Option<String> {
    let [line] = case["raw"].as_array()?.as_slice() else {
        return None;
    };
    let line = line.as_str()?;
    match case["header_type"].as_str()? {
        "dictionary" => Some(line.into()),
        "item" if line.trim() == line && !line.is_empty() => Some(format!("a={line}")),
        _ => None,
    }
}

/// Whether a verifier reads the field: it goes on to look for its own member, or counts the members.
fn is_structured(field: &str) -> bool {
    let headers = [("signature-input", field.as_bytes())];
    let request = Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/",
        query: b"",
        headers: &headers,
        body: b"",
    };
    let verifier = Verifier::new(Policy::for_authority("api.example").expect("an authority"));
    let keys = KeySet::new([]).expect("no keys");
    let refused = verifier.begin(&request, &keys, Time::EPOCH).err();
    refused.expect("it is not signed").code().name != "request_signature_malformed"
}
