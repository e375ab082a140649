//! Covered fields: each once, under its own name, of visible ASCII.

use serde_json::json;

use crate::Bytes;
use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [
        repeated(),
        look_alikes(),
        missing(),
        changed(),
        values(),
        codings(),
        audiences(),
    ]
    .concat()
}

/// A signed request that covers `x-note`.
fn noted(value: &str) -> Draft {
    let draft = Draft::get().policy(json!({"cover": ["x-note"]}));
    draft.with("X-Note", value).sign()
}

fn repeated() -> Vec<RequestCase> {
    let code = "request_header_repeated";
    let post = || Draft::post().flag("Ambiguous").sign();
    vec![
        noted("a")
            .flag("Ambiguous")
            .with("x-note", "b")
            .refuse("h05-a-covered-field-twice", code),
        noted("a")
            .flag("Ambiguous")
            .with("x-note", "a")
            .refuse("h05-a-covered-field-twice-and-the-same", code),
        noted("a")
            .flag("Ambiguous")
            .edit(|d| d.input.headers.insert(0, ("X-NOTE".into(), "".into())))
            .refuse("h05-a-covered-field-and-an-empty-one", code),
        post()
            .with("Content-Type", "text/plain")
            .refuse("h05-two-media-types", code),
        post()
            .edit(|d| {
                let digest = d.field("content-digest").clone();
                d.input.headers.push(("content-digest".into(), digest));
            })
            .refuse("h05-two-digests", code),
        Draft::get()
            .flag("Ambiguous")
            .policy(json!({"cover": ["authorization"]}))
            .with("Authorization", "Bearer a")
            .sign()
            .with("authorization", "Bearer b")
            .refuse("h05-two-authorizations", code),
    ]
}

fn look_alikes() -> Vec<RequestCase> {
    let code = "request_header_repeated";
    vec![
        noted("a")
            .flag("Ambiguous")
            .with("X_Note", "b")
            .refuse("h06-a-look-alike-beside-a-covered-field", code),
        noted("a")
            .flag("Ambiguous")
            .without("X-Note")
            .with("x_note", "a")
            .refuse("h06-a-look-alike-in-place-of-a-covered-field", code),
        Draft::post()
            .flag("Ambiguous")
            .sign()
            .with("Content_Type", "text/plain")
            .refuse("h06-a-look-alike-of-the-media-type", code),
        Draft::post()
            .flag("Ambiguous")
            .sign()
            .with("content_digest", "x")
            .refuse("h06-a-look-alike-of-the-digest", code),
        Draft::get()
            .flag("Ambiguous")
            .policy(json!({"cover": ["x_a-b"]}))
            .with("x_a-b", "1")
            .sign()
            .with("x-a_b", "2")
            .refuse(
                "h06-a-look-alike-with-hyphen-and-underscore-exchanged",
                code,
            ),
        Draft::get()
            .flag("Ambiguous")
            .sign()
            .with("Content_Encoding", "gzip")
            .refuse("h06-a-look-alike-of-the-content-coding", code),
        noted("a")
            .flag("Usual")
            .with("X-Notes", "b")
            .with("X-Not", "c")
            .accept("h06-longer-and-shorter-names-are-others"),
    ]
}

fn missing() -> Vec<RequestCase> {
    let code = "request_header_missing";
    vec![
        noted("a")
            .flag("Changed")
            .without("X-Note")
            .refuse("a-covered-field-taken-away", code),
        Draft::get()
            .flag("Changed")
            .policy(json!({"audience": "field"}))
            .with("cs-audience", "api.example")
            .sign()
            .without("cs-audience")
            .refuse("the-audience-field-taken-away", code),
    ]
}

