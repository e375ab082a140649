//! The content and its digest.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use counterseal::core::sha256;
use serde_json::json;

use crate::Bytes;
use crate::bytes::hex;
use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [changed(), missing(), spellings()].concat()
}

fn post() -> Draft {
    Draft::post()
}

fn changed() -> Vec<RequestCase> {
    let mismatch = "request_body_mismatch";
    let sent = |body: &[u8]| {
        let body = Bytes(body.into());
        post().flag("Changed").sign().edit(|d| d.input.body = body)
    };
    vec![
        sent(br#"{"job":43}"#).refuse("h01-other-content", mismatch),
        sent(br#"{"job":42} "#).refuse("h01-a-blank-added-to-content", mismatch),
        sent(br#"{"job": 42}"#).refuse("h01-content-serialised-again", mismatch),
        sent(b"{\"job\":42}\0").refuse("h01-a-nul-added-to-content", mismatch),
        sent(b"").refuse("h01-content-taken-away", mismatch),
        post()
            .policy(json!({"digest": "sha-512"}))
            .flag("Changed")
            .sign()
            .edit(|d| d.input.body = "x".into())
            .refuse("h01-other-content-under-sha-512", mismatch),
        Draft::get()
            .flag("Changed")
            .with("content-digest", NOTHING)
            .sign()
            .edit(|d| d.input.body = "x".into())
            .refuse("h01-content-added-to-a-get-with-a-digest", mismatch),
        sent(br#"{"job":43}"#)
            .change("content-digest", |_| digest(br#"{"job":43}"#))
            .refuse("h01-other-content-with-its-digest", "request_mac_mismatch"),
    ]
}

fn missing() -> Vec<RequestCase> {
    let code = "request_digest_missing";
    // What a signer that covers no digest would send: the signature is genuine.
    let uncovered = |method: &str| {
        let method = method.to_owned();
        let draft = Draft::get().flag("Uncovered").sign();
        draft
            .edit(|d| d.input.method = method.as_str().into())
            .swap("\"@method\": GET", &format!("\"@method\": {method}"))
    };
    vec![
        Draft::get()
            .flag("Uncovered")
            .sign()
            .edit(|d| d.input.body = "x".into())
            .refuse("h02-content-added-to-a-get", code),
        uncovered("POST").refuse("h02-a-post-without-digest", code),
        uncovered("PUT").refuse("h02-a-put-without-digest", code),
        uncovered("PATCH").refuse("h02-a-patch-without-digest", code),
        post()
            .flag("Uncovered")
            .sign()
            .without("content-digest")
            .refuse("h02-the-digest-taken-away", code),
    ]
}

fn spellings() -> Vec<RequestCase> {
    let code = "request_digest_invalid";
    // The signature covers the digest as it is spelled.
    let spelled = |value: &str| {
        let value = value.to_owned();
        let draft = post().flag("Variant").sign();
        let from = digest(BODY);
        draft
            .change("content-digest", |_| value.clone())
            .resign(|base| base.replacen(&from, &value, 1))
    };
    let sum = sha256(&[BODY]);
    let text = STANDARD.encode(sum);
    let next = char::from(text.as_bytes()[42] + 1);
    vec![
        spelled("").refuse("a-digest-that-is-empty", code),
        spelled("sha-256=::").refuse("a-digest-of-no-bytes", code),
        spelled(&format!("sha-256=:{}:", STANDARD_NO_PAD.encode(sum)))
            .refuse("e01-a-digest-without-padding", code),
        spelled(&format!("sha-256=:{}{next}=:", &text[..42]))
            .refuse("e05-a-digest-with-loose-bits", code),
        spelled(&format!("sha-256=:{}:", URL_SAFE.encode([0xfb; 32])))
            .refuse("e04-a-digest-in-the-other-alphabet", code),
        spelled(&format!("sha-256={}", hex(&sum))).refuse("a-digest-in-hexadecimal", code),
        spelled(&format!("SHA-256=:{text}:")).refuse("a-digest-name-in-upper-case", code),
        spelled(&format!("sha-256=:{text}:;a=1")).refuse("a-digest-with-a-parameter", code),
        spelled(&format!("sha-256=:{text}:, sha-256=:{text}:")).refuse("a-digest-twice", code),
        spelled(&format!("sha-256=:{text}:, sha-512=:{HELLO_512}:"))
            .refuse("two-digests-of-two-algorithms", code),
        spelled(&format!("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, sha-256=:{text}:"))
            .refuse("an-unknown-digest-beside-ours", code),
        spelled("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:").refuse("a-digest-by-md5", code),
        spelled(&format!("sha-512=:{HELLO_512}:"))
            .refuse("a-digest-by-sha-512-where-sha-256-is-wanted", code),
        spelled(&format!("sha-256=:{}:", STANDARD.encode(&sum[..16])))
            .refuse("e18-a-digest-cut-short", code),
        post()
            .flag("Variant")
            .sign()
            .policy(json!({"digest": "sha-512"}))
            .refuse("a-digest-by-sha-256-where-sha-512-is-wanted", code),
    ]
}

fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(&[body])))
}

const BODY: &[u8] = br#"{"job":42}"#;
const NOTHING: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
/// A digest of RFC 9530; that it is of other content does not come to matter.
const HELLO_512: &str =
    "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==";
