//! Policies and profiles.

use counterseal_shared::{self as shared, ForeignMembers, PolicyMembers, ProfileMembers, guard};
use pyo3::prelude::*;

use crate::args::{Any, Maybe, flag, given, maybe_int, maybe_text, text, texts};
use crate::errors::Guarded;

/// What a verifier accepts.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Policy(pub(crate) shared::Policy);

/// What a verifier accepts of other signers of HTTP Message Signatures, in the place of a `Policy`.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct ForeignPolicy(pub(crate) shared::ForeignPolicy);

/// What a signature covers.
#[pyclass(frozen, module = "counterseal.request")]
pub(crate) struct Profile(pub(crate) shared::Profile);

#[pymethods]
impl Policy {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (authorities=None, *, cover=None, cover_scheme=None, audience=None, digest=None,
        past_seconds=None, future_seconds=None, retain_seconds=None, body_limit_bytes=None))]
    fn new(
        authorities: Maybe<'_>,
        cover: Maybe<'_>,
        cover_scheme: Maybe<'_>,
        audience: Maybe<'_>,
        digest: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        retain_seconds: Maybe<'_>,
        body_limit_bytes: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Policy.__new__", || {
            Ok(Policy(shared::Policy::new(PolicyMembers {
                profile: members(&cover, &cover_scheme, &audience, &digest)?,
                authorities: texts("authorities", &authorities)?,
                body_limit_bytes: maybe_int("body_limit_bytes", &body_limit_bytes)?,
                future_seconds: maybe_int("future_seconds", &future_seconds)?,
                past_seconds: maybe_int("past_seconds", &past_seconds)?,
                retain_seconds: maybe_int("retain_seconds", &retain_seconds)?,
            })?))
        })
    }

    /// The policy that a JSON text spells; unknown members are refused.
    #[staticmethod]
    fn parse(json: &Any<'_>) -> Guarded<Self> {
        guard("Policy.parse", || {
            Ok(Policy(shared::Policy::parse(text("json", json)?)?))
        })
    }

    #[getter]
    fn profile(&self) -> Guarded<Profile> {
        guard("Policy.profile", || Ok(Profile(self.0.profile())))
    }

    #[getter]
    fn body_limit_bytes(&self) -> Guarded<usize> {
        guard("Policy.body_limit_bytes", || Ok(self.0.body_limit()))
    }
}

#[pymethods]
impl ForeignPolicy {
    #[new]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    #[pyo3(signature = (authorities=None, *, tag=None, require=None, require_nonce=None, require_digest=None,
        past_seconds=None, future_seconds=None, retain_seconds=None, body_limit_bytes=None))]
    fn new(
        authorities: Maybe<'_>,
        tag: Maybe<'_>,
        require: Maybe<'_>,
        require_nonce: Maybe<'_>,
        require_digest: Maybe<'_>,
        past_seconds: Maybe<'_>,
        future_seconds: Maybe<'_>,
        retain_seconds: Maybe<'_>,
        body_limit_bytes: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("ForeignPolicy.__new__", || {
            let require = given(&require).map(|_| texts("require", &require));
            Ok(ForeignPolicy(shared::ForeignPolicy::new(ForeignMembers {
                authorities: texts("authorities", &authorities)?,
                tag: maybe_text("tag", &tag)?,
                require: require.transpose()?,
                require_nonce: flag("require_nonce", &require_nonce, true)?,
                require_digest: flag("require_digest", &require_digest, true)?,
                body_limit_bytes: maybe_int("body_limit_bytes", &body_limit_bytes)?,
                future_seconds: maybe_int("future_seconds", &future_seconds)?,
                past_seconds: maybe_int("past_seconds", &past_seconds)?,
                retain_seconds: maybe_int("retain_seconds", &retain_seconds)?,
            })?))
        })
    }

    #[getter]
    fn body_limit_bytes(&self) -> Guarded<usize> {
        guard("ForeignPolicy.body_limit_bytes", || Ok(self.0.body_limit()))
    }
}

#[pymethods]
impl Profile {
    #[new]
    #[pyo3(signature = (*, cover=None, cover_scheme=None, audience=None, digest=None))]
    fn new(
        cover: Maybe<'_>,
        cover_scheme: Maybe<'_>,
        audience: Maybe<'_>,
        digest: Maybe<'_>,
    ) -> Guarded<Self> {
        guard("Profile.__new__", || {
            let members = members(&cover, &cover_scheme, &audience, &digest)?;
            Ok(Profile(shared::Profile::new(members)?))
        })
    }

    /// The profile that a JSON text spells; unknown members are refused.
    #[staticmethod]
    fn parse(json: &Any<'_>) -> Guarded<Self> {
        guard("Profile.parse", || {
            Ok(Profile(shared::Profile::parse(text("json", json)?)?))
        })
    }
}

fn members(
    cover: &Maybe<'_>,
    cover_scheme: &Maybe<'_>,
    audience: &Maybe<'_>,
    digest: &Maybe<'_>,
) -> Guarded<ProfileMembers> {
    Ok(ProfileMembers {
        audience: maybe_text("audience", audience)?,
        cover: texts("cover", cover)?,
        cover_scheme: flag("cover_scheme", cover_scheme, false)?,
        digest: maybe_text("digest", digest)?,
    })
}
