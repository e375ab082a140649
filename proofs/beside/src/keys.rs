//! The keys that both sides know, and that tokens are signed with.

use std::sync::{Arc, OnceLock};

use counterseal_core::{KeyId, MacKey, PrivateKey, Secret, SignKey, Signatures};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{TokenAlgorithm, TokenKey};
use counterseal_testkit::keys::{ED25519, P256};

/// A key, as the signer has it.
pub struct Key {
    /// Its `kid`.
    pub id: &'static str,
    /// Its `alg`.
    pub algorithm: &'static str,
    with: With,
}

enum With {
    Secret(Secret),
    Pair(Arc<dyn SignKey>),
}

/// The keys: of an HMAC, on P-256, of Ed25519.
pub fn keys() -> &'static [Key; 3] {
    static KEYS: OnceLock<[Key; 3]> = OnceLock::new();
    KEYS.get_or_init(|| {
        [
            Key {
                id: "k1",
                algorithm: "HS256",
                with: With::Secret(Secret::new(vec![7; 32])),
            },
            Key {
                id: "ec",
                algorithm: "ES256",
                with: With::Pair(pair(P256)),
            },
            Key {
                id: "ed",
                algorithm: "EdDSA",
                with: With::Pair(pair(ED25519)),
            },
        ]
    })
}

impl Key {
    /// Signs these bytes; equal bytes have equal signatures.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.with {
            With::Secret(secret) => MacKey::new(secret).expect("32 bytes").tag(message).into(),
            With::Pair(key) => key.sign(message).expect("it signs").as_bytes().into(),
        }
    }

    /// The bytes that a verifier needs: the secret, the point with its `04`, or the 32 bytes of a key of Ed25519.
    pub fn verifying(&self) -> Vec<u8> {
        match &self.with {
            With::Secret(secret) => secret.expose().into(),
            With::Pair(key) => {
                let der = key.public_key().to_der();
                let length = if self.algorithm == "ES256" { 65 } else { 32 };
                der[der.len() - length..].into()
            }
        }
    }

    /// The key as our verifier has it.
    pub fn ours(&self) -> TokenKey {
        let id = KeyId::parse(self.id).expect("a key id");
        match &self.with {
            With::Secret(secret) => {
                TokenKey::hmac(id, TokenAlgorithm::Hs256, secret).expect("32 bytes")
            }
            With::Pair(key) => {
                let verify = RustCrypto.verify_key(key.algorithm(), key.public_key());
                TokenKey::public(id, verify.expect("a key"))
            }
        }
    }
}

fn pair(pem: &str) -> Arc<dyn SignKey> {
    let private = PrivateKey::from_pem(&Secret::new(pem.into())).expect("a key");
    let pair = RustCrypto.sign_key(private.algorithm(), &private);
    pair.expect("a pair")
}
