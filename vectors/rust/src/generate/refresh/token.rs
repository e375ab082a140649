//! Refresh tokens as the specification says (S-1, S-2, S-4), worked out without the crate.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{HMAC_SHA256, Key, sign};

/// A token of one generation of a session.
#[derive(Clone, Copy)]
pub(super) struct Token {
    /// The number of the issuer's secret that it was made with.
    pub(super) number: u8,
    pub(super) session: [u8; 16],
    pub(super) generation: u32,
    pub(super) secret: [u8; 24],
}

impl Token {
    /// The first token of a session that begins with this seed.
    pub(super) fn first(number: u8, seed: &[u8; 40]) -> Self {
        let (session, secret) = seed.split_at(16);
        Token {
            number,
            session: session.try_into().expect("16 bytes"),
            generation: 0,
            secret: secret.try_into().expect("24 bytes"),
        }
    }

    /// The one that follows it when the secret `number` signs.
    pub(super) fn next(&self, number: u8, salt: &[u8; 16]) -> Self {
        let generation = self.generation + 1;
        let parts = [
            b"csrt1/next",
            &self.session[..],
            &generation.to_be_bytes(),
            salt,
            &self.secret,
        ];
        let next = mac(&key(number, b"next"), &parts.concat());
        Token {
            number,
            generation,
            secret: next[..24].try_into().expect("24 bytes"),
            ..*self
        }
    }

    pub(super) fn text(&self) -> String {
        spelled(&self.bytes())
    }

    /// The 62 bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut body = self.body();
        let tag = mac(
            &key(self.number, b"tag"),
            &[b"csrt1/tag", &body[..]].concat(),
        );
        body.extend(&tag[..16]);
        body
    }

    fn body(&self) -> Vec<u8> {
        let head = [1, self.number];
        [
            &head[..],
            &self.session,
            &self.generation.to_be_bytes(),
            &self.secret,
        ]
        .concat()
    }

    pub(super) fn session_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.session)
    }
}

/// The text of a token of these bytes.
pub(super) fn spelled(bytes: &[u8]) -> String {
    format!("csrt1_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The issuer's secret of this number.
pub(super) fn secret(number: u8) -> [u8; 32] {
    let mut byte = number.wrapping_mul(16);
    core::array::from_fn(|_| {
        byte = byte.wrapping_add(1);
        byte
    })
}

/// HKDF (RFC 5869) whose output is one block.
fn key(number: u8, info: &[u8]) -> [u8; 32] {
    let extracted = mac(b"counterseal/refresh/1", &secret(number));
    mac(&extracted, &[info, &[1]].concat())
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = sign(&Key::new(HMAC_SHA256, key), message);
    tag.as_ref().try_into().expect("32 bytes")
}
