//! Identifiers, parsed once into types that cannot be wrong.

use core::fmt;

use crate::{Blame, Code, Refusal};

/// The public name of a key: 1 to 64 of `[A-Za-z0-9_.:-]`.
///
/// ```
/// use counterseal_core::KeyId;
/// assert_eq!(KeyId::parse("worker-7")?.as_str(), "worker-7");
/// assert!(KeyId::parse("worker 7").is_err());
/// # Ok::<(), counterseal_core::BadKeyId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    bytes: [u8; MAX_KEY_ID],
    len: u8,
}

/// A text is not a [`KeyId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadKeyId;

impl KeyId {
    /// The key id that `text` spells.
    ///
    /// # Errors
    ///
    /// [`BadKeyId`] when it is empty, longer than 64 bytes, or has another character.
    pub fn parse(text: &str) -> Result<Self, BadKeyId> {
        let text = text.as_bytes();
        if text.is_empty() || text.len() > MAX_KEY_ID || !text.iter().all(|b| is_key_id_byte(*b)) {
            return Err(BadKeyId);
        }
        let mut bytes = [0; MAX_KEY_ID];
        bytes[..text.len()].copy_from_slice(text);
        Ok(KeyId {
            bytes,
            len: u8::try_from(text.len()).expect("at most 64"),
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).expect("ASCII by construction")
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl BadKeyId {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[KEY_ID_INVALID];
}

impl fmt::Display for BadKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key id is 1 to 64 of A-Z, a-z, 0-9, '_', '.', ':' and '-'")
    }
}

impl core::error::Error for BadKeyId {}

impl Refusal for BadKeyId {
    fn code(&self) -> Code {
        KEY_ID_INVALID
    }
}

const fn is_key_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')
}

/// The most bytes of a key id.
pub const MAX_KEY_ID: usize = 64;

const KEY_ID_INVALID: Code = Code {
    name: "key_id_invalid",
    blame: Blame::Integrator,
    public: "internal_error",
    http: 500,
    means: "a key id is empty, too long or has a character outside its grammar",
    fix: "name keys with 1 to 64 of A-Z, a-z, 0-9, '_', '.', ':' and '-'",
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn every_byte_is_inside_or_outside_the_grammar() {
        for byte in 0..=127_u8 {
            let text = String::from(char::from(byte));
            let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
            assert_eq!(KeyId::parse(&text).is_ok(), allowed.contains(&text));
        }
    }

    #[test]
    fn h14_an_empty_or_oversized_key_id_is_refused() {
        assert!(KeyId::parse("").is_err());
        assert!(KeyId::parse(&"k".repeat(64)).is_ok());
        assert!(KeyId::parse(&"k".repeat(65)).is_err());
        assert!(KeyId::parse(&"k".repeat(65_536)).is_err());
    }

    proptest! {
        #[test]
        fn printing_gives_back_what_was_parsed(text in "\\PC{0,70}") {
            if let Ok(id) = KeyId::parse(&text) {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
