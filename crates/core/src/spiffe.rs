//! SPIFFE IDs: the names of workloads, read by one function for tokens and for certificates (SPIFFE-ID section 2).

use alloc::string::String;
use core::fmt;

use crate::{Code, Refusal};

/// The name of a workload, or of the trust domain that it is in: `spiffe://example.org/worker/7`, `spiffe://example.org`.
///
/// It has one spelling: 2048 bytes at most; the name of the trust domain is 1 to 255 of `[a-z0-9._-]`, without port and user; each
/// segment of the path is one or more of `[A-Za-z0-9._-]`, and neither `.` nor `..`; there is no slash at the end, no query, no
/// fragment, and no percent sign. So IDs are equal where their bytes are.
///
/// ```
/// use counterseal_core::SpiffeId;
/// let id = SpiffeId::workload("spiffe://example.org/worker/7")?;
/// assert_eq!((id.trust_domain(), id.path()), ("example.org", "/worker/7"));
/// assert!(SpiffeId::parse("spiffe://example.org/worker/../admin").is_err());
/// # Ok::<(), counterseal_core::BadSpiffeId>(())
/// ```
///
/// What it does not protect: that somebody has this name is for a signature to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId<'t> {
    text: &'t str,
    /// Where the path begins; the end of the text where there is none.
    path: usize,
}

/// Why a text is no [`SpiffeId`], or not one of its kind.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSpiffeId {
    /// A segment of the path has a character outside its grammar: a percent sign, a query, a fragment.
    Character,
    /// A segment of the path is `.` or `..`.
    Dots,
    /// A segment of the path is empty: two slashes, or one at the end.
    EmptySegment,
    /// A workload has no path, or a trust domain has one.
    Path,
    /// It does not begin with `spiffe://`, in these letters.
    Scheme,
    /// It is longer than 2048 bytes.
    TooLong,
    /// The name of the trust domain is empty, longer than 255 bytes, or has a character outside its grammar: a capital, a port, a user.
    TrustDomain,
}

impl<'t> SpiffeId<'t> {
    /// The ID that `text` spells.
    ///
    /// # Errors
    ///
    /// [`BadSpiffeId`], but for [`BadSpiffeId::Path`].
    pub fn parse(text: &'t str) -> Result<Self, BadSpiffeId> {
        if text.len() > MAX_SPIFFE_ID {
            return Err(BadSpiffeId::TooLong);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(BadSpiffeId::Scheme)?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (domain, path) = rest.split_at(end);
        check_trust_domain(domain)?;
        // Before the first slash there is nothing.
        path.split('/').skip(1).try_for_each(check_segment)?;
        let path = SCHEME.len() + end;
        Ok(SpiffeId { text, path })
    }

    /// The ID of a workload: it has a path.
    ///
    /// # Errors
    ///
    /// [`BadSpiffeId`].
    pub fn workload(text: &'t str) -> Result<Self, BadSpiffeId> {
        let id = Self::parse(text)?;
        if id.path().is_empty() {
            return Err(BadSpiffeId::Path);
        }
        Ok(id)
    }

    /// The ID of a trust domain, and of who signs in it: it has no path.
    ///
    /// # Errors
    ///
    /// [`BadSpiffeId`].
    pub fn authority(text: &'t str) -> Result<Self, BadSpiffeId> {
        let id = Self::parse(text)?;
        if !id.path().is_empty() {
            return Err(BadSpiffeId::Path);
        }
        Ok(id)
    }

    /// The text.
    pub const fn as_str(self) -> &'t str {
        self.text
    }

    /// The name of the trust domain.
    pub fn trust_domain(self) -> &'t str {
        &self.text[SCHEME.len()..self.path]
    }

    /// The ID of the trust domain that it is in.
    #[must_use]
    pub fn domain(self) -> Self {
        SpiffeId {
            text: &self.text[..self.path],
            path: self.path,
        }
    }

    /// The path, with the slash that it begins with; empty for a trust domain.
    pub fn path(self) -> &'t str {
        &self.text[self.path..]
    }

    /// The text of the workload's ID in this trust domain whose path has these segments, each of which stays one segment, whoever
    /// named it.
    ///
    /// # Errors
    ///
    /// [`BadSpiffeId`].
    ///
    /// ```
    /// use counterseal_core::{BadSpiffeId, SpiffeId};
    /// assert_eq!(SpiffeId::text_of("example.org", ["worker", "7"])?, "spiffe://example.org/worker/7");
    /// assert_eq!(SpiffeId::text_of("example.org", ["worker", "7/admin"]), Err(BadSpiffeId::Character));
    /// # Ok::<(), BadSpiffeId>(())
    /// ```
    pub fn text_of<'s>(
        trust_domain: &str,
        segments: impl IntoIterator<Item = &'s str>,
    ) -> Result<String, BadSpiffeId> {
        check_trust_domain(trust_domain)?;
        let mut text = String::from(SCHEME);
        text.push_str(trust_domain);
        for segment in segments {
            check_segment(segment)?;
            text.push('/');
            text.push_str(segment);
        }
        SpiffeId::workload(&text)?;
        Ok(text)
    }
}

