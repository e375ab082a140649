//! The claim: what it covers, and what each answer of the store means.

use crate::generate::draft::{Draft, RequestCase};
use crate::{Bytes, Reply};

pub(super) fn cases() -> Vec<RequestCase> {
    [answers(), identities()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Replay")
}

fn answers() -> Vec<RequestCase> {
    let answered = |reply| get().sign().answered(reply);
    vec![
        answered(Reply::Fresh).accept("a-claim-that-is-fresh"),
        answered(Reply::Held).refuse("h18-a-claim-that-is-held", "request_replayed"),
        answered(Reply::Stale).refuse(
            "h25-a-claim-that-the-store-cannot-judge",
            "request_store_warming",
        ),
        answered(Reply::Full).refuse("h23-a-store-without-room", "request_store_full"),
        answered(Reply::OwnerFull)
            .refuse("h23-a-key-that-has-used-up-its-share", "request_limited"),
        answered(Reply::Unavailable)
            .refuse("a-store-that-does-not-answer", "request_store_unavailable"),
        get()
            .sign()
            .after(60_000)
            .answered(Reply::Held)
            .refuse("h21-a-replay-at-the-end-of-the-window", "request_replayed"),
        get().sign().after(-60_000).answered(Reply::Held).refuse(
            "h21-a-replay-at-the-beginning-of-the-window",
            "request_replayed",
        ),
    ]
}

/// Pairs whose claims are compared by a test: equal for one request, different for two.
fn identities() -> Vec<RequestCase> {
    let named = |d: &mut Draft| {
        d.signer.id = "worker-8".into();
        d.keys[0].id = "worker-8".into();
    };
    vec![
        get()
            .sign()
            .after(-60_000)
            .accept("h21-same-claim-at-the-beginning-of-the-window"),
        get()
            .sign()
            .after(60_000)
            .accept("h21-same-claim-at-the-end-of-the-window"),
        get()
            .sign()
            .with("x-other", Bytes(b"uncovered".into()))
            .accept("h21-same-claim-whatever-is-uncovered"),
        get()
            .edit(|d| d.signed_at += 1000)
            .sign()
            .accept("h19-same-nonce-at-another-time-is-another-claim"),
        get()
            .edit(named)
            .sign()
            .accept("h20-same-nonce-by-another-key-is-another-claim"),
        get()
            .edit(|d| d.seed[15] ^= 1)
            .sign()
            .accept("h18-another-nonce-is-another-claim"),
    ]
}
