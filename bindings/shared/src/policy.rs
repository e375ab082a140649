//! Policies and profiles, from JSON text or from members.

use counterseal::core::Span;
use counterseal::document::{RequestPolicy, RequestProfile};
use counterseal::replay::Window;
use counterseal::request::{
    self, Audience, DigestAlgorithm, ForeignPolicyParts, PolicyParts, ProfileParts,
};

use crate::{ArgumentFault, MAX_ITEMS, Problem, check_len, number};

/// What a verifier accepts.
#[derive(Clone)]
pub struct Policy(pub(crate) request::Policy);

/// What a verifier accepts of other signers.
#[derive(Clone)]
pub struct ForeignPolicy(pub(crate) request::ForeignPolicy);

/// What a verifier reads: one of the two kinds.
pub enum Reads {
    /// The strict profile.
    Own(Policy),
    /// Signatures of others.
    Foreign(ForeignPolicy),
}

/// What a signature covers.
#[derive(Clone, Default)]
pub struct Profile(pub(crate) request::Profile);

/// The members of a policy, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct PolicyMembers {
    /// What must be covered.
    pub profile: ProfileMembers,
    /// The authorities that the verifier serves.
    pub authorities: Vec<String>,
    /// The most bytes of content.
    pub body_limit_bytes: Option<i64>,
    /// How far ahead `created` may be.
    pub future_seconds: Option<i64>,
    /// How old `created` may be.
    pub past_seconds: Option<i64>,
    /// How long a used nonce is remembered.
    pub retain_seconds: Option<i64>,
}

/// The members of a foreign policy, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct ForeignMembers {
    /// The authorities that the verifier serves.
    pub authorities: Vec<String>,
    /// The tag of the signature to read.
    pub tag: Option<String>,
    /// Components that must be covered.
    pub require: Option<Vec<String>>,
    /// Whether a signature needs a nonce.
    pub require_nonce: bool,
    /// Whether content needs a covered digest.
    pub require_digest: bool,
    /// The most bytes of content.
    pub body_limit_bytes: Option<i64>,
    /// How far ahead `created` may be.
    pub future_seconds: Option<i64>,
    /// How old `created` may be.
    pub past_seconds: Option<i64>,
    /// How long a used signature is remembered.
    pub retain_seconds: Option<i64>,
}

/// The members of a profile, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct ProfileMembers {
    /// `authority` or `field`.
    pub audience: Option<String>,
    /// Fields to cover beyond the profile's own.
    pub cover: Vec<String>,
    /// Whether the scheme is covered.
    pub cover_scheme: bool,
    /// `sha-256` or `sha-512`.
    pub digest: Option<String>,
}

impl Policy {
    /// The policy of these members.
    ///
    /// # Errors
    ///
    /// The code of the member that cannot be.
    pub fn new(members: PolicyMembers) -> Result<Self, Problem> {
        check_len("authorities", members.authorities.len(), 0, MAX_ITEMS)?;
        let default = PolicyParts::default();
        Ok(Policy(request::Policy::new(PolicyParts {
            profile: members.profile.parts()?,
            authorities: members.authorities,
            past: span("past_seconds", members.past_seconds, default.past)?,
            future: span("future_seconds", members.future_seconds, default.future)?,
            retain: span("retain_seconds", members.retain_seconds, default.retain)?,
            body_limit: size(members.body_limit_bytes, default.body_limit)?,
        })?))
    }

    /// The policy that this JSON text spells; unknown members are refused.
    ///
    /// # Errors
    ///
    /// A `policy_..` code with line and column, or the code of the member that cannot be.
    pub fn parse(json: &str) -> Result<Self, Problem> {
        Ok(Policy(RequestPolicy::parse(json)?))
    }

    /// What it covers.
    pub fn profile(&self) -> Profile {
        Profile(self.0.profile().clone())
    }

    /// The most bytes of content; an adapter stops reading there.
    pub fn body_limit(&self) -> usize {
        self.0.body_limit()
    }
}

