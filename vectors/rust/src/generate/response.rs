//! Responses: what a service must sign, and answers with one change each.
//!
//! Signatures are worked out here from the specification.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::{MacKey, Secret, Time, hkdf_sha256, sha256};
use serde_json::json;

use super::limit::{accepted, case};
use super::webhook::refused;
use crate::request::SchemeName;
use crate::response::{ResponseInput, Sending};
use crate::{Bytes, Case, Hex, KeyMembers, RequestInput};

pub(super) type Answer = Case<ResponseInput>;

pub(super) fn signed() -> Vec<Answer> {
    let respond = |id: &str, draft: &Draft| {
        let fields = draft.fields();
        let mut case = draft.case(id, &["P-2", "P-3", "Sign"]);
        case.input.headers = Vec::new();
        accepted(case, json!({"headers": fields}))
    };
    let late = Draft {
        now: NOW + 999,
        created: "1800000000".into(),
        ..Draft::usual()
    };
    let unsigned = |id: &str, status| {
        let mut case = Draft {
            status,
            ..Draft::usual()
        }
        .case(id, &["P-2", "Sign"]);
        case.input.headers = Vec::new();
        refused(case, "response_sign_status", "internal_error")
    };
    vec![
        respond("a-response", &Draft::usual()),
        respond(
            "a-response-without-content",
            &Draft {
                body: "",
                status: 204,
                ..Draft::usual()
            },
        ),
        respond(
            "a-response-whose-content-is-no-text",
            &Draft {
                body: "\u{ff}\0",
                ..Draft::usual()
            },
        ),
        respond("a-response-late-in-its-second", &late),
        respond(
            "a-response-to-a-request-with-a-query",
            &Draft {
                query: "a=1&b=%20",
                ..Draft::usual()
            },
        ),
        respond(
            "the-last-status",
            &Draft {
                status: 599,
                ..Draft::usual()
            },
        ),
        unsigned("an-interim-status", 199),
        unsigned("no-status", 0),
        unsigned("a-status-over-the-last", 600),
    ]
}

pub(super) fn answers() -> Vec<Answer> {
    [usual(), bindings(), forms(), missing(), parameters()].concat()
}

fn usual() -> Vec<Answer> {
    let taken = |id: &str, draft: &Draft, created: i64| {
        let output = json!({"key_id": "worker-7", "status": draft.status, "created": created});
        accepted(draft.case(id, &["P-4", "Usual"]), output)
    };
    let mut shouted = Draft::usual();
    shouted.rename = |name| name.to_uppercase();
    vec![
        taken("an-answer", &Draft::usual(), NOW),
        taken(
            "an-answer-without-content",
            &Draft {
                body: "",
                status: 204,
                ..Draft::usual()
            },
            NOW,
        ),
        taken(
            "an-answer-that-refuses",
            &Draft {
                status: 503,
                ..Draft::usual()
            },
            NOW,
        ),
        taken(
            "an-answer-by-a-clock-that-is-wrong",
            &Draft {
                created: "0".into(),
                ..Draft::usual()
            },
            0,
        ),
        taken("an-answer-with-names-in-capitals", &shouted, NOW),
    ]
}

/// Genuine signatures, of something else.
fn bindings() -> Vec<Answer> {
    let other = |id: &str, edit: fn(&mut Signing)| {
        let mut draft = Draft::usual();
        edit(&mut draft.signs);
        let case = draft.case(id, &["P-4", "Changed"]);
        invalid(case, "response_mac_mismatch")
    };
    vec![
        other("signed-for-another-status", |s| s.status = Some(201)),
        other("signed-for-another-method", |s| s.method = "PUT"),
        other("signed-for-another-path", |s| s.path = "/v1/Jobs"),
        other("signed-for-another-query", |s| s.query = Some("?a=1")),
        other("signed-for-another-request", |s| s.seed = 8),
        other("signed-by-another-key", |s| s.secret = 9),
        other("reflected-signed-by-the-key-of-requests", |s| {
            s.is_derived = false;
        }),
        other("signed-for-another-digest", |s| s.content = Some("x")),
    ]
}

