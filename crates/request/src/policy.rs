//! What is signed, and what a verifier accepts.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use counterseal_core::{Code, Refusal, Span};

use crate::codes::setup;
use crate::digest::DigestAlgorithm;
use crate::message::{MAX_AUTHORITY, is_authority, is_field_name, same_name};

/// What a signature covers: signer and verifier must agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(crate) audience: Audience,
    pub(crate) cover: Vec<CoveredField>,
    pub(crate) cover_scheme: bool,
    pub(crate) digest: DigestAlgorithm,
    /// The component lists, written once: with and without media type, with and without digest.
    lists: [Box<str>; 4],
}

/// A field that is covered beyond the profile's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoveredField {
    pub(crate) name: Box<str>,
    /// What stands before its value in a base: a line end, its quoted name, a colon.
    pub(crate) lead: Box<str>,
}

/// The plain form of a [`Profile`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileParts {
    /// How a signature names the service that it is for.
    pub audience: Audience,
    /// Fields to cover beyond the profile's own, lower-case, in signing order; at most 8. Each must
    /// be present exactly once in every request.
    pub cover: Vec<String>,
    /// Whether the scheme is covered; leave it out where a proxy ends TLS.
    pub cover_scheme: bool,
    /// The digest of the content.
    pub digest: DigestAlgorithm,
}

/// How a signature names the service that it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// By `@authority`.
    #[default]
    Authority,
    /// By the field `cs-audience`, because a proxy must rewrite `Host`.
    Field,
}

/// What a verifier accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) profile: Profile,
    pub(crate) authorities: Vec<Box<str>>,
    pub(crate) bounds: Bounds,
}

/// Times and sizes of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) past: Span,
    pub(crate) future: Span,
    pub(crate) retain: Span,
    pub(crate) body_limit: usize,
}

/// The plain form of a [`Policy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyParts {
    /// What must be covered.
    pub profile: ProfileParts,
    /// The authorities (or audiences) that this verifier serves: 1 to 16, lower-case, without default ports.
    pub authorities: Vec<String>,
    /// How old `created` may be: 1 to 300 s, 60 s unless said.
    pub past: Span,
    /// How far ahead `created` may be: 1 to 300 s, 60 s unless said.
    pub future: Span,
    /// How long a used nonce is remembered after `created`: at least past + future + 60 s, at most
    /// an hour, 300 s unless said. What is above past + future is margin for a clock that steps back.
    pub retain: Span,
    /// The most bytes of content: up to 64 MiB, 1 MiB unless said.
    pub body_limit: usize,
}

/// A policy or profile that cannot be.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// No authority, more than 16, or one that no client can send.
    Authorities,
    /// A field to cover is no field name, is named twice, or is covered anyway.
    Cover,
    /// A window, retention or size is outside its bounds.
    Limits,
    /// The tag of foreign signatures is empty, too long, no plain text, or that of the strict profile.
    Tag,
}

impl Default for PolicyParts {
    fn default() -> Self {
        PolicyParts {
            profile: ProfileParts::default(),
            authorities: Vec::new(),
            past: Span::from_seconds(60),
            future: Span::from_seconds(60),
            retain: Span::from_seconds(300),
            body_limit: 1024 * 1024,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Profile::new(ProfileParts::default()).expect("the default profile covers no extra fields")
    }
}

impl Profile {
    /// The profile of these parts.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Cover`].
    #[allow(clippy::needless_pass_by_value)] // parts become the profile; a borrow would only look cheaper
    pub fn new(parts: ProfileParts) -> Result<Self, PolicyError> {
        check_cover(&parts)?;
        let list = |content_type, digest| component_list(&parts, content_type, digest);
        Ok(Profile {
            lists: [
                list(false, false),
                list(false, true),
                list(true, false),
                list(true, true),
            ],
            audience: parts.audience,
            cover: parts.cover.iter().map(|f| CoveredField::new(f)).collect(),
            cover_scheme: parts.cover_scheme,
            digest: parts.digest,
        })
    }

    /// The component list of a message, in brackets.
    pub(crate) fn list(&self, content_type: bool, digest: bool) -> &str {
        &self.lists[usize::from(content_type) * 2 + usize::from(digest)]
    }

    /// Whether the field `name` is covered beyond the profile's own.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.cover.iter().any(|field| *field.name == *name)
    }
}

impl Policy {
    /// The policy of these parts.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names the part that cannot be.
    pub fn new(parts: PolicyParts) -> Result<Self, PolicyError> {
        let bounds = Bounds {
            past: parts.past,
            future: parts.future,
            retain: parts.retain,
            body_limit: parts.body_limit,
        };
        let authorities = served(parts.authorities)?;
        bounds.check()?;
        Ok(Policy {
            profile: Profile::new(parts.profile)?,
            authorities,
            bounds,
        })
    }

    /// The default policy for one authority.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Authorities`].
    pub fn for_authority(authority: &str) -> Result<Self, PolicyError> {
        Policy::new(PolicyParts {
            authorities: [authority.into()].into(),
            ..PolicyParts::default()
        })
    }

    /// What must be covered.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The most bytes of content; an adapter stops reading there.
    pub const fn body_limit(&self) -> usize {
        self.bounds.body_limit
    }

    /// How old `created` may be.
    pub const fn past(&self) -> Span {
        self.bounds.past
    }

    /// How far ahead `created` may be.
    pub const fn future(&self) -> Span {
        self.bounds.future
    }

    /// The authority of this policy that equals `text` but for case, if there is one.
    pub(crate) fn authority(&self, text: &str) -> Option<&str> {
        spelt(&self.authorities, text)
    }

