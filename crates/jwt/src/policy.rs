//! What a token must be.

use alloc::boxed::Box;
use alloc::vec::Vec;

use counterseal_core::{Purpose, Span, SpiffeId};

use crate::{JwtSetupError, TokenAlgorithm};

/// What a verifier demands of a token, and what a minter writes. Nothing of it can be left out: a token without issuer or audience is
/// for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Audience,
    pub(crate) typ: Box<str>,
    pub(crate) kind: Kind,
    /// Members of the header that a foreign issuer writes, and that are read over.
    pub(crate) ignored: Vec<Box<str>>,
    pub(crate) leeway: Span,
    pub(crate) life: Span,
}

/// For whom a token must be: 1 to 8 names, compared as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    All,
    Any,
    Only,
}

/// Who writes such tokens, and what is therefore in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A service of ours: `jti` is required and our own claims have types.
    Own,
    /// As `Own`; a token may leave `kid` out where there is one key.
    App,
    /// An issuer of others: `jti` may be missing, `typ` too, and names of our claims mean nothing.
    Foreign,
    /// The authority of a SPIFFE trust domain: the subject says which, so that there need be no `iss`; `jti`, `iat` and `typ` may be
    /// missing too, and names of our claims but `cnf` mean nothing.
    Svid,
}

impl TokenPolicy {
    /// Access tokens (`at+jwt`, RFC 9068) by this issuer for this audience: 30 minutes at most, clocks within 30 s.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`] for an empty issuer, or one of more than 512 bytes; [`JwtSetupError::Audience`].
    pub fn access(issuer: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        Self::new(
            issuer,
            audience.into(),
            Kind::Own,
            "at+jwt",
            Purpose::Access.longest(),
        )
    }

    /// Tokens with which one service has another one do something now (`cs-prov+jwt`): 2 minutes at most.
    ///
    /// # Errors
    ///
    /// As [`TokenPolicy::access`].
    pub fn provisioner(issuer: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        Self::new(
            issuer,
            audience.into(),
            Kind::Own,
            "cs-prov+jwt",
            Purpose::Provisioner.longest(),
        )
    }

    /// Tokens of jobs, such as those of CI (`cs-job+jwt`): 2 hours at most.
    ///
    /// # Errors
    ///
    /// As [`TokenPolicy::access`].
    pub fn job(issuer: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        Self::new(
            issuer,
            audience.into(),
            Kind::Own,
            "cs-job+jwt",
            Purpose::Job.longest(),
        )
    }

    /// Tokens of an application (`JWT`): 30 minutes at most. With exactly one key, a token may leave `kid` out.
    ///
    /// # Errors
    ///
    /// As [`TokenPolicy::access`].
    pub fn app(issuer: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        Self::new(
            issuer,
            audience.into(),
            Kind::App,
            "JWT",
            Purpose::App.longest(),
        )
    }

    /// ID tokens of an `OpenID` provider (`JWT`, or no `typ`): 24 hours at most. `jti` may be missing; `x5t` and `x5t#S256` in the header
    /// are read over. Keys come from the provider's document, not from the token.
    ///
    /// # Errors
    ///
    /// As [`TokenPolicy::access`].
    pub fn openid(issuer: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        let mut policy = Self::new(issuer, audience.into(), Kind::Foreign, "JWT", DAY)?;
        policy.ignored = ["x5t", "x5t#S256"].map(Box::from).into();
        Ok(policy)
    }

    /// JWT-SVIDs of the workloads of a trust domain, such as `spiffe://example.org` (`JWT`, `JOSE`, or no `typ`): an hour at most. `iss`
    /// means nothing and is not written, since the subject, a SPIFFE ID, says who may sign; `iat` and `jti` may be missing. Keys are
    /// key pairs, of ECDSA or RSA (JWT-SVID sections 2 and 3).
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::SpiffeId`] for what names no trust domain; [`JwtSetupError::Audience`].
    ///
    /// ```
    /// use counterseal_jwt::TokenPolicy;
    /// assert!(TokenPolicy::svid("spiffe://example.org", "orders").is_ok());
    /// assert!(TokenPolicy::svid("spiffe://example.org/orders", "orders").is_err());
    /// ```
    pub fn svid(trust_domain: &str, audience: impl Into<Audience>) -> Result<Self, JwtSetupError> {
        let domain = SpiffeId::authority(trust_domain).map_err(JwtSetupError::SpiffeId)?;
        Self::new(
            domain.as_str(),
            audience.into(),
            Kind::Svid,
            "JWT",
            Purpose::Svid.longest(),
        )
    }

