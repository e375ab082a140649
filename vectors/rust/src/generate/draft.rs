//! A request on its way to be a case: made, signed, changed, and told what must come of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::{MacKey, Secret, Seed, Span, Time, sha256};
use counterseal::document::RequestProfile;
use counterseal::request::Signer;
use serde_json::{Map, Value, json};

use crate::bytes::hex;
use crate::request::{SchemeName, a_key};
use crate::{Bytes, Case, Expect, Hex, KeyMembers, Reply, RequestInput, Verdict, to_wire};

/// A case of the operation `verify`.
pub(super) type RequestCase = Case<RequestInput>;

/// A request, and the verifier that will judge it.
#[derive(Clone)]
pub(super) struct Draft {
    flags: Vec<&'static str>,
    pub(super) policy: Map<String, Value>,
    /// The verifier's clock, in milliseconds.
    pub(super) now: i64,
    /// The signer's clock, in milliseconds.
    pub(super) signed_at: i64,
    pub(super) life: u8,
    pub(super) seed: [u8; 16],
    /// Whose secret signs.
    pub(super) signer: KeyMembers,
    /// What the verifier knows.
    pub(super) keys: Vec<KeyMembers>,
    pub(super) input: RequestInput,
    replies: Option<Vec<Reply>>,
    raw: bool,
    /// The signature base that was signed last.
    base: String,
}

impl Draft {
    /// A `GET` with a query.
    pub(super) fn get() -> Self {
        Draft {
            flags: Vec::new(),
            policy: members(json!({"authorities": ["api.example"]})),
            now: CREATED * 1000,
            signed_at: CREATED * 1000,
            life: 60,
            seed: core::array::from_fn(|i| 0x10 + u8::try_from(i).expect("16 is small")),
            signer: worker(),
            keys: vec![worker()],
            input: RequestInput {
                method: "GET".into(),
                scheme: SchemeName::Https,
                authority: "api.example".into(),
                path: "/v1/jobs".into(),
                query: "state=open".into(),
                headers: Vec::new(),
                body: "".into(),
                life_seconds: None,
            },
            replies: None,
            raw: false,
            base: String::new(),
        }
    }

    /// A `POST` of JSON.
    pub(super) fn post() -> Self {
        let mut draft = Draft::get().with("Content-Type", "application/json");
        draft.input.method = "POST".into();
        draft.input.query = "".into();
        draft.input.body = r#"{"job":42}"#.into();
        draft
    }

    /// The same over plain HTTP/1.1, as it stands on the wire.
    pub(super) fn on_wire(mut self) -> Self {
        self.raw = true;
        self.input.scheme = SchemeName::Http;
        let mut lines = vec![
            ("Host".into(), self.input.authority.clone()),
            ("Connection".into(), "close".into()),
        ];
        if !self.input.body.0.is_empty() || self.input.method.0 == b"POST" {
            let length = self.input.body.0.len().to_string();
            lines.push(("Content-Length".into(), length.into()));
        }
        self.input.headers.splice(0..0, lines);
        self
    }

