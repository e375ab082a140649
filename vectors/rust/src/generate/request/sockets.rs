//! Requests as they stand on the wire, for real servers.

use std::collections::BTreeMap;

use serde_json::json;

use crate::generate::draft::{Draft, RequestCase};
use crate::{Bytes, Layer, Reply, Socket};

pub(super) fn cases() -> Vec<RequestCase> {
    [
        good(),
        odd(),
        changed(),
        fields(),
        repeated(),
        signatures(),
        sizes(),
        decisions(),
    ]
    .concat()
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

/// What servers and frameworks are tempted to put in order.
fn odd() -> Vec<RequestCase> {
    let method = |method: &str| {
        Draft::get()
            .flag("Wire")
            .edit(|d| d.input.method = method.into())
    };
    let host = |host: &str| {
        Draft::get()
            .flag("Wire")
            .edit(|d| d.input.authority = host.into())
    };
    let upper = |d: &mut Draft| {
        for (name, _) in &mut d.input.headers {
            name.0.make_ascii_uppercase();
        }
    };
    vec![
        method("HEAD").on_wire().sign().accept("wire-head"),
        method("DELETE").on_wire().sign().accept("wire-delete"),
        target("/a/../b/./c", "")
            .sign()
            .accept("h07-wire-dots-in-the-path"),
        target("//a///b", "")
            .sign()
            .accept("h07-wire-slashes-in-the-path"),
        target("/a/%2e%2e/b%", "")
            .sign()
            .accept("h07-wire-odd-encoding-in-the-path"),
        target("/a|b^c`{}\"", "a=\"<>\\")
            .sign()
            .accept("h07-wire-visible-ascii-in-the-target"),
        host("API.Example")
            .on_wire()
            .sign()
            .accept("wire-host-in-capitals"),
        host("api.example:80")
            .on_wire()
            .sign()
            .accept("wire-host-with-the-default-port"),
        post()
            .sign()
            .edit(upper)
            .accept("h06-wire-field-names-in-capitals"),
        get()
            .sign()
            .with("Signature-Input", "other=(\"@path\")")
            .with("Signature", "other=:AA==:")
            .accept("wire-another-signature-in-lines-of-its-own"),
        method("get")
            .on_wire()
            .refuse("h10-wire-a-method-in-lower-case", "request_method_invalid"),
        target("/v1/jobs#a", "").refuse("wire-a-fragment-in-the-target", "request_target_invalid"),
        target("/v1/caf\u{e9}", "").refuse("wire-a-path-outside-ascii", "request_target_invalid"),
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

fn repeated() -> Vec<RequestCase> {
    let code = "request_header_repeated";
    let noted = || {
        get()
            .policy(json!({"cover": ["x-note"]}))
            .with("X-Note", "a")
            .sign()
    };
    vec![
        noted()
            .with("X-Note", "b")
            .refuse("h05-wire-a-covered-field-twice", code),
        noted()
            .with("X_Note", "b")
            .refuse("h06-wire-a-look-alike-of-a-covered-field", code),
        post()
            .sign()
            .with("Content-Type", "text/plain")
            .refuse("h05-wire-two-media-types", code),
        noted()
            .change("x-note", |_| String::new())
            .edit(|d| *d.field("x-note") = Bytes(b"caf\xe9".into()))
            .refuse(
                "wire-a-covered-value-outside-ascii",
                "request_header_invalid",
            ),
        noted()
            .edit(|d| *d.field("x-note") = Bytes(b"a\0b".into()))
            .refuse("wire-a-nul-in-a-covered-value", "request_header_invalid"),
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

fn sizes() -> Vec<RequestCase> {
    let code = "request_too_large";
    let many = (0..257).fold(get(), |draft, n| draft.with(&format!("x-{n}"), "a"));
    vec![
        many.refuse("wire-257-field-lines-and-more", code),
        target(&format!("/{}", "a".repeat(8192)), "").refuse("wire-a-target-of-8193-bytes", code),
        get()
            .sign()
            .change("signature-input", |value| {
                format!("{value}, a=\"{}\"", "x".repeat(2048))
            })
            .refuse("wire-signature-input-over-2048-bytes", code),
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
            .answered(Reply::Stale)
            .refuse("h25-wire-a-store-that-cannot-know", "request_store_warming"),
        get()
            .sign()
            .answered(Reply::Full)
            .refuse("h23-wire-a-store-without-room", "request_store_full"),
        get()
            .sign()
            .answered(Reply::OwnerFull)
            .refuse("h23-wire-a-key-with-no-share-left", "request_limited"),
        get()
            .sign()
            .answered(Reply::Unavailable)
            .refuse("wire-no-answer-from-the-store", "request_store_unavailable"),
    ]
}

/// What the servers make of `id`, where they do not hand it on as it is.
pub(in crate::generate) fn sockets(id: &str) -> BTreeMap<String, Socket> {
    let of_case = SOCKETS.iter().filter(|(case, ..)| *case == id);
    let sockets = of_case.map(|(_, server, why)| {
        let socket = Socket {
            layer: Layer::Server,
            code: None,
            why: (*why).into(),
        };
        ((*server).into(), socket)
    });
    sockets.collect()
}

/// Case, the server that answers it by itself, and the reason.
type Difference = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const SOCKETS: &[Difference] = &[
    ("h10-wire-a-method-in-lower-case", "uvicorn", "FastAPI has no route for such a method"),
    ("h10-wire-a-method-in-lower-case", "node", UNKNOWN_METHOD),
    ("h10-wire-a-method-in-lower-case", "next", UNKNOWN_METHOD),
    ("wire-a-path-outside-ascii", "uvicorn", BAD_TARGET),
    ("wire-a-path-outside-ascii", "node", BAD_TARGET),
    ("wire-a-path-outside-ascii", "next", BAD_TARGET),
    ("wire-a-nul-in-a-covered-value", "uvicorn", BAD_VALUE),
    ("wire-a-nul-in-a-covered-value", "node", BAD_VALUE),
    ("wire-a-nul-in-a-covered-value", "next", BAD_VALUE),
    ("h07-wire-slashes-in-the-path", "next", "Next.js redirects to the path with single slashes"),
    ("h07-wire-odd-encoding-in-the-path", "next", "Next.js decodes the path and fails"),
];

const UNKNOWN_METHOD: &str = "the parser knows methods in capitals only";
const BAD_TARGET: &str = "the parser takes visible ASCII only";
const BAD_VALUE: &str = "the parser takes no NUL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_that_of_a_case() {
        let ids: Vec<_> = cases().into_iter().map(|case| case.id).collect();
        for (id, ..) in SOCKETS {
            assert!(ids.contains(&(*id).into()), "{id}");
        }
    }
}
