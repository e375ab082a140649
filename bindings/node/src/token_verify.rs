//! Verifying tokens. Proofs are kept in JavaScript: a crossing costs more than all that a kept one needs.

use std::sync::{Mutex, PoisonError};

use counterseal_shared::{self as shared, Binding, Problem, VerifiedToken};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, line};
use crate::message::values;
use crate::token_key::{TokenKeys, lines};
use crate::token_mint::TokenPolicy;
use crate::token_ring::TokenRing;

/// Verifies tokens of one policy.
#[napi]
pub struct TokenVerifier {
    inner: shared::TokenVerifier,
    last: Mutex<Option<Last>>,
}

/// The token that was verified last, and its proof: whoever asks for its grants next costs no second signature.
struct Last {
    token: String,
    proof: VerifiedToken,
}

/// A proof as other rooms need it. It costs more than the proof itself, so it is made for those who ask.
#[napi]
pub struct HeldToken(pub(crate) VerifiedToken);

/// One on a line: from when on and before when it holds by the clock, key id, when it was issued, begins and is over, what it is
/// bound to, version of the subject, generation, subject, id, session and access key; what there is none of is empty. After
/// these the payload, which may have lines of its own.
pub(crate) type TokenProof = String;

#[napi]
impl TokenVerifier {
    /// A verifier of this policy with these keys.
    #[napi]
    pub fn create(policy: &TokenPolicy, keys: &TokenKeys) -> Answer<TokenVerifier> {
        answer("TokenVerifier.create", || {
            let verifier = shared::TokenVerifier::new(&policy.0, &keys.0);
            Ok(TokenVerifier {
                inner: verifier,
                last: Mutex::new(None),
            })
        })
    }

    /// A verifier of this policy with the keys of this ring.
    #[napi]
    pub fn of_ring(policy: &TokenPolicy, ring: &TokenRing) -> Answer<TokenVerifier> {
        answer("TokenVerifier.ofRing", || {
            let verifier = shared::TokenVerifier::of_ring(&policy.0, &ring.0);
            Ok(TokenVerifier {
                inner: verifier,
                last: Mutex::new(None),
            })
        })
    }

    /// A number that is another one when its keys are others. A ring whose keys are too old refuses.
    #[napi]
    pub fn generation(&self, now: i64) -> Answer<i64> {
        answer("TokenVerifier.generation", || self.inner.generation(now))
    }

    /// The proof that `token` is genuine, and bound to no key.
    #[napi]
    pub fn verify(&self, token: String, now: i64) -> Answer<TokenProof> {
        answer("TokenVerifier.verify", || {
            let proof = self.inner.verify(&token, None, now)?;
            let told = told(&proof, self.inner.window(&proof));
            self.keep(Last { token, proof });
            Ok(told)
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
            let proof = self.inner.verify(&token, binding.as_ref(), now)?;
            Ok(told(&proof, self.inner.window(&proof)))
        })
    }

    /// The proof that `token` was genuine at `now`, for other rooms.
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
            if binding.is_none()
                && let Some(proof) = self.last(&token)
                && self.inner.recheck(&proof, now)?
            {
                return Ok(HeldToken(proof));
            }
            let proof = self.inner.verify(&token, binding.as_ref(), now)?;
            Ok(HeldToken(proof))
        })
    }

    /// Knows these keys, and no others, from now on.
    #[napi]
    pub fn replace_keys(&self, keys: &TokenKeys) -> Option<Refusal> {
        done("TokenVerifier.replaceKeys", || {
            self.inner.replace_keys(&keys.0)
        })
    }

    /// The ids of its keys, each on a line.
    #[napi]
    pub fn key_ids(&self) -> Answer<String> {
        answer("TokenVerifier.keyIds", || Ok(lines(&self.inner.key_ids())))
    }

    /// Who issues.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("TokenVerifier.issuer", || Ok(self.inner.issuer().into()))
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

impl TokenVerifier {
    fn keep(&self, last: Last) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }

    /// The proof of the token that was verified last, if it is this one.
    fn last(&self, token: &str) -> Option<VerifiedToken> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().filter(|last| last.token == token)?;
        Some(last.proof.clone())
    }
}

/// The text of a proof, which holds by the clock from the first of these instants on and before the second.
pub(crate) fn told(verified: &VerifiedToken, (from, until): (i64, i64)) -> TokenProof {
    let payload = verified.payload();
    let mut text = String::with_capacity(payload.len() + 320);
    number(&mut text, Some(from));
    number(&mut text, Some(until));
    line(&mut text, verified.key_id());
    number(&mut text, Some(verified.issued()));
    number(&mut text, Some(verified.begins()));
    number(&mut text, Some(verified.expires()));
    line(&mut text, verified.bound_by().unwrap_or_default());
    number(&mut text, verified.user_ver());
    number(&mut text, verified.generation());
    claim(&mut text, Some(verified.subject()));
    claim(&mut text, verified.id());
    claim(&mut text, verified.session());
    claim(&mut text, verified.access_key());
    text.push_str(payload);
    text
}

fn number(text: &mut String, number: Option<i64>) {
    line(text, &number.map(|it| it.to_string()).unwrap_or_default());
}

/// A text of the issuer's, on one line whatever it is; none is empty.
fn claim(text: &mut String, claim: Option<&str>) {
    let claim = claim.unwrap_or_default();
    if claim.contains(['\\', '\n']) {
        line(text, &claim.replace('\\', "\\\\").replace('\n', "\\n"));
    } else {
        line(text, claim);
    }
}
