//! `Content-Digest` (RFC 9530): exactly one digest, of the algorithm that the policy names.

use alloc::{string::String, vec};

use base64ct::{Base64, Encoding};
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
    pub(crate) fn of(self, body: &[u8]) -> String {
        let mut text = vec![0; self.prefix().len() + self.encoded_len() + 1];
        let (prefix, rest) = text.split_at_mut(self.prefix().len());
        prefix.copy_from_slice(self.prefix().as_bytes());
        let (encoded, end) = rest.split_at_mut(self.encoded_len());
        let filled = match self {
            DigestAlgorithm::Sha256 => Base64::encode(&Sha256::digest(body), encoded),
            DigestAlgorithm::Sha512 => Base64::encode(&Sha512::digest(body), encoded),
        };
        filled.expect("the length is that of the digest");
        end[0] = b':';
        String::from_utf8(text).expect("base64 is ASCII")
    }

    /// Whether `value` is one digest of this algorithm in its one form.
    pub(crate) fn is_wellformed(self, value: &[u8]) -> bool {
        let encoded = value
            .strip_prefix(self.prefix().as_bytes())
            .and_then(|rest| rest.strip_suffix(b":"));
        let mut room = [0; 64];
        encoded.is_some_and(|text| {
            text.len() == self.encoded_len() && Base64::decode(text, &mut room).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_9530_appendix_b_examples() {
        // RFC 9530 appendix D: the content of its examples, with a final line feed.
        let body = b"{\"hello\": \"world\"}\n";
        assert_eq!(
            DigestAlgorithm::Sha256.of(body),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
        assert_eq!(
            DigestAlgorithm::Sha512.of(b"{\"hello\": \"world\"}"),
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
        );
    }

    #[test]
    fn other_forms_of_a_digest_are_refused() {
        let good = DigestAlgorithm::Sha256.of(b"");
        assert!(DigestAlgorithm::Sha256.is_wellformed(good.as_bytes()));
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
                !DigestAlgorithm::Sha256.is_wellformed(bad.as_bytes()),
                "{bad}"
            );
        }
        assert!(!DigestAlgorithm::Sha512.is_wellformed(good.as_bytes()));
    }
}
