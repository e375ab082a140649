//! What a token must grant.

use counterseal_shared::{self as shared, FreshProof, RequirementMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer};
use crate::token_key::lines;
use crate::token_verify::HeldToken;

/// What a handler requires of whoever calls it.
#[napi]
pub struct Requirement(shared::Requirement);

/// The members of a requirement beyond its permissions; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct RequirementOptions {
    /// Whether one permission is enough.
    pub any: bool,
    /// How fresh the authentication must be.
    pub max_age_seconds: Option<i64>,
    /// The methods of which one is enough.
    pub methods: Vec<String>,
    /// The levels of which one is enough.
    pub levels: Vec<String>,
    /// The claim that grants.
    pub granted_by: Option<String>,
    /// Whether a token may grant everything.
    pub root_grants: bool,
}

/// An authentication that was seen just now.
#[napi(object, object_to_js = false)]
pub struct FreshOptions {
    /// The session in which it was seen.
    pub session: String,
    /// Who authenticated.
    pub subject: String,
    /// How.
    pub method: String,
    /// When, in milliseconds.
    pub at: i64,
}

#[napi]
impl Requirement {
    /// The requirement of these permissions.
    #[napi]
    pub fn create(permissions: Vec<String>, options: RequirementOptions) -> Answer<Requirement> {
        answer("Requirement.create", || {
            let requirement = shared::Requirement::new(&RequirementMembers {
                permissions,
                any: options.any,
                max_age_seconds: options.max_age_seconds,
                methods: options.methods,
                levels: options.levels,
                granted_by: options.granted_by,
                root_grants: options.root_grants,
            })?;
            Ok(Requirement(requirement))
        })
    }

    /// When the bearer of this token authenticated, where that is required; or the refusal.
    #[napi]
    pub fn check(
        &self,
        token: &HeldToken,
        proof: Option<FreshOptions>,
        now: i64,
    ) -> Answer<Option<i64>> {
        answer("Requirement.check", || {
            let proof = proof.as_ref().map(FreshOptions::proof);
            let authorized = self.0.check(&token.token, proof.as_ref(), now)?;
            Ok(authorized.authenticated())
        })
    }

    /// The permissions, each on a line.
    #[napi]
    pub fn permissions(&self) -> Answer<String> {
        answer("Requirement.permissions", || {
            Ok(lines(&self.0.permissions()))
        })
    }
}

impl FreshOptions {
    fn proof(&self) -> FreshProof<'_> {
        FreshProof {
            session: &self.session,
            subject: &self.subject,
            method: &self.method,
            at: self.at,
        }
    }
}
