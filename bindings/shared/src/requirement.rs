//! What a token must grant, with host-made parts.

use counterseal::core::{Span, Time};
use counterseal::jwt::{self, StepUp, StepUpProof};

use crate::token_policy::seconds;
use crate::{ArgumentFault, Family, MAX_ITEMS, Problem, VerifiedToken, check_len, time};

/// What a handler requires of whoever calls it.
#[derive(Clone)]
pub struct Requirement(jwt::Requirement);

/// The members of a requirement, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct RequirementMembers {
    /// The permissions.
    pub permissions: Vec<String>,
    /// Whether one of them is enough.
    pub any: bool,
    /// How fresh the authentication must be, in seconds, where it matters.
    pub max_age_seconds: Option<i64>,
    /// The methods of which one is enough, as `amr` has them.
    pub methods: Vec<String>,
    /// The levels of which one is enough, as `acr` has them.
    pub levels: Vec<String>,
    /// The claim that grants: `scope` or `permissions`.
    pub granted_by: Option<String>,
    /// Whether a token may grant everything.
    pub root_grants: bool,
}

/// An authentication that the application's own verifier has seen, of `WebAuthn` for one.
pub struct FreshProof<'a> {
    /// The session in which it was seen, as `sid` has it.
    pub session: &'a str,
    /// Who authenticated.
    pub subject: &'a str,
    /// How, as `amr` has it.
    pub method: &'a str,
    /// When, in milliseconds.
    pub at: i64,
}

/// A token that grants what was required.
#[derive(Clone)]
pub struct Authorized {
    token: VerifiedToken,
    authenticated: Option<i64>,
}

impl Requirement {
    /// The requirement of these members.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`, or a member that cannot be.
    pub fn new(members: &RequirementMembers) -> Result<Self, Problem> {
        check_len("permissions", members.permissions.len(), 0, MAX_ITEMS)?;
        let permissions = members.permissions.iter().map(String::as_str);
        let step_up = members.step_up()?;
        let mut requirement = match (members.any, step_up) {
            (false, None) => jwt::Requirement::all(permissions)?,
            (false, Some(step_up)) => jwt::Requirement::all_with_step_up(permissions, step_up)?,
            (true, None) => jwt::Requirement::any(permissions)?,
            (true, Some(_)) => {
                let wanted = "nothing of a step-up beside any";
                let name = "max_age_seconds";
                return Err(ArgumentFault::Type { name, wanted }.into());
            }
        };
        match members.granted_by.as_deref() {
            None | Some("scope") => {}
            Some("permissions") => requirement = requirement.granted_by_permissions(),
            Some(_) => {
                let (name, wanted) = ("granted_by", "scope or permissions");
                return Err(ArgumentFault::Choice { name, wanted }.into());
            }
        }
        if members.root_grants {
            requirement = requirement.with_root_grants();
        }
        Ok(Requirement(requirement))
    }

    /// Whether the bearer of this token may, at `now` (milliseconds); a fresh proof stands in the place of what the token tells of its
    /// authentication.
    ///
    /// # Errors
    ///
    /// `jwt_permission_missing`, `jwt_mfa_required`, `jwt_grants`, `jwt_root_grant`.
    pub fn check(
        &self,
        token: &VerifiedToken,
        proof: Option<&FreshProof<'_>>,
        now: i64,
    ) -> Result<Authorized, Problem> {
        let now = time("now", now)?;
        let proof = proof.map(FreshProof::made).transpose()?;
        let checked = match proof {
            Some(proof) => self.0.check_with(token.proof(), proof, now),
            None => self.0.check(token.proof(), now),
        };
        match checked {
            Ok(authorized) => Ok(Authorized {
                token: token.clone(),
                authenticated: authorized.authenticated().map(Time::millis),
            }),
            Err(error) => {
                let mut problem = Problem::told(Family::Token, &error, &error.event(now));
                problem.challenge(&error.challenge());
                Err(problem)
            }
        }
    }

    /// The permissions that are required.
    pub fn permissions(&self) -> Vec<String> {
        let permissions = self.0.permissions().iter();
        permissions.map(ToString::to_string).collect()
    }
}

impl RequirementMembers {
    fn step_up(&self) -> Result<Option<StepUp>, Problem> {
        let is_asked = !self.methods.is_empty() || !self.levels.is_empty();
        let Some(age) = self.max_age_seconds else {
            // Without an age there is no telling what is fresh.
            let refused = || StepUp::by_method(Span::ZERO, []);
            return Ok(is_asked.then(refused).transpose()?);
        };
        let age = seconds("max_age_seconds", age)?;
        let (methods, levels) = (self.methods.iter(), self.levels.iter().map(String::as_str));
        if self.methods.is_empty() {
            return Ok(Some(StepUp::at_level(age, levels)?));
        }
        let step_up = StepUp::by_method(age, methods.map(String::as_str))?;
        if self.levels.is_empty() {
            return Ok(Some(step_up));
        }
        Ok(Some(step_up.or_at_level(levels)?))
    }
}

impl FreshProof<'_> {
    fn made(&self) -> Result<StepUpProof, Problem> {
        let at = time("at", self.at)?;
        Ok(StepUpProof::new(
            self.session,
            self.subject,
            self.method,
            at,
        ))
    }
}

impl Authorized {
    /// The token.
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// When its bearer authenticated, in milliseconds, where that was required.
    pub const fn authenticated(&self) -> Option<i64> {
        self.authenticated
    }
}
