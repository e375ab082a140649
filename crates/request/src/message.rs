//! A request as it stands on the wire, and the grammar of its parts.

use crate::{Profile, RequestError};

/// A request as received, or as about to be sent: raw bytes, nothing decoded and nothing normalised.
///
/// A framework that only offers a decoded path cannot be used: take ASGI's `raw_path`, Node's
/// `req.url`. Values of fields that are not covered are never read.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, for example `POST`.
    pub method: &'a str,
    /// The scheme that the client used.
    pub scheme: Scheme,
    /// The `Host` field or the `:authority` pseudo-field.
    pub authority: &'a str,
    /// The path of the request target, from its first `/`, without the query.
    pub path: &'a [u8],
    /// The query after the `?`, without it; empty when there is none.
    pub query: &'a [u8],
    /// All field lines in order; names in any case, repeated ones as often as they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole content; empty when there is none.
    pub body: &'a [u8],
}

/// The scheme of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

/// A field as found in a request.
pub(crate) enum Found<'a> {
    /// Once, with its value, blanks around it removed.
    Once(&'a [u8]),
    /// Not at all.
    Nowhere,
}

impl Scheme {
    /// The scheme's name.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    const fn default_port(self) -> &'static str {
        match self {
            Scheme::Http => ":80",
            Scheme::Https => ":443",
        }
    }
}

impl<'a> Request<'a> {
    /// The field `name`, which must come at most once.
    ///
    /// A name that differs only in `_` for `-` is refused too: gateways fold one into the other.
    pub(crate) fn field(&self, name: &str) -> Result<Found<'a>, RequestError> {
        self.find(name)
            .map_err(|()| RequestError::HeaderRepeated { name: name.into() })
    }

    /// The field `name`, or `Err` when it comes twice or under a look-alike name.
    pub(crate) fn find(&self, name: &str) -> Result<Found<'a>, ()> {
        find(self.headers, name)
    }

    /// Whether content of `len` bytes must be covered by a digest.
    //= docs/spec/request.md#Q-7
    pub(crate) fn needs_digest(&self, len: usize) -> bool {
        len > 0 || matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    /// How much content the fields announce: at least one byte where it comes in chunks, none where they are silent.
    pub(crate) fn announced(&self) -> usize {
        let length = |(name, value): &(&str, &[u8])| {
            if same_name(name, "transfer-encoding") {
                return Some(1);
            }
            let text = core::str::from_utf8(value).unwrap_or_default();
            same_name(name, "content-length").then(|| text.trim().parse().unwrap_or(1))
        };
        self.headers.iter().filter_map(length).max().unwrap_or(0)
    }

    /// The field `cs-audience`, for profiles that use it in the place of `@authority`.
    pub(crate) fn audience_field(&self) -> Result<&'a str, RequestError> {
        let name = "cs-audience";
        let Found::Once(value) = self.field(name)? else {
            return Err(RequestError::HeaderMissing { name: name.into() });
        };
        match core::str::from_utf8(value) {
            Ok(text) if is_authority(text) => Ok(text),
            _ => Err(RequestError::AuthorityInvalid),
        }
    }

    /// A content coding must be covered, since the digest is that of the coded content (RFC 9530 section 2).
    //= docs/spec/request.md#Q-7
    pub(crate) fn check_content_encoding(&self, profile: &Profile) -> Result<(), RequestError> {
        let name = "content-encoding";
        match self.field(name)? {
            Found::Once(_) if !profile.covers(name) => Err(RequestError::ContentEncodingUncovered),
            Found::Once(_) | Found::Nowhere => Ok(()),
        }
    }

    /// The authority without the scheme's default port (RFC 9421 section 2.2.3); its case is left.
    pub(crate) fn bare_authority(&self) -> &'a str {
        let port = self.scheme.default_port();
        self.authority.strip_suffix(port).unwrap_or(self.authority)
    }

    /// Checks the request line and the authority: sizes first, then grammar.
    //= docs/spec/request.md#Q-2
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        within("target", self.path.len() + self.query.len(), MAX_TARGET)?;
        within("authority", self.authority.len(), MAX_AUTHORITY)?;
        within("headers", self.headers.len(), MAX_HEADERS)?;
        if !is_method(self.method) {
            return Err(RequestError::MethodInvalid);
        }
        if !is_path(self.path) || !every(self.query, QUERY) {
            return Err(RequestError::TargetInvalid);
        }
        if !is_authority(self.authority) {
            return Err(RequestError::AuthorityInvalid);
        }
        Ok(())
    }
}

