//! What a token must be, from members.

use counterseal::core::Span;
use counterseal::jwt::{self, Audience};

use crate::{ArgumentFault, MAX_ITEMS, Problem, check_len, number};

/// What a verifier demands of a token, and what a minter writes.
#[derive(Clone)]
pub struct TokenPolicy(pub(crate) jwt::TokenPolicy);

/// The members of a policy, as the host gave them; none stands for the default.
#[derive(Default)]
pub struct TokenPolicyMembers {
    /// `access`, `app`, `job`, `openid`, `provisioner` or `svid`.
    pub profile: String,
    /// Who issues; for `svid` the ID of the trust domain.
    pub issuer: String,
    /// For whom the tokens are.
    pub audience: Vec<String>,
    /// Which of them a token must be for: `all`, `any` or `only`.
    pub match_audience: Option<String>,
    /// The kind of token that the header must name, where it is not the profile's.
    pub typ: Option<String>,
    /// How far clocks may differ.
    pub leeway_seconds: Option<i64>,
    /// How long a token may live.
    pub life_seconds: Option<i64>,
}

impl TokenPolicy {
    /// The policy of these members.
    ///
    /// # Errors
    ///
    /// `jwt_setup_..`, or the code of the member that cannot be.
    pub fn new(members: &TokenPolicyMembers) -> Result<Self, Problem> {
        let audience = members.audience()?;
        let issuer = &members.issuer;
        let mut policy = match members.profile.as_str() {
            "access" => jwt::TokenPolicy::access(issuer, audience),
            "app" => jwt::TokenPolicy::app(issuer, audience),
            "job" => jwt::TokenPolicy::job(issuer, audience),
            "openid" => jwt::TokenPolicy::openid(issuer, audience),
            "provisioner" => jwt::TokenPolicy::provisioner(issuer, audience),
            "svid" => jwt::TokenPolicy::svid(issuer, audience),
            _ => return Err(choice("profile", PROFILES)),
        }?;
        if let Some(typ) = &members.typ {
            policy = policy.with_typ(typ)?;
        }
        if let Some(leeway) = members.leeway_seconds {
            policy = policy.with_leeway(seconds("leeway_seconds", leeway)?)?;
        }
        if let Some(life) = members.life_seconds {
            policy = policy.with_life(seconds("life_seconds", life)?)?;
        }
        Ok(TokenPolicy(policy))
    }

    /// Who issues.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }
}

impl TokenPolicyMembers {
    fn audience(&self) -> Result<Audience, Problem> {
        let names = &self.audience;
        check_len("audience", names.len(), 0, MAX_ITEMS)?;
        let names = names.iter().map(String::as_str);
        match self.match_audience.as_deref() {
            None | Some("any") => Ok(Audience::any(names)),
            Some("all") => Ok(Audience::all(names)),
            Some("only") => Ok(Audience::only(names)),
            Some(_) => Err(choice("match_audience", "all, any or only")),
        }
    }
}

const PROFILES: &str = "access, app, job, openid, provisioner or svid";

pub(crate) fn choice(name: &'static str, wanted: &'static str) -> Problem {
    ArgumentFault::Choice { name, wanted }.into()
}

/// A span that a host counts in seconds; what it may be is for whoever takes it to say.
pub(crate) fn seconds(name: &'static str, value: i64) -> Result<Span, Problem> {
    Ok(Span::from_seconds(number(name, value, 0, MOST_SECONDS)?))
}

/// More than any span here may be: 500 days.
const MOST_SECONDS: i64 = 500 * 24 * 3600;
