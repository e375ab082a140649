//! Why a token was refused, or something could not be set up.

use core::fmt;

use counterseal_core::{
    AuditEvent, BadSpiffeId, Blame, Code, Fact, KeyId, PublicKeyError, Refusal, Time, WeakKey,
};

/// Why a token was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtError {
    /// The header's algorithm is not the one that its key is pinned to.
    Algorithm {
        /// The key.
        key: KeyId,
    },
    /// The token is for somebody else.
    Audience {
        /// The key.
        key: KeyId,
    },
    /// The token is bound to another key than the peer has shown, or to none where one was shown.
    Binding {
        /// The key that signed it.
        key: KeyId,
    },
    /// A claim is not of the type, or outside the bounds, that it has.
    Claim {
        /// The key.
        key: KeyId,
        /// The claim.
        name: &'static str,
    },
    /// A claim that the policy requires is not there.
    ClaimMissing {
        /// The key.
        key: KeyId,
        /// The claim.
        name: &'static str,
    },
    /// The token is over.
    Expired {
        /// The key.
        key: KeyId,
        /// When it was over.
        expires: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// The header is none of this profile: another member, a member twice, or one of another type.
    Header,
    /// Another issuer issued it.
    Issuer {
        /// The key.
        key: KeyId,
    },
    /// No key has the header's id.
    KeyUnknown,
    /// The token lives longer than the policy allows.
    Lifetime {
        /// The key.
        key: KeyId,
        /// When it was issued.
        issued: Time,
        /// When it is over.
        expires: Time,
    },
    /// The text is no compact JWS in its one form.
    Malformed,
    /// There is no token.
    Missing,
    /// The token begins, or was issued, in the verifier's future.
    NotYetValid {
        /// The key.
        key: KeyId,
        /// From when on it is valid.
        from: Time,
        /// The verifier's clock.
        now: Time,
    },
    /// The payload is not one JSON object in the form that is read here.
    Payload {
        /// The key.
        key: KeyId,
    },
    /// The signature is not one of this token by this key.
    Signature {
        /// The key.
        key: KeyId,
    },
    /// The subject is not the SPIFFE ID of a workload.
    SpiffeId {
        /// The key.
        key: KeyId,
        /// Why not.
        why: BadSpiffeId,
    },
    /// The text is longer than any token.
    TooLarge {
        /// How long it is.
        len: usize,
    },
    /// The subject is a workload of another trust domain.
    TrustDomain {
        /// The key.
        key: KeyId,
    },
    /// The header says that it is another kind of token.
    Type,
}

/// What cannot be a key, a policy or a token.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtSetupError {
    /// The key is of another algorithm.
    Algorithm,
    /// There is no audience, or more than 8.
    Audience,
    /// A claim cannot be written: a name that the profile has, or is there twice; a value that is no JSON.
    Claim,
    /// A member of the JWK is missing, or not what a public key for signatures has.
    Jwk {
        /// The member.
        member: &'static str,
    },
    /// The secret is too short.
    Key(WeakKey),
    /// There are no keys, too many, or two of one id.
    Keys,
    /// The library could not sign.
    NotSigned,
    /// The public key cannot be used.
    PublicKey(PublicKeyError),
    /// The text is not the SPIFFE ID of a trust domain, or of a workload.
    SpiffeId(BadSpiffeId),
    /// A text is empty or longer than it may be.
    Text {
        /// Which.
        name: &'static str,
    },
    /// The token would be longer than verifiers read.
    TooLarge,
    /// The subject is a workload of another trust domain than the policy's.
    TrustDomain,
    /// A span is outside its bounds.
    Window {
        /// Which.
        name: &'static str,
    },
}

