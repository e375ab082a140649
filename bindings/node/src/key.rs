//! Keys.

use counterseal_shared::{self as shared, KeyMembers};
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::answer::{Answer, answer};

/// A signing key. Its secret does not come out again.
#[napi]
pub struct Key(pub(crate) shared::Key);

/// What a key is made of, but for its id and its secret.
#[napi(object, object_to_js = false)]
pub struct KeyOptions {
    /// When it begins, in milliseconds.
    pub since: i64,
    /// The first instant at which it is over, in milliseconds.
    pub until: Option<i64>,
    /// Its scope.
    pub scope: String,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What a key shows of itself.
#[napi(object, object_from_js = false)]
pub struct KeyFacts {
    /// Its id.
    pub id: String,
    /// When it begins, in milliseconds.
    pub since: i64,
    /// The first instant at which it is over, in milliseconds.
    pub until: Option<i64>,
    /// Its scope.
    pub scope: String,
    /// Whether it was revoked.
    pub revoked: bool,
}

#[napi]
impl Key {
    /// The key of these members.
    #[napi]
    pub fn create(id: String, secret: &[u8], options: KeyOptions) -> Answer<Key> {
        answer("Key.create", || {
            Ok(Key(shared::Key::new(&options.members(&id, secret))?))
        })
    }

    /// All but the secret.
    #[napi]
    pub fn facts(&self) -> Answer<KeyFacts> {
        answer("Key.facts", || {
            Ok(KeyFacts {
                id: self.0.id().into(),
                since: self.0.since(),
                until: self.0.until(),
                scope: self.0.scope().into(),
                revoked: self.0.is_revoked(),
            })
        })
    }
}

impl KeyOptions {
    pub(crate) fn members<'a>(&'a self, id: &'a str, secret: &'a [u8]) -> KeyMembers<'a> {
        KeyMembers {
            id,
            secret,
            since: self.since,
            until: self.until,
            scope: &self.scope,
            revoked: self.revoked,
        }
    }
}

/// The keys that these objects hold.
pub(crate) fn keys(objects: &[ClassInstance<'_, Key>]) -> Vec<shared::Key> {
    objects.iter().map(|key| key.0.clone()).collect()
}
