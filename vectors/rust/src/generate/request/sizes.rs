//! Limits, from both sides.

use serde_json::json;

use crate::generate::draft::{Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [lines(), fields(), bases(), signatures(), contents()].concat()
}

fn get() -> Draft {
    Draft::get().flag("Size")
}

fn lines() -> Vec<RequestCase> {
    let method = |len| get().edit(|d| d.input.method = "A".repeat(len).into());
    let target = |len: usize| {
        // The slash and the query are part of the target; the question mark is not.
        let path = format!("/{}", "a".repeat(len - 1 - "state=open".len()));
        get().edit(|d| d.input.path = path.into())
    };
    let authority = |len| {
        let authority = "a".repeat(len);
        let policy = json!({"authorities": [authority]});
        get()
            .policy(policy)
            .edit(|d| d.input.authority = authority.into())
    };
    let longer = |draft: Draft, edit: fn(&mut Draft)| draft.sign().edit(edit);
    vec![
        method(32).sign().accept("a-method-of-32-characters"),
        longer(method(32), |d| d.input.method.0.push(b'A'))
            .refuse("a-method-of-33-characters", "request_method_invalid"),
        target(8192).sign().accept("a-target-of-8192-bytes"),
        longer(target(8192), |d| d.input.path.0.push(b'a'))
            .refuse("a-path-that-makes-the-target-8193-bytes", CODE),
        longer(target(8192), |d| d.input.query.0.push(b'a'))
            .refuse("a-query-that-makes-the-target-8193-bytes", CODE),
        authority(255).sign().accept("an-authority-of-255-bytes"),
        longer(authority(255), |d| d.input.authority.0.push(b'a'))
            .refuse("an-authority-of-256-bytes", CODE),
    ]
}

fn fields() -> Vec<RequestCase> {
    let noted = |len| {
        get()
            .policy(json!({"cover": ["x-note"]}))
            .with("X-Note", "a".repeat(len))
    };
    let with_lines = |len: usize| {
        let draft = get().sign();
        let more = len - draft.input.headers.len();
        (0..more).fold(draft, |draft, _| draft.with("x", ""))
    };
    let eight: Vec<_> = (0..8).map(|n| format!("x-{n}")).collect();
    let covering_eight = get().policy(json!({"cover": eight}));
    vec![
        noted(4096).sign().accept("a-covered-value-of-4096-bytes"),
        noted(4096)
            .sign()
            .change("x-note", |value| value + "a")
            .refuse("a-covered-value-of-4097-bytes", CODE),
        noted(4096)
            .sign()
            .change("x-note", |value| value + "  ")
            .accept("blanks-around-a-value-do-not-count"),
        with_lines(256).accept("256-field-lines"),
        with_lines(257).refuse("257-field-lines", CODE),
        eight
            .iter()
            .fold(covering_eight, |draft, name| draft.with(name, ""))
            .sign()
            .accept("8-extra-fields"),
    ]
}

fn bases() -> Vec<RequestCase> {
    let covered = |last: usize| {
        let draft = get().policy(json!({"cover": ["a", "b", "c", "d"]}));
        let values = [("a", 4096), ("b", 4096), ("c", 4096), ("d", last)];
        values.iter().fold(draft, |draft, (name, len)| {
            draft.with(name, "v".repeat(*len))
        })
    };
    // Lines of 14, 26, 17 and 22 bytes, and 5 bytes of name before each value; 7 line ends.
    let own = "\"@method\": GET\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?state=open\n";
    let names = "\"a\": \n\"b\": \n\"c\": \n\"d\": ";
    let last = 16_384 - own.len() - names.len() - 3 * 4096;
    vec![
        covered(last).sign().accept("covered-lines-of-16384-bytes"),
        covered(last)
            .sign()
            .change("d", |value| value + "v")
            .refuse("covered-lines-of-16385-bytes", CODE),
    ]
}

fn signatures() -> Vec<RequestCase> {
    let padded = |name: &'static str, len: usize, other: &'static str| {
        let draft = get()
            .sign()
            .change("signature-input", |value| value + ", a=()");
        let draft = draft.change("signature", |value| value + ", a=:AA==:");
        draft.change(name, |value| {
            let pad = len - value.len() - other.len() - 1;
            format!("{value}{other}{}\"", "x".repeat(pad))
        })
    };
    let beside = |count: usize| {
        (0..count).fold(get().sign(), |draft, n| {
            let draft = draft.change("signature-input", |value| format!("{value}, a{n}=()"));
            draft.change("signature", |value| format!("{value}, a{n}=:AA==:"))
        })
    };
    let parameter = ";p=\"";
    vec![
        padded("signature-input", 2048, parameter).accept("signature-input-of-2048-bytes"),
        padded("signature-input", 2049, parameter).refuse("signature-input-of-2049-bytes", CODE),
        padded("signature", 512, parameter).accept("signature-of-512-bytes"),
        padded("signature", 513, parameter).refuse("signature-of-513-bytes", CODE),
        padded("signature-input", 2048, parameter)
            .with("signature-input", " ")
            .refuse("signature-input-of-2049-bytes-in-two-lines", CODE),
        beside(3).accept("4-signatures"),
        beside(4).refuse("5-signatures", CODE),
        get()
            .sign()
            .swap("EBESExQVFhcYGRobHB0eHw", &"A".repeat(4096))
            .refuse("h17-a-nonce-of-4-kib", CODE),
        get()
            .sign()
            .swap("worker-7", &"k".repeat(65_536))
            .refuse("h14-a-key-id-of-64-kib", CODE),
        get()
            .sign()
            .change("signature-input", |value| value + &",".repeat(4096))
            .refuse("e09-signature-input-of-4096-commas", CODE),
    ]
}

fn contents() -> Vec<RequestCase> {
    let limited = |limit: u32| {
        Draft::post()
            .flag("Size")
            .policy(json!({"body_limit_bytes": limit}))
            .sign()
    };
    vec![
        limited(10).accept("content-as-large-as-the-limit"),
        limited(9).refuse("content-a-byte-over-the-limit", CODE),
        get()
            .policy(json!({"body_limit_bytes": 0}))
            .sign()
            .accept("no-content-where-none-is-allowed"),
    ]
}

const CODE: &str = "request_too_large";
