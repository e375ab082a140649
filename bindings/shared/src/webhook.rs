//! Webhooks as plain data.

use std::sync::Arc;

use counterseal::core::{KeyId, Seed, Span, Step, Time, drive};
use counterseal::replay::Window;
use counterseal::webhook::{self, MessageId, ReceivedWebhook, WebhookError, WebhookKey};

use crate::waiting::Plain;
use crate::{MAX_ITEMS, Problem, Store, Verdict, Waiting, check_len, number, seed, time};

/// Signs messages for one endpoint.
pub struct WebhookSender(webhook::Sender);

/// Takes deliveries for one endpoint. Any number of threads may share it.
pub struct WebhookReceiver {
    inner: webhook::Receiver,
    store: Option<Arc<Store>>,
}

/// The members of a receiver, as the host gave them; none stands for the default.
#[derive(Clone, Copy, Default)]
pub struct ReceiverMembers {
    /// How old the signed time may be.
    pub past_seconds: Option<i64>,
    /// How far ahead it may be.
    pub future_seconds: Option<i64>,
    /// The most bytes of content.
    pub body_limit_bytes: Option<i64>,
}

/// A message that was received.
#[derive(Clone, Copy)]
pub struct Received {
    proof: ReceivedWebhook,
    at: Time,
}

/// The field lines of a delivery.
pub type Lines<'a> = [(&'a str, &'a [u8])];

impl WebhookSender {
    /// A sender with these secrets: `whsec_..`, 1 to 8.
    ///
    /// # Errors
    ///
    /// `webhook_key_invalid` or `webhook_keys_invalid`.
    pub fn new(secrets: &[impl AsRef<str>]) -> Result<Self, Problem> {
        Ok(WebhookSender(webhook::Sender::new(keys(secrets)?)?))
    }

    /// The fields that sign a message.
    ///
    /// # Errors
    ///
    /// `webhook_sign_id`, or an argument that cannot be.
    pub fn sign(
        &self,
        id: &str,
        body: &[u8],
        now: i64,
    ) -> Result<Vec<(&'static str, String)>, Problem> {
        let signed = self
            .0
            .sign(&MessageId::parse(id)?, body, time("now", now)?)?;
        Ok(signed
            .headers()
            .map(|(name, value)| (name, value.into()))
            .collect())
    }
}

/// A new id for a message. `random` is 16 random bytes.
///
/// # Errors
///
/// An argument that cannot be.
pub fn message_id(random: &[u8]) -> Result<String, Problem> {
    let seed: Seed<16> = seed("seed", random)?;
    Ok(MessageId::from_seed(&seed).as_str().into())
}

impl WebhookReceiver {
    /// A receiver for the endpoint called `endpoint`, with these secrets, and the store to claim deliveries in, if it is one
    /// of ours.
    ///
    /// # Errors
    ///
    /// An argument that cannot be; `binding_store_window` for a store that was made for a shorter window.
    pub fn new(
        endpoint: &str,
        secrets: &[impl AsRef<str>],
        store: Option<Arc<Store>>,
        members: ReceiverMembers,
    ) -> Result<Self, Problem> {
        let policy = members.policy()?;
        if let Some(store) = &store {
            store.check_covers(policy.window())?;
        }
        let inner = webhook::Receiver::new(KeyId::parse(endpoint)?, keys(secrets)?, policy.0)?;
        Ok(WebhookReceiver { inner, store })
    }

    /// The store to claim deliveries in, if it is one of ours.
    pub fn store(&self) -> Option<&Arc<Store>> {
        self.store.as_ref()
    }

    /// The most bytes of content; an adapter stops reading there.
    pub fn body_limit(&self) -> usize {
        self.inner.policy().body_limit
    }

