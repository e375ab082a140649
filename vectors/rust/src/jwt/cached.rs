//! Verifiers that keep their proofs: the operation `cached`.

use counterseal::core::{Refusal, Seed, Time};
use counterseal::jwt::CachingVerifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{TokenKeysInput, VerifyInput, members_of, policy_members, proof};
use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation};

/// Tokens, verifiers, and which of them look at which, one step after the other.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CachedInput {
    pub(crate) tokens: Vec<String>,
    pub(crate) keys: TokenKeysInput,
    /// The policies of further verifiers, with the same keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<Map<String, Value>>,
    /// For how many tokens each of them keeps proofs.
    pub(crate) places: usize,
    pub(crate) steps: Vec<CachedStep>,
}

/// What happens at an instant.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct CachedStep {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) does: Does,
    /// By which verifier, from 0.
    #[serde(default)]
    pub(crate) verifier: usize,
}

/// What a step does. Tokens are numbered.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Does {
    /// A verifier has these keys from now on.
    ReplaceKeys { keys: TokenKeysInput },
    /// A token is verified.
    Verify { token: usize },
}

/// A token that comes a second time to a verifier that keeps its proof; none where the peer shows a key, which is checked anew each time.
pub(crate) fn verify_again(case: &Case) -> Result<Option<Observation>, CaseError> {
    let input: VerifyInput = input(case)?;
    if input.certificate.is_some() || input.key.is_some() {
        return Ok(None);
    }
    let members = policy_members(case)?;
    let again = || {
        let (policy, keys) = (members.policy()?, input.keys.made()?);
        let made = CachingVerifier::new(policy, keys, 4, &Seed::new([7; 16]));
        let mut verifier = made.map_err(boxed)?;
        let now = Time::from_millis(case.now);
        // Whatever comes of it the first time.
        let _ = verifier.verify(&input.token, now);
        let proven = verifier.verify(&input.token, now);
        let proven = proven.map_err(boxed)?;
        Ok(proof(&proven))
    };
    Ok(Some(observed(again())))
}

pub(crate) fn cached(case: &Case) -> Result<Observation, CaseError> {
    let input: CachedInput = input(case)?;
    let mut policies = vec![policy_members(case)?];
    for members in &input.others {
        policies.push(members_of(members)?);
    }
    let made = policies.iter().map(|members| {
        let (policy, keys) = (members.policy()?, input.keys.made()?);
        CachingVerifier::new(policy, keys, input.places, &Seed::new([7; 16])).map_err(boxed)
    });
    let mut verifiers = match made.collect::<Outcome<Vec<_>>>() {
        Ok(verifiers) => verifiers,
        Err(refusal) => return Ok(observed(Err(refusal))),
    };
    let steps = input.steps.iter().map(|step| {
        let verifier = verifiers.get_mut(step.verifier).ok_or(CaseError::Step)?;
        match &step.does {
            Does::ReplaceKeys { keys } => {
                let replaced = keys.made().map(|keys| verifier.replace_keys(keys));
                Ok(json!({"code": replaced.err().map(|refusal| refusal.code().name)}))
            }
            Does::Verify { token } => {
                let token = input.tokens.get(*token).ok_or(CaseError::Step)?;
                let proven = verifier.verify(token, Time::from_millis(step.at));
                Ok(match proven {
                    Ok(token) => json!({"code": null, "proof": proof(&token)}),
                    Err(error) => json!({"code": error.code().name}),
                })
            }
        }
    });
    let steps = steps.collect::<Result<Vec<_>, CaseError>>()?;
    Ok(Observation::accepted(json!({"steps": steps})))
}
