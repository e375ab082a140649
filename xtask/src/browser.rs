//! The demo: its tour on each store, and its page in Debian's Chromium.

use crate::demo::database::Database;
use crate::demo::{self, Demo, Pace};
use crate::setup;
use crate::shell::{Done, Run, at};

/// Takes the tour on each store, and clicks through the pages of a site whose sessions do not wait.
pub(crate) fn run() -> Done {
    setup::browser()?;
    demo::prepare()?;
    for store in ["files", "postgres", "redis"] {
        Demo::start(Database::start(&[store.into()])?, Pace::Real)?.tour()?;
    }
    let demo = Demo::start(None, Pace::Quick)?;
    // One after the other: whoever ends all sessions of somebody ends those of the other file, too.
    let tests = ["page", "sessions"].map(|name| at(&format!("examples/service/{name}.test.mjs")));
    let test = Run::new("node")
        .words("--test --test-concurrency=1")
        .args(tests);
    test.env("SITE", demo.site.url())
        .env("SERVICE_DIR", demo.directory())
        .done()
}
