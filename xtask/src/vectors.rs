//! `cargo xtask vectors`: the same cases in each language, compared with what they expect and with each other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::args::Args;
use crate::shell::{Done, Run, Stop, at};
use crate::{node, python};

/// A language with a runner.
struct Language {
    name: &'static str,
    /// Builds what the runner needs.
    build: fn() -> Done,
    /// The runner, which takes paths of files.
    runner: fn() -> Run,
}

const LANGUAGES: &[Language] = &[
    Language {
        name: "rust",
        build: || Run::cargo("build --quiet --locked --package counterseal-vectors").built(),
        runner: || Run::cargo("run --quiet --locked --package counterseal-vectors -- run"),
    },
    Language {
        name: "python",
        build: python::package,
        runner: || python::program("python").args(["bindings/python/tests/run_vectors.py"]),
    },
    Language {
        name: "node",
        build: node::addon,
        runner: || Run::new("node").args(["bindings/node/test/run-vectors.mjs"]),
    },
];

/// A file of vectors, as it was named and as it can be opened from anywhere.
#[derive(Clone)]
struct VectorFile {
    shown: String,
    path: PathBuf,
}

/// A case: the file as it can be opened, and the id.
type Case = (String, String);

/// The project's own vectors in every language.
pub(crate) fn all() -> Done {
    run(Args::new(Vec::new()))
}

pub(crate) fn run(mut args: Args) -> Done {
    let json = args.flag("--json");
    let files = files(&args.values("--path")?)?;
    let languages = languages(&args.values("--lang")?)?;
    args.end()?;
    let expected = expected(&files)?;
    let mut wrong = Vec::new();
    for language in languages {
        (language.build)()?;
        let seen = observe(language, &files)?;
        if json {
            print(language, &files, &expected, &seen)?;
        }
        wrong.extend(differences(language, &expected, &seen));
    }
    if !wrong.is_empty() {
        return Err(Stop::failed(wrong.join("\n")));
    }
    if !json {
        println!("{} cases as expected in each language", expected.len());
    }
    Ok(())
}

/// Every case of the project's own vectors.
pub(crate) fn cases() -> Result<Vec<Value>, Stop> {
    let mut cases = Vec::new();
    for file in files(&[])? {
        cases.extend(
            read(&file.path)?["cases"]
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
    }
    Ok(cases)
}

fn languages(lists: &[String]) -> Result<Vec<&'static Language>, Stop> {
    if lists.is_empty() {
        return Ok(LANGUAGES.iter().collect());
    }
    let names = lists.iter().flat_map(|list| list.split(','));
    let found = names.map(|name| {
        let language = LANGUAGES.iter().find(|language| language.name == name);
        language.ok_or_else(|| Stop::unable(format!("no language {name:?}")))
    });
    found.collect()
}

/// The files that were named, and those of the directories that were named; without names, the project's own.
fn files(paths: &[String]) -> Result<Vec<VectorFile>, Stop> {
    let mut files = Vec::new();
    if paths.is_empty() {
        search("vectors", &at("vectors"), &mut files)?;
    }
    for path in paths {
        let place = fs::canonicalize(path).map_err(|error| Stop::file(Path::new(path), &error))?;
        if !place.is_dir() {
            files.push(VectorFile {
                shown: path.clone(),
                path: place,
            });
            continue;
        }
        let before = files.len();
        search(path.trim_end_matches('/'), &place, &mut files)?;
        if files.len() == before {
            return Err(Stop::unable(format!("{path}: no vectors in there")));
        }
    }
    Ok(files)
}

