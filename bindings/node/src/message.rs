//! A request as the facade hands it over: one text for all of its parts but the content.
//!
//! A crossing from JavaScript costs about as much as hashing a short request, and so does each text that is
//! read on its own; so the parts come joined.

use std::borrow::Cow;

use counterseal_shared::{ArgumentFault, Message, scheme};

/// The request of these parts: method, scheme, authority, path, query, and then name and value of each
/// field line, with U+0000 between them.
///
/// A part that is bytes, or that has one of the two marks in it, comes as U+0001 and then, for each of
/// its bytes, the character whose number is one more.
pub(crate) fn message<'a>(joined: &'a str, body: &'a [u8]) -> Result<Message<'a>, ArgumentFault> {
    let mut parts = joined.split('\0');
    let mut next = || parts.next().ok_or(INCOMPLETE);
    let mut message = Message {
        method: text(next()?),
        scheme: scheme(&text(next()?))?,
        authority: text(next()?),
        path: bytes(next()?),
        query: bytes(next()?),
        headers: Vec::with_capacity(16),
        body: Cow::Borrowed(body),
    };
    while let Some(name) = parts.next() {
        let value = parts.next().ok_or(INCOMPLETE)?;
        message.headers.push((text(name), bytes(value)));
    }
    Ok(message)
}

/// A field line, borrowed where it came as it is.
pub(crate) type Field<'a> = (Cow<'a, str>, Cow<'a, [u8]>);

/// Field lines: name and value of each, joined as the parts of a request are.
pub(crate) fn lines(joined: &str) -> Result<Vec<Field<'_>>, ArgumentFault> {
    let mut lines = Vec::with_capacity(16);
    let mut parts = (!joined.is_empty()).then(|| joined.split('\0'));
    while let Some(name) = parts.as_mut().and_then(Iterator::next) {
        let value = parts.as_mut().and_then(Iterator::next).ok_or(INCOMPLETE)?;
        lines.push((text(name), bytes(value)));
    }
    Ok(lines)
}

/// Values alone, joined in the same way.
pub(crate) fn values(joined: &str) -> Vec<Cow<'_, [u8]>> {
    if joined.is_empty() {
        return Vec::new();
    }
    joined.split('\0').map(bytes).collect()
}

fn bytes(part: &str) -> Cow<'_, [u8]> {
    match part.strip_prefix('\u{1}') {
        None => Cow::Borrowed(part.as_bytes()),
        Some(shifted) => shifted.chars().filter_map(shifted_byte).collect(),
    }
}

fn shifted_byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(1)?.try_into().ok()
}

/// Text, or bytes that should be ASCII: other bytes become a character that no rule allows.
fn text(part: &str) -> Cow<'_, str> {
    match bytes(part) {
        Cow::Borrowed(_) => Cow::Borrowed(part),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The facade joins parts in their number, so this is for callers that go past it.
const INCOMPLETE: ArgumentFault = ArgumentFault::Type {
    name: "request",
    wanted: "an object with method, scheme, authority and path",
};