    /// The audience of this policy that equals `text`, if there is one. It stands in a field, whose value
    /// is signed letter by letter (RFC 9421 section 2.1).
    pub(crate) fn audience(&self, text: &str) -> Option<&str> {
        let mut served = self.authorities.iter().map(|a| &**a);
        served.find(|a| *a == text)
    }
}

impl CoveredField {
    fn new(name: &str) -> Self {
        CoveredField {
            name: name.into(),
            lead: format!("\n\"{name}\": ").into(),
        }
    }
}

impl PolicyError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[
        setup::POLICY_AUTHORITIES,
        setup::POLICY_COVER,
        setup::POLICY_LIMITS,
        setup::POLICY_TAG,
    ];
}

impl Refusal for PolicyError {
    fn code(&self) -> Code {
        match self {
            Self::Authorities => setup::POLICY_AUTHORITIES,
            Self::Cover => setup::POLICY_COVER,
            Self::Limits => setup::POLICY_LIMITS,
            Self::Tag => setup::POLICY_TAG,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for PolicyError {}

fn component_list(parts: &ProfileParts, content_type: bool, digest: bool) -> Box<str> {
    let audience = match parts.audience {
        Audience::Authority => "@authority",
        Audience::Field => "cs-audience",
    };
    let own = [
        Some("@method"),
        parts.cover_scheme.then_some("@scheme"),
        Some(audience),
        Some("@path"),
        Some("@query"),
        content_type.then_some("content-type"),
        digest.then_some("content-digest"),
    ];
    let covered = parts.cover.iter().map(String::as_str);
    let names = own.into_iter().flatten().chain(covered);
    let quoted: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
    format!("({})", quoted.join(" ")).into()
}

//= docs/spec/request.md#Q-15
fn check_cover(parts: &ProfileParts) -> Result<(), PolicyError> {
    let cover = &parts.cover;
    let taken = |name: &str| OWN_FIELDS.contains(&name);
    let fine = cover.len() <= MAX_COVER
        && cover.iter().enumerate().all(|(i, name)| {
            name.len() <= 64 && is_field_name(name) && !taken(name) && !cover[..i].contains(name)
        });
    if fine {
        Ok(())
    } else {
        Err(PolicyError::Cover)
    }
}

/// The authority among `served` that equals `text` but for case, if there is one.
pub(crate) fn spelt<'a>(served: &'a [Box<str>], text: &str) -> Option<&'a str> {
    let mut served = served.iter().map(|a| &**a);
    served.find(|a| same_name(a, text))
}

/// The authorities, if each is one that clients can send.
//= docs/spec/request.md#Q-15
pub(crate) fn served(authorities: Vec<String>) -> Result<Vec<Box<str>>, PolicyError> {
    let fine = |text: &String| {
        text.len() <= MAX_AUTHORITY
            && is_authority(text)
            && !text.bytes().any(|b| b.is_ascii_uppercase())
    };
    if (1..=16).contains(&authorities.len()) && authorities.iter().all(fine) {
        return Ok(authorities
            .into_iter()
            .map(String::into_boxed_str)
            .collect());
    }
    Err(PolicyError::Authorities)
}

impl Bounds {
    //= docs/spec/request.md#Q-15
    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        let window = Span::from_seconds(1)..=Span::from_seconds(300);
        let least = self.past.plus(self.future).plus(Span::from_seconds(60));
        let fine = window.contains(&self.past)
            && window.contains(&self.future)
            && (least..=Span::from_minutes(60)).contains(&self.retain)
            && self.body_limit <= MAX_BODY;
        if fine {
            Ok(())
        } else {
            Err(PolicyError::Limits)
        }
    }
}

/// Fields that the profile covers itself, or that signing writes.
const OWN_FIELDS: [&str; 6] = [
    "content-digest",
    "content-type",
    "cs-audience",
    "host",
    "signature",
    "signature-input",
];
const MAX_COVER: usize = 8;
const MAX_BODY: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn parts() -> PolicyParts {
        PolicyParts {
            authorities: vec!["api.example".into()],
            ..PolicyParts::default()
        }
    }

    #[test]
    fn a_policy_without_an_authority_cannot_be() {
        assert_eq!(
            Policy::new(PolicyParts::default()),
            Err(PolicyError::Authorities)
        );
        for bad in ["", "API.example", "a@b", ":80", "a b", "a/b"] {
            assert_eq!(
                Policy::for_authority(bad),
                Err(PolicyError::Authorities),
                "{bad}"
            );
        }
    }

    #[test]
    fn fields_that_cannot_be_covered_are_refused() {
        for bad in [
            vec!["Date"],
            vec![""],
            vec!["signature"],
            vec!["a", "a"],
            vec!["a b"],
        ] {
            let cover = bad.iter().map(|s| (*s).into()).collect();
            let profile = ProfileParts {
                cover,
                ..ProfileParts::default()
            };
            assert_eq!(Profile::new(profile), Err(PolicyError::Cover), "{bad:?}");
        }
    }

    #[test]
    fn windows_and_limits_have_both_edges() {
        let check = |edit: fn(&mut PolicyParts)| {
            let mut parts = parts();
            edit(&mut parts);
            Policy::new(parts).is_ok()
        };
        assert!(check(|p| p.past = Span::from_seconds(1)));
        assert!(!check(|p| p.past = Span::from_millis(999)));
        assert!(!check(|p| p.future = Span::from_seconds(301)));
        assert!(check(|p| p.retain = Span::from_seconds(180)));
        assert!(!check(|p| p.retain = Span::from_millis(179_999)));
        assert!(!check(|p| p.retain = Span::from_millis(i64::MAX)));
        assert!(!check(|p| p.body_limit = MAX_BODY + 1));
    }
}
