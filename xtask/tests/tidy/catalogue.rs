//! Each row of `docs/catalogue.md` is shown by tests or vectors with its id, and each id that a test has is a row.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::{read, texts};

#[test]
fn every_row_is_shown_and_every_id_is_a_row() {
    let page = read("docs/catalogue.md");
    let rows: BTreeSet<String> = page.lines().filter_map(row).collect();
    assert!(rows.len() > 30, "the page was not read: {rows:?}");
    let shown: BTreeSet<String> = shown().into_keys().collect();
    let bare: Vec<_> = rows.difference(&shown).collect();
    assert!(bare.is_empty(), "no test or vector has the id of {bare:?}");
    let unlisted: Vec<_> = shown.difference(&rows).collect();
    assert!(
        unlisted.is_empty(),
        "no row has the id of tests of {unlisted:?}"
    );
}

#[test]
fn rows_of_packages_are_shown_in_both_of_them() {
    let shown = shown();
    for (id, places) in shown.iter().filter(|(id, _)| id.starts_with('B')) {
        let vectors = ["vectors/", "xtask/"];
        let everywhere = places
            .iter()
            .any(|place| vectors.iter().any(|v| place.starts_with(v)));
        let both = ["bindings/python/", "bindings/node/"]
            .iter()
            .all(|package| places.iter().any(|place| place.starts_with(package)));
        assert!(everywhere || both, "{id} is shown in {places:?} only");
    }
}

#[test]
fn ids_stand_at_the_beginning_of_a_name() {
    let ids = |line: &str| ids(line).collect::<Vec<_>>();
    assert_eq!(ids("    fn h21_a01_no_replay() {"), ["H21", "A01"]);
    assert_eq!(ids("def test_b02_a_nul() -> None:"), ["B02"]);
    assert_eq!(ids("test(`b03_b05_any_${name}`, () => {"), ["B03", "B05"]);
    assert_eq!(ids("  test(\"h25_a_flush\", async () => {"), ["H25"]);
    assert_eq!(ids("      \"id\": \"h07-h08-sign\","), ["H07", "H08"]);
    assert!(ids("fn of_h21() {").is_empty() && ids("// h21_is_no_name").is_empty());
}

fn row(line: &str) -> Option<String> {
    let (id, _) = line.strip_prefix("| ")?.split_once(" | ")?;
    is_id(&id.to_ascii_lowercase()).then(|| id.to_owned())
}

/// The ids that names have, and the files in which they have them.
fn shown() -> BTreeMap<String, BTreeSet<String>> {
    let mut shown = BTreeMap::<_, BTreeSet<_>>::new();
    for directory in ["bindings", "crates", "proofs", "vectors", "xtask"] {
        for file in texts(directory, &[".rs", ".py", ".mjs", ".json"]) {
            for id in file.text.lines().flat_map(ids) {
                shown.entry(id).or_default().insert(file.path.clone());
            }
        }
    }
    shown
}

/// The ids in the name that a line of a test or a vector begins with.
fn ids(line: &str) -> impl Iterator<Item = String> {
    let line = line.trim_start();
    let starts = [
        "fn ",
        "def test_",
        "async def test_",
        "test(\"",
        "test(`",
        "\"id\": \"",
    ];
    let name = starts.iter().find_map(|start| line.strip_prefix(start));
    let words = name.unwrap_or_default().split(['_', '-']);
    let ids = words.take_while(|word| is_id(word));
    ids.map(str::to_ascii_uppercase)
}

fn is_id(word: &str) -> bool {
    let mut letters = word.bytes();
    let first = letters
        .next()
        .is_some_and(|letter| b"abcehjopr".contains(&letter));
    first && word.len() == 3 && letters.all(|letter| letter.is_ascii_digit())
}
