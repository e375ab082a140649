//! Requests as they stand on the wire, for real servers.

use std::collections::BTreeMap;

use serde_json::json;

use crate::generate::draft::{Draft, RequestCase};
use crate::{Bytes, Layer, Reply, Socket};

pub(super) fn cases() -> Vec<RequestCase> {
    [good(), changed(), fields(), signatures(), decisions()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Wire").on_wire()
}

fn post() -> Draft {
    Draft::post().flag("Wire").on_wire()
}

fn target(path: &str, query: &str) -> Draft {
    let edit = |d: &mut Draft| {
        d.input.path = path.into();
        d.input.query = query.into();
    };
    Draft::get().flag("Wire").edit(edit).on_wire()
}

fn good() -> Vec<RequestCase> {
    let authorization = json!({"cover": ["authorization"]});
    let bytes = |d: &mut Draft| d.input.body = Bytes((0..=255).collect());
    vec![
        get().sign().accept("wire-get"),
        post().sign().accept("wire-post-of-json"),
        Draft::post()
            .flag("Wire")
            .edit(bytes)
            .on_wire()
            .sign()
            .accept("wire-post-of-every-byte"),
        Draft::post()
            .flag("Wire")
            .edit(|d| d.input.body = "".into())
            .on_wire()
            .sign()
            .accept("wire-post-of-nothing"),
        target("/v1/jobs", "")
            .sign()
            .accept("wire-get-without-query"),
        target("/v1/%7Ejobs%2F1/caf%C3%A9", "")
            .sign()
            .accept("h07-wire-percent-encoding-in-the-path"),
        target("/v1/jobs", "b=2&a=1&a=%20+;&=")
            .sign()
            .accept("h08-wire-query-as-it-is"),
        target("/v1/jobs", "next=/a?b=c")
            .sign()
            .accept("wire-question-mark-in-the-query"),
        get()
            .policy(authorization)
            .with("Authorization", "Bearer aaa.bbb.ccc")
            .sign()
            .accept("wire-authorization-is-covered"),
        get()
            .policy(json!({"cover_scheme": true}))
            .sign()
            .accept("wire-scheme-is-covered"),
        get()
            .sign()
            .after(60_000)
            .accept("h15-wire-at-the-end-of-the-window"),
    ]
}

fn changed() -> Vec<RequestCase> {
    let mismatch = "request_mac_mismatch";
    let edit = |edit: fn(&mut Draft)| get().flag("Changed").sign().edit(edit);
    vec![
        edit(|d| d.input.method = "DELETE".into()).refuse("h10-wire-another-method", mismatch),
        edit(|d| d.input.path = "/v1/job".into()).refuse("wire-another-path", mismatch),
        edit(|d| d.input.path = "/v1/%6Aobs".into())
            .refuse("h07-wire-a-letter-percent-encoded", mismatch),
        edit(|d| d.input.query = "state=closed".into()).refuse("wire-another-query", mismatch),
        edit(|d| d.input.query = "".into()).refuse("wire-the-query-taken-away", mismatch),
        post()
            .flag("Changed")
            .sign()
            .edit(|d| d.input.body = r#"{"job":43}"#.into())
            .refuse("h01-wire-another-content", "request_body_mismatch"),
        post()
            .flag("Changed")
            .sign()
            .change("content-type", |_| "text/plain".into())
            .refuse("wire-another-media-type", mismatch),
        post()
            .policy(json!({"body_limit_bytes": 9}))
            .flag("Size")
            .sign()
            .refuse("wire-content-over-the-limit", "request_too_large"),
    ]
}

fn fields() -> Vec<RequestCase> {
    let covering = || get().policy(json!({"cover": ["x-note"]}));
    vec![
        covering()
            .with("X-Note", "a")
            .sign()
            .without("X-Note")
            .refuse("wire-a-covered-field-taken-away", "request_header_missing"),
        covering()
            .with("X-Note", "a")
            .sign()
            .change("x-note", |_| "b".into())
            .refuse("wire-a-covered-field-changed", "request_mac_mismatch"),
        post()
            .sign()
            .without("content-digest")
            .refuse("h02-wire-content-without-digest", "request_digest_missing"),
        post().sign().with("Content-Encoding", "identity").refuse(
            "wire-a-content-coding-that-is-not-covered",
            "request_content_encoding_uncovered",
        ),
        get()
            .sign()
            .edit(|d| {
                d.input.authority = "other.example".into();
                *d.field("host") = "other.example".into();
            })
            .refuse("wire-another-host", "request_authority_unknown"),
    ]
}

fn signatures() -> Vec<RequestCase> {
    vec![
        get().refuse("wire-no-signature", "request_signature_missing"),
        get()
            .sign()
            .change("signature", |value| value.replace('=', ""))
            .refuse("wire-signature-malformed", "request_signature_malformed"),
        get()
            .sign()
            .swap("created=1800000000", "created=01800000000")
            .refuse(
                "h15-wire-created-with-a-leading-zero",
                "request_created_invalid",
            ),
        get()
            .sign()
            .swap("\"@method\" \"@authority\"", "\"@authority\" \"@method\"")
            .refuse(
                "wire-components-in-another-order",
                "request_components_unexpected",
            ),
        get()
            .sign()
            .swap("hmac-sha256", "hmac-sha512")
            .refuse("wire-another-algorithm", "request_parameters_unexpected"),
    ]
}

fn decisions() -> Vec<RequestCase> {
    vec![
        get()
            .sign()
            .edit(|d| d.keys.clear())
            .refuse("wire-an-unknown-key", "request_key_unknown"),
        get()
            .sign()
            .edit(|d| d.keys[0].revoked = true)
            .refuse("wire-a-revoked-key", "request_key_revoked"),
        get()
            .sign()
            .after(60_001)
            .refuse("h15-wire-after-the-window", "request_outside_window"),
        get()
            .sign()
            .answered(Reply::Held)
            .refuse("h18-wire-a-replay", "request_replayed"),
        get()
            .sign()
            .answered(Reply::Unavailable)
            .refuse("wire-no-answer-from-the-store", "request_store_unavailable"),
    ]
}

/// What the servers make of `id`, where they do not hand it on as it is.
pub(in crate::generate) fn sockets(id: &str) -> BTreeMap<String, Socket> {
    let of_case = SOCKETS.iter().filter(|(case, ..)| *case == id);
    let sockets = of_case.map(|(_, server, layer, code, why)| {
        let socket = Socket {
            layer: *layer,
            code: code.map(Into::into),
            why: (*why).into(),
        };
        ((*server).into(), socket)
    });
    sockets.collect()
}

/// Case, server, who answers, another code than the expected one, and the reason.
type Difference = (
    &'static str,
    &'static str,
    Layer,
    Option<&'static str>,
    &'static str,
);

const SOCKETS: &[Difference] = &[];
