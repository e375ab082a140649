//! What a caller is told: the fields `RateLimit-Policy`, `RateLimit` and `Retry-After`.

use alloc::format;
use alloc::string::{String, ToString};

use counterseal_core::{Rate, Span};

use crate::LimitName;

/// The fields of one answer (draft-ietf-httpapi-ratelimit-headers-11, and RFC 9110 section 10.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    policy: String,
    limit: String,
    retry_after: Option<String>,
}

impl Fields {
    /// `left` more would pass now, and as many as a burst has after the rest of the bucket is empty.
    //= docs/spec/limit.md#L-13
    pub(crate) fn within(name: LimitName, rate: Rate, left: u32) -> Self {
        let taken = rate.burst().saturating_sub(left);
        let reset = Span::from_millis(i64::from(taken) * i64::from(rate.every_ms()));
        Fields {
            policy: policy(name, rate),
            limit: limit(name, left, seconds(reset)),
            retry_after: None,
        }
    }

    /// None would pass before `wait` is over.
    pub(crate) fn over(name: LimitName, rate: Rate, wait: Span) -> Self {
        let wait = seconds(wait).max(1);
        Fields {
            policy: policy(name, rate),
            limit: limit(name, 0, wait),
            retry_after: Some(wait.to_string()),
        }
    }

    /// Names and values, to be set on the answer.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let both = [
            ("ratelimit-policy", &*self.policy),
            ("ratelimit", &*self.limit),
        ];
        let wait = self
            .retry_after
            .as_deref()
            .map(|wait| ("retry-after", wait));
        both.into_iter().chain(wait)
    }
}

/// The burst is the quota, and the time in which a full bucket empties is its window.
fn policy(name: LimitName, rate: Rate) -> String {
    let bucket = i64::from(rate.burst()) * i64::from(rate.every_ms());
    let window = seconds(Span::from_millis(bucket)).max(1);
    format!("\"{name}\";q={};w={window}", rate.burst())
}

fn limit(name: LimitName, left: u32, reset: i64) -> String {
    format!("\"{name}\";r={left};t={reset}")
}

/// Whole seconds, rounded up.
pub(crate) const fn seconds(span: Span) -> i64 {
    let millis = span.millis();
    millis / 1_000 + (millis % 1_000 > 0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_are_rounded_up() {
        for (millis, whole) in [(-1, 0), (0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(seconds(Span::from_millis(millis)), whole);
        }
    }

    #[test]
    fn the_fields_are_items_of_structured_fields() {
        let name = LimitName::parse("login").expect("a name");
        let rate = Rate::new(10, 1_500).expect("a rate");
        let within = Fields::within(name, rate, 7);
        let fields: alloc::vec::Vec<_> = within.iter().collect();
        assert_eq!(
            fields,
            [
                ("ratelimit-policy", "\"login\";q=10;w=15"),
                ("ratelimit", "\"login\";r=7;t=5"),
            ]
        );
        let over = Fields::over(name, rate, Span::from_millis(1_001));
        let fields: alloc::vec::Vec<_> = over.iter().skip(1).collect();
        assert_eq!(
            fields,
            [("ratelimit", "\"login\";r=0;t=2"), ("retry-after", "2")]
        );
    }
}
