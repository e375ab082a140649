//! What a receiver accepts.

use counterseal_core::Span;

use crate::WebhookSetupError;

/// How far a delivery's time may be from the receiver's clock, and how long its content may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookPolicy {
    /// How old the signed time may be: 1 to 300 s, 300 unless said.
    pub past: Span,
    /// How far ahead it may be: 1 to 300 s, 300 unless said.
    pub future: Span,
    /// The most bytes of content: up to 64 MiB, 1 MiB unless said.
    pub body_limit: usize,
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        WebhookPolicy {
            past: Span::from_seconds(300),
            future: Span::from_seconds(300),
            body_limit: 1024 * 1024,
        }
    }
}

impl WebhookPolicy {
    pub(crate) fn check(&self) -> Result<(), WebhookSetupError> {
        let window = Span::from_seconds(1)..=Span::from_seconds(300);
        let fine = window.contains(&self.past)
            && window.contains(&self.future)
            && self.body_limit <= MAX_BODY;
        if fine {
            Ok(())
        } else {
            Err(WebhookSetupError::Limits)
        }
    }
}

const MAX_BODY: usize = 64 * 1024 * 1024;