    pub(super) fn flag(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    /// The draft with `edit` made.
    pub(super) fn edit(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    /// The draft with these members of the policy.
    pub(super) fn policy(mut self, more: Value) -> Self {
        self.policy.extend(members(more));
        self
    }

    /// The draft with another field line at the end.
    pub(super) fn with(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.input.headers.push((name.into(), value.into()));
        self
    }

    /// The draft with another value of the field `name`, which is there.
    pub(super) fn change(mut self, name: &str, edit: impl FnOnce(String) -> String) -> Self {
        let value = self.field(name);
        *value = edit(value.to_text()).into();
        self
    }

    /// The draft without the field `name`.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.input.headers.retain(|(n, _)| *n != Bytes::from(name));
        self
    }

    /// The draft as verified `offset` milliseconds after it was signed.
    pub(super) fn after(mut self, offset: i64) -> Self {
        self.now = self.signed_at + offset;
        self
    }

    /// The draft, answered so by the store.
    pub(super) fn answered(mut self, reply: Reply) -> Self {
        self.replies = Some(vec![reply]);
        self
    }

    /// The draft, signed by the real signer.
    pub(super) fn sign(mut self) -> Self {
        let key = a_key(&self.signer).expect("the signer's key is good");
        let profile = RequestProfile::parse(&Value::from(self.profile()).to_string());
        let with = Signer::new(key, profile.expect("the policy's profile is good"));
        let with = with.living(Span::from_seconds(self.life.into()));
        let (now, seed) = (Time::from_millis(self.signed_at), Seed::new(self.seed));
        let base = self.input.with(|request| with.explain(request, now, &seed));
        self.base = base.expect("the draft can be signed");
        let signed = self.input.with(|request| with.sign(request, now, &seed));
        let signed = signed.expect("the draft can be signed");
        for (name, value) in signed.headers() {
            self.input.headers.retain(|(n, _)| *n != Bytes::from(name));
            self.input.headers.push((name.into(), value.into()));
        }
        self
    }

    /// The draft with `edit` made in the signature base, signed again: a genuine signature over
    /// something else than the profile wants.
    pub(super) fn resign(mut self, edit: impl FnOnce(&str) -> String) -> Self {
        let base = edit(&self.base);
        assert_ne!(base, self.base, "the edit changes nothing");
        self.base = base;
        let (_, input) = self
            .base
            .rsplit_once(PARAMS_NAME)
            .expect("a base ends in parameters");
        let input = format!("cs={input}");
        let secret = Secret::new(self.signer.secret.0.clone());
        let tag = MacKey::new(&secret)
            .expect("32 bytes")
            .tag(self.base.as_bytes());
        *self.field("signature-input") = input.into();
        *self.field("signature") = format!("cs=:{}:", STANDARD.encode(tag)).into();
        self
    }

    /// [`Draft::resign`] with `from`, which is there, replaced by `to` once.
    pub(super) fn swap(self, from: &str, to: &str) -> Self {
        self.resign(|base| base.replacen(from, to, 1))
    }

    /// [`Draft::resign`] with another component list; the covered lines stay.
    pub(super) fn list(self, from: &str, to: &str) -> Self {
        self.resign(|base| {
            let (lines, params) = base
                .rsplit_once(PARAMS_NAME)
                .expect("a base ends in parameters");
            format!("{lines}{PARAMS_NAME}{}", params.replacen(from, to, 1))
        })
    }

    /// The case that is accepted.
    pub(super) fn accept(self, id: &str) -> RequestCase {
        let expect = Expect {
            verdict: Verdict::Accept,
            code: None,
            public: None,
            output: self.output(),
        };
        self.case(id, expect, vec![Reply::Fresh])
    }

    /// The case that is refused with `code`.
    pub(super) fn refuse(mut self, id: &str, code: &str) -> RequestCase {
        self.flags.insert(0, super::notes::rule(code));
        self.case(id, refused(code), Vec::new())
    }

    /// The value of the field `name`, which is there.
    pub(super) fn field(&mut self, name: &str) -> &mut Bytes {
        let mut lines = self.input.headers.iter_mut();
        let line = lines.find(|(n, _)| n.0.eq_ignore_ascii_case(name.as_bytes()));
        &mut line.expect("the field is there").1
    }

    fn case(self, id: &str, expect: Expect, replies: Vec<Reply>) -> RequestCase {
        Case {
            id: id.into(),
            flags: self.flags.iter().map(|flag| (*flag).into()).collect(),
            policy: Some(self.policy),
            now: self.now,
            seed: Hex(Vec::new()),
            keys: self.keys,
            raw: self.raw.then(|| to_wire(&self.input)),
            sockets: super::request::sockets(id),
            input: self.input,
            replies: self.replies.unwrap_or(replies),
            expect,
        }
    }

    /// The members of the policy that make its profile.
    fn profile(&self) -> Map<String, Value> {
        let of_profile = ["audience", "cover", "cover_scheme", "digest"];
        let members = self
            .policy
            .iter()
            .filter(|(name, _)| of_profile.contains(&&***name));
        members
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// What a verifier hands on, by the rules of `docs/spec/request.md`.
    fn output(&self) -> Value {
        let created = self.signed_at.div_euclid(1000) * 1000;
        let retain = self
            .policy
            .get("retain_seconds")
            .and_then(Value::as_i64)
            .unwrap_or(300);
        let known = self.keys.iter().find(|key| key.id == self.signer.id);
        let known = known.expect("the verifier knows the signer");
        json!({
            "key_id": known.id,
            "scope": known.scope,
            "created": created,
            "expires": created + i64::from(self.life) * 1000,
            "nonce": hex(&self.seed),
            "covered": self.covered(),
            "claim": {
                "space": "request",
                "key": hex(&self.claim_key(created)),
                "born": created,
                "since": known.since,
                "until": created + retain * 1000,
            },
        })
    }

    fn covered(&self) -> Vec<(&str, &str)> {
        let (lines, _) = self
            .base
            .split_once(PARAMS_NAME)
            .expect("a base ends in parameters");
        let lines = lines.lines().map(|line| {
            let (name, value) = line.split_once("\": ").expect("a line has a name");
            (&name[1..], value)
        });
        lines.collect()
    }

    /// Q-11: who, when and which, hashed.
    fn claim_key(&self, created: i64) -> [u8; 16] {
        let owner = sha256(&[b"counterseal/owner/1", self.signer.id.as_bytes()]);
        let born = created.to_be_bytes();
        let key = sha256(&[b"cs-claim/1", &owner[..16], &born, &self.seed]);
        *key.first_chunk().expect("32 bytes have a first 16")
    }
}

/// The refusal with `code`, which one of the crates lists.
pub(super) fn refused(code: &str) -> Expect {
    let known = counterseal::codes().find(|known| known.name == code);
    let known = known.expect("each expected code is listed by a crate");
    Expect {
        verdict: Verdict::Reject,
        code: Some(code.into()),
        public: Some(known.public.into()),
        output: Value::Null,
    }
}

/// The key that signs unless a case says otherwise.
pub(super) fn worker() -> KeyMembers {
    KeyMembers {
        id: "worker-7".into(),
        secret: Hex((0..32).collect()),
        since: 0,
        until: None,
        scope: String::new(),
        revoked: false,
    }
}

pub(super) fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => unreachable!("policies are objects"),
    }
}

/// When requests are signed unless a case says otherwise, in seconds.
pub(super) const CREATED: i64 = 1_800_000_000;
const PARAMS_NAME: &str = "\"@signature-params\": ";
