//! `cargo xtask test`: every check of the project, in parts that can be run alone.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::args::Args;
use crate::shell::{Done, Run, Stop, at};
use crate::{browser, count, fuzz, node, prove, python, setup, sockets, vectors};

/// A part of the tests, and what it shows.
struct Part {
    name: &'static str,
    shows: &'static str,
    /// Whether it has tests that can be counted; if none of them ran, it fails.
    counts: bool,
    run: fn() -> Done,
}

/// The parts, quick ones first.
const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        shows: "Rust is formatted by rustfmt",
        counts: false,
        run: fmt,
    },
    Part {
        name: "deny",
        shows: "dependencies keep to deny.toml",
        counts: false,
        run: deny,
    },
    Part {
        name: "clippy",
        shows: "no lint of Rust has anything to say",
        counts: false,
        run: clippy,
    },
    Part {
        name: "rust",
        shows: "unit, property, conformance and structure tests",
        counts: true,
        run: rust,
    },
    Part {
        name: "doc",
        shows: "examples in the docs run, and the docs have no broken link",
        counts: true,
        run: doc,
    },
    Part {
        name: "nostd",
        shows: "the pure crates need no std",
        counts: false,
        run: nostd,
    },
    Part {
        name: "loom",
        shows: "the ring holds under every interleaving of its words",
        counts: true,
        run: loom,
    },
    Part {
        name: "fuzz",
        shows: "the fuzz targets compile",
        counts: true,
        run: fuzz::check,
    },
    Part {
        name: "prove",
        shows: "races, kills and models at smoke size",
        counts: true,
        run: prove::smoke,
    },
    Part {
        name: "vectors",
        shows: "one verdict in Rust, Python and Node",
        counts: true,
        run: vectors::all,
    },
    Part {
        name: "python",
        shows: "the wheel in an environment of its own",
        counts: true,
        run: python::test,
    },
    Part {
        name: "node",
        shows: "the packed npm package in a directory of its own",
        counts: true,
        run: node::test,
    },
    Part {
        name: "sockets",
        shows: "one verdict over sockets to uvicorn, Node and Next.js",
        counts: true,
        run: sockets::run,
    },
    Part {
        name: "browser",
        shows: "the demo's tour on each store, and its page in Chromium",
        counts: true,
        run: browser::run,
    },
];

pub(crate) fn run(mut args: Args) -> Done {
    if args.flag("--list") {
        for part in PARTS {
            println!("{:<8} {}", part.name, part.shows);
        }
        return args.end();
    }
    let parts = parts(&args.rest()?)?;
    match parts.as_slice() {
        [part] => (part.run)(),
        _ => each(&parts),
    }
}

/// The parts of these names; all of them without names.
fn parts(names: &[String]) -> Result<Vec<&'static Part>, Stop> {
    if names.is_empty() {
        return Ok(PARTS.iter().collect());
    }
    let found = names.iter().map(|name| {
        let part = PARTS.iter().find(|part| part.name == name);
        part.ok_or_else(|| {
            Stop::unable(format!(
                "no part {name:?}; `cargo xtask test --list` names them"
            ))
        })
    });
    found.collect()
}

/// Runs each part on its own, whatever became of those before, with a line for each.
fn each(parts: &[&Part]) -> Done {
    // Asked for once: a part may build this very program anew.
    let program = std::env::current_exe().map_err(|error| Stop::unable(error.to_string()))?;
    let begun = Instant::now();
    let mut bad = Vec::new();
    let (mut found_out, mut passed) = (false, 0);
    for part in parts {
        let log = at("target/test").join(part.name).with_extension("log");
        let begun = Instant::now();
        let status = alone(&program, part, &log)?;
        let (seconds, text) = (begun.elapsed().as_secs(), read(&log));
        let ran = count::passed(&text);
        passed += ran;
        let good = status.success() && (ran > 0 || !part.counts);
        println!(
            "{:<6} {:<8} {seconds:>4} s{}",
            if good { "ok" } else { "FAILED" },
            part.name,
            if part.counts {
                format!(" {ran:>5} passed")
            } else {
                String::new()
            },
        );
        if !good {
            println!("{}", tail(&text));
            found_out |= status.code() != Some(2);
            bad.push(part.name);
        }
    }
    let seconds = begun.elapsed().as_secs();
    println!(
        "{} parts in {seconds} s: {passed} tests passed, {} parts failed",
        parts.len(),
        bad.len()
    );
    if bad.is_empty() {
        return Ok(());
    }
    let stop = if found_out {
        Stop::Failed
    } else {
        Stop::Unable
    };
    Err(stop(format!(
        "failed: {}; logs in target/test",
        bad.join(", ")
    )))
}

