//! Policies as JSON text, the one form that all languages read.
//!
//! ```
//! use counterseal::document::RequestPolicy;
//! let policy = RequestPolicy::parse(r#"{ "authorities": ["api.example"], "past_seconds": 30 }"#)?;
//! assert_eq!(policy.past().seconds(), 30);
//! let refused = RequestPolicy::parse(r#"{ "authorities": ["api.example"], "pasts": 30 }"#);
//! assert!(refused.is_err());
//! # Ok::<(), counterseal::document::DocumentError>(())
//! ```

use alloc::{string::String, vec::Vec};
use core::fmt;

use counterseal_core::{Code, Refusal, Span};
use counterseal_request::{
    Audience, DigestAlgorithm, Policy, PolicyError, PolicyParts, Profile, ProfileParts,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The JSON form of a request policy. Members that are left out have the defaults of [`PolicyParts`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestPolicy {
    authorities: Vec<String>,
    #[serde(default)]
    audience: AudienceName,
    #[serde(default)]
    body_limit_bytes: Option<u32>,
    #[serde(default)]
    cover: Vec<String>,
    #[serde(default)]
    cover_scheme: bool,
    #[serde(default)]
    digest: DigestName,
    #[serde(default)]
    future_seconds: Option<u32>,
    #[serde(default)]
    past_seconds: Option<u32>,
    #[serde(default)]
    retain_seconds: Option<u32>,
}

/// The JSON form of a signing profile, a part of [`RequestPolicy`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestProfile {
    #[serde(default)]
    audience: AudienceName,
    #[serde(default)]
    cover: Vec<String>,
    #[serde(default)]
    cover_scheme: bool,
    #[serde(default)]
    digest: DigestName,
}

/// Why a document is not a policy.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// A member is unknown, missing, there twice, or of another type.
    Member {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// The members are fine and their values cannot be.
    Policy(PolicyError),
    /// It is not JSON.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is larger than 64 KiB.
    TooLarge,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AudienceName {
    #[default]
    Authority,
    Field,
}

#[derive(Clone, Copy, Default, Deserialize)]
enum DigestName {
    #[default]
    #[serde(rename = "sha-256")]
    Sha256,
    #[serde(rename = "sha-512")]
    Sha512,
}

impl RequestPolicy {
    /// The policy that `text` spells.
    ///
    /// # Errors
    ///
    /// [`DocumentError`], without the text.
    pub fn parse(text: &str) -> Result<Policy, DocumentError> {
        let document: RequestPolicy = from_json(text)?;
        Policy::new(document.parts()).map_err(DocumentError::Policy)
    }

    fn parts(self) -> PolicyParts {
        let default = PolicyParts::default();
        let seconds = |given: Option<u32>, otherwise: Span| {
            given.map_or(otherwise, |s| Span::from_seconds(i64::from(s)))
        };
        let bytes = |given: u32| usize::try_from(given).unwrap_or(usize::MAX);
        PolicyParts {
            profile: profile(self.audience, self.cover, self.cover_scheme, self.digest),
            authorities: self.authorities,
            past: seconds(self.past_seconds, default.past),
            future: seconds(self.future_seconds, default.future),
            retain: seconds(self.retain_seconds, default.retain),
            body_limit: self.body_limit_bytes.map_or(default.body_limit, bytes),
        }
    }
}

impl RequestProfile {
    /// The profile that `text` spells.
    ///
    /// # Errors
    ///
    /// [`DocumentError`], without the text.
    pub fn parse(text: &str) -> Result<Profile, DocumentError> {
        let this: RequestProfile = from_json(text)?;
        let parts = profile(this.audience, this.cover, this.cover_scheme, this.digest);
        Profile::new(parts).map_err(DocumentError::Policy)
    }
}

impl DocumentError {
    /// The codes of this enum; those of a policy are the room's.
    pub const CODES: &'static [Code] = &[MEMBER, SYNTAX, TOO_LARGE];
}

impl Refusal for DocumentError {
    fn code(&self) -> Code {
        match self {
            Self::Member { .. } => MEMBER,
            Self::Policy(error) => error.code(),
            Self::Syntax { .. } => SYNTAX,
            Self::TooLarge => TOO_LARGE,
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            Self::Member { line, column } | Self::Syntax { line, column } => {
                write!(f, " (line {line}, column {column})")
            }
            Self::Policy(_) | Self::TooLarge => Ok(()),
        }
    }
}

impl core::error::Error for DocumentError {}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    if text.len() > MAX_DOCUMENT {
        return Err(DocumentError::TooLarge);
    }
    // To serde a list is a struct too, whose members have no names.
    if text.trim_start().starts_with('[') {
        return Err(DocumentError::Member { line: 1, column: 1 });
    }
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if error.is_data() {
            DocumentError::Member { line, column }
        } else {
            DocumentError::Syntax { line, column }
        }
    })
}

fn profile(
    audience: AudienceName,
    cover: Vec<String>,
    cover_scheme: bool,
    digest: DigestName,
) -> ProfileParts {
    ProfileParts {
        audience: match audience {
            AudienceName::Authority => Audience::Authority,
            AudienceName::Field => Audience::Field,
        },
        cover,
        cover_scheme,
        digest: match digest {
            DigestName::Sha256 => DigestAlgorithm::Sha256,
            DigestName::Sha512 => DigestAlgorithm::Sha512,
        },
    }
}

const MAX_DOCUMENT: usize = 64 * 1024;

const MEMBER: Code = Code::integrator(
    "policy_member",
    "a member of the policy is unknown, missing, there twice or of the wrong type",
    "compare the members at this place with the documented ones; the spelling counts",
);
const SYNTAX: Code = Code::integrator(
    "policy_syntax",
    "the policy is not JSON",
    "look at this line and column for a missing quote, comma or bracket",
);
const TOO_LARGE: Code = Code::integrator(
    "policy_too_large",
    "the policy is larger than 64 KiB",
    "check that the right file was given",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        RequestPolicy::parse(text).unwrap_err().code().name
    }

    #[test]
    fn every_kind_of_fault_has_its_code() {
        assert_eq!(code("{"), "policy_syntax");
        assert_eq!(code("{}"), "policy_member");
        assert_eq!(code(r#"{"authorities":["a"],"x":1}"#), "policy_member");
        assert_eq!(
            code(r#"{"authorities":["a"],"authorities":["a"]}"#),
            "policy_member"
        );
        assert_eq!(
            code(r#"{"authorities":["a"],"past_seconds":"60"}"#),
            "policy_member"
        );
        assert_eq!(
            code(r#"{"authorities":["a"],"past_seconds":-1}"#),
            "policy_member"
        );
        assert_eq!(
            code(r#"{"authorities":["a"],"past_seconds":0}"#),
            "request_policy_limits"
        );
        assert_eq!(
            code(r#"{"authorities":["A"]}"#),
            "request_policy_authorities"
        );
        assert_eq!(code(&" ".repeat(MAX_DOCUMENT + 1)), "policy_too_large");
    }

    #[test]
    fn members_without_names_are_no_policy() {
        assert_eq!(code(r#" [["a"]]"#), "policy_member");
        assert!(RequestProfile::parse("[]").is_err());
    }

    #[test]
    fn a_profile_has_no_member_of_a_policy() {
        assert!(RequestProfile::parse(r#"{"cover":["date"],"digest":"sha-512"}"#).is_ok());
        assert!(RequestProfile::parse(r#"{"authorities":["a"]}"#).is_err());
    }
}
