//! An issuer's own keys in a store.

use counterseal_shared::{self as shared, NewRingKey, RingKeyMembers};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, line};
use crate::message::values;
use crate::waiting::Waiting;

/// The keys of an issuer in a store.
#[napi]
pub struct TokenRing(pub(crate) shared::TokenRing);

/// What a route for the keys answers.
#[napi]
pub struct PublishedKeys(shared::PublishedKeys);

#[allow(clippy::struct_field_names)] // each name says its unit, as in JavaScript
/// The members of a ring beyond issuer and sealing key; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct RingOptions {
    /// How long tokens live at most.
    pub life_seconds: Option<i64>,
    /// How long a copy of the published keys may be kept.
    pub max_age_seconds: Option<i64>,
    /// How long a host goes by what it read.
    pub hosts_seconds: Option<i64>,
    /// How long a key signs at least.
    pub period_seconds: Option<i64>,
    /// How long a key is published before it signs.
    pub lead_seconds: Option<i64>,
    /// How long after its end a token is taken.
    pub tolerance_seconds: Option<i64>,
}

/// A new key; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct RotateOptions {
    /// The algorithm of a key that is made here.
    pub algorithm: Option<String>,
    /// A private key of the host.
    pub pem: Option<Uint8Array>,
    /// Whether the private part stays with the host.
    pub held: bool,
}

#[napi]
impl TokenRing {
    /// A ring of these members.
    #[napi]
    pub fn create(issuer: String, sealing_key: &[u8], options: RingOptions) -> Answer<TokenRing> {
        answer("TokenRing.create", || {
            let ring = shared::TokenRing::new(&RingKeyMembers {
                issuer: &issuer,
                sealing_key,
                life_seconds: options.life_seconds,
                max_age_seconds: options.max_age_seconds,
                hosts_seconds: options.hosts_seconds,
                period_seconds: options.period_seconds,
                lead_seconds: options.lead_seconds,
                tolerance_seconds: options.tolerance_seconds,
            })?;
            Ok(TokenRing(ring))
        })
    }

    /// Who issues.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("TokenRing.issuer", || Ok(self.0.issuer().into()))
    }

    /// Reads the keys.
    #[napi]
    pub fn load(&self, now: i64) -> Answer<Waiting> {
        answer("TokenRing.load", || Ok(Waiting::new(self.0.load(now)?)))
    }

    /// Announces a key.
    #[napi]
    pub fn rotate(&self, options: RotateOptions, now: i64, seed: &[u8]) -> Answer<Waiting> {
        answer("TokenRing.rotate", || {
            let new = NewRingKey {
                algorithm: options.algorithm.as_deref(),
                pem: options.pem.as_deref(),
                held: options.held,
            };
            Ok(Waiting::new(self.0.rotate(&new, seed, now)?))
        })
    }

    /// Announces a first key if there is none, and reads the keys otherwise.
    #[napi]
    pub fn ensure(&self, now: i64, seed: &[u8]) -> Answer<Waiting> {
        answer("TokenRing.ensure", || {
            Ok(Waiting::new(self.0.ensure(seed, now)?))
        })
    }

    /// Removes a key at once and for good.
    #[napi]
    pub fn revoke(&self, id: String, now: i64) -> Answer<Waiting> {
        answer("TokenRing.revoke", || {
            Ok(Waiting::new(self.0.revoke(&id, now)?))
        })
    }

    /// Signs with this private key too.
    #[napi]
    pub fn hold(&self, pem: &[u8]) -> Option<Refusal> {
        done("TokenRing.hold", || self.0.hold(pem))
    }

    /// How many milliseconds to wait before the next reading.
    #[napi]
    pub fn pause(&self, now: i64) -> Answer<i64> {
        answer("TokenRing.pause", || self.0.pause(now))
    }

    /// What a route for the keys answers.
    #[napi]
    pub fn published(&self, now: i64) -> Answer<PublishedKeys> {
        answer("TokenRing.published", || {
            Ok(PublishedKeys(self.0.published(now)?))
        })
    }

    /// Six lines for each of its keys: id, state, and since when it is published and signs; when it signs and is published no more,
    /// which may be empty.
    #[napi]
    pub fn keys(&self, now: i64) -> Answer<String> {
        answer("TokenRing.keys", || {
            let mut text = String::new();
            for key in self.0.keys(now)? {
                line(&mut text, &key.id);
                line(&mut text, key.state);
                for at in [Some(key.announced), Some(key.active), key.ends, key.gone] {
                    line(&mut text, &at.map(|at| at.to_string()).unwrap_or_default());
                }
            }
            Ok(text)
        })
    }
}

#[napi]
impl PublishedKeys {
    /// One on a line: media type, entity tag, `cache-control`; after these the JSON text.
    #[napi]
    pub fn told(&self) -> Answer<String> {
        answer("PublishedKeys.told", || {
            let mut text = String::with_capacity(self.0.body().len() + 160);
            line(&mut text, self.0.content_type());
            line(&mut text, self.0.etag());
            line(&mut text, self.0.cache_control());
            text.push_str(self.0.body());
            Ok(text)
        })
    }

    /// Whether the client has it already, by its fields `if-none-match` with these values.
    #[napi]
    pub fn is_known(&self, joined: String) -> Answer<bool> {
        answer("PublishedKeys.isKnown", || {
            let values = values(&joined);
            Ok(self.0.is_known(values.iter().map(|value| &**value)))
        })
    }
}
