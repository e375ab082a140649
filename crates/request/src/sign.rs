//! Signing: headers out, byte for byte the same for the same request, key, time and seed.

use alloc::{borrow::Cow, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal_core::{Code, Refusal, Seed, Span, Time};

use crate::base::Base;
use crate::codes::sign;
use crate::message::Found;
use crate::{Key, Profile, Request, RequestError};

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
    /// `Content-Digest`, when the profile covers it.
    pub content_digest: Option<String>,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
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
    /// The key's time has not begun, is over, or it was revoked.
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
    pub fn sign(
        &self,
        request: &Request<'_>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Signed, SignError> {
        self.check_key(now)?;
        let content_digest = self.digest(request)?;
        let base = self.base(request, content_digest.as_deref(), now, seed)?;
        let tag = self.key.mac().tag(&base.text);
        Ok(Signed {
            signature: signature(&tag),
            signature_input: signature_input(base),
            content_digest,
        })
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
        let content_digest = self.digest(request)?;
        let base = self.base(request, content_digest.as_deref(), now, seed)?;
        Ok(ascii(base.text))
    }

    fn base(
        &self,
        request: &Request<'_>,
        digest: Option<&str>,
        now: Time,
        seed: &Seed<16>,
    ) -> Result<Base, SignError> {
        request.check()?;
        let authority = lower_case(request.bare_authority());
        let authority = self.audience(request, &authority)?;
        let digest = digest.map(str::as_bytes);
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

    fn check_key(&self, now: Time) -> Result<(), SignError> {
        let key = &self.key;
        if key.is_revoked() || now < key.since() || now >= key.until() {
            return Err(SignError::Key);
        }
        Ok(())
    }

    fn digest(&self, request: &Request<'_>) -> Result<Option<String>, SignError> {
        request.check_content_encoding(&self.profile)?;
        let present = matches!(request.field("content-digest")?, Found::Once(_));
        let needed = present || request.needs_digest();
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
    /// The fields by name, ready to be set.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let digest = self.content_digest.as_deref();
        digest
            .map(|value| ("content-digest", value))
            .into_iter()
            .chain([
                ("signature-input", self.signature_input.as_str()),
                ("signature", self.signature.as_str()),
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

/// The field's value: the end of the base, moved to the front of its own buffer.
fn signature_input(base: Base) -> String {
    let Base { mut text, list_at } = base;
    let start = list_at - LABEL.len();
    text[start..list_at].copy_from_slice(LABEL);
    text.copy_within(start.., 0);
    text.truncate(text.len() - start);
    ascii(text)
}

fn signature(tag: &[u8; 32]) -> String {
    let mut field = String::with_capacity(49);
    field.push_str("cs=:");
    STANDARD.encode_string(tag, &mut field);
    field.push(':');
    field
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

const LABEL: &[u8] = b"cs=";
/// What ends every set of parameters.
pub(crate) const ALG_AND_TAG: &str = "\";alg=\"hmac-sha256\";tag=\"counterseal/1\"";
/// The longest life of a signature, in seconds.
pub(crate) const MAX_LIFE: i64 = 120;
