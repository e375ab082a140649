//! The site: its packages, its build, its server.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::demo::Pace;
use crate::node;
use crate::setup::once;
use crate::shell::{Done, Run, Stop, at};

const EXAMPLES: &str = "examples";
const SITE: &str = "examples/service/frontend";
const PACKAGE: &str = "bindings/node";
/// The package as the site has it: a copy, because bundlers follow links.
const COPY: &str = "examples/node_modules/counterseal";

/// Builds the addon, installs it beside what the site needs, and builds the site unless nothing changed.
pub(crate) fn build() -> Done {
    install()?;
    build_app("site", SITE)
}

/// Starts the production server.
pub(crate) fn serve(directory: &Path, service: &str, address: SocketAddr, pace: Pace) -> Run {
    let next = next_start(SITE, address)
        .env("SERVICE_DIR", directory)
        .env("SERVICE_URL", service);
    let next = next.env("SITE_AUTHORITY", address.to_string());
    match pace {
        Pace::Real => next,
        Pace::Quick => next.env("SITE_PACE", "quick"),
    }
}

/// What `examples/package-lock.json` says, and a fresh copy of the package.
pub(crate) fn install() -> Done {
    node::addon()?;
    let lock = at(EXAMPLES).join("package-lock.json");
    once(
        "examples",
        &at(EXAMPLES).join("node_modules/next"),
        &[lock],
        || {
            println!("installing what the examples need");
            npm("ci").provide()
        },
    )?;
    let package = files(&at(PACKAGE))?;
    once("examples-copy", &at(COPY), &package, || {
        // npm leaves a copy of the same version as it is. It may not be there.
        let _ = fs::remove_dir_all(at(COPY));
        npm("install --prefer-offline").provide()
    })
}

/// Builds a Next.js application unless it and the package are what they were.
pub(crate) fn build_app(name: &str, app: &str) -> Done {
    let mut inputs = files(&at(app))?;
    inputs.extend(files(&at(COPY))?);
    once(name, &at(app).join(".next/BUILD_ID"), &inputs, || {
        println!("building the {name}");
        next("build").within(at(app)).done()
    })
}

/// The production server of an application, as one process: `npx next start` would leave one behind.
pub(crate) fn next_start(app: &str, address: SocketAddr) -> Run {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    next("start")
        .args(["--hostname", &host, "--port", &port])
        .within(at(app))
}

fn next(line: &str) -> Run {
    let next = Run::new("node").args([at(EXAMPLES).join("node_modules/next/dist/bin/next")]);
    next.words(line).env("NEXT_TELEMETRY_DISABLED", "1")
}

fn npm(line: &str) -> Run {
    Run::new("npm")
        .words(line)
        .words("--no-audit --no-fund --loglevel=error")
        .within(at(EXAMPLES))
}

/// The files of a package or application that its build is made from, in order.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Stop> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).map_err(|error| Stop::file(directory, &error))?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if MADE.iter().any(|made| name == *made) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What builds leave behind.
const MADE: &[&str] = &[
    "node_modules",
    ".next",
    "next-env.d.ts",
    "target",
    "tsconfig.tsbuildinfo",
];
