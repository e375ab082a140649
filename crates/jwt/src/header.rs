//! The header of a token (RFC 7515 section 4): `alg`, `kid`, `typ`, and nothing that anybody could follow.

use alloc::vec::Vec;

use crate::json::{self, Name, Text, Value};
use crate::policy::Kind;
use crate::{JwtError, TokenKey, TokenKeys, TokenPolicy};

/// The members that are read.
#[derive(Default)]
pub(crate) struct Header<'t> {
    pub(crate) algorithm: Option<Text<'t>>,
    pub(crate) key: Option<Text<'t>>,
    pub(crate) typ: Option<Text<'t>>,
}

/// The names of members that are read.
mod names {
    use crate::json::Tag;

    pub(super) const ALG: Tag = Tag::all("alg");
    pub(super) const KID: Tag = Tag::all("kid");
    pub(super) const TYP: Tag = Tag::all("typ");
}

impl TokenPolicy {
    /// The key that the header names, if the header is one of this policy.
    pub(crate) fn key_of<'k>(
        &self,
        header: &[u8],
        names: &mut Vec<Name>,
        keys: &'k TokenKeys,
    ) -> Result<&'k TokenKey, JwtError> {
        if let Some(key) = self.key_as_written(header, keys) {
            return self.admitted(key);
        }
        let header = core::str::from_utf8(header).map_err(|_| JwtError::Header)?;
        let header = self.header(header, names)?;
        let algorithm = header.algorithm.ok_or(JwtError::Header)?;
        match header.typ {
            Some(typ) if self.takes_typ(|name| typ.is(name)) => {}
            None if self.takes_no_typ() => {}
            None => return Err(JwtError::Header),
            Some(_) => return Err(JwtError::Type),
        }
        //= docs/spec/jwt.md#T-3
        let key = match header.key {
            Some(kid) => keys.find(&kid.said()).ok_or(JwtError::KeyUnknown)?,
            None if self.kind == Kind::App => keys.only().ok_or(JwtError::Header)?,
            None => return Err(JwtError::Header),
        };
        if !algorithm.is(key.algorithm().name()) {
            return Err(JwtError::Algorithm { key: *key.id() });
        }
        self.admitted(key)
    }

    /// The key, if it is of an algorithm of this policy.
    fn admitted<'k>(&self, key: &'k TokenKey) -> Result<&'k TokenKey, JwtError> {
        if !self.takes(key.algorithm()) {
            return Err(JwtError::Algorithm { key: *key.id() });
        }
        Ok(key)
    }

    /// The key whose header, as we write it, this is to the byte. Nothing has to be read of it.
    fn key_as_written<'k>(&self, header: &[u8], keys: &'k TokenKeys) -> Option<&'k TokenKey> {
        keys.iter().find(|key| {
            let mut rest = Some(header);
            for piece in key.header(&self.typ) {
                rest = rest.and_then(|rest| rest.strip_prefix(piece.as_bytes()));
            }
            rest == Some(&[])
        })
    }

    //= docs/spec/jwt.md#T-2
    pub(crate) fn header<'t>(
        &self,
        text: &'t str,
        names: &mut Vec<Name>,
    ) -> Result<Header<'t>, JwtError> {
        let mut header = Header::default();
        let mut is_ours = true;
        let read = json::read(text, names, |tag, name, value| {
            let place = match name.plain().map(|_| tag) {
                Some(names::ALG) => &mut header.algorithm,
                Some(names::KID) => &mut header.key,
                Some(names::TYP) => &mut header.typ,
                Some(_) if self.ignored.iter().any(|other| name.is(other)) => return,
                _ => return is_ours = false,
            };
            match value {
                Value::Text(text) => *place = Some(text),
                _ => is_ours = false,
            }
        });
        if read.is_err() || !is_ours {
            return Err(JwtError::Header);
        }
        Ok(header)
    }
}
