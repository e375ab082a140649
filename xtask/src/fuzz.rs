//! `cargo xtask fuzz`: each parser and decision under libFuzzer and the address sanitizer, seeded from the vectors.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::args::Args;
use crate::prove::Size;
use crate::setup;
use crate::shell::{Done, Run, Stop, at};

/// The facade, what is below it, and what their tests need.
const PACKED: [&str; 15] = [
    "counterseal",
    "counterseal-core",
    "counterseal-crypto-ring",
    "counterseal-crypto-rustcrypto",
    "counterseal-jwt",
    "counterseal-limit",
    "counterseal-memory",
    "counterseal-refresh",
    "counterseal-replay",
    "counterseal-request",
    "counterseal-sqlite",
    "counterseal-store",
    "counterseal-testkit",
    "counterseal-ttl",
    "counterseal-webhook",
];
const CORPUS: &str = "target/fuzz-corpus";
/// Executions of each target.
const FULL: u64 = 10_000_000;
const SMOKE: u64 = 20_000;
const MANIFEST: &str = "fuzz/Cargo.toml";
/// Where a nightly toolchain builds with the sanitizer; the tests share the project's own directory.
const SANITIZED: &str = "target/fuzz";

pub(crate) fn run(mut args: Args) -> Done {
    let seconds = args.number("--seconds")?.unwrap_or(60);
    let targets = chosen(&args.rest()?)?;
    prepare()?;
    let scratch = Scratch::new()?;
    let until = format!("-max_total_time={seconds}");
    let failed: Vec<_> = targets
        .iter()
        .filter(|target| one(target, &until, &scratch).done().is_err())
        .cloned()
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "found something: {}; see fuzz/artifacts",
        failed.join(", ")
    )))
}

/// Runs each target so many times, and says how often it ran.
pub(crate) fn prove(size: Size) -> Done {
    prepare()?;
    let scratch = Scratch::new()?;
    let wanted = if size == Size::Full { FULL } else { SMOKE };
    let mut failed = Vec::new();
    for target in targets()? {
        let started = Instant::now();
        let (ran, ended) = counted(&target, wanted, &scratch)?;
        let ok = ended && ran >= wanted;
        let verdict = if ok { "ok  " } else { "FAIL" };
        println!(
            "{verdict} fuzz {target}: runs {ran}, seconds {:.0}",
            started.elapsed().as_secs_f64()
        );
        if !ok {
            failed.push(target);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "found something: {}; see fuzz/artifacts",
        failed.join(", ")
    )))
}

/// How often the target ran, by its own count, and whether it ended well.
fn counted(target: &str, runs: u64, scratch: &Scratch) -> Result<(u64, bool), Stop> {
    let until = format!("-runs={runs} -print_final_stats=1");
    let mut command = one(target, &until, scratch).into_command();
    let output = command.output();
    let output = output.map_err(|error| Stop::unable(format!("cargo fuzz: {error}")))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let count = count.and_then(|count| count.trim().parse().ok());
    if !output.status.success() {
        eprintln!("{text}");
    }
    Ok((count.unwrap_or(0), output.status.success()))
}

/// A nightly toolchain, the tool, and the seeds.
fn prepare() -> Done {
    if !Run::cargo("+nightly --version").succeeds() {
        return Err(Stop::unable(
            "missing: a nightly toolchain, `rustup toolchain install nightly`",
        ));
    }
    setup::fuzz()?;
    let seeds = cargo("run").words("--bin seeds -- vectors").args([CORPUS]);
    seeds.done()
}

/// Builds the targets and runs each over its seeds, without libFuzzer, on the toolchain of the project; and fuzzes a handler
/// as others would.
pub(crate) fn check() -> Done {
    let scratch = Scratch::new()?;
    cargo("test").env("TMPDIR", &scratch.0).done()?;
    harness()
}

/// Runs `examples/fuzz` on the crates as they would be published, away from the project.
fn harness() -> Done {
    let packages = PACKED.iter().flat_map(|name| ["--package", name]);
    Run::cargo("package --quiet --locked --no-verify --allow-dirty")
        .args(packages)
        .built()?;
    let place = at("target/harness");
    // It may not be there.
    let _ = fs::remove_dir_all(&place);
    for file in ["Cargo.toml", "src/main.rs"] {
        let source = at("examples/fuzz").join(file);
        let content = fs::read(&source).map_err(|error| Stop::file(&source, &error))?;
        setup::write(&place.join(file), &content)?;
    }
    let version = env!("CARGO_PKG_VERSION");
    let mut run = Run::cargo("run --quiet --manifest-path")
        .args([place.join("Cargo.toml")])
        .words("--target-dir")
        .args([at("target/harness-build")]);
    for name in PACKED {
        let archive = at("target/package").join(format!("{name}-{version}.crate"));
        let unpack = Run::new("tar").words("-xzf").args([&archive]);
        unpack.words("-C").args([&place]).done()?;
        let unpacked = place.join(format!("{name}-{version}"));
        let patch = format!(
            "patch.crates-io.{name}.path={:?}",
            unpacked.display().to_string()
        );
        run = run.words("--config").args([patch]);
    }
    run.done()?;
    println!("ok   fuzz harness: a handler on the packaged crates serves no stranger");
    Ok(())
}

/// An empty directory for the files that targets write, which is removed with the value: in memory where that is to be had,
/// since a target that writes a file in each run is three times as fast there.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Stop> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let path = parent.join(format!("counterseal-fuzz-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| Stop::file(&path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn cargo(command: &str) -> Run {
    let cargo = Run::cargo(command)
        .words("--quiet --locked --manifest-path")
        .args([MANIFEST]);
    cargo.words("--target-dir target")
}

/// The targets of these names; all of them without names.
fn chosen(names: &[String]) -> Result<Vec<String>, Stop> {
    let all = targets()?;
    if let Some(name) = names.iter().find(|name| !all.contains(name)) {
        return Err(Stop::unable(format!(
            "no target {name:?}; there are {}",
            all.join(", ")
        )));
    }
    Ok(if names.is_empty() {
        all
    } else {
        names.to_vec()
    })
}

fn targets() -> Result<Vec<String>, Stop> {
    let directory = at("fuzz/fuzz_targets");
    let entries = fs::read_dir(&directory).map_err(|error| Stop::file(&directory, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let names = paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    if names.is_empty() {
        return Err(Stop::failed("there are no fuzz targets"));
    }
    Ok(names)
}

/// A run of libFuzzer, as long as `until` says.
fn one(target: &str, until: &str, scratch: &Scratch) -> Run {
    let fuzz = Run::cargo("+nightly")
        .words("fuzz run --target-dir")
        .args([at(SANITIZED).as_path()]);
    let fuzz = fuzz.args([target]).args([at(CORPUS).join(target)]);
    // No input may ask for 64 MiB at once, or take seconds under the sanitizer.
    let limits = format!("-- {until} -timeout=2 -malloc_limit_mb=64 -max_len=65536");
    fuzz.words(&limits).env("TMPDIR", &scratch.0)
}
