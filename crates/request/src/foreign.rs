//! What a verifier accepts of signers that are not of the strict profile.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use counterseal_core::Span;

use crate::covered::Components;
use crate::policy::{Bounds, PolicyError, PolicyParts, served};
use crate::presented::{Chosen, OWN_TAGS};

/// What a verifier accepts of other signers of HTTP Message Signatures (RFC 9421) with `hmac-sha256`.
///
/// The signer chooses which components to cover, in which order, and the order of the parameters; this policy says
/// which components must be among them. It is for services whose clients cannot be changed; where they can, the strict
/// [`Policy`](crate::Policy) leaves an attacker less to play with. `docs/spec/foreign.md` has the rules.
///
/// What it does not protect, beyond what requests of the strict profile lack: whatever the signer chose to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPolicy {
    pub(crate) authorities: Vec<Box<str>>,
    tag: Option<Box<str>>,
    /// As they stand in a component list, quotes and parameters included.
    require: Vec<Box<str>>,
    pub(crate) require_nonce: bool,
    pub(crate) require_digest: bool,
    pub(crate) bounds: Bounds,
}

/// The plain form of a [`ForeignPolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPolicyParts {
    /// The authorities that this verifier serves: 1 to 16, lower-case, without default ports. The request's own is
    /// compared with them whether it is covered or not.
    pub authorities: Vec<String>,
    /// The tag of the signature to read, 1 to 64 characters; without one the request has one signature only.
    pub tag: Option<String>,
    /// Components that must be covered, at most 24, each once: `@method`, `@target-uri`, `@authority`, `@scheme`,
    /// `@request-target`, `@path`, `@query`, `@query-param;name="page"`, or a field's name in lower case.
    /// `@method`, `@authority`, `@path` and `@query` unless said.
    pub require: Vec<String>,
    /// Whether a signature needs a nonce; it does unless said. Without one, two equal requests within a second are one,
    /// and the second of them is refused as a replay.
    pub require_nonce: bool,
    /// Whether content, or a method that implies it, needs a covered `Content-Digest`; it does unless said. Without
    /// one, anyone on the way may change the content.
    pub require_digest: bool,
    /// How old `created` may be: 1 to 300 s, 60 s unless said.
    pub past: Span,
    /// How far ahead `created` may be: 1 to 300 s, 60 s unless said.
    pub future: Span,
    /// How long a used signature is remembered after `created`: at least past + future + 60 s, at most an hour, 300 s
    /// unless said.
    pub retain: Span,
    /// The most bytes of content: up to 64 MiB, 1 MiB unless said.
    pub body_limit: usize,
}

impl Default for ForeignPolicyParts {
    fn default() -> Self {
        let PolicyParts {
            past,
            future,
            retain,
            body_limit,
            ..
        } = PolicyParts::default();
        ForeignPolicyParts {
            authorities: vec![],
            tag: None,
            require: ["@method", "@authority", "@path", "@query"]
                .map(String::from)
                .into(),
            require_nonce: true,
            require_digest: true,
            past,
            future,
            retain,
            body_limit,
        }
    }
}

impl ForeignPolicy {
    /// The policy of these parts.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names the part that cannot be.
    //= docs/spec/foreign.md#F-8
    pub fn new(parts: ForeignPolicyParts) -> Result<Self, PolicyError> {
        let authorities = served(parts.authorities)?;
        check_tag(parts.tag.as_deref())?;
        let bounds = Bounds {
            past: parts.past,
            future: parts.future,
            retain: parts.retain,
            body_limit: parts.body_limit,
        };
        bounds.check()?;
        Ok(ForeignPolicy {
            authorities,
            tag: parts.tag.map(Into::into),
            require: required(&parts.require)?,
            require_nonce: parts.require_nonce,
            require_digest: parts.require_digest,
            bounds,
        })
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

    pub(crate) fn chosen(&self) -> Chosen<'_> {
        self.tag.as_deref().map_or(Chosen::Only, Chosen::Tagged)
    }

    /// Whether a signature with this tag is one to read.
    pub(crate) fn takes_tag(&self, tag: Option<&str>) -> bool {
        self.tag.is_none() || self.tag.as_deref() == tag
    }

    /// Whether all that must be covered is among `components`.
    pub(crate) fn is_satisfied(&self, components: &Components<'_>) -> bool {
        let required = self.require.iter();
        required.into_iter().all(|text| components.has(text))
    }

    /// The policy's own spelling of the field `name`: refusals show no other.
    pub(crate) fn spelling(&self, name: &str) -> Option<&str> {
        let fields = self.require.iter().map(|text| text.trim_matches('"'));
        fields.into_iter().find(|field| *field == name)
    }
}

/// The components, as they stand in a list.
fn required(names: &[String]) -> Result<Vec<Box<str>>, PolicyError> {
    let quoted = |name: &String| match name.split_once(';') {
        Some((name, parameters)) => alloc::format!("\"{name}\";{parameters}"),
        None => alloc::format!("\"{name}\""),
    };
    let quoted: Vec<String> = names.iter().map(quoted).collect();
    let list = alloc::format!("({})", quoted.join(" "));
    // As many as there are names: none of them is two.
    match Components::parse(&list) {
        Some((components, "")) if components.len() == names.len() => {
            Ok(quoted.into_iter().map(String::into_boxed_str).collect())
        }
        _ => Err(PolicyError::Cover),
    }
}

fn check_tag(tag: Option<&str>) -> Result<(), PolicyError> {
    let Some(tag) = tag else { return Ok(()) };
    let plain = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    let fine =
        (1..=64).contains(&tag.len()) && tag.bytes().all(plain) && !tag.starts_with(OWN_TAGS);
    if fine { Ok(()) } else { Err(PolicyError::Tag) }
}
