//! Verifying: pure checks, one claim, and the proof.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use counterseal_core::{
    AuditEvent, Claim, Claimed, KeyId, Secret, Space, Span, Step, Time, Unavailable, sha256,
};

use crate::base::Base;
use crate::digest::{ContentDigest, DigestAlgorithm};
use crate::message::{Found, within};
use crate::policy::{Audience, Policy};
use crate::presented::{Parameters, Presented};
use crate::response::Exchange;
use crate::{Key, Keys, Request, RequestError, ResponseError, SignedResponse};

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
    key: Arc<Key>,
    mac: [u8; 32],
    digest: DigestAlgorithm,
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
    digest: DigestAlgorithm,
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
        let signed = match self.quick(request) {
            Some(signed) => signed,
            None => self.careful(request)?,
        };
        let key = self.authenticate(&signed, keys, now)?;
        self.check_window(&signed.parameters, now)?;
        check_content(request, &signed)?;
        Ok(PendingRequest {
            lines: signed.lines,
            base: signed.base,
            key: Arc::clone(key),
            mac: signed.mac,
            digest: self.policy.profile.digest,
            retain: self.policy.retain,
            parameters: signed.parameters,
        })
    }

    /// The key that the request says it was signed with: enough to load the key, nothing to trust.
    pub fn claimed_key(&self, request: &Request<'_>) -> Option<KeyId> {
        Presented::find(request).ok()?.claimed_key_id()
    }

    /// The rules of the message, in their order: sizes, grammar, profile.
    fn careful(&self, request: &Request<'_>) -> Result<Signed, RequestError> {
        let presented = self.check_message(request)?;
        self.signed(request, &presented)
    }

    /// The same for the usual message, or none when any rule fails: then [`Verifier::careful`] says which.
    fn quick(&self, request: &Request<'_>) -> Option<Signed> {
        self.check_sizes(request).ok()?;
        let presented = Presented::alone(request)?;
        self.signed(request, &presented).ok()
    }

    fn check_sizes(&self, request: &Request<'_>) -> Result<(), RequestError> {
        request.check()?;
        within("content", request.body.len(), self.policy.body_limit)
    }

    /// Sizes and grammar of the message, and its one signature of this profile.
    pub(crate) fn check_message<'a>(
        &self,
        request: &Request<'a>,
    ) -> Result<Presented<'a>, RequestError> {
        self.check_sizes(request)?;
        Presented::find(request)
    }

    /// The base of the request as this policy wants it, without parameters, and its digest.
    pub(crate) fn base(
        &self,
        request: &Request<'_>,
    ) -> Result<(Base, Option<ContentDigest>), RequestError> {
        let profile = &self.policy.profile;
        let served = match profile.audience {
            Audience::Authority => self.policy.authority(request.bare_authority()),
            Audience::Field => self.policy.audience(request.audience_field()?),
        };
        let authority = served.ok_or(RequestError::AuthorityUnknown)?;
        request.check_content_encoding(profile)?;
        let Found::Once(value) = request.field("content-digest")? else {
            if request.needs_digest() {
                return Err(RequestError::DigestMissing);
            }
            return Ok((Base::of(request, profile, authority, None)?, None));
        };
        let digest = profile.digest.parse(value);
        let digest = digest.ok_or(RequestError::DigestInvalid)?;
        let base = Base::of(request, profile, authority, Some(value))?;
        Ok((base, Some(digest)))
    }

    /// The list is the verifier's own; the received one is compared with it.
    //= docs/spec/request.md#Q-3
    fn signed(
        &self,
        request: &Request<'_>,
        presented: &Presented<'_>,
    ) -> Result<Signed, RequestError> {
        let (base, digest) = self.base(request)?;
        let list = &base.text[base.list_at..];
        let parameters = presented.parameters(list)?;
        let rest = &presented.raw[list.len()..];
        let lines = base.lines();
        let mut text = base.text;
        // The base ends in the parameters as received (RFC 9421 section 2.5).
        text.extend_from_slice(rest);
        Ok(Signed {
            base: text,
            lines,
            mac: presented.mac,
            parameters,
            digest,
        })
    }

    /// The key that made the MAC.
    ///
    /// The MAC is computed for unknown, expired and revoked keys alike, and they get one public answer.
    //= docs/spec/request.md#Q-8
    fn authenticate<'k>(
        &self,
        signed: &Signed,
        keys: &'k impl Keys,
        now: Time,
    ) -> Result<&'k Arc<Key>, RequestError> {
        let found = keys.find(&signed.parameters.key_id);
        let tried = found.map_or(&self.nobody, |key| key);
        let checked = tried.mac().verify(&signed.base, &signed.mac);
        let key = found.ok_or(RequestError::KeyUnknown)?;
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
}

