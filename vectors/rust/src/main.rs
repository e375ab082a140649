//! Runs vectors, checks them, and writes those that are checked in.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use counterseal_vectors::{Case, File, Observation, difference, generate, run};
use serde::Serialize;

/// What a run prints for each case.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a Path,
    id: &'a str,
    lang: &'static str,
    #[serde(flatten)]
    seen: Observation,
}

/// Why a command ended early: what to print, and the exit code.
struct Stopped(String, u8);

type Done = Result<(), Stopped>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["run", paths @ ..] if !paths.is_empty() => for_each_case(paths, print),
        ["check", paths @ ..] if !paths.is_empty() => check(paths),
        ["generate"] => write_all(),
        ["generate", "--check"] => check_all(),
        _ => Err(Stopped(USAGE.into(), 2)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stopped(text, code)) => {
            // Whoever reads neither stream still gets the exit code.
            let _ = writeln!(io::stderr(), "{text}");
            ExitCode::from(code)
        }
    }
}

/// Runs every case of every file and hands over what came of it.
fn for_each_case(paths: &[&str], mut then: impl FnMut(&Path, &Case, Observation) -> Done) -> Done {
    for path in files(paths)? {
        let stopped =
            |what: &dyn std::fmt::Display| Stopped(format!("{}: {what}", path.display()), 2);
        let file = File::read(&path).map_err(|error| stopped(&error))?;
        for case in &file.cases {
            let seen = run(&file.room, &file.op, case);
            let seen = seen.map_err(|error| stopped(&format_args!("{:?}: {error}", case.id)))?;
            then(&path, case, seen)?;
        }
    }
    Ok(())
}

fn print(file: &Path, case: &Case, seen: Observation) -> Done {
    let line = Line {
        file,
        id: &case.id,
        lang: "rust",
        seen,
    };
    let failed = |error: &dyn std::fmt::Display| Stopped(format!("standard output: {error}"), 2);
    let text = serde_json::to_string(&line).map_err(|error| failed(&error))?;
    writeln!(io::stdout(), "{text}").map_err(|error| failed(&error))
}

fn check(paths: &[&str]) -> Done {
    let (mut count, mut wrong) = (0_usize, Vec::new());
    for_each_case(paths, |file, case, seen| {
        count += 1;
        let found = difference(case, &seen);
        wrong.extend(found.map(|what| format!("{}: {}: {what}", file.display(), case.id)));
        Ok(())
    })?;
    if wrong.is_empty() {
        return say(&format!("{count} cases as expected"));
    }
    Err(Stopped(wrong.join("\n"), 1))
}

/// The files, and those of each directory in the order of their names.
fn files(paths: &[&str]) -> Result<Vec<PathBuf>, Stopped> {
    let mut files = Vec::new();
    for path in paths {
        let path = Path::new(path);
        if !path.is_dir() {
            files.push(path.into());
            continue;
        }
        files.extend(
            inside(path).map_err(|error| Stopped(format!("{}: {error}", path.display()), 2))?,
        );
    }
    Ok(files)
}

fn inside(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = directory
        .read_dir()?
        .map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    Ok(files)
}

fn write_all() -> Done {
    let written = generate::write().map_err(|error| Stopped(error.to_string(), 2))?;
    say(&format!("{written} files written"))
}

fn check_all() -> Done {
    let stale = generate::stale().map_err(|error| Stopped(error.to_string(), 2))?;
    if stale.is_empty() {
        return say("the vectors are as generated");
    }
    Err(Stopped(
        format!("not as generated: {}", stale.join(", ")),
        1,
    ))
}

fn say(text: &str) -> Done {
    writeln!(io::stdout(), "{text}").map_err(|error| Stopped(error.to_string(), 2))
}

const USAGE: &str = "\
usage: vectors run FILE_OR_DIRECTORY..    print what came of each case, a line of JSON each
       vectors check FILE_OR_DIRECTORY..  compare that with what each case expects
       vectors generate [--check]         write the vectors of this project, or compare";
