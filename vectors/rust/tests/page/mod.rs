//! A page of the specification, and the cases of its room.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeMap;
use std::path::Path;

use counterseal::core::Code;
use counterseal_vectors::{Case, File, generate};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The text of the page of this room.
pub(crate) fn spec(room: &str) -> String {
    let page = Path::new(ROOT).join("docs/spec").join(room);
    std::fs::read_to_string(page.with_extension("md")).unwrap()
}

/// All cases of this room.
pub(crate) fn cases(room: &str) -> Vec<Case> {
    let entries = generate::directory(room).read_dir().unwrap();
    let files = entries.map(|entry| File::read(&entry.unwrap().path()).unwrap());
    files.flat_map(|file| file.cases).collect()
}

/// The text between `from` and the next `to`.
pub(crate) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// The page's table of public answers has these codes, in the order of status and public name.
pub(crate) fn check_answers<'c>(spec: &str, codes: impl Iterator<Item = &'c Code>) {
    let mut answers: BTreeMap<(u16, &str), Vec<String>> = BTreeMap::new();
    for code in codes {
        let names = answers.entry((code.http, code.public)).or_default();
        names.push(format!("`{}`", code.name));
    }
    let rows = answers.iter().map(|((status, public), codes)| {
        format!("| `{public}` | {status} | {} |\n", codes.join(", "))
    });
    let table = between(spec, "<!-- answers -->", "<!-- /answers -->");
    let (_, written) = table.split_once("|---|---|---|\n").unwrap();
    assert_eq!(written, rows.collect::<String>());
}
