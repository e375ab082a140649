//! The components that a foreign signer chose to cover, and the base that they make.

use alloc::vec::Vec;

use crate::RequestError;
use crate::base::{MAX_BASE, PARAMS_NAME};
use crate::foreign::ForeignPolicy;
use crate::message::{Found, MAX_VALUE, Request, is_field_name, is_value, within};

/// A list of components in its one form (RFC 9421 section 2.5): one blank between them, none twice.
pub(crate) struct Components<'a> {
    list: Vec<Component<'a>>,
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Component<'a> {
    /// As it stands in the list, quotes and parameters included.
    text: &'a str,
    kind: Kind<'a>,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    QueryParam(&'a str),
    Field(&'a str),
}

impl<'a> Components<'a> {
    /// The list at the beginning of `text`, and what stands after it.
    //= docs/spec/foreign.md#F-2
    pub(crate) fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let mut rest = text.strip_prefix('(')?;
        let mut list: Vec<Component<'a>> = Vec::new();
        while !rest.starts_with(')') {
            if !list.is_empty() {
                rest = rest.strip_prefix(' ')?;
            }
            let (component, after) = Component::parse(rest)?;
            if list.len() == MAX_COVERED || list.iter().any(|known| known.text == component.text) {
                return None;
            }
            list.push(component);
            rest = after;
        }
        Some((Components { list }, &rest[1..]))
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether the component that is written `text` in a list is one of them.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.list.iter().any(|component| component.text == text)
    }

    /// Whether the field `name` is one of them.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        let mut fields = self.list.iter();
        fields.any(|component| matches!(component.kind, Kind::Field(field) if field == name))
    }

    /// The base of `request`, up to the name of its last line, and how much of it are lines of components.
    //= docs/spec/foreign.md#F-3
    pub(crate) fn base(
        &self,
        request: &Request<'_>,
        policy: &ForeignPolicy,
        authority: &str,
    ) -> Result<(Vec<u8>, usize), RequestError> {
        let mut text = Vec::with_capacity(1024);
        for component in &self.list {
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend_from_slice(component.text.as_bytes());
            text.extend_from_slice(b": ");
            component.write(&mut text, request, policy, authority)?;
            within("signature base", text.len(), MAX_BASE)?;
        }
        let lines = text.len();
        // A base without components has its last line only.
        let name = if lines == 0 {
            PARAMS_NAME.trim_start()
        } else {
            PARAMS_NAME
        };
        text.extend_from_slice(name.as_bytes());
        Ok((text, lines))
    }
}

impl<'a> Component<'a> {
    fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let (name, after) = text.strip_prefix('"')?.split_once('"')?;
        let (kind, rest) = match name {
            "@method" => (Kind::Method, after),
            "@target-uri" => (Kind::TargetUri, after),
            "@authority" => (Kind::Authority, after),
            "@scheme" => (Kind::Scheme, after),
            "@request-target" => (Kind::RequestTarget, after),
            "@path" => (Kind::Path, after),
            "@query" => (Kind::Query, after),
            "@query-param" => {
                let (name, rest) = after.strip_prefix(";name=\"")?.split_once('"')?;
                let plain = !name.is_empty() && name.bytes().all(is_unreserved);
                plain.then_some((Kind::QueryParam(name), rest))?
            }
            name => {
                let fine = name.len() <= MAX_NAME && is_field_name(name) && !SIGNED.contains(&name);
                fine.then_some((Kind::Field(name), after))?
            }
        };
        let text = &text[..text.len() - rest.len()];
        Some((Component { text, kind }, rest))
    }

    fn write(
        &self,
        text: &mut Vec<u8>,
        request: &Request<'_>,
        policy: &ForeignPolicy,
        authority: &str,
    ) -> Result<(), RequestError> {
        let scheme = request.scheme.name().as_bytes();
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| text.extend_from_slice(part));
        match self.kind {
            Kind::Method => put(&[request.method.as_bytes()]),
            Kind::Scheme => put(&[scheme]),
            Kind::Authority => put(&[authority.as_bytes()]),
            Kind::Path => put(&[request.path]),
            Kind::Query => put(&[b"?", request.query]),
            Kind::RequestTarget => put(&[request.path, mark(request), request.query]),
            Kind::TargetUri => {
                let host = authority.as_bytes();
                put(&[
                    scheme,
                    b"://",
                    host,
                    request.path,
                    mark(request),
                    request.query,
                ]);
            }
            Kind::QueryParam(name) => put(&[query_param(request.query, name)?]),
            Kind::Field(name) => put(&[field(request, policy, name)?]),
        }
        Ok(())
    }
}

/// What stands between path and query.
fn mark(request: &Request<'_>) -> &'static [u8] {
    if request.query.is_empty() { b"" } else { b"?" }
}

/// The value of a covered field. A name that the policy does not know is not shown.
fn field<'a>(
    request: &Request<'a>,
    policy: &ForeignPolicy,
    name: &str,
) -> Result<&'a [u8], RequestError> {
    let spelling = policy
        .spelling(name)
        .unwrap_or("another field that is covered");
    let Ok(found) = request.find(name) else {
        return Err(RequestError::HeaderRepeated {
            name: spelling.into(),
        });
    };
    let Found::Once(value) = found else {
        return Err(RequestError::HeaderMissing {
            name: spelling.into(),
        });
    };
    within("covered field", value.len(), MAX_VALUE)?;
    if is_value(value) {
        return Ok(value);
    }
    Err(RequestError::HeaderInvalid {
        name: spelling.into(),
    })
}

/// The one value of a parameter of the query, where decoding and encoding it anew (RFC 9421 section 2.2.8) changes nothing.
//= docs/spec/foreign.md#F-4
fn query_param<'a>(query: &'a [u8], name: &str) -> Result<&'a [u8], RequestError> {
    let unexpected = RequestError::ComponentsUnexpected;
    let mut found = None;
    for pair in query.split(|b| *b == b'&') {
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let (key, value) = (
            halves.next().unwrap_or_default(),
            halves.next().unwrap_or_default(),
        );
        // A name that is encoded may be the same one.
        if key.contains(&b'%') || (key == name.as_bytes() && found.is_some()) {
            return Err(unexpected);
        }
        if key == name.as_bytes() {
            found = Some(value);
        }
    }
    let value = found.filter(|value| value.iter().copied().all(is_unreserved));
    value.ok_or(unexpected)
}

/// Unreserved characters (RFC 3986 section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The most components of a list.
const MAX_COVERED: usize = 24;
const MAX_NAME: usize = 64;
/// What holds signatures cannot be covered by one of them.
const SIGNED: [&str; 2] = ["signature", "signature-input"];