impl JwtError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        ALGORITHM,
        AUDIENCE,
        BINDING,
        CLAIM,
        CLAIM_MISSING,
        EXPIRED,
        HEADER,
        ISSUER,
        KEY_UNKNOWN,
        LIFETIME,
        MALFORMED,
        MISSING,
        NOT_YET_VALID,
        PAYLOAD,
        SIGNATURE,
        SPIFFE_ID,
        TOO_LARGE,
        TRUST_DOMAIN,
        TYPE,
    ];

    /// The refusal as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), self.key(), now);
        match *self {
            JwtError::Claim { name, .. } | JwtError::ClaimMissing { name, .. } => {
                event.with(&[Fact::word("claim", name)])
            }
            JwtError::Expired { expires, .. } => event.with(&[Fact::at("expires", expires)]),
            JwtError::Lifetime {
                issued, expires, ..
            } => event.with(&[Fact::at("issued", issued), Fact::at("expires", expires)]),
            JwtError::NotYetValid { from, .. } => event.with(&[Fact::at("from", from)]),
            JwtError::SpiffeId { why, .. } => event.with(&[Fact::word("why", why.code().name)]),
            JwtError::TooLarge { len } => {
                event.with(&[Fact::number("len", i64::try_from(len).unwrap_or(i64::MAX))])
            }
            _ => event,
        }
    }

    /// The key that the header named, if it is a known one.
    pub const fn key(&self) -> Option<KeyId> {
        match *self {
            JwtError::Algorithm { key }
            | JwtError::Audience { key }
            | JwtError::Binding { key }
            | JwtError::Claim { key, .. }
            | JwtError::ClaimMissing { key, .. }
            | JwtError::Expired { key, .. }
            | JwtError::Issuer { key }
            | JwtError::Lifetime { key, .. }
            | JwtError::NotYetValid { key, .. }
            | JwtError::Payload { key }
            | JwtError::Signature { key }
            | JwtError::SpiffeId { key, .. }
            | JwtError::TrustDomain { key } => Some(key),
            JwtError::Header
            | JwtError::KeyUnknown
            | JwtError::Malformed
            | JwtError::Missing
            | JwtError::TooLarge { .. }
            | JwtError::Type => None,
        }
    }
}

impl Refusal for JwtError {
    fn code(&self) -> Code {
        match self {
            JwtError::Algorithm { .. } => ALGORITHM,
            JwtError::Audience { .. } => AUDIENCE,
            JwtError::Binding { .. } => BINDING,
            JwtError::Claim { .. } => CLAIM,
            JwtError::ClaimMissing { .. } => CLAIM_MISSING,
            JwtError::Expired { .. } => EXPIRED,
            JwtError::Header => HEADER,
            JwtError::Issuer { .. } => ISSUER,
            JwtError::KeyUnknown => KEY_UNKNOWN,
            JwtError::Lifetime { .. } => LIFETIME,
            JwtError::Malformed => MALFORMED,
            JwtError::Missing => MISSING,
            JwtError::NotYetValid { .. } => NOT_YET_VALID,
            JwtError::Payload { .. } => PAYLOAD,
            JwtError::Signature { .. } => SIGNATURE,
            JwtError::SpiffeId { .. } => SPIFFE_ID,
            JwtError::TooLarge { .. } => TOO_LARGE,
            JwtError::TrustDomain { .. } => TRUST_DOMAIN,
            JwtError::Type => TYPE,
        }
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            JwtError::Claim { name, .. } | JwtError::ClaimMissing { name, .. } => {
                write!(f, "{means} ({name})")
            }
            JwtError::Expired { expires, now, .. } => {
                write!(
                    f,
                    "{means} (exp {}, now {})",
                    expires.seconds(),
                    now.seconds()
                )
            }
            JwtError::Lifetime {
                issued, expires, ..
            } => {
                write!(
                    f,
                    "{means} (iat {}, exp {})",
                    issued.seconds(),
                    expires.seconds()
                )
            }
            JwtError::NotYetValid { from, now, .. } => {
                write!(
                    f,
                    "{means} (from {}, now {})",
                    from.seconds(),
                    now.seconds()
                )
            }
            JwtError::SpiffeId { why, .. } => write!(f, "{means} ({why})"),
            JwtError::TooLarge { len } => write!(f, "{means} ({len} bytes)"),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for JwtError {}

impl JwtSetupError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        SETUP_ALGORITHM,
        SETUP_AUDIENCE,
        SETUP_CLAIM,
        SETUP_JWK,
        SETUP_KEYS,
        SETUP_NOT_SIGNED,
        SETUP_TEXT,
        SETUP_TOO_LARGE,
        SETUP_TRUST_DOMAIN,
        SETUP_WINDOW,
    ];
}

