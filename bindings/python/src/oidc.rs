//! Tokens of CI systems and of other issuers, admitted by rules.

use counterseal_shared::{self as shared, ClaimMembers, GithubMembers, MAX_ITEMS, Problem, guard};
use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::args::{self, Any, Maybe, flag, given, int, maybe_int, maybe_text, text, texts};
use crate::errors::Guarded;
use crate::token_keys::token_keys;
use crate::token_verify::VerifiedToken;

/// Admits tokens of one issuer by rules: one rule that is met is enough. Any number of threads may share it.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct OidcPolicy(shared::OidcPolicy);

/// Which jobs of GitHub Actions are meant: all that is said, together.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct GithubRule(shared::GithubRule);

/// What the claims of a token of any issuer must say: all that is said, together.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct ClaimRule(shared::ClaimRule);

/// That a rule admits a genuine token.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct AdmittedJob(shared::AdmittedJob);

#[pymethods]
impl OidcPolicy {
    /// Jobs of GitHub Actions, whose tokens are for this audience and nobody else; of an enterprise that has an `issuer` of its own
    /// if that is given.
    #[staticmethod]
    #[pyo3(signature = (audience, rules, *, issuer=None, max_age_seconds=None))]
    fn github(
        audience: &Any<'_>,
        rules: &Any<'_>,
        issuer: Maybe<'_>,
        max_age_seconds: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("OidcPolicy.github", || {
            let rules = of_class::<GithubRule>(rules, "GithubRule objects")?;
            let issuer = maybe_text("issuer", &issuer)?;
            let policy = shared::OidcPolicy::github(
                issuer.as_deref(),
                text("audience", audience)?,
                rules.iter().map(|rule| &rule.get().0),
                maybe_int("max_age_seconds", &max_age_seconds)?,
            )?;
            Ok(OidcPolicy(policy))
        })
    }

    /// Tokens of any issuer of signed ones, which are for this audience and nobody else.
    #[staticmethod]
    #[pyo3(signature = (issuer, audience, rules, *, max_age_seconds=None))]
    fn of_issuer(
        issuer: &Any<'_>,
        audience: &Any<'_>,
        rules: &Any<'_>,
        max_age_seconds: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("OidcPolicy.of_issuer", || {
            let rules = of_class::<ClaimRule>(rules, "ClaimRule objects")?;
            let policy = shared::OidcPolicy::issuer(
                text("issuer", issuer)?,
                text("audience", audience)?,
                rules.iter().map(|rule| &rule.get().0),
                maybe_int("max_age_seconds", &max_age_seconds)?,
            )?;
            Ok(OidcPolicy(policy))
        })
    }

    /// The job that this token is of, if it is genuine, for us, not over, and a rule admits it. A refusal by the rules names the
    /// one that came nearest, and the claim by which it is not met.
    #[pyo3(signature = (token, keys, *, now=None))]
    fn verify(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        keys: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<AdmittedJob> {
        guard("OidcPolicy.verify", || {
            let (keys, now) = (token_keys(keys)?, args::now(py, &now)?);
            let token = text("token", token)?;
            let job = py.detach(|| self.0.verify(token, &keys, now))?;
            Ok(AdmittedJob(job))
        })
    }

    #[getter]
    fn issuer(&self) -> Guarded<&str> {
        guard("OidcPolicy.issuer", || Ok(self.0.issued_by()))
    }
}

#[pymethods]
impl GithubRule {
    /// `repository` is its `repository_id` and the `repository_owner_id` of its owner. Without `events` only those are meant that
    /// need the right to write. Which code runs is said by `refs`, a workflow or `environments`, or not at all by `any_ref`.
    #[new]
    #[allow(clippy::too_many_arguments, clippy::fn_params_excessive_bools)] // keywords in Python
    #[pyo3(signature = (name, *, repository=None, any_repository_of=None, repository_names=None, subjects=None, events=None,
        refs=None, any_ref=None, only_protected=None, workflow=None, called_workflow=None, environments=None, runners=None))]
    fn new(
        name: &Any<'_>,
        repository: Maybe<'_>,
        any_repository_of: Maybe<'_>,
        repository_names: Maybe<'_>,
        subjects: Maybe<'_>,
        events: Maybe<'_>,
        refs: Maybe<'_>,
        any_ref: Maybe<'_>,
        only_protected: Maybe<'_>,
        workflow: Maybe<'_>,
        called_workflow: Maybe<'_>,
        environments: Maybe<'_>,
        runners: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("GithubRule.__new__", || {
            let rule = shared::GithubRule::new(&GithubMembers {
                name: text("name", name)?.into(),
                repository: given(&repository).map(ids).transpose()?,
                any_repository_of: maybe_int("any_repository_of", &any_repository_of)?,
                repository_names: listed("repository_names", repository_names)?,
                subjects: listed("subjects", subjects)?,
                events: listed("events", events)?,
                refs: listed("refs", refs)?,
                any_ref: flag("any_ref", &any_ref, false)?,
                only_protected: flag("only_protected", &only_protected, false)?,
                workflow: maybe_text("workflow", &workflow)?,
                called_workflow: maybe_text("called_workflow", &called_workflow)?,
                environments: listed("environments", environments)?,
                runners: listed("runners", runners)?,
            })?;
            Ok(GithubRule(rule))
        })
    }
}

