//! Texts of strangers in texts for operators: on one line, short, and without what is secret.

use alloc::string::String;
use core::fmt::Write;

use crate::json::{Members, Value};

/// A value of JSON, as an operator may see it.
pub(crate) fn show(value: Value<'_>) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// A text of a stranger between quotes, with an escape for whatever is no plain letter.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_quoted(&mut out, text);
    out
}

fn write_value(out: &mut String, value: Value<'_>) {
    match value {
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
        Value::Number(number) if number.len() > MOST_NUMBER => sized(out, number.len()),
        Value::Number(number) => out.push_str(number),
        Value::Text(text) => write_quoted(out, &text.said()),
        Value::List(list) => write_list(out, list),
        Value::Object(object) => write_object(out, object),
    }
}

fn write_list(out: &mut String, list: &str) {
    out.push('[');
    for (at, item) in Value::items(list).enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        if at == MOST_ITEMS {
            out.push_str("..");
            break;
        }
        write_value(out, item);
    }
    out.push(']');
}

fn write_object(out: &mut String, object: &str) {
    let Ok(members) = Members::parse(object) else {
        return sized(out, object.len());
    };
    out.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        let name = name.said();
        write_quoted(out, &name);
        out.push_str(": ");
        write_member(out, &name, value);
    }
    out.push('}');
}

/// The value of a member, unless its name says that it is the secret part of a key.
pub(crate) fn write_member(out: &mut String, name: &str, value: Value<'_>) {
    if SECRET.contains(&name) {
        out.push_str("<hidden>");
    } else {
        write_value(out, value);
    }
}

fn write_quoted(out: &mut String, text: &str) {
    if is_secret(text) {
        return sized(out, text.len());
    }
    let (shown, rest) = match text.char_indices().nth(MOST_LETTERS) {
        Some((at, _)) => text.split_at(at),
        None => (text, ""),
    };
    let _ = write!(out, "{shown:?}");
    if !rest.is_empty() {
        let _ = write!(out, ".. of {} bytes", text.len());
    }
}

fn sized(out: &mut String, len: usize) {
    let _ = write!(out, "<{len} bytes>");
}

/// Whether there may be something in a text that is worth something by itself: a token in a token, a secret of this family (`cs`, two
/// letters, a digit and `_`; `whsec_`), a key.
fn is_secret(text: &str) -> bool {
    let is_frame = |head: &[u8]| {
        let [b'c', b's', first, second, version, b'_'] = head else {
            return false;
        };
        first.is_ascii_lowercase() && second.is_ascii_lowercase() && version.is_ascii_digit()
    };
    // What each header of a compact JWS or JWE begins with.
    let marks = ["eyJ", "whsec_", "-----BEGIN"];
    marks.iter().any(|mark| text.contains(mark)) || text.as_bytes().windows(6).any(is_frame)
}

/// The parts of a JWK that are secret (RFC 7518 section 6), wherever they stand.
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const MOST_LETTERS: usize = 128;
const MOST_NUMBER: usize = 40;
const MOST_ITEMS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line() {
        for text in [
            "a\nb",
            "a\rb",
            "\u{2028}",
            "\u{202e}",
            "\u{0}",
            "a\u{1b}[31m",
        ] {
            let shown = quoted(text);
            assert!(
                shown.is_ascii() && !shown.contains(char::is_control),
                "{shown}"
            );
        }
        let long = quoted(&"\u{e9}".repeat(200));
        assert!(long.ends_with("\".. of 400 bytes"), "{long}");
    }
}
