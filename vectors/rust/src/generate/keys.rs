//! Keys alone, and keys together.

use serde_json::{Value, json};

use super::draft::{refused, worker};
use crate::request::NoInput;
use crate::{Case, Expect, Hex, KeyMembers, Verdict};

pub(super) fn single() -> Vec<Case<NoInput>> {
    let key = |edit: &dyn Fn(&mut KeyMembers)| {
        let mut key = worker();
        edit(&mut key);
        key
    };
    let id = |id: &str| key(&|k| k.id = id.into());
    let secret = |len: u8| key(&|k| k.secret = Hex((0..len).collect()));
    let scope = |scope: &str| key(&|k| k.scope = scope.into());
    let (bad_id, short, bad_scope) = (
        "key_id_invalid",
        "key_too_short",
        "request_key_scope_invalid",
    );
    vec![
        made("key-of-defaults", worker()),
        made(
            "key-of-every-member",
            key(&|k| {
                (k.since, k.until) = (1_800_000_000_000, Some(1_800_000_000_001));
                (k.scope, k.revoked) = ("jobs:read".into(), true);
            }),
        ),
        made("h14-key-with-an-id-of-1-character", id("k")),
        made("h14-key-with-an-id-of-64-characters", id(&"k".repeat(64))),
        made(
            "key-with-an-id-of-every-kind-of-character",
            id("AZaz09_.:-"),
        ),
        refusal("h14-key-without-an-id", vec![id("")], bad_id),
        refusal(
            "h14-key-with-an-id-of-65-characters",
            vec![id(&"k".repeat(65))],
            bad_id,
        ),
        refusal("key-with-a-blank-in-its-id", vec![id("worker 7")], bad_id),
        refusal(
            "j22-key-with-a-path-for-an-id",
            vec![id("../dev/null")],
            bad_id,
        ),
        refusal(
            "a02-key-with-a-line-end-in-its-id",
            vec![id("worker-7\n")],
            bad_id,
        ),
        refusal(
            "key-with-an-id-outside-ascii",
            vec![id("worker-\u{667}")],
            bad_id,
        ),
        made("j34-key-with-a-secret-of-32-bytes", secret(32)),
        made("key-with-a-secret-of-200-bytes", secret(200)),
        refusal("j34-key-without-a-secret", vec![secret(0)], short),
        refusal("j34-key-with-a-secret-of-1-byte", vec![secret(1)], short),
        refusal("j34-key-with-a-secret-of-16-bytes", vec![secret(16)], short),
        refusal("j34-key-with-a-secret-of-31-bytes", vec![secret(31)], short),
        made("key-with-a-scope-of-256-bytes", scope(&"s".repeat(256))),
        refusal(
            "key-with-a-scope-of-257-bytes",
            vec![scope(&"s".repeat(257))],
            bad_scope,
        ),
        refusal(
            "a02-key-with-a-line-end-in-its-scope",
            vec![scope("a\nb")],
            bad_scope,
        ),
        refusal(
            "key-with-a-tab-in-its-scope",
            vec![scope("a\tb")],
            bad_scope,
        ),
        refusal(
            "a02-key-with-a-scope-that-turns-text-around",
            vec![scope("\u{202e}")],
            bad_scope,
        ),
    ]
}

pub(super) fn several() -> Vec<Case<NoInput>> {
    let named = |ids: &[&str]| -> Vec<KeyMembers> {
        let key = |id: &&str| KeyMembers {
            id: (*id).into(),
            ..worker()
        };
        ids.iter().map(key).collect()
    };
    let together = |id: &str, given: &[&str], sorted: &[&str]| {
        case(id, named(given), accepted(json!({ "ids": sorted })))
    };
    let repeated = "request_key_repeated";
    vec![
        together("keys-none", &[], &[]),
        together(
            "keys-in-the-order-of-their-ids",
            &["b", "a", "ab"],
            &["a", "ab", "b"],
        ),
        together("keys-whose-ids-differ-in-case", &["a", "A"], &["A", "a"]),
        refusal("o01-keys-with-one-id", named(&["a", "b", "a"]), repeated),
        refusal(
            "keys-with-a-bad-one-among-them",
            named(&["a", "b c"]),
            "key_id_invalid",
        ),
    ]
}

/// The case of a key that can be.
fn made(id: &str, key: KeyMembers) -> Case<NoInput> {
    let output = json!({
        "id": key.id, "since": key.since, "until": key.until, "scope": key.scope, "revoked": key.revoked,
    });
    case(id, vec![key], accepted(output))
}

fn refusal(id: &str, keys: Vec<KeyMembers>, code: &str) -> Case<NoInput> {
    case(id, keys, refused(code))
}

fn accepted(output: Value) -> Expect {
    Expect {
        verdict: Verdict::Accept,
        code: None,
        public: None,
        output,
    }
}

fn case(id: &str, keys: Vec<KeyMembers>, expect: Expect) -> Case<NoInput> {
    Case {
        id: id.into(),
        flags: vec!["Q-14".into(), "Key".into()],
        policy: None,
        now: 0,
        seed: Hex(Vec::new()),
        keys,
        input: NoInput {},
        raw: None,
        sockets: std::collections::BTreeMap::new(),
        replies: Vec::new(),
        expect,
    }
}
