//! Responses: signed, and checked.

use counterseal::core::Span;
use counterseal::request::{self, SignedResponse};

use crate::{ArgumentFault, Lines, Problem, number};

/// The fields that sign a response, by name.
pub type SignedFields = Vec<(&'static str, String)>;

/// A signed request that waits for its response.
pub struct Sent {
    inner: request::Sent,
    headers: SignedFields,
}

/// A response as received.
pub struct Answered<'a> {
    /// The status code.
    pub status: i64,
    /// All field lines, in order.
    pub headers: &'a Lines<'a>,
    /// The whole content.
    pub body: &'a [u8],
}

/// A response to this very request, by a holder of its key.
#[derive(Clone, Copy)]
pub struct VerifiedResponse(request::VerifiedResponse);

impl Sent {
    pub(crate) fn new(inner: request::Sent, headers: SignedFields) -> Self {
        Sent { inner, headers }
    }

    /// The fields that sign the request.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// Whether this is the answer to the request.
    ///
    /// # Errors
    ///
    /// A `response_..` code, or that of an argument that cannot be.
    pub fn check(&self, answered: &Answered<'_>) -> Result<VerifiedResponse, Problem> {
        Ok(VerifiedResponse(self.inner.check(&answered.response()?)?))
    }

    /// The service's clock in milliseconds, from a refusal whose head took `round_trip` milliseconds; and whether the request
    /// may be signed anew.
    ///
    /// # Errors
    ///
    /// As [`Sent::check`]; `response_clock_late`.
    pub fn clock(&self, answered: &Answered<'_>, round_trip: i64) -> Result<(i64, bool), Problem> {
        let round_trip = number("round_trip_ms", round_trip, 0, i64::from(u32::MAX))?;
        let round_trip = Span::from_millis(round_trip);
        let clock = self.inner.clock(&answered.response()?, round_trip)?;
        Ok((clock.now.millis(), clock.sign_anew))
    }
}

impl<'a> Answered<'a> {
    fn response(&self) -> Result<request::Response<'a>, ArgumentFault> {
        Ok(request::Response {
            status: status_of(self.status)?,
            headers: self.headers,
            body: self.body,
        })
    }
}

impl VerifiedResponse {
    /// The key of request and response.
    pub fn key_id(&self) -> &str {
        self.0.key_id().as_str()
    }

    /// The status, which is covered.
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// When the service signed it, in milliseconds.
    pub fn created(&self) -> i64 {
        self.0.created().millis()
    }
}

pub(crate) fn status_of(status: i64) -> Result<u16, ArgumentFault> {
    let status = number("status", status, 0, i64::from(u16::MAX))?;
    Ok(u16::try_from(status).expect("the range was checked"))
}

pub(crate) fn fields_of(signed: &SignedResponse) -> SignedFields {
    let fields = signed.headers();
    fields.map(|(name, value)| (name, value.into())).collect()
}
