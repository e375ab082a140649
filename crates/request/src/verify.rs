//! Verifying: pure checks, one claim, and the proof.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use counterseal_core::{
    AuditEvent, Claim, Claimed, KeyId, Secret, Space, Span, Step, Time, Unavailable, sha256,
};

use crate::base::Components;
use crate::message::{Found, within};
use crate::policy::{Audience, Policy};
use crate::presented::{Parameters, Presented};
use crate::{Key, Keys, Request, RequestError};

/// Verifies requests under one policy.
pub struct Verifier {
    policy: Policy,
    /// Stands in for unknown keys, so that they cost as much time as known ones.
    nobody: Key,
}

/// A request whose signature, window and content hold; its nonce is not claimed yet.
#[must_use = "a pending request is not verified until `finish`"]
pub struct PendingRequest {
    base: Vec<u8>,
    /// How much of the base are lines of components.
    lines: usize,
    key: KeyId,
    scope: Arc<str>,
    owner: [u8; 16],
    since: Time,
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
    key: KeyId,
    scope: Arc<str>,
    parameters: Parameters,
}

impl Verifier {
    /// A verifier of this policy.
    pub fn new(policy: Policy) -> Self {
        let nobody = KeyId::parse("nobody").expect("a key id");
        Verifier {
            policy,
            nobody: Key::new(nobody, &Secret::new(vec![0; 32])).expect("32 bytes"),
        }
    }

    /// The policy.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Everything but the replay check: sizes, grammar, profile, key, MAC, window, content.
    ///
    /// # Errors
    ///
    /// The first rule that fails. Nothing was written anywhere.
    pub fn begin(
        &self,
        request: &Request<'_>,
        keys: &impl Keys,
        now: Time,
    ) -> Result<PendingRequest, RequestError> {
        let presented = self.check_profile(request)?;
        let (base, parameters) = self.base(request, &presented)?;
        let key = self.authenticate(&base.text, &presented, &parameters, keys, now)?;
        self.check_window(&parameters, now)?;
        self.check_content(request, key)?;
        Ok(PendingRequest {
            lines: base.lines,
            base: base.text,
            key: *key.id(),
            scope: key.shared_scope(),
            owner: *key.owner(),
            since: key.since(),
            retain: self.policy.retain,
            parameters,
        })
    }

    /// The key that the request says it was signed with: enough to load the key, nothing to trust.
    pub fn claimed_key(&self, request: &Request<'_>) -> Option<KeyId> {
        Presented::find(request).ok()?.claimed_key_id()
    }

    /// Sizes and grammar of the message, and its one signature of this profile.
    pub(crate) fn check_profile<'a>(
        &self,
        request: &Request<'a>,
    ) -> Result<Presented<'a>, RequestError> {
        request.check()?;
        within("content", request.body.len(), self.policy.body_limit)?;
        Presented::find(request)
    }

    /// The components of the request as this policy wants them.
    pub(crate) fn components<'a>(
        &'a self,
        request: &Request<'a>,
    ) -> Result<Components<'a>, RequestError> {
        let profile = &self.policy.profile;
        let authority = match profile.audience {
            Audience::Authority => request.bare_authority(),
            Audience::Field => request.audience_field()?,
        };
        let authority = self.policy.authority(authority.as_bytes());
        let authority = authority.ok_or(RequestError::AuthorityUnknown)?;
        request.check_content_encoding(profile)?;
        let digest = self.digest(request)?;
        Components::of(request, profile, authority, digest)
    }

    fn digest<'a>(&self, request: &Request<'a>) -> Result<Option<&'a [u8]>, RequestError> {
        match request.field("content-digest")? {
            Found::Once(value) if self.policy.profile.digest.is_wellformed(value) => {
                Ok(Some(value))
            }
            Found::Once(_) => Err(RequestError::DigestInvalid),
            Found::Nowhere if request.needs_digest() => Err(RequestError::DigestMissing),
            Found::Nowhere => Ok(None),
        }
    }

    fn base(
        &self,
        request: &Request<'_>,
        presented: &Presented<'_>,
    ) -> Result<(Covered, Parameters), RequestError> {
        let base = self.components(request)?.base()?;
        let parameters = presented.parameters(&base.text[base.list_at..])?;
        let mut text = base.text;
        // The base ends in the parameters as received (RFC 9421 section 2.5).
        text.truncate(base.list_at);
        text.extend_from_slice(presented.raw);
        let lines = base.list_at - PARAMS_NAME.len();
        Ok((Covered { text, lines }, parameters))
    }

    /// The key that made the MAC.
    ///
    /// The MAC is computed for unknown, expired and revoked keys alike, and they get one public answer.
    //= docs/spec/request.md#Q-8
    fn authenticate<'k>(
        &self,
        base: &[u8],
        presented: &Presented<'_>,
        parameters: &Parameters,
        keys: &'k impl Keys,
        now: Time,
    ) -> Result<&'k Key, RequestError> {
        let found = keys.find(&parameters.key_id);
        let tried = found.map_or(&self.nobody, |key| key);
        let checked = tried.mac().verify(base, &presented.mac);
        let key = &**found.ok_or(RequestError::KeyUnknown)?;
        let id = *key.id();
        if checked.is_err() {
            return Err(RequestError::MacMismatch { key: id });
        }
        if key.is_revoked() {
            return Err(RequestError::KeyRevoked { key: id });
        }
        let (since, until) = (key.since(), key.until());
        if now < since {
            return Err(RequestError::KeyNotYetValid {
                key: id,
                since,
                now,
            });
        }
        if now >= until {
            return Err(RequestError::KeyExpired {
                key: id,
                until,
                now,
            });
        }
        Ok(key)
    }

    //= docs/spec/request.md#Q-9
    fn check_window(&self, parameters: &Parameters, now: Time) -> Result<(), RequestError> {
        let Parameters {
            created,
            expires,
            key_id: key,
            ..
        } = *parameters;
        if created < now.minus(self.policy.past) || created > now.plus(self.policy.future) {
            return Err(RequestError::OutsideWindow { key, created, now });
        }
        if expires < now {
            return Err(RequestError::Expired { key, expires, now });
        }
        Ok(())
    }

    /// The content against its digest, before the nonce is claimed: a changed body burns no nonce.
    //= docs/spec/request.md#Q-10
    fn check_content(&self, request: &Request<'_>, key: &Key) -> Result<(), RequestError> {
        let Found::Once(signed) = request.field("content-digest")? else {
            return Ok(());
        };
        if self.policy.profile.digest.of(request.body).as_bytes() == signed {
            return Ok(());
        }
        Err(RequestError::BodyMismatch { key: *key.id() })
    }
}

