//! What a genuine token must grant: the operation `require`.

use counterseal::core::{Refusal, Span, Time};
use counterseal::jwt::{
    Requirement, RequirementError, RequirementSetupError, StepUp, StepUpProof, TokenVerifier,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{TokenKeysInput, policy_members};
use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation};

/// A token, and what is required of whoever shows it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequireInput {
    pub(crate) token: String,
    pub(crate) keys: TokenKeysInput,
    pub(crate) requirement: RequirementInput,
    /// Session, subject, method and milliseconds of an authentication that was seen just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<(String, String, String, i64)>,
}

/// The members of a requirement.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RequirementInput {
    pub(crate) permissions: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) any: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) levels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) granted_by: Option<GrantedBy>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) root_grants: bool,
}

/// The claim that grants.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GrantedBy {
    Permissions,
    Scope,
}

/// Whether the bearer may, and when it authenticated where that was required.
pub(crate) fn require(case: &Case) -> Result<Observation, CaseError> {
    let outcome = checked(case)?.and_then(|checked| {
        let authenticated = checked.map_err(boxed)?.map(Time::millis);
        Ok(json!({"authenticated": authenticated}))
    });
    Ok(observed(outcome))
}

/// What the client is told, whether it may or not.
pub(crate) fn challenge(case: &Case) -> Result<Observation, CaseError> {
    let told = |checked: Checked| match checked {
        Ok(_) => json!({"code": null, "challenge": null}),
        Err(error) => json!({"code": error.code().name, "challenge": error.challenge()}),
    };
    Ok(observed(checked(case)?.map(told)))
}

/// When the bearer authenticated, if that was required.
type Checked = Result<Option<Time>, RequirementError>;

fn checked(case: &Case) -> Result<Outcome<Checked>, CaseError> {
    let input: RequireInput = input(case)?;
    let members = policy_members(case)?;
    let now = Time::from_millis(case.now);
    let outcome = || {
        let verifier = TokenVerifier::new(members.policy()?);
        let keys = input.keys.made()?;
        let requirement = input.requirement.made().map_err(boxed)?;
        let token = verifier.verify(&input.token, &keys, now).map_err(boxed)?;
        let authorized = match &input.proof {
            Some((session, subject, method, at)) => {
                let at = Time::from_millis(*at);
                let proof = StepUpProof::new(session, subject, method, at);
                requirement.check_with(&token, proof, now)
            }
            None => requirement.check(&token, now),
        };
        Ok(authorized.map(|authorized| authorized.authenticated()))
    };
    Ok(outcome())
}

impl RequirementInput {
    fn made(&self) -> Result<Requirement, RequirementSetupError> {
        let permissions = self.permissions.iter().map(String::as_str);
        let mut requirement = match (self.step_up()?, self.any) {
            (Some(step_up), _) => Requirement::all_with_step_up(permissions, step_up)?,
            (None, false) => Requirement::all(permissions)?,
            (None, true) => Requirement::any(permissions)?,
        };
        if matches!(self.granted_by, Some(GrantedBy::Permissions)) {
            requirement = requirement.granted_by_permissions();
        }
        if self.root_grants {
            requirement = requirement.with_root_grants();
        }
        Ok(requirement)
    }

    fn step_up(&self) -> Result<Option<StepUp>, RequirementSetupError> {
        let methods = self.methods.iter().map(String::as_str);
        let levels = self.levels.iter().map(String::as_str);
        let is_asked = !self.methods.is_empty() || !self.levels.is_empty();
        // Without an age nothing is fresh.
        let age = match self.max_age_seconds {
            None if !is_asked => return Ok(None),
            age => Span::from_seconds(age.unwrap_or(0)),
        };
        if self.methods.is_empty() {
            return StepUp::at_level(age, levels).map(Some);
        }
        let step_up = StepUp::by_method(age, methods)?;
        match self.levels.as_slice() {
            [] => Ok(Some(step_up)),
            _ => step_up.or_at_level(levels).map(Some),
        }
    }
}