    //= docs/spec/jwt.md#T-12
    fn new(
        issuer: &str,
        audience: Audience,
        kind: Kind,
        typ: &str,
        life: Span,
    ) -> Result<Self, JwtSetupError> {
        if !(1..=MOST_NAMES).contains(&audience.names.len()) {
            return Err(JwtSetupError::Audience);
        }
        for name in &audience.names {
            text("audience", name)?;
        }
        Ok(TokenPolicy {
            issuer: text("issuer", issuer)?,
            audience,
            typ: typ.into(),
            kind,
            ignored: Vec::new(),
            leeway: Span::from_seconds(30),
            life,
        })
    }

    /// The same for tokens of another `typ`, compared as it is: visible ASCII, as media types have it (RFC 7515 section 4.1.9).
    /// For JWT-SVIDs it is one of theirs.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`].
    pub fn with_typ(mut self, typ: &str) -> Result<Self, JwtSetupError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        let is_of_kind = self.kind != Kind::Svid || SVID_TYPES.contains(&typ);
        if !is_of_kind || !typ.bytes().all(is_plain) {
            return Err(JwtSetupError::Text { name: "typ" });
        }
        self.typ = text("typ", typ)?;
        Ok(self)
    }

    /// The same with clocks that may differ by this much: 0 to 120 s.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Window`].
    pub fn with_leeway(mut self, leeway: Span) -> Result<Self, JwtSetupError> {
        if !(Span::ZERO..=Span::from_seconds(120)).contains(&leeway) {
            return Err(JwtSetupError::Window { name: "leeway" });
        }
        self.leeway = leeway;
        Ok(self)
    }

    /// The same for tokens that live up to `life`, from `iat` to `exp`: 1 s to 24 h.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Window`].
    pub fn with_life(mut self, life: Span) -> Result<Self, JwtSetupError> {
        if !(Span::from_seconds(1)..=DAY).contains(&life) {
            return Err(JwtSetupError::Window { name: "life" });
        }
        self.life = life;
        Ok(self)
    }

    /// How long after `exp` a token is still taken, and how far ahead its `iat` may be.
    pub const fn leeway(&self) -> Span {
        self.leeway
    }

    /// The longest life of a token.
    pub const fn life(&self) -> Span {
        self.life
    }

    /// Who issues; of JWT-SVIDs, the ID of the trust domain.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether a header may have no `typ`.
    pub(crate) const fn takes_no_typ(&self) -> bool {
        matches!(self.kind, Kind::Foreign | Kind::Svid)
    }

    /// Whether a header may have this `typ`.
    pub(crate) fn takes_typ(&self, is_typ: impl Fn(&str) -> bool) -> bool {
        is_typ(&self.typ) || (self.kind == Kind::Svid && SVID_TYPES.into_iter().any(is_typ))
    }

    /// Whether tokens may be signed so.
    pub(crate) fn takes(&self, algorithm: TokenAlgorithm) -> bool {
        self.kind != Kind::Svid || algorithm.of_svid().is_some()
    }
}

impl Audience {
    /// A token must be for one of these, and may be for others too.
    pub fn any<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::new(names, Rule::Any)
    }

    /// A token must be for all of these, and may be for others too.
    pub fn all<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::new(names, Rule::All)
    }

    /// A token must be for one of these at least, and for nobody else.
    pub fn only<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self::new(names, Rule::Only)
    }

    fn new<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>, rule: Rule) -> Self {
        // One more than there may be, so that a policy can say that there are too many.
        let names = names.into_iter().take(MOST_NAMES + 1);
        Audience {
            names: names.map(Into::into).collect(),
            rule,
        }
    }
}

impl From<&str> for Audience {
    /// A token must be for this one, and may be for others too.
    fn from(name: &str) -> Self {
        Self::any([name])
    }
}

pub(crate) fn text(name: &'static str, text: &str) -> Result<Box<str>, JwtSetupError> {
    if !(1..=512).contains(&text.len()) {
        return Err(JwtSetupError::Text { name });
    }
    Ok(text.into())
}

const MOST_NAMES: usize = 8;
const DAY: Span = Span::from_minutes(24 * 60);
/// What a JWT-SVID may call itself (JWT-SVID section 2.3).
const SVID_TYPES: [&str; 2] = ["JWT", "JOSE"];
