//! What `docs/compare.md` says of verdicts that differ: the page is the table that the comparison reads.

/// The codes by which we refuse what this library accepts, each with its claim where it has one, as they stand on the page.
///
/// # Panics
///
/// Where the page has no table about it.
pub fn page(library: &str) -> Vec<&'static str> {
    let (_, table) = PAGE
        .split_once(&format!("<!-- {library} -->"))
        .expect("the page has the table");
    let (table, _) = table.split_once("<!-- / -->").expect("the table ends");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let keys = rows.filter_map(|row| row.split_once("` |"));
    keys.map(|(key, _)| key).collect()
}

const PAGE: &str = include_str!("../../../docs/compare.md");
