//! Why a response was refused, or cannot be signed.

use core::fmt;

use counterseal_core::{Blame, Code, Refusal};

/// Why a response is not the signed answer to a request, or cannot be signed. It never holds what the peer sent.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// The content is not what the covered digest says.
    BodyMismatch,
    /// The refusal that tells the time took too long to do so.
    ClockLate,
    /// A content coding is applied, which no response covers.
    ContentEncoding,
    /// `Content-Digest` is not exactly one digest of the profile's algorithm.
    Digest,
    /// The request was read under a foreign policy; its client expects no signed response.
    Foreign,
    /// A field that is read comes twice, or under a look-alike name.
    HeaderRepeated,
    /// The signature is no base64 of 32 bytes in its one form.
    MacInvalid,
    /// The signature is of another response, to another request, or by another key.
    MacMismatch,
    /// The response is not signed.
    SignatureMissing,
    /// Components and parameters are not those of a response under this key, in their one form.
    SignatureUnexpected,
    /// The status is not 200 to 599, so the response cannot be signed.
    Status,
}

impl ResponseError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[
        BODY_MISMATCH,
        CLOCK_LATE,
        CONTENT_ENCODING,
        DIGEST,
        FOREIGN,
        HEADER_REPEATED,
        MAC_INVALID,
        MAC_MISMATCH,
        SIGNATURE_MISSING,
        SIGNATURE_UNEXPECTED,
        STATUS,
    ];
}

impl Refusal for ResponseError {
    fn code(&self) -> Code {
        match self {
            Self::BodyMismatch => BODY_MISMATCH,
            Self::ClockLate => CLOCK_LATE,
            Self::ContentEncoding => CONTENT_ENCODING,
            Self::Digest => DIGEST,
            Self::Foreign => FOREIGN,
            Self::HeaderRepeated => HEADER_REPEATED,
            Self::MacInvalid => MAC_INVALID,
            Self::MacMismatch => MAC_MISMATCH,
            Self::SignatureMissing => SIGNATURE_MISSING,
            Self::SignatureUnexpected => SIGNATURE_UNEXPECTED,
            Self::Status => STATUS,
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for ResponseError {}

/// A client that passes a refusal on is a gateway (RFC 9110 section 15.6.3).
const fn peer(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public: "response_invalid",
        http: 502,
        means,
        fix,
    }
}

const BODY_MISMATCH: Code = peer(
    "response_body_mismatch",
    "the content of the response is not what its signed digest says",
    "verify the raw bytes as received, before they are decompressed or parsed",
);
const CLOCK_LATE: Code = peer(
    "response_clock_late",
    "the refusal that tells the service's clock took more than 5 s, so it may have been held back",
    "send the request again; where answers take this long, set the client's clock by other means",
);
const CONTENT_ENCODING: Code = peer(
    "response_content_encoding",
    "a content coding is applied to the response, which its signature does not cover",
    "do not compress signed responses, or sign after compressing and drop the field",
);
const DIGEST: Code = peer(
    "response_digest_invalid",
    "Content-Digest of the response is not exactly one digest of the profile's algorithm",
    "set the three fields that signing gives, unchanged",
);
const FOREIGN: Code = Code {
    name: "response_sign_foreign",
    blame: Blame::Integrator,
    public: "internal_error",
    http: 500,
    means: "the request was read under a foreign policy, whose clients expect no response of this profile",
    fix: "sign responses to requests of the strict profile only",
};
const HEADER_REPEATED: Code = peer(
    "response_header_repeated",
    "a field of the response that is read comes twice, or under a name that gateways fold into it",
    "set each field that signing gives once, replacing what was there",
);
const MAC_INVALID: Code = peer(
    "response_mac_invalid",
    "the signature of the response is no base64 of 32 bytes in its one form",
    "set the three fields that signing gives, unchanged",
);
const MAC_MISMATCH: Code = peer(
    "response_mac_mismatch",
    "the signature is of another response, to another request, or by another key",
    "check that the status and the response belong to this very request, and that no proxy changed its path or method",
);
const SIGNATURE_MISSING: Code = peer(
    "response_signature_missing",
    "the response is not signed",
    "let the service sign its responses, and the proxies before it leave the fields in place",
);
const SIGNATURE_UNEXPECTED: Code = peer(
    "response_signature_unexpected",
    "components and parameters of the response's signature are not those of the profile, under the request's key",
    "set the three fields that signing gives, unchanged; a response has no other signature",
);
const STATUS: Code = Code {
    name: "response_sign_status",
    blame: Blame::Integrator,
    public: "internal_error",
    http: 500,
    means: "the status is not one of a final response, 200 to 599",
    fix: "sign final responses only",
};