impl Refusal for JwtSetupError {
    fn code(&self) -> Code {
        match self {
            JwtSetupError::Algorithm => SETUP_ALGORITHM,
            JwtSetupError::Audience => SETUP_AUDIENCE,
            JwtSetupError::Claim => SETUP_CLAIM,
            JwtSetupError::Jwk { .. } => SETUP_JWK,
            JwtSetupError::Key(weak) => weak.code(),
            JwtSetupError::Keys => SETUP_KEYS,
            JwtSetupError::NotSigned => SETUP_NOT_SIGNED,
            JwtSetupError::PublicKey(error) => error.code(),
            JwtSetupError::SpiffeId(why) => why.code(),
            JwtSetupError::Text { .. } => SETUP_TEXT,
            JwtSetupError::TooLarge => SETUP_TOO_LARGE,
            JwtSetupError::TrustDomain => SETUP_TRUST_DOMAIN,
            JwtSetupError::Window { .. } => SETUP_WINDOW,
        }
    }
}

impl fmt::Display for JwtSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JwtSetupError::Jwk { member } => write!(f, "{} ({member})", self.code().means),
            JwtSetupError::Key(weak) => fmt::Display::fmt(weak, f),
            JwtSetupError::PublicKey(error) => fmt::Display::fmt(error, f),
            JwtSetupError::SpiffeId(why) => fmt::Display::fmt(why, f),
            JwtSetupError::Text { name } | JwtSetupError::Window { name } => {
                write!(f, "{} ({name})", self.code().means)
            }
            _ => f.write_str(self.code().means),
        }
    }
}

impl core::error::Error for JwtSetupError {}

/// A token that is refused: the peer learns that, and whether it is only over.
const fn refused(
    name: &'static str,
    public: &'static str,
    means: &'static str,
    fix: &'static str,
) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public,
        http: 401,
        means,
        fix,
    }
}

const INVALID: &str = "invalid_token";

