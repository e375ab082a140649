//! The specifications and the lines that obey them point at each other.

use std::collections::BTreeSet;

use crate::project::texts;

#[test]
fn every_citation_is_a_rule_and_every_rule_is_cited() {
    let (cited, stated) = (cited(), stated());
    assert!(stated.len() > 30, "the specifications were not read");
    let unknown: Vec<_> = cited.difference(&stated).collect();
    let uncited: Vec<_> = stated.difference(&cited).collect();
    assert!(unknown.is_empty(), "cited, but no rule: {unknown:?}");
    assert!(uncited.is_empty(), "no line cites: {uncited:?}");
}

/// The rules that the specifications state, as `docs/spec/request.md#Q-1`.
fn stated() -> BTreeSet<String> {
    let mut stated = BTreeSet::new();
    for file in texts("docs/spec", &[".md"]) {
        let anchors = file.text.split("<a id=\"").skip(1);
        let ids = anchors.filter_map(|rest| rest.split_once('"'));
        stated.extend(ids.map(|(id, _)| format!("{}#{id}", file.path)));
    }
    stated
}

/// The rules that lines of shipped crates cite.
fn cited() -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    for file in texts("crates", &[".rs"]) {
        let lines = file.text.lines().map(str::trim_start);
        let rules = lines.filter_map(|line| line.strip_prefix("//= docs/spec/"));
        cited.extend(rules.map(|rule| format!("docs/spec/{}", rule.trim_end())));
    }
    cited
}