/// The vector files of a directory and those below it. Other JSON lives beside them, and says by its schema that it is other.
fn search(shown: &str, directory: &Path, files: &mut Vec<VectorFile>) -> Done {
    let entries = fs::read_dir(directory).map_err(|error| Stop::file(directory, &error))?;
    let mut places: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    places.sort();
    for path in places {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shown = format!("{shown}/{name}");
        if path.is_dir() {
            search(&shown, &path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "json") && !is_other(&path)? {
            files.push(VectorFile { shown, path });
        }
    }
    Ok(())
}

fn is_other(path: &Path) -> Result<bool, Stop> {
    let content = read(path)?;
    let is_schema = content.get("$schema").is_some();
    Ok(is_schema
        || content["schema"]
            .as_str()
            .is_some_and(|schema| schema != SCHEMA))
}

fn read(path: &Path) -> Result<Value, Stop> {
    let text = fs::read(path).map_err(|error| Stop::file(path, &error))?;
    let broken = |error| Stop::unable(format!("{}: {error}", path.display()));
    serde_json::from_slice(&text).map_err(broken)
}

/// Every case with what must come of it.
fn expected(files: &[VectorFile]) -> Result<BTreeMap<Case, Value>, Stop> {
    let mut expected = BTreeMap::new();
    for VectorFile { shown, path, .. } in files {
        let content = read(path)?;
        let is_vectors = content["schema"] == SCHEMA;
        let cases = content["cases"].as_array().filter(|_| is_vectors);
        let cases = cases.ok_or_else(|| Stop::unable(format!("{shown}: no file of vectors")))?;
        for case in cases {
            let id = case["id"].as_str().filter(|_| case["expect"].is_object());
            let id =
                id.ok_or_else(|| Stop::unable(format!("{shown}: a case without id or expect")))?;
            let mut wanted = case["expect"].clone();
            if let Some(replies) = case["replies"].as_array() {
                wanted["asked"] = json!(replies.len());
            }
            if expected
                .insert((path.display().to_string(), id.into()), wanted)
                .is_some()
            {
                return Err(Stop::unable(format!("{shown}: {id} comes twice")));
            }
        }
    }
    Ok(expected)
}

/// What the runner of a language says about each case.
fn observe(language: &Language, files: &[VectorFile]) -> Result<BTreeMap<Case, Value>, Stop> {
    let runner = (language.runner)().args(files.iter().map(|file| &file.path));
    let (text, code) = runner.output()?;
    if code != 0 {
        let stop = if code == 2 {
            Stop::Unable
        } else {
            Stop::Failed
        };
        return Err(stop(format!(
            "the runner for {} ended with {code}",
            language.name
        )));
    }
    let lines = text.lines().map(|line| {
        let seen: Value = serde_json::from_str(line).ok()?;
        let case = (seen["file"].as_str()?.into(), seen["id"].as_str()?.into());
        Some((case, seen))
    });
    let seen: Option<_> = lines.collect();
    seen.ok_or_else(|| {
        Stop::failed(format!(
            "the runner for {} printed another line than cases",
            language.name
        ))
    })
}

/// What differs from what is expected. Where no language differs from it, none differs from another.
fn differences(
    language: &Language,
    expected: &BTreeMap<Case, Value>,
    seen: &BTreeMap<Case, Value>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, wanted) in expected {
        let Some(seen) = seen.get(case) else {
            wrong.push(format!(
                "{}: {}: {}: was not run",
                language.name, case.0, case.1
            ));
            continue;
        };
        for (member, wanted) in wanted.as_object().into_iter().flatten() {
            let got = &seen[member];
            if got != wanted {
                let place = format!("{}: {}: {}", language.name, case.0, case.1);
                wrong.push(format!("{place}: {member}: expected {wanted}, got {got}"));
            }
        }
    }
    wrong
}

/// One line for each case, file by file.
fn print(
    language: &Language,
    files: &[VectorFile],
    expected: &BTreeMap<Case, Value>,
    seen: &BTreeMap<Case, Value>,
) -> Done {
    let mut out = io::stdout().lock();
    for VectorFile { shown, path, .. } in files {
        let path = path.display().to_string();
        let cases = expected.keys().filter(|(file, _)| *file == path);
        for seen in cases.filter_map(|case| seen.get(case)) {
            let line = json!({
                "file": shown,
                "id": seen["id"],
                "lang": language.name,
                "verdict": seen["verdict"],
                "code": seen["code"],
            });
            let closed = |error| Stop::unable(format!("standard output: {error}"));
            writeln!(out, "{line}").map_err(closed)?;
        }
    }
    Ok(())
}

const SCHEMA: &str = "counterseal/vectors/1";
