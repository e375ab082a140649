//! Names of limits.

use core::fmt;

use counterseal_core::KeyId;

use crate::LimitSetupError;

/// The name of a limit, which is public: 1 to 24 of `[a-z0-9_-]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitName(KeyId);

impl LimitName {
    /// The name that `text` spells.
    ///
    /// # Errors
    ///
    /// [`LimitSetupError::Name`].
    pub fn parse(text: &str) -> Result<Self, LimitSetupError> {
        if text.len() > MAX_NAME || !text.bytes().all(is_name_byte) {
            return Err(LimitSetupError::Name);
        }
        KeyId::parse(text)
            .map(LimitName)
            .map_err(|_| LimitSetupError::Name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// As what it stands in an audit event.
    pub(crate) const fn id(self) -> KeyId {
        self.0
    }
}

impl fmt::Debug for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')
}

const MAX_NAME: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_it_was_parsed_from() {
        for text in ["a", "login", "2fa_sms-retry", "abcdefghijklmnopqrstuvwx"] {
            assert_eq!(LimitName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "Login", "a b", "a.b", "ä", "abcdefghijklmnopqrstuvwxy"] {
            assert_eq!(LimitName::parse(text), Err(LimitSetupError::Name), "{text}");
        }
    }
}
