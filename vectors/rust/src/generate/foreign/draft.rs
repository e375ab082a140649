//! A request of another signer on its way to be a case.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::{MacKey, Secret, sha256};
use serde_json::{Map, Value, json};

use super::{Foreign, NOW};
use crate::bytes::hex;
use crate::generate::draft::{members, refused, worker};
use crate::generate::limit::{accepted, case};
use crate::request::SchemeName;
use crate::{Bytes, Case, Hex, KeyMembers, Reply, RequestInput};

/// A request, and what its signature is made of.
#[derive(Clone)]
pub(super) struct Draft {
    id: String,
    policy: Map<String, Value>,
    request: RequestInput,
    label: &'static str,
    member: Option<String>,
    pub(super) list: String,
    pub(super) lines: String,
    pub(super) params: String,
    beside: Option<(&'static str, &'static str)>,
    created: i64,
    expires: Option<i64>,
    pub(super) now: i64,
    signer: KeyMembers,
    pub(super) key: KeyMembers,
}

impl Draft {
    pub(super) fn get() -> Self {
        Draft {
            id: String::new(),
            policy: members(json!({"authorities": ["api.example"]})),
            request: RequestInput {
                method: "GET".into(),
                scheme: SchemeName::Https,
                authority: "api.example".into(),
                path: "/v1/jobs".into(),
                query: "state=open".into(),
                headers: Vec::new(),
                body: "".into(),
                life_seconds: None,
            },
            label: "sig1",
            member: None,
            list: r#"("@method" "@authority" "@path" "@query")"#.into(),
            lines: "\"@method\": GET\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?state=open".into(),
            params: r#";created=1800000000;nonce="n-1";keyid="worker-7";alg="hmac-sha256""#.into(),
            beside: None,
            created: NOW / 1000,
            expires: None,
            now: NOW,
            signer: worker(),
            key: worker(),
        }
    }

    pub(super) fn post() -> Self {
        let mut draft = Draft::get();
        draft.request.method = "POST".into();
        draft.request.body = "{\"job\":42}".into();
        draft.digest(&format!(
            "sha-256=:{}:",
            STANDARD.encode(sha256(&[b"{\"job\":42}"]))
        ))
    }

    /// The request of RFC 9421 appendix B.2, and its shared secret.
    pub(super) fn published() -> Self {
        let mut draft = Draft::get();
        draft.policy = members(json!({"authorities": ["example.com"]}));
        draft.label = "sig-b2";
        draft.request.method = "POST".into();
        draft.request.authority = "example.com".into();
        draft.request.path = "/foo".into();
        draft.request.query = "param=Value&Pet=dog".into();
        draft.request.body = "{\"hello\": \"world\"}".into();
        let secret = STANDARD.decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==");
        draft.key.secret = Hex(secret.expect("base64"));
        draft.key.id = "test-shared-secret".into();
        draft.signer = draft.key.clone();
        draft.created = 1_618_884_473;
        draft.now = 1_618_884_473_000;
        draft
            .with("Host", "example.com")
            .with("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
            .with("Content-Type", "application/json")
            .with(
                "Content-Digest",
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            )
            .with("Content-Length", "18")
    }

    /// The same with this digest, covered.
    pub(super) fn digest(mut self, digest: &str) -> Self {
        self.request
            .headers
            .retain(|(name, _)| *name != Bytes::from("content-digest"));
        self.list = r#"("@method" "@authority" "@path" "@query" "content-digest")"#.into();
        self.lines = format!(
            "\"@method\": POST\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?state=open\n\
             \"content-digest\": {digest}"
        );
        self.with("content-digest", digest)
    }

    pub(super) fn policy(mut self, more: Value) -> Self {
        self.policy.extend(members(more));
        self
    }

    pub(super) fn list(mut self, list: &str) -> Self {
        self.list = list.into();
        self
    }

    pub(super) fn lines(mut self, lines: &str) -> Self {
        self.lines = lines.into();
        self
    }

    pub(super) fn params(mut self, params: &str) -> Self {
        self.params = params.into();
        self
    }

    pub(super) fn member(mut self, member: &str) -> Self {
        self.member = Some(member.into());
        self
    }

    pub(super) fn beside(mut self, input: &'static str, signature: &'static str) -> Self {
        self.beside = Some((input, signature));
        self
    }

    pub(super) fn ending(mut self, expires: i64) -> Self {
        self.expires = Some(expires);
        self
    }

    pub(super) fn authority(mut self, authority: &str) -> Self {
        self.request.authority = authority.into();
        self
    }

    pub(super) fn path(mut self, path: &str) -> Self {
        self.request.path = path.into();
        self
    }

    pub(super) fn query(mut self, query: &str) -> Self {
        self.request.query = query.into();
        self
    }

    pub(super) fn body(mut self, body: &str) -> Self {
        self.request.body = body.into();
        self
    }

    /// The same with another field, whose value is in ISO 8859-1.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        let value = value
            .chars()
            .map(|c| u8::try_from(u32::from(c)).expect("a letter below U+0100"));
        self.request
            .headers
            .push((name.into(), Bytes(value.collect())));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.request
            .headers
            .retain(|(other, _)| *other != Bytes::from(name));
        self
    }

