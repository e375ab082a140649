//! The programs that measure: the crates', the installed wheel's and the installed package's.

use std::path::Path;

use crate::setup::{once, write};
use crate::shell::{Done, Run, Stop, at};
use crate::{node, python, setup};

const RUST: &str = "target/release/bench";
const VENV: &str = "target/venv-bench";
const PINS: &str = "benches/python/requirements.txt";
const PACKAGES: &str = "target/npm-bench";

/// Where a bench runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Rust,
    /// The crates' program, which starts peers of other languages.
    RustAmong,
    /// The crates' program on one core, with the servers that it starts. Which core wakes which is otherwise the scheduler's choice, and
    /// costs as much as what is measured.
    RustOnOneCore,
    Python,
    Node,
}

impl Program {
    pub(crate) const ALL: [Program; 5] = [
        Program::Rust,
        Program::RustAmong,
        Program::RustOnOneCore,
        Program::Python,
        Program::Node,
    ];

    /// Makes it ready to run.
    pub(crate) fn build(self) -> Done {
        match self {
            Program::Rust | Program::RustOnOneCore => build_rust(),
            Program::RustAmong => peers().and_then(|()| build_rust()),
            Program::Python => build_python(),
            Program::Node => build_node(),
        }
    }

    /// Runs one bench in a process of its own: one line of JSON for each item.
    pub(crate) fn run(self, bench: &str) -> Result<String, Stop> {
        let run = match self {
            Program::Rust | Program::RustAmong => Run::new(at(RUST)),
            Program::RustOnOneCore => Run::new("taskset").words("-c 0").args([at(RUST)]),
            Program::Python => Run::new(at(VENV).join("bin/python"))
                .args(["-B"])
                .args([at("benches/python/bench.py")]),
            Program::Node => Run::new("node").args([at(PACKAGES).join("bench.mjs")]),
        };
        run.args([bench]).text()
    }
}

fn build_rust() -> Done {
    setup::postgres()?;
    setup::redis()?;
    let build = "build --quiet --locked --release --manifest-path benches/Cargo.toml";
    Run::cargo(build).words("--target-dir target").built()
}

/// What rotates refresh tokens elsewhere: an environment of Python and a directory of Node, with nothing of ours in them.
fn peers() -> Done {
    let (venv, pins) = ("target/venv-peers", "benches/python/rotate.txt");
    python::tools()?;
    once("venv-peers", &at(venv).join("bin/pip"), &[at(pins)], || {
        python::fresh(venv)?;
        python::pip(venv)
            .words("--requirement")
            .args([pins])
            .provide()
    })?;
    let packages = at("target/npm-peers");
    copy(&packages, "rotate.mjs", "rotate.mjs")?;
    copy(&packages, "rotate.json", "package.json")?;
    let install = Run::new("npm").words("install --silent --no-audit --no-fund --no-save");
    install.within(&packages).provide()
}

/// The wheel and its peer, in an environment without any sources.
fn build_python() -> Done {
    let wheel = python::wheel()?;
    once("venv-bench", &at(VENV).join("bin/pip"), &[at(PINS)], || {
        python::fresh(VENV)?;
        python::pip(VENV)
            .words("--requirement")
            .args([PINS])
            .provide()
    })?;
    let install = python::pip(VENV).words("--force-reinstall --no-index --no-deps");
    install.args([wheel]).built()
}

/// The package and its peers, beside a copy of the program: modules are looked for where it stands.
fn build_node() -> Done {
    let tarball = node::tarball()?;
    let packages = at(PACKAGES);
    for file in ["package.json", "bench.mjs", "harness.mjs", "tokens.mjs"] {
        copy(&packages, file, file)?;
    }
    install(&packages, &tarball)
}

/// Puts a file of the programs of Node into this directory.
fn copy(packages: &Path, file: &str, name: &str) -> Done {
    let from = at("benches/node").join(file);
    let content = std::fs::read(&from).map_err(|error| Stop::file(&from, &error))?;
    write(&packages.join(name), &content)
}

fn install(packages: &Path, tarball: &Path) -> Done {
    let install = Run::new("npm").words("install --silent --no-audit --no-fund --no-save");
    install.args([tarball]).within(packages).provide()
}
