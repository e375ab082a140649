//! What a signer must produce, byte for byte, and what it must refuse to sign.
//!
//! The covered lines of each case are written by hand, so that the signer is not its own judge.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterseal::core::{MacKey, Secret};
use serde_json::{Value, json};

use super::draft::{CREATED, Draft, members, refused};
use crate::{Bytes, Case, Expect, Hex, RequestInput, Verdict};

pub(super) fn cases() -> Vec<Case<RequestInput>> {
    [
        usual(),
        profiles(),
        edges(),
        headers(),
        keys(),
        targets(),
        sizes(),
    ]
    .concat()
}

/// A request to be signed under a profile.
struct Signing {
    profile: Value,
    draft: Draft,
}

fn get() -> Signing {
    Signing {
        profile: json!({}),
        draft: Draft::get(),
    }
}

fn post() -> Signing {
    let mut signing = get();
    signing.draft = Draft::post();
    signing.draft.input.body = HELLO.into();
    signing
}

fn usual() -> Vec<Case<RequestInput>> {
    let post_lines = [
        ("@method", "POST"),
        ("@authority", "api.example"),
        ("@path", "/v1/jobs"),
        ("@query", "?"),
        ("content-type", "application/json"),
        ("content-digest", HELLO_256),
    ];
    let nothing = |method: &str| {
        let lines = [
            ("@method", method),
            AUTHORITY,
            PATH,
            QUERY,
            ("content-digest", NOTHING_256),
        ];
        let signing = get().edit(|d| d.input.method = method.into());
        signing.gives(
            &format!("sign-{}-without-content", method.to_ascii_lowercase()),
            &lines,
        )
    };
    vec![
        get().gives("sign-get", &GET),
        post().gives("sign-post", &post_lines),
        nothing("POST"),
        nothing("PUT"),
        nothing("PATCH"),
        get().edit(|d| d.input.query = "".into()).gives(
            "sign-get-without-query",
            &[METHOD, AUTHORITY, PATH, ("@query", "?")],
        ),
        get()
            .edit(|d| {
                d.input.path = "/a/../b//c/%2F/%2e".into();
                d.input.query = "b=2&a=1&a=+%20;&=".into();
            })
            .gives(
                "h07-h08-sign-path-and-query-as-they-are",
                &[
                    METHOD,
                    AUTHORITY,
                    ("@path", "/a/../b//c/%2F/%2e"),
                    ("@query", "?b=2&a=1&a=+%20;&="),
                ],
            ),
        get()
            .edit(|d| d.input.authority = "API.Example:443".into())
            .gives("sign-authority-in-lower-case-without-default-port", &GET),
        get()
            .edit(|d| d.input.authority = "api.example:8443".into())
            .gives(
                "sign-authority-with-its-port",
                &[METHOD, ("@authority", "api.example:8443"), PATH, QUERY],
            ),
        get().with("Content-Digest", "x").gives(
            "sign-get-renews-a-digest-that-is-there",
            &[
                METHOD,
                AUTHORITY,
                PATH,
                QUERY,
                ("content-digest", NOTHING_256),
            ],
        ),
        get()
            .with("X-Note", Bytes(b"caf\xe9".into()))
            .gives("sign-beside-uncovered-fields", &GET),
        post()
            .with("Content-Digest", NOTHING_256)
            .gives("sign-replaces-a-digest-that-is-there", &post_lines),
    ]
}

fn profiles() -> Vec<Case<RequestInput>> {
    vec![
        get()
            .profile(json!({"cover": ["idempotency-key", "authorization"]}))
            .with("Authorization", "Bearer aaa.bbb.ccc")
            .with("Idempotency-Key", "  42\t")
            .gives(
                "sign-extra-fields-in-the-profiles-order",
                &[
                    METHOD,
                    AUTHORITY,
                    PATH,
                    QUERY,
                    ("idempotency-key", "42"),
                    ("authorization", "Bearer aaa.bbb.ccc"),
                ],
            ),
        get().profile(json!({"cover_scheme": true})).gives(
            "sign-the-scheme",
            &[METHOD, ("@scheme", "https"), AUTHORITY, PATH, QUERY],
        ),
        get()
            .profile(json!({"audience": "field"}))
            .with("CS-Audience", "jobs.internal")
            .gives(
                "sign-the-audience-field",
                &[METHOD, ("cs-audience", "jobs.internal"), PATH, QUERY],
            ),
        post().profile(json!({"digest": "sha-512"})).gives(
            "sign-with-sha-512",
            &[
                ("@method", "POST"),
                AUTHORITY,
                PATH,
                ("@query", "?"),
                ("content-type", "application/json"),
                ("content-digest", HELLO_512),
            ],
        ),
        get()
            .profile(json!({"cover": ["content-encoding"]}))
            .with("Content-Encoding", "gzip")
            .gives(
                "sign-a-content-coding",
                &[METHOD, AUTHORITY, PATH, QUERY, ("content-encoding", "gzip")],
            ),
    ]
}

