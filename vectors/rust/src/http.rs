//! A request as one HTTP/1.1 message (RFC 9112), for vectors that go over real sockets.

use crate::request::SchemeName;
use crate::{Bytes, RequestInput};

/// The message of `request`: its field lines are all there are, so `Host` is among them.
pub fn to_wire(request: &RequestInput) -> Bytes {
    let mut wire = request.method.0.clone();
    wire.push(b' ');
    wire.extend_from_slice(&request.path.0);
    if !request.query.0.is_empty() {
        wire.push(b'?');
        wire.extend_from_slice(&request.query.0);
    }
    wire.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &request.headers {
        wire.extend_from_slice(&[&name.0[..], b": ", &value.0, b"\r\n"].concat());
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(&request.body.0);
    Bytes(wire)
}

/// The request that `wire` is, when it came over plain HTTP; none when it is no message of the plain
/// sort that vectors use: origin form, `Host` once, content by `Content-Length`.
pub fn from_wire(wire: &[u8]) -> Option<RequestInput> {
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (&wire[..end], &wire[end + 4..]);
    let mut lines = split(head, b"\r\n").into_iter();
    let line = lines.next()?.strip_suffix(b" HTTP/1.1")?;
    let (method, target) = once(line, b' ')?;
    let (path, query) = once(target, b'?').unwrap_or((target, b""));
    let headers = lines.map(field).collect::<Option<Vec<_>>>()?;
    let request = RequestInput {
        method: Bytes(method.into()),
        scheme: SchemeName::Http,
        authority: only(&headers, "host")?.clone(),
        path: Bytes(path.into()),
        query: Bytes(query.into()),
        headers,
        body: Bytes(body.into()),
        life_seconds: None,
    };
    (request.content_length() == Some(body.len())).then_some(request)
}

impl RequestInput {
    fn content_length(&self) -> Option<usize> {
        match only(&self.headers, "content-length") {
            None => Some(0),
            Some(length) => length.to_text().parse().ok(),
        }
    }
}

fn field(line: &[u8]) -> Option<(Bytes, Bytes)> {
    let (name, value) = once(line, b':')?;
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !blank(b))
        .map_or(start, |at| at + 1);
    Some((Bytes(name.into()), Bytes(value[start..end].into())))
}

/// The value of the field `name`, if it comes exactly once.
fn only<'a>(headers: &'a [(Bytes, Bytes)], name: &str) -> Option<&'a Bytes> {
    let mut found = headers
        .iter()
        .filter(|(n, _)| n.0.eq_ignore_ascii_case(name.as_bytes()));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

/// What stands before and after the first `at`.
fn once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|b| *b == at)?;
    Some((&text[..place], &text[place + 1..]))
}

fn split<'a>(mut text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = text.windows(by.len()).position(|window| window == by) {
        parts.push(&text[..at]);
        text = &text[at + by.len()..];
    }
    parts.push(text);
    parts
}
