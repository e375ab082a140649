//! `cargo xtask setup`: everything that the other commands need and cargo does not bring along.
//!
//! Each command asks for its own part, which costs nothing when it is there. Programs of the system are installed where
//! this runs as root on Debian; elsewhere the missing package is named. All else lives in `target/`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::shell::{Done, Run, Stop, at};
use crate::{node, python};

const NEXTEST: &str = "0.9.151";
const DENY: &str = "0.20.2";
const FUZZ: &str = "0.13.2";

pub(crate) fn run(args: Args) -> Done {
    args.end()?;
    python::tools()?;
    node::tools()?;
    browser()?;
    postgres()?;
    redis()?;
    nextest()?;
    deny()?;
    println!("everything is there");
    Ok(())
}

/// Debian's Chromium, for the test of the demo's page.
pub(crate) fn browser() -> Done {
    system("chromium", &|| {
        Run::new("chromium").words("--version").succeeds()
    })
}

/// A Postgres server, which the tests run for themselves.
pub(crate) fn postgres() -> Done {
    system("postgresql", &|| {
        Run::new("initdb").words("--version").succeeds()
    })
}

/// A Redis server, likewise.
pub(crate) fn redis() -> Done {
    system("redis-server", &|| {
        Run::new("redis-server").words("--version").succeeds()
    })
}

pub(crate) fn nextest() -> Done {
    tool("cargo-nextest", NEXTEST, "nextest")
}

pub(crate) fn deny() -> Done {
    tool("cargo-deny", DENY, "deny")
}

pub(crate) fn fuzz() -> Done {
    tool("cargo-fuzz", FUZZ, "fuzz")
}

/// Makes sure that a program of the system is there, by installing Debian's package where this process may.
pub(crate) fn system(package: &str, is_there: &dyn Fn() -> bool) -> Done {
    if is_there() {
        return Ok(());
    }
    let missing = || {
        Stop::unable(format!(
            "missing or too old: install Debian's {package}, or what your system calls it"
        ))
    };
    if !may_install() {
        return Err(missing());
    }
    eprintln!("installing Debian's {package}");
    apt("update")?;
    apt(&format!("install --yes --no-install-recommends {package}"))?;
    is_there().then_some(()).ok_or_else(missing)
}

fn may_install() -> bool {
    is_root() && Path::new("/etc/debian_version").exists()
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn apt(line: &str) -> Done {
    let apt = Run::new("apt-get").words("--quiet --quiet").words(line);
    apt.env("DEBIAN_FRONTEND", "noninteractive").provide()
}

/// A cargo subcommand of the system, or built once into `target/tools`.
fn tool(name: &str, version: &str, subcommand: &str) -> Done {
    if Run::cargo(subcommand).words("--version").succeeds() {
        return Ok(());
    }
    eprintln!("building {name} {version}");
    let install = format!("install --locked --root target/tools --version {version} {name}");
    Run::cargo(&install).provide()
}

/// Makes `result` unless it was made from the same `inputs` before.
///
/// The stamp in `target/stamps` is the inputs themselves, so it is right whatever happened to their dates.
pub(crate) fn once(
    name: &str,
    result: &Path,
    inputs: &[PathBuf],
    make: impl FnOnce() -> Done,
) -> Done {
    let stamp = at("target/stamps").join(name);
    let wanted = contents(inputs)?;
    if result.exists() && fs::read(&stamp).is_ok_and(|had| had == wanted) {
        return Ok(());
    }
    make()?;
    write(&stamp, &wanted)
}

/// Names and contents, one after the other.
fn contents(files: &[PathBuf]) -> Result<Vec<u8>, Stop> {
    let mut contents = Vec::new();
    for file in files {
        contents.extend(format!("\n{}\n", file.display()).bytes());
        contents.extend(fs::read(file).map_err(|error| Stop::file(file, &error))?);
    }
    Ok(contents)
}

/// Writes a file and the directories above it.
pub(crate) fn write(path: &Path, content: &[u8]) -> Done {
    let parent = path.parent().expect("a file has a directory");
    let made = fs::create_dir_all(parent).and_then(|()| fs::write(path, content));
    made.map_err(|error| Stop::file(path, &error))
}
