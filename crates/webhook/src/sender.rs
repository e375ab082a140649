//! Sending.

use alloc::{boxed::Box, string::String};
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::Time;

use crate::delivery::{ID, SIGNATURE, TIMESTAMP, Timestamp};
use crate::receiver::checked;
use crate::{MessageId, WebhookKey, WebhookSetupError, WebhookSignError};

/// Signs messages for one endpoint.
#[derive(Debug)]
pub struct Sender {
    keys: Box<[WebhookKey]>,
}

/// The three fields of a signed message.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedWebhook {
    id: MessageId,
    timestamp: String,
    signature: String,
}

impl Sender {
    /// A sender with these keys: 1 to 8. It signs with each of them, so that a receiver may know the old or the new one
    /// while a secret is rotated.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Keys`].
    pub fn new(keys: impl IntoIterator<Item = WebhookKey>) -> Result<Self, WebhookSetupError> {
        Ok(Sender {
            keys: checked(keys)?,
        })
    }

    /// Signs a message that leaves at `now`. Each attempt is signed anew, with the same id.
    ///
    /// # Errors
    ///
    /// [`WebhookSignError::Time`] before 1970 or after the year 5138.
    pub fn sign(
        &self,
        id: &MessageId,
        body: &[u8],
        now: Time,
    ) -> Result<SignedWebhook, WebhookSignError> {
        let timestamp = Timestamp::at(now).ok_or(WebhookSignError::Time)?;
        let timestamp = alloc::string::ToString::to_string(&timestamp.seconds());
        let mut signature = String::new();
        for key in &self.keys {
            let tag = key.tag(id.as_bytes(), timestamp.as_bytes(), body);
            let separator = if signature.is_empty() { "" } else { " " };
            signature.push_str(separator);
            signature.push_str("v1,");
            STANDARD.encode_string(tag, &mut signature);
        }
        Ok(SignedWebhook {
            id: *id,
            timestamp,
            signature,
        })
    }
}

impl SignedWebhook {
    /// Names and values of the fields to send.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [self.id.as_str(), &self.timestamp, &self.signature];
        [ID, TIMESTAMP, SIGNATURE].into_iter().zip(values)
    }
}

impl fmt::Debug for SignedWebhook {
    /// Without the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}
