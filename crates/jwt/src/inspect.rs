//! A look into a token without any key: what somebody has written, for whoever has to find out why it is refused.

use alloc::string::String;
use alloc::vec;
use core::fmt::{self, Write};

use counterseal_core::Time;

use crate::claims::numeric_date;
use crate::json::{Members, Value};
use crate::show::{quoted, write_member};
use crate::verify::{MOST, Parts, decode};

/// What stands in this text, if it is a token: header, claims, times and sizes, on lines of their own. For people: no key is used,
/// nothing of it is true for that, and a program has no use for it.
///
/// The signature is never shown, nor what would be a secret by itself: private parts of keys, tokens in claims. What a stranger has
/// written stands between quotes, short and with escapes.
///
/// ```
/// let text = counterseal_jwt::inspect("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4MDAwMDAwMDB9.AAAA");
/// assert!(text.starts_with("nothing of this is verified"));
/// assert!(text.contains("exp 1800000000 = 2027-01-15T08:00:00Z"));
/// ```
pub fn inspect(token: &str) -> String {
    let mut out = String::from(NOTICE);
    let written = write(&mut out, token);
    written.expect("a text takes whatever is written");
    out
}

fn write(out: &mut String, token: &str) -> fmt::Result {
    write!(out, "\ntoken: {} bytes", token.len())?;
    if token.len() > MOST {
        return write!(out, ", of which verifiers read {MOST} at most");
    }
    let Ok(parts) = Parts::of(token) else {
        let parts = token.split('.').count();
        return write!(
            out,
            ", which is no compact JWS: {parts} parts, or a long header"
        );
    };
    write_part(out, "header", parts.header)?;
    write_part(out, "payload", parts.payload)?;
    let signature = parts.signature;
    let mut space = vec![0; signature.len()];
    match decode(signature, &mut space) {
        Ok((signature, _)) => write!(out, "\nsignature: {} bytes, not shown", signature.len()),
        Err(_) => write!(
            out,
            "\nsignature: {} letters, not base64url in its one form",
            signature.len()
        ),
    }
}

fn write_part(out: &mut String, name: &str, part: &str) -> fmt::Result {
    let mut space = vec![0; part.len()];
    let Ok((bytes, _)) = decode(part, &mut space) else {
        return write!(
            out,
            "\n{name}: {} letters, not base64url in its one form",
            part.len()
        );
    };
    write!(out, "\n{name}: {} bytes", bytes.len())?;
    let text = core::str::from_utf8(bytes).unwrap_or_default();
    let Ok(members) = Members::parse(text) else {
        return out.write_str(", not one JSON object with each name once");
    };
    for (name, value) in members.iter() {
        let name = name.said();
        out.write_str("\n  ")?;
        out.write_str(&plain(&name))?;
        out.push(' ');
        write_member(out, &name, value);
        if let Some(time) = time(&name, value) {
            write!(out, " = {}", time.calendar())?;
        }
    }
    Ok(())
}

/// A name as it is, if it is a word; otherwise between quotes.
fn plain(name: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'#');
    if (1..=64).contains(&name.len()) && name.bytes().all(is_word) {
        name.into()
    } else {
        quoted(name)
    }
}

fn time(name: &str, value: Value<'_>) -> Option<Time> {
    let Value::Number(number) = value else {
        return None;
    };
    let is_time = matches!(name, "exp" | "nbf" | "iat" | "auth_time");
    numeric_date(number).filter(|_| is_time)
}

const NOTICE: &str = "nothing of this is verified: anybody may have written it";