fn forms() -> Vec<Answer> {
    let with = |id: &str, code: &str, edit: fn(&mut Fields)| {
        let mut case = Draft::usual().case(id, &["P-4", "Variant"]);
        edit(&mut case.input.headers);
        invalid(case, code)
    };
    let mut body = Draft::usual().case("another-content", &["P-4", "Changed"]);
    body.input.body = latin("{\"id\":43}");
    vec![
        invalid(body, "response_body_mismatch"),
        with("a-mac-without-padding", "response_mac_invalid", |f| {
            edit(f, "signature", |v| v.replace("=:", ":"));
        }),
        with("a-mac-of-31-bytes", "response_mac_invalid", |f| {
            set(
                f,
                "signature",
                &format!("cs=:{}:", STANDARD.encode([0; 31])),
            );
        }),
        with(
            "a-mac-that-is-no-byte-sequence",
            "response_mac_invalid",
            |f| set(f, "signature", "cs=\"a\""),
        ),
        with("a-mac-of-another-label", "response_mac_invalid", |f| {
            edit(f, "signature", |v| v.replace("cs=", "sig="));
        }),
        with("a-mac-with-a-parameter", "response_mac_invalid", |f| {
            edit(f, "signature", |v| format!("{v};a"));
        }),
        with("a-second-signature", "response_mac_invalid", |f| {
            edit(f, "signature", |v| format!("{v}, b=:AA==:"));
        }),
        with("a-mac-that-is-no-text", "response_mac_invalid", |f| {
            set(f, "signature", "\u{ff}");
        }),
        with("two-digests", "response_digest_invalid", |f| {
            edit(f, "content-digest", |v| format!("{v}, {v}"));
        }),
        with(
            "a-digest-of-another-algorithm",
            "response_digest_invalid",
            |f| edit(f, "content-digest", |v| v.replace("256", "512")),
        ),
        with("a-digest-that-is-none", "response_digest_invalid", |f| {
            set(f, "content-digest", "");
        }),
    ]
}

fn missing() -> Vec<Answer> {
    let with = |id: &str, code: &str, edit: fn(&mut Fields)| {
        let mut case = Draft::usual().case(id, &["P-4", "Ambiguous"]);
        edit(&mut case.input.headers);
        invalid(case, code)
    };
    let without = |id: &str, code: &str, name: &str| {
        let mut case = Draft::usual().case(id, &["P-4", "Uncovered"]);
        case.input
            .headers
            .retain(|(other, _)| *other != latin(name));
        invalid(case, code)
    };
    vec![
        without(
            "no-signature-input",
            "response_signature_missing",
            "signature-input",
        ),
        without("no-signature", "response_signature_missing", "signature"),
        without("no-digest", "response_digest_invalid", "content-digest"),
        with("no-fields", "response_signature_missing", Vec::clear),
        with("a-signature-twice", "response_header_repeated", |f| {
            add(f, "Signature", "cs=::");
        }),
        with("an-input-twice", "response_header_repeated", |f| {
            add(f, "signature-input", "a=()");
        }),
        with("a-digest-twice", "response_header_repeated", |f| {
            add(f, "content-digest", "a");
        }),
        with(
            "a-look-alike-of-the-digest",
            "response_header_repeated",
            |f| add(f, "content_digest", "a"),
        ),
        with("a-content-coding", "response_content_encoding", |f| {
            add(f, "content-encoding", "gzip");
        }),
        with(
            "a-content-coding-that-changes-nothing",
            "response_content_encoding",
            |f| add(f, "content-encoding", "identity"),
        ),
    ]
}

