//! Requirements: which permissions a token must grant, and how fresh the authentication behind it must be.

mod error;
mod permission;
mod step_up;

pub use error::{RequirementError, RequirementSetupError};
pub use permission::{Grant, Permission};
pub use step_up::{StepUp, StepUpProof, StepUpReason};

use alloc::sync::Arc;
use alloc::vec::Vec;

use counterseal_core::Time;

use crate::VerifiedToken;
use crate::json::{Members, Value};

/// What a handler requires of whoever calls it. Set it up once and check with it as often as there are calls.
///
/// ```
/// # use counterseal_core::{KeyId, Lifetime, Purpose, Secret, Seed, Span, Time};
/// # use counterseal_jwt::{Claims, Minter, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier};
/// use counterseal_core::Refusal;
/// use counterseal_jwt::{Requirement, StepUp};
/// # let now = Time::from_seconds(1_800_000_000);
/// # let signer = TokenSigner::hmac(KeyId::parse("k1")?, TokenAlgorithm::Hs256, &Secret::new(vec![7; 32]))?;
/// # let keys = TokenKeys::new([signer.key().clone()])?;
/// # let policy = TokenPolicy::access("https://issuer.example", "api")?;
/// # let life = Lifetime::clamp(Span::from_minutes(5), &[Purpose::Access.bound()], now)?;
/// # let claims = Claims::of("user-7").with_text("scope", "docs:*");
/// # let token = Minter::new(signer, &policy).mint(&claims, &life, &Seed::new([1; 16]))?;
/// # let verified = TokenVerifier::new(policy).verify(core::str::from_utf8(token.expose())?, &keys, now)?;
/// let read = Requirement::all(["docs:read"])?;
/// let authorized = read.check(&verified, now)?;
/// assert_eq!(authorized.token().subject(), "user-7");
///
/// let erase = Requirement::all_with_step_up(["docs:erase"], StepUp::by_method(Span::from_minutes(5), ["hwk"])?)?;
/// let refused = erase.check(&verified, now).err().expect("the token tells of no authentication");
/// assert_eq!(refused.code().public, "mfa_required");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Grants are read from `scope` (RFC 8693 section 4.2, RFC 9068 section 2.2.3), or from the list `permissions` where
/// [`Requirement::granted_by_permissions`] says so: from one of them, never from both. One grant that is malformed refuses the
/// token.
///
/// What it does not protect: what somebody may do to *this* document is for the service to say; a permission says what may be
/// done to documents.
#[derive(Clone, Debug)]
pub struct Requirement {
    permissions: Arc<[Permission]>,
    needs: Needs,
    step_up: Option<Arc<StepUp>>,
    granted_by: GrantedBy,
    takes_root: bool,
}

#[derive(Clone, Copy, Debug)]
enum Needs {
    All,
    Any,
}

#[derive(Clone, Copy, Debug)]
enum GrantedBy {
    Permissions,
    Scope,
}

/// That the bearer of a genuine token may do what was required. There is no other way to one than through a token that was
/// verified:
///
/// ```compile_fail
/// let forged = counterseal_jwt::Authorized { token: loop {}, authenticated: None };
/// ```
///
/// ```compile_fail
/// # fn unverified(requirement: counterseal_jwt::Requirement, now: counterseal_core::Time) {
/// let authorized = requirement.check("eyJhbGciOiJIUzI1NiJ9.e30.x", now);
/// # }
/// ```
pub struct Authorized<'t> {
    token: &'t VerifiedToken<'t>,
    authenticated: Option<Time>,
}

impl Requirement {
    /// All of these, 1 to 32.
    ///
    /// # Errors
    ///
    /// [`RequirementSetupError::Permission`]; [`RequirementSetupError::Permissions`] for none: it would let everybody in.
    pub fn all<'p>(
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, RequirementSetupError> {
        Self::new(permissions, Needs::All, None)
    }

    /// One of these at least, 1 to 32.
    ///
    /// # Errors
    ///
    /// [`RequirementSetupError::Permission`]; [`RequirementSetupError::Permissions`] for none: it would let nobody in.
    pub fn any<'p>(
        permissions: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, RequirementSetupError> {
        Self::new(permissions, Needs::Any, None)
    }

