//! `cargo xtask prove`: races, kills and models at full size, of which the tests run a smoke size.

use crate::args::Args;
use crate::shell::{Done, Run};

pub(crate) fn run(mut args: Args) -> Done {
    let (full, json) = (args.flag("--full"), args.flag("--json"));
    let names = args.rest()?;
    let options = [full.then_some("--full"), json.then_some("--json")];
    let prove = prove().args(names);
    prove.args(options.into_iter().flatten()).ours()
}

/// Every proof at smoke size.
pub(crate) fn smoke() -> Done {
    prove().done()
}

fn prove() -> Run {
    Run::cargo("run --quiet --locked --release --package counterseal-proofs --")
}
