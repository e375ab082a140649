//! Jobs of GitHub Actions: which of them a rule means, and what is true of every genuine token of theirs.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use crate::OidcSetupError;
use crate::json::{Members, Value};
use crate::oidc::rule::{Rule, Wants, text_of};

/// Which jobs of GitHub Actions are meant: all that is said of a rule, together.
///
/// A repository is its numeric id and that of its owner; names can be registered again by others. A rule without ids, and one
/// that says nothing about the code that runs (a ref, a workflow or an environment), cannot be set up, unless it says so.
///
/// ```
/// use counterseal_jwt::{GithubRule, OidcPolicy};
/// let release = GithubRule::new("release")
///     .repository(74, 65)
///     .refs(["refs/heads/main", "refs/tags/v*"])
///     .only_protected()
///     .environments(["production"]);
/// let policy = OidcPolicy::github("deploy.example", [release])?;
///
/// let named = GithubRule::new("named").repository_names(["octo-org/octo-repo"]).any_ref();
/// assert!(OidcPolicy::github("deploy.example", [named]).is_err(), "anybody can have that name one day");
/// # Ok::<(), counterseal_jwt::OidcSetupError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct GithubRule {
    name: Box<str>,
    owner_id: Option<u64>,
    repository_id: Option<u64>,
    any_repository: bool,
    repositories: Texts,
    subjects: Texts,
    events: Texts,
    refs: Texts,
    any_ref: bool,
    only_protected: bool,
    workflow: Option<Box<str>>,
    called_workflow: Option<Box<str>>,
    environments: Texts,
    runners: Texts,
}

/// What is not said is nothing; what is said to be one of none cannot be set up.
type Texts = Option<Vec<Box<str>>>;

impl GithubRule {
    /// A rule of this name, which refusals and audit events tell: 1 to 64 of `[A-Za-z0-9_.:-]`.
    pub fn new(name: &str) -> Self {
        GithubRule {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The repository with this `repository_id`, of the owner with this `repository_owner_id`.
    #[must_use]
    pub const fn repository(mut self, id: u64, owner_id: u64) -> Self {
        self.repository_id = Some(id);
        self.owner_id = Some(owner_id);
        self
    }

    /// Every repository of the owner with this `repository_owner_id`, those of tomorrow too.
    #[must_use]
    pub const fn any_repository_of(mut self, owner_id: u64) -> Self {
        self.any_repository = true;
        self.owner_id = Some(owner_id);
        self
    }

    /// The repository has one of these names now, `owner/name`, in their letters' case; beside its ids.
    #[must_use]
    pub fn repository_names<'v>(mut self, names: impl IntoIterator<Item = &'v str>) -> Self {
        self.repositories = Some(texts(names));
        self
    }

    /// `sub` is one of these, for repositories whose subjects are customized. Otherwise it must be what GitHub makes of the other
    /// claims: `repo:owner/name:` or the same with ids, then `environment:...`, `pull_request` or `ref:...`.
    #[must_use]
    pub fn subjects<'v>(mut self, subjects: impl IntoIterator<Item = &'v str>) -> Self {
        self.subjects = Some(texts(subjects));
        self
    }

