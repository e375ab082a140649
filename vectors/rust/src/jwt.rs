//! The operations of the room `jwt`.

mod cached;
mod fetch;
mod oidc;
mod require;
mod ring;
mod standing;

pub(crate) use cached::{CachedInput, CachedStep, Does as CachedDoes, cached, verify_again};
pub(crate) use fetch::{
    Answer, Cause, Does as FetchDoes, FetchInput, FetchStep, FetcherInput, fetch,
};
pub(crate) use oidc::{OidcInput, OidcMembers, nearest, oidc};
pub(crate) use require::{RequireInput, RequirementInput, challenge, require};
pub(crate) use ring::{Does as RingDoes, RingInput, RingMembers, RingStep, ring};
pub(crate) use standing::{
    Does, StandInput, StandingInput, StandingStep, StandingStepsInput, stand, standing,
};

use counterseal::core::{
    Bound, KeyId, Lifetime, PrivateKey, PublicKey, Secret, Seed, Signatures, Span, Time,
};
use counterseal::jwt::{
    Audience, Binding, Claims, JwtSetupError, Minter, TokenAlgorithm, TokenExplanation, TokenKey,
    TokenKeys, TokenPolicy, TokenSigner, TokenVerifier, VerifiedToken, bearer as bearer_of,
};
use counterseal_crypto_ring::Ring;
use counterseal_crypto_rustcrypto::RustCrypto;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::request::{Outcome, boxed, input, observed};
use crate::{Bytes, Case, CaseError, Hex, Observation};

/// A token and who looks at it, for the operation `verify`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyInput {
    pub(crate) token: String,
    pub(crate) keys: TokenKeysInput,
    /// The thumbprint of the certificate that the peer has shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<Hex>,
    /// The thumbprint of the key that the peer has shown to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Hex>,
}

/// Keys one by one, a JWK Set, or a SPIFFE bundle.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum TokenKeysInput {
    Each(Vec<TokenKeyInput>),
    Set(JwksInput),
    Bundle(BundleInput),
}

/// A JWK Set as text.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwksInput {
    pub(crate) jwks: String,
}

/// A SPIFFE bundle as text.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleInput {
    pub(crate) bundle: String,
}

/// A key: a JWK as text, or an id and an algorithm with a public key in PEM or a secret.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenKeyInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<Hex>,
}

/// Keys alone, for the operation `keys`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysInput {
    pub(crate) keys: TokenKeysInput,
}

/// What a token is to say, and who signs it, for the operation `mint`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MintInput {
    /// An id with a private key in PEM, or with an HMAC algorithm and a secret.
    pub(crate) signer: TokenKeyInput,
    pub(crate) subject: String,
    pub(crate) life_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_ver: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Hex>,
    /// Further claims, a JSON object as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
}

/// Header fields of a request, for the operation `bearer`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BearerInput {
    pub(crate) headers: Vec<(Bytes, Bytes)>,
}

