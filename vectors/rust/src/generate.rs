//! Writes the vectors of this project: requests signed by the real signer, one change each, charges of limits, tokens, and
//! an expectation written by hand.
//!
//! What a case expects never comes from what is tested. A case that the crates do not agree with stops the writing.

mod clock;
mod document;
mod draft;
mod foreign;
mod jwt;
mod keys;
mod limit;
mod notes;
mod refresh;
mod request;
mod response;
mod sign;
mod webhook;

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
        std::fs::write(root().join(name), text)?;
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
        if std::fs::read_to_string(root().join(&name)).ok() != Some(text) {
            stale.push(name.clone());
        }
        known.insert(name);
    }
    for room in ROOMS {
        for entry in directory(room).read_dir()? {
            let name = format!("{room}/{}", entry?.file_name().to_string_lossy());
            if !known.contains(&name) {
                stale.push(name);
            }
        }
    }
    Ok(stale)
}

/// The rooms that have vectors.
pub const ROOMS: [&str; 7] = [
    "foreign", "jwt", "limit", "refresh", "request", "response", "webhook",
];

/// Where the vectors of this room are.
pub fn directory(room: &str) -> PathBuf {
    root().join(room)
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// All files: name with its room, and text.
fn files() -> Vec<(String, String)> {
    let verify = request::files().into_iter();
    let verify = verify.map(|(topic, cases)| file("request", topic, "verify", cases));
    let others = [
        file("request", "sign", "sign", sign::cases()),
        file("request", "policy", "policy", document::policies()),
        file("request", "profile", "profile", document::profiles()),
        file("request", "key", "key", keys::single()),
        file("request", "keys", "keys", keys::several()),
        file("foreign", "answer", "answer", foreign::answers()),
        file("foreign", "verify", "verify", foreign::cases()),
        file("jwt", "bearer", "bearer", jwt::fields()),
        file("jwt", "fetch", "fetch", jwt::fetches()),
        file("jwt", "fetch-answers", "fetch", jwt::fetch_answers()),
        file("jwt", "keys", "keys", jwt::key_sets()),
        file("jwt", "mint", "mint", jwt::minted()),
        file("jwt", "cached", "cached", jwt::kept()),
        file("jwt", "challenge", "challenge", jwt::challenges()),
        file("jwt", "nearest", "nearest", jwt::nearest()),
        file("jwt", "oidc-code", "oidc", jwt::job_code()),
        file("jwt", "oidc-jobs", "oidc", jwt::jobs()),
        file("jwt", "oidc-others", "oidc", jwt::others()),
        file("jwt", "oidc-rules", "oidc", jwt::rules()),
        file("jwt", "requirement", "require", jwt::requirements()),
        file("jwt", "ring", "ring", jwt::rings()),
        file("jwt", "standing", "stand", jwt::standings()),
        file("jwt", "standing-steps", "standing", jwt::standing_steps()),
        file("limit", "address", "address", limit::addresses()),
        file("limit", "admit", "admit", limit::admissions()),
        file("limit", "tell", "tell", limit::answers()),
        file("refresh", "explain", "sessions", refresh::explained()),
        file("refresh", "places", "sessions", refresh::places()),
        file("refresh", "sessions", "sessions", refresh::sessions()),
        file("response", "check", "check", response::answers()),
        file("response", "clock", "clock", clock::clocks()),
        file("response", "refuse", "refuse", clock::refusals()),
        file("response", "respond", "respond", response::signed()),
        file("webhook", "receive", "receive", webhook::deliveries()),
        file("webhook", "send", "send", webhook::messages()),
    ];
    let tokens = jwt::verified().into_iter();
    let tokens = tokens.map(|(topic, cases)| file("jwt", topic, "verify", cases));
    verify.chain(others).chain(tokens).collect()
}

fn file<I: Serialize>(room: &str, topic: &str, op: &str, cases: Vec<Case<I>>) -> (String, String) {
    let file = File {
        schema: SCHEMA.into(),
        room: room.into(),
        op: op.into(),
        notes: notes::of(cases.iter().flat_map(|case| &case.flags)),
        cases,
    };
    (format!("{room}/{topic}.json"), text_of(&file))
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
