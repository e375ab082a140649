//! `cargo xtask bench`: hot paths beside their floors and peers.

use crate::args::Args;
use crate::shell::{Done, Run};

pub(crate) fn run(mut args: Args) -> Done {
    let json = args.flag("--json");
    let names = args.rest()?;
    let bench = Run::cargo(
        "run --quiet --locked --release --manifest-path benches/Cargo.toml --target-dir target --",
    );
    bench.args(names).args(json.then_some("--json")).ours()
}
