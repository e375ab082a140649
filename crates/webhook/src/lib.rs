//! Standard Webhooks, sent and received.
//!
//! A sender signs id, time and content with HMAC-SHA256 and sends three fields; a receiver takes what was signed with one
//! of its secrets, in time, and each delivery once. It is a profile of its own beside signed requests: other services speak
//! it, and it covers neither method nor target.
//!
//! ```
//! use counterseal_core::{KeyId, Refusal, Seed, Step, Time, drive};
//! use counterseal_replay::{PrivateRing, Shape, Window};
//! use counterseal_webhook::{Delivery, MessageId, Receiver, Sender, WebhookKey, WebhookPolicy};
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
//! let sender = Sender::new([WebhookKey::parse(secret)?])?;
//! let id = MessageId::from_seed(&Seed::new([7; 16]));
//! let sent = sender.sign(&id, b"{\"paid\": true}", now)?;
//!
//! let receiver = Receiver::new(KeyId::parse("billing")?, [WebhookKey::parse(secret)?], WebhookPolicy::default())?;
//! let headers: Vec<_> = sent.headers().map(|(name, value)| (name, value.as_bytes())).collect();
//! let delivery = Delivery { headers: &headers, body: b"{\"paid\": true}" };
//! let WebhookPolicy { past, future, .. } = *receiver.policy();
//! let window = Window { past, future };
//! let began = now.minus(past).minus(future); // a store that begins now refuses deliveries until the window has passed
//! let ring = PrivateRing::new(Shape::for_rate(10).covering(window), window, began, &Seed::new([1; 16]))?;
//! let received = drive(&ring, Step::Need(receiver.begin(&delivery, now)?))?;
//! assert_eq!(received.id(), id.as_str());
//!
//! let again = drive(&ring, Step::Need(receiver.begin(&delivery, now)?));
//! assert_eq!(again.unwrap_err().code().name, "webhook_replayed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A sender that tries again signs anew, so a claim of this crate stops replays and not second attempts: whoever must act once
//! for each message remembers its id, for longer than any clock allows a replay.
//!
//! What it does not protect: confidentiality, and method, target and fields of the request. Whoever can verify can also
//! sign.
//!
//! Codes: [`CODES`]. Spec: `docs/spec/webhook.md`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod delivery;
mod error;
mod id;
mod key;
mod policy;
mod receiver;
mod sender;

pub use delivery::Delivery;
pub use error::{CODES, WebhookError, WebhookReason, WebhookSetupError, WebhookSignError};
pub use id::MessageId;
pub use key::WebhookKey;
pub use policy::WebhookPolicy;
pub use receiver::{PendingWebhook, ReceivedWebhook, Receiver};
pub use sender::{Sender, SignedWebhook};