impl BadSpiffeId {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        CHARACTER,
        DOTS,
        EMPTY_SEGMENT,
        PATH,
        SCHEME_CODE,
        TOO_LONG,
        TRUST_DOMAIN,
    ];
}

impl fmt::Display for SpiffeId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl fmt::Display for BadSpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for BadSpiffeId {}

impl Refusal for BadSpiffeId {
    fn code(&self) -> Code {
        match self {
            BadSpiffeId::Character => CHARACTER,
            BadSpiffeId::Dots => DOTS,
            BadSpiffeId::EmptySegment => EMPTY_SEGMENT,
            BadSpiffeId::Path => PATH,
            BadSpiffeId::Scheme => SCHEME_CODE,
            BadSpiffeId::TooLong => TOO_LONG,
            BadSpiffeId::TrustDomain => TRUST_DOMAIN,
        }
    }
}

fn check_trust_domain(name: &str) -> Result<(), BadSpiffeId> {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_mark(byte);
    if !(1..=MAX_TRUST_DOMAIN).contains(&name.len()) || !name.bytes().all(is_inside) {
        return Err(BadSpiffeId::TrustDomain);
    }
    Ok(())
}

fn check_segment(segment: &str) -> Result<(), BadSpiffeId> {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || is_mark(byte);
    match segment {
        "" => Err(BadSpiffeId::EmptySegment),
        "." | ".." => Err(BadSpiffeId::Dots),
        _ if segment.bytes().all(is_inside) => Ok(()),
        _ => Err(BadSpiffeId::Character),
    }
}

const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}

/// The most bytes of a SPIFFE ID (SPIFFE-ID section 2.3).
pub const MAX_SPIFFE_ID: usize = 2_048;
const MAX_TRUST_DOMAIN: usize = 255;
const SCHEME: &str = "spiffe://";