impl PendingRequest {
    /// The space of this room's claims.
    pub const SPACE: Space = Space::new("request");

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
                digest: self.digest,
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

    /// The nonce, which this key will not be served again with this time.
    pub const fn nonce(&self) -> &[u8; 16] {
        &self.parameters.nonce
    }

    /// What was covered: names and values, in signing order.
    pub fn covered(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = core::str::from_utf8(&self.base[..self.lines]);
        let lines = lines.expect("each part was checked to be ASCII").lines();
        lines.filter_map(|line| {
            let (name, rest) = line.strip_prefix('"')?.split_once('"')?;
            Some((name, rest.strip_prefix(": ")?))
        })
    }

    /// The value of one covered component, for example `@path` or `idempotency-key`.
    pub fn component(&self, name: &str) -> Option<&str> {
        self.covered().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// Signs a response to this request, with this content, at `now`.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Status`] when it is not one of a final response.
    pub fn sign_response(
        &self,
        status: u16,
        body: &[u8],
        now: Time,
    ) -> Result<SignedResponse, ResponseError> {
        let part = |name| self.component(name).unwrap_or_default();
        let exchange = Exchange {
            key: &self.key,
            method: part("@method"),
            path: part("@path"),
            query: part("@query"),
            mac: &self.mac,
        };
        exchange.sign(status, self.digest.of(body).as_bytes(), now)
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

/// A message that keeps the profile; its MAC is not checked yet.
struct Signed {
    base: Vec<u8>,
    /// How much of the base are lines of components.
    lines: usize,
    mac: [u8; 32],
    parameters: Parameters,
    digest: Option<ContentDigest>,
}

/// The content against its digest, before the nonce is claimed: a changed body burns no nonce.
//= docs/spec/request.md#Q-10
fn check_content(request: &Request<'_>, signed: &Signed) -> Result<(), RequestError> {
    match &signed.digest {
        Some(digest) if !digest.matches(request.body) => Err(RequestError::BodyMismatch {
            key: signed.parameters.key_id,
        }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scheme, Signer};
    use alloc::string::String;
    use proptest::prelude::*;

    const NOW: Time = Time::from_seconds(1_800_000_000);

    /// What both readers of a request with these two fields say.
    fn both(input: &str, signature: &str) -> (Option<Signed>, Result<Signed, RequestError>) {
        let headers = [
            ("signature-input", input.as_bytes()),
            ("signature", signature.as_bytes()),
        ];
        let verifier = Verifier::new(Policy::for_authority("a").expect("a policy"));
        let request = request(&headers);
        (verifier.quick(&request), verifier.careful(&request))
    }

    fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
        Request {
            method: "GET",
            scheme: Scheme::Https,
            authority: "a",
            path: b"/",
            query: b"",
            headers,
            body: b"",
        }
    }

    fn signed_fields() -> (String, String) {
        let id = KeyId::parse("k").expect("a key id");
        let key = Arc::new(Key::new(id, &Secret::new(vec![7; 32])).expect("32 bytes"));
        let signer = Signer::new(key, crate::Profile::default());
        let seed = counterseal_core::Seed::new([5; 16]);
        let fields = signer.sign(&request(&[]), NOW, &seed).expect("signed");
        (fields.signature_input().into(), fields.signature().into())
    }

    /// `text` with one piece replaced.
    fn spliced(text: &str, at: usize, len: usize, piece: &str) -> String {
        let at = at % (text.len() + 1);
        let end = (at + len).min(text.len());
        [&text[..at], piece, &text[end..]].concat()
    }

    #[test]
    fn the_usual_request_takes_the_quick_way() {
        let (input, signature) = signed_fields();
        assert!(both(&input, &signature).0.is_some());
    }

    proptest! {
        #[test]
        fn what_the_quick_way_takes_the_careful_way_takes_alike(
            at in any::<usize>(), len in 0usize..4, piece in "[ -~]{0,3}", of_input in any::<bool>(),
        ) {
            let (mut input, mut signature) = signed_fields();
            if of_input { input = spliced(&input, at, len, &piece); } else { signature = spliced(&signature, at, len, &piece); }
            if let (Some(quick), careful) = both(&input, &signature) {
                let careful = careful.expect("the careful way takes it too");
                prop_assert_eq!(quick.base, careful.base);
                prop_assert_eq!(quick.mac, careful.mac);
                prop_assert_eq!(quick.parameters.created, careful.parameters.created);
            }
        }
    }
}
