//! `prove [NAME..] [--full] [--json]`: races, kills, clock steps and floods on real stores and processes.
//!
//! Without a name all of them run. Each check prints a line with its figures; the exit code is 1 when one
//! fails and 2 when a name is unknown. A harness that could not fail proves nothing, so each race is also
//! run against a store that is wrong on purpose, and must find that out.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command

mod clock;
mod flood;
mod fresh;
mod kill;
mod race;
mod replace;
mod report;
mod worker;

use std::process::ExitCode;

use report::Report;

/// How much of it to run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Full,
    Smoke,
}

type Proof = fn(Size, &mut Report);

const PROOFS: [(&str, Proof); 7] = [
    ("clock-steps", clock::prove),
    ("flood", flood::prove),
    ("ring-race", race::prove_threads),
    ("shared-kill", kill::prove),
    ("shared-race", race::prove_processes),
    ("shared-replace", replace::prove_replace),
    ("shared-restart", replace::prove_restart),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| first == worker::COMMAND)
    {
        return worker::main(&arguments[1..]);
    }
    let is_option = |argument: &&String| argument.starts_with("--");
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(is_option);
    let unknown_option = |option: &&&String| !["--full", "--json"].contains(&option.as_str());
    let unknown_name = |name: &&&String| !PROOFS.iter().any(|(known, _)| *known == ***name);
    let mut unknown = options.iter().filter(unknown_option);
    if let Some(what) = unknown.next().or(names.iter().find(unknown_name)) {
        let known: Vec<_> = PROOFS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "no proof or option `{what}`; there are --full, --json, {}",
            known.join(", ")
        );
        return ExitCode::from(2);
    }
    let has = |option: &str| options.iter().any(|given| *given == option);
    let size = if has("--full") {
        Size::Full
    } else {
        Size::Smoke
    };
    let mut report = Report::new(has("--json"));
    for (name, prove) in PROOFS {
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            report.begin(name);
            prove(size, &mut report);
        }
    }
    report.end()
}

impl Size {
    /// A figure for each size.
    const fn pick(self, smoke: u64, full: u64) -> u64 {
        match self {
            Size::Full => full,
            Size::Smoke => smoke,
        }
    }
}
