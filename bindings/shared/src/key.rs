//! Keys, and snapshots of them.

use std::sync::Arc;

use counterseal::core::{KeyId, Secret, Time};
use counterseal::request;

use crate::{MAX_ITEMS, Problem, check_len, time};

/// A signing key. Its secret does not come out again.
#[derive(Clone)]
pub struct Key(pub(crate) Arc<request::Key>);

/// What a key is made of, as the host gave it.
pub struct KeyMembers<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its secret: 32 bytes or more.
    pub secret: &'a [u8],
    /// When it begins, in milliseconds.
    pub since: i64,
    /// The first instant at which it is over, in milliseconds; none for a key without an end.
    pub until: Option<i64>,
    /// Its scope.
    pub scope: &'a str,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl Key {
    /// The key of these members.
    ///
    /// # Errors
    ///
    /// The code of the member that cannot be.
    pub fn new(members: &KeyMembers<'_>) -> Result<Self, Problem> {
        let since = time("since", members.since)?;
        let until = end(members.until)?;
        let id = KeyId::parse(members.id)?;
        let key = request::Key::new(id, &Secret::new(members.secret.into()))?;
        let key = key.valid(since, until).scoped(members.scope)?;
        Ok(Key(Arc::new(if members.revoked {
            key.revoked()
        } else {
            key
        })))
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.0.id().as_str()
    }

    /// When it begins, in milliseconds.
    pub fn since(&self) -> i64 {
        self.0.since().millis()
    }

    /// The first instant at which it is over, in milliseconds, if it ends.
    pub fn until(&self) -> Option<i64> {
        let until = self.0.until();
        (until != Time::NEVER).then_some(until.millis())
    }

    /// Its scope.
    pub fn scope(&self) -> &str {
        self.0.scope()
    }

    /// Whether it was revoked.
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked()
    }
}

/// The snapshot of these keys.
///
/// # Errors
///
/// `request_key_repeated`, or too many keys.
pub fn keys(keys: &[Key]) -> Result<Arc<request::KeySet>, Problem> {
    check_len("keys", keys.len(), 0, MAX_ITEMS)?;
    let keys = keys.iter().map(|key| Arc::clone(&key.0));
    Ok(Arc::new(request::KeySet::new(keys)?))
}

/// The end that a host gave.
pub(crate) fn end(until: Option<i64>) -> Result<Time, Problem> {
    Ok(match until {
        Some(ms) => time("until", ms)?,
        None => Time::NEVER,
    })
}
