//! Webhooks.

use std::sync::Arc;

use counterseal_shared::{self as shared, ReceiverMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer, line};
use crate::message::lines;
use crate::policy::limit;
use crate::store::Store;
use crate::waiting::Waiting;

/// Signs messages for one endpoint.
#[napi]
pub struct Sender(shared::WebhookSender);

/// Takes deliveries for one endpoint.
#[napi]
pub struct Receiver(shared::WebhookReceiver);

/// The members of a receiver; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct ReceiverOptions {
    /// How old the signed time may be.
    pub past_seconds: Option<i64>,
    /// How far ahead it may be.
    pub future_seconds: Option<i64>,
    /// The most bytes of content.
    pub body_limit_bytes: Option<i64>,
}

/// U+0002, and then one on a line: endpoint, id, signed time, audit event. No other text of an outcome begins with U+0002.
pub(crate) type Delivered = String;

#[napi]
impl Sender {
    /// A sender with these secrets.
    #[napi]
    pub fn create(secrets: Vec<String>) -> Answer<Sender> {
        answer("Sender.create", || {
            Ok(Sender(shared::WebhookSender::new(&secrets)?))
        })
    }

    /// The fields that sign a message: name and value of each, one on a line.
    #[napi]
    pub fn sign(&self, id: String, body: &[u8], now: i64) -> Answer<String> {
        answer("Sender.sign", || {
            let mut text = String::new();
            for (name, value) in self.0.sign(&id, body, now)? {
                line(&mut text, name);
                line(&mut text, &value);
            }
            Ok(text)
        })
    }

    /// A new id for a message.
    #[napi]
    pub fn message_id(seed: &[u8]) -> Answer<String> {
        answer("Sender.messageId", || shared::message_id(seed))
    }
}

#[napi]
impl Receiver {
    /// A receiver for the endpoint of this name.
    #[napi]
    pub fn create(
        endpoint: String,
        secrets: Vec<String>,
        store: Option<&Store>,
        options: ReceiverOptions,
    ) -> Answer<Receiver> {
        answer("Receiver.create", || {
            let store = store.map(|store| Arc::clone(&store.0));
            let members = ReceiverMembers {
                past_seconds: options.past_seconds,
                future_seconds: options.future_seconds,
                body_limit_bytes: options.body_limit_bytes,
            };
            let receiver = shared::WebhookReceiver::new(&endpoint, &secrets, store, members)?;
            Ok(Receiver(receiver))
        })
    }

    /// Takes a delivery, once.
    #[napi]
    pub fn receive(&self, headers: String, body: &[u8], now: i64) -> Answer<Delivered> {
        answer("Receiver.receive", || {
            let lines = lines(&headers)?;
            let lines: Vec<_> = lines.iter().map(|(n, v)| (&**n, &**v)).collect();
            Ok(delivered(&self.0.receive(&lines, body, now)?))
        })
    }

    /// Everything but the claim.
    #[napi]
    pub fn begin(&self, headers: String, body: &[u8], now: i64) -> Answer<Waiting> {
        answer("Receiver.begin", || {
            let lines = lines(&headers)?;
            let lines: Vec<_> = lines.iter().map(|(n, v)| (&**n, &**v)).collect();
            Ok(Waiting::new(self.0.begin(&lines, body, now)?))
        })
    }

    /// The same, and no claim after it.
    #[napi]
    pub fn check(&self, headers: String, body: &[u8], now: i64) -> Answer<Delivered> {
        answer("Receiver.check", || {
            let lines = lines(&headers)?;
            let lines: Vec<_> = lines.iter().map(|(n, v)| (&**n, &**v)).collect();
            Ok(delivered(&self.0.check(&lines, body, now)?))
        })
    }

    /// The most bytes of content.
    #[napi]
    pub fn body_limit_bytes(&self) -> Answer<u32> {
        answer("Receiver.bodyLimitBytes", || Ok(limit(self.0.body_limit())))
    }
}

/// The text of a message that was received.
pub(crate) fn delivered(received: &shared::Received) -> Delivered {
    let mut text = String::from('\u{2}');
    line(&mut text, received.endpoint());
    line(&mut text, received.id());
    line(&mut text, &received.created().to_string());
    line(&mut text, &received.event());
    text
}
