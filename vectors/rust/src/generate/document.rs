//! Policies and profiles as JSON text.

use serde_json::{Value, json};

use super::draft::refused;
use crate::request::DocumentInput;
use crate::{Case, Expect, Hex, Verdict};

pub(super) fn policies() -> Vec<Case<DocumentInput>> {
    [good_policies(), shapes(), authorities(), limits(), covers()].concat()
}

pub(super) fn profiles() -> Vec<Case<DocumentInput>> {
    let accept = |id: &str, text: &str| accepted(id, text, json!({}));
    vec![
        accept("profile-of-defaults", "{}"),
        accept(
            "profile-of-every-member",
            r#"{"audience":"field","cover":["date","x_y"],"cover_scheme":true,"digest":"sha-512"}"#,
        ),
        refuse(
            "profile-with-a-member-of-a-policy",
            r#"{"authorities":["a"]}"#,
            "policy_member",
        ),
        refuse(
            "profile-that-is-a-list-of-values-without-names",
            "[]",
            "policy_member",
        ),
        refuse(
            "profile-that-covers-host",
            r#"{"cover":["host"]}"#,
            "request_policy_cover",
        ),
        refuse("profile-that-is-not-json", "cover: [date]", "policy_syntax"),
    ]
}

fn good_policies() -> Vec<Case<DocumentInput>> {
    let accept =
        |id: &str, text: &str, limit: u32| accepted(id, text, json!({"body_limit_bytes": limit}));
    let sixteen: Vec<_> = (0..16).map(|n| format!("\"a{n}\"")).collect();
    vec![
        accept(
            "policy-of-defaults",
            r#"{"authorities":["api.example"]}"#,
            MIB,
        ),
        accept(
            "policy-of-every-member",
            r#"{"authorities":["jobs"],"audience":"field","body_limit_bytes":1000,"cover":["date"],
                "cover_scheme":true,"digest":"sha-512","future_seconds":1,"past_seconds":300,"retain_seconds":361}"#,
            1000,
        ),
        accept(
            "policy-with-blanks-around",
            "\t\r\n {\"authorities\":[\"a\"]} \n",
            MIB,
        ),
        accept(
            "policy-with-escapes",
            r#"{"\u0061uthorities":["\u0061pi.example"]}"#,
            MIB,
        ),
        accept(
            "policy-with-null-for-a-default",
            r#"{"authorities":["a"],"past_seconds":null}"#,
            MIB,
        ),
        accept(
            "policy-with-16-authorities",
            &format!("{{\"authorities\":[{}]}}", sixteen.join(",")),
            MIB,
        ),
        accept(
            "policy-without-any-content",
            r#"{"authorities":["a"],"body_limit_bytes":0}"#,
            0,
        ),
        accept(
            "policy-with-the-largest-content",
            r#"{"authorities":["a"],"body_limit_bytes":67108864}"#,
            64 * MIB,
        ),
    ]
}

