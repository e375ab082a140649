//! The operations of the room `foreign`.

use counterseal::core::{Span, Time};
use counterseal::request::{ForeignPolicy, ForeignPolicyParts, Verifier};
use serde::Deserialize;
use serde_json::json;

use crate::request::{Comes, Outcome, boxed, proven, verified};
use crate::{Case, CaseError, Observation};

/// The members of a policy; what is left out has its default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyMembers {
    authorities: Vec<String>,
    tag: Option<String>,
    require: Option<Vec<String>>,
    require_nonce: Option<bool>,
    require_digest: Option<bool>,
    past_seconds: Option<i64>,
    future_seconds: Option<i64>,
    retain_seconds: Option<i64>,
    body_limit_bytes: Option<usize>,
}

pub(crate) fn verify(case: &Case, comes: Comes) -> Result<Observation, CaseError> {
    let members = case.policy.clone().ok_or(CaseError::Policy)?;
    let members: PolicyMembers =
        serde_json::from_value(members.into()).map_err(CaseError::Input)?;
    verified(case, comes, || members.verifier())
}

/// Signs a response to the request, which no client of another make expects.
pub(crate) fn answer(case: &Case) -> Result<Observation, CaseError> {
    let members = case.policy.clone().ok_or(CaseError::Policy)?;
    let members: PolicyMembers =
        serde_json::from_value(members.into()).map_err(CaseError::Input)?;
    proven(
        case,
        || members.verifier(),
        |proof| {
            let signed = proof.sign_response(200, b"", Time::from_millis(case.now));
            let signed = signed.map_err(boxed)?;
            Ok(json!({"headers": signed.headers().collect::<Vec<_>>()}))
        },
    )
}

impl PolicyMembers {
    fn verifier(&self) -> Outcome<Verifier> {
        let usual = ForeignPolicyParts::default();
        let seconds = |given: Option<i64>, usual| given.map_or(usual, Span::from_seconds);
        let policy = ForeignPolicy::new(ForeignPolicyParts {
            authorities: self.authorities.clone(),
            tag: self.tag.clone(),
            require: self.require.clone().unwrap_or(usual.require),
            require_nonce: self.require_nonce.unwrap_or(usual.require_nonce),
            require_digest: self.require_digest.unwrap_or(usual.require_digest),
            past: seconds(self.past_seconds, usual.past),
            future: seconds(self.future_seconds, usual.future),
            retain: seconds(self.retain_seconds, usual.retain),
            body_limit: self.body_limit_bytes.unwrap_or(usual.body_limit),
        });
        policy.map(Verifier::foreign).map_err(boxed)
    }
}
