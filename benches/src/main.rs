//! `bench [NAME..] [--json]`: each bench runs the floor, the peers and Counterseal in one process.
//!
//! Figures are only comparable within one run. Nothing here fails a build.

mod harness;
mod replay;
mod request;

use std::process::ExitCode;

use harness::Bench;

type Make = fn() -> Bench;

const BENCHES: [(&str, Make); 3] = [
    ("replay_claim", replay::claim),
    ("request_sign", request::sign),
    ("request_verify", request::verify),
];

#[global_allocator]
static ALLOCATOR: replay::Counting = replay::Counting;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    let wanted: Vec<_> = arguments.iter().filter(|a| *a != "--json").collect();
    let is_unknown = |name: &&&String| BENCHES.iter().all(|(known, _)| *name != known);
    if let Some(name) = wanted.iter().find(is_unknown) {
        let known = BENCHES.map(|(name, _)| name).join(", ");
        eprintln!("no bench {name:?}; there are {known}");
        return ExitCode::from(2);
    }
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|w| *w == name) {
            harness::print(&bench().run(), json);
        }
    }
    ExitCode::SUCCESS
}
