//! Why a requirement is not met, or cannot be set up.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use counterseal_core::{AuditEvent, Blame, Code, Fact, KeyId, Refusal, Time};

use crate::requirement::MissingPermissions;
use crate::{StepUp, StepUpReason};

/// Why the bearer of a genuine token may not.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequirementError {
    /// The claim with the grants is not of its type, has a malformed one, or too many.
    Grants {
        /// The key that signed the token.
        key: KeyId,
    },
    /// The authentication behind the token is not fresh or not good enough.
    MfaRequired {
        /// The key that signed the token.
        key: KeyId,
        /// What would be: [`StepUp::challenge`] is what the client is told.
        step_up: Arc<StepUp>,
        /// What is wrong with it.
        reason: StepUpReason,
    },
    /// The token does not grant what is required.
    PermissionMissing {
        /// The key that signed the token.
        key: KeyId,
        /// What it does not grant.
        missing: MissingPermissions,
    },
    /// The token grants from the root, which nobody expects here.
    RootGrant {
        /// The key that signed the token.
        key: KeyId,
    },
}

/// What cannot be a requirement.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequirementSetupError {
    /// A text is no grant.
    Grant,
    /// A text is no permission.
    Permission,
    /// There are no permissions, or more than 32.
    Permissions,
    /// The age, the methods or the levels of a step-up are outside their bounds.
    StepUp,
}

impl RequirementError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[GRANTS, MFA_REQUIRED, PERMISSION_MISSING, ROOT_GRANT];

    /// The key that signed the token.
    pub const fn key(&self) -> KeyId {
        match *self {
            RequirementError::Grants { key }
            | RequirementError::MfaRequired { key, .. }
            | RequirementError::PermissionMissing { key, .. }
            | RequirementError::RootGrant { key } => key,
        }
    }

    /// The value of the field `WWW-Authenticate`, which tells the client what would help (RFC 6750 section 3.1, RFC 9470 section 3).
    pub fn challenge(&self) -> String {
        //= docs/spec/access.md#A-6
        match self {
            RequirementError::MfaRequired { step_up, .. } => step_up.challenge(),
            RequirementError::Grants { .. } => "Bearer error=\"invalid_token\"".into(),
            RequirementError::PermissionMissing { .. } | RequirementError::RootGrant { .. } => {
                "Bearer error=\"insufficient_scope\"".into()
            }
        }
    }

    /// The refusal as an audit event at `now`. It names the first permission that is missing.
    pub fn event(&self, now: Time) -> AuditEvent {
        let event = AuditEvent::refused(self.code(), Some(self.key()), now);
        match self {
            RequirementError::MfaRequired {
                step_up, reason, ..
            } => event.with(&[
                Fact::word("reason", reason.name()),
                Fact::number("max_age", step_up.max_age().seconds()),
            ]),
            RequirementError::PermissionMissing { missing, .. } => match missing.iter().next() {
                Some(first) => event.with(&[Fact::id("permission", first.id())]),
                None => event,
            },
            RequirementError::Grants { .. } | RequirementError::RootGrant { .. } => event,
        }
    }
}

impl Refusal for RequirementError {
    fn code(&self) -> Code {
        match self {
            RequirementError::Grants { .. } => GRANTS,
            RequirementError::MfaRequired { .. } => MFA_REQUIRED,
            RequirementError::PermissionMissing { .. } => PERMISSION_MISSING,
            RequirementError::RootGrant { .. } => ROOT_GRANT,
        }
    }
}

impl fmt::Display for RequirementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            RequirementError::MfaRequired {
                step_up, reason, ..
            } => {
                write!(
                    f,
                    " ({}, within {} s",
                    reason.name(),
                    step_up.max_age().seconds()
                )?;
                step_up
                    .methods()
                    .try_for_each(|it| write!(f, ", amr {it}"))?;
                step_up
                    .levels()
                    .try_for_each(|it| write!(f, ", acr {it}"))?;
                f.write_str(")")
            }
            RequirementError::PermissionMissing { missing, .. } => {
                let mut before = " (";
                for permission in missing.iter() {
                    write!(f, "{before}{permission}")?;
                    before = ", ";
                }
                f.write_str(")")
            }
            RequirementError::Grants { .. } | RequirementError::RootGrant { .. } => Ok(()),
        }
    }
}

impl core::error::Error for RequirementError {}

impl RequirementSetupError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[
        SETUP_GRANT,
        SETUP_PERMISSION,
        SETUP_PERMISSIONS,
        SETUP_STEP_UP,
    ];
}

impl Refusal for RequirementSetupError {
    fn code(&self) -> Code {
        match self {
            RequirementSetupError::Grant => SETUP_GRANT,
            RequirementSetupError::Permission => SETUP_PERMISSION,
            RequirementSetupError::Permissions => SETUP_PERMISSIONS,
            RequirementSetupError::StepUp => SETUP_STEP_UP,
        }
    }
}

impl fmt::Display for RequirementSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for RequirementSetupError {}

/// A token that is genuine and not enough.
const fn not_enough(
    name: &'static str,
    public: &'static str,
    http: u16,
    means: &'static str,
    fix: &'static str,
) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public,
        http,
        means,
        fix,
    }
}

const GRANTS: Code = not_enough(
    "jwt_grants",
    "invalid_token",
    401,
    "the token's grants are not of their type, malformed, or too many",
    "issue up to 256 grants: in scope with one blank between two, in permissions as a list of texts",
);
// RFC 9470 section 3: 401, so that the client authenticates and comes again.
const MFA_REQUIRED: Code = not_enough(
    "jwt_mfa_required",
    "mfa_required",
    401,
    "the authentication behind the token is not fresh or not good enough",
    "answer with the challenge of the step-up; the client authenticates anew and comes with a new token, or with a proof",
);
// RFC 6750 section 3.1.
const PERMISSION_MISSING: Code = not_enough(
    "jwt_permission_missing",
    "insufficient_scope",
    403,
    "the token does not grant what is required",
    "grant what is named to whoever should have it; a wildcard reaches as deep as it says, and `a:*` does not cover `a`",
);
const ROOT_GRANT: Code = not_enough(
    "jwt_root_grant",
    "insufficient_scope",
    403,
    "the token grants from the root, which this requirement does not take",
    "grant what is needed, or let the requirement take root grants where tokens may stand for everything",
);
const SETUP_GRANT: Code = Code::integrator(
    "jwt_setup_grant",
    "a text is no grant",
    "write a permission, or one with *, *{2} to *{7} or ** as its last segment",
);
const SETUP_PERMISSION: Code = Code::integrator(
    "jwt_setup_permission",
    "a text is no permission",
    "write 1 to 8 segments of A-Z, a-z, 0-9, '_', '.' and '-' with ':' between two, 64 bytes in all",
);
const SETUP_PERMISSIONS: Code = Code::integrator(
    "jwt_setup_permissions",
    "there are no permissions, or more than 32",
    "name what is required; what is open to every genuine token needs no requirement",
);
const SETUP_STEP_UP: Code = Code::integrator(
    "jwt_setup_step_up",
    "the age, the methods or the levels of a step-up are outside their bounds",
    "allow an age of 1 s to 24 h, and name 1 to 16 methods and levels of visible ASCII without quotes",
);
