//! The demo: its tour, and its page in Debian's Chromium.

use crate::demo::{self, Demo};
use crate::setup;
use crate::shell::{Done, Run};

/// Starts the demo, takes the tour and clicks through the page.
pub(crate) fn run() -> Done {
    setup::browser()?;
    demo::prepare()?;
    let demo = Demo::start()?;
    demo.tour()?;
    let test = Run::new("node").words("--test examples/service/page.test.mjs");
    test.env("SITE", demo.site.url())
        .env("SERVICE_DIR", demo.directory())
        .done()
}
