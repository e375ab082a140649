//! Responses that are bound to the one request that they answer.
//!
//! A response has one encoding: the client writes the signature's parameters that it expects and compares bytes.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal_core::{KeyId, Span, Time};

use crate::digest::DigestAlgorithm;
use crate::message::{Found, find};
use crate::presented::{decode_tag, seconds};
use crate::{Key, Request, ResponseError, Signed};

/// A response as received: raw bytes, before any decompression.
#[derive(Clone, Copy)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// All field lines in order; names in any case, repeated ones as often as they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole content; empty when there is none.
    pub body: &'a [u8],
}

/// A signed request that waits for its response, made by [`Signer::send`](crate::Signer::send).
pub struct Sent {
    key: Arc<Key>,
    method: Box<str>,
    path: Box<str>,
    query: Box<str>,
    mac: [u8; 32],
    digest: DigestAlgorithm,
}

/// The fields to set on a response, replacing those of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedResponse {
    digest: String,
    input: String,
    signature: String,
}

/// A response to this very request, with this status and content, by a holder of the request's key.
///
/// It is born in [`Sent::check`] only.
///
/// ```compile_fail
/// let forged = counterseal_request::VerifiedResponse { };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedResponse {
    key: KeyId,
    status: u16,
    created: Time,
}

/// What a signed response says: they differ in their tags, so that neither is taken for the other.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    /// The answer.
    Answer,
    /// The service's clock: the request was refused for its time. It may have been served before, or be served later.
    Clock,
    /// The service's clock: the request is over, for so long that it was not served since it was sent.
    Over,
}

impl Says {
    const fn tag(self) -> &'static str {
        match self {
            Says::Answer => "counterseal/1/response",
            Says::Clock => "counterseal/1/clock",
            Says::Over => "counterseal/1/over",
        }
    }
}

/// What both sides know of the request.
pub(crate) struct Exchange<'a> {
    pub(crate) key: &'a Key,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// With its `?`.
    pub(crate) query: &'a str,
    /// The tag of the request.
    pub(crate) mac: &'a [u8; 32],
}

impl Exchange<'_> {
    //= docs/spec/response.md#P-2
    pub(crate) fn sign(
        &self,
        says: Says,
        status: u16,
        digest: &[u8],
        now: Time,
    ) -> Result<SignedResponse, ResponseError> {
        if !(200..=599).contains(&status) {
            return Err(ResponseError::Status);
        }
        let digest = core::str::from_utf8(digest).expect("a digest field is ASCII");
        let parameters = self.parameters(says, &format!("{}", now.seconds()));
        let base = self.base(status, digest, &parameters);
        let tag = STANDARD.encode(self.key.response().tag(base.as_bytes()));
        Ok(SignedResponse {
            digest: digest.into(),
            input: format!("cs={parameters}"),
            signature: format!("cs=:{tag}:"),
        })
    }

    /// The signature base (RFC 9421 section 2.5); `;req` is that of section 2.4.
    //= docs/spec/response.md#P-2
    fn base(&self, status: u16, digest: &str, parameters: &str) -> String {
        let Exchange {
            method,
            path,
            query,
            ..
        } = self;
        let mac = STANDARD.encode(self.mac);
        format!(
            "\"@status\": {status}\n\"content-digest\": {digest}\n\"@method\";req: {method}\n\
             \"@path\";req: {path}\n\"@query\";req: {query}\n\"signature\";req;key=\"cs\": :{mac}:\n\
             \"@signature-params\": {parameters}"
        )
    }

    //= docs/spec/response.md#P-3
    fn parameters(&self, says: Says, created: &str) -> String {
        let end = after_created(self.key.id(), says);
        format!("{COMPONENTS};created={created}{end}")
    }
}

/// What a refusal told of the service's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceClock {
    /// The service's time when it refused.
    pub now: Time,
    /// Whether the same request may be signed anew, by that time: it was not served and cannot be any more, or its method
    /// changes nothing (RFC 9110 section 9.2.1). Otherwise only the next request is better for it.
    pub sign_anew: bool,
}

