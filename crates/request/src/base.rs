//! The signature base (RFC 9421 section 2.5): one line per component of the profile, then the component list.

use alloc::vec::Vec;

use crate::RequestError;
use crate::message::{Found, MAX_VALUE, Request, is_value, within};
use crate::policy::{Audience, Profile};

/// A base that ends in its component list; the signature's parameters are still to come.
pub(crate) struct Base {
    /// All of it.
    pub(crate) text: Vec<u8>,
    /// Where the component list, an opening bracket, begins.
    pub(crate) list_at: usize,
}

impl Base {
    /// The base of `request` under `profile`.
    ///
    /// `authority` is what the verifier serves or the signer calls, `digest` what stands or will
    /// stand in `Content-Digest`.
    //= docs/spec/request.md#Q-3
    pub(crate) fn of(
        request: &Request<'_>,
        profile: &Profile,
        authority: &str,
        digest: Option<&[u8]>,
    ) -> Result<Self, RequestError> {
        let mut text = Vec::with_capacity(TYPICAL);
        write(&mut text, b"\"@method\": ", request.method.as_bytes());
        if profile.cover_scheme {
            write(
                &mut text,
                b"\n\"@scheme\": ",
                request.scheme.name().as_bytes(),
            );
        }
        match profile.audience {
            Audience::Authority => write(&mut text, b"\n\"@authority\": ", authority.as_bytes()),
            Audience::Field => write(&mut text, b"\n\"cs-audience\": ", authority.as_bytes()),
        }
        write(&mut text, b"\n\"@path\": ", request.path);
        // The query has its `?` also when it is empty (RFC 9421 section 2.2.7).
        write(&mut text, b"\n\"@query\": ?", request.query);
        let content_type = write_content_type(&mut text, request)?;
        if let Some(value) = digest {
            write(&mut text, b"\n\"content-digest\": ", value);
        }
        write_covered(&mut text, request, profile)?;
        within("signature base", text.len(), MAX_BASE)?;
        Ok(Base::ending_in(
            text,
            profile.list(content_type, digest.is_some()),
        ))
    }

    fn ending_in(mut text: Vec<u8>, list: &str) -> Self {
        text.extend_from_slice(PARAMS_NAME.as_bytes());
        let list_at = text.len();
        text.extend_from_slice(list.as_bytes());
        Base { text, list_at }
    }

    /// How much of the text are lines of components.
    pub(crate) fn lines(&self) -> usize {
        self.list_at - PARAMS_NAME.len()
    }
}

/// Writes the media type, if there is one, and says whether there was.
fn write_content_type(text: &mut Vec<u8>, request: &Request<'_>) -> Result<bool, RequestError> {
    let name = "content-type";
    let Found::Once(value) = request.field(name)? else {
        return Ok(false);
    };
    check_value(name, value)?;
    write(text, b"\n\"content-type\": ", value);
    Ok(true)
}

fn write_covered(
    text: &mut Vec<u8>,
    request: &Request<'_>,
    profile: &Profile,
) -> Result<(), RequestError> {
    for field in &profile.cover {
        let name = &*field.name;
        let Found::Once(value) = request.field(name)? else {
            return Err(RequestError::HeaderMissing { name: name.into() });
        };
        check_value(name, value)?;
        write(text, field.lead.as_bytes(), value);
    }
    Ok(())
}

//= docs/spec/request.md#Q-6
fn check_value(name: &str, value: &[u8]) -> Result<(), RequestError> {
    within("covered field", value.len(), MAX_VALUE)?;
    if is_value(value) {
        return Ok(());
    }
    Err(RequestError::HeaderInvalid { name: name.into() })
}

#[inline]
fn write(text: &mut Vec<u8>, lead: &[u8], value: &[u8]) {
    text.extend_from_slice(lead);
    text.extend_from_slice(value);
}

/// What ends the lines of components and begins the last line.
pub(crate) const PARAMS_NAME: &str = "\n\"@signature-params\": ";
pub(crate) const MAX_BASE: usize = 16 * 1024;
/// Room for most bases with their parameters, so that they are written without moving.
const TYPICAL: usize = 1024;
