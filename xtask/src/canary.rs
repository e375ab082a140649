//! Twenty-four planted secrets, and everything that is told while they are used: none of them is in it, in any form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::shell::{Done, Run, Stop, at};
use crate::{node, python, setup};

const DIRECTORY: &str = "target/canary";
const COUNT: usize = 24;
/// The characters of a secret's middle, and of the parts that are looked for.
const LENGTH: usize = 32;
const PART: usize = 12;
/// How the other languages show bytes.
const NODE: [&str; 5] = [
    "inspect(Buffer.from(text))",
    "inspect({ secret: new Uint8Array(Buffer.from(text)) })",
    "JSON.stringify(new Uint8Array(Buffer.from(text)))",
    "JSON.stringify(Buffer.from(text))",
    "Buffer.from(text, 'utf16le').toString('latin1')",
];
const PYTHON: [&str; 5] = [
    "repr(text.encode())",
    "list(text.encode())",
    "base64.encodebytes(b'key=' + text.encode()).decode()",
    "text.encode().hex(' ')",
    "urllib.parse.quote(text[:30])",
];

pub(crate) fn prove() -> Done {
    let directory = at(DIRECTORY);
    // It may not be there.
    let _ = fs::remove_dir_all(&directory);
    let secrets = secrets()?;
    let list = directory.join("secrets.json");
    setup::write(&list, Value::from(secrets.clone()).to_string().as_bytes())?;

    let found = control(&directory.join("control"), &secrets)?;
    let forms = secrets.len() * forms("").len();
    let mut held = say(
        "a search finds a part of each secret in each form",
        found == forms,
        found,
    );
    held &= rendered(&directory.join("rendered"), &list, &secrets)?;
    python::package()?;
    node::addon()?;
    let rust = "run --quiet --locked --package counterseal-proofs --example canary";
    for (name, program) in [
        ("rust", Run::cargo(rust).words("--")),
        (
            "python",
            python::program("python").args(["bindings/python/tests/canary.py"]),
        ),
        (
            "node",
            Run::new("node").args(["bindings/node/test/canary.mjs"]),
        ),
    ] {
        let out = directory.join(name);
        told(program.args([&list, &out]), &out)?;
        let hits = hits(&out, &secrets)?;
        held &= say(
            &format!("what {name} tells has none"),
            hits.is_empty(),
            hits.len(),
        );
        for hit in hits {
            println!("     {hit}");
        }
    }
    if held {
        return Ok(());
    }
    Err(Stop::failed("a secret was told, or nothing was searched"))
}

fn say(what: &str, held: bool, hits: usize) -> bool {
    let verdict = if held { "ok  " } else { "FAIL" };
    println!("{verdict} canary: {what} (hits {hits})");
    held
}

/// Texts that occur nowhere else.
fn secrets() -> Result<Vec<String>, Stop> {
    let mut random = [0; COUNT * 20];
    let source = Path::new("/dev/urandom");
    let drawn = fs::File::open(source).and_then(|mut file| file.read_exact(&mut random));
    drawn.map_err(|error| Stop::file(source, &error))?;
    let texts = random.chunks(20).enumerate();
    Ok(texts
        .map(|(number, bytes)| format!("canary{number:02}{}", hex(bytes)))
        .collect())
}

/// Runs a program, and keeps what it writes to its two streams beside what it writes to files.
fn told(program: Run, out: &Path) -> Done {
    let mut command = program.into_command();
    let output = command.output();
    let output = output.map_err(|error| Stop::unable(format!("canary: {error}")))?;
    setup::write(&out.join("stdout"), &output.stdout)?;
    setup::write(&out.join("stderr"), &output.stderr)?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(Stop::failed(format!("canary: the program failed: {text}")))
}

/// Where a part of a secret stands, by file and form.
fn hits(out: &Path, secrets: &[String]) -> Result<Vec<String>, Stop> {
    let wanted = Wanted::new(secrets);
    let mut hits = Vec::new();
    let mut told = 0;
    for file in files(out)? {
        let content = fs::read(&file).map_err(|error| Stop::file(&file, &error))?;
        told += usize::from(file.ends_with("told.txt") && content.len() > 10_000);
        let found = wanted.within(&content).into_iter();
        hits.extend(found.map(|what| format!("{}: {what}", file.display())));
    }
    if told == 1 {
        return Ok(hits);
    }
    Err(Stop::failed(format!("{}: nothing was told", out.display())))
}

/// All forms of all parts of all secrets, by what they begin with.
struct Wanted(BTreeMap<[u8; 8], Vec<(String, Vec<u8>)>>);

impl Wanted {
    fn new(secrets: &[String]) -> Self {
        let mut wanted = BTreeMap::<_, Vec<_>>::new();
        for (number, secret) in secrets.iter().enumerate() {
            for at in 0..=LENGTH - PART {
                for (form, text) in forms(part(secret, at)) {
                    let begin = *text.as_bytes().first_chunk().expect("a form is long");
                    let what = format!("secret {number}, {form}");
                    wanted
                        .entry(begin)
                        .or_default()
                        .push((what, text.into_bytes()));
                }
            }
        }
        Wanted(wanted)
    }

    /// The forms that stand in `content`, as it is or without what printers put between bytes.
    fn within(&self, content: &[u8]) -> BTreeSet<String> {
        let mut found = self.written(content);
        found.extend(self.written(&dense(content)));
        found
    }

