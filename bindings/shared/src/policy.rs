//! Policies and profiles, from JSON text or from members.

use counterseal::core::Span;
use counterseal::document::{RequestPolicy, RequestProfile};
use counterseal::request::{self, Audience, DigestAlgorithm, PolicyParts, ProfileParts};

use crate::{ArgumentFault, MAX_ITEMS, Problem, check_len, number};

/// What a verifier accepts.
#[derive(Clone)]
pub struct Policy(pub(crate) request::Policy);

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
        let body_limit = match members.body_limit_bytes {
            Some(bytes) => whole("body_limit_bytes", bytes)?
                .try_into()
                .expect("a u32 fits"),
            None => default.body_limit,
        };
        Ok(Policy(request::Policy::new(PolicyParts {
            profile: members.profile.parts()?,
            authorities: members.authorities,
            past: span("past_seconds", members.past_seconds, default.past)?,
            future: span("future_seconds", members.future_seconds, default.future)?,
            retain: span("retain_seconds", members.retain_seconds, default.retain)?,
            body_limit,
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
