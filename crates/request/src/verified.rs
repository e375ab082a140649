//! A request that waits for its claim, and the proof that it was accepted.

use alloc::{borrow::Cow, sync::Arc, vec::Vec};
use core::fmt;

use counterseal_core::{
    AuditEvent, Claim, Claimed, KeyId, Space, Span, Step, Time, Unavailable, sha256,
};

use crate::digest::DigestAlgorithm;
use crate::presented::Parameters;
use crate::read::Signed;
use crate::response::{Exchange, Says};
use crate::{Key, RequestError, ResponseError, SignedResponse};

/// A request whose signature, window and content hold; its nonce is not claimed yet.
#[must_use = "a pending request is not verified until `finish`"]
pub struct PendingRequest {
    base: Vec<u8>,
    /// How much of the base are lines of components.
    lines: usize,
    key: Arc<Key>,
    mac: [u8; 32],
    /// The digest of a response; none where the client can expect no signed one.
    answer: Option<DigestAlgorithm>,
    retain: Span,
    parameters: Parameters,
}

/// A request that was signed by a known key, in time, with this content, for the first time.
///
/// It is born in [`PendingRequest::finish`] only. It hands on what was covered: read method, path
/// and fields from here, and trust nothing else of the message.
///
/// ```compile_fail
/// let forged = counterseal_request::Verified { };
/// ```
pub struct Verified {
    base: Vec<u8>,
    lines: usize,
    key: Arc<Key>,
    mac: [u8; 32],
    /// The digest of a response; none where the client can expect no signed one.
    answer: Option<DigestAlgorithm>,
    parameters: Parameters,
}

impl PendingRequest {
    /// The space of this room's claims.
    pub const SPACE: Space = Space::new("request");

    /// What was read, signed by `key`.
    pub(crate) fn new(signed: Signed, key: &Arc<Key>, retain: Span) -> Self {
        PendingRequest {
            base: signed.base,
            lines: signed.lines,
            key: Arc::clone(key),
            mac: signed.mac,
            answer: signed.answer,
            retain,
            parameters: signed.parameters,
        }
    }

    /// The key that signed it. The request is not accepted yet.
    pub const fn key_id(&self) -> &KeyId {
        &self.parameters.key_id
    }

    /// The claim: this key, this time, this nonce, once.
    //= docs/spec/request.md#Q-11
    pub fn claim(&self) -> Claim {
        let Parameters { created, nonce, .. } = self.parameters;
        let born = created.millis().to_be_bytes();
        let owner = self.key.owner();
        let key = sha256(&[b"cs-claim/1", owner, &born, &nonce]);
        Claim {
            space: Self::SPACE,
            owner: u64::from_be_bytes(*owner.first_chunk().expect("16 bytes have 8")),
            key: *key.first_chunk().expect("32 bytes have 16"),
            since: self.key.since(),
            born: created,
            until: created.plus(self.retain),
        }
    }

    /// Turns the store's answer, or its silence, into the decision.
    ///
    /// # Errors
    ///
    /// [`RequestError`] unless the store answered [`Claimed::Fresh`].
    //= docs/spec/request.md#Q-11
    pub fn finish(self, reply: Result<Claimed, Unavailable>) -> Result<Verified, RequestError> {
        let Parameters {
            key_id: key,
            created,
            ..
        } = self.parameters;
        match reply {
            Ok(Claimed::Fresh) => Ok(Verified {
                base: self.base,
                lines: self.lines,
                key: self.key,
                mac: self.mac,
                answer: self.answer,
                parameters: self.parameters,
            }),
            Ok(Claimed::Held) => Err(RequestError::Replayed { key, created }),
            Ok(Claimed::Stale) => Err(RequestError::StoreWarming { key, created }),
            Ok(Claimed::Full) => Err(RequestError::StoreFull),
            Ok(Claimed::OwnerFull) => Err(RequestError::Limited { key }),
            Err(Unavailable) => Err(RequestError::StoreUnavailable),
        }
    }
}

impl counterseal_core::Pending for PendingRequest {
    type Op = Claim;
    type Outcome = Result<Verified, RequestError>;

    fn op(&self) -> Claim {
        self.claim()
    }

    fn finish(self, reply: Result<Claimed, Unavailable>) -> Step<Self> {
        Step::Done(self.finish(reply))
    }
}

impl Verified {
    /// The key that signed it.
    pub const fn key_id(&self) -> &KeyId {
        &self.parameters.key_id
    }

    /// The key's scope.
    pub fn scope(&self) -> &str {
        self.key.scope()
    }

    /// The signed time.
    pub const fn created(&self) -> Time {
        self.parameters.created
    }

    /// The signed end.
    pub const fn expires(&self) -> Time {
        self.parameters.expires
    }

    /// The nonce, which this key will not be served again with this time. Under a
    /// [`ForeignPolicy`](crate::ForeignPolicy) it is made of the MAC, which is what is served once there.
    pub const fn nonce(&self) -> &[u8; 16] {
        &self.parameters.nonce
    }

    /// What was covered: names and values, in signing order. A parameter is part of the name:
    /// `@query-param;name="page"`.
    pub fn covered(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        let lines = core::str::from_utf8(&self.base[..self.lines]);
        let lines = lines.expect("each part was checked to be ASCII").lines();
        lines.filter_map(named)
    }

    /// The value of one covered component, for example `@path` or `idempotency-key`.
    pub fn component(&self, name: &str) -> Option<&str> {
        self.covered().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// Signs a response to this request, with this content, at `now`.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Status`] when it is not one of a final response; [`ResponseError::Foreign`] when the request was
    /// read under a [`ForeignPolicy`](crate::ForeignPolicy).
    pub fn sign_response(
        &self,
        status: u16,
        body: &[u8],
        now: Time,
    ) -> Result<SignedResponse, ResponseError> {
        let digest = self.answer.ok_or(ResponseError::Foreign)?;
        let part = |name| self.component(name).unwrap_or_default();
        let exchange = Exchange {
            key: &self.key,
            method: part("@method"),
            path: part("@path"),
            query: part("@query"),
            mac: &self.mac,
        };
        exchange.sign(Says::Answer, status, digest.of(body).as_bytes(), now)
    }

    /// The acceptance as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        AuditEvent::accepted("request_accepted", *self.key_id(), now)
    }
}

impl fmt::Debug for Verified {
    /// Without the covered values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("key_id", self.key_id())
            .field("created", &self.created())
            .finish_non_exhaustive()
    }
}

/// Name and value of a line of the base.
fn named(line: &str) -> Option<(Cow<'_, str>, &str)> {
    let (name, rest) = line.strip_prefix('"')?.split_once('"')?;
    if let Some(value) = rest.strip_prefix(": ") {
        return Some((name.into(), value));
    }
    let (parameters, value) = rest.split_once(": ")?;
    Some(([name, parameters].concat().into(), value))
}
