//! Jobs of CI systems, and tokens of other issuers: the rows O17 and O19.

mod claims;
mod github;
mod setups;
mod signed;

use serde_json::{Map, Value, json};

use super::draft::{NOW, SECONDS, refusal};
use super::secrets::By;
use crate::Case;
use crate::generate::limit::{accepted, case, members};
use crate::jwt::{OidcInput, OidcMembers};

type Oidc = Case<OidcInput>;

pub(in crate::generate) use claims::cases as others;
pub(in crate::generate) use github::{code, jobs, nearest};
pub(in crate::generate) use setups::cases as setups;

const AUDIENCE: &str = "https://deploy.example";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const DENIED: &str = "jwt_oidc_denied";

/// A token on its way, and who may come in.
#[derive(Clone)]
struct Job {
    id: String,
    flags: Vec<&'static str>,
    now: i64,
    claims: Map<String, Value>,
    policy: Value,
    by: Option<By>,
}

/// A job of GitHub for main, deployed to production; a rule that means its repository and its ref.
fn job(id: impl Into<String>, flags: &[&'static str]) -> Job {
    let commit = "5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2";
    let file = "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main";
    let claims = json!({
        "iss": GITHUB, "aud": AUDIENCE, "iat": SECONDS, "nbf": SECONDS - 300, "exp": SECONDS + 21_600,
        "jti": "b1c2d3e4-0011-2233-4455-66778899aabb", "sub": "repo:octo-org/octo-repo:environment:production",
        "actor": "octocat", "actor_id": "12", "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch",
        "ref_protected": "true", "repository": "octo-org/octo-repo", "repository_id": "74",
        "repository_owner": "octo-org", "repository_owner_id": "65", "environment": "production", "base_ref": "",
        "head_ref": "", "run_id": "16202030405", "run_attempt": "1", "runner_environment": "github-hosted",
        "sha": commit, "workflow_ref": file, "workflow_sha": commit, "job_workflow_ref": file,
        "job_workflow_sha": commit,
    });
    Job {
        id: id.into(),
        flags: flags.into(),
        now: NOW,
        claims: members(claims),
        policy: json!({"audience": AUDIENCE, "github": [main()]}),
        by: None,
    }
}

fn main() -> Value {
    json!({"name": "main", "repository": [74, 65], "refs": ["refs/heads/main"]})
}

impl Job {
    /// The same with these claims changed; null takes one away.
    fn with(mut self, change: Value) -> Self {
        self.claims.extend(members(change));
        self.claims.retain(|_, value| !value.is_null());
        self
    }

    /// The same where a claim is null.
    fn with_null(mut self, claim: &str) -> Self {
        self.claims.insert(claim.into(), Value::Null);
        self
    }

    /// The same without an environment, for this ref.
    fn for_ref(self, reference: &str) -> Self {
        let kind = if reference.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        };
        let subject = format!("repo:octo-org/octo-repo:ref:{reference}");
        self.with(json!({"environment": null, "ref": reference, "ref_type": kind, "sub": subject}))
    }

    fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    fn by(mut self, by: By) -> Self {
        self.by = Some(by);
        self
    }

    /// The same for these members of the one rule; null takes one away.
    fn rule(mut self, change: &Value) -> Self {
        let mut rule = main();
        for (name, value) in change.as_object().into_iter().flatten() {
            rule[name] = value.clone();
        }
        let mut rule = members(rule);
        rule.retain(|_, value| !value.is_null());
        self.policy["github"] = json!([rule]);
        self
    }

    fn policy(mut self, change: Value) -> Self {
        for (name, value) in members(change) {
            self.policy[name] = value;
        }
        self
    }

    fn admitted(self) -> Oidc {
        self.admitted_by("main")
    }

    fn admitted_by(self, rule: &str) -> Oidc {
        let until = self.claims["exp"].as_i64().expect("whole seconds") * 1_000;
        accepted(self.case(), json!({"rule": rule, "until": until}))
    }

    fn refused(self, code: &str) -> Oidc {
        Case {
            expect: refusal(code),
            ..self.case()
        }
    }

    fn denied(self) -> Oidc {
        self.refused(DENIED)
    }

    fn told(self, code: Option<&str>, rule: Option<&str>, claim: Option<&str>) -> Oidc {
        accepted(
            self.case(),
            json!({"code": code, "rule": rule, "claim": claim}),
        )
    }

    fn case(self) -> Oidc {
        let oidc: OidcMembers = serde_json::from_value(self.policy).expect("members of a policy");
        let input = OidcInput {
            token: signed::token(&self.claims, self.by),
            keys: signed::keys(self.by),
            oidc,
        };
        Case {
            now: self.now,
            ..case(&self.id, &self.flags, input)
        }
    }
}