/// Parameters and components that are signed as they stand, but are not those of the profile.
fn parameters() -> Vec<Answer> {
    let with = |id: &str, edit: fn(&str) -> String| {
        let mut draft = Draft::usual();
        draft.signs.edit = edit;
        invalid(
            draft.case(id, &["P-3", "Uncovered"]),
            "response_signature_unexpected",
        )
    };
    vec![
        with("another-label", |v| v.replace("cs=", "sig=")),
        with("the-tag-of-requests", |v| v.replace("/response", "")),
        with("the-tag-of-clocks", |v| v.replace("/response", "/clock")),
        with("another-key-id", |v| v.replace("worker-7", "worker-8")),
        with("another-algorithm", |v| v.replace("hmac-sha256", "ed25519")),
        with("no-status-covered", |v| v.replace("\"@status\" ", "")),
        with("no-signature-covered", |v| {
            v.replace(" \"signature\";req;key=\"cs\"", "")
        }),
        with("components-of-the-response-itself", |v| {
            v.replace(";req ", " ")
        }),
        with("the-signature-of-another-label", |v| {
            v.replace(";key=\"cs\"", ";key=\"b\"")
        }),
        with("created-with-a-leading-zero", |v| {
            v.replace("created=", "created=0")
        }),
        with("created-with-a-sign", |v| {
            v.replace("created=", "created=-")
        }),
        with("created-is-not-there", |v| {
            v.replace(";created=1800000000", "")
        }),
        with("created-has-sixteen-digits", |v| {
            v.replace("1800000000", "1000000000000000")
        }),
        with("created-is-a-string", |v| {
            v.replace("1800000000", "\"1800000000\"")
        }),
        with("a-parameter-more", |v| format!("{v};nonce=\"a\"")),
        with("a-blank-more", |v| v.replace("\" \"", "\"  \"")),
        with("another-signature-beside-it", |v| format!("{v}, b=()")),
    ]
}

/// A response and its request.
pub(super) struct Draft {
    pub(super) method: &'static str,
    pub(super) query: &'static str,
    pub(super) status: u16,
    pub(super) body: &'static str,
    pub(super) now: i64,
    pub(super) created: String,
    pub(super) rename: fn(&str) -> String,
    pub(super) signs: Signing,
}

/// What the signature is made of, where it is not the response's own.
pub(super) struct Signing {
    pub(super) status: Option<u16>,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) query: Option<&'static str>,
    pub(super) content: Option<&'static str>,
    pub(super) seed: u8,
    pub(super) secret: u8,
    pub(super) is_derived: bool,
    pub(super) edit: fn(&str) -> String,
}

impl Draft {
    pub(super) fn usual() -> Self {
        Draft {
            method: "POST",
            query: "",
            status: 200,
            body: "{\"id\":42}",
            now: NOW,
            created: "1800000000".into(),
            rename: str::to_owned,
            signs: Signing {
                status: None,
                method: "POST",
                path: "/v1/jobs",
                query: None,
                content: None,
                seed: 7,
                secret: 1,
                is_derived: true,
                edit: str::to_owned,
            },
        }
    }

    /// A refusal for the request's time.
    pub(super) fn clock() -> Self {
        let mut draft = Draft {
            status: 401,
            body: "{\"code\":\"request_outside_window\"}",
            ..Draft::usual()
        };
        draft.signs.edit = |input| input.replace("1/response", "1/clock");
        draft
    }

    /// The same for a request that is over.
    pub(super) fn over() -> Self {
        let mut draft = Draft::clock();
        draft.signs.edit = |input| input.replace("1/response", "1/over");
        draft
    }

    /// The same for a request of this method.
    pub(super) fn of(mut self, method: &'static str) -> Self {
        (self.method, self.signs.method) = (method, method);
        self
    }

    fn request(&self) -> RequestInput {
        RequestInput {
            method: latin(self.method),
            scheme: SchemeName::Https,
            authority: latin("api.example"),
            path: latin("/v1/jobs"),
            query: latin(self.query),
            headers: Vec::new(),
            body: latin("{\"job\":42}"),
            life_seconds: None,
        }
    }

