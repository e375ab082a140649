//! Whose keys are fetched, from where, and how often.

use alloc::boxed::Box;
use alloc::sync::Arc;

use counterseal_core::Span;

use crate::FetchSetupError;
use crate::fetch::url::{is_https, is_loopback};

/// Whose keys are fetched, from where, and how often. All of it is the integrator's: nothing of a URL ever comes from a token.
///
/// An answer has 5 s, 256 KiB and 64 keys. A set is fetched anew after 10 minutes, a little earlier by chance so that not all hosts
/// come at once, and used for an hour at most. A token with an unknown `kid` has it fetched at once, but not within 30 s of the last
/// time that one did; a `kid` that was not in a fresh set is not looked for again for 300 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPolicy {
    pub(crate) issuer: Box<str>,
    pub(crate) url: Arc<str>,
    pub(crate) timeout: Span,
    pub(crate) soft: Span,
    pub(crate) hard: Span,
    pub(crate) cool: Span,
    pub(crate) negative: Span,
}

impl FetchPolicy {
    /// The keys of `issuer`, written as its tokens have it in `iss`, are at this URL, the `jwks_uri` of its discovery document: https, a
    /// lower-case host, a path, and no user information, fragment, dot segment or default port.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Issuer`], [`FetchSetupError::Url`].
    pub fn new(issuer: &str, url: &str) -> Result<Self, FetchSetupError> {
        if !is_https(url) {
            return Err(FetchSetupError::Url);
        }
        Self::of(issuer, url)
    }

    /// The same without TLS, on this machine only (`127.0.0.1`, `[::1]`, `localhost`). For tests: whoever else runs there can answer.
    ///
    /// # Errors
    ///
    /// As [`FetchPolicy::new`]; [`FetchSetupError::Url`] for any other host.
    pub fn loopback_for_tests(issuer: &str, url: &str) -> Result<Self, FetchSetupError> {
        if !is_loopback(url) {
            return Err(FetchSetupError::Url);
        }
        Self::of(issuer, url)
    }

    fn of(issuer: &str, url: &str) -> Result<Self, FetchSetupError> {
        //= docs/spec/issuers.md#I-1
        Ok(FetchPolicy {
            issuer: name(issuer)?,
            url: url.into(),
            timeout: Span::from_seconds(5),
            soft: Span::from_minutes(10),
            hard: Span::from_minutes(60),
            cool: Span::from_seconds(30),
            negative: Span::from_seconds(300),
        })
    }

    /// The same with this time for an answer: 1 to 30 s.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Window`].
    pub fn with_timeout(mut self, timeout: Span) -> Result<Self, FetchSetupError> {
        within("timeout", timeout, 1, 30)?;
        self.timeout = timeout;
        Ok(self)
    }

    /// The same with a set that is fetched anew after `refresh`, 1 to 60 minutes, and is used up to `limit`, which is longer and at most
    /// 24 h. That is how long a key may still be used after its issuer has taken it back.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Window`].
    pub fn with_ages(mut self, refresh: Span, limit: Span) -> Result<Self, FetchSetupError> {
        within("refresh", refresh, 60, 3_600)?;
        within("limit", limit, 60, 24 * 3_600)?;
        if limit <= refresh {
            return Err(FetchSetupError::Window { name: "limit" });
        }
        (self.soft, self.hard) = (refresh, limit);
        Ok(self)
    }

    /// The same with this pause between two fetches for unknown ids: 5 s to 10 minutes. It is also the pause after a failure.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Window`].
    pub fn with_cool_down(mut self, pause: Span) -> Result<Self, FetchSetupError> {
        within("cool_down", pause, 5, 600)?;
        self.cool = pause;
        Ok(self)
    }

    /// The same with this time for which an id that was not there is not looked for: 5 s to an hour.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Window`].
    pub fn with_negative(mut self, span: Span) -> Result<Self, FetchSetupError> {
        within("negative", span, 5, 3_600)?;
        self.negative = span;
        Ok(self)
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where they are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How old a set may be.
    pub const fn hard_limit(&self) -> Span {
        self.hard
    }

    /// The pause between two fetches for unknown ids.
    pub const fn cool_down(&self) -> Span {
        self.cool
    }

    /// After how long a set is fetched anew, at the latest.
    pub const fn refresh(&self) -> Span {
        self.soft
    }

    /// How long one answer may take.
    pub const fn timeout(&self) -> Span {
        self.timeout
    }
}

/// A name of an issuer (RFC 7519 section 4.1.1). One that is a URL is an https URL without query (`OpenID` Connect Core, section 2); it
/// has no path where its host is all of it.
fn name(issuer: &str) -> Result<Box<str>, FetchSetupError> {
    let is_text = issuer.bytes().all(|byte| byte.is_ascii_graphic());
    let with_path = |url: &str| is_https(url) || is_loopback(url);
    let is_url = with_path(issuer) || with_path(&alloc::format!("{issuer}/"));
    let is_name = !issuer.contains("//") || (is_url && !issuer.contains('?'));
    if !(1..=512).contains(&issuer.len()) || !is_text || !is_name {
        return Err(FetchSetupError::Issuer);
    }
    Ok(issuer.into())
}

fn within(name: &'static str, span: Span, least: i64, most: i64) -> Result<(), FetchSetupError> {
    if !(Span::from_seconds(least)..=Span::from_seconds(most)).contains(&span) {
        return Err(FetchSetupError::Window { name });
    }
    Ok(())
}