/// The members of a policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyMembers {
    profile: Profile,
    issuer: String,
    audience: Vec<String>,
    match_audience: Option<MatchAudience>,
    typ: Option<String>,
    leeway_seconds: Option<i64>,
    life_seconds: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Profile {
    Access,
    App,
    Job,
    Openid,
    Provisioner,
    Svid,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MatchAudience {
    All,
    Any,
    Only,
}

pub(crate) fn verify(case: &Case) -> Result<Observation, CaseError> {
    let input: VerifyInput = input(case)?;
    let members = policy_members(case)?;
    let shown = binding(input.certificate.as_ref(), input.key.as_ref())?;
    let outcome = || {
        let verifier = TokenVerifier::new(members.policy()?);
        let keys = input.keys.made()?;
        let now = Time::from_millis(case.now);
        let proven = match &shown {
            Some(shown) => verifier.verify_bound(&input.token, shown, &keys, now),
            None => verifier.verify(&input.token, &keys, now),
        };
        Ok(proof(&proven.map_err(boxed)?))
    };
    Ok(observed(outcome()))
}

/// What an operator is told of a token of the operation `verify`; none where the policy or the keys cannot be.
///
/// # Errors
///
/// As [`run`](crate::run).
pub fn explain_token(case: &Case) -> Result<Option<TokenExplanation>, CaseError> {
    let input: VerifyInput = input(case)?;
    let members = policy_members(case)?;
    let shown = binding(input.certificate.as_ref(), input.key.as_ref())?;
    let (Ok(policy), Ok(keys)) = (members.policy(), input.keys.made()) else {
        return Ok(None);
    };
    let now = Time::from_millis(case.now);
    let verifier = TokenVerifier::new(policy);
    Ok(Some(verifier.explain(
        &input.token,
        shown.as_ref(),
        &keys,
        now,
    )))
}

fn proof(verified: &VerifiedToken<'_>) -> Value {
    json!({
        "key_id": verified.key_id().as_str(),
        "subject": verified.subject(),
        "id": verified.id(),
        "session": verified.session(),
        "access_key": verified.access_key(),
        "user_ver": verified.user_ver(),
        "generation": verified.generation(),
        "issued": verified.issued().millis(),
        "begins": verified.begins().millis(),
        "expires": verified.expires().millis(),
        "bound_by": verified.binding().map(Binding::name),
    })
}

pub(crate) fn mint(case: &Case) -> Result<Observation, CaseError> {
    let input: MintInput = input(case)?;
    let members = policy_members(case)?;
    let seed = <[u8; 16]>::try_from(&*case.seed.0).map_err(|_| CaseError::Seed)?;
    let bound = binding(input.certificate.as_ref(), input.key.as_ref())?;
    let now = Time::from_millis(case.now);
    let minted = || {
        let policy = members.policy()?;
        let signer = input.signer.signer()?;
        let life = input.life(&policy, now)?;
        let minter = Minter::new(signer.clone(), &policy);
        let claims = input.claims(bound.as_ref())?;
        let token = minter
            .mint(&claims, &life, &Seed::new(seed))
            .map_err(boxed)?;
        let token = String::from_utf8_lossy(token.expose()).into_owned();
        let keys = TokenKeys::new([signer.key().clone()]).map_err(boxed)?;
        let verifier = TokenVerifier::new(policy);
        let proven = match &bound {
            Some(bound) => verifier.verify_bound(&token, bound, &keys, now),
            None => verifier.verify(&token, &keys, now),
        };
        proven.map_err(boxed)?;
        let (name, text) = told(signer.key().algorithm(), &token);
        let expires = Time::from_seconds(life.until().seconds()).millis();
        let decided_by = life.decided_by();
        Ok(json!({name: text, "expires": expires, "decided_by": decided_by}))
    };
    Ok(observed(minted()))
}

/// What is compared of a token: all of it, or, where libraries draw a number for each signature, what was signed.
fn told(algorithm: TokenAlgorithm, token: &str) -> (&'static str, &str) {
    match token.rsplit_once('.') {
        Some((signed, _)) if algorithm.name().starts_with("ES") => ("signed", signed),
        _ => ("token", token),
    }
}

pub(crate) fn keys(case: &Case) -> Result<Observation, CaseError> {
    let KeysInput { keys } = input(case)?;
    Ok(observed(keys.made().map(|made| {
        let ids: Vec<_> = made.iter().map(|key| key.id().as_str()).collect();
        match keys {
            TokenKeysInput::Bundle(_) | TokenKeysInput::Set(_) => json!({"ids": ids}),
            TokenKeysInput::Each(_) => {
                let algorithms: Vec<_> = made.iter().map(|key| key.algorithm().name()).collect();
                json!({"ids": ids, "algorithms": algorithms})
            }
        }
    })))
}

pub(crate) fn bearer(case: &Case) -> Result<Observation, CaseError> {
    let BearerInput { headers } = input(case)?;
    let named = headers
        .iter()
        .filter(|(name, _)| name.0.eq_ignore_ascii_case(b"authorization"));
    let token = bearer_of(named.map(|(_, value)| &*value.0)).map_err(boxed);
    Ok(observed(token.map(|token| json!({"token": token}))))
}

fn policy_members(case: &Case) -> Result<PolicyMembers, CaseError> {
    members_of(case.policy.as_ref().ok_or(CaseError::Policy)?)
}

fn members_of(members: &Map<String, Value>) -> Result<PolicyMembers, CaseError> {
    serde_json::from_value(members.clone().into()).map_err(CaseError::Input)
}

/// The key that was shown, or that a token is to be bound to; one at most.
fn binding(certificate: Option<&Hex>, key: Option<&Hex>) -> Result<Option<Binding>, CaseError> {
    let print = |hex: &Hex| <[u8; 32]>::try_from(&*hex.0).map_err(|_| CaseError::Keys);
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(hex), None) => print(hex).map(Binding::Certificate).map(Some),
        (None, Some(hex)) => print(hex).map(Binding::Key).map(Some),
        (Some(_), Some(_)) => Err(CaseError::Keys),
    }
}

impl PolicyMembers {
    fn policy(&self) -> Outcome<TokenPolicy> {
        self.made().map_err(boxed)
    }