/// Runs a part in a process of its own; what it prints goes to the log.
fn alone(program: &Path, part: &Part, log: &Path) -> Result<ExitStatus, Stop> {
    setup::write(log, b"")?;
    let open = || File::options().append(true).open(log);
    let streams = open().and_then(|out| Ok((out, open()?)));
    let (out, err) = streams.map_err(|error| Stop::file(log, &error))?;
    let status = Command::new(program)
        .args(["test", part.name])
        .stdout(out)
        .stderr(err)
        .status();
    status.map_err(|error| Stop::unable(error.to_string()))
}

/// What a part printed.
fn read(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// The end of a log, indented.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.len().saturating_sub(40);
    let indented: Vec<_> = lines[end..]
        .iter()
        .map(|line| format!("    {line}"))
        .collect();
    indented.join("\n")
}

/// The manifests of the workspaces.
const WORKSPACES: [&str; 4] = [
    "Cargo.toml",
    "benches/Cargo.toml",
    "fuzz/Cargo.toml",
    "probe-nostd/Cargo.toml",
];

fn fmt() -> Done {
    WORKSPACES.iter().try_for_each(|manifest| {
        Run::cargo("fmt --all --check --manifest-path")
            .args([manifest])
            .done()
    })
}

fn deny() -> Done {
    setup::deny()?;
    for manifest in WORKSPACES {
        let fetch = Run::cargo("fetch --quiet --locked --manifest-path");
        fetch.args([manifest]).provide()?;
        let deny = Run::cargo("deny").words("--offline --locked --config deny.toml");
        let deny = deny.args(["--manifest-path", manifest]);
        deny.words("check --hide-inclusion-graph bans licenses sources")
            .done()?;
    }
    Ok(())
}

fn clippy() -> Done {
    for manifest in WORKSPACES {
        // The probe is no program that runs, and says so to rustc; only the library can be looked at.
        let targets = if manifest.starts_with("probe") {
            "--lib"
        } else {
            "--all-targets"
        };
        // One directory for all: what the workspaces have in common is checked once.
        let clippy = Run::cargo("clippy --quiet --locked --workspace --target-dir target");
        let clippy = clippy.args([targets, "--manifest-path", manifest]);
        clippy.words("-- --deny warnings").done()?;
    }
    Ok(())
}

fn rust() -> Done {
    setup::nextest()?;
    setup::postgres()?;
    setup::redis()?;
    Run::cargo("nextest").words("run --locked --workspace --all-features --no-fail-fast --status-level fail --final-status-level fail --show-progress none").done()
}

fn doc() -> Done {
    Run::cargo("test --quiet --locked --doc --workspace --all-features").done()?;
    let docs = Run::cargo("doc --quiet --locked --no-deps --workspace --all-features");
    docs.env("RUSTDOCFLAGS", "--deny warnings").done()
}

/// Builds the probe, and shows that the probe would notice: with std in its tree it must not build.
fn nostd() -> Done {
    let probe = || {
        Run::cargo(
            "build --quiet --locked --manifest-path probe-nostd/Cargo.toml --target-dir target/nostd",
        )
    };
    probe().done()?;
    if probe().words("--features poison").succeeds() {
        return Err(Stop::failed(
            "the probe builds with std in its tree, so it shows nothing",
        ));
    }
    println!("no std, and the probe fails with it");
    Ok(())
}

fn loom() -> Done {
    let loom = Run::cargo(
        "test --quiet --locked --release --package counterseal-replay --test loom --test loom_cells --target-dir target/loom",
    );
    loom.env("RUSTFLAGS", "--cfg loom").done()
}
