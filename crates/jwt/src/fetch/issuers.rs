//! The issuers that are trusted, and what a token says of itself before anybody has looked at its signature.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::fmt;

use crate::fetch::kids::KidHash;
use crate::json::{Members, Value};
use crate::verify::{MOST, Parts, decode};
use crate::{FetchSetupError, KeyFetcher};

/// The issuers that are trusted, 1 to 64, each with the machine that fetches its keys. An issuer that is not in this list has no
/// keys and no URL: nothing of a token becomes one.
pub struct TrustedIssuers(BTreeMap<Box<str>, KeyFetcher>);

/// What a token says of itself, while nobody knows who wrote it. It serves to choose among what is trusted already, and to have keys
/// fetched; it is no proof of anything, and nothing is to be allowed, logged or kept for its sake.
pub struct Claimed(Box<str>);

impl TrustedIssuers {
    /// These issuers, by the names in their policies.
    ///
    /// # Errors
    ///
    /// [`FetchSetupError::Issuers`] for none, more than 64, or one that is there twice.
    pub fn new(fetchers: impl IntoIterator<Item = KeyFetcher>) -> Result<Self, FetchSetupError> {
        let mut map = BTreeMap::new();
        for fetcher in fetchers {
            let issuer = Box::from(fetcher.policy().issuer());
            if map.len() == MOST_ISSUERS || map.insert(issuer, fetcher).is_some() {
                return Err(FetchSetupError::Issuers);
            }
        }
        if map.is_empty() {
            return Err(FetchSetupError::Issuers);
        }
        Ok(TrustedIssuers(map))
    }

    /// The fetcher of this issuer, compared letter by letter.
    pub fn find(&self, issuer: &str) -> Option<&KeyFetcher> {
        self.0.get(issuer)
    }

    /// The same, for events.
    pub fn find_mut(&mut self, issuer: &str) -> Option<&mut KeyFetcher> {
        self.0.get_mut(issuer)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &KeyFetcher> {
        self.0.values()
    }

    /// All of them, by name, for events and outputs.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut KeyFetcher> {
        self.0.values_mut()
    }
}

impl Claimed {
    /// The text, which anybody may have written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claimed(..)")
    }
}

/// The `kid` that a token names, for [`KeyFetcher::handle_wanted`] after a token was refused with `jwt_key_unknown`; nothing for a text
/// that is no token in form, is longer than 8 KiB, or names none of 1 to 255 bytes.
///
/// Nobody has signed it as far as this function knows: see [`Claimed`].
pub fn claimed_kid(token: &str) -> Option<Claimed> {
    let kid = member(Parts::of(token).ok()?.header, "kid")?;
    KidHash::of(&kid.0).map(|_| kid)
}

/// The `iss` that a token names, for [`TrustedIssuers::find`], where there are several issuers; the verifier of that issuer compares it
/// again, after the signature. Nothing for a text that is no token in form, or names none of 1 to 512 bytes.
///
/// Nobody has signed it as far as this function knows: see [`Claimed`].
pub fn claimed_issuer(token: &str) -> Option<Claimed> {
    let issuer = member(Parts::of(token).ok()?.payload, "iss")?;
    (1..=512).contains(&issuer.0.len()).then_some(issuer)
}

/// The text of this name in a part that is an object.
fn member(part: &str, name: &str) -> Option<Claimed> {
    let mut space = alloc::vec![0; part.len().min(MOST)];
    let (part, _) = decode(part, &mut space).ok()?;
    let members = Members::parse(core::str::from_utf8(part).ok()?).ok()?;
    match members.get(name)? {
        Value::Text(text) => Some(Claimed(Cow::into_owned(text.said()).into())),
        _ => None,
    }
}

const MOST_ISSUERS: usize = 64;
