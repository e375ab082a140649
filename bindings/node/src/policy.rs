//! Policies and profiles.

use counterseal_shared::{self as shared, ForeignMembers, PolicyMembers, ProfileMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer};

/// What a verifier accepts.
#[napi]
pub struct Policy(pub(crate) shared::Policy);

/// What a verifier accepts of other signers.
#[napi]
pub struct ForeignPolicy(pub(crate) shared::ForeignPolicy);

/// What a signature covers.
#[napi]
pub struct Profile(pub(crate) shared::Profile);

/// The members of a policy beyond its profile; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct PolicyOptions {
    /// The authorities that the verifier serves.
    pub authorities: Vec<String>,
    /// How old `created` may be.
    pub past_seconds: Option<i64>,
    /// How far ahead `created` may be.
    pub future_seconds: Option<i64>,
    /// How long a used nonce is remembered.
    pub retain_seconds: Option<i64>,
    /// The most bytes of content.
    pub body_limit_bytes: Option<i64>,
}

/// The members of a profile; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct ProfileOptions {
    /// Fields to cover beyond the profile's own.
    pub cover: Vec<String>,
    /// Whether the scheme is covered.
    pub cover_scheme: bool,
    /// `authority` or `field`.
    pub audience: Option<String>,
    /// `sha-256` or `sha-512`.
    pub digest: Option<String>,
}

#[napi]
impl Policy {
    /// The policy of these members.
    #[napi]
    pub fn create(profile: ProfileOptions, options: PolicyOptions) -> Answer<Policy> {
        answer("Policy.create", || {
            Ok(Policy(shared::Policy::new(PolicyMembers {
                profile: profile.members(),
                authorities: options.authorities,
                body_limit_bytes: options.body_limit_bytes,
                future_seconds: options.future_seconds,
                past_seconds: options.past_seconds,
                retain_seconds: options.retain_seconds,
            })?))
        })
    }

    /// The policy that this JSON text spells.
    #[napi]
    pub fn parse(json: String) -> Answer<Policy> {
        answer("Policy.parse", || Ok(Policy(shared::Policy::parse(&json)?)))
    }

    /// What it covers.
    #[napi]
    pub fn profile(&self) -> Answer<Profile> {
        answer("Policy.profile", || Ok(Profile(self.0.profile())))
    }

    /// The most bytes of content.
    #[napi]
    pub fn body_limit_bytes(&self) -> Answer<u32> {
        answer("Policy.bodyLimitBytes", || Ok(limit(self.0.body_limit())))
    }
}

/// The members of a foreign policy beyond authorities and bounds.
#[napi(object, object_to_js = false)]
pub struct ForeignOptions {
    /// The tag of the signature to read.
    pub tag: Option<String>,
    /// Components that must be covered.
    pub require: Option<Vec<String>>,
    /// Whether a signature needs a nonce.
    pub require_nonce: bool,
    /// Whether content needs a covered digest.
    pub require_digest: bool,
}

#[napi]
impl ForeignPolicy {
    /// The policy of these members.
    #[napi]
    pub fn create(foreign: ForeignOptions, options: PolicyOptions) -> Answer<ForeignPolicy> {
        answer("ForeignPolicy.create", || {
            Ok(ForeignPolicy(shared::ForeignPolicy::new(ForeignMembers {
                authorities: options.authorities,
                tag: foreign.tag,
                require: foreign.require,
                require_nonce: foreign.require_nonce,
                require_digest: foreign.require_digest,
                body_limit_bytes: options.body_limit_bytes,
                future_seconds: options.future_seconds,
                past_seconds: options.past_seconds,
                retain_seconds: options.retain_seconds,
            })?))
        })
    }

    /// The most bytes of content.
    #[napi]
    pub fn body_limit_bytes(&self) -> Answer<u32> {
        answer("ForeignPolicy.bodyLimitBytes", || {
            Ok(limit(self.0.body_limit()))
        })
    }
}

#[napi]
impl Profile {
    /// The profile of these members.
    #[napi]
    pub fn create(options: ProfileOptions) -> Answer<Profile> {
        answer("Profile.create", || {
            Ok(Profile(shared::Profile::new(options.members())?))
        })
    }

    /// The profile that this JSON text spells.
    #[napi]
    pub fn parse(json: String) -> Answer<Profile> {
        answer("Profile.parse", || {
            Ok(Profile(shared::Profile::parse(&json)?))
        })
    }
}

impl ProfileOptions {
    fn members(self) -> ProfileMembers {
        ProfileMembers {
            audience: self.audience,
            cover: self.cover,
            cover_scheme: self.cover_scheme,
            digest: self.digest,
        }
    }
}

/// A body limit, which is a `u32` in every policy.
pub(crate) fn limit(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