fn edges() -> Vec<Case<RequestInput>> {
    let now = CREATED * 1000;
    vec![
        get().edit(|d| d.life = 1).gives("sign-for-1-s", &GET),
        get().edit(|d| d.life = 120).gives("sign-for-120-s", &GET),
        get()
            .edit(|d| d.signed_at += 999)
            .gives("sign-rounds-the-time-down-to-seconds", &GET),
        get()
            .edit(|d| d.signed_at = 0)
            .gives("sign-at-time-0", &GET),
        get()
            .edit(|d| d.seed = [0; 16])
            .gives("sign-with-a-nonce-of-zeros", &GET),
        get()
            .edit(|d| d.seed = [0xff; 16])
            .gives("sign-with-a-nonce-of-ones", &GET),
        get()
            .edit(|d| d.signer.id = "k".repeat(64))
            .gives("sign-with-a-key-id-of-64-characters", &GET),
        get()
            .edit(|d| d.signer.secret = Hex((0..131).collect()))
            .gives("sign-with-a-secret-longer-than-a-block", &GET),
        get()
            .edit(|d| d.signer.since = now)
            .gives("sign-in-the-keys-first-millisecond", &GET),
        get()
            .edit(|d| d.signer.until = Some(now + 1))
            .gives("sign-in-the-keys-last-millisecond", &GET),
    ]
}

fn headers() -> Vec<Case<RequestInput>> {
    let code = "request_sign_header";
    let covering = || get().profile(json!({"cover": ["authorization"]}));
    vec![
        covering().refuses("sign-a-field-that-is-missing", code),
        covering()
            .with("Authorization", "a")
            .with("authorization", "a")
            .refuses("h05-sign-a-field-that-comes-twice", code),
        get()
            .profile(json!({"cover": ["x-note"]}))
            .with("X_Note", "a")
            .refuses("h06-sign-a-field-under-a-look-alike-name", code),
        covering()
            .with("Authorization", "a\r\n b")
            .refuses("h06-sign-a-value-with-a-line-end", code),
        covering()
            .with("Authorization", Bytes(b"caf\xe9".into()))
            .refuses("sign-a-value-outside-ascii", code),
        post()
            .with("content-type", "text/plain")
            .refuses("sign-two-media-types", code),
        get()
            .with("Content-Encoding", "gzip")
            .refuses("sign-a-content-coding-that-is-not-covered", code),
        get()
            .profile(json!({"audience": "field"}))
            .refuses("sign-without-the-audience-field", code),
    ]
}

fn keys() -> Vec<Case<RequestInput>> {
    let now = CREATED * 1000;
    let code = "request_sign_key";
    vec![
        get()
            .edit(|d| d.signer.since = now + 1)
            .gives("sign-before-the-key-begins", &GET),
        get()
            .edit(|d| d.signer.until = Some(now))
            .refuses("sign-when-the-key-is-over", code),
        get()
            .edit(|d| d.signer.revoked = true)
            .refuses("sign-with-a-revoked-key", code),
    ]
}

fn targets() -> Vec<Case<RequestInput>> {
    let code = "request_sign_target";
    let edit = |edit: fn(&mut RequestInput)| get().edit(|d| edit(&mut d.input));
    vec![
        edit(|i| i.method = "get".into()).refuses("h10-sign-a-method-in-lower-case", code),
        edit(|i| i.method = "".into()).refuses("sign-without-a-method", code),
        edit(|i| i.path = "v1/jobs".into()).refuses("sign-a-path-without-a-slash", code),
        edit(|i| i.path = "/v1 jobs".into()).refuses("sign-a-path-with-a-blank", code),
        edit(|i| i.path = Bytes(b"/caf\xe9".into())).refuses("sign-a-path-outside-ascii", code),
        edit(|i| i.path = "/v1?a=1".into()).refuses("sign-a-path-with-a-query-in-it", code),
        edit(|i| i.query = "a=1#b".into()).refuses("sign-a-query-with-a-fragment", code),
        edit(|i| i.authority = "".into()).refuses("sign-without-an-authority", code),
        edit(|i| i.authority = "me@api.example".into())
            .refuses("sign-an-authority-with-user-information", code),
    ]
}

