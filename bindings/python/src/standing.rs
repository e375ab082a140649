//! Whether a genuine token may still act, and what it must grant.

use counterseal_shared::{
    self as shared, Change, FreshProof, MAX_TIME, RequirementMembers, StandingMembers, guard,
};
use pyo3::prelude::*;

use crate::args::{self, Any, Maybe, flag, given, int, maybe_int, maybe_text, text, texts};
use crate::errors::Guarded;
use crate::token_verify::VerifiedToken;
use crate::waiting::Waiting;

/// Asks a store about subjects, tokens and access keys of one tenant, and takes them back there.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct Standing(shared::Standing);

/// A genuine token that may act.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct LiveToken(pub(crate) shared::LiveToken);

/// What a handler requires of whoever calls it.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct Requirement(shared::Requirement);

/// A token that grants what was required.
#[pyclass(frozen, module = "counterseal.jwt")]
pub(crate) struct Authorized(shared::Authorized);

#[pymethods]
impl Standing {
    /// `tenant` is the name under which subjects are stored: one for each issuer.
    #[new]
    #[pyo3(signature = (tenant, *, any_subject=None, with_access_key=None, cache_seconds=None, cache_places=None))]
    fn new(
        tenant: &Any<'_>,
        any_subject: Maybe<'_>,
        with_access_key: Maybe<'_>,
        cache_seconds: Maybe<'_>,
        cache_places: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Standing.__new__", || {
            let standing = shared::Standing::new(&StandingMembers {
                tenant: text("tenant", tenant)?,
                any_subject: flag("any_subject", &any_subject, false)?,
                with_access_key: flag("with_access_key", &with_access_key, false)?,
                cache_seconds: maybe_int("cache_seconds", &cache_seconds)?,
                cache_places: maybe_int("cache_places", &cache_places)?,
            })?;
            Ok(Standing(standing))
        })
    }

    /// Asks whether this token may still act.
    #[pyo3(signature = (token, *, now=None))]
    fn begin(&self, py: Python<'_>, token: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.begin", || {
            let now = args::now(py, &now)?;
            Ok(Waiting(self.0.begin(&verified(token)?, now)?))
        })
    }

    /// Asks at which version new tokens of a subject are minted, `user_ver`.
    #[pyo3(signature = (subject, *, now=None))]
    fn version_of(&self, py: Python<'_>, subject: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.version_of", || {
            let now = args::now(py, &now)?;
            Ok(Waiting(self.0.version_of(text("subject", subject)?, now)?))
        })
    }

    /// Stores a subject, at version 0.
    #[pyo3(signature = (subject, *, now=None))]
    fn register(&self, py: Python<'_>, subject: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.register", || {
            let subject = text("subject", subject)?;
            self.change(py, Change::Register { subject }, &now)
        })
    }

    /// Ends all tokens of a subject: its version is raised.
    #[pyo3(signature = (subject, *, now=None))]
    fn bump(&self, py: Python<'_>, subject: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.bump", || {
            let subject = text("subject", subject)?;
            self.change(py, Change::Bump { subject }, &now)
        })
    }

    /// Ends all tokens of a subject, and takes no new ones.
    #[pyo3(signature = (subject, *, now=None))]
    fn disable(&self, py: Python<'_>, subject: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.disable", || {
            let subject = text("subject", subject)?;
            self.change(py, Change::Disable { subject }, &now)
        })
    }

    /// Takes new tokens of a subject that was disabled.
    #[pyo3(signature = (subject, *, now=None))]
    fn enable(&self, py: Python<'_>, subject: &Any<'_>, now: Maybe<'_>) -> Guarded<Waiting> {
        guard("Standing.enable", || {
            let subject = text("subject", subject)?;
            self.change(py, Change::Enable { subject }, &now)
        })
    }

    /// Ends one token: `id` is its `jti`, `expires` its end in milliseconds.
    #[pyo3(signature = (id, *, expires, now=None))]
    fn deny(
        &self,
        py: Python<'_>,
        id: &Any<'_>,
        expires: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Standing.deny", || {
            let (id, expires) = (text("id", id)?, int("expires", expires, 0, MAX_TIME)?);
            self.change(py, Change::Deny { id, expires }, &now)
        })
    }

    /// Stores an access key of a subject.
    #[pyo3(signature = (access_key, subject, *, now=None))]
    fn register_key(
        &self,
        py: Python<'_>,
        access_key: &Any<'_>,
        subject: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Standing.register_key", || {
            let access_key = text("access_key", access_key)?;
            let subject = text("subject", subject)?;
            let change = Change::RegisterKey {
                access_key,
                subject,
            };
            self.change(py, change, &now)
        })
    }

    /// Ends the tokens of sessions that this access key opened, for good.
    #[pyo3(signature = (access_key, *, now=None))]
    fn disable_key(
        &self,
        py: Python<'_>,
        access_key: &Any<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Waiting> {
        guard("Standing.disable_key", || {
            let access_key = text("access_key", access_key)?;
            self.change(py, Change::DisableKey { access_key }, &now)
        })
    }
}

