//! Which tokens of CI systems and other providers of `OpenID` may do what: after the signature, rules over their claims.

mod error;
mod github;
mod rule;

pub use error::{OidcError, OidcSetupError};
pub use github::GithubRule;
pub use rule::ClaimRule;

use alloc::vec::Vec;

use counterseal_core::{Algorithm, Bound, Claim, KeyId, Space, Span, Time};
use sha2::{Digest, Sha256};

use rule::Rule;

use crate::json::Members;
use crate::{
    Audience, JwtError, JwtSetupError, TokenAlgorithm, TokenKeys, TokenPolicy, TokenVerifier,
    VerifiedToken,
};

/// Admits tokens of one issuer by rules: one rule that is met is enough, and without any nobody is admitted.
///
/// It verifies as [`TokenPolicy::openid`] has it, for exactly one audience, and takes no HMAC: the keys of an issuer are public.
///
/// What it does not protect: whoever can change the code that a rule means may do what the rule admits. A token can be shown
/// twice until it is over, unless [`AdmittedJob::claim`] is made in a store.
pub struct OidcPolicy {
    verifier: TokenVerifier,
    rules: Vec<Rule>,
    age: Span,
    is_github: bool,
}

/// That a rule admits a genuine token. There is no other constructor:
///
/// ```compile_fail
/// let forged = counterseal_jwt::AdmittedJob { token: loop {}, rule: loop {}, issuer: loop {}, leeway: loop {} };
/// ```
pub struct AdmittedJob {
    token: VerifiedToken<'static>,
    rule: KeyId,
    /// A hash of who issued it.
    issuer: [u8; 16],
    leeway: Span,
}

impl OidcPolicy {
    /// Jobs of GitHub Actions on github.com, whose tokens are for this audience and nobody else. RS256 only; a token may live
    /// for 6 h.
    ///
    /// Give each deployment an audience of its own, such as its URL: a token for one is then worth nothing at another.
    ///
    /// # Errors
    ///
    /// [`OidcSetupError`] for rules that admit more than somebody meant, none, more than 64, or two of one name; for an
    /// audience that is no text of 1 to 512 bytes.
    pub fn github(
        audience: &str,
        rules: impl IntoIterator<Item = GithubRule>,
    ) -> Result<Self, OidcSetupError> {
        Self::github_at(github::ISSUER, audience, rules)
    }

    /// The same of an enterprise that has an issuer of its own.
    ///
    /// # Errors
    ///
    /// As [`OidcPolicy::github`], and for an issuer that is no text of 1 to 512 bytes.
    pub fn github_at(
        issuer: &str,
        audience: &str,
        rules: impl IntoIterator<Item = GithubRule>,
    ) -> Result<Self, OidcSetupError> {
        let rules = rules.into_iter().take(MOST_RULES + 1);
        let token = TokenPolicy::openid(issuer, Audience::only([audience])).and_then(|policy| {
            let life = Span::from_minutes(6 * 60).plus(policy.leeway());
            policy.with_life(life)
        });
        let mut policy = Self::new(token, rules.map(|rule| rule.rule()))?;
        policy.is_github = true;
        Ok(policy)
    }

    /// Tokens of any issuer of signed ones, for this audience and nobody else, by rules over its claims.
    ///
    /// # Errors
    ///
    /// As [`OidcPolicy::github_at`]; a rule without conditions would admit everybody.
    pub fn issuer(
        issuer: &str,
        audience: &str,
        rules: impl IntoIterator<Item = ClaimRule>,
    ) -> Result<Self, OidcSetupError> {
        let rules = rules.into_iter().take(MOST_RULES + 1);
        let token = TokenPolicy::openid(issuer, Audience::only([audience]));
        Self::new(token, rules.map(|rule| rule.rule()))
    }

    fn new(
        token: Result<TokenPolicy, JwtSetupError>,
        rules: impl Iterator<Item = Result<Rule, OidcSetupError>>,
    ) -> Result<Self, OidcSetupError> {
        //= docs/spec/issuers.md#I-10
        let token = token.map_err(OidcSetupError::Token)?;
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let is_twice =
            |(at, rule): (usize, &Rule)| rules[..at].iter().any(|it| it.name == rule.name);
        if !(1..=MOST_RULES).contains(&rules.len()) || rules.iter().enumerate().any(is_twice) {
            return Err(OidcSetupError::Rules);
        }
        if let Some(open) = rules.iter().find(|rule| rule.conditions.is_empty()) {
            return Err(OidcSetupError::RuleOpen { rule: open.name });
        }
        Ok(OidcPolicy {
            verifier: TokenVerifier::new(token),
            rules,
            age: Span::from_minutes(24 * 60),
            is_github: false,
        })
    }

