//! `cargo xtask codes`: the list of codes, written from the crates' own tables for each language and for the docs.
//!
//! A code that the crates no longer have moves to `retired`, where it stays: a name is never used for another reason.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};

use crate::args::Args;
use crate::setup::write;
use crate::shell::{Done, Run, Stop, at};

/// A code as the crates tell it.
struct Code {
    name: String,
    /// Whether the packages of other languages have it.
    is_everywhere: bool,
    blame: String,
    public: String,
    http: u16,
    means: String,
    fix: String,
}

pub(crate) fn run(mut args: Args) -> Done {
    let check = args.flag("--check");
    args.end()?;
    let codes = known()?;
    let retired = retired(&codes)?;
    let shared: Vec<&Code> = codes.iter().filter(|code| code.is_everywhere).collect();
    let files = [
        (JSON, as_json(&codes, &retired)),
        (
            "bindings/python/python/counterseal/_codes.py",
            as_python(&shared),
        ),
        ("bindings/node/codes.cjs", as_javascript(&shared)),
        ("bindings/node/codes.d.ts", as_typescript(&shared)),
        ("docs/codes.md", as_markdown(&codes, &retired)),
    ];
    if check {
        return compare(&files);
    }
    files
        .iter()
        .try_for_each(|(path, text)| write(&at(path), text.as_bytes()))
}

/// Every code of the crates, in the order of their names.
fn known() -> Result<Vec<Code>, Stop> {
    let lines =
        Run::cargo("run --quiet --locked --package counterseal-vectors --example codes").text()?;
    let codes: Option<Vec<_>> = lines.lines().map(Code::read).collect();
    let mut codes =
        codes.ok_or_else(|| Stop::failed("a code has a tab or a line end in its text"))?;
    codes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(codes)
}

impl Code {
    fn read(line: &str) -> Option<Self> {
        let members: Vec<&str> = line.split('\t').collect();
        let [name, languages, blame, public, http, means, fix] = members.try_into().ok()?;
        let http = http.parse().ok()?;
        let [name, blame, public, means, fix] = [name, blame, public, means, fix].map(String::from);
        Some(Code {
            name,
            is_everywhere: languages == "all",
            blame,
            public,
            http,
            means,
            fix,
        })
    }
}

/// The names that were codes once: those that are listed so, and those that the last list still had as codes.
fn retired(codes: &[Code]) -> Result<BTreeSet<String>, Stop> {
    let path = at(JSON);
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    let text = fs::read_to_string(&path).map_err(|error| Stop::file(&path, &error))?;
    let list: Value =
        serde_json::from_str(&text).map_err(|error| Stop::failed(format!("{JSON}: {error}")))?;
    let names = |value: Option<&Value>| value.and_then(Value::as_str).map(String::from);
    let listed = list["codes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|code| names(code.get("name")));
    let retired = list["retired"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| names(Some(name)));
    let retired: BTreeSet<_> = retired.collect();
    if let Some(code) = codes.iter().find(|code| retired.contains(&code.name)) {
        return Err(Stop::failed(format!(
            "{} is retired and cannot be used again",
            code.name
        )));
    }
    let is_known = |name: &String| codes.iter().any(|code| code.name == *name);
    Ok(listed
        .filter(|name| !is_known(name))
        .chain(retired)
        .collect())
}

fn compare(files: &[(&str, String)]) -> Done {
    let is_stale = |(path, text): &&(&str, String)| {
        fs::read(at(path)).ok().as_deref() != Some(text.as_bytes())
    };
    let stale: Vec<_> = files
        .iter()
        .filter(is_stale)
        .map(|(path, _)| *path)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Stop::failed(format!(
        "run `cargo xtask codes`; not as written by it: {}",
        stale.join(", ")
    )))
}

fn as_json(codes: &[Code], retired: &BTreeSet<String>) -> String {
    let mut text = String::from("{\n  \"schema\": \"counterseal/codes/1\",\n  \"codes\": [\n");
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("    {}", code.members()))
        .collect();
    text.push_str(&lines.join(",\n"));
    let retired: Vec<String> = retired.iter().map(|name| format!("{name:?}")).collect();
    let _ = write!(
        text,
        "\n  ],\n  \"retired\": [{}]\n}}\n",
        retired.join(", ")
    );
    text
}