    /// One of these events started it. Unless they are named here, only `push`, `schedule`, `workflow_dispatch`, `release` and
    /// `merge_group` may: `pull_request_target`, `issue_comment`, `workflow_run` and others run with the rights of the repository
    /// what a stranger started.
    #[must_use]
    pub fn events<'v>(mut self, events: impl IntoIterator<Item = &'v str>) -> Self {
        self.events = Some(texts(events));
        self
    }

    /// It runs for one of these, such as `refs/heads/main` or `refs/tags/v*`: a `*` stands for one letter or more in one
    /// segment, and neither of the first two.
    #[must_use]
    pub fn refs<'v>(mut self, refs: impl IntoIterator<Item = &'v str>) -> Self {
        self.refs = Some(texts(refs));
        self
    }

    /// It runs for any ref: whoever can push a branch is meant.
    #[must_use]
    pub const fn any_ref(mut self) -> Self {
        self.any_ref = true;
        self
    }

    /// The ref is protected.
    #[must_use]
    pub const fn only_protected(mut self) -> Self {
        self.only_protected = true;
        self
    }

    /// This workflow was started, `owner/name/.github/workflows/file.yml@refs/heads/main`; or, with 40 hexadecimal digits after
    /// the `@`, this file in this commit.
    #[must_use]
    pub fn workflow(mut self, workflow: &str) -> Self {
        self.workflow = Some(workflow.into());
        self
    }

    /// The job is defined in this workflow, which another one may have called: `job_workflow_ref`, as [`GithubRule::workflow`].
    #[must_use]
    pub fn called_workflow(mut self, workflow: &str) -> Self {
        self.called_workflow = Some(workflow.into());
        self
    }

    /// The job has one of these environments.
    #[must_use]
    pub fn environments<'v>(mut self, names: impl IntoIterator<Item = &'v str>) -> Self {
        self.environments = Some(texts(names));
        self
    }

    /// The job runs on one of these: `github-hosted`, `self-hosted`.
    #[must_use]
    pub fn runners<'v>(mut self, runners: impl IntoIterator<Item = &'v str>) -> Self {
        self.runners = Some(texts(runners));
        self
    }

    /// Its conditions, in the order in which they are looked at: whose it is, what started it, which code it runs, where.
    pub(crate) fn rule(&self) -> Result<Rule, OidcSetupError> {
        //= docs/spec/issuers.md#I-11
        let mut rule = Rule::new(&self.name)?;
        self.push_ids(&mut rule)?;
        push(&mut rule, "repository", &self.repositories)?;
        match &self.subjects {
            Some(subjects) => rule.is("sub", subjects)?,
            None => rule.push("sub", Wants::GithubSubject)?,
        }
        let events = self.events.clone();
        let events = events.unwrap_or_else(|| EVENTS.map(Box::from).into());
        rule.is("event_name", &events)?;
        self.push_code(&mut rule)?;
        push(&mut rule, "environment", &self.environments)?;
        push(&mut rule, "runner_environment", &self.runners)?;
        Ok(rule)
    }

    fn push_ids(&self, rule: &mut Rule) -> Result<(), OidcSetupError> {
        let missing = OidcSetupError::RuleIds { rule: rule.name };
        let is_id = |id: &Option<u64>| id.is_some_and(|id| id != 0);
        let is_repository = is_id(&self.repository_id) != self.any_repository;
        if !is_id(&self.owner_id) || !is_repository {
            return Err(missing);
        }
        let ids = [
            ("repository_owner_id", self.owner_id),
            ("repository_id", self.repository_id),
        ];
        for (claim, id) in ids {
            if let Some(id) = id {
                rule.is(claim, &[id.to_string().into()])?;
            }
        }
        Ok(())
    }

    fn push_code(&self, rule: &mut Rule) -> Result<(), OidcSetupError> {
        let is_said = self.refs.is_some()
            || self.environments.is_some()
            || self.workflow.is_some()
            || self.called_workflow.is_some();
        if is_said == self.any_ref {
            return Err(OidcSetupError::RuleOpen { rule: rule.name });
        }
        if let Some(refs) = &self.refs {
            if !refs.iter().all(|text| is_ref_pattern(text)) {
                return Err(rule.pattern());
            }
            rule.like("ref", refs)?;
        }
        if self.only_protected {
            rule.is("ref_protected", &["true".into()])?;
        }
        push_workflow(
            rule,
            ["workflow_ref", "workflow_sha"],
            self.workflow.as_deref(),
        )?;
        let called = ["job_workflow_ref", "job_workflow_sha"];
        push_workflow(rule, called, self.called_workflow.as_deref())
    }
}

/// The first claim that no genuine token of a job has like this.
pub(crate) fn odd_claim(said: &Members<'_>) -> Option<&'static str> {
    //= docs/spec/issuers.md#I-12
    let text = |claim: &str| text_of(said, claim).unwrap_or_default();
    let is_empty = |claim: &&str| text(claim).is_empty();
    if let Some(claim) = CLAIMS.into_iter().find(is_empty) {
        return Some(claim);
    }
    let is_number = |claim: &&'static str| {
        let digits = text(claim);
        !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(claim) = IDS.into_iter().find(|claim| !is_number(claim)) {
        return Some(claim);
    }
    if text("repository").split_once('/').map(|(owner, _)| owner)
        != Some(&*text("repository_owner"))
    {
        return Some("repository_owner");
    }
    let reference = text("ref");
    let kind = text("ref_type");
    match reference.split('/').nth(1) {
        Some("heads") if kind != "branch" => return Some("ref_type"),
        Some("tags") if kind != "tag" => return Some("ref_type"),
        Some(_) if reference.starts_with("refs/") => {}
        _ => return Some("ref"),
    }
    let of_pull = text("event_name").starts_with("pull_request");
    let is_outside = |claim: &&'static str| match said.get(claim) {
        None => true,
        Some(Value::Text(text)) => of_pull || text.said().is_empty(),
        Some(_) => false,
    };
    ["base_ref", "head_ref"]
        .into_iter()
        .find(|claim| !is_outside(claim))
}

