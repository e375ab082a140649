//! A delivery as it stands on the wire, and the grammar of its fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::{TAG, Time};

use crate::{MessageId, WebhookReason};

/// A request that delivers a message: raw bytes, as received.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// All field lines in order; names in any case, repeated ones as often as they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole content.
    pub body: &'a [u8],
}

/// The three fields, taken apart.
pub(crate) struct Presented<'a> {
    pub(crate) id: MessageId,
    /// The signed time as it stands there.
    pub(crate) timestamp: &'a [u8],
    pub(crate) created: Time,
    pub(crate) tags: Tags,
}

/// A signed time, in whole seconds.
pub(crate) struct Timestamp(i64);

/// The signatures of version 1.
pub(crate) struct Tags {
    tags: [[u8; TAG]; MAX_SIGNATURES],
    len: usize,
}

impl<'a> Delivery<'a> {
    pub(crate) fn present(&self) -> Result<Presented<'a>, WebhookReason> {
        within("headers", self.headers.len(), MAX_HEADERS)?;
        let (id, timestamp) = (self.field(ID)?, self.field(TIMESTAMP)?);
        let signature = self.field(SIGNATURE)?;
        within(SIGNATURE, signature.len(), MAX_SIGNATURE)?;
        let created = Timestamp::parse(timestamp).ok_or(WebhookReason::TimestampInvalid)?;
        Ok(Presented {
            id: MessageId::of(id).ok_or(WebhookReason::IdInvalid)?,
            timestamp,
            created: Time::from_seconds(created.0),
            tags: Tags::parse(signature).ok_or(WebhookReason::SignatureInvalid)?,
        })
    }

    /// The one field of this name. A name that differs only in `_` for `-` is refused too: gateways fold one into the
    /// other.
    //= docs/spec/webhook.md#H-4
    fn field(&self, name: &'static str) -> Result<&'a [u8], WebhookReason> {
        let mut found = None;
        for (other, value) in self.headers {
            let is_same = other.eq_ignore_ascii_case(name);
            if !is_same && !looks_like(other, name) {
                continue;
            }
            if found.is_some() || !is_same {
                return Err(WebhookReason::HeaderRepeated { name });
            }
            found = Some(trim(value));
        }
        found.ok_or(WebhookReason::HeaderMissing { name })
    }
}

impl Timestamp {
    /// The whole seconds of `now`, if there is a form for them.
    pub(crate) fn at(now: Time) -> Option<Self> {
        let seconds = now.millis().div_euclid(1_000);
        (0..=MAX_TIMESTAMP)
            .contains(&seconds)
            .then_some(Timestamp(seconds))
    }

    pub(crate) const fn seconds(&self) -> i64 {
        self.0
    }

    /// Decimal without sign, blank or leading zero, at most 11 digits.
    //= docs/spec/webhook.md#H-2
    fn parse(text: &[u8]) -> Option<Self> {
        let leads_with_zero = text.first() == Some(&b'0') && text.len() > 1;
        if text.is_empty() || text.len() > MAX_DIGITS || leads_with_zero {
            return None;
        }
        let digits = text.iter().map(|byte| byte.wrapping_sub(b'0'));
        digits
            .map(|digit| (digit < 10).then_some(i64::from(digit)))
            .try_fold(0, |number, digit| Some(number * 10 + digit?))
            .map(Timestamp)
    }
}

impl Tags {
    /// The signatures of a list of 1 to 8 with one blank between them, at least one of them of version 1.
    //= docs/spec/webhook.md#H-5
    fn parse(list: &[u8]) -> Option<Self> {
        let mut found = Tags {
            tags: [[0; TAG]; MAX_SIGNATURES],
            len: 0,
        };
        for (at, signature) in list.split(|byte| *byte == b' ').enumerate() {
            let comma = signature.iter().position(|byte| *byte == b',')?;
            let (version, value) = (&signature[..comma], &signature[comma + 1..]);
            if at >= MAX_SIGNATURES || !is_version(version) || !value.iter().copied().all(is_base64)
            {
                return None;
            }
            if version == b"v1" {
                found.tags[found.len] = tag(value)?;
                found.len += 1;
            }
        }
        (found.len > 0).then_some(found)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = [u8; TAG]> {
        self.tags[..self.len].iter().copied()
    }
}

/// The tag that `value` spells in its one form.
fn tag(value: &[u8]) -> Option<[u8; TAG]> {
    let mut tag = [0; TAG];
    let fits = value.len() == ENCODED_TAG;
    let len = fits.then(|| STANDARD.decode_slice(value, &mut tag))?;
    (len == Ok(TAG)).then_some(tag)
}

fn is_version(text: &[u8]) -> bool {
    (1..=8).contains(&text.len())
        && text
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The value without blanks and tabs around it (RFC 9110 section 5.5).
fn trim(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_blank(byte));
    let end = value.iter().rposition(|byte| !is_blank(byte));
    match (start, end) {
        (Some(start), Some(end)) => &value[start..=end],
        _ => b"",
    }
}

/// Whether gateways may take one name for the other.
fn looks_like(other: &str, name: &str) -> bool {
    let plain = |byte: u8| {
        if byte == b'_' {
            b'-'
        } else {
            byte.to_ascii_lowercase()
        }
    };
    other.len() == name.len() && other.bytes().map(plain).eq(name.bytes())
}

/// `len` of `part`, if it is at most `most`.
pub(crate) const fn within(
    part: &'static str,
    len: usize,
    most: usize,
) -> Result<(), WebhookReason> {
    if len > most {
        return Err(WebhookReason::TooLarge { part, len, most });
    }
    Ok(())
}

pub(crate) const ID: &str = "webhook-id";
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
pub(crate) const SIGNATURE: &str = "webhook-signature";

/// 32 bytes in base64.
const ENCODED_TAG: usize = 44;
const MAX_DIGITS: usize = 11;
const MAX_HEADERS: usize = 256;
const MAX_SIGNATURE: usize = 1_024;
const MAX_SIGNATURES: usize = 8;
const MAX_TIMESTAMP: i64 = 99_999_999_999;
