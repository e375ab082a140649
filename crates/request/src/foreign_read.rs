//! Reading a signature that another signer made: its list, its parameters in any order, and the content's digest.

use core::str;

use alloc::vec::Vec;

use counterseal_core::{KeyId, Time, sha256};

use crate::covered::Components;
use crate::digest::{ContentDigest, DigestAlgorithm};
use crate::foreign::ForeignPolicy;
use crate::message::{Found, within};
use crate::policy::spelt;
use crate::presented::{OWN_TAGS, Parameters, Presented, seconds};
use crate::read::Signed;
use crate::{Request, RequestError};

/// The parameters (RFC 9421 section 2.3) as they came, each at most once.
#[derive(Default)]
struct Given<'a> {
    created: Option<&'a str>,
    expires: Option<&'a str>,
    nonce: Option<&'a str>,
    key_id: Option<&'a str>,
    alg: Option<&'a str>,
    tag: Option<&'a str>,
}

impl ForeignPolicy {
    /// The signature of `request`, whose content has `len` bytes, if it is one that this policy takes.
    pub(crate) fn read(&self, request: &Request<'_>, len: usize) -> Result<Signed, RequestError> {
        let presented = self.check_message(request, len)?;
        let (base, lines, parameters, digest) = self.base(request, len, &presented)?;
        let parameters = self.parameters(parameters, &presented.mac)?;
        Ok(Signed {
            base,
            lines,
            mac: presented.mac,
            parameters,
            digest,
            answer: None,
        })
    }

    /// Sizes and grammar of the message, and its one signature that is chosen.
    //= docs/spec/foreign.md#F-1
    pub(crate) fn check_message<'a>(
        &self,
        request: &Request<'a>,
        len: usize,
    ) -> Result<Presented<'a>, RequestError> {
        request.check()?;
        within("content", len, self.bounds.body_limit)?;
        Presented::find(request, self.chosen())
    }

    /// The base, how much of it are lines of components, the parameters as they came, and the digest.
    #[allow(clippy::type_complexity)] // four parts that part at once
    pub(crate) fn base<'a>(
        &self,
        request: &Request<'_>,
        len: usize,
        presented: &Presented<'a>,
    ) -> Result<(Vec<u8>, usize, &'a str, Option<ContentDigest>), RequestError> {
        let authority = spelt(&self.authorities, request.bare_authority());
        let authority = authority.ok_or(RequestError::AuthorityUnknown)?;
        let raw = str::from_utf8(presented.raw).map_err(|_| RequestError::ComponentsUnexpected)?;
        let components = Components::parse(raw);
        let (components, parameters) = components.ok_or(RequestError::ComponentsUnexpected)?;
        if !self.is_satisfied(&components) {
            return Err(RequestError::ComponentsUnexpected);
        }
        let digest = self.digest(request, len, &components)?;
        let (mut base, lines) = components.base(request, self, authority)?;
        base.extend_from_slice(raw.as_bytes());
        Ok((base, lines, parameters, digest))
    }

    //= docs/spec/foreign.md#F-6
    fn digest(
        &self,
        request: &Request<'_>,
        len: usize,
        components: &Components<'_>,
    ) -> Result<Option<ContentDigest>, RequestError> {
        let coding = request.field("content-encoding")?;
        if matches!(coding, Found::Once(_)) && !components.has_field("content-encoding") {
            return Err(RequestError::ContentEncodingUncovered);
        }
        if !components.has_field("content-digest") {
            if self.require_digest && request.needs_digest(len) {
                return Err(RequestError::DigestMissing);
            }
            return Ok(None);
        }
        let Found::Once(value) = request.field("content-digest")? else {
            return Err(RequestError::DigestMissing);
        };
        let digest = DigestAlgorithm::parse_any(value);
        digest.ok_or(RequestError::DigestInvalid).map(Some)
    }

    //= docs/spec/foreign.md#F-5
    pub(crate) fn parameters(
        &self,
        text: &str,
        mac: &[u8; 32],
    ) -> Result<Parameters, RequestError> {
        let given = Given::parse(text)?;
        given.check_fixed(self)?;
        let created = given.created.ok_or(RequestError::CreatedInvalid)?;
        let created = seconds(created.as_bytes()).ok_or(RequestError::CreatedInvalid)?;
        let expires = self.expires(created, given.expires)?;
        self.check_nonce(given.nonce)?;
        let key_id = given.key_id.ok_or(RequestError::KeyIdInvalid)?;
        let key_id = KeyId::parse(key_id).map_err(|_| RequestError::KeyIdInvalid)?;
        Ok(Parameters {
            created,
            expires,
            nonce: once(mac),
            key_id,
        })
    }

    fn expires(&self, created: Time, text: Option<&str>) -> Result<Time, RequestError> {
        let Some(text) = text else {
            return Ok(created.plus(self.bounds.past));
        };
        let expires = seconds(text.as_bytes()).filter(|expires| *expires > created);
        expires.ok_or(RequestError::ExpiresInvalid)
    }

    fn check_nonce(&self, nonce: Option<&str>) -> Result<(), RequestError> {
        let fine = match nonce {
            None => !self.require_nonce,
            Some(nonce) => (1..=MAX_NONCE).contains(&nonce.len()),
        };
        if fine {
            Ok(())
        } else {
            Err(RequestError::NonceInvalid)
        }
    }
}

