//! Writes the vectors of this project: requests signed by the real signer, one change each, and an
//! expectation written by hand.
//!
//! What a case expects never comes from the verifier. A case that the verifier does not agree with
//! stops the writing.

mod document;
mod draft;
mod keys;
mod notes;
mod request;
mod sign;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use serde::Serialize;

use crate::file::SCHEMA;
use crate::{Case, File, difference, run, text_of};

/// Writes all files and says how many there are.
///
/// # Errors
///
/// A file that cannot be written, or a case that the crates do not agree with.
pub fn write() -> io::Result<usize> {
    let files = files();
    for (name, text) in &files {
        agree(name, text)?;
        std::fs::write(directory().join(name), text)?;
    }
    Ok(files.len())
}

/// The names of files that are not what would be written, or that nothing writes.
///
/// # Errors
///
/// A directory that cannot be read, or a case that the crates do not agree with.
pub fn stale() -> io::Result<Vec<String>> {
    let mut stale = Vec::new();
    let mut known = BTreeSet::new();
    for (name, text) in files() {
        agree(&name, &text)?;
        if std::fs::read_to_string(directory().join(&name)).ok() != Some(text) {
            stale.push(name.clone());
        }
        known.insert(name);
    }
    for entry in directory().read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !known.contains(&name) {
            stale.push(name);
        }
    }
    Ok(stale)
}

/// Where the vectors of the room `request` are.
pub fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../request"))
}

/// All files: name and text.
fn files() -> Vec<(String, String)> {
    let verify = request::files().into_iter();
    let verify = verify.map(|(topic, cases)| file(topic, "verify", cases));
    let others = [
        file("sign", "sign", sign::cases()),
        file("policy", "policy", document::policies()),
        file("profile", "profile", document::profiles()),
        file("key", "key", keys::single()),
        file("keys", "keys", keys::several()),
    ];
    verify.chain(others).collect()
}

fn file<I: Serialize>(topic: &str, op: &str, cases: Vec<Case<I>>) -> (String, String) {
    let file = File {
        schema: SCHEMA.into(),
        room: "request".into(),
        op: op.into(),
        notes: notes::of(cases.iter().flat_map(|case| &case.flags)),
        cases,
    };
    (format!("{topic}.json"), text_of(&file))
}

/// Runs what was written, as any runner would.
fn agree(name: &str, text: &str) -> io::Result<()> {
    let file = File::parse(text.as_bytes()).map_err(io::Error::other)?;
    for case in &file.cases {
        let wrong =
            |what: &dyn std::fmt::Display| io::Error::other(format!("{name}: {}: {what}", case.id));
        let seen = run(&file.room, &file.op, case).map_err(|error| wrong(&error))?;
        if let Some(what) = difference(case, &seen) {
            return Err(wrong(&what));
        }
    }
    Ok(())
}
