//! Receiving: pure checks, one claim, and the proof.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use counterseal_core::{
    AuditEvent, Claim, Claimed, KeyId, Pending, Space, Span, Step, Time, Unavailable, sha256,
};

use crate::delivery::{Presented, within};
use crate::key::is_among;
use crate::{
    Delivery, MessageId, WebhookError, WebhookKey, WebhookPolicy, WebhookReason, WebhookSetupError,
};

/// Takes deliveries for one endpoint.
#[derive(Debug)]
pub struct Receiver {
    endpoint: KeyId,
    keys: Box<[WebhookKey]>,
    policy: WebhookPolicy,
}

/// A delivery whose signature and time hold; it is not claimed yet.
#[must_use = "a pending delivery is not received until `finish`"]
#[derive(Debug)]
pub struct PendingWebhook {
    received: ReceivedWebhook,
    retain: Span,
}

/// A message that was signed with a known secret, in time.
///
/// It is born in [`PendingWebhook::finish`] for the first time, and in [`Receiver::check`] whether it is the first time or not.
///
/// ```compile_fail
/// let forged = counterseal_webhook::ReceivedWebhook { };
/// ```
#[derive(Clone, Copy)]
pub struct ReceivedWebhook {
    endpoint: KeyId,
    id: MessageId,
    created: Time,
}

impl Receiver {
    /// A receiver for the endpoint that this program calls `endpoint`, with 1 to 8 keys: more than one while a secret is
    /// rotated.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Keys`], or [`WebhookSetupError::Limits`] where the policy is outside its bounds.
    pub fn new(
        endpoint: KeyId,
        keys: impl IntoIterator<Item = WebhookKey>,
        policy: WebhookPolicy,
    ) -> Result<Self, WebhookSetupError> {
        policy.check()?;
        Ok(Receiver {
            endpoint,
            keys: checked(keys)?,
            policy,
        })
    }

    /// The policy.
    pub const fn policy(&self) -> &WebhookPolicy {
        &self.policy
    }

    /// Everything but the replay check: sizes, grammar, MAC, window.
    ///
    /// # Errors
    ///
    /// The first rule that fails. Nothing was written anywhere.
    pub fn begin(
        &self,
        delivery: &Delivery<'_>,
        now: Time,
    ) -> Result<PendingWebhook, WebhookError> {
        Ok(PendingWebhook {
            received: self.check(delivery, now)?,
            retain: self.policy.past.plus(MARGIN),
        })
    }

    /// The same, and no replay check after it: for programs that remember the ids of messages themselves, for longer than
    /// the window.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    //= docs/spec/webhook.md#H-6
    pub fn check(
        &self,
        delivery: &Delivery<'_>,
        now: Time,
    ) -> Result<ReceivedWebhook, WebhookError> {
        let endpoint = self.endpoint;
        self.received(delivery, now)
            .map_err(|reason| WebhookError { endpoint, reason })
    }

    fn received(
        &self,
        delivery: &Delivery<'_>,
        now: Time,
    ) -> Result<ReceivedWebhook, WebhookReason> {
        within("content", delivery.body.len(), self.policy.body_limit)?;
        let presented = delivery.present()?;
        self.authenticate(&presented, delivery.body)?;
        let created = presented.created;
        let window = now.minus(self.policy.past)..=now.plus(self.policy.future);
        if !window.contains(&created) {
            return Err(WebhookReason::OutsideWindow { created, now });
        }
        Ok(ReceivedWebhook {
            endpoint: self.endpoint,
            id: presented.id,
            created,
        })
    }

    /// Each key is tried with each signature, whichever fits.
    //= docs/spec/webhook.md#H-5
    fn authenticate(&self, presented: &Presented<'_>, body: &[u8]) -> Result<(), WebhookReason> {
        let id = presented.id.as_bytes();
        let tags = self
            .keys
            .iter()
            .map(|key| key.tag(id, presented.timestamp, body));
        let found = tags.fold(false, |found, tag| {
            found | is_among(&tag, presented.tags.iter())
        });
        if found {
            Ok(())
        } else {
            Err(WebhookReason::MacMismatch)
        }
    }
}

impl PendingWebhook {
    /// The space of this room's claims.
    pub const SPACE: Space = Space::new("webhook");

    /// The claim: this endpoint, this message, this time, once.
    //= docs/spec/webhook.md#H-7
    pub fn claim(&self) -> Claim {
        let ReceivedWebhook {
            endpoint,
            id,
            created,
        } = &self.received;
        let owner = sha256(&[b"cs-webhook/1", endpoint.as_bytes()]);
        let born = created.millis().to_be_bytes();
        let key = sha256(&[b"cs-claim/1", &owner[..16], &born, id.as_bytes()]);
        Claim {
            space: Self::SPACE,
            owner: u64::from_be_bytes(*owner.first_chunk().expect("32 bytes have 8")),
            key: *key.first_chunk().expect("32 bytes have 16"),
            since: Time::EPOCH,
            born: *created,
            until: created.plus(self.retain),
        }
    }

    /// Turns the store's answer, or its silence, into the decision.
    ///
    /// # Errors
    ///
    /// [`WebhookError`] unless the store answered [`Claimed::Fresh`].
    //= docs/spec/webhook.md#H-7
    pub fn finish(
        self,
        reply: Result<Claimed, Unavailable>,
    ) -> Result<ReceivedWebhook, WebhookError> {
        let ReceivedWebhook {
            endpoint, created, ..
        } = self.received;
        let reason = match reply {
            Ok(Claimed::Fresh) => return Ok(self.received),
            Ok(Claimed::Held) => WebhookReason::Replayed { created },
            Ok(Claimed::Stale) => WebhookReason::StoreWarming { created },
            Ok(Claimed::Full) => WebhookReason::StoreFull,
            Ok(Claimed::OwnerFull) => WebhookReason::Limited,
            Err(Unavailable) => WebhookReason::StoreUnavailable,
        };
        Err(WebhookError { endpoint, reason })
    }
}

impl Pending for PendingWebhook {
    type Op = Claim;
    type Outcome = Result<ReceivedWebhook, WebhookError>;

    fn op(&self) -> Claim {
        self.claim()
    }

    fn finish(self, reply: Result<Claimed, Unavailable>) -> Step<Self> {
        Step::Done(self.finish(reply))
    }
}

impl ReceivedWebhook {
    /// The endpoint.
    pub const fn endpoint(&self) -> &KeyId {
        &self.endpoint
    }

    /// The message's id: the same for each attempt to deliver it.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// When this attempt was signed.
    pub const fn created(&self) -> Time {
        self.created
    }

    /// The acceptance as an audit event at `now`.
    pub fn event(&self, now: Time) -> AuditEvent {
        AuditEvent::accepted("webhook_accepted", self.endpoint, now)
    }
}

impl fmt::Debug for ReceivedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedWebhook")
            .field("endpoint", &self.endpoint)
            .field("id", &self.id)
            .field("created", &self.created)
            .finish()
    }
}

/// The keys, if there are 1 to 8.
pub(crate) fn checked(
    keys: impl IntoIterator<Item = WebhookKey>,
) -> Result<Box<[WebhookKey]>, WebhookSetupError> {
    let keys: Vec<_> = keys.into_iter().take(MAX_KEYS + 1).collect();
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(WebhookSetupError::Keys);
    }
    Ok(keys.into())
}

const MAX_KEYS: usize = 8;
/// For a clock that steps back.
const MARGIN: Span = Span::from_seconds(180);
