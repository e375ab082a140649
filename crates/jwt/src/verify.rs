//! Verifying: size, form, header, key, signature, and only then what the token says.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::Time;
use memchr::{memchr, memrchr};

use crate::json::{MEMBERS, Name};
use crate::{Binding, JwtError, TokenKey, TokenKeys, TokenPolicy, VerifiedToken};

/// Verifies tokens of one policy. It is a pure function: keys and clock are arguments.
///
/// ```
/// use counterseal_core::{KeyId, Lifetime, Purpose, Refusal, Secret, Seed, Span, Time};
/// use counterseal_jwt::{Claims, Minter, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier};
/// # let now = Time::from_seconds(1_800_000_000);
/// let secret = Secret::new(vec![7; 32]);
/// let signer = TokenSigner::hmac(KeyId::parse("k1")?, TokenAlgorithm::Hs256, &secret)?;
/// let keys = TokenKeys::new([signer.key().clone()])?;
/// let policy = TokenPolicy::access("https://issuer.example", "api")?;
///
/// let life = Lifetime::clamp(Span::from_minutes(5), &[Purpose::Access.bound()], now)?;
/// let minter = Minter::new(signer, &policy);
/// let token = minter.mint(&Claims::of("user-7"), &life, &Seed::new([1; 16]))?;
/// let token = core::str::from_utf8(token.expose())?;
///
/// let verifier = TokenVerifier::new(policy);
/// let verified = verifier.verify(token, &keys, now)?;
/// assert_eq!(verified.subject(), "user-7");
///
/// let later = now.plus(Span::from_minutes(6));
/// let refused = verifier.verify(token, &keys, later).err().expect("it is over");
/// assert_eq!(refused.code().name, "jwt_expired");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenVerifier {
    policy: TokenPolicy,
}

/// Where a verifier decodes what it reads. One that is used again costs no allocation.
#[derive(Default)]
pub struct TokenSpace {
    bytes: Vec<u8>,
    names: Vec<Name>,
}

impl TokenVerifier {
    /// A verifier of this policy.
    pub const fn new(policy: TokenPolicy) -> Self {
        TokenVerifier { policy }
    }

    /// Its policy.
    pub const fn policy(&self) -> &TokenPolicy {
        &self.policy
    }

    /// The claims of `token`, if it is genuine, for this audience, in time, and bound to no key.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    pub fn verify(
        &self,
        token: &str,
        keys: &TokenKeys,
        now: Time,
    ) -> Result<VerifiedToken<'static>, JwtError> {
        let mut space = TokenSpace::default();
        let verified = self.verify_in(&mut space, token, None, keys, now)?;
        Ok(verified.into_owned())
    }

    /// As [`TokenVerifier::verify`] for a token that is bound to this key (RFC 7800), which the peer has shown to hold: by its certificate,
    /// or by a proof that was checked.
    ///
    /// # Errors
    ///
    /// The first rule that fails; [`JwtError::Binding`] for a token that is bound to another key, or to none.
    pub fn verify_bound(
        &self,
        token: &str,
        binding: &Binding,
        keys: &TokenKeys,
        now: Time,
    ) -> Result<VerifiedToken<'static>, JwtError> {
        let mut space = TokenSpace::default();
        let verified = self.verify_in(&mut space, token, Some(binding), keys, now)?;
        Ok(verified.into_owned())
    }

    /// As [`TokenVerifier::verify`], or as [`TokenVerifier::verify_bound`] where there is a binding; the claims stay in `space`.
    ///
    /// # Errors
    ///
    /// The first rule that fails.
    pub fn verify_in<'s>(
        &self,
        space: &'s mut TokenSpace,
        token: &str,
        binding: Option<&Binding>,
        keys: &TokenKeys,
        now: Time,
    ) -> Result<VerifiedToken<'s>, JwtError> {
        //= docs/spec/jwt.md#T-11
        // A proof is made here and nowhere else.
        let TokenSpace { bytes, names } = space;
        let parts = Parts::of(token)?;
        if bytes.len() < token.len() {
            bytes.resize(token.len(), 0);
        }
        let (header, _) = decode(parts.header, bytes)?;
        let key = self.policy.key_of(header, names, keys)?;
        let payload = parts.genuine(key, bytes)?;
        let (algorithm, key) = (key.algorithm(), *key.id());
        let payload = core::str::from_utf8(payload).map_err(|_| JwtError::Payload { key })?;
        let facts = self.policy.facts(key, payload, names, now)?;
        Binding::check(facts.binding.as_ref(), binding).map_err(|_| JwtError::Binding { key })?;
        Ok(VerifiedToken {
            key,
            algorithm,
            payload: Cow::Borrowed(payload),
            facts,
        })
    }
}

