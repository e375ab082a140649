//! What of an answer is taken.

use serde_json::{Value, json};

use super::{Answer, Cause, Fetch, Story, URL, answer, of_header, set, story, with};
use crate::Bytes;
use crate::generate::jwt::draft::encoded;
use crate::generate::jwt::secrets::{By, secret};

pub(in crate::generate) fn cases() -> Vec<Fetch> {
    [good(), bad(), sets(), failures(), urls(), replaced()].concat()
}

/// The set is fetched anew with this answer.
fn anew(id: &str, flags: &[&'static str]) -> Story {
    with(id, flags, &["k1"]).at(600_000).due()
}

fn good() -> Vec<Fetch> {
    let taken = |id: &str, change: &dyn Fn(&mut Answer)| {
        let mut good = answer(2, &set(&["k2"]));
        change(&mut good);
        let story = anew(id, &["I-3", "Usual"]).responds(good, None, true);
        story.has(&["k2"], 2).failed(None).told()
    };
    let body = set(&["k2"]);
    let most = 262_144 - body.len();
    let many: Vec<_> = (0..64).map(|at| format!("k{at}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    vec![
        taken("an-answer-as-json", &|_| ()),
        taken("an-answer-as-a-set-of-keys", &|it| {
            it.content_type = Some("application/jwk-set+json".into());
        }),
        taken("an-answer-with-parameters", &|it| {
            it.content_type = Some("Application/JSON ; charset=utf-8".into());
        }),
        taken("an-answer-from-the-pinned-url", &|it| {
            it.url = Some(URL.into());
        }),
        taken("o06-an-answer-of-256-kib", &|it| it.blanks = Some(most)),
        anew("o06-a-set-of-64-keys", &["I-3", "Edge"])
            .responds(answer(2, &set(&many)), None, true)
            .has(&many, 2)
            .told(),
    ]
}

fn bad() -> Vec<Fetch> {
    let refused = |id: &str, code: &str, change: &dyn Fn(&mut Answer)| {
        let mut bad = answer(2, &set(&["k2"]));
        change(&mut bad);
        let story = anew(id, &["I-3"]).responds(bad, Some(code), false);
        story.has(&["k1"], 1).failed(Some(code)).told()
    };
    let body = set(&["k2"]);
    let one_more = 262_145 - body.len();
    let mut cases = vec![
        refused(
            "o06-an-answer-from-elsewhere",
            "jwt_fetch_redirect",
            &|it| {
                it.url = Some("http://169.254.169.254/latest".into());
            },
        ),
        refused(
            "o06-an-answer-from-another-path",
            "jwt_fetch_redirect",
            &|it| {
                it.url = Some(format!("{URL}/"));
            },
        ),
        refused("o06-a-page-of-a-proxy", "jwt_fetch_content_type", &|it| {
            it.content_type = Some("text/html".into());
        }),
        refused("o06-no-content-type", "jwt_fetch_content_type", &|it| {
            it.content_type = None;
        }),
        refused(
            "o06-a-content-type-that-begins-alike",
            "jwt_fetch_content_type",
            &|it| {
                it.content_type = Some("application/json5".into());
            },
        ),
        refused(
            "o06-an-answer-of-256-kib-and-a-byte",
            "jwt_fetch_too_large",
            &|it| {
                it.blanks = Some(one_more);
            },
        ),
        refused("o06-an-answer-that-is-no-text", "jwt_fetch_keys", &|it| {
            it.body = Bytes(vec![0xff]);
        }),
    ];
    for status in [301, 302, 303, 307, 308] {
        let id = format!("o06-a-redirect-of-status-{status}");
        let case = refused(&id, "jwt_fetch_redirect", &|it| it.status = status);
        cases.push(case);
    }
    for status in [0, 201, 204, 206, 400, 404, 429, 500, 503] {
        let id = format!("o06-status-{status}");
        let case = refused(&id, "jwt_fetch_status", &|it| it.status = status);
        cases.push(case);
    }
    cases
}

fn sets() -> Vec<Fetch> {
    let refused = |id: &str, code: &str, body: &str| {
        let bad = answer(2, body);
        let story = anew(id, &["I-3", "Key"]).responds(bad, Some(code), false);
        story.has(&["k1"], 1).failed(Some(code)).told()
    };
    let of = |keys: &[Value]| json!({"keys": keys}).to_string();
    let changed = |name: &str, value: Value| {
        let mut jwk = By::EdDsa.jwk("k2");
        jwk[name] = value;
        jwk
    };
    let many: Vec<_> = (0..65).map(|at| By::EdDsa.jwk(&format!("k{at}"))).collect();
    let good = || By::EdDsa.jwk("k1");
    let mut for_encryption = changed("d", json!("AA"));
    for_encryption["use"] = json!("enc");
    let keys = "jwt_fetch_keys";
    vec![
        refused("o06-a-set-of-65-keys", "jwt_fetch_too_large", &of(&many)),
        refused(
            "o06-a-private-key",
            "jwt_fetch_secret",
            &of(&[good(), changed("d", json!("AA"))]),
        ),
        refused(
            "o06-a-private-key-for-encryption",
            "jwt_fetch_secret",
            &of(&[good(), for_encryption]),
        ),
        refused(
            "o06-a-secret-key",
            "jwt_fetch_secret",
            &of(&[
                good(),
                json!({"kty": "oct", "alg": "HS256", "kid": "k2", "k": encoded(secret(32))}),
            ]),
        ),
        refused("o06-one-id-twice", keys, &of(&[good(), good()])),
        refused(
            "o06-one-id-for-two-kinds",
            keys,
            &of(&[good(), By::Es256.jwk("k1")]),
        ),
        refused(
            "o06-a-damaged-key",
            keys,
            &of(&[good(), changed("x", json!("AA"))]),
        ),
        refused(
            "o06-a-key-without-an-id",
            keys,
            &of(&[good(), changed("kid", Value::Null)]),
        ),
        refused(
            "o06-an-id-of-256-letters",
            keys,
            &of(&[changed("kid", json!("k".repeat(256)))]),
        ),
        refused("o06-no-keys", keys, &of(&[])),
        refused("o06-no-set", keys, "{}"),
        refused("o06-a-list", keys, "[]"),
        refused("o06-nothing", keys, ""),
        refused("o06-half-a-set", keys, r#"{"keys":["#),
        refused("o06-two-sets", keys, &(of(&[good()]) + &of(&[good()]))),
        refused("o06-keys-twice", keys, r#"{"keys":[],"keys":[]}"#),
    ]
}

fn failures() -> Vec<Fetch> {
    let named = [
        ("connection", Cause::Connection),
        ("redirect", Cause::Redirect),
        ("timeout", Cause::Timeout),
        ("tls", Cause::Tls),
        ("too-large", Cause::TooLarge),
    ];
    let mut cases = Vec::new();
    for (name, cause) in named {
        let code = format!("jwt_fetch_{}", name.replace('-', "_"));
        let kept = anew(&format!("o06-no-answer-{name}"), &["I-2"]);
        let kept = kept.fails(2, cause).failed(Some(&code)).has(&["k1"], 1);
        cases.push(kept.told());
        let first = story(&format!("o06-no-first-answer-{name}"), &["I-2"]).due();
        let first = first.fails(1, cause).failed(Some(&code));
        cases.push(first.has_none("jwt_keys_unavailable").told());
    }
    cases.push(
        anew("a-failure-is-over-with-the-next-set", &["I-2"])
            .fails(2, Cause::Connection)
            .at(700_000)
            .due()
            .same_set(3, &["k1"])
            .failed(None)
            .told(),
    );
    cases
}

fn urls() -> Vec<Fetch> {
    let of = |id: &str, header: Value| {
        let token = of_header(&header);
        let mut story = with(id, &["I-4"], &["k1"]);
        let order = story.ordered();
        let told = json!({"hope": true, "order": order});
        story.step(super::Does::Wanted { token }, told).told()
    };
    let evil = "https://evil.example/keys";
    vec![
        of(
            "o04-a-kid-that-is-a-url",
            json!({"alg": "EdDSA", "kid": evil}),
        ),
        of(
            "o04-a-jku",
            json!({"alg": "EdDSA", "kid": "k2", "jku": evil}),
        ),
        of(
            "o04-an-x5u",
            json!({"alg": "EdDSA", "kid": "k2", "x5u": evil}),
        ),
        of(
            "o04-a-kid-with-a-line-end",
            json!({"alg": "EdDSA", "kid": "k2\r\nHost: evil.example"}),
        ),
    ]
}

fn replaced() -> Vec<Fetch> {
    vec![
        with("o07-a-key-that-was-taken-back", &["I-6"], &["k1", "k2"])
            .at(600_000)
            .due()
            .new_set(2, &["k2"])
            .has(&["k2"], 2)
            .fetches("k1")
            .same_set(3, &["k2"])
            .wants("k1", false)
            .told(),
        with("o07-every-key-is-another-one", &["I-6"], &["k1", "k2"])
            .at(600_000)
            .due()
            .new_set(2, &["k3"])
            .has(&["k3"], 2)
            .told(),
        with("the-order-of-keys-is-no-change", &["I-6"], &["k1", "k2"])
            .at(600_000)
            .due()
            .same_set(2, &["k2", "k1"])
            .has(&["k1", "k2"], 1)
            .told(),
        with("a-set-that-comes-again-is-another-one", &["I-6"], &["k1"])
            .at(600_000)
            .due()
            .new_set(2, &["k2"])
            .at(1_300_000)
            .due()
            .new_set(3, &["k1"])
            .has(&["k1"], 3)
            .told(),
        story("no-keys-before-the-first-set", &["I-6"])
            .has_none("jwt_keys_unavailable")
            .due()
            .has_none("jwt_keys_unavailable")
            .new_set(1, &["k1"])
            .has(&["k1"], 1)
            .told(),
    ]
}
