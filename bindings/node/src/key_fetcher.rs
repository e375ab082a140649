//! Keys of issuers of others.

use counterseal_shared::{self as shared, FetchAnswer, FetchMembers, number};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, refusal};
use crate::token_key::TokenKeys;

/// Says when to fetch the keys of an issuer, and what of the answer to take.
#[napi]
pub struct KeyFetcher(shared::KeyFetcher);

/// The members of a fetcher beyond issuer and URL; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct FetcherOptions {
    /// Whether the URL is one of this machine, without TLS, for tests.
    pub loopback: bool,
    /// How long a fetch may take.
    pub timeout_seconds: Option<i64>,
    /// After how long keys are fetched again.
    pub refresh_seconds: Option<i64>,
    /// How old keys may be that are used.
    pub limit_seconds: Option<i64>,
    /// How long nothing is fetched after a fetch.
    pub cool_down_seconds: Option<i64>,
}

/// A GET that the host is to do.
#[napi(object, object_from_js = false)]
pub struct Order {
    /// To hand back with the answer.
    pub number: i64,
    /// Where to.
    pub url: String,
    /// How long all of it may take.
    pub timeout_ms: i64,
    /// How many bytes of a body are read.
    pub max_bytes: u32,
}

/// What came of it.
#[napi(object, object_to_js = false)]
pub struct AnswerOptions {
    /// The status.
    pub status: i64,
    /// The field `content-type`.
    pub content_type: Option<String>,
    /// The field `location`, or the URL that the answer came from in the end.
    pub url: Option<String>,
    /// `max-age` of the field `cache-control`.
    pub max_age_seconds: Option<i64>,
    /// The body.
    pub body: Uint8Array,
}

#[napi]
impl KeyFetcher {
    /// A fetcher of these members.
    #[napi]
    pub fn create(
        issuer: String,
        url: String,
        options: FetcherOptions,
        now: i64,
        seed: &[u8],
    ) -> Answer<KeyFetcher> {
        answer("KeyFetcher.create", || {
            let members = FetchMembers {
                issuer: &issuer,
                url: &url,
                loopback: options.loopback,
                timeout_seconds: options.timeout_seconds,
                refresh_seconds: options.refresh_seconds,
                limit_seconds: options.limit_seconds,
                cool_down_seconds: options.cool_down_seconds,
            };
            Ok(KeyFetcher(shared::KeyFetcher::new(&members, seed, now)?))
        })
    }

    /// Whose keys they are.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("KeyFetcher.issuer", || Ok(self.0.issuer()))
    }

    /// A token was refused since its key is unknown. Says whether its key is known by now, or being fetched.
    #[napi]
    pub fn handle_wanted(&self, token: String, now: i64) -> Answer<bool> {
        answer("KeyFetcher.handleWanted", || {
            self.0.handle_wanted(&token, now)
        })
    }

    /// The time of the next timeout has come, or may have.
    #[napi]
    pub fn handle_timeout(&self, now: i64) -> Option<Refusal> {
        done("KeyFetcher.handleTimeout", || self.0.handle_timeout(now))
    }

    /// When to call that next, in milliseconds.
    #[napi]
    pub fn next_timeout(&self) -> Answer<Option<i64>> {
        answer("KeyFetcher.nextTimeout", || Ok(self.0.next_timeout()))
    }

    /// What to fetch now, each order once.
    #[napi]
    pub fn order(&self) -> Answer<Option<Order>> {
        answer("KeyFetcher.order", || {
            Ok(self.0.order().map(|order| Order {
                number: order.number,
                url: order.url,
                timeout_ms: order.timeout,
                max_bytes: u32::try_from(order.max_bytes).unwrap_or(u32::MAX),
            }))
        })
    }

    /// An order was answered. Says whether there are other keys now.
    #[napi]
    pub fn handle_response(&self, order: i64, given: AnswerOptions, now: i64) -> Answer<bool> {
        answer("KeyFetcher.handleResponse", || {
            let status = number("status", given.status, 0, i64::from(u16::MAX))?;
            let answer = FetchAnswer {
                number: order,
                status: u16::try_from(status).expect("the range was checked"),
                content_type: given.content_type.as_deref(),
                url: given.url.as_deref(),
                max_age_seconds: given.max_age_seconds,
                body: &given.body,
            };
            self.0.handle_response(&answer, now)
        })
    }

    /// An order has no answer.
    #[napi]
    pub fn handle_failure(&self, number: i64, cause: String, now: i64) -> Option<Refusal> {
        done("KeyFetcher.handleFailure", || {
            self.0.handle_failure(number, &cause, now)
        })
    }

    /// The keys to verify with now.
    #[napi]
    pub fn keys(&self, now: i64) -> Answer<TokenKeys> {
        answer("KeyFetcher.keys", || Ok(TokenKeys(self.0.keys(now)?)))
    }

    /// How many different sets of keys there have been.
    #[napi]
    pub fn generation(&self) -> Answer<i64> {
        answer("KeyFetcher.generation", || {
            Ok(i64::try_from(self.0.generation()).unwrap_or(i64::MAX))
        })
    }

    /// Why the last fetch failed, if it did: its refusal, which is not this call's.
    #[napi]
    pub fn last_error(&self) -> Answer<Vec<Refusal>> {
        answer("KeyFetcher.lastError", || {
            Ok(self.0.last_error().iter().map(refusal).collect())
        })
    }
}