impl<'a> Given<'a> {
    fn parse(text: &'a str) -> Result<Self, RequestError> {
        let mut given = Given::default();
        let mut rest = text;
        while !rest.is_empty() {
            let parameter = parameter(rest).ok_or(RequestError::ParametersUnexpected)?;
            let (name, value, after) = parameter;
            let place = given.place(name, value);
            let place = place.ok_or(RequestError::ParametersUnexpected)?;
            if place.replace(value.text()).is_some() {
                return Err(RequestError::ParametersUnexpected);
            }
            rest = after;
        }
        Ok(given)
    }

    /// Where the value of the parameter `name` belongs; none when it is unknown or of another type.
    fn place(&mut self, name: &str, value: Value<'a>) -> Option<&mut Option<&'a str>> {
        match (name, value) {
            ("created", Value::Bare(_)) => Some(&mut self.created),
            ("expires", Value::Bare(_)) => Some(&mut self.expires),
            ("nonce", Value::Quoted(_)) => Some(&mut self.nonce),
            ("keyid", Value::Quoted(_)) => Some(&mut self.key_id),
            ("alg", Value::Quoted(_)) => Some(&mut self.alg),
            ("tag", Value::Quoted(_)) => Some(&mut self.tag),
            _ => None,
        }
    }

    /// What leaves no choice: the algorithm, and a tag that is not of the strict profile.
    fn check_fixed(&self, policy: &ForeignPolicy) -> Result<(), RequestError> {
        let alg = self.alg.is_none_or(|alg| alg == "hmac-sha256");
        let own = self.tag.is_some_and(|tag| tag.starts_with(OWN_TAGS));
        if alg && !own && policy.takes_tag(self.tag) {
            return Ok(());
        }
        Err(RequestError::ParametersUnexpected)
    }
}

/// The value of a parameter, without its quotes.
#[derive(Clone, Copy)]
enum Value<'a> {
    Bare(&'a str),
    Quoted(&'a str),
}

impl<'a> Value<'a> {
    const fn text(self) -> &'a str {
        match self {
            Value::Bare(text) | Value::Quoted(text) => text,
        }
    }
}

/// The parameter at the beginning of `text` in its one form: name, value, and what stands after it.
fn parameter(text: &str) -> Option<(&str, Value<'_>, &str)> {
    let (name, rest) = text.strip_prefix(';')?.split_once('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(';').unwrap_or(rest.len());
        return Some((name, Value::Bare(&rest[..end]), &rest[end..]));
    };
    let (value, after) = quoted.split_once('"')?;
    // An escape would give one value two forms.
    (!value.contains('\\')).then_some((name, Value::Quoted(value), after))
}

/// What is served once: the MAC covers all of the signature, its nonce included.
//= docs/spec/foreign.md#F-7
fn once(mac: &[u8; 32]) -> [u8; 16] {
    let hash = sha256(&[b"cs-foreign/1", mac]);
    *hash.first_chunk().expect("32 bytes have 16")
}

const MAX_NONCE: usize = 128;
