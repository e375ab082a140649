//! Verifying: pure checks, in their order, up to the claim.

use alloc::{sync::Arc, vec};

use counterseal_core::{KeyId, Secret, Span, Time};

use crate::content::PendingContent;
use crate::foreign::ForeignPolicy;
use crate::policy::{Bounds, Policy};
use crate::presented::{Chosen, Parameters, Presented};
use crate::read::Signed;
use crate::response::{Exchange, Says};
use crate::{Key, Keys, PendingRequest, Request, RequestError, SignedResponse};

/// Verifies requests under one policy.
pub struct Verifier {
    pub(crate) reads: Reads,
    /// Stands in for unknown keys, so that they cost as much time as known ones.
    nobody: Key,
}

/// What a verifier reads.
pub(crate) enum Reads {
    /// The strict profile.
    Own(Policy),
    /// Signatures of others.
    Foreign(ForeignPolicy),
}

impl Verifier {
    /// A verifier of this policy: of the strict profile, and of nothing else.
    pub fn new(policy: Policy) -> Self {
        Verifier::of(Reads::Own(policy))
    }

    /// A verifier of signatures that others make, and of nothing else.
    pub fn foreign(policy: ForeignPolicy) -> Self {
        Verifier::of(Reads::Foreign(policy))
    }

    fn of(reads: Reads) -> Self {
        let nobody = KeyId::parse("nobody").expect("a key id");
        Verifier {
            reads,
            nobody: Key::new(nobody, &Secret::new(vec![0; 32])).expect("32 bytes"),
        }
    }

    /// The most bytes of content; an adapter stops reading there.
    pub const fn body_limit(&self) -> usize {
        self.reads.bounds().body_limit
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
        let signed = self.reads.read(request, request.body.len())?;
        let key = self.authenticate(&signed, keys, now)?;
        self.check_window(&signed.parameters, now)?;
        check_content(request, &signed)?;
        Ok(PendingRequest::new(signed, key, self.reads.bounds().retain))
    }

    /// The same for a request whose content is still to come, so that forgeries are refused before any of it is read,
    /// and none needs to be held. The request's own `body` is not looked at.
    ///
    /// What is accepted is the same. So is what is refused, where the fields announce the content: without
    /// `Content-Length` and `Transfer-Encoding`, as in HTTP/2, a rule about content is told after the others.
    ///
    /// # Errors
    ///
    /// The first rule that fails. Nothing was written anywhere.
    pub fn begin_content(
        &self,
        request: &Request<'_>,
        keys: &impl Keys,
        now: Time,
    ) -> Result<PendingContent, RequestError> {
        let mut signed = self.reads.read(request, request.announced())?;
        let key = self.authenticate(&signed, keys, now)?;
        self.check_window(&signed.parameters, now)?;
        let digest = signed.digest.take();
        let pending = PendingRequest::new(signed, key, self.reads.bounds().retain);
        Ok(PendingContent::new(
            pending,
            digest,
            self.body_limit(),
            self.reads.takes_uncovered(),
        ))
    }

    /// The key that the request says it was signed with: enough to load the key, nothing to trust.
    pub fn claimed_key(&self, request: &Request<'_>) -> Option<KeyId> {
        let presented = Presented::find(request, self.reads.chosen()).ok()?;
        presented.claimed_key_id()
    }

    /// Signs the refusal of a request that is genuine and outside of its window, so that its client can learn this
    /// clock (see [`Sent::clock`](crate::Sent::clock)); none for any other request. `status` and `body` are those of
    /// the refusal; the request's own content may be left out.
    ///
    /// It also tells whether the request is over for good: for 10 s or more no verifier of the service took it, if their
    /// clocks agree within 5 s, so whoever sent it within the last 5 s may sign it anew.
    //= docs/spec/response.md#P-5
    pub fn sign_refusal(
        &self,
        request: &Request<'_>,
        keys: &impl Keys,
        now: Time,
        status: u16,
        body: &[u8],
    ) -> Option<SignedResponse> {
        let len = request.body.len().max(request.announced());
        let signed = self.reads.read(request, len).ok()?;
        let digest = signed.answer?.of(body);
        let key = self.authenticate(&signed, keys, now).ok()?;
        let says = self.says(&signed.parameters, now)?;
        let text = |bytes| core::str::from_utf8(bytes).expect("it was checked to be ASCII");
        let exchange = Exchange {
            key,
            method: request.method,
            path: text(request.path),
            query: &["?", text(request.query)].concat(),
            mac: &signed.mac,
        };
        exchange.sign(says, status, digest.as_bytes(), now).ok()
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

    /// What there is to say of a request outside of its window.
    //= docs/spec/response.md#P-5
    fn says(&self, parameters: &Parameters, now: Time) -> Option<Says> {
        self.check_window(parameters, now).err()?;
        // Another verifier of the service may allow more than this one, in the midst of a change.
        let served_until = parameters.created.plus(MAX_PAST);
        let served_until = served_until.min(parameters.expires);
        let is_over = now.since(served_until) > UNSERVED;
        Some(if is_over { Says::Over } else { Says::Clock })
    }

    //= docs/spec/request.md#Q-9
    fn check_window(&self, parameters: &Parameters, now: Time) -> Result<(), RequestError> {
        let Parameters {
            created,
            expires,
            key_id: key,
            ..
        } = *parameters;
        let Bounds { past, future, .. } = *self.reads.bounds();
        if created < now.minus(past) || created > now.plus(future) {
            return Err(RequestError::OutsideWindow { key, created, now });
        }
        if expires < now {
            return Err(RequestError::Expired { key, expires, now });
        }
        Ok(())
    }
}

impl Reads {
    fn read(&self, request: &Request<'_>, len: usize) -> Result<Signed, RequestError> {
        match self {
            Reads::Own(policy) => policy.read(request, len),
            Reads::Foreign(policy) => policy.read(request, len),
        }
    }

    const fn bounds(&self) -> &Bounds {
        match self {
            Reads::Own(policy) => &policy.bounds,
            Reads::Foreign(policy) => &policy.bounds,
        }
    }

    fn chosen(&self) -> Chosen<'_> {
        match self {
            Reads::Own(_) => Chosen::Own,
            Reads::Foreign(policy) => policy.chosen(),
        }
    }

    /// Whether content without a covered digest is taken.
    const fn takes_uncovered(&self) -> bool {
        match self {
            Reads::Own(_) => false,
            Reads::Foreign(policy) => !policy.require_digest,
        }
    }
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

/// The most that a policy allows.
const MAX_PAST: Span = Span::from_seconds(300);
/// As long as an answer may take (5 s) and the clocks of a service's hosts may differ (5 s).
const UNSERVED: Span = Span::from_seconds(10);
