//! Keys of issuers of others, kept fresh by a host that does the I/O.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use counterseal::core::Span;
use counterseal::jwt::{self, FetchCause, FetchId, FetchPolicy, Fetched, Wanted, claimed_kid};
use counterseal_crypto_aws_lc::AwsLc;

use crate::token_policy::seconds;
use crate::{ArgumentFault, Problem, TokenKeys, seed, time};

/// Says when to fetch the keys of an issuer, and what of the answer to take. Any number of threads may share it.
pub struct KeyFetcher(Mutex<Held>);

struct Held {
    machine: jwt::KeyFetcher,
    /// Orders that were given out, by the numbers that hosts have for them.
    orders: Vec<(i64, FetchId)>,
    last: i64,
}

/// The members of a policy of fetching, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct FetchMembers<'a> {
    /// Who issues, as the tokens say it.
    pub issuer: &'a str,
    /// Where the keys are.
    pub url: &'a str,
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
pub struct FetchOrder {
    /// To hand back with the answer.
    pub number: i64,
    /// Where to; redirects are not followed.
    pub url: String,
    /// How long all of it may take, in milliseconds.
    pub timeout: i64,
    /// How many bytes of a body are read.
    pub max_bytes: usize,
}

/// What came of it.
pub struct FetchAnswer<'a> {
    /// The order's number.
    pub number: i64,
    /// The status.
    pub status: u16,
    /// The field `content-type`.
    pub content_type: Option<&'a str>,
    /// The field `location`, or the URL that the answer came from in the end.
    pub url: Option<&'a str>,
    /// `max-age` of the field `cache-control`.
    pub max_age_seconds: Option<i64>,
    /// The body, no more than the order's bytes and one.
    pub body: &'a [u8],
}

impl KeyFetcher {
    /// A fetcher of these members, at `now` (milliseconds), with a seed of 8 random bytes.
    ///
    /// # Errors
    ///
    /// `jwt_fetch_setup_..`, or the code of an argument that cannot be.
    pub fn new(members: &FetchMembers<'_>, random: &[u8], now: i64) -> Result<Self, Problem> {
        let machine =
            jwt::KeyFetcher::new(members.policy()?, &seed("seed", random)?, time("now", now)?);
        let held = Held {
            machine,
            orders: Vec::new(),
            last: 0,
        };
        Ok(KeyFetcher(Mutex::new(held)))
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> String {
        self.held().machine.policy().issuer().into()
    }

    /// A token was refused since its key is unknown. Says whether there is hope: its key is known by now, or being fetched.
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn handle_wanted(&self, token: &str, now: i64) -> Result<bool, Problem> {
        let now = time("now", now)?;
        let Some(kid) = claimed_kid(token) else {
            return Ok(false);
        };
        let wanted = self.held().machine.handle_wanted(kid.as_str(), now);
        Ok(matches!(wanted, Wanted::Fetching | Wanted::Known))
    }

    /// The time of [`KeyFetcher::next_timeout`] has come, or may have.
    ///
    /// # Errors
    ///
    /// An instant that cannot be.
    pub fn handle_timeout(&self, now: i64) -> Result<(), Problem> {
        self.held().machine.handle_timeout(time("now", now)?);
        Ok(())
    }

    /// When to call [`KeyFetcher::handle_timeout`] next, in milliseconds.
    pub fn next_timeout(&self) -> Option<i64> {
        let next = self.held().machine.poll_timeout();
        next.map(|(at, _)| at.millis())
    }

    /// What to fetch now, each order once. Ask after each event.
    pub fn order(&self) -> Option<FetchOrder> {
        let mut held = self.held();
        let order = held.machine.poll_output()?;
        held.last += 1;
        let number = held.last;
        held.orders.push((number, order.id));
        // Orders that were given up long ago are answered by nobody.
        let old = held.orders.len().saturating_sub(MOST_ORDERS);
        held.orders.drain(..old);
        Some(FetchOrder {
            number,
            url: order.url.to_string(),
            timeout: order.timeout.millis(),
            max_bytes: order.max_bytes,
        })
    }

    /// An order was answered, whatever the answer is. Says whether there are other keys now.
    ///
    /// # Errors
    ///
    /// `jwt_fetch_..`: why it is no set of keys. The ones before are kept.
    pub fn handle_response(&self, answer: &FetchAnswer<'_>, now: i64) -> Result<bool, Problem> {
        let now = time("now", now)?;
        let max_age = answer.max_age_seconds;
        let max_age = max_age.map(|age| seconds("max_age_seconds", age.clamp(0, MOST_AGE)));
        let response = jwt::FetchResponse {
            status: answer.status,
            content_type: answer.content_type,
            body: answer.body,
            url: answer.url,
            max_age: max_age.transpose()?,
        };
        let mut held = self.held();
        let Some(id) = held.take(answer.number) else {
            return Ok(false);
        };
        let fetched = held.machine.handle_response(id, &response, &AwsLc, now)?;
        Ok(fetched == Fetched::New)
    }

    /// An order has no answer: `connection`, `redirect`, `timeout`, `tls` or `too_large`. The keys before are kept.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn handle_failure(&self, number: i64, cause: &str, now: i64) -> Result<(), Problem> {
        let now = time("now", now)?;
        let cause = match cause {
            "connection" => FetchCause::Connection,
            "redirect" => FetchCause::Redirect,
            "timeout" => FetchCause::Timeout,
            "tls" => FetchCause::Tls,
            "too_large" => FetchCause::TooLarge,
            _ => {
                let wanted = "connection, redirect, timeout, tls or too_large";
                return Err(ArgumentFault::Choice {
                    name: "cause",
                    wanted,
                }
                .into());
            }
        };
        let mut held = self.held();
        if let Some(id) = held.take(number) {
            held.machine.handle_failure(id, cause, now);
        }
        Ok(())
    }

