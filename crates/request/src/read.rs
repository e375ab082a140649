//! Reading a request under the strict profile: sizes, grammar, and the base that its policy wants.

use alloc::vec::Vec;

use crate::base::Base;
use crate::digest::{ContentDigest, DigestAlgorithm};
use crate::message::{Found, within};
use crate::policy::{Audience, Policy};
use crate::presented::{Chosen, Parameters, Presented};
use crate::{Request, RequestError};

/// A message that keeps the rules of its policy; its MAC is not checked yet.
pub(crate) struct Signed {
    pub(crate) base: Vec<u8>,
    /// How much of the base are lines of components.
    pub(crate) lines: usize,
    pub(crate) mac: [u8; 32],
    pub(crate) parameters: Parameters,
    /// The covered digest.
    pub(crate) digest: Option<ContentDigest>,
    /// The digest of a response; none where the client can expect no signed one.
    pub(crate) answer: Option<DigestAlgorithm>,
}

impl Policy {
    /// The signature of `request`, whose content has `len` bytes, if it is one of this policy.
    pub(crate) fn read(&self, request: &Request<'_>, len: usize) -> Result<Signed, RequestError> {
        match self.quick(request, len) {
            Some(signed) => Ok(signed),
            None => self.careful(request, len),
        }
    }

    /// The rules of the message, in their order: sizes, grammar, profile.
    fn careful(&self, request: &Request<'_>, len: usize) -> Result<Signed, RequestError> {
        let presented = self.check_message(request, len)?;
        self.signed(request, len, &presented)
    }

    /// The same for the usual message, or none when any rule fails: then [`Policy::careful`] says which.
    fn quick(&self, request: &Request<'_>, len: usize) -> Option<Signed> {
        self.check_sizes(request, len).ok()?;
        let presented = Presented::alone(request)?;
        self.signed(request, len, &presented).ok()
    }

    fn check_sizes(&self, request: &Request<'_>, len: usize) -> Result<(), RequestError> {
        request.check()?;
        within("content", len, self.bounds.body_limit)
    }

    /// Sizes and grammar of the message, and its one signature of this profile.
    pub(crate) fn check_message<'a>(
        &self,
        request: &Request<'a>,
        len: usize,
    ) -> Result<Presented<'a>, RequestError> {
        self.check_sizes(request, len)?;
        Presented::find(request, Chosen::Own)
    }

    /// The base of the request as this policy wants it, without parameters, and its digest.
    pub(crate) fn base(
        &self,
        request: &Request<'_>,
        len: usize,
    ) -> Result<(Base, Option<ContentDigest>), RequestError> {
        let served = match self.profile.audience {
            Audience::Authority => self.authority(request.bare_authority()),
            Audience::Field => self.audience(request.audience_field()?),
        };
        let authority = served.ok_or(RequestError::AuthorityUnknown)?;
        request.check_content_encoding(&self.profile)?;
        let Found::Once(value) = request.field("content-digest")? else {
            if request.needs_digest(len) {
                return Err(RequestError::DigestMissing);
            }
            return Ok((Base::of(request, &self.profile, authority, None)?, None));
        };
        let digest = self.profile.digest.parse(value);
        let digest = digest.ok_or(RequestError::DigestInvalid)?;
        let base = Base::of(request, &self.profile, authority, Some(value))?;
        Ok((base, Some(digest)))
    }

    /// The list is the verifier's own; the received one is compared with it.
    //= docs/spec/request.md#Q-3
    fn signed(
        &self,
        request: &Request<'_>,
        len: usize,
        presented: &Presented<'_>,
    ) -> Result<Signed, RequestError> {
        let (base, digest) = self.base(request, len)?;
        let list = &base.text[base.list_at..];
        let parameters = presented.parameters(list)?;
        let rest = &presented.raw[list.len()..];
        let lines = base.lines();
        let mut text = base.text;
        // The base ends in the parameters as received (RFC 9421 section 2.5).
        text.extend_from_slice(rest);
        Ok(Signed {
            base: text,
            lines,
            mac: presented.mac,
            parameters,
            digest,
            answer: Some(self.profile.digest),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, sync::Arc, vec};

    use counterseal_core::{KeyId, Secret, Time};
    use proptest::prelude::*;

    use crate::{Key, Scheme, Signer};

    const NOW: Time = Time::from_seconds(1_800_000_000);

    /// What both readers of a request with these two fields say.
    fn both(input: &str, signature: &str) -> (Option<Signed>, Result<Signed, RequestError>) {
        let headers = [
            ("signature-input", input.as_bytes()),
            ("signature", signature.as_bytes()),
        ];
        let policy = Policy::for_authority("a").expect("a policy");
        let request = request(&headers);
        (policy.quick(&request, 0), policy.careful(&request, 0))
    }

    fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
        Request {
            method: "GET",
            scheme: Scheme::Https,
            authority: "a",
            path: b"/",
            query: b"",
            headers,
            body: b"",
        }
    }

    fn signed_fields() -> (String, String) {
        let id = KeyId::parse("k").expect("a key id");
        let key = Arc::new(Key::new(id, &Secret::new(vec![7; 32])).expect("32 bytes"));
        let signer = Signer::new(key, crate::Profile::default());
        let seed = counterseal_core::Seed::new([5; 16]);
        let fields = signer.sign(&request(&[]), NOW, &seed).expect("signed");
        (fields.signature_input().into(), fields.signature().into())
    }

    /// `text` with one piece replaced.
    fn spliced(text: &str, at: usize, len: usize, piece: &str) -> String {
        let at = at % (text.len() + 1);
        let end = (at + len).min(text.len());
        [&text[..at], piece, &text[end..]].concat()
    }

    #[test]
    fn the_usual_request_takes_the_quick_way() {
        let (input, signature) = signed_fields();
        assert!(both(&input, &signature).0.is_some());
    }

    proptest! {
        #[test]
        fn what_the_quick_way_takes_the_careful_way_takes_alike(
            at in any::<usize>(), len in 0usize..4, piece in "[ -~]{0,3}", of_input in any::<bool>(),
        ) {
            let (mut input, mut signature) = signed_fields();
            if of_input { input = spliced(&input, at, len, &piece); } else { signature = spliced(&signature, at, len, &piece); }
            if let (Some(quick), careful) = both(&input, &signature) {
                let careful = careful.expect("the careful way takes it too");
                prop_assert_eq!(quick.base, careful.base);
                prop_assert_eq!(quick.mac, careful.mac);
                prop_assert_eq!(quick.parameters.created, careful.parameters.created);
            }
        }
    }
}