/// Whether this is the subject that GitHub makes of the other claims. A repository's prefix has names, or names with ids.
pub(crate) fn is_subject(subject: &str, said: &Members<'_>) -> bool {
    let text = |claim: &str| text_of(said, claim).unwrap_or_default();
    let repository = text("repository");
    let (owner, name) = repository.split_once('/').unwrap_or_default();
    let (owner_id, id) = (text("repository_owner_id"), text("repository_id"));
    let prefixes = [
        format!("repo:{repository}:"),
        format!("repo:{owner}@{owner_id}/{name}@{id}:"),
        format!("repo:{owner}-{owner_id}/{name}-{id}:"),
    ];
    let mut rests = prefixes
        .iter()
        .filter_map(|prefix| subject.strip_prefix(&**prefix));
    rests.any(|rest| is_context(rest, said))
}

fn is_context(context: &str, said: &Members<'_>) -> bool {
    let text = |claim: &str| text_of(said, claim).unwrap_or_default();
    let environment = text("environment");
    if !environment.is_empty() {
        // A colon in a name would look like one between two values.
        let encoded = environment.replace(':', "%3A");
        return context.strip_prefix("environment:") == Some(&encoded);
    }
    match (&*text("event_name"), context) {
        (event, "pull_request") => event.starts_with("pull_request"),
        ("pull_request", _) => false,
        _ => context.strip_prefix("ref:") == Some(&text("ref")),
    }
}

/// Whether this names the file, at some ref or commit.
pub(crate) fn is_workflow(workflow: &str, file: &str) -> bool {
    let rest = workflow.strip_prefix(file);
    let at = rest.and_then(|rest| rest.strip_prefix('@'));
    at.is_some_and(|at| is_commit(at) || at.starts_with("refs/"))
}

fn push(rule: &mut Rule, claim: &str, texts: &Texts) -> Result<(), OidcSetupError> {
    match texts {
        Some(texts) => rule.is(claim, texts),
        None => Ok(()),
    }
}

/// A workflow at a ref, or a file in a commit.
fn push_workflow(
    rule: &mut Rule,
    [name, commit]: [&str; 2],
    workflow: Option<&str>,
) -> Result<(), OidcSetupError> {
    let Some(workflow) = workflow else {
        return Ok(());
    };
    let (file, at) = workflow.split_once('@').ok_or(rule.pattern())?;
    let is_file = file.contains("/.github/workflows/") && !workflow.contains('*');
    match at {
        _ if !is_file => Err(rule.pattern()),
        _ if is_commit(at) => {
            rule.push(name, Wants::Workflow(file.into()))?;
            rule.is(commit, &[at.into()])
        }
        _ if at.starts_with("refs/") => rule.is(name, &[workflow.into()]),
        _ => Err(rule.pattern()),
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_ref_pattern(text: &str) -> bool {
    let kinds = ["refs/heads/", "refs/pull/", "refs/tags/"];
    kinds.iter().any(|kind| text.starts_with(kind))
        && text.split('/').all(|segment| !segment.is_empty())
        && text.bytes().all(|byte| {
            !matches!(
                byte,
                0..=b' ' | 127 | b'?' | b'[' | b'~' | b'^' | b':' | b'\\'
            )
        })
}

fn texts<'v>(texts: impl IntoIterator<Item = &'v str>) -> Vec<Box<str>> {
    // One more than there may be, so that it shows.
    texts.into_iter().take(65).map(Box::from).collect()
}

/// Who may write to the repository starts these.
const EVENTS: [&str; 5] = [
    "merge_group",
    "push",
    "release",
    "schedule",
    "workflow_dispatch",
];

/// Claims that every job's token has, as texts that are not empty.
const CLAIMS: [&str; 19] = [
    "actor",
    "actor_id",
    "event_name",
    "job_workflow_ref",
    "job_workflow_sha",
    "jti",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "run_attempt",
    "run_id",
    "runner_environment",
    "sha",
    "workflow_ref",
    "workflow_sha",
];

const IDS: [&str; 3] = ["actor_id", "repository_id", "repository_owner_id"];

/// The issuer of github.com.
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";
