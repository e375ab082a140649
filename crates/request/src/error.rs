//! Why a request was refused: for the operator precisely, for the peer coarsely.

use alloc::boxed::Box;
use core::fmt;

use counterseal_core::{AuditEvent, Code, Fact, KeyId, Refusal, Time};

use crate::codes;

/// Why a request was refused.
///
/// It never holds what the peer sent: names come from the policy, numbers were compared, and a key
/// id is one that the verifier knows. [`Refusal::code`] names the rule; its `public` half is what
/// the peer may be told.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The `Host` field is no `host` or `host:port`.
    AuthorityInvalid,
    /// The authority, or the audience field, is none of those that the policy serves.
    AuthorityUnknown,
    /// The content is not what the covered digest says.
    BodyMismatch {
        /// Whose signature covers the digest.
        key: KeyId,
    },
    /// The covered components are not those of the profile, in its order.
    ComponentsUnexpected,
    /// A content coding is applied and not covered.
    ContentEncodingUncovered,
    /// `created` is not a number of seconds in its one form.
    CreatedInvalid,
    /// `Content-Digest` is not exactly one digest of the policy's algorithm.
    DigestInvalid,
    /// There is content, or the method implies it, and no `Content-Digest`.
    DigestMissing,
    /// `expires` has passed on the verifier's clock.
    Expired {
        /// Whose signature it is.
        key: KeyId,
        /// The signed end.
        expires: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// `expires` is not a number of seconds in its one form, or not 1 to 120 s after `created`.
    ExpiresInvalid,
    /// A covered field's value has a control, a line end or a byte outside ASCII.
    HeaderInvalid {
        /// The field, as the policy spells it.
        name: Box<str>,
    },
    /// A field that the policy covers is not there.
    HeaderMissing {
        /// The field, as the policy spells it.
        name: Box<str>,
    },
    /// A covered field comes twice, or under a look-alike name.
    HeaderRepeated {
        /// The field, as the policy spells it.
        name: Box<str>,
    },
    /// The key's time is over.
    KeyExpired {
        /// The key.
        key: KeyId,
        /// The first instant at which it is over.
        until: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// `keyid` is outside its grammar.
    KeyIdInvalid,
    /// The key's time has not begun.
    KeyNotYetValid {
        /// The key.
        key: KeyId,
        /// When it begins.
        since: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// The key was revoked.
    KeyRevoked {
        /// The key.
        key: KeyId,
    },
    /// No such key is in the snapshot.
    KeyUnknown,
    /// The member with our tag is not labelled `cs`.
    LabelUnexpected,
    /// This key has used up its share of the replay store.
    Limited {
        /// The key.
        key: KeyId,
    },
    /// The signature is no base64 of 32 bytes in its one form.
    MacInvalid,
    /// The signature is another message's or another key's.
    MacMismatch {
        /// The key that was tried.
        key: KeyId,
    },
    /// The method is not 1 to 32 upper-case letters and hyphens.
    MethodInvalid,
    /// The nonce is not 22 characters of base64url for 16 bytes.
    NonceInvalid,
    /// The signed time is too far from the verifier's clock.
    OutsideWindow {
        /// Whose signature it is.
        key: KeyId,
        /// The signed time.
        created: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// The signature's parameters are not those of the profile, in its order.
    ParametersUnexpected,
    /// The request was accepted before.
    Replayed {
        /// Whose signature it is.
        key: KeyId,
        /// The signed time.
        created: Time,
    },
    /// `Signature-Input` or `Signature` is not a dictionary of structured fields.
    SignatureMalformed,
    /// No member of `Signature-Input` has our tag, or a field is not there.
    SignatureMissing,
    /// A label comes twice, two members have our tag, or the two fields differ in their labels.
    SignatureRepeated,
    /// The replay store has no room; nothing was forgotten to make some.
    StoreFull,
    /// The replay store did not answer.
    StoreUnavailable,
    /// The replay store cannot know about so early a request: it began later, or has moved on.
    StoreWarming {
        /// Whose signature it is.
        key: KeyId,
        /// The signed time.
        created: Time,
    },
    /// The request target is no origin-form path and query of visible ASCII.
    TargetInvalid,
    /// A part is larger than the profile or the policy allows.
    TooLarge {
        /// The part.
        part: &'static str,
        /// Its size, in bytes or pieces.
        len: usize,
        /// The most that is allowed.
        most: usize,
    },
}

impl RequestError {
    /// The key that the verifier found for this request, if it got that far.
    pub const fn key(&self) -> Option<KeyId> {
        match self {
            Self::BodyMismatch { key }
            | Self::Expired { key, .. }
            | Self::KeyExpired { key, .. }
            | Self::KeyNotYetValid { key, .. }
            | Self::KeyRevoked { key }
            | Self::Limited { key }
            | Self::MacMismatch { key }
            | Self::OutsideWindow { key, .. }
            | Self::Replayed { key, .. }
            | Self::StoreWarming { key, .. } => Some(*key),
            _ => None,
        }
    }

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), self.key(), now);
        match self {
            Self::Expired { expires, .. } => event.with(&[Fact::at("expires", *expires)]),
            Self::KeyExpired { until, .. } => event.with(&[Fact::at("until", *until)]),
            Self::KeyNotYetValid { since, .. } => event.with(&[Fact::at("since", *since)]),
            Self::OutsideWindow { created, .. }
            | Self::Replayed { created, .. }
            | Self::StoreWarming { created, .. } => event.with(&[Fact::at("created", *created)]),
            Self::TooLarge { part, len, most } => event.with(&[
                Fact::word("part", part),
                Fact::number("len", i64::try_from(*len).unwrap_or(i64::MAX)),
                Fact::number("most", i64::try_from(*most).unwrap_or(i64::MAX)),
            ]),
            _ => event,
        }
    }
}