impl Standing {
    fn change(&self, py: Python<'_>, change: Change<'_>, now: &Maybe<'_>) -> Guarded<Waiting> {
        Ok(Waiting(self.0.change(change, args::now(py, now)?)?))
    }
}

#[pymethods]
impl LiveToken {
    #[getter]
    fn token(&self) -> Guarded<VerifiedToken> {
        guard("LiveToken.token", || {
            Ok(VerifiedToken(self.0.token().clone()))
        })
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("LiveToken.__reduce__", || {
            Err(shared::Problem::secret_copied().into())
        })
    }
}

#[pymethods]
impl Requirement {
    /// All of these permissions, or `any` of them. With `max_age_seconds` the bearer must have authenticated so recently, by one of
    /// `methods` (`amr`) or at one of `levels` (`acr`).
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (permissions, *, any=None, max_age_seconds=None, methods=None, levels=None, granted_by=None, root_grants=None))]
    fn new(
        permissions: Any<'_>,
        any: Maybe<'_>,
        max_age_seconds: Maybe<'_>,
        methods: Maybe<'_>,
        levels: Maybe<'_>,
        granted_by: Maybe<'_>,
        root_grants: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Requirement.__new__", || {
            let requirement = shared::Requirement::new(&RequirementMembers {
                permissions: texts("permissions", &Some(permissions))?,
                any: flag("any", &any, false)?,
                max_age_seconds: maybe_int("max_age_seconds", &max_age_seconds)?,
                methods: texts("methods", &methods)?,
                levels: texts("levels", &levels)?,
                granted_by: maybe_text("granted_by", &granted_by)?,
                root_grants: flag("root_grants", &root_grants, false)?,
            })?;
            Ok(Requirement(requirement))
        })
    }

    /// Whether the bearer of this token may. `proof` is (session, subject, method, milliseconds) of an authentication that was seen
    /// just now, in the place of what the token tells.
    #[pyo3(signature = (token, *, proof=None, now=None))]
    fn check(
        &self,
        py: Python<'_>,
        token: &Any<'_>,
        proof: Maybe<'_>,
        now: Maybe<'_>,
    ) -> Guarded<Authorized> {
        guard("Requirement.check", || {
            let (token, now) = (verified(token)?, args::now(py, &now)?);
            let parts = given(&proof).map(|proof| args::items("proof", proof));
            let parts = parts.transpose()?;
            let proof = parts.as_deref().map(fresh).transpose()?;
            Ok(Authorized(self.0.check(&token, proof.as_ref(), now)?))
        })
    }

    #[getter]
    fn permissions(&self) -> Guarded<Vec<String>> {
        guard("Requirement.permissions", || Ok(self.0.permissions()))
    }
}

#[pymethods]
impl Authorized {
    #[getter]
    fn token(&self) -> Guarded<VerifiedToken> {
        guard("Authorized.token", || {
            Ok(VerifiedToken(self.0.token().clone()))
        })
    }

    /// When its bearer authenticated, in milliseconds, where that was required.
    #[getter]
    fn authenticated(&self) -> Guarded<Option<i64>> {
        guard("Authorized.authenticated", || Ok(self.0.authenticated()))
    }

    /// Always raises `binding_secret_copied`.
    fn __reduce__(&self) -> Guarded<()> {
        guard("Authorized.__reduce__", || {
            Err(shared::Problem::secret_copied().into())
        })
    }
}

/// A token that was verified, or the one in a further proof.
fn verified(token: &Any<'_>) -> Guarded<shared::VerifiedToken> {
    if let Ok(token) = token.cast::<VerifiedToken>() {
        return Ok(token.get().0.clone());
    }
    if let Ok(live) = token.cast::<LiveToken>() {
        return Ok(live.get().0.token().clone());
    }
    match token.cast::<Authorized>() {
        Ok(authorized) => Ok(authorized.get().0.token().clone()),
        Err(_) => Err(args::wrong("token", "VerifiedToken, LiveToken or Authorized").into()),
    }
}

fn fresh<'a>(parts: &'a [Any<'_>]) -> Guarded<FreshProof<'a>> {
    let [session, subject, method, at] = parts else {
        let wanted = "tuple of session, subject, method and milliseconds";
        return Err(args::wrong("proof", wanted).into());
    };
    Ok(FreshProof {
        session: text("proof", session)?,
        subject: text("proof", subject)?,
        method: text("proof", method)?,
        at: int("proof", at, 0, MAX_TIME)?,
    })
}