    fn made(&self) -> Result<TokenPolicy, JwtSetupError> {
        let names = self.audience.iter().map(String::as_str);
        let audience = match self.match_audience.unwrap_or(MatchAudience::Any) {
            MatchAudience::All => Audience::all(names),
            MatchAudience::Any => Audience::any(names),
            MatchAudience::Only => Audience::only(names),
        };
        let of = match self.profile {
            Profile::Access => TokenPolicy::access,
            Profile::App => TokenPolicy::app,
            Profile::Job => TokenPolicy::job,
            Profile::Openid => TokenPolicy::openid,
            Profile::Provisioner => TokenPolicy::provisioner,
            Profile::Svid => TokenPolicy::svid,
        };
        let mut policy = of(&self.issuer, audience)?;
        if let Some(typ) = &self.typ {
            policy = policy.with_typ(typ)?;
        }
        if let Some(leeway) = self.leeway_seconds {
            policy = policy.with_leeway(Span::from_seconds(leeway))?;
        }
        if let Some(life) = self.life_seconds {
            policy = policy.with_life(Span::from_seconds(life))?;
        }
        Ok(policy)
    }
}

impl TokenKeysInput {
    fn made(&self) -> Outcome<TokenKeys> {
        match self {
            TokenKeysInput::Set(JwksInput { jwks }) => {
                TokenKeys::from_jwks(jwks, &Ring).map_err(boxed)
            }
            TokenKeysInput::Bundle(BundleInput { bundle }) => {
                TokenKeys::from_spiffe_bundle(bundle, &Ring).map_err(boxed)
            }
            TokenKeysInput::Each(keys) => {
                let keys = keys.iter().map(TokenKeyInput::key);
                TokenKeys::new(keys.collect::<Outcome<Vec<_>>>()?).map_err(boxed)
            }
        }
    }
}

impl TokenKeyInput {
    fn key(&self) -> Outcome<TokenKey> {
        if let Some(jwk) = &self.jwk {
            return TokenKey::from_jwk(jwk, &Ring).map_err(boxed);
        }
        let algorithm = self.algorithm.as_deref().unwrap_or_default();
        let algorithm = TokenAlgorithm::parse(algorithm).map_err(boxed)?;
        let id = self.key_id()?;
        let Some(pem) = &self.pem else {
            return TokenKey::hmac(id, algorithm, &self.secret()).map_err(boxed);
        };
        let TokenAlgorithm::Signature(algorithm) = algorithm else {
            return Err(boxed(JwtSetupError::Algorithm));
        };
        let public = PublicKey::from_pem(pem).map_err(boxed)?;
        let key = Ring.verify_key(algorithm, &public).map_err(boxed)?;
        Ok(TokenKey::public(id, key))
    }

    fn signer(&self) -> Outcome<TokenSigner> {
        if let Some(pem) = &self.pem {
            let private = PrivateKey::from_pem(&Secret::new(pem.clone().into())).map_err(boxed)?;
            return TokenSigner::private(self.key_id()?, &private, &RustCrypto).map_err(boxed);
        }
        let algorithm = self.algorithm.as_deref().unwrap_or_default();
        let algorithm = TokenAlgorithm::parse(algorithm).map_err(boxed)?;
        TokenSigner::hmac(self.key_id()?, algorithm, &self.secret()).map_err(boxed)
    }

    fn key_id(&self) -> Outcome<KeyId> {
        KeyId::parse(self.id.as_deref().unwrap_or_default()).map_err(boxed)
    }

    fn secret(&self) -> Secret {
        Secret::new(self.secret.clone().unwrap_or_default().0)
    }
}

impl MintInput {
    fn life(&self, policy: &TokenPolicy, now: Time) -> Outcome<Lifetime> {
        let mut bounds = vec![Bound::ceiling("policy", policy.life())];
        let end = self
            .until
            .map(|until| Bound::end("until", Time::from_millis(until)));
        bounds.extend(end);
        Lifetime::clamp(Span::from_seconds(self.life_seconds), &bounds, now).map_err(boxed)
    }

    fn claims(&self, bound: Option<&Binding>) -> Outcome<Claims> {
        let mut claims = Claims::of(&self.subject);
        if let Some(version) = self.user_ver {
            claims = claims.at_version(version);
        }
        if let Some(id) = &self.access_key {
            claims = claims.by_access_key(id);
        }
        if let Some(id) = &self.session {
            claims = claims.in_session(id);
        }
        if let Some(generation) = self.generation {
            claims = claims.in_generation(generation);
        }
        if let Some(bound) = bound {
            claims = claims.bound_to(bound);
        }
        match &self.claims {
            Some(members) => claims.with_members(members).map_err(boxed),
            None => Ok(claims),
        }
    }
}
