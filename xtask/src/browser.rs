//! The demo: its tour on each store, and its page in Debian's Chromium.

use crate::demo::database::Database;
use crate::demo::{self, Demo};
use crate::setup;
use crate::shell::{Done, Run};

/// Starts the demo, takes the tour and clicks through the page; and takes the tour on databases.
pub(crate) fn run() -> Done {
    setup::browser()?;
    demo::prepare()?;
    for store in ["postgres", "redis"] {
        Demo::start(Database::start(&[store.into()])?)?.tour()?;
    }
    let demo = Demo::start(None)?;
    demo.tour()?;
    let test = Run::new("node").words("--test examples/service/page.test.mjs");
    test.env("SITE", demo.site.url())
        .env("SERVICE_DIR", demo.directory())
        .done()
}
