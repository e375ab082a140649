//! The text of a refresh token. Its tag is checked before anything is asked of a store.

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Secret, Seed, same_bytes};

use crate::RefreshError;
use crate::form::{Form, KIND, LEN, SECRET, TAG, TEXT, VERSION};
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
        let form = Form::read(text).map_err(|_| RefreshError::Malformed)?;
        let pepper = secrets.find(form.secret_number());
        let pepper = pepper.ok_or(RefreshError::SecretUnknown)?;
        let ours = pepper.tag.tag_of(&[b"csrt1/tag", form.signed()]);
        let ours = ours.first_chunk::<TAG>().expect("a tag has 32 bytes");
        same_bytes(ours, &form.tag()).map_err(|_| RefreshError::Forged)?;
        let token = RefreshToken {
            secret_number: form.secret_number(),
            session: form.session(),
            generation: form.generation(),
            secret: form.secret(),
        };
        Ok((token, pepper))
    }
}
