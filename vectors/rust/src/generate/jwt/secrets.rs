//! The keys of these cases, as their holders have them: what signs, and what the other side is given.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal::core::{
    Algorithm, PrivateKey, PublicKey, PublicNumbers, Secret, SignKey, Signatures,
};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_testkit::keys;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::Hex;
use crate::jwt::TokenKeyInput;

/// Who signs a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Hs256,
    Hs384,
    Hs512,
    EdDsa,
    Es256,
    Es384,
}

impl By {
    pub(super) const ALL: [By; 6] = [
        By::Hs256,
        By::Hs384,
        By::Hs512,
        By::EdDsa,
        By::Es256,
        By::Es384,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            By::Hs256 => "HS256",
            By::Hs384 => "HS384",
            By::Hs512 => "HS512",
            By::EdDsa => "EdDSA",
            By::Es256 => "ES256",
            By::Es384 => "ES384",
        }
    }

    /// The signature of this text; the libraries for key pairs sign it, so that equal inputs give equal bytes (RFC 6979).
    pub(super) fn sign(self, text: &str) -> Vec<u8> {
        match self {
            By::Hs256 => tag::<Hmac<Sha256>>(&secret(32), text),
            By::Hs384 => tag::<Hmac<Sha384>>(&secret(48), text),
            By::Hs512 => tag::<Hmac<Sha512>>(&secret(64), text),
            By::EdDsa | By::Es256 | By::Es384 => {
                let signed = self.pair().sign(text.as_bytes());
                signed.expect("RFC 6979 draws nothing").as_bytes().to_vec()
            }
        }
    }

    /// What a verifier is given, under this id.
    pub(super) fn key(self, id: &str) -> TokenKeyInput {
        match self {
            By::Hs256 => hmac_key(id, "HS256", &secret(32)),
            By::Hs384 => hmac_key(id, "HS384", &secret(48)),
            By::Hs512 => hmac_key(id, "HS512", &secret(64)),
            By::EdDsa | By::Es256 | By::Es384 => pem_key(id, self.name(), &self.public_pem()),
        }
    }

    /// What a minter is given, under this id.
    pub(super) fn signer(self, id: &str) -> TokenKeyInput {
        match self.private_pem() {
            None => self.key(id),
            Some(pem) => TokenKeyInput {
                id: Some(id.into()),
                pem: Some(pem.into()),
                ..TokenKeyInput::default()
            },
        }
    }

    /// The public key, as JWK.
    pub(super) fn jwk(self, id: &str) -> Value {
        let public = self.pair().public_key().clone();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (kty, crv, x, y) = match public.numbers() {
            PublicNumbers::Ed25519(point) => ("OKP", "Ed25519", encoded(point), None),
            PublicNumbers::P256(point) => {
                let (x, y) = point[1..].split_at(32);
                ("EC", "P-256", encoded(x), Some(encoded(y)))
            }
            PublicNumbers::P384(point) => {
                let (x, y) = point[1..].split_at(48);
                ("EC", "P-384", encoded(x), Some(encoded(y)))
            }
            _ => unreachable!("these three kinds"),
        };
        let mut jwk = json!({"kty": kty, "crv": crv, "alg": self.name(), "kid": id, "x": x});
        if let Some(y) = y {
            jwk["y"] = y.into();
        }
        jwk
    }

    pub(super) fn public_pem(self) -> String {
        pem(&self.pair().public_key().to_der())
    }

    pub(super) const fn private_pem(self) -> Option<&'static str> {
        match self {
            By::EdDsa => Some(keys::ED25519),
            By::Es256 => Some(keys::P256),
            By::Es384 => Some(keys::P384),
            _ => None,
        }
    }

    fn pair(self) -> std::sync::Arc<dyn SignKey> {
        let algorithm = match self {
            By::EdDsa => Algorithm::EdDsa,
            By::Es256 => Algorithm::Es256,
            _ => Algorithm::Es384,
        };
        let pem = self.private_pem().expect("a key pair");
        let private = PrivateKey::from_pem(&Secret::new(pem.into())).expect("a key of the tests");
        let pair = RustCrypto.sign_key(algorithm, &private);
        pair.expect("a key of the tests")
    }
}

/// A secret of so many bytes.
pub(super) fn secret(len: usize) -> Vec<u8> {
    vec![7; len]
}

pub(super) fn hmac_key(id: &str, algorithm: &str, secret: &[u8]) -> TokenKeyInput {
    TokenKeyInput {
        id: Some(id.into()),
        algorithm: Some(algorithm.into()),
        secret: Some(Hex(secret.into())),
        ..TokenKeyInput::default()
    }
}

