//! The published keys: a JWK Set (RFC 7517 section 5), and how long a copy of it is good.

use alloc::format;
use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::Time;
use sha2::{Digest, Sha256};

use crate::{PublicJwk, Rotation};

/// What a route for the keys answers: `GET /.well-known/jwks.json`.
///
/// ```
/// use counterseal_core::{Algorithm, PublicKey, Span, Time};
/// use counterseal_jwt::{JwksDocument, PublicJwk, Rotation, RotationPolicy};
/// # let now = Time::from_seconds(1_800_000_000);
/// # let mut point = [0; 32];
/// # point.copy_from_slice(&[
/// #     0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
/// #     0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
/// # ]);
/// let policy = RotationPolicy::new(Span::from_minutes(30), Span::from_minutes(5))?;
/// let mut rotation = Rotation::new();
/// rotation.announce(PublicJwk::new(Algorithm::EdDsa, &PublicKey::ed25519(&point)?)?, &policy, now)?;
///
/// let document = JwksDocument::new(&rotation, now);
/// assert_eq!(document.cache_control(), "public, max-age=300, must-revalidate");
/// assert!(!document.is_known(["\"another\""]));
/// assert!(document.is_known([document.etag()])); // answer 304, without a body
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksDocument {
    body: String,
    etag: String,
    cache_control: String,
}

impl JwksDocument {
    /// What is published at `now`. Equal keys make equal bytes, on every host.
    pub fn new<K: AsRef<PublicJwk> + PartialEq>(rotation: &Rotation<K>, now: Time) -> Self {
        //= docs/spec/jwt.md#T-20
        let mut body = String::from("{\"keys\":[");
        let mut before = "";
        for key in rotation.published(now) {
            body.push_str(before);
            body.push_str(key.as_ref().text());
            before = ",";
        }
        body.push_str("]}");
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&body));
        let age = rotation.max_age(now).seconds();
        JwksDocument {
            etag: format!("\"{}\"", &digest[..TAG]),
            cache_control: format!("public, max-age={age}, must-revalidate"),
            body,
        }
    }

    /// The JSON text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Its media type.
    pub const fn content_type(&self) -> &'static str {
        "application/jwk-set+json"
    }

    /// The strong entity tag, with its quotes (RFC 9110 section 8.8.3). Send it with each answer, also with 304.
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// For how long a copy is good: no longer than until a key of it is gone.
    pub fn cache_control(&self) -> &str {
        &self.cache_control
    }

    /// Whether the client has it already, by the `If-None-Match` field lines of its request (RFC 9110 section 13.1.2): `*`, or a list of
    /// tags, compared weakly. Then the answer is 304. A line of another form is as good as none.
    pub fn is_known<'a>(&self, if_none_match: impl IntoIterator<Item = &'a str>) -> bool {
        let mut lines = if_none_match.into_iter();
        lines.any(|line| line.trim_matches([' ', '\t']) == "*" || self.is_listed(line))
    }

    fn is_listed(&self, line: &str) -> bool {
        // No tag of ours has a comma or a blank in it.
        line.split(',').any(|tag| {
            let tag = tag.trim_matches([' ', '\t']);
            tag.strip_prefix("W/").unwrap_or(tag) == self.etag
        })
    }
}

/// How many letters of a digest tell two documents apart: 132 bits.
const TAG: usize = 22;