fn sizes() -> Vec<Case<RequestInput>> {
    let code = "request_sign_too_large";
    vec![
        get()
            .edit(|d| d.input.path = format!("/{}", "a".repeat(8192 - 10)).into())
            .refuses("sign-a-target-of-8193-bytes", code),
        get()
            .edit(|d| d.input.authority = "a".repeat(256).into())
            .refuses("sign-an-authority-of-256-bytes", code),
        get()
            .profile(json!({"cover": ["x-note"]}))
            .with("X-Note", "a".repeat(4097))
            .refuses("sign-a-covered-value-of-4097-bytes", code),
    ]
}

impl Signing {
    fn profile(mut self, profile: Value) -> Self {
        self.profile = profile;
        self
    }

    fn edit(mut self, edit: impl FnOnce(&mut Draft)) -> Self {
        self.draft = self.draft.edit(edit);
        self
    }

    fn with(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.draft = self.draft.with(name, value);
        self
    }

    /// The case whose signature covers exactly these names and values.
    fn gives(self, id: &str, covered: &[(&str, &str)]) -> Case<RequestInput> {
        let draft = &self.draft;
        let created = draft.signed_at.div_euclid(1000);
        let names: Vec<_> = covered
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let params = format!(
            "({});created={created};expires={};nonce=\"{}\";keyid=\"{}\";alg=\"hmac-sha256\";tag=\"counterseal/1\"",
            names.join(" "),
            created + i64::from(draft.life),
            URL_SAFE_NO_PAD.encode(draft.seed),
            draft.signer.id,
        );
        let lines = covered
            .iter()
            .map(|(name, value)| format!("\"{name}\": {value}\n"));
        let base = lines.collect::<String>() + &format!("\"@signature-params\": {params}");
        let secret = Secret::new(draft.signer.secret.0.clone());
        let tag = MacKey::new(&secret).expect("32 bytes").tag(base.as_bytes());
        let digest = covered.iter().find(|(name, _)| *name == "content-digest");
        let mut headers: Vec<_> = digest.into_iter().map(|(n, v)| json!([n, v])).collect();
        headers.push(json!(["signature-input", format!("cs={params}")]));
        headers.push(json!([
            "signature",
            format!("cs=:{}:", STANDARD.encode(tag))
        ]));
        let expect = Expect {
            verdict: Verdict::Accept,
            code: None,
            public: None,
            output: json!({ "headers": headers }),
        };
        self.case(id, expect)
    }

    fn refuses(self, id: &str, code: &str) -> Case<RequestInput> {
        self.case(id, refused(code))
    }

    fn case(self, id: &str, expect: Expect) -> Case<RequestInput> {
        let draft = self.draft;
        let mut input = draft.input;
        input.life_seconds = (draft.life != 60).then_some(draft.life);
        Case {
            id: id.into(),
            flags: vec!["Q-13".into(), "Sign".into()],
            policy: Some(members(self.profile)),
            now: draft.signed_at,
            seed: Hex(draft.seed.into()),
            keys: vec![draft.signer],
            input,
            raw: None,
            sockets: std::collections::BTreeMap::new(),
            replies: Vec::new(),
            expect,
        }
    }
}

const METHOD: (&str, &str) = ("@method", "GET");
const AUTHORITY: (&str, &str) = ("@authority", "api.example");
const PATH: (&str, &str) = ("@path", "/v1/jobs");
const QUERY: (&str, &str) = ("@query", "?state=open");
const GET: [(&str, &str); 4] = [METHOD, AUTHORITY, PATH, QUERY];

/// The content of the examples of RFC 9530, and its digests there.
const HELLO: &str = r#"{"hello": "world"}"#;
const HELLO_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
const HELLO_512: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
const NOTHING_256: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
