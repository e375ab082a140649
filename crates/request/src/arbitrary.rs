//! Values for fuzzing: requests as strangers may send them, and policies of any parts.

use alloc::string::String;
use alloc::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    Audience, DigestAlgorithm, ForeignPolicyParts, PolicyParts, ProfileParts, Request, Scheme,
};

/// A request of any parts, for fuzzing whatever handles requests.
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use counterseal_request::AnyRequest;
///
/// # fn handle(_: &counterseal_request::Request<'_>) {}
/// let mut bytes = Unstructured::new(&[7; 100]);
/// let any = AnyRequest::arbitrary(&mut bytes)?;
/// any.with(|request| handle(request));
/// # Ok::<(), arbitrary::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AnyRequest {
    /// The method.
    pub method: String,
    /// The scheme.
    pub scheme: Scheme,
    /// The authority.
    pub authority: String,
    /// The raw path.
    pub path: Vec<u8>,
    /// The raw query.
    pub query: Vec<u8>,
    /// Field lines.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The content.
    pub body: Vec<u8>,
}

impl AnyRequest {
    /// Hands the request to `then`.
    pub fn with<T>(&self, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
        then(&Request {
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

impl<'a> Arbitrary<'a> for AnyRequest {
    /// Half of the parts are such as requests have, so that what comes after them is reached.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut headers = Vec::new();
        for _ in 0..u.int_in_range(0..=8)? {
            let name = known(
                u,
                &[
                    "content-type",
                    "content-digest",
                    "signature",
                    "signature-input",
                ],
            )?;
            headers.push((name, u.arbitrary()?));
        }
        Ok(AnyRequest {
            method: known(u, &["GET", "POST", "PUT", "DELETE"])?,
            scheme: u.arbitrary()?,
            authority: known(u, &["api.example", "api.example:443", "localhost:8080"])?,
            path: known(u, &["/", "/v1/jobs", "/a/../b"])?.into_bytes(),
            query: u.arbitrary()?,
            headers,
            body: u.arbitrary()?,
        })
    }
}

/// One of these words, or any text.
fn known(u: &mut Unstructured<'_>, words: &[&str]) -> Result<String> {
    if u.arbitrary()? {
        return u.choose(words).map(|word| String::from(*word));
    }
    u.arbitrary()
}

impl<'a> Arbitrary<'a> for Scheme {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[Scheme::Http, Scheme::Https])?)
    }
}

impl<'a> Arbitrary<'a> for Audience {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[Audience::Authority, Audience::Field])?)
    }
}

impl<'a> Arbitrary<'a> for DigestAlgorithm {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(*u.choose(&[DigestAlgorithm::Sha256, DigestAlgorithm::Sha512])?)
    }
}

impl<'a> Arbitrary<'a> for ProfileParts {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(ProfileParts {
            audience: u.arbitrary()?,
            cover: u.arbitrary()?,
            cover_scheme: u.arbitrary()?,
            digest: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for PolicyParts {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(PolicyParts {
            profile: u.arbitrary()?,
            authorities: u.arbitrary()?,
            past: u.arbitrary()?,
            future: u.arbitrary()?,
            retain: u.arbitrary()?,
            body_limit: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for ForeignPolicyParts {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(ForeignPolicyParts {
            authorities: u.arbitrary()?,
            tag: u.arbitrary()?,
            require: u.arbitrary()?,
            require_nonce: u.arbitrary()?,
            require_digest: u.arbitrary()?,
            past: u.arbitrary()?,
            future: u.arbitrary()?,
            retain: u.arbitrary()?,
            body_limit: u.arbitrary()?,
        })
    }
}
