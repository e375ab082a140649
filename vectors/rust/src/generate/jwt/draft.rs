//! A token that is to be verified: a good one, changed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::Verify;
use super::secrets::By;
use crate::generate::limit::members;
use crate::jwt::{JwksInput, TokenKeyInput, TokenKeysInput, VerifyInput};
use crate::{Case, Expect, Hex, Verdict};

pub(super) struct Draft {
    id: String,
    flags: Vec<&'static str>,
    policy: Value,
    now: i64,
    header: Vec<u8>,
    claims: Vec<(String, String)>,
    /// Instead of the claims.
    payload: Option<Vec<u8>>,
    by: By,
    keys: TokenKeysInput,
    certificate: Option<Hex>,
    key: Option<Hex>,
    /// What the signed token becomes.
    change: Option<Change>,
}

type Change = Box<dyn Fn(&str) -> String>;

/// A good token for the policy `access`, signed with the HMAC key `k1`.
pub(super) fn draft(id: impl Into<String>, flags: &[&'static str]) -> Draft {
    let claims = [
        ("iss", json!(ISSUER)),
        ("sub", json!("user-7")),
        ("aud", json!("api")),
        ("iat", json!(SECONDS)),
        ("exp", json!(SECONDS + 600)),
        ("jti", json!("id-1")),
    ];
    Draft {
        id: id.into(),
        flags: flags.to_vec(),
        policy: json!({"profile": "access", "issuer": ISSUER, "audience": ["api"]}),
        now: NOW,
        header: HEADER.into(),
        claims: claims
            .map(|(name, value)| (name.into(), value.to_string()))
            .into(),
        payload: None,
        by: By::Hs256,
        keys: TokenKeysInput::Each(vec![By::Hs256.key("k1")]),
        certificate: None,
        key: None,
        change: None,
    }
}

impl Draft {
    /// The same with these members of the policy; null takes one away.
    pub(super) fn policy(mut self, change: &Value) -> Self {
        for (name, value) in change.as_object().into_iter().flatten() {
            self.policy[name] = value.clone();
        }
        self
    }

    pub(super) fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    pub(super) fn header(mut self, header: impl Into<Vec<u8>>) -> Self {
        self.header = header.into();
        self
    }

    /// The same with this claim, whose value is JSON.
    pub(super) fn claim(mut self, name: &str, value: &str) -> Self {
        match self.claims.iter_mut().find(|(other, _)| other == name) {
            Some((_, place)) => value.clone_into(place),
            None => self.claims.push((name.into(), value.into())),
        }
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.claims.retain(|(other, _)| other != name);
        self
    }

    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.claims.iter().any(|(other, _)| other == name)
    }

    /// The same with this payload, whatever it is.
    pub(super) fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = Some(payload.into());
        self
    }

    /// The claims as they stand, without the bracket at the end.
    pub(super) fn open_claims(&self) -> String {
        let members = self.claims.iter();
        let members = members.map(|(name, value)| format!("{}:{value}", json!(name)));
        format!("{{{}", members.collect::<Vec<_>>().join(","))
    }

    /// The same, signed by this key, under a header that says so.
    pub(super) fn by(mut self, by: By) -> Self {
        self.by = by;
        let typ = self.policy["typ"].as_str().unwrap_or("at+jwt");
        self.header = header_of(by.name(), "k1", typ).into();
        self.keys([by.key("k1")])
    }

    /// The same, signed by this key, whatever the header says and verifiers know.
    pub(super) fn signed_by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    pub(super) fn keys(mut self, keys: impl Into<Vec<TokenKeyInput>>) -> Self {
        self.keys = TokenKeysInput::Each(keys.into());
        self
    }

    pub(super) fn jwks(mut self, keys: &Value) -> Self {
        let jwks = json!({"keys": keys}).to_string();
        self.keys = TokenKeysInput::Set(JwksInput { jwks });
        self
    }

    pub(super) fn shows_certificate(mut self, print: [u8; 32]) -> Self {
        self.certificate = Some(Hex(print.into()));
        self
    }

    pub(super) fn shows_key(mut self, print: [u8; 32]) -> Self {
        self.key = Some(Hex(print.into()));
        self
    }

    /// The same with what `change` makes of the signed token.
    pub(super) fn changed(mut self, change: impl Fn(&str) -> String + 'static) -> Self {
        self.change = Some(Box::new(change));
        self
    }

    /// The same with what `change` makes of the signature's bytes.
    pub(super) fn signature(self, change: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> Self {
        self.changed(move |token| {
            let (signed, signature) = token.rsplit_once('.').expect("three parts");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            format!("{signed}.{}", encoded(change(signature)))
        })
    }

    pub(super) fn accepted(self) -> Verify {
        self.says(&json!({}))
    }

    /// Accepted, with these members of what the good token says changed.
    pub(super) fn says(self, change: &Value) -> Verify {
        let mut output = json!({
            "key_id": "k1", "subject": "user-7", "id": "id-1", "session": null, "access_key": null, "user_ver": null,
            "generation": null, "issued": NOW, "begins": NOW, "expires": NOW + 600_000, "bound_by": null,
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            output[name] = value.clone();
        }
        self.case(Expect {
            verdict: Verdict::Accept,
            code: None,
            public: None,
            output,
        })
    }

    pub(super) fn refused(self, code: &str) -> Verify {
        self.case(refusal(code))
    }

    fn token(&self) -> String {
        let claims = || (self.open_claims() + "}").into_bytes();
        let payload = self.payload.clone().unwrap_or_else(claims);
        let signed = format!("{}.{}", encoded(&self.header), encoded(payload));
        let token = format!("{signed}.{}", encoded(self.by.sign(&signed)));
        match &self.change {
            Some(change) => change(&token),
            None => token,
        }
    }

    fn case(self, expect: Expect) -> Verify {
        let token = self.token();
        Case {
            id: self.id,
            flags: self.flags.iter().map(|flag| (*flag).into()).collect(),
            policy: Some(without_null(members(self.policy))),
            now: self.now,
            seed: Hex::default(),
            keys: Vec::new(),
            input: VerifyInput {
                token,
                keys: self.keys,
                certificate: self.certificate,
                key: self.key,
            },
            raw: None,
            sockets: [].into(),
            replies: Vec::new(),
            expect,
        }
    }
}

/// A refusal with this code, and what the peer is told of it.
pub(super) fn refusal(code: &str) -> Expect {
    let public = match code {
        "jwt_expired" => "token_expired",
        "jwt_missing" => "missing_token",
        "jwt_oidc_denied" => "access_denied",
        "jwt_mfa_required" => "mfa_required",
        "jwt_permission_missing" | "jwt_root_grant" => "insufficient_scope",
        "jwt_user_ver_ahead" | "store_unavailable" => "unavailable",
        _ if code.starts_with("jwt_") && !code.contains("_setup_") => "invalid_token",
        _ => "internal_error",
    };
    Expect {
        verdict: Verdict::Reject,
        code: Some(code.into()),
        public: Some(public.into()),
        output: Value::Null,
    }
}

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The header of these members.
pub(super) fn header_of(alg: &str, kid: &str, typ: &str) -> String {
    format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"{typ}"}}"#)
}

fn without_null(mut members: Map<String, Value>) -> Map<String, Value> {
    members.retain(|_, value| !value.is_null());
    members
}

pub(super) const ISSUER: &str = "https://iss.example";
pub(super) const HEADER: &str = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
/// The verifier's clock, in seconds and in milliseconds.
pub(super) const SECONDS: i64 = 1_800_000_000;
pub(super) const NOW: i64 = SECONDS * 1_000;
