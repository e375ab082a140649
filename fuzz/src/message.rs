//! A request out of bytes: three lines, field lines, an empty line, the content.
//!
//! ```text
//! POST
//! api.example
//! /v1/jobs?state=open
//! signature: ..
//!
//! content
//! ```

use counterseal::request::{Request, Scheme};

/// The parts of a request, and their owner where they must be text.
pub(crate) struct Message<'a> {
    method: String,
    authority: String,
    path: &'a [u8],
    query: &'a [u8],
    fields: Vec<(String, &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        let (method, rest) = line(data);
        let (authority, rest) = line(rest);
        let (target, mut rest) = line(rest);
        let (path, query) = cut(target, b'?');
        let mut fields = Vec::new();
        loop {
            let (field, after) = line(rest);
            rest = after;
            if field.is_empty() {
                break;
            }
            let (name, value) = cut(field, b':');
            fields.push((text(name), value));
        }
        Message {
            method: text(method),
            authority: text(authority),
            path,
            query,
            fields,
            body: rest,
        }
    }

    /// Hands the request to `body`.
    pub(crate) fn with<T>(&self, body: impl FnOnce(Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        body(Request {
            method: &self.method,
            scheme: Scheme::Https,
            authority: &self.authority,
            path: self.path,
            query: self.query,
            headers: &headers,
            body: self.body,
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn line(data: &[u8]) -> (&[u8], &[u8]) {
    cut(data, b'\n')
}

/// What stands before and after the first `at`.
fn cut(data: &[u8], at: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == at) {
        Some(place) => (&data[..place], &data[place + 1..]),
        None => (data, &[]),
    }
}
