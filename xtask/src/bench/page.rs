//! The part of `docs/performance.md` that benches write: a table and a plot each, between two marks.

use std::fs;

use crate::bench::bar::Bar;
use crate::bench::figures::Record;
use crate::bench::{plot, table};
use crate::setup::write;
use crate::shell::{Done, Stop, at};

const PAGE: &str = "docs/performance.md";
const PLOTS: &str = "docs/plots";

/// Writes the bench's plot, and its part of the page.
pub(crate) fn write_bench(record: &Record, bars: &[Bar]) -> Done {
    let name = &record.bench;
    let drawn = plot::svg(record);
    write(
        &at(PLOTS).join(name).with_extension("svg"),
        drawn.as_bytes(),
    )?;
    let page = at(PAGE);
    let text = fs::read_to_string(&page).map_err(|error| Stop::file(&page, &error))?;
    let table = table::markdown(record, bars);
    let part = format!("![{name}, on a logarithmic scale](plots/{name}.svg)\n\n{table}");
    let marks = format!("{PAGE} has no marks for {name}");
    let text = replaced(&text, name, &part).ok_or_else(|| Stop::failed(marks))?;
    write(&page, text.as_bytes())
}

/// The page with this part between the bench's marks, if it has them.
fn replaced(page: &str, bench: &str, part: &str) -> Option<String> {
    let begin = format!("<!-- bench {bench} -->\n");
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n{part}\n{END}{after}"))
}

const END: &str = "<!-- end -->\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page =
            "a\n<!-- bench one -->\nold\n<!-- end -->\nb\n<!-- bench two -->\n<!-- end -->\n";
        let once = replaced(page, "one", "new\n").unwrap();
        let begin = "a\n<!-- bench one -->\n\nnew\n\n<!-- end -->\nb\n<!-- bench two -->\n";
        assert!(once.starts_with(begin), "{once}");
        assert_eq!(replaced(&once, "one", "new\n").unwrap(), once);
        assert_eq!(replaced(page, "three", "new\n"), None);
    }

    #[test]
    fn the_page_has_marks_for_each_bench() {
        let page = fs::read_to_string(at(PAGE)).unwrap();
        for bench in crate::bench::BENCHES {
            assert!(replaced(&page, bench.name, "").is_some(), "{}", bench.name);
        }
    }
}
