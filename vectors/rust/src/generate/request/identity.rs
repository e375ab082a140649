//! Whose signature it is, and whether it is theirs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Hex;
use crate::generate::draft::{CREATED, Draft, RequestCase, worker};

pub(super) fn cases() -> Vec<RequestCase> {
    [ids(), times(), macs()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Key")
}

fn ids() -> Vec<RequestCase> {
    let unknown = "request_key_unknown";
    let named = |id: &str| {
        get().edit(|d| {
            d.signer.id = id.into();
            d.keys[0].id = id.into();
        })
    };
    let other = |d: &mut Draft| {
        d.keys.push(worker());
        d.keys[1].id = "worker-8".into();
        d.keys[1].secret = Hex((32..64).collect());
    };
    vec![
        named("k")
            .sign()
            .flag("Edge")
            .accept("h14-a-key-id-of-1-character"),
        named(&"k".repeat(64))
            .sign()
            .flag("Edge")
            .accept("h14-a-key-id-of-64-characters"),
        named("AZaz09_.:-")
            .sign()
            .accept("a-key-id-of-every-kind-of-character"),
        get().edit(other).sign().accept("one-of-two-known-keys"),
        get()
            .sign()
            .edit(|d| d.keys.clear())
            .refuse("no-keys-at-all", unknown),
        get()
            .sign()
            .edit(|d| d.keys[0].id = "worker-8".into())
            .refuse("h14-an-unknown-key-id", unknown),
        get()
            .sign()
            .edit(|d| d.keys[0].id = "Worker-7".into())
            .refuse("the-case-of-a-key-id-counts", unknown),
        get()
            .sign()
            .edit(|d| d.keys[0].id = "worker-77".into())
            .refuse("a-key-id-is-no-prefix", unknown),
        get()
            .edit(other)
            .sign()
            .swap("keyid=\"worker-7\"", "keyid=\"worker-8\"")
            .refuse("h14-the-key-id-of-another-tenant", "request_mac_mismatch"),
        get()
            .sign()
            .edit(|d| d.keys[0].secret = Hex((1..33).collect()))
            .refuse("another-secret-under-the-same-id", "request_mac_mismatch"),
    ]
}

fn times() -> Vec<RequestCase> {
    let now = CREATED * 1000;
    let since = |ms| get().flag("Edge").sign().edit(|d| d.keys[0].since = ms);
    let until = |ms| {
        get()
            .flag("Edge")
            .sign()
            .edit(|d| d.keys[0].until = Some(ms))
    };
    vec![
        since(now).accept("a-key-in-its-first-millisecond"),
        since(now + 1).refuse(
            "a-key-a-millisecond-before-it-begins",
            "request_key_not_yet_valid",
        ),
        until(now + 1).accept("a-key-in-its-last-millisecond"),
        until(now).refuse("a-key-that-is-over-now", "request_key_expired"),
        get()
            .sign()
            .edit(|d| d.keys[0].revoked = true)
            .refuse("a-revoked-key", "request_key_revoked"),
        get()
            .sign()
            .after(-1000)
            .edit(|d| d.keys[0].since = now - 500)
            .refuse(
                "a-key-begins-on-the-verifiers-clock",
                "request_key_not_yet_valid",
            ),
    ]
}

fn macs() -> Vec<RequestCase> {
    let edit = |edit: &dyn Fn(&mut Vec<u8>)| {
        get().flag("Changed").sign().change("signature", |value| {
            let mut tag = STANDARD.decode(&value[4..48]).expect("the signer's base64");
            edit(&mut tag);
            format!("cs=:{}:", STANDARD.encode(tag))
        })
    };
    let mismatch = "request_mac_mismatch";
    let equal_up_to = [0, 1, 8, 16, 24, 31].map(|len: usize| {
        let draft = edit(&|tag| tag[len..].iter_mut().for_each(|byte| *byte ^= 0xff));
        draft.refuse(
            &format!("h27-a-mac-equal-in-its-first-{len}-bytes"),
            mismatch,
        )
    });
    let mut cases = vec![
        edit(&|tag| tag[0] ^= 0x80).refuse("h27-a-mac-with-its-first-bit-flipped", mismatch),
        edit(&|tag| tag[31] ^= 1).refuse("h27-a-mac-with-its-last-bit-flipped", mismatch),
        edit(&|tag| tag.fill(0)).refuse("a-mac-of-zeros", mismatch),
        edit(&|tag| tag.reverse()).refuse("a-mac-backwards", mismatch),
    ];
    cases.extend(equal_up_to);
    cases
}
