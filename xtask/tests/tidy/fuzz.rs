//! Every public function of a pure crate that takes bytes or text has a fuzz target, or a reason to have none.

use std::collections::BTreeSet;

use crate::project::{read, texts};
use crate::pure::PURE;

#[test]
fn every_parser_has_a_row() {
    let rows = rows();
    let named: BTreeSet<_> = rows.iter().flat_map(|row| row.functions.clone()).collect();
    let parsers = parsers();
    assert!(parsers.len() > 15, "the sources were not read: {parsers:?}");
    let missing: Vec<_> = parsers.difference(&named).collect();
    assert!(missing.is_empty(), "not in fuzz/README.md: {missing:?}");
}

#[test]
fn rows_targets_and_programs_are_the_same() {
    let rows: BTreeSet<_> = rows().into_iter().filter_map(|row| row.target).collect();
    let files = texts("fuzz/fuzz_targets", &[".rs"]);
    let files: BTreeSet<_> = files.iter().map(|file| stem(&file.path)).collect();
    let manifest = read("fuzz/Cargo.toml");
    let library = read("fuzz/src/lib.rs");
    assert_eq!(rows, files);
    for target in rows {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
        assert!(library.contains(&format!("\"{target}\",")), "{target}");
    }
}

/// A row of a table in `fuzz/README.md`: functions with a target, or one without.
struct Row {
    target: Option<String>,
    functions: Vec<String>,
}

fn rows() -> Vec<Row> {
    let page = read("fuzz/README.md");
    let lines = page.lines().filter_map(|line| line.strip_prefix("| "));
    lines.filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let (first, _) = line.split_once(" | ")?;
    let functions: Vec<String> = line
        .split('`')
        .skip(1)
        .step_by(2)
        .map(String::from)
        .collect();
    let target = (!first.starts_with('`')).then(|| first.to_owned());
    (!functions.is_empty()).then_some(Row { target, functions })
}

/// The public functions that take bytes, text, rows, words or requests, as `Type::function`.
fn parsers() -> BTreeSet<String> {
    let files = PURE
        .iter()
        .flat_map(|name| texts(&format!("crates/{name}/src"), &[".rs"]));
    files.flat_map(|file| parsers_of(&file.text)).collect()
}

fn parsers_of(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut parsers = Vec::new();
    let mut place = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("impl") {
            place = type_of(line);
        } else if line.starts_with("pub trait") {
            place.clear();
        }
        let Some(rest) = public(line) else { continue };
        let name: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let mut signature = rest.to_owned();
        while !signature.contains(['{', ';']) {
            signature.push_str(lines.next().unwrap_or("{"));
        }
        let takes = TAKES.iter().any(|takes| signature.contains(takes));
        match (takes, line.starts_with(' ')) {
            (true, false) => parsers.push(name),
            // A trait's own line has no type, and no body to fuzz.
            (true, true) if !place.is_empty() => parsers.push(format!("{place}::{name}")),
            _ => {}
        }
    }
    parsers
}

/// What follows `pub fn`, or the `fn` of a trait's answer, which is as public as its trait.
fn public(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let public = line
        .strip_prefix("pub fn ")
        .or_else(|| line.strip_prefix("pub const fn "));
    public.or_else(|| {
        line.strip_prefix("fn ")
            .filter(|rest| rest.starts_with("reply(&self, rows"))
    })
}

/// The type that an `impl` line is about.
fn type_of(line: &str) -> String {
    let line = line.split_once(" for ").map_or(line, |(_, after)| after);
    let line = line.strip_prefix("impl").unwrap_or(line).trim_start();
    let line = if line.starts_with('<') {
        line.split_once("> ").map_or("", |(_, after)| after)
    } else {
        line
    };
    line.chars()
        .take_while(|letter| letter.is_alphanumeric())
        .collect()
}

const TAKES: [&str; 7] = [
    ": &str",
    ": &[u8]",
    ": &[&[u8]]",
    ": &[Value]",
    ": &Rows",
    ": &'a [Word]",
    ": &Request<",
];

#[test]
fn parsers_are_found_in_a_source() {
    let source = "\
impl KeyId {
    pub fn parse(text: &str) -> Self {
    pub fn name(&self) -> &str {
    pub(crate) fn other(text: &str) {
impl<R: Record> Stated for Load<R> {
    fn reply(&self, rows: &Rows) -> Reply {
pub fn read(
    row: &[Value],
) -> R {
";
    assert_eq!(parsers_of(source), ["KeyId::parse", "Load::reply", "read"]);
}

fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".rs").unwrap_or(name).to_owned()
}