    /// The same for tokens that were issued no longer than this ago: 1 s to 24 h.
    ///
    /// # Errors
    ///
    /// [`OidcSetupError::Token`].
    pub fn with_age(mut self, age: Span) -> Result<Self, OidcSetupError> {
        if !(Span::from_seconds(1)..=Span::from_minutes(24 * 60)).contains(&age) {
            let window = JwtSetupError::Window { name: "age" };
            return Err(OidcSetupError::Token(window));
        }
        self.age = age;
        Ok(self)
    }

    /// The job that this token is of, if it is genuine, for us, not over, and a rule admits it. There is no leeway after its
    /// end, because nothing could be minted for it then.
    ///
    /// # Errors
    ///
    /// [`OidcError::Token`] as [`TokenVerifier::verify`]; [`OidcError::Denied`] with the rule that came nearest.
    pub fn verify(
        &self,
        token: &str,
        keys: &TokenKeys,
        now: Time,
    ) -> Result<AdmittedJob, OidcError> {
        let token = self
            .verifier
            .verify(token, keys, now)
            .map_err(OidcError::Token)?;
        self.check_token(&token, now).map_err(OidcError::Token)?;
        let rule = self.admitting(&token, now)?;
        Ok(AdmittedJob {
            token,
            rule,
            issuer: hash(&[b"cs-oidc/1", self.verifier.policy().issuer().as_bytes()]),
            leeway: self.verifier.policy().leeway(),
        })
    }

    /// What this policy asks of a token beside what the verifier does.
    fn check_token(&self, token: &VerifiedToken<'_>, now: Time) -> Result<(), JwtError> {
        let key = *token.key_id();
        match token.algorithm() {
            TokenAlgorithm::Signature(Algorithm::Rs256) => {}
            TokenAlgorithm::Signature(_) if !self.is_github => {}
            _ => return Err(JwtError::Algorithm { key }),
        }
        let expires = token.expires();
        if now >= expires {
            return Err(JwtError::Expired { key, expires, now });
        }
        Ok(())
    }

    /// The first rule that is met. The nearest one is that of which the most conditions hold, in their order.
    fn admitting(&self, token: &VerifiedToken<'_>, now: Time) -> Result<KeyId, OidcError> {
        let key = *token.key_id();
        let denied = |rule: Option<&Rule>, claim: &str| OidcError::Denied {
            key,
            rule: rule.map(|rule| rule.name.as_str().into()),
            claim: claim.into(),
        };
        let said = Members::parse(token.payload()).map_err(|_| denied(None, "sub"))?;
        if now.since(token.issued()) > self.age {
            return Err(denied(None, "iat"));
        }
        if let Some(claim) = github::odd_claim(&said).filter(|_| self.is_github) {
            return Err(denied(None, claim));
        }
        //= docs/spec/issuers.md#I-13
        let mut nearest: Option<(usize, &Rule, &str)> = None;
        for rule in &self.rules {
            let Some((met, claim)) = rule.failed(&said) else {
                return Ok(rule.name);
            };
            if nearest.is_none_or(|(most, ..)| met > most) {
                nearest = Some((met, rule, claim));
            }
        }
        let (rule, claim) = nearest.map_or((None, "sub"), |(_, rule, claim)| (Some(rule), claim));
        Err(denied(rule, claim))
    }
}

impl AdmittedJob {
    /// The space in which tokens are used once.
    pub const SPACE: Space = Space::new("jwt_oidc");

    /// The token.
    pub const fn token(&self) -> &VerifiedToken<'static> {
        &self.token
    }

    /// The token alone, for whoever keeps it.
    pub fn into_token(self) -> VerifiedToken<'static> {
        self.token
    }

    /// The rule that admits it.
    pub const fn rule(&self) -> &KeyId {
        &self.rule
    }

    /// The end of its token, for [`Lifetime::clamp`](counterseal_core::Lifetime::clamp): nothing that is minted for the job
    /// lives longer.
    pub const fn bound(&self) -> Bound {
        Bound::end("oidc.exp", self.token.expires())
    }

    /// Makes its token worth one use: whoever runs it in a store that keeps claims for as long as such tokens live (6 h on
    /// GitHub) goes on where the answer is `Fresh`, and refuses otherwise. None where the token has no id.
    pub fn claim(&self) -> Option<Claim> {
        let id = self.token.id()?;
        let issued = self.token.issued();
        let born = issued.millis().to_be_bytes();
        Some(Claim {
            space: Self::SPACE,
            owner: u64::from_be_bytes(*self.issuer.first_chunk().expect("16 bytes have 8")),
            key: hash(&[b"cs-claim/1", &self.issuer, &born, id.as_bytes()]),
            since: Time::EPOCH,
            born: issued,
            until: self.token.expires().plus(self.leeway),
        })
    }
}

/// Of parts, each with its length before it.
fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    *hash.finalize().first_chunk().expect("32 bytes have 16")
}

const MOST_RULES: usize = 64;
