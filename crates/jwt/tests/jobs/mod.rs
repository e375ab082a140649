//! Tokens of jobs, as the live issuer writes them, and who judges them.

#![allow(clippy::unwrap_used)] // tests: what fails is seen
#![allow(dead_code)] // each test uses its own part

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{Algorithm, Forged, KeyId, MacKey, Refusal, Secret, VerifyKey};
use counterseal_jwt::{GithubRule, OidcError, OidcPolicy, OidcSetupError, TokenKey, TokenKeys};
use counterseal_testkit::NOW;
use serde_json::{Map, Value, json};

pub(crate) const AUDIENCE: &str = "https://deploy.example";

/// A key that says it is of this algorithm, and checks a tag: what is tested here comes after the signature.
pub(crate) struct Tagged(pub Algorithm);

impl VerifyKey for Tagged {
    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Forged> {
        mac().verify(message, signature.try_into().map_err(|_| Forged)?)
    }
}

pub(crate) fn mac() -> MacKey {
    MacKey::new(&secret()).unwrap()
}

pub(crate) fn secret() -> Secret {
    Secret::new(vec![7; 32])
}

pub(crate) fn keys(algorithm: Algorithm) -> TokenKeys {
    let id = KeyId::parse("gh-1").unwrap();
    TokenKeys::new([TokenKey::public(id, Arc::new(Tagged(algorithm)))]).unwrap()
}

pub(crate) fn token(alg: &str, claims: &Map<String, Value>) -> String {
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}","x5t":"nfrCbIp3mYw3","kid":"gh-1"}}"#);
    let payload = serde_json::to_string(claims).unwrap();
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}", encoded(&header), encoded(&payload));
    let tag = mac().tag(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A token as the live issuer of GitHub writes it: a push to main, deployed to production. All values are made up.
pub(crate) fn live() -> Map<String, Value> {
    let now = NOW.seconds();
    let commit = "5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";
    let claims = json!({
        "actor": "octocat",
        "actor_id": "12",
        "aud": AUDIENCE,
        "base_ref": "",
        "check_run_id": "46180044111",
        "environment": "production",
        "environment_node_id": "EN_kwDOAAAASs4AAAAB",
        "event_name": "push",
        "exp": now + 21_600,
        "head_ref": "",
        "iat": now,
        "iss": "https://token.actions.githubusercontent.com",
        "job_workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        "job_workflow_sha": commit,
        "jti": "b1c2d3e4-0011-2233-4455-66778899aabb",
        "nbf": now - 300,
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "ref_type": "branch",
        "repository": "octo-org/octo-repo",
        "repository_id": "74",
        "repository_owner": "octo-org",
        "repository_owner_id": "65",
        "repository_visibility": "private",
        "run_attempt": "1",
        "run_id": "16202030405",
        "run_number": "10",
        "runner_environment": "github-hosted",
        "sha": commit,
        "sub": "repo:octo-org/octo-repo:environment:production",
        "workflow": "deploy",
        "workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        "workflow_sha": commit,
    });
    claims.as_object().unwrap().clone()
}

/// The live token with these claims changed; null takes one away.
pub(crate) fn with(changes: &Value) -> Map<String, Value> {
    let mut claims = live();
    for (name, value) in changes.as_object().unwrap() {
        claims.insert(name.clone(), value.clone());
    }
    claims.retain(|_, value| !value.is_null());
    claims
}

/// The live token of a job without an environment, for this ref.
pub(crate) fn for_ref(reference: &str) -> Map<String, Value> {
    let kind = if reference.starts_with("refs/tags/") {
        "tag"
    } else {
        "branch"
    };
    with(&json!({
        "environment": null,
        "ref": reference,
        "ref_type": kind,
        "sub": format!("repo:octo-org/octo-repo:ref:{reference}"),
    }))
}

pub(crate) fn rule() -> GithubRule {
    GithubRule::new("main").repository(74, 65)
}

pub(crate) fn policy(rules: impl IntoIterator<Item = GithubRule>) -> OidcPolicy {
    OidcPolicy::github(AUDIENCE, rules).unwrap()
}

pub(crate) fn verified(
    policy: &OidcPolicy,
    claims: &Map<String, Value>,
) -> Result<String, OidcError> {
    let admitted = policy.verify(&token("RS256", claims), &keys(Algorithm::Rs256), NOW)?;
    Ok(admitted.rule().to_string())
}

/// The rule that admits, or the code, or the nearest rule and its claim.
pub(crate) fn outcome(policy: &OidcPolicy, claims: &Map<String, Value>) -> String {
    match verified(policy, claims) {
        Ok(rule) => rule,
        Err(OidcError::Denied { rule, claim, .. }) => {
            let rule = rule.map_or("none".to_owned(), |rule| rule.to_string());
            format!("{rule} {claim}")
        }
        Err(error) => error.code().name.to_owned(),
    }
}

pub(crate) fn code(made: Result<OidcPolicy, OidcSetupError>) -> &'static str {
    made.err().map_or("made", |error| error.code().name)
}

pub(crate) fn github(rule: GithubRule) -> &'static str {
    code(OidcPolicy::github(AUDIENCE, [rule]))
}
