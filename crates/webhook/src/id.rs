//! Ids of messages.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::Seed;

use crate::WebhookSignError;

/// The id of a message: 1 to 64 of `[A-Za-z0-9_-]`. It has no `.`, so that id and time cannot be told apart in two ways.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    bytes: [u8; MAX],
    len: u8,
}

impl MessageId {
    /// The id that `text` spells.
    ///
    /// # Errors
    ///
    /// [`WebhookSignError::Id`].
    pub fn parse(text: &str) -> Result<Self, WebhookSignError> {
        Self::of(text.as_bytes()).ok_or(WebhookSignError::Id)
    }

    /// `msg_` and 22 characters for the seed.
    pub fn from_seed(seed: &Seed<16>) -> Self {
        let mut bytes = [0; MAX];
        bytes[..PREFIX.len()].copy_from_slice(PREFIX);
        let rest = &mut bytes[PREFIX.len()..];
        let len = URL_SAFE_NO_PAD.encode_slice(seed.expose(), rest);
        let len = PREFIX.len() + len.expect("16 bytes take 22 characters");
        MessageId {
            bytes,
            len: u8::try_from(len).expect("at most 64"),
        }
    }

    //= docs/spec/webhook.md#H-2
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > MAX || !text.iter().all(|byte| is_of_id(*byte)) {
            return None;
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text);
        Some(MessageId {
            bytes,
            len: u8::try_from(text.len()).expect("at most 64"),
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("ASCII by construction")
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

const fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

const MAX: usize = 64;
const PREFIX: &[u8] = b"msg_";