fn as_python(codes: &[&Code]) -> String {
    let mut text = String::from(PYTHON_HEAD);
    for code in codes {
        let _ = writeln!(text, "    {},", json!(code.name));
    }
    text.push_str(PYTHON_BODY);
    for code in codes {
        let [name, blame, public] = [&code.name, &code.blame, &code.public].map(|word| json!(word));
        let _ = writeln!(
            text,
            "    {name}: (\n        {blame},\n        {public},\n        {},",
            code.http
        );
        let [means, fix] = [&code.means, &code.fix].map(|words| quoted(words));
        let _ = writeln!(text, "        {means},\n        {fix},\n    ),");
    }
    text.push_str("}\n");
    text
}

fn as_javascript(codes: &[&Code]) -> String {
    let mut text = String::from(JAVASCRIPT_HEAD);
    for code in codes {
        let facts = code
            .facts()
            .map(|(member, value)| format!("    {member}: {value},\n"));
        let _ = write!(
            text,
            "  {}: Object.freeze({{\n{}  }}),\n",
            code.name,
            facts.concat()
        );
    }
    text.push_str("});\n");
    text
}

fn as_typescript(codes: &[&Code]) -> String {
    let names: Vec<String> = codes
        .iter()
        .map(|code| format!("  | {}", json!(code.name)))
        .collect();
    format!("{TYPESCRIPT_HEAD}{};\n{TYPESCRIPT_BODY}", names.join("\n"))
}

fn as_markdown(codes: &[Code], retired: &BTreeSet<String>) -> String {
    let mut text = String::from(MARKDOWN_HEAD);
    for code in codes {
        let (name, blame, http, public) = (&code.name, &code.blame, code.http, &code.public);
        let only = if code.is_everywhere { "" } else { " · Rust" };
        let _ = writeln!(text, "\n## {name}\n\n{blame} · {http} `{public}`{only}");
        let _ = writeln!(
            text,
            "\n{}.\n*What to do:* {}.",
            sentence(&code.means),
            code.fix
        );
    }
    let names: Vec<String> = retired.iter().map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        let _ = writeln!(
            text,
            "\n## Retired\n\nNever used again: {}.",
            names.join(", ")
        );
    }
    text
}

impl Code {
    /// All members as JSON.
    fn members(&self) -> String {
        let name = json!(self.name);
        let facts = self
            .facts()
            .map(|(member, value)| format!(", \"{member}\": {value}"));
        format!("{{\"name\": {name}{}}}", facts.concat())
    }

    /// All members but the name, with their values as JSON, which is JavaScript too.
    fn facts(&self) -> [(&'static str, Value); 5] {
        [
            ("blame", json!(self.blame)),
            ("public", json!(self.public)),
            ("http", json!(self.http)),
            ("means", json!(self.means)),
            ("fix", json!(self.fix)),
        ]
    }
}

/// A Python text with the quotes that need fewer escapes.
fn quoted(text: &str) -> String {
    if text.contains('"') && !text.contains(['\'', '\\']) {
        return format!("'{text}'");
    }
    json!(text).to_string()
}

fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The list that other languages and the vectors go by.
const JSON: &str = "vectors/codes.json";

const PYTHON_HEAD: &str = r#""""Every code. Generated by `cargo xtask codes`; do not edit."""

from __future__ import annotations

from typing import Literal

CodeName = Literal[
"#;

const PYTHON_BODY: &str = r#"]

# name: (blame, public, http, means, fix)
CODES: dict[str, tuple[Literal["environment", "integrator", "peer"], str, int, str, str]] = {
"#;

const JAVASCRIPT_HEAD: &str = r#""use strict";
// Every code. Generated by `cargo xtask codes`; do not edit.

exports.CODES = Object.freeze({
  __proto__: null,
"#;

const TYPESCRIPT_HEAD: &str = "\
// Every code. Generated by `cargo xtask codes`; do not edit.

/** The stable name of a reason to refuse. */
export type CodeName =
";

const TYPESCRIPT_BODY: &str = r#"
/** What a code stands for. */
export interface CodeFacts {
  /** Who has to act: the environment, the program that embeds Counterseal, or the other side. */
  readonly blame: "environment" | "integrator" | "peer";
  /** The coarser name that the peer may be told. */
  readonly public: string;
  /** The HTTP status that goes with `public`. */
  readonly http: number;
  /** What is true when this code appears. */
  readonly means: string;
  /** What to do about it. */
  readonly fix: string;
}

/** The facts of each code. */
export declare const CODES: { readonly [Name in CodeName]: CodeFacts };
"#;

const MARKDOWN_HEAD: &str = "\
# Codes

Written by `cargo xtask codes`. A refusal has one code, in every language the same. Under its name stand who has to act, the
HTTP status, and what the peer may be told: less than the code says, so that a stranger learns little. Names are never used
for another reason; those that are no longer in use are retired. What is marked with Rust is met by Rust hosts only.
";