fn shapes() -> Vec<Case<DocumentInput>> {
    let member = |id: &str, text: &str| refuse(id, text, "policy_member");
    let syntax = |id: &str, text: &str| refuse(id, text, "policy_syntax");
    vec![
        syntax("policy-of-nothing", ""),
        syntax("policy-cut-short", r#"{"authorities":["a"]"#),
        syntax("policy-with-a-trailing-comma", r#"{"authorities":["a"],}"#),
        syntax("policy-with-a-comment", r#"{"authorities":["a"]} // ours"#),
        syntax(
            "policy-twice",
            r#"{"authorities":["a"]}{"authorities":["a"]}"#,
        ),
        syntax(
            "policy-with-a-byte-order-mark",
            "\u{feff}{\"authorities\":[\"a\"]}",
        ),
        member("policy-that-is-null", "null"),
        member("policy-that-is-a-list", r#"["a"]"#),
        member(
            "policy-that-is-a-list-of-values-without-names",
            r#"[["a"]]"#,
        ),
        member("c28-policy-of-1000-nested-lists", &"[".repeat(1000)),
        member("policy-without-authorities", "{}"),
        member(
            "policy-with-an-unknown-member",
            r#"{"authorities":["a"],"pasts":30}"#,
        ),
        member(
            "b08-policy-with-a-member-named-proto",
            r#"{"authorities":["a"],"__proto__":{}}"#,
        ),
        member(
            "policy-with-a-member-twice",
            r#"{"authorities":["a"],"authorities":["b"]}"#,
        ),
        member(
            "policy-with-a-member-in-upper-case",
            r#"{"Authorities":["a"]}"#,
        ),
        member("policy-with-text-for-a-list", r#"{"authorities":"a"}"#),
        member(
            "policy-with-text-for-a-number",
            r#"{"authorities":["a"],"past_seconds":"60"}"#,
        ),
        member(
            "b07-policy-with-a-fraction",
            r#"{"authorities":["a"],"past_seconds":60.5}"#,
        ),
        member(
            "b07-policy-with-a-negative-number",
            r#"{"authorities":["a"],"past_seconds":-1}"#,
        ),
        member(
            "b07-policy-with-a-number-of-33-bits",
            r#"{"authorities":["a"],"past_seconds":4294967296}"#,
        ),
        member(
            "policy-with-text-for-a-truth",
            r#"{"authorities":["a"],"cover_scheme":"true"}"#,
        ),
        member(
            "policy-with-an-unknown-digest",
            r#"{"authorities":["a"],"digest":"md5"}"#,
        ),
        member(
            "policy-with-an-unknown-audience",
            r#"{"authorities":["a"],"audience":"Field"}"#,
        ),
        refuse(
            "policy-larger-than-64-kib",
            &" ".repeat(65_537),
            "policy_too_large",
        ),
    ]
}

fn authorities() -> Vec<Case<DocumentInput>> {
    let bad = |id: &str, list: Value| {
        let text = json!({"authorities": list}).to_string();
        refuse(id, &text, "request_policy_authorities")
    };
    let many: Vec<_> = (0..17).map(|n| format!("a{n}")).collect();
    vec![
        bad("policy-for-no-authority", json!([])),
        bad("policy-for-17-authorities", json!(many)),
        bad("policy-for-an-empty-authority", json!([""])),
        bad(
            "policy-for-an-authority-in-upper-case",
            json!(["API.example"]),
        ),
        bad(
            "policy-for-an-authority-with-user-information",
            json!(["me@api.example"]),
        ),
        bad("policy-for-a-port-alone", json!([":443"])),
        bad("policy-for-a-url", json!(["https://api.example"])),
        bad("policy-for-a-pattern", json!(["*.example"])),
        bad(
            "policy-for-an-authority-outside-ascii",
            json!(["b\u{fc}cher.example"]),
        ),
        bad(
            "policy-for-an-authority-of-256-bytes",
            json!(["a".repeat(256)]),
        ),
    ]
}

fn limits() -> Vec<Case<DocumentInput>> {
    let bad = |id: &str, more: &str| {
        refuse(
            id,
            &format!("{{\"authorities\":[\"a\"],{more}}}"),
            "request_policy_limits",
        )
    };
    vec![
        bad("policy-with-a-past-of-0", r#""past_seconds":0"#),
        bad(
            "policy-with-a-past-of-301-s",
            r#""past_seconds":301,"retain_seconds":500"#,
        ),
        bad("policy-with-a-future-of-0", r#""future_seconds":0"#),
        bad(
            "policy-with-a-future-of-301-s",
            r#""future_seconds":301,"retain_seconds":500"#,
        ),
        bad(
            "h21-policy-that-forgets-a-second-too-early",
            r#""retain_seconds":179"#,
        ),
        bad(
            "policy-that-remembers-for-more-than-an-hour",
            r#""retain_seconds":3601"#,
        ),
        bad(
            "policy-with-content-beyond-64-mib",
            r#""body_limit_bytes":67108865"#,
        ),
    ]
}

fn covers() -> Vec<Case<DocumentInput>> {
    let bad = |id: &str, cover: Value| {
        let text = json!({"authorities": ["a"], "cover": cover}).to_string();
        refuse(id, &text, "request_policy_cover")
    };
    let nine: Vec<_> = (0..9).map(|n| format!("x{n}")).collect();
    let own = [
        "content-digest",
        "content-type",
        "cs-audience",
        "host",
        "signature",
        "signature-input",
    ];
    let mut cases = vec![
        bad("policy-that-covers-a-name-in-upper-case", json!(["Date"])),
        bad("policy-that-covers-a-name-with-a-blank", json!(["x note"])),
        bad("policy-that-covers-a-derived-component", json!(["@scheme"])),
        bad("policy-that-covers-an-empty-name", json!([""])),
        bad("policy-that-covers-a-name-twice", json!(["date", "date"])),
        bad("policy-that-covers-9-fields", json!(nine)),
        bad(
            "policy-that-covers-a-name-of-65-bytes",
            json!(["x".repeat(65)]),
        ),
    ];
    cases.extend(own.map(|name| bad(&format!("policy-that-covers-{name}-again"), json!([name]))));
    cases
}

fn accepted(id: &str, text: &str, output: Value) -> Case<DocumentInput> {
    let expect = Expect {
        verdict: Verdict::Accept,
        code: None,
        public: None,
        output,
    };
    case(id, text, expect)
}

fn refuse(id: &str, text: &str, code: &str) -> Case<DocumentInput> {
    case(id, text, refused(code))
}

fn case(id: &str, text: &str, expect: Expect) -> Case<DocumentInput> {
    Case {
        id: id.into(),
        flags: vec!["Q-15".into(), "Policy".into()],
        policy: None,
        now: 0,
        seed: Hex(Vec::new()),
        keys: Vec::new(),
        input: DocumentInput { text: text.into() },
        raw: None,
        sockets: std::collections::BTreeMap::new(),
        replies: Vec::new(),
        expect,
    }
}

const MIB: u32 = 1024 * 1024;