    fn written(&self, content: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for at in 0..content.len() {
            let rest = &content[at..];
            // Stores are mostly zeros.
            let Some(begin) = rest.first_chunk().filter(|begin: &&[u8; 8]| begin[0] != 0) else {
                continue;
            };
            let forms = self.0.get(begin).into_iter().flatten();
            let here = forms.filter(|(_, text)| rest.starts_with(text));
            found.extend(here.map(|(what, _)| what.clone()));
        }
        found
    }
}

/// Without blanks, zeros, and the names that JSON gives to the places of an array: `"12":`.
fn dense(content: &[u8]) -> Vec<u8> {
    let mut dense: Vec<u8> = Vec::with_capacity(content.len());
    for byte in content {
        if byte.is_ascii_whitespace() || *byte == 0 {
            continue;
        }
        dense.push(*byte);
        if !dense.ends_with(b"\":") {
            continue;
        }
        let name = &dense[..dense.len() - 2];
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let before = name.len() - digits.count();
        if before > 0 && before < name.len() && name[before - 1] == b'"' {
            dense.truncate(before - 1);
        }
    }
    dense
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Stop> {
    let entries = fs::read_dir(directory).map_err(|error| Stop::file(directory, &error))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// How many forms a search finds in files that hold a part of each secret in each of them.
fn control(directory: &Path, secrets: &[String]) -> Result<usize, Stop> {
    let filler = "told ".repeat(4_000);
    let mut text = filler.clone();
    for secret in secrets {
        for (_, form) in forms(part(secret, 7)) {
            text.extend([filler.as_str(), "[", &form, "]"]);
        }
    }
    setup::write(&directory.join("told.txt"), text.as_bytes())?;
    Ok(hits(directory, secrets)?.len())
}

/// Whether a search finds every secret in what the printers of the three languages make of it.
fn rendered(directory: &Path, list: &Path, secrets: &[String]) -> Result<bool, Stop> {
    let mut texts = vec![
        (
            "Rust, {:?}",
            format!(
                "{:?}",
                secrets.iter().map(String::as_bytes).collect::<Vec<_>>()
            ),
        ),
        (
            "Rust, {:#?}",
            format!(
                "{:#?}",
                secrets.iter().map(String::as_bytes).collect::<Vec<_>>()
            ),
        ),
    ];
    for expression in NODE {
        let program = format!(
            "const {{ inspect }} = require('node:util'); const list = JSON.parse(require('node:fs').readFileSync(process.argv[1])); \
             for (const text of list) process.stdout.write({expression} + '\\n')"
        );
        let run = Run::new("node").args(["-e", &program]).args([list]);
        texts.push((expression, run.text()?));
    }
    for expression in PYTHON {
        let program = format!(
            "import base64, json, sys, urllib.parse\nfor text in json.load(open(sys.argv[1])): print({expression})"
        );
        let run = Run::new("python3").args(["-c", &program]).args([list]);
        texts.push((expression, run.text()?));
    }
    let wanted = Wanted::new(secrets);
    let mut held = true;
    for (number, (name, text)) in texts.iter().enumerate() {
        setup::write(&directory.join(number.to_string()), text.as_bytes())?;
        let found = wanted.within(text.as_bytes());
        let secrets: BTreeSet<_> = found
            .iter()
            .filter_map(|what| what.split(',').next())
            .collect();
        held &= say(
            &format!("found in {name}"),
            secrets.len() == COUNT,
            secrets.len(),
        );
    }
    Ok(held)
}

/// A part of the middle of a secret: whoever tells a part tells too much.
fn part(secret: &str, at: usize) -> &str {
    secret.get(8 + at..8 + at + PART).unwrap_or(secret)
}

/// The forms in which a text could be told.
fn forms(text: &str) -> Vec<(&'static str, String)> {
    let bytes = text.as_bytes();
    let decimal = |between: &str| {
        let numbers: Vec<_> = bytes.iter().map(u8::to_string).collect();
        numbers.join(between)
    };
    let each = |before: &str| {
        let digits: Vec<_> = bytes
            .iter()
            .map(|byte| format!("{before}{byte:02X}"))
            .collect();
        digits.concat()
    };
    vec![
        ("as it is", text.into()),
        ("in capitals", text.to_uppercase()),
        ("reversed", text.chars().rev().collect()),
        ("in hexadecimal", hex(bytes)),
        ("in hexadecimal, in capitals", each("")),
        ("percent-encoded", each("%")),
        ("escaped", each("\\x").to_lowercase()),
        ("escaped as JSON", each("\\u00").to_lowercase()),
        ("as numbers", decimal(",")),
        ("as numbers, with blanks", decimal(" ")),
        ("in base64", base64(bytes, 0)),
        ("in base64, a byte on", base64(bytes, 1)),
        ("in base64, two bytes on", base64(bytes, 2)),
    ]
}

/// The part of a base64 text that is the same whatever stands before and after.
fn base64(bytes: &[u8], offset: usize) -> String {
    let shifted = [&vec![0; offset], bytes].concat();
    let text = STANDARD.encode(&shifted[..shifted.len() / 3 * 3]);
    text.get(if offset == 0 { 0 } else { 4 }..)
        .unwrap_or_default()
        .to_owned()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
