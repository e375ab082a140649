//! Which tokens of CI systems and of other issuers may come in, with host-made rules.

use counterseal::core::{Span, Time};
use counterseal::jwt::{self, OidcError};

use crate::token_policy::seconds;
use crate::{Family, Problem, TokenFacts, TokenKeys, VerifiedToken, check_len, number, time};

/// Admits tokens of one issuer by rules. Any number of threads may share it.
pub struct OidcPolicy {
    inner: jwt::OidcPolicy,
    issuer: String,
}

/// Which jobs of GitHub Actions are meant.
#[derive(Clone)]
pub struct GithubRule(jwt::GithubRule);

/// What the claims of a token of any issuer must say.
#[derive(Clone)]
pub struct ClaimRule(jwt::ClaimRule);

/// The members of a rule for GitHub, as the host gave them; none stands for what is not said.
#[derive(Default)]
pub struct GithubMembers {
    /// The rule's name, which refusals tell.
    pub name: String,
    /// `repository_id`, and the `repository_owner_id` of its owner.
    pub repository: Option<(i64, i64)>,
    /// The `repository_owner_id` of which every repository is meant.
    pub any_repository_of: Option<i64>,
    /// The names of which the repository has one now, beside its ids.
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

/// The members of a rule for any issuer, as the host gave them, in the order in which they are looked at.
#[derive(Default)]
pub struct ClaimMembers {
    /// The rule's name, which refusals tell.
    pub name: String,
    /// Claims, and the texts of which each is one.
    pub equals: Vec<(String, Vec<String>)>,
    /// Claims that are lists, and the text that each has.
    pub has: Vec<(String, String)>,
    /// Claims, and the forms of which each has one.
    pub like: Vec<(String, Vec<String>)>,
}

/// That a rule admits a genuine token.
#[derive(Clone)]
pub struct AdmittedJob {
    token: VerifiedToken,
    rule: String,
    until: i64,
}

impl OidcPolicy {
    /// Jobs of GitHub Actions, whose tokens are for this audience and nobody else; of an enterprise with an issuer of its own if
    /// that is given.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`: rules that admit more than somebody meant, for one.
    pub fn github<'r>(
        issuer: Option<&str>,
        audience: &str,
        rules: impl IntoIterator<Item = &'r GithubRule>,
        age: Option<i64>,
    ) -> Result<Self, Problem> {
        let rules = rules.into_iter().map(|rule| rule.0.clone());
        let issuer = issuer.unwrap_or(GITHUB);
        let policy = jwt::OidcPolicy::github_at(issuer, audience, rules)?;
        Self::aged(policy, issuer, age)
    }

    /// Tokens of any issuer of signed ones.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`
    pub fn issuer<'r>(
        issuer: &str,
        audience: &str,
        rules: impl IntoIterator<Item = &'r ClaimRule>,
        age: Option<i64>,
    ) -> Result<Self, Problem> {
        let rules = rules.into_iter().map(|rule| rule.0.clone());
        let policy = jwt::OidcPolicy::issuer(issuer, audience, rules)?;
        Self::aged(policy, issuer, age)
    }

    fn aged(policy: jwt::OidcPolicy, issuer: &str, age: Option<i64>) -> Result<Self, Problem> {
        let inner = match age {
            Some(age) => policy.with_age(seconds("max_age_seconds", age)?)?,
            None => policy,
        };
        let issuer = issuer.into();
        Ok(OidcPolicy { inner, issuer })
    }

    /// The job that this token is of, if it is genuine at `now` (milliseconds), for us, not over, and a rule admits it.
    ///
    /// # Errors
    ///
    /// A `jwt_..` code; `jwt_oidc_denied` with the rule that came nearest and the claim that it is not met by.
    pub fn verify(&self, token: &str, keys: &TokenKeys, now: i64) -> Result<AdmittedJob, Problem> {
        let now = time("now", now)?;
        let job = self.inner.verify(token, &keys.0, now);
        let job = job.map_err(|error| denied(&error, now))?;
        Ok(AdmittedJob {
            rule: job.rule().to_string(),
            until: job.token().expires().millis(),
            token: VerifiedToken::admitted(job.into_token()),
        })
    }

    /// Who issues.
    pub fn issued_by(&self) -> &str {
        &self.issuer
    }
}

impl GithubRule {
    /// The rule of these members. Whether it can be is for the policy to say.
    ///
    /// # Errors
    ///
    /// A number that is no id.
    pub fn new(members: &GithubMembers) -> Result<Self, Problem> {
        let mut rule = jwt::GithubRule::new(&members.name);
        if let Some((repository, owner)) = members.repository {
            rule = rule.repository(id("repository", repository)?, id("repository", owner)?);
        }
        if let Some(owner) = members.any_repository_of {
            rule = rule.any_repository_of(id("any_repository_of", owner)?);
        }
        if members.any_ref {
            rule = rule.any_ref();
        }
        if members.only_protected {
            rule = rule.only_protected();
        }
        if let Some(workflow) = &members.workflow {
            rule = rule.workflow(workflow);
        }
        if let Some(workflow) = &members.called_workflow {
            rule = rule.called_workflow(workflow);
        }
        Ok(GithubRule(members.listed(rule)))
    }
}

impl GithubMembers {
    /// The rule with what is said in lists.
    fn listed(&self, mut rule: jwt::GithubRule) -> jwt::GithubRule {
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
        if let Some(names) = &self.environments {
            rule = rule.environments(texts(names));
        }
        if let Some(runners) = &self.runners {
            rule = rule.runners(texts(runners));
        }
        rule
    }
}

impl ClaimRule {
    /// The rule of these members. Whether it can be is for the policy to say.
    ///
    /// # Errors
    ///
    /// More conditions than any rule has.
    pub fn new(members: &ClaimMembers) -> Result<Self, Problem> {
        let mut rule = jwt::ClaimRule::new(&members.name);
        check_len("equals", members.equals.len(), 0, MOST)?;
        check_len("has", members.has.len(), 0, MOST)?;
        check_len("like", members.like.len(), 0, MOST)?;
        for (claim, listed) in &members.equals {
            rule = rule.is(claim, texts(listed));
        }
        for (claim, text) in &members.has {
            rule = rule.has(claim, text);
        }
        for (claim, forms) in &members.like {
            rule = rule.like(claim, texts(forms));
        }
        Ok(ClaimRule(rule))
    }
}

impl AdmittedJob {
    /// The token.
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// The name of the rule that admits it.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What its token says.
    pub fn facts(&self) -> TokenFacts<'_> {
        TokenFacts::of(self.token.proof(), Span::ZERO)
    }

    /// The end of its token, in milliseconds, for minting: nothing that is minted for the job lives longer.
    pub const fn until(&self) -> i64 {
        self.until
    }
}

fn denied(error: &OidcError, now: Time) -> Problem {
    match error {
        OidcError::Token(error) => Problem::untrusted(error, now),
        _ => Problem::told(Family::Token, error, &error.event(now)),
    }
}

/// A number that GitHub gives; that 0 is none is for the policy to say.
fn id(name: &'static str, given: i64) -> Result<u64, Problem> {
    let given = number(name, given, 0, i64::MAX)?;
    Ok(given.cast_unsigned())
}

fn texts(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(String::as_str)
}

/// The issuer of github.com.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// The most conditions of a rule.
const MOST: usize = 64;
