//! Why the keys of an issuer were not fetched, or are not to be used.

use core::fmt;

use counterseal_core::{Code, Refusal, Span};

use crate::JwtSetupError;

/// Why an answer was no set of keys, or why there are no keys to verify with. All of them lie with the issuer or the way to it; none
/// of them is the peer's, who may come again.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// No connection, or it broke.
    Connection,
    /// The answer is of another content type.
    ContentType,
    /// The answer is no set of keys that can be used.
    Keys(JwtSetupError),
    /// The answer came from, or points to, another place.
    Redirect,
    /// The set has a private or a secret key in it.
    Secret,
    /// The keys are older than the hard limit.
    Stale {
        /// How old they are.
        age: Span,
    },
    /// The answer has another status than 200.
    Status {
        /// Which.
        status: u16,
    },
    /// There was no whole answer in time.
    Timeout,
    /// The certificate, or what TLS made of it, is not the host's.
    Tls,
    /// The answer is longer than it may be, or has more keys.
    TooLarge,
    /// There have been no keys so far.
    Unavailable,
}

/// Why a host has no answer to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchCause {
    /// No connection, or it broke. Also a name that is not found.
    Connection,
    /// The client library was about to follow a redirect.
    Redirect,
    /// The time of the order was over.
    Timeout,
    /// The certificate does not hold.
    Tls,
    /// More bytes than the order has.
    TooLarge,
}

/// What cannot be a policy of fetching, or a list of issuers.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchSetupError {
    /// The issuer is no name of one.
    Issuer,
    /// There are no issuers, too many, or one is there twice.
    Issuers,
    /// The URL is not one https URL in its plain form.
    Url,
    /// A span is outside its bounds.
    Window {
        /// Which.
        name: &'static str,
    },
}

impl FetchError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        CONNECTION,
        CONTENT_TYPE,
        KEYS,
        REDIRECT,
        SECRET,
        STATUS,
        TIMEOUT,
        TLS,
        TOO_LARGE,
        STALE,
        UNAVAILABLE,
    ];
}

impl From<FetchCause> for FetchError {
    fn from(cause: FetchCause) -> Self {
        match cause {
            FetchCause::Connection => FetchError::Connection,
            FetchCause::Redirect => FetchError::Redirect,
            FetchCause::Timeout => FetchError::Timeout,
            FetchCause::Tls => FetchError::Tls,
            FetchCause::TooLarge => FetchError::TooLarge,
        }
    }
}

impl Refusal for FetchError {
    fn code(&self) -> Code {
        match self {
            FetchError::Connection => CONNECTION,
            FetchError::ContentType => CONTENT_TYPE,
            FetchError::Keys(_) => KEYS,
            FetchError::Redirect => REDIRECT,
            FetchError::Secret => SECRET,
            FetchError::Stale { .. } => STALE,
            FetchError::Status { .. } => STATUS,
            FetchError::Timeout => TIMEOUT,
            FetchError::Tls => TLS,
            FetchError::TooLarge => TOO_LARGE,
            FetchError::Unavailable => UNAVAILABLE,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            FetchError::Keys(error) => write!(f, "{means} ({error})"),
            FetchError::Stale { age } => write!(f, "{means} ({} s)", age.seconds()),
            FetchError::Status { status } => write!(f, "{means} ({status})"),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for FetchError {}

impl FetchSetupError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[SETUP_ISSUER, SETUP_ISSUERS, SETUP_URL, SETUP_WINDOW];
}

impl Refusal for FetchSetupError {
    fn code(&self) -> Code {
        match self {
            FetchSetupError::Issuer => SETUP_ISSUER,
            FetchSetupError::Issuers => SETUP_ISSUERS,
            FetchSetupError::Url => SETUP_URL,
            FetchSetupError::Window { .. } => SETUP_WINDOW,
        }
    }
}

impl fmt::Display for FetchSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.code().means;
        match self {
            FetchSetupError::Window { name } => write!(f, "{means} ({name})"),
            _ => f.write_str(means),
        }
    }
}

impl core::error::Error for FetchSetupError {}

const CONNECTION: Code = Code::environment(
    "jwt_fetch_connection",
    "there was no connection to the issuer of keys, or it broke",
    "look at names, routes and firewalls between this service and the issuer",
);
const CONTENT_TYPE: Code = Code::environment(
    "jwt_fetch_content_type",
    "the answer is neither application/json nor application/jwk-set+json",
    "look at what stands at the URL of the keys; a page of a proxy is not one",
);
const KEYS: Code = Code::environment(
    "jwt_fetch_keys",
    "the answer is no set of keys that can be used",
    "look at the set: each key once, with kty, alg and kid, and none of them damaged",
);
const REDIRECT: Code = Code::environment(
    "jwt_fetch_redirect",
    "the answer came from, or points to, another place than the pinned one",
    "pin the URL at which the keys are; redirects are never followed",
);
const SECRET: Code = Code::environment(
    "jwt_fetch_secret",
    "the set has a private or a symmetric key in it",
    "tell the issuer that it publishes secrets; none of its keys can be trusted now",
);
const STATUS: Code = Code::environment(
    "jwt_fetch_status",
    "the answer has another status than 200",
    "look at the issuer's logs and at the pinned URL",
);
const TIMEOUT: Code = Code::environment(
    "jwt_fetch_timeout",
    "there was no whole answer in time",
    "look at the way to the issuer; allow more time if it is far",
);
const TLS: Code = Code::environment(
    "jwt_fetch_tls",
    "the certificate is not one of the host",
    "look at the roots that this service trusts, and at who answers in the issuer's place",
);
const TOO_LARGE: Code = Code::environment(
    "jwt_fetch_too_large",
    "the answer has more than 256 KiB, or more than 64 keys",
    "look at what stands at the URL of the keys",
);
const STALE: Code = Code::environment(
    "jwt_keys_stale",
    "the keys are older than the hard limit, since no newer ones could be fetched",
    "look at the last error of fetching; whoever removed a key upstream counts on this limit",
);
const UNAVAILABLE: Code = Code::environment(
    "jwt_keys_unavailable",
    "the keys of the issuer have not been fetched yet",
    "fetch before the first token is verified, and look at the last error of fetching",
);

const SETUP_ISSUER: Code = Code::integrator(
    "jwt_fetch_setup_issuer",
    "the issuer is empty, longer than 512 bytes, or no plain https URL where it is a URL",
    "write the issuer as its tokens have it in iss, letter by letter",
);
const SETUP_ISSUERS: Code = Code::integrator(
    "jwt_fetch_setup_issuers",
    "there are no issuers, more than 64, or one is there twice",
    "name each issuer that is trusted once",
);
const SETUP_URL: Code = Code::integrator(
    "jwt_fetch_setup_url",
    "the URL of the keys is not one https URL in its plain form",
    "write https://, a lower-case host, a path, and no user, fragment, dot segment or default port; http:// is for 127.0.0.1, [::1] and localhost, where loopback is asked for",
);
const SETUP_WINDOW: Code = Code::integrator(
    "jwt_fetch_setup_window",
    "a span is outside its bounds",
    "allow 1 to 30 s for an answer, refresh each 1 to 60 min, keep up to 24 h and longer than until a refresh, cool down 5 s to 10 min",
);
