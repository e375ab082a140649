//! What decisions end in, as plain data.

use std::borrow::Cow;
use std::sync::Arc;

use counterseal::core::Time;
use counterseal::request;

use crate::response::{fields_of, status_of};
use crate::{
    Admitted, EndedSessions, Key, LiveToken, Problem, Received, Refreshed, Session, SignedFields,
    time,
};

/// What a decision of any room ended in.
#[non_exhaustive]
pub enum Verdict {
    /// Someone is within a limit.
    Admitted(Admitted),
    /// So many were ended.
    Count(u32),
    /// A change was made.
    Done,
    /// Which sessions have ended.
    Ended(Box<EndedSessions>),
    /// What was compared, as text for people.
    Explained(String),
    /// A key was loaded.
    Key(Key),
    /// A token may act.
    Live(LiveToken),
    /// A message was received.
    Received(Received),
    /// A session has begun, or goes on.
    Refreshed(Box<Refreshed>),
    /// A session, as it is now.
    Session(Box<Session>),
    /// Sessions.
    Sessions(Vec<Session>),
    /// A request was accepted.
    Verified(Verified),
    /// New tokens of a subject are issued at this version.
    Version(i64),
}

/// A request that was accepted: signed by a known key, in time, with this content, for the first time.
#[derive(Clone)]
pub struct Verified {
    proof: Arc<request::Verified>,
    at: Time,
}

impl Verified {
    pub(crate) fn new(proof: request::Verified, at: Time) -> Self {
        Verified {
            proof: Arc::new(proof),
            at,
        }
    }

    /// The key that signed it.
    pub fn key_id(&self) -> &str {
        self.proof.key_id().as_str()
    }

    /// The key's scope.
    pub fn scope(&self) -> &str {
        self.proof.scope()
    }

    /// The signed time, in milliseconds.
    pub fn created(&self) -> i64 {
        self.proof.created().millis()
    }

    /// The signed end, in milliseconds.
    pub fn expires(&self) -> i64 {
        self.proof.expires().millis()
    }

    /// The nonce.
    pub fn nonce(&self) -> &[u8; 16] {
        self.proof.nonce()
    }

    /// Names and values of what was covered, in signing order.
    pub fn covered(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        self.proof.covered()
    }

    /// The value of one covered component.
    pub fn component(&self, name: &str) -> Option<&str> {
        self.proof.component(name)
    }

    /// The fields that sign a response to the request, with this status and content, at `now`.
    ///
    /// # Errors
    ///
    /// `response_sign_status`, `response_sign_foreign`, or the code of an argument that cannot be.
    pub fn sign_response(
        &self,
        status: i64,
        body: &[u8],
        now: i64,
    ) -> Result<SignedFields, Problem> {
        let (now, status) = (time("now", now)?, status_of(status)?);
        Ok(fields_of(&self.proof.sign_response(status, body, now)?))
    }

    /// The acceptance as one line of JSON for the audit log.
    pub fn event(&self) -> String {
        self.proof.event(self.at).to_string()
    }
}