    pub(super) fn named(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    fn mac(&self) -> [u8; 32] {
        let end = if self.lines.is_empty() { "" } else { "\n" };
        let base = format!(
            "{}{end}\"@signature-params\": {}{}",
            self.lines, self.list, self.params
        );
        let key = MacKey::new(&Secret::new(self.signer.secret.0.clone()));
        key.expect("32 bytes").tag(base.as_bytes())
    }

    pub(super) fn signature(&self) -> String {
        STANDARD.encode(self.mac())
    }

    pub(super) fn accept(self, id: &str, flags: &[&'static str]) -> Foreign {
        self.named(id).accept_named(flags)
    }

    pub(super) fn accept_named(self, flags: &[&'static str]) -> Foreign {
        let output = self.output();
        let mut case = accepted(self.case(flags), output);
        case.replies = vec![Reply::Fresh];
        case
    }

    pub(super) fn refuse(self, id: &str, flags: &[&'static str], code: &str) -> Foreign {
        self.named(id).refuse_named(flags, code)
    }

    pub(super) fn refuse_named(self, flags: &[&'static str], code: &str) -> Foreign {
        Case {
            expect: refused(code),
            ..self.case(flags)
        }
    }

    fn case(&self, flags: &[&'static str]) -> Foreign {
        let member = self
            .member
            .clone()
            .unwrap_or_else(|| format!("{}{}", self.list, self.params));
        let mut input = format!("{}={member}", self.label);
        let mut signature = format!("{}=:{}:", self.label, self.signature());
        if let Some((other, tag)) = self.beside {
            input = format!("{input}, {other}");
            signature = format!("{tag}, {signature}");
        }
        let mut request = self.request.clone();
        request
            .headers
            .push(("Signature-Input".into(), input.as_str().into()));
        request
            .headers
            .push(("Signature".into(), signature.as_str().into()));
        Case {
            policy: Some(self.policy.clone()),
            now: self.now,
            keys: vec![self.key.clone()],
            ..case(&self.id, flags, request)
        }
    }

    /// What a verifier hands on, by the rules of `docs/spec/foreign.md`.
    fn output(&self) -> Value {
        let created = self.created * 1000;
        let once = sha256(&[b"cs-foreign/1", &self.mac()]);
        let owner = sha256(&[b"counterseal/owner/1", self.key.id.as_bytes()]);
        let claim = sha256(&[
            b"cs-claim/1",
            &owner[..16],
            &created.to_be_bytes(),
            &once[..16],
        ]);
        json!({
            "key_id": self.key.id,
            "scope": self.key.scope,
            "created": created,
            "expires": self.expires.unwrap_or(self.created + 60) * 1000,
            "nonce": hex(&once[..16]),
            "covered": self.lines.lines().map(named).collect::<Vec<_>>(),
            "claim": {
                "space": "request",
                "key": hex(&claim[..16]),
                "born": created,
                "since": self.key.since,
                "until": created + 300_000,
            },
        })
    }
}

/// Name and value of a line: the name without its quotes, and its parameter as it stands.
fn named(line: &str) -> (String, &str) {
    let (name, value) = line.split_once(": ").expect("a line has a name");
    (name.replacen('"', "", 2), value)
}
