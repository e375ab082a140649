//! Secrets of endpoints.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::{Forged, MacKey, Secret, TAG};

use crate::WebhookSetupError;

/// The secret of an endpoint: 24 to 64 bytes, which sender and receiver share.
pub struct WebhookKey(MacKey);

impl WebhookKey {
    /// The key that `text` spells: `whsec_` and base64 in its one form.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Key`].
    //= docs/spec/webhook.md#H-1
    pub fn parse(text: &str) -> Result<Self, WebhookSetupError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(WebhookSetupError::Key)?;
        if encoded.len() > MAX_ENCODED {
            return Err(WebhookSetupError::Key);
        }
        let bytes = STANDARD.decode(encoded);
        Self::new(&Secret::new(bytes.map_err(|_| WebhookSetupError::Key)?))
    }

    /// The key of these bytes, which must be random.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Key`] unless there are 24 to 64.
    pub fn new(secret: &Secret) -> Result<Self, WebhookSetupError> {
        if secret.expose().len() > MAX {
            return Err(WebhookSetupError::Key);
        }
        let key = MacKey::at_least(secret, MIN);
        Ok(WebhookKey(key.map_err(|_| WebhookSetupError::Key)?))
    }

    //= docs/spec/webhook.md#H-3
    pub(crate) fn tag(&self, id: &[u8], timestamp: &[u8], body: &[u8]) -> [u8; TAG] {
        self.0.tag_of(&[id, b".", timestamp, b".", body])
    }
}

/// Whether one of the tags is the other, in time that does not tell which.
pub(crate) fn is_among(tag: &[u8; TAG], tags: impl Iterator<Item = [u8; TAG]>) -> bool {
    tags.fold(false, |found, other| {
        let same: Result<(), Forged> = counterseal_core::same_bytes(tag, &other);
        found | same.is_ok()
    })
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(..)")
    }
}

const PREFIX: &str = "whsec_";
const MIN: usize = 24;
const MAX: usize = 64;
/// 64 bytes in base64.
const MAX_ENCODED: usize = 88;
