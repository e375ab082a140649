//! A request as a host hands it over: borrowed where its bytes cannot change, copied where they can.

use std::borrow::Cow;

use counterseal::request::{Request, Scheme};

use crate::ArgumentFault;

/// The parts of a request, in any mixture of borrowed and copied bytes.
pub struct Message<'a> {
    /// The method.
    pub method: Cow<'a, str>,
    /// The scheme that the client used.
    pub scheme: Scheme,
    /// The `Host` field, or `:authority`.
    pub authority: Cow<'a, str>,
    /// The raw path, percent-encoded as it came.
    pub path: Cow<'a, [u8]>,
    /// The raw query without its `?`.
    pub query: Cow<'a, [u8]>,
    /// All field lines, in order.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
    /// The whole content.
    pub body: Cow<'a, [u8]>,
}

/// The scheme called `name`.
///
/// # Errors
///
/// [`ArgumentFault::Choice`] unless it is `http` or `https`.
pub fn scheme(name: &str) -> Result<Scheme, ArgumentFault> {
    match name {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        _ => Err(ArgumentFault::Choice {
            name: "scheme",
            wanted: "http or https",
        }),
    }
}

impl Message<'_> {
    /// Hands the request to `body`.
    pub(crate) fn with<T>(&self, body: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
        body(&Request {
            method: &self.method,
            scheme: self.scheme,
            authority: &self.authority,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }
}
