//! Sealing secrets at rest with ChaCha20-Poly1305 (RFC 8439); the sealing key comes from the host.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

use crate::{Blame, Code, Refusal, Secret, Seed};

/// The key that seals secrets before they are stored.
///
/// Keep it outside the store that holds what it seals: who reads both reads everything.
/// Nonces are random 96-bit values, so seal at most 2^32 secrets under one key.
pub struct SealKey(ChaCha20Poly1305);

/// A sealed secret did not open: another key, another context, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealBroken;

impl SealKey {
    /// The sealing key of these 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`crate::WeakKey`] unless there are exactly 32.
    pub fn new(secret: &Secret) -> Result<Self, crate::WeakKey> {
        ChaCha20Poly1305::new_from_slice(secret.expose())
            .map(SealKey)
            .map_err(|_| crate::WeakKey {
                len: secret.expose().len(),
                least: crate::MIN_KEY,
            })
    }

    /// `secret`, sealed for `context`: nonce, ciphertext, tag; 28 bytes longer than the secret.
    pub fn seal(&self, secret: &Secret, context: &[u8], seed: &Seed<12>) -> Vec<u8> {
        let nonce = Nonce::from(*seed.expose());
        let payload = Payload {
            msg: secret.expose(),
            aad: context,
        };
        let sealed = self.0.encrypt(&nonce, payload);
        let mut out = Vec::from(nonce.as_slice());
        out.extend(sealed.expect("a secret is shorter than 256 GiB"));
        out
    }

    /// The secret that was sealed for the same `context`.
    ///
    /// # Errors
    ///
    /// [`SealBroken`] when anything differs.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Secret, SealBroken> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(SealBroken)?;
        let payload = Payload {
            msg: rest,
            aad: context,
        };
        let opened = self.0.decrypt(&Nonce::from(*nonce), payload);
        opened.map(Secret::new).map_err(|_| SealBroken)
    }
}

impl SealBroken {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[SEAL_BROKEN];
}

impl core::fmt::Display for SealBroken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the sealed secret does not open with this key and context")
    }
}

impl core::error::Error for SealBroken {}

impl Refusal for SealBroken {
    fn code(&self) -> Code {
        SEAL_BROKEN
    }
}

const NONCE: usize = 12;

const SEAL_BROKEN: Code = Code {
    name: "seal_broken",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "a stored secret does not open: it was sealed with another key, moved to another row, or changed",
    fix: "give the sealing key that was used when the record was written; if it is the right one, treat the store as tampered with",
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn sealer() -> SealKey {
        SealKey::new(&Secret::new(vec![9; 32])).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_context_only() {
        let sealed = sealer().seal(&Secret::new(vec![1, 2, 3]), b"row a", &Seed::new([5; 12]));
        assert_eq!(
            sealer().open(&sealed, b"row a").unwrap().expose(),
            [1, 2, 3]
        );
        assert_eq!(sealer().open(&sealed, b"row b").err(), Some(SealBroken));
    }

    #[test]
    fn every_changed_bit_and_every_truncation_is_refused() {
        let sealed = sealer().seal(&Secret::new(vec![1, 2, 3]), b"", &Seed::new([5; 12]));
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer().open(&bad, b"").is_err());
        }
        for len in 0..sealed.len() {
            assert!(sealer().open(&sealed[..len], b"").is_err());
        }
    }

    #[test]
    fn a_sealing_key_of_another_length_is_refused() {
        assert!(SealKey::new(&Secret::new(vec![9; 31])).is_err());
        assert!(SealKey::new(&Secret::new(vec![9; 33])).is_err());
    }
}
