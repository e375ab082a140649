//! The header of a token (RFC 7515 section 4): `alg`, `kid`, `typ`, and nothing that anybody could follow.

use alloc::vec::Vec;

use crate::json::{Member, Members, Text, Value};
use crate::policy::Kind;
use crate::{JwtError, TokenKey, TokenKeys, TokenPolicy};

/// The members that are read.
#[derive(Default)]
struct Header<'t> {
    algorithm: Option<Text<'t>>,
    key: Option<Text<'t>>,
    typ: Option<Text<'t>>,
}

impl TokenPolicy {
    /// The key that the header names, if the header is one of this policy.
    pub(crate) fn key_of<'k>(
        &self,
        header: &[u8],
        list: &mut Vec<Member>,
        keys: &'k TokenKeys,
    ) -> Result<&'k TokenKey, JwtError> {
        if let Some(key) = self.key_as_written(header, keys) {
            return self.admitted(key);
        }
        let header = core::str::from_utf8(header).map_err(|_| JwtError::Header)?;
        let header = self.header(header, list)?;
        let algorithm = header.algorithm.ok_or(JwtError::Header)?;
        match header.typ {
            Some(typ) if self.takes_typ(|name| typ.is(name)) => {}
            None if matches!(self.kind, Kind::Foreign | Kind::Svid) => {}
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
    fn header<'t>(&self, text: &'t str, list: &mut Vec<Member>) -> Result<Header<'t>, JwtError> {
        let members = Members::parse_in(text, list).map_err(|_| JwtError::Header)?;
        let mut header = Header::default();
        for (name, value) in members.iter() {
            let name = name.plain().ok_or(JwtError::Header)?;
            let place = match name {
                "alg" => &mut header.algorithm,
                "kid" => &mut header.key,
                "typ" => &mut header.typ,
                _ if self.ignored.iter().any(|other| **other == *name) => continue,
                _ => return Err(JwtError::Header),
            };
            let Value::Text(text) = value else {
                return Err(JwtError::Header);
            };
            *place = Some(text);
        }
        Ok(header)
    }
}