impl Sent {
    pub(crate) fn of(
        key: &Arc<Key>,
        request: &Request<'_>,
        signed: &Signed,
        digest: DigestAlgorithm,
    ) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Sent {
            key: Arc::clone(key),
            method: request.method.into(),
            path: text(request.path).into(),
            query: format!("?{}", text(request.query)).into(),
            mac: tag_in(signed.signature()).expect("a signer writes the one form"),
            digest,
        }
    }

    /// Whether `response` is the answer to this request.
    ///
    /// Redirects are answers too: check each before it is followed. A client takes at most as much content as it is
    /// ready to hold; this looks at all of it.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    //= docs/spec/response.md#P-4
    pub fn check(&self, response: &Response<'_>) -> Result<VerifiedResponse, ResponseError> {
        self.verify(Says::Answer, response)
    }

    /// The service's clock, from a refusal of this request for its time: remember how far one's own clock is away, and sign
    /// this request anew, once, where that cannot do its work twice.
    ///
    /// `round_trip` is how long the head of the answer took: the longer of two times, by a clock that no one sets and by one's
    /// own, since the first may stand still while the host sleeps. What took more than 5 s may have been held back, and says
    /// nothing about now.
    ///
    /// # Errors
    ///
    /// The first rule that fails; [`ResponseError::ClockLate`].
    //= docs/spec/response.md#P-5
    pub fn clock(
        &self,
        response: &Response<'_>,
        round_trip: Span,
    ) -> Result<ServiceClock, ResponseError> {
        let (verified, is_over) = match self.verify(Says::Over, response) {
            Err(ResponseError::SignatureUnexpected) => (self.verify(Says::Clock, response)?, false),
            over => (over?, true),
        };
        if round_trip > MAX_ROUND_TRIP {
            return Err(ResponseError::ClockLate);
        }
        Ok(ServiceClock {
            now: verified.created,
            sign_anew: is_over || SAFE.contains(&&*self.method),
        })
    }

    fn verify(
        &self,
        says: Says,
        response: &Response<'_>,
    ) -> Result<VerifiedResponse, ResponseError> {
        let input = field(response, "signature-input")?;
        let signature = field(response, "signature")?;
        let (Some(input), Some(signature)) = (input, signature) else {
            return Err(ResponseError::SignatureMissing);
        };
        if field(response, "content-encoding")?.is_some() {
            return Err(ResponseError::ContentEncoding);
        }
        let created = self.created(says, input)?;
        let signature = core::str::from_utf8(signature).ok();
        let mac = signature
            .and_then(tag_in)
            .ok_or(ResponseError::MacInvalid)?;
        let value = field(response, "content-digest")?.ok_or(ResponseError::Digest)?;
        let digest = self.digest.parse(value).ok_or(ResponseError::Digest)?;
        self.authenticate(response.status, value, input, &mac)?;
        if !digest.matches(response.body) {
            return Err(ResponseError::BodyMismatch);
        }
        Ok(VerifiedResponse {
            key: *self.key.id(),
            status: response.status,
            created,
        })
    }

    /// The signed time, if components and parameters are those that this client expects.
    //= docs/spec/response.md#P-3
    fn created(&self, says: Says, input: &[u8]) -> Result<Time, ResponseError> {
        let end = after_created(self.key.id(), says);
        let created = input
            .strip_prefix(b"cs=")
            .and_then(|rest| rest.strip_prefix(COMPONENTS.as_bytes()))
            .and_then(|rest| rest.strip_prefix(b";created="))
            .and_then(|rest| rest.strip_suffix(end.as_bytes()));
        created
            .and_then(seconds)
            .ok_or(ResponseError::SignatureUnexpected)
    }

    fn authenticate(
        &self,
        status: u16,
        digest: &[u8],
        input: &[u8],
        mac: &[u8; 32],
    ) -> Result<(), ResponseError> {
        let ascii = |bytes| core::str::from_utf8(bytes).expect("compared or parsed as ASCII");
        let parameters = &ascii(input)["cs=".len()..];
        let base = self.exchange().base(status, ascii(digest), parameters);
        let checked = self.key.response().verify(base.as_bytes(), mac);
        checked.map_err(|_| ResponseError::MacMismatch)
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange {
            key: &self.key,
            method: &self.method,
            path: &self.path,
            query: &self.query,
            mac: &self.mac,
        }
    }
}

impl SignedResponse {
    /// The fields by name, ready to be set.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("content-digest", &*self.digest),
            ("signature-input", &*self.input),
            ("signature", &*self.signature),
        ]
        .into_iter()
    }
}

impl VerifiedResponse {
    /// The key of request and response.
    pub const fn key_id(&self) -> &KeyId {
        &self.key
    }

    /// The status, which is covered.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// When the service signed it, by its clock, in whole seconds.
    pub const fn created(&self) -> Time {
        self.created
    }
}

fn field<'a>(response: &Response<'a>, name: &str) -> Result<Option<&'a [u8]>, ResponseError> {
    match find(response.headers, name) {
        Ok(Found::Once(value)) => Ok(Some(value)),
        Ok(Found::Nowhere) => Ok(None),
        Err(()) => Err(ResponseError::HeaderRepeated),
    }
}

/// The tag in a field `Signature` that has one member, ours.
fn tag_in(signature: &str) -> Option<[u8; 32]> {
    let text = signature.strip_prefix("cs=:")?.strip_suffix(':')?;
    decode_tag(text.as_bytes())
}

/// The parameters after `created`.
fn after_created(id: &KeyId, says: Says) -> String {
    format!(";keyid=\"{id}\";alg=\"hmac-sha256\";tag=\"{}\"", says.tag())
}

const COMPONENTS: &str = "(\"@status\" \"content-digest\" \"@method\";req \"@path\";req \
                          \"@query\";req \"signature\";req;key=\"cs\")";
/// The methods that change nothing, as often as they are repeated.
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// How long a refusal may have been on its way, if it is to tell the time.
const MAX_ROUND_TRIP: Span = Span::from_seconds(5);