    /// The member `cs` of the request's `Signature`.
    fn request_signature(&self) -> String {
        let sending = Sending {
            key: &key(),
            now: Time::from_millis(self.now),
            seed: [self.signs.seed; 16],
        };
        let sent = self.request().with(|request| sending.send(request));
        let Ok((signed, _)) = sent else {
            unreachable!("the request can be signed")
        };
        signed.signature()["cs=".len()..].to_owned()
    }

    pub(super) fn fields(&self) -> [(String, String); 3] {
        let signs = &self.signs;
        let input = (signs.edit)(&format!(
            "cs=(\"@status\" \"content-digest\" \"@method\";req \"@path\";req \"@query\";req \"signature\";req;key=\"cs\")\
             ;created={};keyid=\"worker-7\";alg=\"hmac-sha256\";tag=\"counterseal/1/response\"",
            self.created
        ));
        let (_, parameters) = input.split_once('=').expect("a label");
        let query = signs
            .query
            .map_or(format!("?{}", self.query), str::to_owned);
        let base = format!(
            "\"@status\": {}\n\"content-digest\": {}\n\"@method\";req: {}\n\"@path\";req: {}\n\"@query\";req: {query}\n\
             \"signature\";req;key=\"cs\": {}\n\"@signature-params\": {parameters}",
            signs.status.unwrap_or(self.status),
            digest(signs.content.unwrap_or(self.body)),
            signs.method,
            signs.path,
            self.request_signature(),
        );
        let secret = Secret::new(vec![signs.secret; 32]);
        let derived = hkdf_sha256::<32>(&secret, b"", b"counterseal/v1/response");
        let secret = if signs.is_derived { derived } else { secret };
        let tag = MacKey::new(&secret).expect("32 bytes").tag(base.as_bytes());
        let signature = format!("cs=:{}:", STANDARD.encode(tag));
        let fields = [
            ("content-digest", digest(self.body)),
            ("signature-input", input),
            ("signature", signature),
        ];
        fields.map(|(name, value)| ((self.rename)(name), value))
    }

    pub(super) fn case(&self, id: &str, flags: &[&'static str]) -> Answer {
        let fields = self
            .fields()
            .map(|(name, value)| (latin(&name), latin(&value)));
        let input = ResponseInput {
            request: self.request(),
            status: self.status,
            headers: fields.into(),
            body: latin(self.body),
            served_at: None,
            round_trip: None,
        };
        Case {
            now: self.now,
            seed: Hex(vec![7; 16]),
            keys: vec![key()],
            ..case(id, flags, input)
        }
    }
}

fn key() -> KeyMembers {
    KeyMembers {
        id: "worker-7".into(),
        secret: Hex(vec![1; 32]),
        since: 0,
        until: None,
        scope: String::new(),
        revoked: false,
    }
}

pub(super) fn invalid(case: Answer, code: &str) -> Answer {
    refused(case, code, "response_invalid")
}

fn digest(content: &str) -> String {
    format!(
        "sha-256=:{}:",
        STANDARD.encode(sha256(&[&latin(content).0]))
    )
}

pub(super) fn latin(text: &str) -> Bytes {
    let bytes = text.chars().map(|letter| u8::try_from(u32::from(letter)));
    Bytes(
        bytes
            .collect::<Result<_, _>>()
            .expect("letters below U+0100"),
    )
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    edit(fields, name, |_| value.into());
}

pub(super) fn edit(fields: &mut Fields, name: &str, to: impl FnOnce(&str) -> String) {
    let field = fields.iter_mut().find(|field| field.0 == latin(name));
    let value = &mut field.expect("one of the three").1;
    *value = latin(&to(&value.to_text()));
}

fn add(fields: &mut Fields, name: &str, value: &str) {
    fields.push((latin(name), latin(value)));
}

type Fields = Vec<(Bytes, Bytes)>;

pub(super) const NOW: i64 = 1_800_000_000_000;