impl PendingRequest {
    /// The space of this room's claims.
    pub const SPACE: Space = Space::new("request");

    /// The key that signed it. The request is not accepted yet.
    pub const fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// The claim: this key, this time, this nonce, once.
    //= docs/spec/request.md#Q-11
    pub fn claim(&self) -> Claim {
        let Parameters { created, nonce, .. } = self.parameters;
        let born = created.millis().to_be_bytes();
        let key = sha256(&[b"cs-claim/1", &self.owner, &born, &nonce]);
        Claim {
            space: Self::SPACE,
            owner: u64::from_be_bytes(*self.owner.first_chunk().expect("16 bytes have 8")),
            key: *key.first_chunk().expect("32 bytes have 16"),
            since: self.since,
            born: created,
            until: created.plus(self.retain),
        }
    }

    /// Turns the store's answer, or its silence, into the decision.
    ///
    /// # Errors
    ///
    /// [`RequestError`] unless the store answered [`Claimed::Fresh`].
    pub fn finish(self, reply: Result<Claimed, Unavailable>) -> Result<Verified, RequestError> {
        let key = self.key;
        let created = self.parameters.created;
        match reply {
            Ok(Claimed::Fresh) => Ok(Verified {
                base: self.base,
                lines: self.lines,
                key,
                scope: self.scope,
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
        &self.key
    }

    /// The key's scope.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The signed time.
    pub const fn created(&self) -> Time {
        self.parameters.created
    }

    /// The signed end.
    pub const fn expires(&self) -> Time {
        self.parameters.expires
    }

    /// The nonce, which this key will not be served again with this time.
    pub const fn nonce(&self) -> &[u8; 16] {
        &self.parameters.nonce
    }

    /// What was covered: names and values, in signing order.
    pub fn covered(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = core::str::from_utf8(&self.base[..self.lines]);
        let lines = lines.expect("each part was checked to be ASCII").lines();
        lines.filter_map(|line| line.strip_prefix('"')?.split_once("\": "))
    }

    /// The value of one covered component, for example `@path` or `idempotency-key`.
    pub fn component(&self, name: &str) -> Option<&str> {
        self.covered().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// The acceptance as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        AuditEvent::accepted("request_accepted", self.key, now)
    }
}

impl fmt::Debug for Verified {
    /// Without the covered values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("key_id", &self.key)
            .field("created", &self.created())
            .finish_non_exhaustive()
    }
}

/// The base of a request, and how much of it are lines of components.
struct Covered {
    text: Vec<u8>,
    lines: usize,
}

/// What stands before the component list in the last line of a base.
pub(crate) const PARAMS_NAME: &str = "\"@signature-params\": ";
