//! Sessions, as plain data.

use counterseal::core::Time;
use counterseal::refresh::{self, Bound};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    id: String,
    of: refresh::Session,
}

impl Session {
    pub(crate) fn new(of: refresh::Session) -> Self {
        let id = of.id.to_string();
        Session { id, of }
    }

    /// Its id: the `sid` of its access tokens.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose subject.
    pub fn tenant(&self) -> &str {
        &self.of.tenant
    }

    /// Whose it is.
    pub fn subject(&self) -> &str {
        &self.of.subject
    }

    /// The subject's version when it began; its access tokens carry it.
    pub const fn user_ver(&self) -> i64 {
        self.of.user_ver
    }

    /// Which client's.
    pub fn client(&self) -> &str {
        &self.of.client
    }

    /// What its holder calls the device.
    pub fn device(&self) -> &str {
        &self.of.device
    }

    /// What it grants.
    pub fn access(&self) -> &str {
        &self.of.access
    }

    /// What it is bound to: `device`, `key` or nothing.
    pub fn bound_by(&self) -> Option<&'static str> {
        self.of.bound.map(|bound| match bound {
            Bound::Device(_) => "device",
            Bound::Key(_) => "key",
        })
    }

    /// How many refresh tokens came before the newest; its access tokens carry it.
    pub const fn generation(&self) -> u32 {
        self.of.generation
    }

    /// When it began, in milliseconds.
    pub const fn began(&self) -> i64 {
        self.of.began.millis()
    }

    /// When its newest token was made, in milliseconds.
    pub const fn used(&self) -> i64 {
        self.of.used.millis()
    }

    /// When it is over unless it is used, in milliseconds.
    pub const fn idle_end(&self) -> i64 {
        self.of.idle_end.millis()
    }

    /// When it is over, in milliseconds.
    pub const fn absolute_end(&self) -> i64 {
        self.of.absolute_end.millis()
    }

    /// How it ended, if it did before.
    pub fn ended_by(&self) -> Option<&'static str> {
        self.of.ended.map(|(end, _)| end.name())
    }

    /// When it did, in milliseconds.
    pub fn ended(&self) -> Option<i64> {
        self.of.ended.map(|(_, at)| Time::millis(at))
    }
}
