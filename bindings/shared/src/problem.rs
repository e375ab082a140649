//! A refusal of any room, as plain data.

use std::fmt;
use std::ops::Deref;

use counterseal::core::{
    AuditEvent, BadKeyId, Code, FactValue, LifetimeError, PENDING_SPENT, PublicKeyError, Refusal,
    STORE_ANSWER_MALFORMED, STORE_UNAVAILABLE, SealBroken, Time, WeakKey,
};
use counterseal::document::DocumentError;
use counterseal::jwt::{
    FetchError, FetchSetupError, IssueError, JwtSetupError, OidcSetupError, RequirementSetupError,
    RingError, RingSetupError, StandingWriteError,
};
use counterseal::limit::{LimitError, LimitSetupError};
use counterseal::refresh::{BadRefreshPolicy, SessionError};
use counterseal::replay::ShapeError;
use counterseal::request::{
    KeyError, KeyRecordError, PolicyError, RequestError, ResponseError, SignError,
};
use counterseal::webhook::{WebhookError, WebhookSetupError, WebhookSignError};
use counterseal_shm::ShmError;
use counterseal_sqlite::SqliteError;

use crate::limit::told;
use crate::{ArgumentFault, codes};

/// A refusal of any room. It never holds peer input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<Refused>);

/// What a refusal says: its code, the values compared, and the line for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stable code with its blame, its public name and its HTTP status.
    pub code: Code,
    /// Which error class a host language raises.
    pub family: Family,
    /// The values compared, by name.
    pub detail: Vec<(&'static str, String)>,
    /// The audit event as one line of JSON, when a peer's request was refused.
    pub event: Option<String>,
    /// Fields for the response, when there is more to tell the peer than the public name.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the client is to forget its tokens.
    pub clears_cookies: bool,
    text: String,
}

/// The error classes of the host languages, each with the refusals of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The program gave an argument, or used an object, in a way that cannot work.
    Argument,
    /// A state that was taken for impossible.
    Internal,
    /// A limit that cannot be, or that is used up.
    Limit,
    /// A policy that cannot be.
    Policy,
    /// A session or its refresh token that was refused, or that cannot be.
    Refresh,
    /// A replay store that cannot be opened or must not be used.
    Replay,
    /// A request that was refused.
    Request,
    /// A response that was refused, or that cannot be signed.
    Response,
    /// A request that cannot be signed.
    Sign,
    /// A key, or a record of one, that cannot be.
    SigningKey,
    /// A database that cannot be opened or did not answer.
    Store,
    /// A token that was refused, or a key, policy or token that cannot be.
    Token,
    /// A delivery that was refused, or a sender or receiver that cannot be.
    Webhook,
}

impl Family {
    /// The name of the class in Python and JavaScript.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argument => "ArgumentError",
            Self::Internal => "InternalError",
            Self::Limit => "LimitError",
            Self::Policy => "PolicyError",
            Self::Refresh => "RefreshError",
            Self::Replay => "ReplayError",
            Self::Request => "RequestError",
            Self::Response => "ResponseError",
            Self::Sign => "SignError",
            Self::SigningKey => "SigningKeyError",
            Self::Store => "StoreError",
            Self::Token => "TokenError",
            Self::Webhook => "WebhookError",
        }
    }
}