    /// The keys to verify with now.
    ///
    /// # Errors
    ///
    /// `jwt_keys_unavailable` before there are any, `jwt_keys_stale` when they are too old.
    pub fn keys(&self, now: i64) -> Result<TokenKeys, Problem> {
        let now = time("now", now)?;
        let snapshot = self.held().machine.keys(now)?;
        Ok(TokenKeys(Arc::clone(snapshot.keys(now)?)))
    }

    /// How many different sets of keys there have been.
    pub fn generation(&self) -> u64 {
        self.held().machine.generation()
    }

    /// Why the last fetch failed, if it did.
    pub fn last_error(&self) -> Option<Problem> {
        self.held()
            .machine
            .last_error()
            .map(|error| Problem::from(*error))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn take(&mut self, number: i64) -> Option<FetchId> {
        let at = self.orders.iter().position(|(other, _)| *other == number)?;
        Some(self.orders.remove(at).1)
    }
}

impl FetchMembers<'_> {
    fn policy(&self) -> Result<FetchPolicy, Problem> {
        let mut policy = if self.loopback {
            FetchPolicy::loopback_for_tests(self.issuer, self.url)?
        } else {
            FetchPolicy::new(self.issuer, self.url)?
        };
        if let Some(timeout) = self.timeout_seconds {
            policy = policy.with_timeout(seconds("timeout_seconds", timeout)?)?;
        }
        if let Some(pause) = self.cool_down_seconds {
            policy = policy.with_cool_down(seconds("cool_down_seconds", pause)?)?;
        }
        let (refresh, limit) = (self.refresh_seconds, self.limit_seconds);
        if refresh.is_some() || limit.is_some() {
            let span = |name, given: Option<i64>, usual: Span| {
                given.map_or(Ok(usual), |given| seconds(name, given))
            };
            let refresh = span("refresh_seconds", refresh, policy.refresh())?;
            let limit = span("limit_seconds", limit, policy.hard_limit())?;
            policy = policy.with_ages(refresh, limit)?;
        }
        Ok(policy)
    }
}

/// How many orders are remembered that nobody has answered.
const MOST_ORDERS: usize = 8;
/// A day; more makes no difference.
const MOST_AGE: i64 = 86_400;
