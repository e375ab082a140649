//! The signature as presented: found by its tag among at most four members, then read strictly.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal_core::{KeyId, Span, Time};

use crate::RequestError;
use crate::message::{Request, same_name, within};
use crate::sf::{Cursor, Item, Member};
use crate::sign::{ALG_AND_TAG, MAX_LIFE};

/// The member of this profile, not yet checked against a key.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// The component list and its parameters, as received.
    pub(crate) raw: &'a [u8],
    /// The tag.
    pub(crate) mac: [u8; 32],
}

/// Which member a verifier reads.
#[derive(Clone, Copy)]
pub(crate) enum Chosen<'a> {
    /// The one of this profile.
    Own,
    /// The one that has this tag.
    Tagged(&'a str),
    /// The only one there is.
    Only,
}

/// The parameters (RFC 9421 section 2.3) in the order of this profile.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    pub(crate) created: Time,
    pub(crate) expires: Time,
    pub(crate) nonce: [u8; 16],
    pub(crate) key_id: KeyId,
}

/// The members of one field, over all its lines.
struct Members<'a> {
    list: [Option<Member<'a>>; MAX_MEMBERS],
    len: usize,
}

impl<'a> Presented<'a> {
    /// The one member of `request` that is chosen.
    //= docs/spec/request.md#Q-1
    pub(crate) fn find(request: &Request<'a>, chosen: Chosen<'_>) -> Result<Self, RequestError> {
        let inputs = Members::of(request, "signature-input", MAX_INPUT)?;
        let signatures = Members::of(request, "signature", MAX_SIGNATURE)?;
        let input = inputs.only(chosen)?;
        if matches!(chosen, Chosen::Own) && input.label != LABEL {
            return Err(RequestError::LabelUnexpected);
        }
        let signature = signatures.labelled(input.label);
        let signature = signature.ok_or(RequestError::SignatureMissing)?;
        if !inputs.same_labels(&signatures) {
            return Err(RequestError::SignatureRepeated);
        }
        if input.item.is_some() {
            return Err(RequestError::ComponentsUnexpected);
        }
        Ok(Presented {
            raw: input.raw,
            mac: decode_mac(signature)?,
        })
    }

    /// The signature of a request that has nothing but this profile's member, one line each: the
    /// usual case, read without a general parser. Whatever [`Presented::parameters`] takes from it,
    /// it takes from [`Presented::find`] alike.
    pub(crate) fn alone(request: &Request<'a>) -> Option<Self> {
        let input = only_line(request, "signature-input")?;
        let signature = only_line(request, "signature")?;
        if input.len() > MAX_INPUT {
            return None;
        }
        let tag = signature.strip_prefix(b"cs=:")?.strip_suffix(b":")?;
        Some(Presented {
            raw: input.strip_prefix(b"cs=")?,
            mac: decode_tag(tag)?,
        })
    }

    /// The parameters, if the components are those of `list`.
    pub(crate) fn parameters(&self, list: &[u8]) -> Result<Parameters, RequestError> {
        let rest = self.raw.strip_prefix(list);
        let rest = rest.ok_or(RequestError::ComponentsUnexpected)?;
        if rest.first() != Some(&b';') {
            return Err(RequestError::ComponentsUnexpected);
        }
        Parameters::parse(rest)
    }

    /// The key id, wherever it stands: for loading a key, not for trusting it.
    pub(crate) fn claimed_key_id(&self) -> Option<KeyId> {
        let text = core::str::from_utf8(self.raw).ok()?;
        let (_, rest) = text.split_once(";keyid=\"")?;
        KeyId::parse(rest.split_once('"')?.0).ok()
    }
}

impl Parameters {
    //= docs/spec/request.md#Q-4
    fn parse(text: &[u8]) -> Result<Self, RequestError> {
        let mut rest = text;
        let created = bare(&mut rest, b";created=")?;
        let expires = bare(&mut rest, b";expires=")?;
        let nonce = quoted(&mut rest, b";nonce=\"")?;
        let key_id = quoted(&mut rest, b";keyid=\"")?;
        if rest != ALG_AND_TAG.as_bytes() {
            return Err(RequestError::ParametersUnexpected);
        }
        let created = seconds(created).ok_or(RequestError::CreatedInvalid)?;
        Ok(Parameters {
            created,
            expires: expires_after(created, expires)?,
            nonce: decode_nonce(nonce)?,
            key_id: decode_key_id(key_id)?,
        })
    }
}

impl<'a> Members<'a> {
    fn of(request: &Request<'a>, name: &str, most: usize) -> Result<Self, RequestError> {
        let mut members = Members {
            list: [None; MAX_MEMBERS],
            len: 0,
        };
        let mut size = 0;
        for line in lines(request, name) {
            size += line.len();
            within("signature fields", size, most)?;
            members.add_line(line)?;
        }
        Ok(members)
    }

