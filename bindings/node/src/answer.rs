//! Refusals are returned: an error object is made once, in JavaScript, of the class that it belongs to.
//!
//! An object that is made here costs more than a whole verification, and a text a tenth of that; so
//! refusals and proofs cross as texts of lines, and the facade takes them apart when it is asked.

use counterseal_shared::{Problem, Verified, guard};
use napi::Either;

/// What an exported function returns: what was asked for, or a refusal.
pub(crate) type Answer<T> = Either<T, Refusal>;

/// U+0000, and then one on a line: family, code, text, audit event, seconds to wait (these two may be empty), whether the
/// client is to forget its tokens (`1`, or empty), how many
/// fields there are for the response, and the name and the value of each field and of each value compared. No other
/// answer begins with U+0000.
pub(crate) type Refusal = String;

/// One on a line: key id, scope, created, expires, nonce in hexadecimal, audit event, and the name and
/// the value of each covered component.
pub(crate) type Proof = String;

/// Runs the body of the exported function `name`.
pub(crate) fn answer<T>(
    name: &'static str,
    body: impl FnOnce() -> Result<T, Problem>,
) -> Answer<T> {
    match guard(name, body) {
        Ok(answer) => Either::A(answer),
        Err(problem) => Either::B(refusal(&problem)),
    }
}

/// Runs the body of the exported function `name`, which has nothing to tell but its refusal.
pub(crate) fn done(
    name: &'static str,
    body: impl FnOnce() -> Result<(), Problem>,
) -> Option<Refusal> {
    guard(name, body).err().map(|problem| refusal(&problem))
}

/// The text of a refusal.
pub(crate) fn refusal(problem: &Problem) -> Refusal {
    let wait = problem.retry_after().map(|seconds| seconds.to_string());
    let mut text = String::from('\0');
    line(&mut text, problem.family.name());
    line(&mut text, problem.code.name);
    line(&mut text, &problem.to_string().replace('\n', " "));
    line(&mut text, problem.event.as_deref().unwrap_or_default());
    line(&mut text, &wait.unwrap_or_default());
    line(&mut text, if problem.clears_cookies { "1" } else { "" });
    line(&mut text, &problem.headers.len().to_string());
    for (name, value) in problem.headers.iter().chain(&problem.detail) {
        line(&mut text, name);
        line(&mut text, value);
    }
    text
}

/// The text of a proof.
pub(crate) fn proof(verified: &Verified) -> Proof {
    let mut text = String::with_capacity(1024);
    line(&mut text, verified.key_id());
    line(&mut text, verified.scope());
    line(&mut text, &verified.created().to_string());
    line(&mut text, &verified.expires().to_string());
    line(&mut text, &hexadecimal(verified.nonce()));
    line(&mut text, &verified.event());
    for (name, value) in verified.covered() {
        line(&mut text, &name);
        line(&mut text, value);
    }
    text
}

/// Adds a line. Nothing that crosses in lines has a line end of its own.
pub(crate) fn line(text: &mut String, part: &str) {
    text.push_str(part);
    text.push('\n');
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
