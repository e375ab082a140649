//! What honest signers send.

use serde_json::json;

use crate::Bytes;
use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [methods(), parts(), profiles(), authorities()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Usual")
}

fn post() -> Draft {
    Draft::post().flag("Usual")
}

fn methods() -> Vec<RequestCase> {
    let method = |method: &str| {
        let draft = get().edit(|d| d.input.method = method.into());
        draft
            .sign()
            .accept(&format!("method-{}", method.to_ascii_lowercase()))
    };
    let without_content = |method: &str| {
        let draft = get().edit(|d| d.input.method = method.into());
        let id = format!("digest-of-nothing-for-{}", method.to_ascii_lowercase());
        draft.sign().accept(&id)
    };
    let plain = ["GET", "HEAD", "DELETE", "OPTIONS", "M-SEARCH"].map(method);
    let implying_content = ["POST", "PUT", "PATCH"].map(without_content);
    [
        &plain[..],
        &implying_content,
        &[
            post().sign().accept("post-of-json"),
            post()
                .without("Content-Type")
                .sign()
                .accept("post-without-media-type"),
            post()
                .edit(|d| d.input.method = "DELETE".into())
                .sign()
                .accept("delete-with-content"),
        ],
    ]
    .concat()
}

fn parts() -> Vec<RequestCase> {
    let body = |body: Vec<u8>| post().edit(|d| d.input.body = Bytes(body));
    vec![
        get()
            .edit(|d| d.input.query = "".into())
            .sign()
            .accept("empty-query-is-covered-as-a-question-mark"),
        get()
            .edit(|d| d.input.path = "/".into())
            .sign()
            .accept("path-of-one-slash"),
        get()
            .with("content-type", "application/json")
            .sign()
            .accept("media-type-without-content"),
        get()
            .with(
                "content-digest",
                "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
            )
            .sign()
            .accept("digest-of-nothing-for-get"),
        body((0..=255).collect())
            .sign()
            .accept("content-of-every-byte"),
        post()
            .with("X-Note", Bytes(b"caf\xe9 \0".into()))
            .with("X-Note", "again")
            .sign()
            .accept("uncovered-fields-may-hold-anything"),
        post()
            .sign()
            .edit(|d| {
                for (name, _) in &mut d.input.headers {
                    name.0.make_ascii_uppercase();
                }
            })
            .accept("h06-field-names-in-any-case"),
        post()
            .sign()
            .change("content-type", |value| format!(" \t{value}\t "))
            .accept("blanks-around-a-covered-value"),
    ]
}

fn profiles() -> Vec<RequestCase> {
    let covering = |fields: &[&str]| post().policy(json!({"cover": fields}));
    vec![
        covering(&["authorization", "idempotency-key"])
            .with("Authorization", "Bearer aaa.bbb.ccc")
            .with("Idempotency-Key", "\"8e03978e\"")
            .sign()
            .accept("extra-fields-are-covered-in-the-policys-order"),
        covering(&["x-note"])
            .with("X-Note", "a  b\tc")
            .sign()
            .accept("blanks-and-tabs-inside-a-covered-value"),
        covering(&["x-note"])
            .with("X-Note", "")
            .sign()
            .accept("a-covered-value-may-be-empty"),
        covering(&["x_note"])
            .with("X_Note", "a")
            .sign()
            .accept("h06-a-covered-name-may-have-an-underscore"),
        covering(&["content-encoding"])
            .with("Content-Encoding", "gzip")
            .sign()
            .accept("content-coding-that-is-covered"),
        get()
            .policy(json!({"cover_scheme": true}))
            .sign()
            .accept("scheme-that-is-covered"),
        post()
            .policy(json!({"digest": "sha-512"}))
            .sign()
            .accept("digest-by-sha-512"),
        get()
            .policy(json!({"audience": "field", "authorities": ["jobs.internal"]}))
            .edit(|d| d.input.authority = "10.0.0.1:8080".into())
            .with("CS-Audience", "jobs.internal")
            .sign()
            .accept("audience-in-a-field-while-a-proxy-rewrites-host"),
        get()
            .edit(|d| {
                for key in [&mut d.signer, &mut d.keys[0]] {
                    key.scope = "jobs:read jobs:write".into();
                }
            })
            .sign()
            .accept("the-scope-of-the-key-is-handed-on"),
    ]
}

fn authorities() -> Vec<RequestCase> {
    let served = |authority: &str, served: &[&str]| {
        let draft = get().edit(|d| d.input.authority = authority.into());
        draft.policy(json!({"authorities": served})).sign()
    };
    vec![
        served("API.Example", &["api.example"]).accept("the-case-of-the-authority-does-not-count"),
        served("api.example:443", &["api.example"]).accept("the-default-port-is-dropped"),
        served("api.example:8443", &["api.example:8443"]).accept("another-port-is-kept"),
        served("[2001:db8::1]:8443", &["[2001:db8::1]:8443"]).accept("an-ip-literal"),
        served("b.example", &["a.example", "b.example"]).accept("the-second-of-two-authorities"),
    ]
}
