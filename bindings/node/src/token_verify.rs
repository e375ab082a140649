//! Verifying tokens. Proofs are kept in JavaScript: a crossing costs more than all that a kept one needs.

use std::fmt::Write;

use counterseal_shared::{self as shared, Binding, Problem, TokenFacts, VerifiedToken};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, line};
use crate::message::values;
use crate::token_key::{TokenKeys, lines};
use crate::token_mint::TokenPolicy;
use crate::token_ring::TokenRing;

/// Verifies tokens of one policy.
#[napi]
pub struct TokenVerifier(shared::TokenVerifier);

/// A proof as other rooms need it. An object costs more than the proof itself, so it is made for those who ask.
#[napi]
pub struct HeldToken {
    pub(crate) token: VerifiedToken,
    told: TokenProof,
}

/// One on a line, what is asked for most first, but for a number, since no refusal begins with one: when it is over, subject, id,
/// session, access key, version of the subject, generation, from when on and before when it holds by the clock, key id, when it
/// was issued and begins, what it is bound to; what there is none of is empty. After these the payload, which may have lines of
/// its own, and where it begins: the number of letters before it, in four digits.
pub(crate) type TokenProof = String;

#[napi]
impl TokenVerifier {
    /// A verifier of this policy with these keys.
    #[napi]
    pub fn create(policy: &TokenPolicy, keys: &TokenKeys) -> Answer<TokenVerifier> {
        answer("TokenVerifier.create", || {
            let verifier = shared::TokenVerifier::new(&policy.0, &keys.0);
            Ok(TokenVerifier(verifier))
        })
    }

    /// A verifier of this policy with the keys of this ring.
    #[napi]
    pub fn of_ring(policy: &TokenPolicy, ring: &TokenRing) -> Answer<TokenVerifier> {
        answer("TokenVerifier.ofRing", || {
            let verifier = shared::TokenVerifier::of_ring(&policy.0, &ring.0)?;
            Ok(TokenVerifier(verifier))
        })
    }

    /// A number that is another one when its keys are others. A ring whose keys are too old refuses.
    #[napi]
    pub fn generation(&self, now: i64) -> Answer<i64> {
        answer("TokenVerifier.generation", || self.0.generation(now))
    }

    /// The proof that `token` is genuine, and bound to no key.
    #[napi]
    pub fn verify(&self, token: String, now: i64) -> Answer<TokenProof> {
        answer("TokenVerifier.verify", || {
            self.0.told(&token, None, now, told)
        })
    }

    /// The proof that `token` is genuine, and bound to this certificate or key.
    #[napi]
    pub fn verify_bound(
        &self,
        token: String,
        certificate: Option<Uint8Array>,
        key: Option<Uint8Array>,
        now: i64,
    ) -> Answer<TokenProof> {
        answer("TokenVerifier.verifyBound", || {
            let binding = Binding::maybe(certificate.as_deref(), key.as_deref())?;
            self.0.told(&token, binding.as_ref(), now, told)
        })
    }

    /// The same proof as other rooms need it.
    #[napi]
    pub fn hold(
        &self,
        token: String,
        certificate: Option<Uint8Array>,
        key: Option<Uint8Array>,
        now: i64,
    ) -> Answer<HeldToken> {
        answer("TokenVerifier.hold", || {
            let binding = Binding::maybe(certificate.as_deref(), key.as_deref())?;
            let token = self.0.verify(&token, binding.as_ref(), now)?;
            let told = told(&self.0.facts(&token));
            Ok(HeldToken::new(token, told))
        })
    }

    /// What verifying makes of `token`, check by check.
    #[napi]
    pub fn explain(
        &self,
        token: String,
        certificate: Option<Uint8Array>,
        key: Option<Uint8Array>,
        now: i64,
    ) -> Answer<String> {
        answer("TokenVerifier.explain", || {
            let binding = Binding::maybe(certificate.as_deref(), key.as_deref())?;
            self.0.explain(&token, binding.as_ref(), now)
        })
    }

    /// What stands in a token, verified or not.
    #[napi]
    pub fn inspect(token: String) -> Answer<String> {
        answer("TokenVerifier.inspect", || Ok(shared::inspect(&token)))
    }

    /// Knows these keys, and no others, from now on.
    #[napi]
    pub fn replace_keys(&self, keys: &TokenKeys) -> Option<Refusal> {
        done("TokenVerifier.replaceKeys", || self.0.replace_keys(&keys.0))
    }

    /// The ids of its keys, each on a line.
    #[napi]
    pub fn key_ids(&self) -> Answer<String> {
        answer("TokenVerifier.keyIds", || Ok(lines(&self.0.key_ids())))
    }

    /// Who issues.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("TokenVerifier.issuer", || Ok(self.0.issuer().into()))
    }

    /// The token of the `Authorization` fields with these values.
    #[napi]
    pub fn bearer(joined: String, now: i64) -> Answer<String> {
        answer("TokenVerifier.bearer", || {
            let values = values(&joined);
            let token = shared::bearer(values.iter().map(|value| &**value), now)?;
            Ok(token.into())
        })
    }

    /// The refusal of a genuine token whose claims are not of the application's model.
    #[napi]
    pub fn claims_unfit() -> Option<Refusal> {
        done("TokenVerifier.claimsUnfit", || Err(Problem::claims_unfit()))
    }
}

#[napi]
impl HeldToken {
    /// The proof as a text.
    #[napi]
    pub fn told(&mut self) -> Answer<TokenProof> {
        answer("HeldToken.told", || Ok(std::mem::take(&mut self.told)))
    }
}

impl HeldToken {
    pub(crate) const fn new(token: VerifiedToken, told: TokenProof) -> Self {
        HeldToken { token, told }
    }
}

/// The text of a proof.
pub(crate) fn told(facts: &TokenFacts<'_>) -> TokenProof {
    let mut text = String::with_capacity(facts.payload.len() + 320);
    number(&mut text, Some(facts.expires));
    claim(&mut text, Some(facts.subject));
    claim(&mut text, facts.id);
    claim(&mut text, facts.session);
    claim(&mut text, facts.access_key);
    number(&mut text, facts.user_ver);
    number(&mut text, facts.generation);
    number(&mut text, Some(facts.holds_from));
    number(&mut text, Some(facts.holds_until));
    line(&mut text, facts.key_id);
    number(&mut text, Some(facts.issued));
    number(&mut text, Some(facts.begins));
    line(&mut text, facts.bound_by.unwrap_or_default());
    let head = letters(&text);
    text.push_str(facts.payload);
    // A head has four claims of at most 255 bytes each, and little more.
    let _ = write!(text, "{head:04}");
    text
}

/// How many letters JavaScript counts.
fn letters(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(char::len_utf16).sum()
}

fn number(text: &mut String, number: Option<i64>) {
    if let Some(number) = number {
        let _ = write!(text, "{number}");
    }
    text.push('\n');
}

/// A text of the issuer's, on one line whatever it is; none is empty.
fn claim(text: &mut String, claim: Option<&str>) {
    let claim = claim.unwrap_or_default();
    if claim.bytes().any(|byte| matches!(byte, b'\\' | b'\n')) {
        line(text, &claim.replace('\\', "\\\\").replace('\n', "\\n"));
    } else {
        line(text, claim);
    }
}