impl Refusal for RequestError {
    fn code(&self) -> Code {
        match self {
            Self::AuthorityInvalid => codes::AUTHORITY_INVALID,
            Self::AuthorityUnknown => codes::AUTHORITY_UNKNOWN,
            Self::BodyMismatch { .. } => codes::BODY_MISMATCH,
            Self::ComponentsUnexpected => codes::COMPONENTS_UNEXPECTED,
            Self::ContentEncodingUncovered => codes::CONTENT_ENCODING_UNCOVERED,
            Self::CreatedInvalid => codes::CREATED_INVALID,
            Self::DigestInvalid => codes::DIGEST_INVALID,
            Self::DigestMissing => codes::DIGEST_MISSING,
            Self::Expired { .. } => codes::EXPIRED,
            Self::ExpiresInvalid => codes::EXPIRES_INVALID,
            Self::HeaderInvalid { .. } => codes::HEADER_INVALID,
            Self::HeaderMissing { .. } => codes::HEADER_MISSING,
            Self::HeaderRepeated { .. } => codes::HEADER_REPEATED,
            Self::KeyExpired { .. } => codes::KEY_EXPIRED,
            Self::KeyIdInvalid => codes::KEY_ID_INVALID,
            Self::KeyNotYetValid { .. } => codes::KEY_NOT_YET_VALID,
            Self::KeyRevoked { .. } => codes::KEY_REVOKED,
            Self::KeyUnknown => codes::KEY_UNKNOWN,
            Self::LabelUnexpected => codes::LABEL_UNEXPECTED,
            Self::Limited { .. } => codes::LIMITED,
            Self::MacInvalid => codes::MAC_INVALID,
            Self::MacMismatch { .. } => codes::MAC_MISMATCH,
            Self::MethodInvalid => codes::METHOD_INVALID,
            Self::NonceInvalid => codes::NONCE_INVALID,
            Self::OutsideWindow { .. } => codes::OUTSIDE_WINDOW,
            Self::ParametersUnexpected => codes::PARAMETERS_UNEXPECTED,
            Self::Replayed { .. } => codes::REPLAYED,
            Self::SignatureMalformed => codes::SIGNATURE_MALFORMED,
            Self::SignatureMissing => codes::SIGNATURE_MISSING,
            Self::SignatureRepeated => codes::SIGNATURE_REPEATED,
            Self::StoreFull => codes::STORE_FULL,
            Self::StoreUnavailable => codes::STORE_UNAVAILABLE,
            Self::StoreWarming { .. } => codes::STORE_WARMING,
            Self::TargetInvalid => codes::TARGET_INVALID,
            Self::TooLarge { .. } => codes::TOO_LARGE,
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            Self::HeaderInvalid { name }
            | Self::HeaderMissing { name }
            | Self::HeaderRepeated { name } => write!(f, " ({name})"),
            Self::OutsideWindow { created, now, .. } => {
                write!(f, " (by {} s)", now.since(*created).seconds())
            }
            Self::TooLarge { part, len, most } => write!(f, " ({part}: {len}, at most {most})"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for RequestError {}
