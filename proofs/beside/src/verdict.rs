//! What both sides say of one token, and whether the page explains it.

use counterseal_core::{Refusal, Span, Time};
use counterseal_jwt::{JwtError, TokenKeys, TokenPolicy, TokenVerifier, VerifiedToken};
use serde_json::{Map, Value};

use crate::{AUDIENCE, ISSUER, Key, Peer, keys, page};

/// Both verifiers, and the page.
pub struct Both {
    ours: TokenVerifier,
    keys: TokenKeys,
    peer: Peer,
    explained: Vec<&'static str>,
}

/// What both sides say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Both accept it, and read the same.
    Accepted,
    /// Both refuse it.
    Refused,
    /// We refuse it by this rule, and the peer accepts it; the page says why.
    Stricter(&'static str),
    /// The page says nothing of what differs.
    Unexplained(String),
}

impl Default for Both {
    fn default() -> Self {
        Self::of(ours().expect("a policy"), page("jsonwebtoken"))
    }
}

impl Both {
    /// With a wrong verifier in the place of ours: tokens that are over are accepted for a minute more.
    pub fn broken() -> Self {
        let late = ours().and_then(|policy| policy.with_leeway(Span::from_seconds(90)));
        Self::of(late.expect("a policy"), page("jsonwebtoken"))
    }

    /// With a page that explains nothing.
    pub fn unexplained() -> Self {
        Self::of(ours().expect("a policy"), Vec::new())
    }

    fn of(policy: TokenPolicy, explained: Vec<&'static str>) -> Self {
        Both {
            ours: TokenVerifier::new(policy),
            keys: TokenKeys::new(keys().iter().map(Key::ours)).expect("three keys"),
            peer: Peer::default(),
            explained,
        }
    }

    /// Shows a token to both at this time, which is the peer's clock too.
    pub fn judge(&self, token: &str, now: Time) -> Verdict {
        let ours = self.ours.verify(token, &self.keys, now);
        match (ours, self.peer.verify(token)) {
            (Ok(ours), Ok(theirs)) if is_same(&ours, &theirs) => Verdict::Accepted,
            (Ok(_), Ok(_)) => Verdict::Unexplained("both accept it, and read other things".into()),
            (Err(_), Err(_)) => Verdict::Refused,
            (Err(error), Ok(_)) => self.explained(rule(&error)),
            (Ok(_), Err(error)) => {
                Verdict::Unexplained(format!("accepted, and refused there: {error}"))
            }
        }
    }

    /// By which errors both refuse a token, if they do: the name of the peer's, and our code.
    pub fn errors(&self, token: &str, now: Time) -> Option<(String, String)> {
        let ours = self.ours.verify(token, &self.keys, now).err()?;
        let theirs = format!("{:?}", self.peer.verify(token).err()?.kind());
        let name = theirs.split(['(', ' ']).next()?;
        Some((name.to_owned(), ours.code().name.to_owned()))
    }

    fn explained(&self, rule: String) -> Verdict {
        match self.explained.iter().find(|row| **row == rule) {
            Some(row) => Verdict::Stricter(row),
            None => Verdict::Unexplained(rule),
        }
    }
}

fn ours() -> Result<TokenPolicy, counterseal_jwt::JwtSetupError> {
    TokenPolicy::access(ISSUER, AUDIENCE)
}

/// The code, and the claim that it is about.
fn rule(error: &JwtError) -> String {
    let code = error.code().name;
    match error {
        JwtError::Claim { name, .. } | JwtError::ClaimMissing { name, .. } => {
            format!("{code} {name}")
        }
        _ => code.to_owned(),
    }
}

/// Whether both read the same out of a token that both accept.
fn is_same(ours: &VerifiedToken<'_>, theirs: &Map<String, Value>) -> bool {
    let said: Result<Map<String, Value>, _> = serde_json::from_str(ours.payload());
    let expires = theirs["exp"].as_f64().map(|seconds| seconds * 1_000.0);
    said.is_ok_and(|said| said == *theirs)
        && theirs["sub"] == ours.subject()
        && theirs.get("jti").and_then(Value::as_str) == ours.id()
        // We cut off what is below a millisecond.
        && expires.is_some_and(|expires| (expires - millis(ours.expires())).abs() < 2.0)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "2^53 milliseconds are far beyond the year 9999"
)]
fn millis(time: Time) -> f64 {
    time.millis() as f64
}