impl Problem {
    /// The problem of a code alone, with the values compared.
    pub(crate) fn of(family: Family, code: Code, detail: Vec<(&'static str, String)>) -> Self {
        Problem(Box::new(Refused {
            code,
            family,
            text: code.means.into(),
            detail,
            event: None,
            headers: Vec::new(),
            clears_cookies: false,
        }))
    }

    pub(crate) fn from_refusal(family: Family, refusal: &impl Refusal) -> Self {
        let mut problem = Problem::of(family, refusal.code(), Vec::new());
        problem.0.text = refusal.to_string();
        problem
    }

    /// A request that was refused at `now`.
    pub(crate) fn refused(error: &RequestError, now: Time) -> Self {
        Problem::told(Family::Request, error, &error.event(now))
    }

    /// A delivery that was refused at `now`.
    pub(crate) fn undelivered(error: &WebhookError, now: Time) -> Self {
        Problem::told(Family::Webhook, error, &error.event(now))
    }

    /// The same, where another token would help and the refusal is not the store's.
    pub(crate) fn challenge_if_stranger(&mut self, challenge: &str) {
        if self.0.code.http == 401 {
            self.challenge(challenge);
        }
    }

    /// A refusal with its audit event.
    pub(crate) fn told(family: Family, error: &impl Refusal, event: &AuditEvent) -> Self {
        let mut problem = Problem::from_refusal(family, error);
        problem.0.detail = facts(event);
        problem.0.event = Some(event.to_string());
        problem
    }

    /// The same, where the client is to forget its tokens, or is not.
    pub(crate) fn clearing(mut self, clears_cookies: bool) -> Self {
        self.0.clears_cookies = clears_cookies;
        self
    }

    /// The same, asking the peer for a token (RFC 6750 section 3).
    pub(crate) fn challenge(&mut self, challenge: &str) {
        self.0.headers = vec![("www-authenticate", challenge.into())];
    }

    /// Someone who is over a limit, or whose store is silent, at `now`.
    pub(crate) fn limited(error: &LimitError, now: Time) -> Self {
        let mut problem = Problem::told(Family::Limit, error, &error.event(now));
        problem.0.headers = error.fields(now).as_ref().map(told).unwrap_or_default();
        problem
    }

    /// A decision that was used up.
    pub fn spent() -> Self {
        Problem::of(Family::Argument, PENDING_SPENT, Vec::new())
    }

    /// An object with a key that was to be pickled, copied or written out.
    pub fn secret_copied() -> Self {
        Problem::of(Family::Argument, codes::SECRET_COPIED, Vec::new())
    }

    /// A verifier without a store of its own.
    pub fn store_missing() -> Self {
        Problem::of(Family::Argument, codes::STORE_MISSING, Vec::new())
    }

    /// A store of nonces where rows are needed.
    pub(crate) fn store_unfit() -> Self {
        Problem::of(Family::Argument, codes::STORE_UNFIT, Vec::new())
    }

    /// A private replay store in another process than its own.
    pub(crate) fn ring_private() -> Self {
        Problem::of(Family::Replay, codes::RING_PRIVATE, Vec::new())
    }

    /// A store whose window is shorter than a policy's.
    pub(crate) fn store_window() -> Self {
        Problem::of(Family::Argument, codes::STORE_WINDOW, Vec::new())
    }

    /// A store that did not answer.
    pub(crate) fn store_unavailable() -> Self {
        Problem::of(Family::Store, STORE_UNAVAILABLE, Vec::new())
    }

    /// The same refusal, whose reason is an answer of the store that made no sense.
    pub(crate) fn after_malformed(mut self) -> Self {
        self.0
            .detail
            .push(("store", STORE_ANSWER_MALFORMED.name.into()));
        self
    }

    /// After how many seconds the same caller may try again, when that may help.
    pub fn retry_after(&self) -> Option<u32> {
        let told = self.headers.iter().find(|(name, _)| *name == "retry-after");
        if let Some((_, seconds)) = told {
            return Some(seconds.parse().unwrap_or(u32::MAX));
        }
        match (self.code.name, self.code.http) {
            ("request_store_warming", _) => Some(WARM_UP),
            (_, 429 | 503) => Some(RETRY_AFTER),
            _ => None,
        }
    }
}

impl Deref for Problem {
    type Target = Refused;

    fn deref(&self) -> &Refused {
        &self.0
    }
}

impl fmt::Display for Problem {
    /// What is true, and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.text, self.code.fix)
    }
}

impl std::error::Error for Problem {}

macro_rules! refusals {
    ($($error:ty => $family:ident),+ $(,)?) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Problem::from_refusal(Family::$family, &error)
            }
        }
    )+};
}

refusals! {
    ArgumentFault => Argument,
    BadKeyId => SigningKey,
    BadRefreshPolicy => Refresh,
    DocumentError => Policy,
    FetchError => Token,
    FetchSetupError => Token,
    IssueError => Token,
    JwtSetupError => Token,
    KeyError => SigningKey,
    KeyRecordError => SigningKey,
    LifetimeError => Token,
    LimitSetupError => Limit,
    OidcSetupError => Token,
    PolicyError => Policy,
    PublicKeyError => Token,
    RequirementSetupError => Token,
    RingError => Token,
    RingSetupError => Token,
    StandingWriteError => Token,
    SealBroken => SigningKey,
    SessionError => Refresh,
    ShapeError => Replay,
    ShmError => Replay,
    SqliteError => Store,
    ResponseError => Response,
    SignError => Sign,
    WeakKey => SigningKey,
    WebhookSetupError => Webhook,
    WebhookSignError => Webhook,
}

fn facts(event: &AuditEvent) -> Vec<(&'static str, String)> {
    let key = event.key.map(|key| ("key", key.to_string()));
    let facts = event.facts().map(|fact| {
        let value = match fact.value {
            FactValue::At(time) => time.millis().to_string(),
            FactValue::Id(id) => id.as_str().into(),
            FactValue::Number(number) => number.to_string(),
            FactValue::Word(word) => word.into(),
        };
        (fact.name, value)
    });
    key.into_iter().chain(facts).collect()
}

const RETRY_AFTER: u32 = 5;
/// How long a store that has just begun refuses older keys: the usual future window, and a margin.
const WARM_UP: u32 = 67;

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal::core::Blame;

    #[test]
    fn a_problem_says_once_what_to_do() {
        let problems: [Problem; 8] = [
            FetchError::Unavailable.into(),
            FetchSetupError::Url.into(),
            JwtSetupError::Claim.into(),
            OidcSetupError::Rules.into(),
            RequirementSetupError::Permissions.into(),
            StandingWriteError::Missing.into(),
            ArgumentFault::Text { name: "id" }.into(),
            PublicKeyError::Malformed.into(),
        ];
        for problem in problems {
            let text = problem.to_string();
            assert_eq!(text.matches(problem.code.fix).count(), 1, "{text}");
            assert_ne!(problem.code.blame, Blame::Peer);
        }
    }
}
