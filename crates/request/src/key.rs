//! Keys, and the snapshot of keys that a verifier is given.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use counterseal_core::{Code, KeyId, MacKey, Refusal, Secret, Time, WeakKey, hkdf_sha256, sha256};

use crate::codes::setup;

/// A signing key with what a verifier knows about it. It has no `Debug` and no `Clone`; share it by `Arc`.
///
/// One secret serves both sides, so whoever can verify can also sign.
pub struct Key {
    id: KeyId,
    mac: MacKey,
    /// Signs responses, so that no signature of a request is one of a response.
    response: MacKey,
    owner: [u8; 16],
    since: Time,
    until: Time,
    scope: Box<str>,
    revoked: bool,
}

/// A key that cannot be.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Two keys of a snapshot have the same id.
    Repeated {
        /// The id.
        id: KeyId,
    },
    /// The scope is longer than 256 bytes or not visible ASCII.
    Scope,
    /// The secret is shorter than 32 bytes.
    Weak(WeakKey),
}

/// Where a verifier finds keys. `find` does no I/O.
pub trait Keys {
    /// The key with this id, revoked and expired ones too.
    fn find(&self, id: &KeyId) -> Option<&Arc<Key>>;
}

/// A snapshot of keys.
///
/// Keep revoked keys in it until their requests have left the window, so that the audit log can say why.
#[derive(Clone, Default)]
pub struct KeySet(Vec<Arc<Key>>);

impl Key {
    /// A key that is valid at all times and has no scope.
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`] below 32 secret bytes. Generate them; never derive them from text.
    //= docs/spec/request.md#Q-14
    pub fn new(id: KeyId, secret: &Secret) -> Result<Self, KeyError> {
        let digest = sha256(&[b"counterseal/owner/1", id.as_bytes()]);
        Ok(Key {
            id,
            mac: MacKey::new(secret).map_err(KeyError::Weak)?,
            response: response_key(secret).map_err(KeyError::Weak)?,
            owner: *digest.first_chunk().expect("32 bytes have a first 16"),
            since: Time::EPOCH,
            until: Time::NEVER,
            scope: "".into(),
            revoked: false,
        })
    }

    /// The key with a time: valid from `since` on, and before `until`.
    ///
    /// State the true beginning. A replay store that began before `since` knows that this key has no
    /// past, and serves it without the wait of a cold start.
    #[must_use]
    pub fn valid(mut self, since: Time, until: Time) -> Self {
        (self.since, self.until) = (since, until);
        self
    }

    /// The key with a scope, which is handed on with each verified request and never interpreted here.
    ///
    /// # Errors
    ///
    /// [`KeyError::Scope`] when it is longer than 256 bytes or not visible ASCII.
    pub fn scoped(mut self, scope: &str) -> Result<Self, KeyError> {
        if scope.len() > MAX_SCOPE || !scope.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            return Err(KeyError::Scope);
        }
        self.scope = scope.into();
        Ok(self)
    }

    /// The key, revoked.
    #[must_use]
    pub fn revoked(mut self) -> Self {
        self.revoked = true;
        self
    }

    /// Its id.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// When it begins.
    pub const fn since(&self) -> Time {
        self.since
    }

    /// The first instant at which it is over.
    pub const fn until(&self) -> Time {
        self.until
    }

    /// Its scope.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether it was revoked.
    pub const fn is_revoked(&self) -> bool {
        self.revoked
    }

    pub(crate) const fn mac(&self) -> &MacKey {
        &self.mac
    }

    pub(crate) const fn response(&self) -> &MacKey {
        &self.response
    }

    pub(crate) const fn owner(&self) -> &[u8; 16] {
        &self.owner
    }
}

impl KeySet {
    /// The snapshot of these keys.
    ///
    /// # Errors
    ///
    /// [`KeyError::Repeated`] when two have the same id.
    //= docs/spec/request.md#Q-14
    pub fn new(keys: impl IntoIterator<Item = Arc<Key>>) -> Result<Self, KeyError> {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|key| key.id);
        match keys.windows(2).find(|pair| pair[0].id == pair[1].id) {
            Some(pair) => Err(KeyError::Repeated { id: pair[0].id }),
            None => Ok(KeySet(keys)),
        }
    }

    /// This snapshot with `key` in the place of the one with its id, if any.
    #[must_use]
    pub fn with(&self, key: Arc<Key>) -> Self {
        let mut keys = self.without(&key.id).0;
        let place = keys.partition_point(|other| other.id < key.id);
        keys.insert(place, key);
        KeySet(keys)
    }

    /// This snapshot without the key `id`.
    #[must_use]
    pub fn without(&self, id: &KeyId) -> Self {
        KeySet(self.0.iter().filter(|k| k.id != *id).cloned().collect())
    }

    /// The keys, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.0.iter()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Keys for KeySet {
    #[inline]
    fn find(&self, id: &KeyId) -> Option<&Arc<Key>> {
        let by_id = |key: &Arc<Key>| key.id.as_bytes().cmp(id.as_bytes());
        let place = self.0.binary_search_by(by_id).ok()?;
        Some(&self.0[place])
    }
}

impl KeyError {
    /// The codes of this enum; that of a weak key is core's.
    pub const CODES: &'static [Code] = &[setup::KEY_REPEATED, setup::KEY_SCOPE];
}

impl Refusal for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Repeated { .. } => setup::KEY_REPEATED,
            Self::Scope => setup::KEY_SCOPE,
            Self::Weak(weak) => weak.code(),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated { id } => write!(f, "{} ({id})", self.code().means),
            Self::Scope => f.write_str(self.code().means),
            Self::Weak(weak) => weak.fmt(f),
        }
    }
}

impl core::error::Error for KeyError {}

//= docs/spec/response.md#P-1
fn response_key(secret: &Secret) -> Result<MacKey, WeakKey> {
    MacKey::new(&hkdf_sha256::<32>(secret, b"", b"counterseal/v1/response"))
}

const MAX_SCOPE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn key(id: &str) -> Arc<Key> {
        let id = KeyId::parse(id).unwrap();
        Arc::new(Key::new(id, &Secret::new(vec![1; 32])).unwrap())
    }

    #[test]
    fn a_snapshot_finds_each_of_its_keys_and_no_other() {
        let set = KeySet::new([key("b"), key("a"), key("ab")]).unwrap();
        for id in ["a", "ab", "b"] {
            assert_eq!(set.find(key(id).id()).unwrap().id().as_str(), id);
        }
        assert!(set.find(key("aa").id()).is_none());
    }

    #[test]
    fn two_keys_with_one_id_are_refused() {
        assert!(matches!(
            KeySet::new([key("a"), key("a")]).err(),
            Some(KeyError::Repeated { .. })
        ));
    }

    #[test]
    fn replacing_and_removing_leave_the_other_keys() {
        let set = KeySet::new([key("a"), key("c")]).unwrap();
        let more = set.with(key("b")).with(key("b"));
        assert_eq!(more.len(), 3);
        assert!(more.find(key("b").id()).is_some());
        assert_eq!(more.without(key("a").id()).len(), 2);
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn a_scope_is_visible_ascii_of_at_most_256_bytes() {
        let fresh = || Key::new(KeyId::parse("a").unwrap(), &Secret::new(vec![1; 32])).unwrap();
        assert!(fresh().scoped(&"x".repeat(256)).is_ok());
        for bad in ["x".repeat(257).as_str(), "a\nb", "\u{202e}"] {
            assert!(matches!(fresh().scoped(bad).err(), Some(KeyError::Scope)));
        }
    }
}
