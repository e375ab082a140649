//! The form of a refresh token: what a text must be before any secret is asked about it.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Secret, TokenKind};

/// The bytes of a text that has the form of a token. Nothing of them is checked, and one part of them is a secret.
pub(crate) struct Form(Secret);

/// The first thing by which a text is no refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It begins otherwise.
    Prefix,
    /// It has another length.
    Length {
        /// In bytes.
        len: usize,
    },
    /// What follows the prefix is not the one text of some bytes.
    Encoding,
    /// Its bytes are those of another version. Which is not told: it would be a letter of a text that is no token.
    Version,
}

impl Form {
    /// The bytes that this text stands for.
    //= docs/spec/refresh.md#S-1
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let body = KIND.strip(text).map_err(|_| Fault::Prefix)?;
        if text.len() != TEXT {
            return Err(Fault::Length { len: text.len() });
        }
        let mut bytes = alloc::vec![0; LEN + 2];
        let written = URL_SAFE_NO_PAD.decode_slice(body, &mut bytes);
        let form = Form(Secret::new(bytes));
        let [version] = form.part(0);
        match written {
            Ok(LEN) if version == VERSION => Ok(form),
            Ok(LEN) => Err(Fault::Version),
            _ => Err(Fault::Encoding),
        }
    }

    /// The number of the secret that it says it was made with.
    pub(crate) fn secret_number(&self) -> u8 {
        let [number] = self.part(1);
        number
    }

    /// The session that it says it is of.
    pub(crate) fn session(&self) -> [u8; 16] {
        self.part(2)
    }

    /// Its generation, as it says.
    pub(crate) fn generation(&self) -> u32 {
        u32::from_be_bytes(self.part(18))
    }

    /// Its own secret.
    pub(crate) fn secret(&self) -> Secret {
        Secret::new(self.part::<SECRET>(22).to_vec())
    }

    /// What its tag is of.
    pub(crate) fn signed(&self) -> &[u8] {
        &self.0.expose()[..LEN - TAG]
    }

    /// Its tag.
    pub(crate) fn tag(&self) -> [u8; TAG] {
        self.part(LEN - TAG)
    }

    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        let part = self.0.expose()[at..].first_chunk();
        *part.expect("all parts together are as long as the bytes")
    }
}

impl fmt::Display for Fault {
    /// By numbers alone: the text may be a secret of another kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Prefix => write!(f, "it does not begin with {}", KIND.prefix()),
            Fault::Length { len } => write!(f, "it has {len} bytes in the place of {TEXT}"),
            Fault::Encoding => f.write_str("it is not base64url in its one form"),
            Fault::Version => write!(f, "it is not of version {VERSION}"),
        }
    }
}

pub(crate) const KIND: TokenKind = TokenKind::new("rt", 1);
pub(crate) const VERSION: u8 = 1;
pub(crate) const SECRET: usize = 24;
pub(crate) const TAG: usize = 16;
/// Version, number of the secret, session, generation, secret, tag.
pub(crate) const LEN: usize = 1 + 1 + 16 + 4 + SECRET + TAG;
/// The same as text.
pub(crate) const TEXT: usize = 6 + 83;