const ALGORITHM: Code = refused(
    "jwt_algorithm",
    INVALID,
    "the header's algorithm is not that of its key, or none of the policy",
    "pin the key to the algorithm that the issuer signs with; whoever changes it in a token attacks",
);
const AUDIENCE: Code = refused(
    "jwt_audience",
    INVALID,
    "the token is not for this audience",
    "ask the issuer for a token with the audience of this service",
);
const BINDING: Code = refused(
    "jwt_binding",
    INVALID,
    "the token is bound to another key than the peer has shown",
    "present a bound token together with its key, and one that is not bound without any",
);
const CLAIM: Code = refused(
    "jwt_claim",
    INVALID,
    "a claim is not of the type or within the bounds that it has",
    "issue the claim as RFC 7519 section 4.1 and the profile have it",
);
const CLAIM_MISSING: Code = refused(
    "jwt_claim_missing",
    INVALID,
    "a required claim is not there",
    "issue the claim, or verify with a policy that does not require it",
);
const EXPIRED: Code = refused(
    "jwt_expired",
    "token_expired",
    "the token is over",
    "get a new one; compare the clocks if it is new",
);
const HEADER: Code = refused(
    "jwt_header",
    INVALID,
    "the header has other members than alg, kid and typ, or one of another type",
    "issue tokens with alg, kid and typ only; jku, jwk, x5u, crit and the like are never followed here",
);
const ISSUER: Code = refused(
    "jwt_issuer",
    INVALID,
    "the token is by another issuer",
    "compare iss with the policy, letter by letter",
);
const KEY_UNKNOWN: Code = refused(
    "jwt_key_unknown",
    INVALID,
    "no key has the id of the header",
    "publish a key before it signs; load the issuer's keys again",
);
const LIFETIME: Code = refused(
    "jwt_lifetime",
    INVALID,
    "the token lives longer than the policy allows",
    "issue shorter tokens, or allow longer ones",
);
const MALFORMED: Code = refused(
    "jwt_malformed",
    INVALID,
    "the text is not three parts of base64url in their one form",
    "hand on the token as it came, without `Bearer`, padding or line ends",
);
const MISSING: Code = refused(
    "jwt_missing",
    "missing_token",
    "the request has no bearer token",
    "send `Authorization: Bearer` with an access token",
);
const NOT_YET_VALID: Code = refused(
    "jwt_not_yet_valid",
    INVALID,
    "the token begins, or was issued, in the future",
    "compare the clocks of issuer and verifier",
);
const PAYLOAD: Code = refused(
    "jwt_payload",
    INVALID,
    "the payload is not one JSON object with each name once",
    "look at what the issuer's library writes",
);
const SIGNATURE: Code = refused(
    "jwt_signature",
    INVALID,
    "the signature is not one of this token by its key",
    "compare the keys of issuer and verifier; if they are the same, somebody forges",
);
const SPIFFE_ID: Code = refused(
    "jwt_spiffe_id",
    INVALID,
    "the subject is not the SPIFFE ID of a workload",
    "issue JWT-SVIDs to workloads, by IDs such as spiffe://example.org/worker/7",
);
const TOO_LARGE: Code = refused(
    "jwt_too_large",
    INVALID,
    "the token is longer than 8192 bytes",
    "put fewer claims into it",
);
const TRUST_DOMAIN: Code = refused(
    "jwt_trust_domain",
    INVALID,
    "the subject is a workload of another trust domain",
    "verify each trust domain by a policy of its own, with its own keys",
);
const TYPE: Code = refused(
    "jwt_type",
    INVALID,
    "the header has another typ than the policy",
    "do not give one kind of token for another; issue it with the typ of its kind",
);

const SETUP_ALGORITHM: Code = Code::integrator(
    "jwt_setup_algorithm",
    "the key is of another algorithm",
    "make the key for the algorithm that it is used with",
);
const SETUP_AUDIENCE: Code = Code::integrator(
    "jwt_setup_audience",
    "there is no audience, or more than 8",
    "name the services that the tokens are for",
);
const SETUP_CLAIM: Code = Code::integrator(
    "jwt_setup_claim",
    "a claim has a name that is there already, or a value that is no JSON as verifiers read it",
    "give each claim of your own one name of its own, up to 64, and at most eight levels",
);
const SETUP_JWK: Code = Code::integrator(
    "jwt_setup_jwk",
    "a member of the JWK is missing, or not what a public key for signatures has",
    "give a public key with kty, alg and kid; use is sig, and numbers are base64url without padding",
);
const SETUP_KEYS: Code = Code::integrator(
    "jwt_setup_keys",
    "there are no keys, more than 64, or two of one id",
    "give each key an id of its own",
);
const SETUP_NOT_SIGNED: Code = Code::environment(
    "jwt_setup_not_signed",
    "the library for signatures could not sign",
    "look at the system's source of randomness",
);
const SETUP_TEXT: Code = Code::integrator(
    "jwt_setup_text",
    "a text is empty or longer than it may be",
    "give 1 to 512 bytes",
);
const SETUP_TOO_LARGE: Code = Code::integrator(
    "jwt_setup_too_large",
    "the token would be longer than verifiers read",
    "put fewer claims into it",
);
const SETUP_TRUST_DOMAIN: Code = Code::integrator(
    "jwt_setup_trust_domain",
    "the subject is a workload of another trust domain than the policy's",
    "mint JWT-SVIDs for workloads of the policy's trust domain only",
);
const SETUP_WINDOW: Code = Code::integrator(
    "jwt_setup_window",
    "a span is outside its bounds",
    "allow clocks 0 to 120 s, and tokens 1 s to 24 h",
);
