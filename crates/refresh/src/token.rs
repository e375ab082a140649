//! The text of a refresh token. Its tag is checked before anything is asked of a store.

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Secret, Seed, TokenKind, same_bytes};

use crate::RefreshError;
use crate::secrets::{Pepper, RefreshSecrets};

/// A token of one generation of a session. It has no `Debug` and no `Clone`: its secret opens the session.
pub(crate) struct RefreshToken {
    pub(crate) secret_number: u8,
    pub(crate) session: [u8; 16],
    pub(crate) generation: u32,
    secret: Secret,
}

impl RefreshToken {
    /// The first token of a session.
    pub(crate) fn first(pepper: &Pepper, session: [u8; 16], seed: &Seed<24>) -> Self {
        RefreshToken {
            secret_number: pepper.number,
            session,
            generation: 0,
            secret: Secret::new(seed.expose().to_vec()),
        }
    }

    /// The token that follows this one: whoever holds this one and knows `salt` and the secret makes the same, and nobody else.
    //= docs/spec/refresh.md#S-4
    pub(crate) fn next(&self, pepper: &Pepper, salt: &[u8; 16]) -> Self {
        let generation = self.generation.saturating_add(1);
        let next = pepper.next.tag_of(&[
            b"csrt1/next",
            &self.session,
            &generation.to_be_bytes(),
            salt,
            self.secret.expose(),
        ]);
        RefreshToken {
            secret_number: pepper.number,
            session: self.session,
            generation,
            secret: Secret::new(next[..SECRET].to_vec()),
        }
    }

    /// What a store keeps of it.
    //= docs/spec/refresh.md#S-3
    pub(crate) fn row_mac(&self, pepper: &Pepper) -> [u8; 32] {
        pepper.row.tag_of(&[
            b"csrt1/row",
            &self.session,
            &self.generation.to_be_bytes(),
            self.secret.expose(),
        ])
    }

    /// Its text, 89 letters.
    //= docs/spec/refresh.md#S-1
    pub(crate) fn print(&self, pepper: &Pepper) -> Secret {
        let mut body = Vec::with_capacity(LEN);
        body.push(VERSION);
        body.push(self.secret_number);
        body.extend(self.session);
        body.extend(self.generation.to_be_bytes());
        body.extend(self.secret.expose());
        let tag = pepper.tag.tag_of(&[b"csrt1/tag", &body]);
        body.extend(&tag[..TAG]);
        let body = Secret::new(body);
        let mut text = alloc::vec![0; TEXT];
        text[..6].copy_from_slice(KIND.prefix().as_bytes());
        let written = URL_SAFE_NO_PAD.encode_slice(body.expose(), &mut text[6..]);
        debug_assert_eq!(written, Ok(TEXT - 6));
        Secret::new(text)
    }

    /// The token that this text is, if its tag is one of ours; and the secret that it was made with.
    //= docs/spec/refresh.md#S-1
    pub(crate) fn open<'s>(
        text: &str,
        secrets: &'s RefreshSecrets,
    ) -> Result<(Self, &'s Pepper), RefreshError> {
        let body = KIND.strip(text).map_err(|_| RefreshError::Malformed)?;
        if text.len() != TEXT {
            return Err(RefreshError::Malformed);
        }
        let mut bytes = alloc::vec![0; LEN + 2];
        let written = URL_SAFE_NO_PAD.decode_slice(body, &mut bytes);
        let bytes = Secret::new(bytes);
        if written != Ok(LEN) || bytes.expose()[0] != VERSION {
            return Err(RefreshError::Malformed);
        }
        let (signed, tag) = bytes.expose()[..LEN].split_at(LEN - TAG);
        let [_, secret_number, rest @ ..] = signed else {
            return Err(RefreshError::Malformed);
        };
        let pepper = secrets.find(*secret_number);
        let pepper = pepper.ok_or(RefreshError::SecretUnknown)?;
        let ours = pepper.tag.tag_of(&[b"csrt1/tag", signed]);
        let (Some(ours), Some(tag)) = (ours.first_chunk::<TAG>(), tag.first_chunk::<TAG>()) else {
            return Err(RefreshError::Malformed);
        };
        same_bytes(ours, tag).map_err(|_| RefreshError::Forged)?;
        let (session, rest) = rest.split_first_chunk().ok_or(RefreshError::Malformed)?;
        let (generation, secret) = rest.split_first_chunk().ok_or(RefreshError::Malformed)?;
        let token = RefreshToken {
            secret_number: *secret_number,
            session: *session,
            generation: u32::from_be_bytes(*generation),
            secret: Secret::new(secret.to_vec()),
        };
        Ok((token, pepper))
    }
}

const KIND: TokenKind = TokenKind::new("rt", 1);
const VERSION: u8 = 1;
const SECRET: usize = 24;
const TAG: usize = 16;
/// Version, number of the secret, session, generation, secret, tag.
const LEN: usize = 1 + 1 + 16 + 4 + SECRET + TAG;
/// The same as text.
const TEXT: usize = 6 + 83;
