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

    /// The key whose header this is, written as most write it: the three members with nothing between them. Nothing has to be read of
    /// it.
    fn key_as_written<'k>(&self, header: &[u8], keys: &'k TokenKeys) -> Option<&'k TokenKey> {
        keys.iter()
            .find(|key| is_of_members(header, key.members(&self.typ)))
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

/// Whether this is an object of these members, each once and in any order.
fn is_of_members(header: &[u8], members: [[&str; 3]; 3]) -> bool {
    let mut members = members.map(Some);
    let mut rest = header;
    for mark in [b'{', b',', b','] {
        let Some(behind) = rest.strip_prefix(&[mark]) else {
            return false;
        };
        let found = members.iter_mut().find_map(|member| {
            let behind = strip(behind, &(*member)?)?;
            *member = None;
            Some(behind)
        });
        match found {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest == b"}"
}

fn strip<'t>(text: &'t [u8], pieces: &[&str]) -> Option<&'t [u8]> {
    let mut pieces = pieces.iter();
    pieces.try_fold(text, |rest, piece| rest.strip_prefix(piece.as_bytes()))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::is_of_members;

    /// Of all triples of members, those that have each once are the key's; one that has a member twice is left to the reader, which refuses it.
    #[test]
    fn members_may_stand_in_any_order_and_each_stands_once() {
        let members = [
            ["\"a\":1", "", ""],
            ["\"k\":2", "", ""],
            ["\"t", "\":", "3"],
        ];
        let mut of_members = 0;
        for [a, b, c] in (0..27).map(|n| [n / 9, n / 3 % 3, n % 3]) {
            let [one, two, three] = [a, b, c].map(|at: usize| members[at].concat());
            let is_each_once = a != b && b != c && a != c;
            let header = format!("{{{one},{two},{three}}}");
            assert_eq!(
                is_of_members(header.as_bytes(), members),
                is_each_once,
                "{header}"
            );
            of_members += usize::from(is_each_once);
            for other in ["", " ", "}", ",\"x\":4}"] {
                let header = format!("{{{one},{two},{three}{other}");
                assert_eq!(
                    is_of_members(header.as_bytes(), members),
                    is_each_once && other == "}"
                );
            }
        }
        assert_eq!(of_members, 6);
    }
}