/// The field `name` among `headers`, or `Err` when it comes twice or under a look-alike name.
//= docs/spec/request.md#Q-6
pub(crate) fn find<'a>(headers: &[(&str, &'a [u8])], name: &str) -> Result<Found<'a>, ()> {
    let mut found = None;
    for (other, value) in headers {
        let is_same = same_name(other, name);
        if !is_same && !looks_like(other, name) {
            continue;
        }
        if found.is_some() || !is_same {
            return Err(());
        }
        found = Some(trim(value));
    }
    Ok(found.map_or(Found::Nowhere, Found::Once))
}

/// `len` of `part`, if it is at most `most`.
pub(crate) fn within(part: &'static str, len: usize, most: usize) -> Result<(), RequestError> {
    if len <= most {
        return Ok(());
    }
    Err(RequestError::TooLarge { part, len, most })
}

/// A covered value: visible ASCII, blanks and tabs; so no line can be smuggled into the base.
pub(crate) fn is_value(value: &[u8]) -> bool {
    every(value, VALUE)
}

/// A field name as a policy spells it: a lower-case token (RFC 9110 section 5.1).
pub(crate) fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// Upper-case letters and hyphens: `get` is no method, so it cannot be taken for `GET`.
fn is_method(method: &str) -> bool {
    (1..=MAX_METHOD).contains(&method.len())
        && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

fn is_path(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && every(path, PATH)
}

/// `host` or `host:port`, without user information (RFC 9110 section 4.2.4).
pub(crate) fn is_authority(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(':') && every(text.as_bytes(), HOST)
}

/// Equal names, where case does not count; most are spelt alike.
#[inline]
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a == b || a.eq_ignore_ascii_case(b))
}

/// Equal names, where case does not count and `_` stands for `-`.
#[inline]
fn looks_like(a: &str, b: &str) -> bool {
    let fold = |c: u8| match c.to_ascii_lowercase() {
        b'_' => b'-',
        c => c,
    };
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| fold(a) == fold(b))
}

/// Whether every byte is of `class`; without a branch per byte, since all of them usually are.
#[inline]
fn every(bytes: &[u8], class: u8) -> bool {
    bytes
        .iter()
        .fold(class, |so_far, b| so_far & CLASSES[usize::from(*b)])
        == class
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Visible ASCII, blanks and tabs.
const VALUE: u8 = 1;
/// Visible ASCII but `#`, which never stands in a request target (RFC 9112 section 3.2).
const QUERY: u8 = 2;
/// The same without `?`.
const PATH: u8 = 4;
/// What hosts and ports are made of (RFC 3986 section 3.2.2, without percent-encoding).
const HOST: u8 = 8;

/// The classes that each byte belongs to.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        classes[byte as usize] = classes_of(byte);
        byte += 1;
    }
    classes
};

const fn classes_of(byte: u8) -> u8 {
    let value = byte == b'\t' || byte >= b' ';
    let query = byte > b' ' && byte != b'#';
    let path = query && byte != b'?';
    let host = byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'[' | b']' | b':');
    value as u8 * VALUE + query as u8 * QUERY + path as u8 * PATH + host as u8 * HOST
}

const MAX_METHOD: usize = 32;
const MAX_TARGET: usize = 8 * 1024;
pub(crate) const MAX_AUTHORITY: usize = 255;
pub(crate) const MAX_HEADERS: usize = 256;
/// The most bytes of a covered field's value.
pub(crate) const MAX_VALUE: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
        Request {
            method: "GET",
            scheme: Scheme::Https,
            authority: "api.example",
            path: b"/",
            query: b"",
            headers,
            body: b"",
        }
    }

    #[test]
    fn h06_a_look_alike_name_counts_as_a_repetition() {
        assert!(
            request(&[("content_type", b"a")])
                .find("content-type")
                .is_err()
        );
        assert!(
            request(&[("Content-Type", b"a"), ("content_type", b"a")])
                .find("content-type")
                .is_err()
        );
        assert!(request(&[("a-b_c", b"a")]).find("a_b-c").is_err());
    }

    #[test]
    fn blanks_around_a_value_do_not_count() {
        let headers: [(&str, &[u8]); 1] = [("X", b" \ta b\t ")];
        let Ok(Found::Once(value)) = request(&headers).find("x") else {
            panic!("it is there once")
        };
        assert_eq!(value, b"a b");
    }

    #[test]
    fn h10_a_lower_case_method_is_no_method() {
        assert!(is_method("GET") && is_method("VERSION-CONTROL"));
        assert!(!is_method("get") && !is_method("") && !is_method("GET "));
    }

    #[test]
    fn the_default_port_of_the_scheme_is_dropped() {
        let mut got = request(&[]);
        got.authority = "api.example:443";
        assert_eq!(got.bare_authority(), "api.example");
        got.scheme = Scheme::Http;
        assert_eq!(got.bare_authority(), "api.example:443");
    }
}