#[pymethods]
impl ClaimRule {
    /// Claims that are one of some texts (`equals`), lists that have a text (`has`), and claims of the form of one of some texts
    /// (`like`), in which a `*` stands for one letter or more inside one segment between two `/`.
    #[new]
    #[pyo3(signature = (name, *, equals=None, has=None, like=None))]
    fn new(name: &Any<'_>, equals: Maybe<'_>, has: Maybe<'_>, like: Maybe<'_>) -> Guarded<Self> {
        guard("ClaimRule.__new__", || {
            let rule = shared::ClaimRule::new(&ClaimMembers {
                name: text("name", name)?.into(),
                equals: conditions("equals", &equals, |value| texts("equals", &Some(value)))?,
                has: conditions("has", &has, |value| Ok(text("has", &value)?.into()))?,
                like: conditions("like", &like, |value| texts("like", &Some(value)))?,
            })?;
            Ok(ClaimRule(rule))
        })
    }
}

#[pymethods]
impl AdmittedJob {
    #[getter]
    fn token(&self) -> Guarded<VerifiedToken> {
        guard("AdmittedJob.token", || {
            Ok(VerifiedToken(self.0.token().clone()))
        })
    }

    /// The name of the rule that admits it.
    #[getter]
    fn rule(&self) -> Guarded<&str> {
        guard("AdmittedJob.rule", || Ok(self.0.rule()))
    }

    /// The end of its token, in milliseconds: `TokenMinter.mint(.., until=job.until)` makes nothing that outlives it.
    #[getter]
    fn until(&self) -> Guarded<i64> {
        guard("AdmittedJob.until", || Ok(self.0.until()))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("AdmittedJob.__reduce__", || {
            Err(Problem::secret_copied().into())
        })
    }
}

/// A list or tuple of objects of this class.
fn of_class<'py, T: PyClass>(
    rules: &Any<'py>,
    wanted: &'static str,
) -> Guarded<Vec<Bound<'py, T>>> {
    let rules = args::items("rules", rules)?;
    let of = |rule: Any<'py>| rule.cast_into::<T>();
    let found: Result<_, _> = rules.into_iter().map(of).collect();
    found.map_err(|_| args::wrong("rules", wanted).into())
}

/// What is said to be one of none is not what is not said.
fn listed(name: &'static str, value: Maybe<'_>) -> Guarded<Option<Vec<String>>> {
    Ok(match value {
        None => None,
        Some(_) if given(&value).is_none() => None,
        Some(_) => Some(texts(name, &value)?),
    })
}

/// A repository's id and its owner's.
fn ids(value: &Any<'_>) -> Guarded<(i64, i64)> {
    let parts = args::items("repository", value)?;
    let [id, owner] = parts.as_slice() else {
        return Err(args::wrong("repository", "tuple of two ids").into());
    };
    let number = |value| int("repository", value, 0, i64::MAX);
    Ok((number(id)?, number(owner)?))
}

/// A dict of claims, each with what `read` finds.
fn conditions<'py, T>(
    name: &'static str,
    value: &Maybe<'py>,
    read: impl Fn(Any<'py>) -> Guarded<T>,
) -> Guarded<Vec<(String, T)>> {
    let Some(value) = given(value) else {
        return Ok(Vec::new());
    };
    let dict = value
        .cast::<PyDict>()
        .map_err(|_| args::wrong(name, "dict"))?;
    shared::check_len(name, dict.len(), 0, MAX_ITEMS)?;
    // A copy, which nobody changes meanwhile.
    let pairs = dict.items();
    let read = |pair: Any<'py>| {
        let (claim, value) = pair.extract::<(Any<'py>, Any<'py>)>()?;
        Ok((text(name, &claim)?.into(), read(value)?))
    };
    pairs.iter().map(read).collect()
}
