//! What a token must be.

use alloc::boxed::Box;

use counterseal_core::Span;

use crate::JwtSetupError;

/// What a verifier demands of a token. Nothing of it can be left out: a token without issuer or audience is for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Box<str>,
    pub(crate) typ: Box<str>,
    pub(crate) leeway: Span,
    pub(crate) life: Span,
}

impl TokenPolicy {
    /// Access tokens (`at+jwt`, RFC 9068) by this issuer for this audience: 30 minutes at most, clocks within 30 s.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`] for an empty one, or one of more than 512 bytes.
    pub fn access(issuer: &str, audience: &str) -> Result<Self, JwtSetupError> {
        Ok(TokenPolicy {
            issuer: text("issuer", issuer)?,
            audience: text("audience", audience)?,
            typ: "at+jwt".into(),
            leeway: Span::from_seconds(30),
            life: Span::from_minutes(30),
        })
    }

    /// The same for tokens of another `typ`.
    ///
    /// # Errors
    ///
    /// [`JwtSetupError::Text`].
    pub fn typed(mut self, typ: &str) -> Result<Self, JwtSetupError> {
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
        if !(Span::from_seconds(1)..=Span::from_minutes(24 * 60)).contains(&life) {
            return Err(JwtSetupError::Window { name: "life" });
        }
        self.life = life;
        Ok(self)
    }
}

pub(crate) fn text(name: &'static str, text: &str) -> Result<Box<str>, JwtSetupError> {
    if !(1..=512).contains(&text.len()) {
        return Err(JwtSetupError::Text { name });
    }
    Ok(text.into())
}
