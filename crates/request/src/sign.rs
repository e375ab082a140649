//! Signing: headers out, byte for byte the same for the same request, key, time and seed.

use alloc::{borrow::Cow, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal_core::{Code, Refusal, Seed, Span, Time};

use crate::base::Base;
use crate::codes::sign;
use crate::digest::DigestField;
use crate::message::{Found, MAX_HEADERS, within};
use crate::{Key, Profile, Request, RequestError, Sent};

/// Signs requests with one key under one profile.
#[derive(Clone)]
pub struct Signer {
    key: Arc<Key>,
    profile: Profile,
    life: Span,
}

/// The fields to set on the request, replacing those of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Their values, one after the other: `Signature-Input`, `Signature`, `Content-Digest`.
    text: String,
    /// Where the first one ends.
    input_end: usize,
    /// Where the second one ends.
    signature_end: usize,
}

/// Why a request cannot be signed as it stands.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignError {
    /// A field to cover is missing, repeated or not visible ASCII.
    Header {
        /// The field.
        name: Box<str>,
    },
    /// The key's time is over, or it was revoked.
    Key,
    /// The method, authority, path or query cannot be signed.
    Target,
    /// The request is larger than any verifier takes.
    TooLarge,
}

impl Signer {
    /// A signer whose signatures live for 60 s.
    pub const fn new(key: Arc<Key>, profile: Profile) -> Self {
        Signer {
            key,
            profile,
            life: Span::from_seconds(60),
        }
    }

    /// The signer with another life of its signatures, brought into 1 to 120 whole seconds.
    #[must_use]
    pub fn living(mut self, life: Span) -> Self {
        self.life = Span::from_seconds(life.seconds().clamp(1, MAX_LIFE));
        self
    }

    /// The key that it signs with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The fields that sign `request` at `now`, with `seed` as nonce.
    ///
    /// Sign each attempt anew, after any wait: a retry needs a new time and a new seed.
    ///
    /// # Errors
    ///
    /// [`SignError`] when no verifier of this profile could accept the request.
    //= docs/spec/request.md#Q-13
    pub fn sign(
        &self,
        request: &Request<'_>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Signed, SignError> {
        self.check_key(now)?;
        let digest = self.digest(request)?;
        let digest = digest.as_ref().map(DigestField::as_bytes);
        let base = self.base(request, digest, now, seed)?;
        let tag = self.key.mac().tag(&base.text);
        Ok(Signed::of(base, &tag, digest))
    }

    /// Signs `request` as [`Signer::sign`] does, and keeps what its response is checked against.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`].
    pub fn send(
        &self,
        request: &Request<'_>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<(Signed, Sent), SignError> {
        let signed = self.sign(request, now, seed)?;
        let sent = Sent::of(&self.key, request, &signed, self.profile.digest);
        Ok((signed, sent))
    }

    /// The signature base that [`Signer::sign`] would sign, for comparing with a verifier's
    /// [`explain`](crate::Verifier::explain). It holds the covered values: keep it out of logs.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`].
    pub fn explain(
        &self,
        request: &Request<'_>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<String, SignError> {
        let digest = self.digest(request)?;
        let digest = digest.as_ref().map(DigestField::as_bytes);
        let base = self.base(request, digest, now, seed)?;
        Ok(ascii(base.text))
    }

    fn base(
        &self,
        request: &Request<'_>,
        digest: Option<&[u8]>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Base, SignError> {
        request.check()?;
        check_room(request, digest.is_some())?;
        let authority = lower_case(request.bare_authority());
        let authority = self.audience(request, &authority)?;
        let mut base = Base::of(request, &self.profile, authority, digest)?;
        self.write_parameters(&mut base.text, now, seed);
        Ok(base)
    }

    fn audience<'a>(
        &self,
        request: &Request<'a>,
        authority: &'a str,
    ) -> Result<&'a str, RequestError> {
        match self.profile.audience {
            crate::Audience::Authority => Ok(authority),
            crate::Audience::Field => request.audience_field(),
        }
    }

    /// A key that has not begun is no mistake of the key: the clock is behind, and the verifier can say so.
    fn check_key(&self, now: Time) -> Result<(), SignError> {
        let key = &self.key;
        if key.is_revoked() || now >= key.until() {
            return Err(SignError::Key);
        }
        Ok(())
    }

    fn digest(&self, request: &Request<'_>) -> Result<Option<DigestField>, SignError> {
        request.check_content_encoding(&self.profile)?;
        let present = matches!(request.field("content-digest")?, Found::Once(_));
        let needed = present || request.needs_digest(request.body.len());
        Ok(needed.then(|| self.profile.digest.of(request.body)))
    }

    //= docs/spec/request.md#Q-4
    fn write_parameters(&self, text: &mut Vec<u8>, now: Time, seed: &Seed<16>) {
        let created = now.seconds();
        let mut decimal = itoa::Buffer::new();
        let mut nonce = [0; 22];
        let len = URL_SAFE_NO_PAD.encode_slice(seed.expose(), &mut nonce);
        len.expect("16 bytes take 22 characters");
        text.extend_from_slice(b";created=");
        text.extend_from_slice(decimal.format(created).as_bytes());
        text.extend_from_slice(b";expires=");
        let expires = created.saturating_add(self.life.seconds());
        text.extend_from_slice(decimal.format(expires).as_bytes());
        text.extend_from_slice(b";nonce=\"");
        text.extend_from_slice(&nonce);
        text.extend_from_slice(b"\";keyid=\"");
        text.extend_from_slice(self.key.id().as_bytes());
        text.extend_from_slice(ALG_AND_TAG.as_bytes());
    }
}