fn changed() -> Vec<RequestCase> {
    let code = "request_mac_mismatch";
    let noted = |from: &str, to: &str| {
        let to = to.to_owned();
        noted(from).flag("Changed").change("X-Note", |_| to)
    };
    vec![
        noted("a", "b").refuse("a-covered-value-changed", code),
        noted("a", "A").refuse("the-case-of-a-value-counts", code),
        noted("a  b", "a b").refuse("h06-inner-blanks-made-one", code),
        noted("a\tb", "a b").refuse("h06-an-inner-tab-made-a-blank", code),
        noted("a, b", "a,b").refuse("h06-a-blank-after-a-comma-removed", code),
        noted("a", "").refuse("a-covered-value-emptied", code),
        Draft::post()
            .flag("Changed")
            .sign()
            .change("Content-Type", |value| value + "; charset=utf-8")
            .refuse("a-charset-added-to-the-media-type", code),
    ]
}

fn values() -> Vec<RequestCase> {
    let code = "request_header_invalid";
    let value = |value: &[u8]| {
        let draft = noted("a").flag("Ambiguous");
        draft.edit(|d| *d.field("x-note") = Bytes(value.into()))
    };
    vec![
        value(b"a\r\n b").refuse("h06-a-covered-value-on-two-lines", code),
        value(b"a\nb").refuse("a-line-feed-in-a-covered-value", code),
        value(b"a\rb").refuse("a-carriage-return-in-a-covered-value", code),
        value(b"a\0b").refuse("a-nul-in-a-covered-value", code),
        value(b"a\x7fb").refuse("a-delete-in-a-covered-value", code),
        value(b"caf\xe9").refuse("a-byte-outside-ascii-in-a-covered-value", code),
        value("caf\u{e9}".as_bytes()).refuse("utf-8-in-a-covered-value", code),
        value(b"a\n\"@method\": DELETE").refuse("a-line-of-the-base-smuggled-into-a-value", code),
        Draft::post()
            .flag("Ambiguous")
            .sign()
            .edit(|d| *d.field("content-type") = Bytes(b"text/\xff".into()))
            .refuse("a-byte-outside-ascii-in-the-media-type", code),
    ]
}

fn codings() -> Vec<RequestCase> {
    let code = "request_content_encoding_uncovered";
    let coded = |value: &str| {
        Draft::post()
            .flag("Uncovered")
            .sign()
            .with("Content-Encoding", value)
    };
    let covering = || {
        let draft = Draft::post().policy(json!({"cover": ["content-encoding"]}));
        draft
            .with("Content-Encoding", "gzip")
            .flag("Changed")
            .sign()
    };
    vec![
        coded("gzip").refuse("a-content-coding-added", code),
        coded("identity").refuse("a-content-coding-that-says-there-is-none", code),
        coded("").refuse("a-content-coding-that-is-empty", code),
        coded("gzip")
            .with("content-encoding", "br")
            .refuse("two-content-codings-added", "request_header_repeated"),
        covering()
            .change("content-encoding", |_| "br".into())
            .refuse("a-covered-content-coding-changed", "request_mac_mismatch"),
        covering().without("Content-Encoding").refuse(
            "a-covered-content-coding-taken-away",
            "request_header_missing",
        ),
    ]
}

fn audiences() -> Vec<RequestCase> {
    let sent = |value: &str| {
        let value = value.to_owned();
        let draft = Draft::get()
            .policy(json!({"audience": "field"}))
            .flag("Changed");
        draft
            .with("CS-Audience", "api.example")
            .sign()
            .change("cs-audience", |_| value)
    };
    vec![
        sent("other.example").refuse(
            "an-audience-that-is-not-served",
            "request_authority_unknown",
        ),
        sent("api.example:443").refuse(
            "an-audience-keeps-the-default-port",
            "request_authority_unknown",
        ),
        sent("API.example").refuse(
            "an-audience-whose-case-was-changed",
            "request_authority_unknown",
        ),
        sent("api example").refuse("an-audience-with-a-blank", "request_authority_invalid"),
        sent("").refuse("an-audience-that-is-empty", "request_authority_invalid"),
        sent("api.example")
            .with("cs-audience", "api.example")
            .refuse("h05-two-audiences", "request_header_repeated"),
        sent("api.example").with("cs_audience", "x").refuse(
            "h06-a-look-alike-of-the-audience",
            "request_header_repeated",
        ),
    ]
}
