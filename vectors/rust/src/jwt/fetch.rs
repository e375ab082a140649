//! Fetching the keys of issuers of others: the operation `fetch`.

use counterseal::core::{Refusal, Seed, Span, Time};
use counterseal::jwt::{
    FetchCause, FetchId, FetchPolicy, FetchResponse, FetchSetupError, Fetched, KeyFetcher, Wanted,
    claimed_kid,
};
use counterseal_crypto_ring::Ring;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{boxed, input, observed};
use crate::{Bytes, Case, CaseError, Observation};

/// Whose keys are fetched, and what happens one step after the other.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FetchInput {
    pub(crate) fetcher: FetcherInput,
    pub(crate) steps: Vec<FetchStep>,
}

/// The members of a policy of fetching.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FetcherInput {
    pub(crate) issuer: String,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) loopback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cool_down_seconds: Option<i64>,
}

/// What happens at an instant.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct FetchStep {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) does: Does,
}

/// An event, or a question. Orders are numbered from 1 as they are given out.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Does {
    /// Why did the last fetch fail?
    Error,
    Failure {
        order: usize,
        cause: Cause,
    },
    /// Which keys are there?
    Keys,
    /// When is the next timeout?
    Next,
    Response(Answer),
    Timeout,
    Wanted {
        token: String,
    },
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) order: usize,
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<i64>,
    pub(crate) body: Bytes,
    /// How many blanks stand behind the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blanks: Option<usize>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    Connection,
    Redirect,
    Timeout,
    Tls,
    TooLarge,
}

pub(crate) fn fetch(case: &Case) -> Result<Observation, CaseError> {
    let input: FetchInput = input(case)?;
    let seed = <[u8; 8]>::try_from(&*case.seed.0).map_err(|_| CaseError::Seed)?;
    let policy = match input.fetcher.policy() {
        Ok(policy) => policy,
        Err(error) => return Ok(observed(Err(boxed(error)))),
    };
    let now = Time::from_millis(case.now);
    let mut host = Host {
        fetcher: KeyFetcher::new(policy, &Seed::new(seed), now),
        orders: Vec::new(),
    };
    let steps = input.steps.iter().map(|step| host.step(step));
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    Ok(Observation::accepted(json!({"steps": steps})))
}

/// The machine, and the orders that it has given out.
struct Host {
    fetcher: KeyFetcher,
    orders: Vec<FetchId>,
}

impl Host {
    fn step(&mut self, step: &FetchStep) -> Result<Value, CaseError> {
        let now = Time::from_millis(step.at);
        let mut told = match &step.does {
            Does::Error => {
                let error = self.fetcher.last_error();
                return Ok(json!({"code": error.map(|error| error.code().name)}));
            }
            Does::Keys => return Ok(self.keys(now)),
            Does::Next => {
                let next = self.fetcher.poll_timeout();
                return Ok(json!({"next": next.map(|(at, _)| at.millis())}));
            }
            Does::Failure { order, cause } => {
                self.fetcher
                    .handle_failure(self.id(*order)?, (*cause).into(), now);
                json!({})
            }
            Does::Response(answer) => self.respond(answer, now)?,
            Does::Timeout => {
                self.fetcher.handle_timeout(now);
                json!({})
            }
            Does::Wanted { token } => {
                let kid = claimed_kid(token);
                let wanted = kid.map(|kid| self.fetcher.handle_wanted(kid.as_str(), now));
                json!({"hope": matches!(wanted, Some(Wanted::Fetching | Wanted::Known))})
            }
        };
        told["order"] = self.order();
        Ok(told)
    }

    /// The order that is to be done now.
    fn order(&mut self) -> Value {
        let Some(order) = self.fetcher.poll_output() else {
            return Value::Null;
        };
        self.orders.push(order.id);
        json!({
            "number": self.orders.len(),
            "url": &*order.url,
            "timeout": order.timeout.millis(),
            "max_bytes": order.max_bytes,
        })
    }

    fn respond(&mut self, answer: &Answer, now: Time) -> Result<Value, CaseError> {
        let mut body = answer.body.0.clone();
        body.resize(body.len() + answer.blanks.unwrap_or(0), b' ');
        let response = FetchResponse {
            status: answer.status,
            content_type: answer.content_type.as_deref(),
            body: &body,
            url: answer.url.as_deref(),
            max_age: answer.max_age_seconds.map(Span::from_seconds),
        };
        let id = self.id(answer.order)?;
        Ok(
            match self.fetcher.handle_response(id, &response, &Ring, now) {
                Ok(fetched) => json!({"code": null, "is_new": fetched == Fetched::New}),
                Err(error) => json!({"code": error.code().name, "is_new": false}),
            },
        )
    }

    fn keys(&self, now: Time) -> Value {
        let snapshot = self.fetcher.keys(now);
        match snapshot.as_ref().map(|snapshot| snapshot.keys(now)) {
            Ok(Ok(keys)) => {
                let ids: Vec<_> = keys.iter().map(|key| key.id().as_str()).collect();
                json!({"code": null, "ids": ids, "generation": self.fetcher.generation()})
            }
            Ok(Err(error)) => json!({"code": error.code().name}),
            Err(error) => json!({"code": error.code().name}),
        }
    }

    fn id(&self, order: usize) -> Result<FetchId, CaseError> {
        let at = order.checked_sub(1).and_then(|at| self.orders.get(at));
        at.copied().ok_or(CaseError::Step)
    }
}

impl FetcherInput {
    fn policy(&self) -> Result<FetchPolicy, FetchSetupError> {
        let of = if self.loopback {
            FetchPolicy::loopback_for_tests
        } else {
            FetchPolicy::new
        };
        let mut policy = of(&self.issuer, &self.url)?;
        if let Some(timeout) = self.timeout_seconds {
            policy = policy.with_timeout(Span::from_seconds(timeout))?;
        }
        if let Some(pause) = self.cool_down_seconds {
            policy = policy.with_cool_down(Span::from_seconds(pause))?;
        }
        let span = |seconds: Option<i64>, usual| seconds.map_or(usual, Span::from_seconds);
        let refresh = span(self.refresh_seconds, policy.refresh());
        let limit = span(self.limit_seconds, policy.hard_limit());
        policy.with_ages(refresh, limit)
    }
}

impl From<Cause> for FetchCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Connection => FetchCause::Connection,
            Cause::Redirect => FetchCause::Redirect,
            Cause::Timeout => FetchCause::Timeout,
            Cause::Tls => FetchCause::Tls,
            Cause::TooLarge => FetchCause::TooLarge,
        }
    }
}