impl Signed {
    /// The base gives up its buffer: its end, the parameters, moves to the front, and the other values
    /// follow.
    fn of(base: Base, tag: &[u8; 32], digest: Option<&[u8]>) -> Self {
        let Base { mut text, list_at } = base;
        let start = list_at - LABEL.len();
        text[start..list_at].copy_from_slice(LABEL);
        text.copy_within(start.., 0);
        text.truncate(text.len() - start);
        let input_end = text.len();
        text.extend_from_slice(b"cs=:");
        text.extend_from_slice(&base64(tag));
        text.push(b':');
        let signature_end = text.len();
        text.extend_from_slice(digest.unwrap_or_default());
        Signed {
            text: ascii(text),
            input_end,
            signature_end,
        }
    }

    /// `Content-Digest`, when the profile covers it.
    pub fn content_digest(&self) -> Option<&str> {
        let digest = &self.text[self.signature_end..];
        (!digest.is_empty()).then_some(digest)
    }

    /// `Signature-Input`
    pub fn signature_input(&self) -> &str {
        &self.text[..self.input_end]
    }

    /// `Signature`
    pub fn signature(&self) -> &str {
        &self.text[self.input_end..self.signature_end]
    }

    /// The fields by name, ready to be set.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let digest = self.content_digest();
        digest
            .map(|value| ("content-digest", value))
            .into_iter()
            .chain([
                ("signature-input", self.signature_input()),
                ("signature", self.signature()),
            ])
    }
}

impl SignError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[sign::HEADER, sign::KEY, sign::TARGET, sign::TOO_LARGE];
}

impl From<RequestError> for SignError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::TooLarge { .. } => SignError::TooLarge,
            RequestError::HeaderInvalid { name }
            | RequestError::HeaderMissing { name }
            | RequestError::HeaderRepeated { name } => SignError::Header { name },
            RequestError::ContentEncodingUncovered => SignError::Header {
                name: "content-encoding".into(),
            },
            _ => SignError::Target,
        }
    }
}

impl Refusal for SignError {
    fn code(&self) -> Code {
        match self {
            Self::Header { .. } => sign::HEADER,
            Self::Key => sign::KEY,
            Self::Target => sign::TARGET,
            Self::TooLarge => sign::TOO_LARGE,
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            Self::Header { name } => write!(f, " ({name})"),
            Self::Key | Self::Target | Self::TooLarge => Ok(()),
        }
    }
}

impl core::error::Error for SignError {}

/// A tag in base64.
fn base64(tag: &[u8; 32]) -> [u8; 44] {
    let mut text = [0; 44];
    let len = STANDARD.encode_slice(tag, &mut text);
    len.expect("32 bytes take 44 characters");
    text
}

fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("each part was checked to be ASCII")
}

fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

/// The fields that signing sets have to fit in too; they replace those of their names.
fn check_room(request: &Request<'_>, sets_digest: bool) -> Result<(), RequestError> {
    let sets = 2 + usize::from(sets_digest);
    let most = MAX_HEADERS - sets;
    if request.headers.len() <= most {
        return Ok(());
    }
    let names = request.headers.iter().map(|(name, _)| *name);
    let is_set = |name: &&str| SETS.iter().any(|set| set.eq_ignore_ascii_case(name));
    let kept = names.filter(|name| !is_set(name)).count();
    within("headers", kept, most)
}

/// What signing sets; the last one only where the profile covers it.
const SETS: [&str; 3] = ["signature-input", "signature", "content-digest"];

const LABEL: &[u8] = b"cs=";
/// What ends every set of parameters.
pub(crate) const ALG_AND_TAG: &str = "\";alg=\"hmac-sha256\";tag=\"counterseal/1\"";
/// The longest life of a signature, in seconds.
pub(crate) const MAX_LIFE: i64 = 120;
