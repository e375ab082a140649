//! Policies of tokens, and minting.

use counterseal_shared::{self as shared, Binding, TokenClaims, TokenPolicyMembers};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::answer::{Answer, answer, line};
use crate::token_key::TokenSigner;
use crate::token_ring::TokenRing;

/// What a verifier demands of a token, and what a minter writes.
#[napi]
pub struct TokenPolicy(pub(crate) shared::TokenPolicy);

/// Mints tokens with one key for verifiers of one policy.
#[napi]
pub struct TokenMinter(shared::TokenMinter);

/// The members of a policy beyond its profile; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct TokenPolicyOptions {
    /// Who issues.
    pub issuer: String,
    /// For whom the tokens are.
    pub audience: Vec<String>,
    /// `all`, `any` or `only`.
    pub match_audience: Option<String>,
    /// The kind of token that the header must name.
    pub typ: Option<String>,
    /// How far clocks may differ.
    pub leeway_seconds: Option<i64>,
    /// How long a token may live.
    pub life_seconds: Option<i64>,
}

/// What a token is to say beyond whom it is about; what is left out stands for a claim that is left out.
#[napi(object, object_to_js = false)]
pub struct MintOptions {
    /// An instant that it must not outlive, in milliseconds.
    pub until: Option<i64>,
    /// The version of the subject.
    pub user_ver: Option<i64>,
    /// The registered key that the session was opened with.
    pub access_key: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// The generation of the session.
    pub generation: Option<i64>,
    /// The thumbprint of the certificate that it is bound to.
    pub certificate: Option<Uint8Array>,
    /// The thumbprint of the key that it is bound to.
    pub key: Option<Uint8Array>,
    /// Further claims, a JSON object.
    pub claims: Option<String>,
}

/// One on a line: the token, when it is over, and what decided that.
pub(crate) type Minted = String;

#[napi]
impl TokenPolicy {
    /// The policy of these members.
    #[napi]
    pub fn create(profile: String, options: TokenPolicyOptions) -> Answer<TokenPolicy> {
        answer("TokenPolicy.create", || {
            let policy = shared::TokenPolicy::new(&TokenPolicyMembers {
                profile,
                issuer: options.issuer,
                audience: options.audience,
                match_audience: options.match_audience,
                typ: options.typ,
                leeway_seconds: options.leeway_seconds,
                life_seconds: options.life_seconds,
            })?;
            Ok(TokenPolicy(policy))
        })
    }

    /// Who issues.
    #[napi]
    pub fn issuer(&self) -> Answer<String> {
        answer("TokenPolicy.issuer", || Ok(self.0.issuer().into()))
    }
}

#[napi]
impl TokenMinter {
    /// A minter with this key for verifiers of this policy.
    #[napi]
    pub fn create(signer: &TokenSigner, policy: &TokenPolicy) -> Answer<TokenMinter> {
        answer("TokenMinter.create", || {
            let minter = shared::TokenMinter::new(&signer.0, &policy.0);
            Ok(TokenMinter(minter))
        })
    }

    /// A minter with whichever key of this ring signs.
    #[napi]
    pub fn of_ring(ring: &TokenRing, policy: &TokenPolicy) -> Answer<TokenMinter> {
        answer("TokenMinter.ofRing", || {
            let minter = shared::TokenMinter::of_ring(&ring.0, &policy.0)?;
            Ok(TokenMinter(minter))
        })
    }

    /// A token about `subject`.
    #[napi]
    pub fn mint(
        &self,
        subject: String,
        life_seconds: i64,
        options: MintOptions,
        now: i64,
        seed: &[u8],
    ) -> Answer<Minted> {
        answer("TokenMinter.mint", || {
            let binding = Binding::maybe(options.certificate.as_deref(), options.key.as_deref())?;
            let claims = TokenClaims {
                subject: &subject,
                user_ver: options.user_ver,
                access_key: options.access_key.as_deref(),
                session: options.session.as_deref(),
                generation: options.generation,
                binding,
                members: options.claims.as_deref(),
            };
            let minted = self
                .0
                .mint(&claims, life_seconds, options.until, now, seed)?;
            Ok(told(&minted))
        })
    }
}

fn told(minted: &shared::Minted) -> Minted {
    let mut text = String::with_capacity(minted.token().len() + 32);
    line(&mut text, minted.token());
    line(&mut text, &minted.expires().to_string());
    line(&mut text, minted.decided_by());
    text
}
