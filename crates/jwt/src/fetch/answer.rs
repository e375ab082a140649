//! What comes of an order: an answer, a set of keys, and what verifiers are given of it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use counterseal_core::{Signatures, Span, Time, sha256};

use crate::jwk::{MOST_SET, has_secret, items};
use crate::key::MOST_KEYS;
use crate::{FetchError, JwtSetupError, TokenKeys};

/// An answer to an order, as the host's client has it.
#[derive(Clone, Copy, Default)]
pub struct FetchResponse<'a> {
    /// The status.
    pub status: u16,
    /// The header `content-type`.
    pub content_type: Option<&'a str>,
    /// The body, after any decoding, and no more than the order's bytes and one.
    pub body: &'a [u8],
    /// The header `location`, or the URL that the answer came from in the end; nothing where there is no such header and the client
    /// follows none.
    pub url: Option<&'a str>,
    /// `max-age` of the header `cache-control`. It may bring a refresh forward, down to a minute, and never puts it off.
    pub max_age: Option<Span>,
}

/// The keys of an issuer as they were fetched, for a while.
#[derive(Clone)]
pub struct KeySnapshot {
    keys: Arc<TokenKeys>,
    generation: u64,
    fetched: Time,
    good_until: Time,
}

/// A set that was read.
pub(crate) struct KeySet {
    pub(crate) keys: Arc<TokenKeys>,
    /// The same for sets of the same keys in any order.
    pub(crate) digest: [u8; 32],
}

impl FetchResponse<'_> {
    /// The longest body that is read: 256 KiB.
    pub const MOST: usize = MOST_SET;

    pub(crate) fn read(
        &self,
        ordered: &str,
        library: &dyn Signatures,
    ) -> Result<KeySet, FetchError> {
        //= docs/spec/issuers.md#I-3
        let is_elsewhere = self.url.is_some_and(|url| url != ordered);
        if is_elsewhere || (300..400).contains(&self.status) {
            return Err(FetchError::Redirect);
        }
        if self.status != 200 {
            return Err(FetchError::Status {
                status: self.status,
            });
        }
        if !self.content_type.is_some_and(is_keys) {
            return Err(FetchError::ContentType);
        }
        if self.body.len() > Self::MOST {
            return Err(FetchError::TooLarge);
        }
        let no_text = FetchError::Keys(JwtSetupError::Jwk { member: "keys" });
        KeySet::read(
            core::str::from_utf8(self.body).map_err(|_| no_text)?,
            library,
        )
    }
}

impl KeySnapshot {
    pub(crate) const fn new(
        keys: Arc<TokenKeys>,
        generation: u64,
        fetched: Time,
        good_until: Time,
    ) -> Self {
        KeySnapshot {
            keys,
            generation,
            fetched,
            good_until,
        }
    }

    /// The keys, if they are still good at `now`. Whoever asks the fetcher again has newer ones; a copy may serve a while.
    ///
    /// # Errors
    ///
    /// [`FetchError::Stale`], also for a clock that was set back before the fetch.
    pub fn keys(&self, now: Time) -> Result<&Arc<TokenKeys>, FetchError> {
        if !(self.fetched..self.good_until).contains(&now) {
            let age = now.since(self.fetched);
            return Err(FetchError::Stale { age });
        }
        Ok(&self.keys)
    }

    /// Of which of the fetcher's sets they are.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// When they were asked for.
    pub const fn fetched(&self) -> Time {
        self.fetched
    }

    /// From when on they are refused.
    pub const fn good_until(&self) -> Time {
        self.good_until
    }
}

impl fmt::Debug for KeySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySnapshot({})", self.generation)
    }
}

impl KeySet {
    fn read(text: &str, library: &dyn Signatures) -> Result<Self, FetchError> {
        let mut hashes = Vec::new();
        for jwk in items(text).map_err(FetchError::Keys)? {
            let jwk = jwk.map_err(FetchError::Keys)?;
            if has_secret(jwk).map_err(FetchError::Keys)? {
                return Err(FetchError::Secret);
            }
            if hashes.len() == MOST_KEYS {
                return Err(FetchError::TooLarge);
            }
            hashes.push(sha256(&[jwk.as_bytes()]));
        }
        hashes.sort_unstable();
        let keys = TokenKeys::from_jwks(text, library).map_err(FetchError::Keys)?;
        Ok(KeySet {
            keys: Arc::new(keys),
            digest: sha256(&[hashes.as_flattened()]),
        })
    }
}

/// The content types of a set (RFC 7517 section 8.5), whatever parameters there are.
fn is_keys(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or("").trim();
    let mut names = ["application/json", "application/jwk-set+json"].into_iter();
    names.any(|known| name.eq_ignore_ascii_case(known))
}