    /// Takes a delivery, once.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails; `binding_store_missing` without a store.
    pub fn receive(&self, lines: &Lines<'_>, body: &[u8], now: i64) -> Result<Received, Problem> {
        let store = self.store.as_ref().ok_or_else(Problem::store_missing)?;
        store.check_process()?;
        let at = time("now", now)?;
        let begun = self.inner.begin(&delivery(lines, body)?, at);
        let received = begun.and_then(|pending| drive(&**store, Step::Need(pending)));
        received
            .map(|proof| Received { proof, at })
            .map_err(|error| Problem::undelivered(&error, at))
    }

    /// Everything but the claim, which the host runs on a store of its own.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails; nothing was written then.
    pub fn begin(&self, lines: &Lines<'_>, body: &[u8], now: i64) -> Result<Waiting, Problem> {
        let at = time("now", now)?;
        let begun = self.inner.begin(&delivery(lines, body)?, at);
        let pending = begun.map_err(|error| Problem::undelivered(&error, at))?;
        let webhook::WebhookPolicy { past, future, .. } = *self.inner.policy();
        let window = Window { past, future };
        Ok(Waiting::within(window, Step::Need(pending), at))
    }

    /// The same, and no claim after it: for hosts that remember the ids of messages themselves.
    ///
    /// # Errors
    ///
    /// The code of the first rule that fails.
    pub fn check(&self, lines: &Lines<'_>, body: &[u8], now: i64) -> Result<Received, Problem> {
        let at = time("now", now)?;
        let checked = self.inner.check(&delivery(lines, body)?, at);
        checked
            .map(|proof| Received { proof, at })
            .map_err(|error| Problem::undelivered(&error, at))
    }
}

impl Received {
    /// The endpoint.
    pub fn endpoint(&self) -> &str {
        self.proof.endpoint().as_str()
    }

    /// The message's id: the same for each attempt to deliver it.
    pub fn id(&self) -> &str {
        self.proof.id()
    }

    /// When this attempt was signed, in milliseconds.
    pub const fn created(&self) -> i64 {
        self.proof.created().millis()
    }

    /// The acceptance as one line of JSON for the audit log.
    pub fn event(&self) -> String {
        self.proof.event(self.at).to_string()
    }
}

impl Plain for Result<ReceivedWebhook, WebhookError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        match self {
            Ok(proof) => Ok(Verdict::Received(Received { proof, at })),
            Err(error) => Err(Problem::undelivered(&error, at)),
        }
    }
}

struct Policy(webhook::WebhookPolicy);

impl ReceiverMembers {
    fn policy(self) -> Result<Policy, Problem> {
        let usual = webhook::WebhookPolicy::default();
        let seconds = |name, given: Option<i64>, usual| {
            let given = given.map(|seconds| number(name, seconds, 0, MAX_SECONDS));
            given.map_or(Ok(usual), |seconds| seconds.map(Span::from_seconds))
        };
        let limit = self
            .body_limit_bytes
            .map(|bytes| number("body_limit_bytes", bytes, 0, i64::from(u32::MAX)))
            .transpose()?;
        let limit = limit.map(|bytes| usize::try_from(bytes).expect("the range was checked"));
        Ok(Policy(webhook::WebhookPolicy {
            past: seconds("past_seconds", self.past_seconds, usual.past)?,
            future: seconds("future_seconds", self.future_seconds, usual.future)?,
            body_limit: limit.unwrap_or(usual.body_limit),
        }))
    }
}

impl Policy {
    const fn window(&self) -> Window {
        Window {
            past: self.0.past,
            future: self.0.future,
        }
    }
}

fn delivery<'a>(headers: &'a Lines<'a>, body: &'a [u8]) -> Result<webhook::Delivery<'a>, Problem> {
    check_len("headers", headers.len(), 0, MAX_ITEMS)?;
    Ok(webhook::Delivery { headers, body })
}

fn keys(secrets: &[impl AsRef<str>]) -> Result<Vec<WebhookKey>, Problem> {
    check_len("secrets", secrets.len(), 0, MAX_ITEMS)?;
    let keys = secrets.iter().map(|text| WebhookKey::parse(text.as_ref()));
    Ok(keys.collect::<Result<_, _>>()?)
}

const MAX_SECONDS: i64 = 1 << 32;
