//! The list of this project's commands: `cargo xtask` prints it.
//!
//! Exit codes: 0 it holds, 1 it does not, 2 it could not be found out (wrong arguments, something missing).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to whoever runs it"
)]

mod args;
mod bench;
mod browser;
mod canary;
mod codes;
mod count;
mod demo;
mod fuzz;
mod memcheck;
mod node;
mod prove;
mod python;
mod setup;
mod shell;
mod sockets;
mod test;
mod transitions;
mod vectors;

use std::process::ExitCode;

use crate::args::Args;
use crate::shell::{Done, Stop};

/// One command.
struct Command {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(Args) -> Done,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "bench",
        arguments: "[NAME..] [--runs N] [--json] [--plot]",
        help: "times hot paths beside their floors and peers; --plot writes docs/performance.md",
        run: bench::run,
    },
    Command {
        name: "codes",
        arguments: "[--check]",
        help: "writes the list of codes for each language and for the docs",
        run: codes::run,
    },
    Command {
        name: "demo",
        arguments: "[--check] [--store postgres|redis]",
        help: "starts FastAPI and Next.js on loopback and tours what they refuse",
        run: demo::run,
    },
    Command {
        name: "fuzz",
        arguments: "[TARGET..] [--seconds N]",
        help: "fuzzes each parser for so long, on a nightly toolchain",
        run: fuzz::run,
    },
    Command {
        name: "prove",
        arguments: "[NAME..] [--full] [--json]",
        help: "runs races, kills, models and counted fuzzing; smoke size unless --full",
        run: prove::run,
    },
    Command {
        name: "setup",
        arguments: "",
        help: "installs what the other commands need; they call it themselves",
        run: setup::run,
    },
    Command {
        name: "test",
        arguments: "[PART..]",
        help: "runs all tests, or these parts; `test --list` names them",
        run: test::run,
    },
    Command {
        name: "transitions",
        arguments: "[--check]",
        help: "writes what the rule of refresh tokens does in each state, for its page",
        run: transitions::run,
    },
    Command {
        name: "vectors",
        arguments: "[--path FILE_OR_DIR].. [--lang rust,python,node] [--json]",
        help: "runs vectors in each language and compares what came of them",
        run: vectors::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let done = match words.next().as_deref() {
        None | Some("help" | "--help" | "-h") => {
            print!("{}", usage());
            return ExitCode::SUCCESS;
        }
        Some(name) => run(name, words.collect()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("{stop}");
            ExitCode::from(stop.exit_code())
        }
    }
}

fn run(name: &str, words: Vec<String>) -> Done {
    let command = COMMANDS.iter().find(|command| command.name == name);
    let Some(command) = command else {
        return Err(Stop::unable(format!("no command {name:?}\n{}", usage())));
    };
    (command.run)(Args::new(words))
}

fn usage() -> String {
    let lines = COMMANDS.iter().map(|command| {
        let call = format!("{} {}", command.name, command.arguments);
        format!("  {call:<66} {}\n", command.help)
    });
    format!("usage: cargo xtask COMMAND\n{}", lines.collect::<String>())
}
