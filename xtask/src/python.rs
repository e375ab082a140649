//! The Python side: its tools, and the wheel.

use std::fs;
use std::path::PathBuf;

use crate::setup::{self, once, system};
use crate::shell::{Done, Run, Stop, at};

const PACKAGE: &str = "bindings/python";
const VENV: &str = "target/venv";
/// An environment that each test of the wheel makes anew.
const CLEAN: &str = "target/venv-wheel";
const WHEELS: &str = "target/wheels";
const PINS: &str = "bindings/python/requirements-dev.txt";

/// The interpreter of `target/venv`, or another program in it.
pub(crate) fn program(name: &str) -> Run {
    Run::new(at(VENV).join("bin").join(name))
}

/// Maturin, pytest and the rest at the versions that are checked in, in `target/venv`.
pub(crate) fn tools() -> Done {
    system("python3-venv", &|| {
        Run::new("python3").args(["-c", NEW_ENOUGH]).succeeds()
    })?;
    once("venv", &at(VENV).join("bin/pip"), &[at(PINS)], || {
        eprintln!("making {VENV}");
        fresh(VENV)?;
        pip(VENV).words("--requirement").args([PINS]).provide()
    })
}

/// A new environment with nothing in it.
pub(crate) fn fresh(venv: &str) -> Done {
    Run::new("python3")
        .words("-m venv --clear")
        .args([venv])
        .provide()
}

/// `pip install` in an environment.
pub(crate) fn pip(venv: &str) -> Run {
    let python = Run::new(at(venv).join("bin/python"));
    python.words("-m pip --quiet --disable-pip-version-check install")
}

/// Builds the wheel as it ships.
pub(crate) fn wheel() -> Result<PathBuf, Stop> {
    tools()?;
    let built = at(WHEELS);
    // Only the wheel of this build may be left to be found.
    let _ = fs::remove_dir_all(&built);
    let maturin = program("maturin")
        .words("build --quiet --release --locked --out")
        .args([WHEELS]);
    maturin
        .words("--manifest-path bindings/python/Cargo.toml")
        .built()?;
    let entries = fs::read_dir(&built).map_err(|error| Stop::file(&built, &error))?;
    let mut wheels = entries.filter_map(|entry| Some(entry.ok()?.path()));
    wheels
        .next()
        .ok_or_else(|| Stop::failed("maturin built no wheel"))
}

/// Builds the wheel and installs it in `target/venv`.
pub(crate) fn package() -> Done {
    let wheel = wheel()?;
    pip(VENV)
        .words("--force-reinstall --no-deps")
        .args([wheel])
        .built()
}

/// The wheel alone in a new environment, then with what its tests need; the sources are not on the path.
pub(crate) fn test() -> Done {
    setup::postgres()?;
    setup::redis()?;
    let wheel = wheel()?;
    fresh(CLEAN)?;
    pip(CLEAN)
        .words("--no-index --no-deps")
        .args([&wheel])
        .done()?;
    clean("python").args(["-c", ALONE]).done()?;
    pip(CLEAN).words("--requirement").args([PINS]).provide()?;
    format_and_lint()?;
    let mypy = |line: &str| clean("python").words("-m").words(line);
    mypy("mypy python tests").within(at(PACKAGE)).done()?;
    mypy("mypy").within(at("examples")).done()?;
    let stubtest = mypy("mypy.stubtest counterseal._counterseal");
    stubtest.within(at(PACKAGE)).done()?;
    let pytest = clean("pytest")
        .within(at(CLEAN))
        .words("-p no:cacheprovider --quiet -c");
    pytest
        .args([
            at(PACKAGE).join("pyproject.toml"),
            at(PACKAGE).join("tests"),
        ])
        .done()
}

fn format_and_lint() -> Done {
    let places = [PACKAGE, "examples", "benches/python"];
    program("ruff")
        .words("check --quiet --no-cache")
        .args(places)
        .done()?;
    program("ruff")
        .words("format --quiet --no-cache --check")
        .args(places)
        .done()
}

fn clean(name: &str) -> Run {
    Run::new(at(CLEAN).join("bin").join(name))
}

/// Python 3.10 is the oldest that the package supports, and Debian keeps what makes environments in a package of its own.
const NEW_ENOUGH: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";

/// The package needs nothing but itself, and comes from the environment.
const ALONE: &str = "\
import sys, counterseal, counterseal.limit, counterseal.replay, counterseal.request, counterseal.stores, counterseal.webhook
assert counterseal.__file__.startswith(sys.prefix), counterseal.__file__";
