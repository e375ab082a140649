//! The key that a token is bound to (RFC 7800): stolen alone, the token is worth nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Forged, same_bytes};

/// The thumbprint of a key that the peer has shown to hold, or that a token is bound to. SHA-256, 32 bytes.
#[derive(Clone, Copy, Debug)]
pub enum Binding {
    /// Of the client's certificate, `x5t#S256` (RFC 8705 section 3.1).
    Certificate([u8; 32]),
    /// Of the client's key as JWK, `jkt` (RFC 9449 section 6.1).
    Key([u8; 32]),
}

impl Binding {
    /// Its name in `cnf`.
    pub const fn name(&self) -> &'static str {
        match self {
            Binding::Certificate(_) => "x5t#S256",
            Binding::Key(_) => "jkt",
        }
    }

    /// The thumbprint.
    pub const fn thumbprint(&self) -> &[u8; 32] {
        match self {
            Binding::Certificate(print) | Binding::Key(print) => print,
        }
    }

    /// The binding that a token says it has, if it is one.
    pub(crate) fn parse(name: &str, print: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let written = URL_SAFE_NO_PAD.decode_slice(print, &mut bytes).ok()?;
        if written != bytes.len() {
            return None;
        }
        match name {
            "jkt" => Some(Binding::Key(bytes)),
            "x5t#S256" => Some(Binding::Certificate(bytes)),
            _ => None,
        }
    }

    /// A bound token needs its key, and a key that was shown needs a token that is bound to it.
    //= docs/spec/jwt.md#T-10
    pub(crate) fn check(bound: Option<&Self>, shown: Option<&Self>) -> Result<(), Forged> {
        match (bound, shown) {
            (None, None) => Ok(()),
            (Some(bound), Some(shown)) if bound.name() == shown.name() => {
                same_bytes(bound.thumbprint(), shown.thumbprint())
            }
            _ => Err(Forged),
        }
    }
}