impl Profile {
    /// The profile of these members.
    ///
    /// # Errors
    ///
    /// The code of the member that cannot be.
    pub fn new(members: ProfileMembers) -> Result<Self, Problem> {
        Ok(Profile(request::Profile::new(members.parts()?)?))
    }

    /// The profile that this JSON text spells; unknown members are refused.
    ///
    /// # Errors
    ///
    /// As [`Policy::parse`].
    pub fn parse(json: &str) -> Result<Self, Problem> {
        Ok(Profile(RequestProfile::parse(json)?))
    }
}

impl ProfileMembers {
    fn parts(self) -> Result<ProfileParts, Problem> {
        check_len("cover", self.cover.len(), 0, MAX_ITEMS)?;
        Ok(ProfileParts {
            audience: match self.audience.as_deref() {
                None | Some("authority") => Audience::Authority,
                Some("field") => Audience::Field,
                Some(_) => return Err(choice("audience", "authority or field").into()),
            },
            cover: self.cover,
            cover_scheme: self.cover_scheme,
            digest: match self.digest.as_deref() {
                None | Some("sha-256") => DigestAlgorithm::Sha256,
                Some("sha-512") => DigestAlgorithm::Sha512,
                Some(_) => return Err(choice("digest", "sha-256 or sha-512").into()),
            },
        })
    }
}

impl ForeignPolicy {
    /// The policy of these members.
    ///
    /// # Errors
    ///
    /// The code of the member that cannot be.
    pub fn new(members: ForeignMembers) -> Result<Self, Problem> {
        check_len("authorities", members.authorities.len(), 0, MAX_ITEMS)?;
        let default = ForeignPolicyParts::default();
        let require = members.require.unwrap_or(default.require);
        check_len("require", require.len(), 0, MAX_ITEMS)?;
        Ok(ForeignPolicy(request::ForeignPolicy::new(
            ForeignPolicyParts {
                authorities: members.authorities,
                tag: members.tag,
                require,
                require_nonce: members.require_nonce,
                require_digest: members.require_digest,
                past: span("past_seconds", members.past_seconds, default.past)?,
                future: span("future_seconds", members.future_seconds, default.future)?,
                retain: span("retain_seconds", members.retain_seconds, default.retain)?,
                body_limit: size(members.body_limit_bytes, default.body_limit)?,
            },
        )?))
    }

    /// The most bytes of content.
    pub fn body_limit(&self) -> usize {
        self.0.body_limit()
    }
}

impl Reads {
    /// How old a signed time may be, and how far ahead.
    pub(crate) fn window(&self) -> Window {
        let (past, future) = match self {
            Reads::Own(policy) => (policy.0.past(), policy.0.future()),
            Reads::Foreign(policy) => (policy.0.past(), policy.0.future()),
        };
        Window { past, future }
    }

    pub(crate) fn verifier(self) -> request::Verifier {
        match self {
            Reads::Own(policy) => request::Verifier::new(policy.0),
            Reads::Foreign(policy) => request::Verifier::foreign(policy.0),
        }
    }
}

fn size(bytes: Option<i64>, otherwise: usize) -> Result<usize, ArgumentFault> {
    let Some(bytes) = bytes else {
        return Ok(otherwise);
    };
    let bytes = whole("body_limit_bytes", bytes)?;
    Ok(bytes.try_into().expect("a u32 fits"))
}

fn span(name: &'static str, seconds: Option<i64>, otherwise: Span) -> Result<Span, ArgumentFault> {
    seconds.map_or(Ok(otherwise), |seconds| {
        whole(name, seconds).map(|s| Span::from_seconds(s.into()))
    })
}

fn whole(name: &'static str, value: i64) -> Result<u32, ArgumentFault> {
    let value = number(name, value, 0, i64::from(u32::MAX))?;
    Ok(u32::try_from(value).expect("the range was checked"))
}

const fn choice(name: &'static str, wanted: &'static str) -> ArgumentFault {
    ArgumentFault::Choice { name, wanted }
}
