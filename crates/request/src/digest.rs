//! `Content-Digest` (RFC 9530): exactly one digest, of the algorithm that the policy names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

/// The digest of the content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// `sha-256`
    #[default]
    Sha256,
    /// `sha-512`
    Sha512,
}

/// A digest as presented.
#[derive(Clone, Copy)]
pub(crate) struct ContentDigest {
    algorithm: DigestAlgorithm,
    bytes: [u8; 64],
}

/// The digest of content that comes in pieces.
pub(crate) enum ContentHash {
    Sha256(Sha256),
    Sha512(Sha512),
}

/// A value of `Content-Digest`.
pub(crate) struct DigestField {
    text: [u8; MAX_FIELD],
    len: usize,
}

impl DigestAlgorithm {
    /// The registered name (RFC 9530 section 5).
    pub const fn name(self) -> &'static str {
        match self {
            DigestAlgorithm::Sha256 => "sha-256",
            DigestAlgorithm::Sha512 => "sha-512",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            DigestAlgorithm::Sha256 => "sha-256=:",
            DigestAlgorithm::Sha512 => "sha-512=:",
        }
    }

    const fn encoded_len(self) -> usize {
        match self {
            DigestAlgorithm::Sha256 => 44,
            DigestAlgorithm::Sha512 => 88,
        }
    }

    /// The field's value for `body`, in its one form.
    pub(crate) fn of(self, body: &[u8]) -> DigestField {
        match self {
            DigestAlgorithm::Sha256 => self.field(&Sha256::digest(body)),
            DigestAlgorithm::Sha512 => self.field(&Sha512::digest(body)),
        }
    }

    fn field(self, digest: &[u8]) -> DigestField {
        let mut text = [b':'; MAX_FIELD];
        let (prefix, rest) = text.split_at_mut(self.prefix().len());
        prefix.copy_from_slice(self.prefix().as_bytes());
        let len = STANDARD.encode_slice(digest, rest);
        let len = prefix.len() + len.expect("64 bytes take 88 characters") + 1;
        DigestField { text, len }
    }

    /// The digest that `value` spells, if it is one of this algorithm in its one form.
    //= docs/spec/request.md#Q-7
    pub(crate) fn parse(self, value: &[u8]) -> Option<ContentDigest> {
        let text = value
            .strip_prefix(self.prefix().as_bytes())?
            .strip_suffix(b":")?;
        let mut bytes = [0; 64];
        let fits = text.len() == self.encoded_len();
        let len = fits.then(|| STANDARD.decode_slice(text, &mut bytes[..self.len()]))?;
        (len == Ok(self.len())).then_some(ContentDigest {
            algorithm: self,
            bytes,
        })
    }

    /// The digest of either algorithm, for whoever lets the signer choose it.
    pub(crate) fn parse_any(value: &[u8]) -> Option<ContentDigest> {
        let sha256 = DigestAlgorithm::Sha256.parse(value);
        sha256.or_else(|| DigestAlgorithm::Sha512.parse(value))
    }

    const fn len(self) -> usize {
        match self {
            DigestAlgorithm::Sha256 => 32,
            DigestAlgorithm::Sha512 => 64,
        }
    }
}

impl ContentDigest {
    /// Whether it is that of `body`. Both are public, so the comparison takes no care of time.
    pub(crate) fn matches(&self, body: &[u8]) -> bool {
        let mut hash = self.hash();
        hash.update(body);
        self.is(hash)
    }

    /// Begins a digest to compare with.
    pub(crate) fn hash(&self) -> ContentHash {
        match self.algorithm {
            DigestAlgorithm::Sha256 => ContentHash::Sha256(Sha256::new()),
            DigestAlgorithm::Sha512 => ContentHash::Sha512(Sha512::new()),
        }
    }

    /// Whether it is what `hash` comes to.
    pub(crate) fn is(&self, hash: ContentHash) -> bool {
        let bytes = &self.bytes[..self.algorithm.len()];
        match hash {
            ContentHash::Sha256(hash) => hash.finalize().as_slice() == bytes,
            ContentHash::Sha512(hash) => hash.finalize().as_slice() == bytes,
        }
    }
}

impl ContentHash {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        match self {
            ContentHash::Sha256(hash) => hash.update(piece),
            ContentHash::Sha512(hash) => hash.update(piece),
        }
    }
}

impl DigestField {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

/// `sha-512=:`, 88 characters, and the closing colon.
const MAX_FIELD: usize = 98;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9530_appendix_b_examples() {
        // RFC 9530 appendix D: the content of its examples, with a final line feed.
        let body = b"{\"hello\": \"world\"}\n";
        assert_eq!(
            DigestAlgorithm::Sha256.of(body).as_bytes(),
            b"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
        assert_eq!(
            DigestAlgorithm::Sha512
                .of(b"{\"hello\": \"world\"}")
                .as_bytes(),
            b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
        );
    }

    #[test]
    fn other_forms_of_a_digest_are_refused() {
        let good = DigestAlgorithm::Sha256.of(b"");
        assert!(DigestAlgorithm::Sha256.parse(good.as_bytes()).is_some());
        for bad in [
            "",
            "sha-256=::",
            "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:",
            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=:",
            "sha-256=:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=:",
            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:",
            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:;a=1",
        ] {
            assert!(
                DigestAlgorithm::Sha256.parse(bad.as_bytes()).is_none(),
                "{bad}"
            );
        }
        assert!(DigestAlgorithm::Sha512.parse(good.as_bytes()).is_none());
    }
}
