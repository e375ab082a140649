//! Which tokens of CI systems and other issuers are admitted: the operations `oidc` and `nearest`.

use counterseal::core::{Refusal, Span, Time};
use counterseal::jwt::{AdmittedJob, ClaimRule, GithubRule, OidcError, OidcPolicy, OidcSetupError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::TokenKeysInput;
use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation};

/// A token of an issuer of others, and who may come in.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcInput {
    pub(crate) token: String,
    pub(crate) keys: TokenKeysInput,
    pub(crate) oidc: OidcMembers,
}

/// The members of a policy for one issuer: rules for GitHub, or rules over any claims.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OidcMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    pub(crate) audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) github: Option<Vec<GithubMembers>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Vec<ClaimMembers>>,
}

/// The members of a rule for GitHub.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GithubMembers {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repository: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) any_repository_of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repository_names: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subjects: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refs: Texts,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) any_ref: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) only_protected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workflow: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) called_workflow: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environments: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runners: Texts,
}

type Texts = Option<Vec<String>>;

/// The members of a rule over claims, each a list of claims and what they must say.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClaimMembers {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) equals: Vec<(String, Vec<String>)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) has: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) like: Vec<(String, Vec<String>)>,
}

/// Which rule admits a token, and until when.
pub(crate) fn oidc(case: &Case) -> Result<Observation, CaseError> {
    let outcome = admitted(case)?.and_then(|admitted| {
        let job = admitted.map_err(boxed)?;
        let until = job.token().expires().millis();
        Ok(json!({"rule": job.rule().as_str(), "until": until}))
    });
    Ok(observed(outcome))
}

/// What the operator is told: the rule that admits a token, or the one that came nearest and the claim that is not as it has it.
pub(crate) fn nearest(case: &Case) -> Result<Observation, CaseError> {
    let told = |admitted: Admitted| match admitted {
        Ok(job) => json!({"code": null, "rule": job.rule().as_str(), "claim": null}),
        Err(error) => {
            let (rule, claim) = match &error {
                OidcError::Denied { rule, claim, .. } => (rule.as_deref(), Some(&**claim)),
                _ => (None, None),
            };
            json!({"code": error.code().name, "rule": rule, "claim": claim})
        }
    };
    Ok(observed(admitted(case)?.map(told)))
}

type Admitted = Result<AdmittedJob, OidcError>;

fn admitted(case: &Case) -> Result<Outcome<Admitted>, CaseError> {
    let input: OidcInput = input(case)?;
    let now = Time::from_millis(case.now);
    let outcome = || {
        let policy = input.oidc.policy().map_err(boxed)?;
        let keys = input.keys.made()?;
        Ok(policy.verify(&input.token, &keys, now))
    };
    Ok(outcome())
}

impl OidcMembers {
    fn policy(&self) -> Result<OidcPolicy, OidcSetupError> {
        let issuer = self.issuer.as_deref();
        let rules = self.github.iter().flatten().map(GithubMembers::rule);
        let policy = match (&self.claims, issuer) {
            (None, None) => OidcPolicy::github(&self.audience, rules)?,
            (None, Some(issuer)) => OidcPolicy::github_at(issuer, &self.audience, rules)?,
            (Some(claims), issuer) => {
                let rules = claims.iter().map(ClaimMembers::rule);
                OidcPolicy::issuer(issuer.unwrap_or_default(), &self.audience, rules)?
            }
        };
        match self.max_age_seconds {
            Some(age) => policy.with_age(Span::from_seconds(age)),
            None => Ok(policy),
        }
    }
}

impl GithubMembers {
    fn rule(&self) -> GithubRule {
        let mut rule = GithubRule::new(&self.name);
        if let Some((id, owner)) = self.repository {
            rule = rule.repository(id, owner);
        }
        if let Some(owner) = self.any_repository_of {
            rule = rule.any_repository_of(owner);
        }
        if self.any_ref {
            rule = rule.any_ref();
        }
        if self.only_protected {
            rule = rule.only_protected();
        }
        if let Some(workflow) = &self.workflow {
            rule = rule.workflow(workflow);
        }
        if let Some(workflow) = &self.called_workflow {
            rule = rule.called_workflow(workflow);
        }
        self.with_lists(rule)
    }

    fn with_lists(&self, mut rule: GithubRule) -> GithubRule {
        if let Some(names) = &self.repository_names {
            rule = rule.repository_names(texts(names));
        }
        if let Some(subjects) = &self.subjects {
            rule = rule.subjects(texts(subjects));
        }
        if let Some(events) = &self.events {
            rule = rule.events(texts(events));
        }
        if let Some(refs) = &self.refs {
            rule = rule.refs(texts(refs));
        }
        if let Some(environments) = &self.environments {
            rule = rule.environments(texts(environments));
        }
        if let Some(runners) = &self.runners {
            rule = rule.runners(texts(runners));
        }
        rule
    }
}

impl ClaimMembers {
    fn rule(&self) -> ClaimRule {
        let mut rule = ClaimRule::new(&self.name);
        for (claim, wanted) in &self.equals {
            rule = rule.is(claim, texts(wanted));
        }
        for (claim, wanted) in &self.has {
            rule = rule.has(claim, wanted);
        }
        for (claim, forms) in &self.like {
            rule = rule.like(claim, texts(forms));
        }
        rule
    }
}

fn texts(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str)
}