    fn add_line(&mut self, line: &'a [u8]) -> Result<(), RequestError> {
        let mut cursor = Cursor::new(line);
        let malformed = |_| RequestError::SignatureMalformed;
        while let Some(member) = cursor.member().map_err(malformed)? {
            within("signatures", self.len + 1, MAX_MEMBERS)?;
            if self.labelled(member.label).is_some() {
                return Err(RequestError::SignatureRepeated);
            }
            self.list[self.len] = Some(member);
            self.len += 1;
        }
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = &Member<'a>> {
        self.list.iter().flatten()
    }

    fn labelled(&self, label: &[u8]) -> Option<&Member<'a>> {
        self.iter().find(|member| member.label == label)
    }

    fn only(&self, chosen: Chosen<'_>) -> Result<&Member<'a>, RequestError> {
        let tag = match chosen {
            Chosen::Own => Some(TAG),
            Chosen::Tagged(tag) => Some(tag.as_bytes()),
            Chosen::Only => None,
        };
        let mut ours = self.iter().filter(|m| tag.is_none() || m.tag == tag);
        let first = ours.next().ok_or(RequestError::SignatureMissing)?;
        match ours.next() {
            None => Ok(first),
            Some(_) => Err(RequestError::SignatureRepeated),
        }
    }

    fn same_labels(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().all(|m| other.labelled(m.label).is_some())
    }
}

fn only_line<'a>(request: &Request<'a>, name: &str) -> Option<&'a [u8]> {
    let mut lines = lines(request, name);
    let first = lines.next()?;
    lines.next().is_none().then_some(first)
}

fn lines<'a>(request: &Request<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let headers = request.headers.iter();
    headers.filter_map(move |(other, value)| same_name(other, name).then_some(*value))
}

/// The value after `name`, up to the next parameter.
fn bare<'a>(rest: &mut &'a [u8], name: &[u8]) -> Result<&'a [u8], RequestError> {
    value(rest, name, b';')
}

/// The value after `name`, up to the closing quote, which is left.
fn quoted<'a>(rest: &mut &'a [u8], name: &[u8]) -> Result<&'a [u8], RequestError> {
    if rest.first() == Some(&b'"') {
        *rest = &rest[1..];
    }
    value(rest, name, b'"')
}

fn value<'a>(rest: &mut &'a [u8], name: &[u8], end: u8) -> Result<&'a [u8], RequestError> {
    let unexpected = RequestError::ParametersUnexpected;
    let Some(after) = rest.strip_prefix(name) else {
        return Err(unexpected);
    };
    let Some(len) = after.iter().position(|b| *b == end) else {
        return Err(unexpected);
    };
    *rest = &after[len..];
    Ok(&after[..len])
}

/// Seconds since the epoch in their one form: up to 15 digits without a leading zero.
pub(crate) fn seconds(text: &[u8]) -> Option<Time> {
    let (first, _) = text.split_first()?;
    if text.len() > 15 || (*first == b'0' && text.len() > 1) {
        return None;
    }
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(Time::from_seconds(number))
}

fn expires_after(created: Time, text: &[u8]) -> Result<Time, RequestError> {
    let expires = seconds(text).ok_or(RequestError::ExpiresInvalid)?;
    let life = Span::from_seconds(1)..=Span::from_seconds(MAX_LIFE);
    if life.contains(&expires.since(created)) {
        return Ok(expires);
    }
    Err(RequestError::ExpiresInvalid)
}

fn decode_nonce(text: &[u8]) -> Result<[u8; 16], RequestError> {
    let mut nonce = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut nonce) {
        Ok(16) => Ok(nonce),
        _ => Err(RequestError::NonceInvalid),
    }
}

fn decode_key_id(text: &[u8]) -> Result<KeyId, RequestError> {
    let text = core::str::from_utf8(text).map_err(|_| RequestError::KeyIdInvalid)?;
    KeyId::parse(text).map_err(|_| RequestError::KeyIdInvalid)
}

//= docs/spec/request.md#Q-5
fn decode_mac(member: &Member<'_>) -> Result<[u8; 32], RequestError> {
    let Some(Item::Bytes(text)) = member.item else {
        return Err(RequestError::MacInvalid);
    };
    // Parameters on the signature itself are no part of the profile.
    if member.raw.len() != text.len() + 2 {
        return Err(RequestError::MacInvalid);
    }
    decode_tag(text).ok_or(RequestError::MacInvalid)
}

pub(crate) fn decode_tag(text: &[u8]) -> Option<[u8; 32]> {
    let mut tag = [0; 32];
    match STANDARD.decode_slice(text, &mut tag) {
        Ok(32) => Some(tag),
        _ => None,
    }
}

const LABEL: &[u8] = b"cs";
const TAG: &[u8] = b"counterseal/1";
/// What tags of this profile begin with.
pub(crate) const OWN_TAGS: &str = "counterseal/";
const MAX_MEMBERS: usize = 4;
const MAX_INPUT: usize = 2 * 1024;
const MAX_SIGNATURE: usize = 512;
