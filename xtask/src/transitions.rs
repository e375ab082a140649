//! `cargo xtask transitions`: the part of docs/spec/refresh.md that shows what the rule does in each state, written from the rule itself.

use std::fs;

use crate::args::Args;
use crate::setup::write;
use crate::shell::{Done, Run, Stop, at};

pub(crate) fn run(mut args: Args) -> Done {
    let check = args.flag("--check");
    args.end()?;
    let path = at(PAGE);
    let page = fs::read_to_string(&path).map_err(|error| Stop::file(&path, &error))?;
    let made =
        Run::cargo("run --quiet --locked --package counterseal-vectors --example transitions")
            .text()?;
    let wanted = placed(&page, &made).ok_or_else(|| {
        Stop::failed(format!("{PAGE}: {BEGIN} and {END} are not there, in order"))
    })?;
    if !check {
        return write(&path, wanted.as_bytes());
    }
    if page == wanted {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "run `cargo xtask transitions`; not as written by it: {PAGE}"
    )))
}

/// The page with this text between its marks.
fn placed(page: &str, made: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}\n{}\n{END}{after}",
        made.trim_end()
    ))
}

const PAGE: &str = "docs/spec/refresh.md";
const BEGIN: &str = "<!-- transitions -->";
const END: &str = "<!-- /transitions -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_between_the_marks_is_replaced() {
        let page = "a\n<!-- transitions -->\nold\n<!-- /transitions -->\nb\n";
        let wanted = "a\n<!-- transitions -->\nnew\n<!-- /transitions -->\nb\n";
        assert_eq!(placed(page, "new\n").as_deref(), Some(wanted));
        assert_eq!(placed(wanted, "new\n").as_deref(), Some(wanted));
    }

    #[test]
    fn a_page_without_both_marks_is_not_written() {
        for page in ["", BEGIN, END, "<!-- /transitions --><!-- transitions -->"] {
            assert_eq!(placed(page, "new"), None);
        }
    }
}
