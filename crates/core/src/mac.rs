//! HMAC-SHA256 and HKDF-SHA256 over the RustCrypto crates, with keys that are prepared once.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Code, Refusal, Secret};

/// An HMAC-SHA256 key (RFC 2104), stored as its two padded states: half the cost of a fresh key per message.
///
/// It has no `Debug`, no `==` and no `Clone`; its states are wiped when dropped.
pub struct MacKey(Hmac<Sha256>);

/// A secret is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakKey {
    /// How many bytes it has.
    pub len: usize,
    /// How many it needs.
    pub least: usize,
}

/// A tag does not belong to the message and key that it was checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

impl MacKey {
    /// The key made of `secret`.
    ///
    /// # Errors
    ///
    /// [`WeakKey`] below 32 bytes (RFC 2104 section 3: keys shorter than the tag are weak).
    pub fn new(secret: &Secret) -> Result<Self, WeakKey> {
        Self::at_least(secret, MIN_KEY)
    }

    /// The key made of `secret`, for a foreign format whose shortest key has `least` bytes.
    ///
    /// # Errors
    ///
    /// [`WeakKey`] below that.
    pub fn at_least(secret: &Secret, least: usize) -> Result<Self, WeakKey> {
        let len = secret.expose().len();
        if len < least {
            return Err(WeakKey { len, least });
        }
        Ok(MacKey(
            Hmac::new_from_slice(secret.expose()).expect("HMAC takes a key of any length"),
        ))
    }

    /// The tag of `message`.
    #[inline]
    pub fn tag(&self, message: &[u8]) -> [u8; TAG] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// The tag of the parts, one after the other. The parts are not separated.
    pub fn tag_of(&self, parts: &[&[u8]]) -> [u8; TAG] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Checks `tag` over all its 32 bytes in constant time.
    ///
    /// # Errors
    ///
    /// [`Forged`] when it is another message's or another key's tag.
    #[inline]
    pub fn verify(&self, message: &[u8], tag: &[u8; TAG]) -> Result<(), Forged> {
        same_bytes(&self.tag(message), tag)
    }
}

/// Compares two secrets of equal length in constant time.
///
/// # Errors
///
/// [`Forged`] when they differ.
#[inline]
pub fn same_bytes<const N: usize>(a: &[u8; N], b: &[u8; N]) -> Result<(), Forged> {
    let (words, rest) = a.as_chunks::<8>();
    let (other_words, other_rest) = b.as_chunks::<8>();
    // By words: a barrier for each byte costs more than a short hash.
    let pairs = words.iter().zip(other_words);
    let same = pairs.fold(rest.ct_eq(other_rest), |same, (a, b)| {
        same & u64::from_ne_bytes(*a).ct_eq(&u64::from_ne_bytes(*b))
    });
    if bool::from(same) {
        Ok(())
    } else {
        Err(Forged)
    }
}

/// SHA-256 of the parts, one after the other.
///
/// The parts are not separated; whoever joins parts of variable length writes their lengths too.
#[inline]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HKDF-SHA256 (RFC 5869): `N` bytes, at most 255 * 32, for the purpose `info`.
pub fn hkdf_sha256<const N: usize>(secret: &Secret, salt: &[u8], info: &[u8]) -> Secret {
    const { assert!(N <= 255 * 32, "RFC 5869 section 2.3") };
    let mut out = alloc::vec![0; N];
    Hkdf::<Sha256>::new(Some(salt), secret.expose())
        .expand(info, &mut out)
        .expect("the length is checked at compile time");
    Secret::new(out)
}

impl WeakKey {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[KEY_TOO_SHORT];
}

impl core::fmt::Display for WeakKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "a key of {} bytes; at least {} are needed",
            self.len, self.least
        )
    }
}

impl core::error::Error for WeakKey {}

impl Refusal for WeakKey {
    fn code(&self) -> Code {
        KEY_TOO_SHORT
    }
}

/// The least bytes of a MAC key.
pub const MIN_KEY: usize = 32;
/// The bytes of a tag.
pub const TAG: usize = 32;

const KEY_TOO_SHORT: Code = Code::integrator(
    "key_too_short",
    "a secret has fewer than 32 bytes",
    "generate 32 random bytes per key; do not derive keys from text",
);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec, vec::Vec};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| {
            alloc::format!("{text}{byte:02x}")
        })
    }

    #[test]
    fn rfc_4231_case_6_long_key() {
        let key = MacKey::new(&Secret::new(vec![0xaa; 131])).unwrap();
        let tag = key.tag(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(
            hex(&tag),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn rfc_5869_case_1() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let okm = hkdf_sha256::<42>(&Secret::new(vec![0x0b; 22]), &salt, &info);
        assert_eq!(
            hex(okm.expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    #[test]
    fn j34_keys_below_32_bytes_are_refused() {
        for len in [0, 1, 16, 31] {
            let refused = MacKey::new(&Secret::new(vec![7; len])).err().unwrap();
            assert_eq!(refused.code().name, "key_too_short");
        }
        assert!(MacKey::new(&Secret::new(vec![7; 32])).is_ok());
    }

    #[test]
    fn a_tag_that_differs_in_any_bit_is_forged() {
        let key = MacKey::new(&Secret::new(vec![7; 32])).unwrap();
        let good = key.tag(b"message");
        assert!(key.verify(b"message", &good).is_ok());
        for bit in 0..256 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(b"message", &bad), Err(Forged));
        }
    }
}