impl TokenVerifier {
    /// Looks again at what changes with the clock, for a token that this verifier has verified before and whose proof was kept.
    ///
    /// # Errors
    ///
    /// [`JwtError::Expired`], [`JwtError::NotYetValid`].
    pub fn recheck(&self, verified: &VerifiedToken<'_>, now: Time) -> Result<(), JwtError> {
        let facts = &verified.facts;
        self.policy
            .check_now(verified.key, facts.begins, facts.expires, now)
    }
}

impl TokenSpace {
    /// A space that holds every token that may be read: 12 KiB.
    pub fn new() -> Self {
        TokenSpace {
            bytes: alloc::vec![0; MOST],
            names: Vec::with_capacity(MEMBERS),
        }
    }
}

/// The parts of a compact JWS (RFC 7515 section 7.1), as they stand there.
pub(crate) struct Parts<'t> {
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
    /// What was signed: header and payload with the point between them.
    signed: &'t str,
}

impl<'t> Parts<'t> {
    //= docs/spec/jwt.md#T-1
    pub(crate) fn of(token: &'t str) -> Result<Self, JwtError> {
        if token.len() > MOST {
            return Err(JwtError::TooLarge { len: token.len() });
        }
        let (signed, signature) = split(token, memrchr(b'.', token.as_bytes()))?;
        let (header, payload) = split(signed, memchr(b'.', signed.as_bytes()))?;
        // A point more in the payload is no letter of base64url.
        if header.len() > MOST_HEADER {
            return Err(JwtError::Malformed);
        }
        Ok(Parts {
            header,
            payload,
            signature,
            signed,
        })
    }

    /// The payload, if the signature holds.
    //= docs/spec/jwt.md#T-4
    fn genuine<'s>(&self, key: &TokenKey, space: &'s mut [u8]) -> Result<&'s [u8], JwtError> {
        let (payload, rest) = decode(self.payload, space)?;
        let (signature, _) = decode(self.signature, rest)?;
        key.verify_signature(self.signed.as_bytes(), signature)
            .map_err(|_| JwtError::Signature { key: *key.id() })?;
        Ok(payload)
    }
}

/// What stands before and after the point that was found.
fn split(text: &str, point: Option<usize>) -> Result<(&str, &str), JwtError> {
    let (before, rest) = text.split_at(point.ok_or(JwtError::Malformed)?);
    Ok((before, &rest[1..]))
}

/// A part in its one form, without padding and bits left over, and with something in it; and the space after it.
//= docs/spec/jwt.md#T-1
pub(crate) fn decode<'s>(
    part: &str,
    space: &'s mut [u8],
) -> Result<(&'s [u8], &'s mut [u8]), JwtError> {
    let written = URL_SAFE_NO_PAD.decode_slice(part, space);
    let written = written.ok().filter(|written| *written > 0);
    let (part, rest) = space.split_at_mut(written.ok_or(JwtError::Malformed)?);
    Ok((part, rest))
}

/// The longest token that is read.
pub(crate) const MOST: usize = 8_192;
/// The longest header: 2048 bytes, as text.
const MOST_HEADER: usize = 2_731;