    /// All of these, 1 to 32, and a fresh authentication.
    ///
    /// # Errors
    ///
    /// As [`Requirement::all`].
    pub fn all_with_step_up<'p>(
        permissions: impl IntoIterator<Item = &'p str>,
        step_up: StepUp,
    ) -> Result<Self, RequirementSetupError> {
        Self::new(permissions, Needs::All, Some(Arc::new(step_up)))
    }

    fn new<'p>(
        permissions: impl IntoIterator<Item = &'p str>,
        needs: Needs,
        step_up: Option<Arc<StepUp>>,
    ) -> Result<Self, RequirementSetupError> {
        let permissions = permissions.into_iter().take(MOST_PERMISSIONS + 1);
        let permissions = permissions
            .map(Permission::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if !(1..=MOST_PERMISSIONS).contains(&permissions.len()) {
            return Err(RequirementSetupError::Permissions);
        }
        Ok(Requirement {
            permissions: permissions.into(),
            needs,
            step_up,
            granted_by: GrantedBy::Scope,
            takes_root: false,
        })
    }

    /// The same with grants from the claim `permissions`, a list of texts, instead of `scope`.
    #[must_use]
    pub fn granted_by_permissions(mut self) -> Self {
        self.granted_by = GrantedBy::Permissions;
        self
    }

    /// The same where a token may grant from the root: `*`, `*{3}`, `**`. Without it a token with such a grant is refused.
    #[must_use]
    pub fn with_root_grants(mut self) -> Self {
        self.takes_root = true;
        self
    }

    /// The permissions that are required.
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// Whether the bearer of this token may. A step-up is judged by `acr`, `amr` and `auth_time` of the token, which are those of
    /// the session that it was issued in.
    ///
    /// # Errors
    ///
    /// [`RequirementError::Grants`] and [`RequirementError::RootGrant`] for grants that are not read; then
    /// [`RequirementError::PermissionMissing`]; last [`RequirementError::MfaRequired`], so that nobody authenticates anew in
    /// vain.
    pub fn check<'t>(
        &self,
        token: &'t VerifiedToken<'_>,
        now: Time,
    ) -> Result<Authorized<'t>, RequirementError> {
        self.authorize(token, None, now)
    }

    /// As [`Requirement::check`], where a step-up is judged by this proof and not by the token. The proof is used up.
    ///
    /// # Errors
    ///
    /// As [`Requirement::check`]; a proof of another session or subject is refused, whatever the token tells. The proof's
    /// method is one of [`StepUp::by_method`].
    #[allow(clippy::needless_pass_by_value)] // it is used up
    pub fn check_with<'t>(
        &self,
        token: &'t VerifiedToken<'_>,
        proof: StepUpProof,
        now: Time,
    ) -> Result<Authorized<'t>, RequirementError> {
        self.authorize(token, Some(&proof), now)
    }

    /// A proof is made here and nowhere else.
    fn authorize<'t>(
        &self,
        token: &'t VerifiedToken<'_>,
        proof: Option<&StepUpProof>,
        now: Time,
    ) -> Result<Authorized<'t>, RequirementError> {
        //= docs/spec/access.md#A-3
        self.check_permissions(token)?;
        let authenticated = self.step_up.as_ref().map(|step_up| {
            let found = match proof {
                Some(proof) => step_up.of_proof(token, proof, now),
                None => step_up.of_token(token, now),
            };
            found.map_err(|reason| RequirementError::MfaRequired {
                key: *token.key_id(),
                step_up: step_up.clone(),
                reason,
            })
        });
        Ok(Authorized {
            token,
            authenticated: authenticated.transpose()?,
        })
    }

    fn check_permissions(&self, token: &VerifiedToken<'_>) -> Result<(), RequirementError> {
        let missing = self.missing(token)?;
        let is_enough = match self.needs {
            Needs::All => missing == 0,
            Needs::Any => missing != self.everything(),
        };
        if is_enough {
            return Ok(());
        }
        Err(RequirementError::PermissionMissing {
            key: *token.key_id(),
            missing: MissingPermissions {
                of: self.permissions.clone(),
                bits: missing,
            },
        })
    }

    /// One bit for each permission.
    fn everything(&self) -> u32 {
        u32::MAX >> (MOST_PERMISSIONS - self.permissions.len())
    }

    /// The permissions that no grant covers, each as its bit.
    fn missing(&self, token: &VerifiedToken<'_>) -> Result<u32, RequirementError> {
        let key = *token.key_id();
        let malformed = RequirementError::Grants { key };
        //= docs/spec/access.md#A-4
        let said = Members::parse(token.payload()).map_err(|_| malformed.clone())?;
        let mut missing = self.everything();
        let (mut count, mut has_root) = (0, false);
        let mut take = |text: &str| {
            let grant = Grant::parse(text).map_err(|_| malformed.clone())?;
            count += 1;
            if count > MOST_GRANTS {
                return Err(malformed.clone());
            }
            has_root |= grant.is_root();
            missing &= !self.covered(&grant);
            Ok(())
        };
        match (self.granted_by, said.get(self.granted_by.claim())) {
            (_, None) => {}
            (GrantedBy::Scope, Some(Value::Text(scope))) => {
                // With escapes in it, it is copied.
                let scope = scope.said();
                let mut grants = scope.split(' ').filter(|_| !scope.is_empty());
                grants.try_for_each(take)?;
            }
            (GrantedBy::Permissions, Some(Value::List(list))) => {
                for text in Value::texts(list) {
                    take(&text.ok_or(malformed.clone())?.said())?;
                }
            }
            _ => return Err(malformed),
        }
        if has_root && !self.takes_root {
            return Err(RequirementError::RootGrant { key });
        }
        Ok(missing)
    }

    fn covered(&self, grant: &Grant<'_>) -> u32 {
        let bits = self.permissions.iter().enumerate();
        bits.filter(|(_, permission)| grant.covers(permission))
            .fold(0, |sum, (at, _)| sum | 1 << at)
    }
}

impl GrantedBy {
    const fn claim(self) -> &'static str {
        match self {
            GrantedBy::Permissions => "permissions",
            GrantedBy::Scope => "scope",
        }
    }
}

impl<'t> Authorized<'t> {
    /// The token.
    pub const fn token(&self) -> &'t VerifiedToken<'t> {
        self.token
    }

    /// When the authentication was that a step-up found fresh; none where none was required.
    pub const fn authenticated(&self) -> Option<Time> {
        self.authenticated
    }
}

/// Permissions that were required and that no grant covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPermissions {
    of: Arc<[Permission]>,
    bits: u32,
}

impl MissingPermissions {
    /// Each of them, in the order of the requirement. Of [`Requirement::any`] these are all, and one would be enough.
    pub fn iter(&self) -> impl Iterator<Item = &Permission> {
        let bits = self.bits;
        let numbered = self.of.iter().enumerate();
        numbered
            .filter(move |(at, _)| bits & 1 << at != 0)
            .map(|(_, permission)| permission)
    }
}

const MOST_PERMISSIONS: usize = 32;
const MOST_GRANTS: usize = 256;