pub(super) fn pem_key(id: &str, algorithm: &str, pem: &str) -> TokenKeyInput {
    TokenKeyInput {
        id: Some(id.into()),
        algorithm: Some(algorithm.into()),
        pem: Some(pem.into()),
        ..TokenKeyInput::default()
    }
}

pub(super) fn jwk_key(jwk: &Value) -> TokenKeyInput {
    TokenKeyInput {
        jwk: Some(jwk.to_string()),
        ..TokenKeyInput::default()
    }
}

/// A `SubjectPublicKeyInfo` as PEM (RFC 7468 section 13).
pub(super) fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        lines.push(line);
        rest = more;
    }
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}

/// The JWK of an RSA key.
pub(super) fn rsa_jwk(id: &str, algorithm: &str, modulus: &[u8]) -> Value {
    let modulus = URL_SAFE_NO_PAD.encode(modulus);
    json!({"kty": "RSA", "alg": algorithm, "kid": id, "n": modulus, "e": "AQAB", "use": "sig"})
}

/// The modulus of the RSA key of `counterseal-testkit`.
pub(super) fn rsa_modulus() -> Vec<u8> {
    let der = counterseal_testkit::signatures::bytes(keys::RSA_PUBLIC);
    let key = PublicKey::from_der(&der).expect("a key of the tests");
    match key.numbers() {
        PublicNumbers::Rsa(modulus) => modulus.to_vec(),
        _ => unreachable!("an RSA key"),
    }
}

fn tag<M: Mac + KeyInit>(secret: &[u8], text: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The key with which [`RS256_TOKEN`] and [`PS256_TOKEN`] were signed once, by OpenSSL.
pub(super) const RSA: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr+Gt7K992EZO8mQQyAoc
S3txOUwNx048b9Qfurp/nq6Hcz7zliaEk1JPUDxxzMJgJyOMtPnRcXtiO2xE5iCX
K7XtNcysokU+8KVnb01cMmHOH7fSQXABXrHBjWNvyOqjmpfxuMzggYKBZ2y0HhnB
r85cHsvmgHFI5CQJgl3eAzzPnX4f+IoQDJEjdI5TQCwqhxKW3+J60Kpy0chGI8O4
+CRYHC5dzyIAM0NEo6UMvL/3WPD43vdawD0KkYFdxmlAanDo3VacDCo3/Ok0DuE0
YCo0hGeJV6PrLzWQ+qD6OokWth8bKUHzREzPrjb0SNe9doQpA8sBKbxF3SC5Z1On
/wIDAQAB
-----END PUBLIC KEY-----
";
pub(super) const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzcy5leGFtcGxlIiwic3ViIjoidXNlci03IiwiYXV\
     kIjoiYXBpIiwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDA2MDAsImp0aSI6ImlkLTEifQ.njlNH7iQr4Hy_ZkttP1z0KW2Wk7wROT_l_mfldayR9cj\
     EXoILtKAQ0u-sO9yoM23kdfcUtFUpVU2uLMIcGNFXJ4ZWZSvcAkafwGn8LLrc3obOF9C-74JF87uQax8kPR1smt-hwn1eOYiTqS0rVdL0etODhB7BlSk70r2\
     8bSS3CGJ6wOAPTfWnBWSg7V7oKadsaPzutzynv6_V41J4Fsanvtotkkc4SlSZ_zISmBtMRfnvOIFPfU3p_4hi6Wl2lO7XwJf9jeR5fn5Uy93-LCAvz1aet8N\
     kCnAIC2YQpKyIFPNSU64TA3GJ5Hd9xpAmezPncI3FNDSSScD3vH_m5YwRA";
/// With a salt of 32 bytes.
pub(super) const PS256_TOKEN: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lzcy5leGFtcGxlIiwic3ViIjoidXNlci03IiwiYXV\
     kIjoiYXBpIiwiaWF0IjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDA2MDAsImp0aSI6ImlkLTEifQ.RbuDwENRmAG6ND8Le6zDwlgND65UiJD2SbhkpaJeArTw\
     JJprS5Bh4AuhHNx01zZS2mvxV64nztMpuEp49OVkf2yscrJzCyGKMEf_FAbkkDdw0i4_r43xzXJLFspzxZGbsIOcI5AL7Ib6Rw3vmmvFnHmyk9KyS7MoNw8K\
     ZDmDiYqL_jgpYNcGeVCHDZR3tih9_T2mGhZbwAD4K3zlpOzdjBs__ZfqIZx-V5Nnr1VsyOaEW9aFE0EAQ9XCcb4K_iwuttkw04OKg_6Llz0QpcQ3l4nwyhd2\
     eYycl2FelokT_sYsZYOIxt9mmaFOMvLwGEji1uGO-JuolOugdVDr6AZn4g";
