//! Which rule is named when two fail.
//!
//! Sizes, grammar and profile come first, since they cost nothing. Then comes the key with the MAC,
//! so that no stranger learns which keys exist or what time it is here; then the window, the content
//! and, last, the claim.

use serde_json::json;

use crate::generate::draft::{CREATED, Draft, RequestCase};
use crate::{Hex, Reply};

pub(super) fn cases() -> Vec<RequestCase> {
    [message(), secrets(), decisions()].concat()
}

fn post() -> Draft {
    Draft::post().flag("Order")
}

fn forged(d: &mut Draft) {
    d.keys[0].secret = Hex(vec![0xaa; 32]);
}

fn late(d: &mut Draft) {
    d.now = (CREATED + 300) * 1000;
}

fn message() -> Vec<RequestCase> {
    let mac = |value: String| value.replace("cs=:", "cs=:AAAA");
    vec![
        post()
            .policy(json!({"body_limit_bytes": 1}))
            .refuse("size-before-a-missing-signature", "request_too_large"),
        post().edit(|d| d.input.method = "post".into()).refuse(
            "grammar-before-a-missing-signature",
            "request_method_invalid",
        ),
        post()
            .sign()
            .edit(|d| d.input.authority = "other.example".into())
            .change("signature", mac)
            .refuse("the-macs-form-before-the-authority", "request_mac_invalid"),
        post()
            .sign()
            .edit(|d| d.input.authority = "other.example".into())
            .without("content-digest")
            .refuse(
                "the-authority-before-the-digest",
                "request_authority_unknown",
            ),
        post()
            .sign()
            .without("content-digest")
            .swap("created=1800000000", "created=01800000000")
            .refuse("the-digest-before-the-parameters", "request_digest_missing"),
        post()
            .sign()
            .swap("\"@method\" ", "")
            .resign(|base| base.replacen("created=1800000000", "created=01800000000", 1))
            .refuse(
                "components-before-parameters",
                "request_components_unexpected",
            ),
        post()
            .sign()
            .swap("created=1800000000", "created=01800000000")
            .edit(|d| d.keys.clear())
            .refuse("grammar-before-an-unknown-key", "request_created_invalid"),
        post()
            .sign()
            .without("content-digest")
            .edit(forged)
            .refuse("profile-before-the-mac", "request_digest_missing"),
    ]
}

fn secrets() -> Vec<RequestCase> {
    let (unknown, mismatch) = ("request_key_unknown", "request_mac_mismatch");
    vec![
        post()
            .sign()
            .edit(late)
            .edit(|d| d.keys.clear())
            .refuse("an-unknown-key-before-the-window", unknown),
        post()
            .sign()
            .edit(late)
            .edit(forged)
            .refuse("the-mac-before-the-window", mismatch),
        post()
            .sign()
            .edit(forged)
            .edit(|d| d.keys[0].revoked = true)
            .refuse("the-mac-before-a-revocation", mismatch),
        post()
            .sign()
            .edit(forged)
            .edit(|d| d.keys[0].until = Some(CREATED * 1000))
            .refuse("the-mac-before-the-keys-end", mismatch),
        post()
            .sign()
            .edit(forged)
            .edit(|d| d.keys[0].since = CREATED * 1000 + 1)
            .refuse("the-mac-before-the-keys-beginning", mismatch),
        post()
            .sign()
            .edit(forged)
            .edit(|d| d.input.body = "x".into())
            .refuse("the-mac-before-the-content", mismatch),
        post()
            .sign()
            .edit(|d| d.keys[0].revoked = true)
            .edit(|d| d.keys[0].until = Some(CREATED * 1000))
            .refuse("a-revocation-before-the-keys-end", "request_key_revoked"),
        post()
            .sign()
            .edit(late)
            .edit(|d| d.keys[0].revoked = true)
            .refuse("a-revocation-before-the-window", "request_key_revoked"),
    ]
}

fn decisions() -> Vec<RequestCase> {
    vec![
        post()
            .sign()
            .edit(late)
            .refuse("the-window-before-expires", "request_outside_window"),
        post()
            .sign()
            .edit(late)
            .edit(|d| d.input.body = "x".into())
            .refuse("the-window-before-the-content", "request_outside_window"),
        post()
            .edit(|d| d.life = 1)
            .sign()
            .after(2000)
            .edit(|d| d.input.body = "x".into())
            .refuse("expires-before-the-content", "request_expired"),
        post()
            .sign()
            .edit(|d| d.input.body = "x".into())
            .refuse("h22-the-content-before-the-claim", "request_body_mismatch"),
        post()
            .sign()
            .answered(Reply::Held)
            .after(60_000)
            .refuse("the-claim-comes-last", "request_replayed"),
    ]
}
