//! Tokens of CI systems and of other issuers, admitted by rules.

use counterseal_shared::{self as shared, ClaimMembers, GithubMembers, Problem};
use napi_derive::napi;

use crate::answer::{Answer, answer, line};
use crate::token_key::TokenKeys;
use crate::token_verify::{HeldToken, told};

/// Admits tokens of one issuer by rules.
#[napi]
pub struct OidcPolicy(shared::OidcPolicy);

/// Which jobs of GitHub Actions are meant; what is left out is not said.
#[napi(object, object_to_js = false)]
pub struct GithubRule {
    /// The rule's name.
    pub name: String,
    /// `repository_id`, and the `repository_owner_id` of its owner.
    pub repository: Option<Vec<i64>>,
    /// The `repository_owner_id` of which every repository is meant.
    pub any_repository_of: Option<i64>,
    /// The names of which the repository has one now.
    pub repository_names: Option<Vec<String>>,
    /// What `sub` is, where it is customized.
    pub subjects: Option<Vec<String>>,
    /// What may start a job.
    pub events: Option<Vec<String>>,
    /// The refs, with wildcards.
    pub refs: Option<Vec<String>>,
    /// Whether any ref is meant.
    pub any_ref: bool,
    /// Whether only protected refs are meant.
    pub only_protected: bool,
    /// The workflow that was started.
    pub workflow: Option<String>,
    /// The workflow in which the job is defined.
    pub called_workflow: Option<String>,
    /// The environments.
    pub environments: Option<Vec<String>>,
    /// The kinds of runners.
    pub runners: Option<Vec<String>>,
}

/// What the claims of a token of any issuer must say.
#[napi(object, object_to_js = false)]
pub struct ClaimRule {
    /// The rule's name.
    pub name: String,
    /// Each a claim, and the texts of which it is one.
    pub equals: Vec<Vec<String>>,
    /// Each a claim that is a list, and the text that it has.
    pub has: Vec<Vec<String>>,
    /// Each a claim, and the forms of which it has one.
    pub like: Vec<Vec<String>>,
}

/// The name of the rule and the end of the token, one on a line; after these the token's proof.
pub(crate) type Job = String;

#[napi]
impl OidcPolicy {
    /// Jobs of GitHub Actions.
    #[napi]
    pub fn github(
        issuer: Option<String>,
        audience: String,
        rules: Vec<GithubRule>,
        age: Option<i64>,
    ) -> Answer<OidcPolicy> {
        answer("OidcPolicy.github", || {
            let rules: Result<Vec<_>, _> = rules.into_iter().map(GithubRule::made).collect();
            let policy = shared::OidcPolicy::github(issuer.as_deref(), &audience, &rules?, age)?;
            Ok(OidcPolicy(policy))
        })
    }

    /// Tokens of any issuer of signed ones.
    #[napi]
    pub fn of_issuer(
        issuer: String,
        audience: String,
        rules: Vec<ClaimRule>,
        age: Option<i64>,
    ) -> Answer<OidcPolicy> {
        answer("OidcPolicy.ofIssuer", || {
            let rules: Result<Vec<_>, _> = rules.into_iter().map(ClaimRule::made).collect();
            let policy = shared::OidcPolicy::issuer(&issuer, &audience, &rules?, age)?;
            Ok(OidcPolicy(policy))
        })
    }

    /// The job that this token is of, if a rule admits it.
    #[napi]
    pub fn verify(&self, token: String, keys: &TokenKeys, now: i64) -> Answer<Job> {
        answer("OidcPolicy.verify", || {
            let job = self.0.verify(&token, &keys.0, now)?;
            let mut text = String::new();
            line(&mut text, job.rule());
            line(&mut text, &job.until().to_string());
            text.push_str(&told(&job.facts()));
            Ok(text)
        })
    }

    /// The proof of such a token, for other rooms.
    #[napi]
    pub fn hold(&self, token: String, keys: &TokenKeys, now: i64) -> Answer<HeldToken> {
        answer("OidcPolicy.hold", || {
            let job = self.0.verify(&token, &keys.0, now)?;
            Ok(HeldToken::new(job.token().clone(), told(&job.facts())))
        })
    }

    /// Who issues.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("OidcPolicy.issuer", || Ok(self.0.issued_by().into()))
    }
}

impl GithubRule {
    fn made(self) -> Result<shared::GithubRule, Problem> {
        shared::GithubRule::new(&GithubMembers {
            name: self.name,
            // The facade hands over two.
            repository: self
                .repository
                .and_then(|ids| ids.first_chunk().map(|[id, owner]| (*id, *owner))),
            any_repository_of: self.any_repository_of,
            repository_names: self.repository_names,
            subjects: self.subjects,
            events: self.events,
            refs: self.refs,
            any_ref: self.any_ref,
            only_protected: self.only_protected,
            workflow: self.workflow,
            called_workflow: self.called_workflow,
            environments: self.environments,
            runners: self.runners,
        })
    }
}

impl ClaimRule {
    fn made(self) -> Result<shared::ClaimRule, Problem> {
        let parts = |mut listed: Vec<String>| {
            // The facade puts a claim first.
            let texts = listed.split_off(listed.len().min(1));
            (listed.pop().unwrap_or_default(), texts)
        };
        let listed = |lists: Vec<Vec<String>>| lists.into_iter().map(parts).collect();
        shared::ClaimRule::new(&ClaimMembers {
            name: self.name,
            equals: listed(self.equals),
            has: self
                .has
                .into_iter()
                .map(parts)
                .map(|(claim, texts)| (claim, texts.concat()))
                .collect(),
            like: listed(self.like),
        })
    }
}
