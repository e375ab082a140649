//! The Node side: its tools, and the package.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::setup::{self, once, system, write};
use crate::shell::{Done, Run, Stop, at, root};

const PACKAGE: &str = "bindings/node";
const PACKED: &str = "target/npm";
/// A directory that each test of the package makes anew.
const CLEAN: &str = "target/npm-clean";

/// npm, in the directory of the package.
pub(crate) fn npm(line: &str) -> Run {
    Run::new("npm").words(line).within(at(PACKAGE))
}

/// What `package-lock.json` says, in `bindings/node/node_modules`.
pub(crate) fn tools() -> Done {
    system("nodejs", &|| {
        Run::new("node").args(["-e", NEW_ENOUGH]).succeeds()
    })?;
    system("npm", &|| Run::new("npm").words("--version").succeeds())?;
    let lock = at(PACKAGE).join("package-lock.json");
    once("node", &at(PACKAGE).join("node_modules"), &[lock], || {
        eprintln!("installing the Node tools");
        npm("ci --no-audit --no-fund --loglevel=error").provide()
    })
}

/// Builds the addon as it ships, beside the package's own files.
pub(crate) fn addon() -> Done {
    tools()?;
    npm("run --silent build").built()
}

/// Builds the addon and packs the package as it would be published.
pub(crate) fn tarball() -> Result<PathBuf, Stop> {
    addon()?;
    let packed = at(PACKED);
    fs::create_dir_all(&packed).map_err(|error| Stop::file(&packed, &error))?;
    let name = npm("pack --silent --pack-destination")
        .args([&packed])
        .text()?;
    Ok(packed.join(name.trim()))
}

/// The packed package in a new directory, with the tests beside it and the sources out of reach.
pub(crate) fn test() -> Done {
    setup::postgres()?;
    setup::redis()?;
    let tarball = tarball()?;
    npm("run --silent types").done()?;
    npm("run --silent lint").done()?;
    for place in ["examples", "benches/node"] {
        let biome = Run::new(at(PACKAGE).join("node_modules/.bin/biome"));
        let biome = biome.words("ci --error-on-warnings").within(at(place));
        biome.done()?;
    }
    let clean = at(CLEAN);
    // It may not be there.
    let _ = fs::remove_dir_all(&clean);
    write(&clean.join("package.json"), br#"{ "private": true }"#)?;
    let install = Run::new("npm").words("install --silent --no-audit --no-fund");
    install
        .args([tarball])
        .args(drivers()?)
        .within(&clean)
        .provide()?;
    copy(&at(PACKAGE).join("test"), &clean.join("test"))?;
    let test = Run::new("node").words("--test test/").within(&clean);
    test.env("COUNTERSEAL_ROOT", root()).done()
}

/// The database drivers and other implementations that the tests need, at the versions of the package's own tools: all of these but those
/// that build, check and lint.
fn drivers() -> Result<Vec<String>, Stop> {
    let manifest = at(PACKAGE).join("package.json");
    let text = fs::read(&manifest).map_err(|error| Stop::file(&manifest, &error))?;
    let manifest: Value = serde_json::from_slice(&text).unwrap_or_default();
    let missing = || Stop::failed("package.json names no packages for the tests");
    let named = manifest["devDependencies"]
        .as_object()
        .ok_or_else(missing)?;
    let of_tests = named
        .iter()
        .filter(|(name, _)| !name.starts_with('@') && *name != "typescript");
    let pinned =
        of_tests.filter_map(|(name, version)| Some(format!("{name}@{}", version.as_str()?)));
    Ok(pinned.collect())
}

fn copy(from: &Path, to: &Path) -> Done {
    Run::new("cp").args(["-R".as_ref(), from, to]).done()
}

/// Node 20 is the oldest that the package supports.
const NEW_ENOUGH: &str = "process.exit(Number(process.versions.node.split('.')[0]) >= 20 ? 0 : 1)";