const CHARACTER: Code = Code::integrator(
    "spiffe_character",
    "a segment of the path has a character outside its grammar",
    "spell segments with A-Z, a-z, 0-9, '.', '_' and '-', without percent signs, query and fragment",
);
const DOTS: Code = Code::integrator(
    "spiffe_dots",
    "a segment of the path is one or two dots",
    "name each segment; a path of a SPIFFE ID leads nowhere else",
);
const EMPTY_SEGMENT: Code = Code::integrator(
    "spiffe_empty_segment",
    "a segment of the path is empty",
    "put one slash before each segment, and none at the end",
);
const PATH: Code = Code::integrator(
    "spiffe_path",
    "a workload has no path, or a trust domain has one",
    "name a workload as spiffe://example.org/worker/7, and a trust domain as spiffe://example.org",
);
const SCHEME_CODE: Code = Code::integrator(
    "spiffe_scheme",
    "the text does not begin with spiffe://",
    "begin with spiffe:// in small letters",
);
const TOO_LONG: Code = Code::integrator(
    "spiffe_too_long",
    "a SPIFFE ID has more than 2048 bytes",
    "use shorter names",
);
const TRUST_DOMAIN: Code = Code::integrator(
    "spiffe_trust_domain",
    "the name of the trust domain is empty, too long or has a character outside its grammar",
    "name it with 1 to 255 of a-z, 0-9, '.', '_' and '-', without port and user",
);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    fn refused(text: &str) -> &'static str {
        SpiffeId::parse(text).unwrap_err().code().name
    }

    #[test]
    fn f01_another_scheme_is_refused() {
        for text in [
            "Spiffe://td/x",
            "SPIFFE://td/x",
            "spiffe:/td",
            "spiffe:td",
            "http://td/x",
            "//td",
            " spiffe://td",
            "",
        ] {
            assert_eq!(refused(text), "spiffe_scheme", "{text}");
        }
    }

    #[test]
    fn f02_capitals_and_percent_signs_in_the_trust_domain_are_refused() {
        for text in ["spiffe://TD/x", "spiffe://td%2e/x", "spiffe://t\u{e9}/x"] {
            assert_eq!(refused(text), "spiffe_trust_domain", "{text}");
        }
    }

    #[test]
    fn f03_a_port_a_user_and_an_address_in_brackets_are_refused() {
        for text in [
            "spiffe://td:80/x",
            "spiffe://td:/x",
            "spiffe://u@td/x",
            "spiffe://u:p@td/x",
            "spiffe://[::1]/x",
        ] {
            assert_eq!(refused(text), "spiffe_trust_domain", "{text}");
        }
        assert!(SpiffeId::parse("spiffe://192.0.2.1/x").is_ok());
    }

    #[test]
    fn f04_an_empty_trust_domain_and_empty_segments_are_refused() {
        for text in ["spiffe://", "spiffe:///", "spiffe:///x"] {
            assert_eq!(refused(text), "spiffe_trust_domain", "{text}");
        }
        for text in [
            "spiffe://td/",
            "spiffe://td//",
            "spiffe://td/x/",
            "spiffe://td//x",
            "spiffe://td/x//y",
        ] {
            assert_eq!(refused(text), "spiffe_empty_segment", "{text}");
        }
    }

    #[test]
    fn f05_one_dot_and_two_are_refused_and_three_are_a_name() {
        for text in [
            "spiffe://td/.",
            "spiffe://td/..",
            "spiffe://td/a/../b",
            "spiffe://td/./a",
        ] {
            assert_eq!(refused(text), "spiffe_dots", "{text}");
        }
        for text in [
            "spiffe://td/...",
            "spiffe://td/..a",
            "spiffe://td/a..",
            "spiffe://..",
            "spiffe://-/_",
        ] {
            assert!(SpiffeId::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn f06_each_of_256_characters_is_inside_or_outside_the_grammar() {
        let small = "abcdefghijklmnopqrstuvwxyz0123456789._-";
        let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for character in (0..=255_u8).map(char::from) {
            let domain = SpiffeId::parse(&format!("spiffe://a{character}b")).is_ok();
            // A slash ends the name; what is behind it is a path.
            assert_eq!(
                domain,
                small.contains(character) || character == '/',
                "{character:?}"
            );
            let path = SpiffeId::parse(&format!("spiffe://a/b{character}c")).is_ok();
            let is_in_path = small.contains(character) || capitals.contains(character);
            assert_eq!(path, is_in_path || character == '/', "{character:?}");
        }
    }

    #[test]
    fn f07_a_query_a_fragment_and_a_percent_sign_are_refused() {
        for text in [
            "spiffe://td/x?",
            "spiffe://td/x?a=b",
            "spiffe://td/x#",
            "spiffe://td/x%41",
            "spiffe://td/x%2fy",
        ] {
            assert_eq!(refused(text), "spiffe_character", "{text}");
        }
        for text in ["spiffe://td?", "spiffe://td#x"] {
            assert_eq!(refused(text), "spiffe_trust_domain", "{text}");
        }
    }

    #[test]
    fn f09_a_segment_of_strangers_stays_one_segment() {
        let of = |segment| SpiffeId::text_of("td", ["users", segment]);
        assert_eq!(of("7").unwrap(), "spiffe://td/users/7");
        for (segment, code) in [
            ("../admin", "spiffe_character"),
            ("7/admin", "spiffe_character"),
            ("..", "spiffe_dots"),
            ("", "spiffe_empty_segment"),
        ] {
            assert_eq!(of(segment).unwrap_err().code().name, code);
        }
        let no_path = SpiffeId::text_of("td", []).unwrap_err();
        assert_eq!(no_path, BadSpiffeId::Path);
        let in_a_path = SpiffeId::text_of("td/admin", ["x"]).unwrap_err();
        assert_eq!(in_a_path, BadSpiffeId::TrustDomain);
        let long = "x".repeat(MAX_SPIFFE_ID);
        assert_eq!(of(&long).unwrap_err(), BadSpiffeId::TooLong);
    }

    #[test]
    fn lengths_end_where_the_standard_has_them() {
        let of = |len: usize| format!("spiffe://{}", "d".repeat(len));
        assert!(SpiffeId::parse(&of(255)).is_ok());
        assert_eq!(refused(&of(256)), "spiffe_trust_domain");
        let of = |len: usize| format!("spiffe://td/{}", "p".repeat(len - 12));
        assert!(SpiffeId::parse(&of(2_048)).is_ok());
        assert_eq!(refused(&of(2_049)), "spiffe_too_long");
    }

    #[test]
    fn a_workload_has_a_path_and_an_authority_has_none() {
        let (domain, workload) = ("spiffe://td", "spiffe://td/x");
        assert!(SpiffeId::workload(workload).is_ok() && SpiffeId::authority(domain).is_ok());
        assert_eq!(SpiffeId::workload(domain), Err(BadSpiffeId::Path));
        assert_eq!(SpiffeId::authority(workload), Err(BadSpiffeId::Path));
    }

    proptest! {
        #[test]
        fn an_id_is_its_parts(domain in "[a-z0-9._-]{1,20}", segments in proptest::collection::vec("[A-Za-z0-9_-]{1,9}", 1..5)) {
            let text = SpiffeId::text_of(&domain, segments.iter().map(|s| &**s)).unwrap();
            let id = SpiffeId::workload(&text).unwrap();
            prop_assert!(SpiffeId::authority(id.domain().as_str()).is_ok_and(|it| it == id.domain()));
            prop_assert_eq!(id.trust_domain(), domain);
            prop_assert_eq!(id.path(), format!("/{}", segments.join("/")));
        }

        #[test]
        fn whatever_is_read_is_made_of_its_parts(text in "(spiffe://)?[a-zA-Z0-9._/%?#:@-]{0,40}") {
            if let Ok(id) = SpiffeId::workload(&text) {
                let segments = id.path()[1..].split('/');
                prop_assert_eq!(SpiffeId::text_of(id.trust_domain(), segments).unwrap(), text);
            }
        }
    }
}
