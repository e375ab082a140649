//! The keys of an issuer: the operation `ring`.

use std::sync::Arc;

use counterseal::core::{
    Bound, KeyId, Lifetime, PrivateKey, Refusal, SealKey, Secret, Seed, Span, Step, Time, drive,
};
use counterseal::jwt::{
    ChangeRing, Claims, KeyFacts, KeyState, Minter, RingSetupError, RingVault, RotationPolicy,
    TokenPolicy,
};
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_memory::Memory;
use counterseal_testkit::WINDOW;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation};

/// A policy of rotation, and what becomes of keys one step after the other.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RingInput {
    pub(crate) ring: RingMembers,
    pub(crate) steps: Vec<RingStep>,
}

/// The members of a policy of rotation.
#[allow(clippy::struct_field_names)] // as they are called
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RingMembers {
    pub(crate) life_seconds: i64,
    pub(crate) max_age_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hosts_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lead_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tolerance_seconds: Option<i64>,
}

/// What happens at an instant.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct RingStep {
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) does: Does,
}

/// What a step does.
#[derive(Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Does {
    /// Which keys are there?
    Keys,
    /// A token for a job is minted: how long does it live, and what decided that?
    Mint { life_seconds: i64 },
    /// What does the route for the keys answer, to a client with these fields?
    Published {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        if_none_match: Vec<String>,
    },
    /// A key is removed.
    Revoke { id: String },
    /// A key is announced.
    Rotate { pem: String },
}

pub(crate) fn ring(case: &Case) -> Result<Observation, CaseError> {
    let input: RingInput = input(case)?;
    let now = Time::from_millis(case.now);
    let set_up = || {
        let policy = input.ring.policy().map_err(boxed)?;
        let sealer = SealKey::new(&Secret::new(vec![0; 32])).map_err(boxed)?;
        let vault = RingVault::new(ISSUER, sealer.into(), Arc::new(RustCrypto));
        let store = Memory::new(WINDOW, PLACES, now);
        Ok(Host {
            vault: vault.map_err(boxed)?,
            policy,
            store,
        })
    };
    let told = set_up().and_then(|host| {
        let steps = input.steps.iter().map(|step| host.step(step));
        steps.collect::<Outcome<Vec<_>>>()
    });
    Ok(observed(told.map(|told| json!({"steps": told}))))
}

/// A host of the issuer, which reads its store before each step.
struct Host {
    vault: RingVault,
    policy: RotationPolicy,
    store: Memory,
}

impl Host {
    fn step(&self, step: &RingStep) -> Outcome<Value> {
        let now = Time::from_millis(step.at);
        let read = || drive(&self.store, self.vault.load(now)).map_err(boxed);
        Ok(match &step.does {
            Does::Keys => json!({"keys": read()?.facts(now).map(told).collect::<Vec<_>>()}),
            Does::Mint { life_seconds } => {
                let (ring, policy) = (read()?, TokenPolicy::job(ISSUER, "api").map_err(boxed)?);
                let bounds = [Bound::ceiling("policy", policy.life()), ring.ceiling()];
                let life = Lifetime::clamp(Span::from_seconds(*life_seconds), &bounds, now);
                let life = life.map_err(boxed)?;
                let minter = Minter::new(ring.signer(now).map_err(boxed)?.clone(), &policy);
                let token = minter.mint(&Claims::of("user-7"), &life, &Seed::new([0; 16]));
                token.map_err(boxed)?;
                let expires = life.until().seconds() * 1_000;
                json!({"expires": expires, "decided_by": life.decided_by()})
            }
            Does::Published { if_none_match } => {
                let document = read()?.document(now).map_err(boxed)?;
                json!({
                    "body": document.body(),
                    "content_type": document.content_type(),
                    "etag": document.etag(),
                    "cache_control": document.cache_control(),
                    "is_known": document.is_known(if_none_match.iter().map(String::as_str)),
                })
            }
            Does::Revoke { id } => {
                let id = KeyId::parse(id).map_err(boxed)?;
                self.changed(self.vault.revoke(id, now))
            }
            Does::Rotate { pem } => {
                let key = PrivateKey::from_pem(&Secret::new(pem.as_str().into())).map_err(boxed)?;
                let seed = Seed::new([0; 12]);
                let step = self.vault.announce(&key, self.policy, &seed, now);
                self.changed(step.map_err(boxed)?)
            }
        })
    }

    fn changed(&self, step: Step<ChangeRing>) -> Value {
        let code = drive(&self.store, step)
            .err()
            .map(|error| error.code().name);
        json!({"code": code})
    }
}

fn told(key: KeyFacts) -> Value {
    json!({
        "id": key.id.as_str(),
        "state": name(key.state),
        "announced": key.announced.millis(),
        "active": key.active.millis(),
        "ends": key.ends.map(Time::millis),
        "gone": key.gone.map(Time::millis),
    })
}

const fn name(state: KeyState) -> &'static str {
    match state {
        KeyState::Announced => "announced",
        KeyState::Active => "active",
        KeyState::Retiring => "retiring",
        KeyState::Retired => "retired",
    }
}

impl RingMembers {
    fn policy(&self) -> Result<RotationPolicy, RingSetupError> {
        let life = Span::from_seconds(self.life_seconds);
        let mut policy = RotationPolicy::new(life, Span::from_seconds(self.max_age_seconds))?;
        if let Some(hosts) = self.hosts_seconds {
            policy = policy.with_hosts(Span::from_seconds(hosts))?;
        }
        if let Some(period) = self.period_seconds {
            policy = policy.with_period(Span::from_seconds(period))?;
        }
        if let (Some(lead), Some(tolerance)) = (self.lead_seconds, self.tolerance_seconds) {
            let (lead, tolerance) = (Span::from_seconds(lead), Span::from_seconds(tolerance));
            policy = policy.with_lead(lead, tolerance)?;
        }
        Ok(policy)
    }
}

const ISSUER: &str = "https://iss.example";
const PLACES: usize = 64;
