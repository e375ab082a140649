//! Requests that other signers signed.
//!
//! Bases are written by hand, and signatures are worked out over them: nothing here is read with the crates.

mod draft;
mod published;

use serde_json::{Value, json};

use self::draft::Draft;
use crate::{Case, Reply, RequestInput};

pub(super) type Foreign = Case<RequestInput>;

pub(super) fn cases() -> Vec<Foreign> {
    [
        usual(),
        lists(),
        required(),
        queries(),
        parameters(),
        times_and_names(),
        content(),
        fields(),
        changed(),
        claims(),
        policies(),
        published::cases(),
    ]
    .concat()
}

/// Responses that nobody could check.
pub(super) fn answers() -> Vec<Foreign> {
    let mut case = Draft::get().refuse(
        "no-response-to-a-foreign-request",
        &["F-1", "Sign"],
        "response_sign_foreign",
    );
    case.replies = vec![Reply::Fresh];
    vec![case]
}

fn usual() -> Vec<Foreign> {
    vec![
        Draft::get().accept("a-request", &["F-2", "Usual"]),
        Draft::post().accept("a-request-with-content", &["F-6", "Usual"]),
        Draft::get()
            .list(r#"("@query" "@path" "@authority" "@method")"#)
            .lines("\"@query\": ?state=open\n\"@path\": /v1/jobs\n\"@authority\": api.example\n\"@method\": GET")
            .accept("components-in-another-order", &["F-2", "Usual"]),
        Draft::get()
            .params(r#";keyid="worker-7";nonce="n-1";alg="hmac-sha256";created=1800000000"#)
            .accept("parameters-in-another-order", &["F-5", "Usual"]),
        Draft::get()
            .params(r#";created=1800000000;nonce="n-1";keyid="worker-7""#)
            .accept("parameters-without-alg", &["F-5", "Usual"]),
        Draft::get()
            .params(r#";created=1800000000;expires=1800000030;nonce="n-1";keyid="worker-7""#)
            .ending(1_800_000_030)
            .accept("parameters-with-an-end", &["F-5", "Usual"]),
        Draft::get()
            .params(r#";created=1800000000;nonce="n-1";keyid="worker-7";tag="shop""#)
            .accept("a-tag-that-nobody-asked-for", &["F-5", "Usual"]),
        Draft::get()
            .policy(json!({"tag": "shop"}))
            .params(r#";created=1800000000;nonce="n-1";keyid="worker-7";tag="shop""#)
            .accept("the-tag-of-the-policy", &["F-1", "Usual"]),
        Draft::get()
            .policy(json!({"tag": "shop"}))
            .params(r#";created=1800000000;nonce="n-1";keyid="worker-7";tag="shop""#)
            .beside(r#"b=();tag="other""#, "b=:AA==:")
            .accept("the-tag-of-the-policy-beside-another", &["F-1", "Usual"]),
        Draft::get()
            .policy(json!({"require_nonce": false}))
            .params(r#";created=1800000000;keyid="worker-7""#)
            .accept("no-nonce-where-the-policy-does-without", &["F-5", "Usual"]),
        Draft::get()
            .list(r#"("@method" "@target-uri" "@scheme" "@request-target" "@authority" "@path" "@query")"#)
            .lines(
                "\"@method\": GET\n\"@target-uri\": https://api.example/v1/jobs?state=open\n\"@scheme\": https\n\
                 \"@request-target\": /v1/jobs?state=open\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\
                 \"@query\": ?state=open",
            )
            .accept("every-derived-component", &["F-2", "Usual"]),
        Draft::get()
            .query("")
            .list(r#"("@method" "@target-uri" "@request-target" "@authority" "@path" "@query")"#)
            .lines(
                "\"@method\": GET\n\"@target-uri\": https://api.example/v1/jobs\n\"@request-target\": /v1/jobs\n\
                 \"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?",
            )
            .accept("no-query", &["F-2", "Usual"]),
        Draft::get()
            .authority("API.example:443")
            .accept("an-authority-in-capitals-with-its-port", &["F-2", "Usual"]),
    ]
}

fn lists() -> Vec<Foreign> {
    let list = |id: &str, list: &str| {
        Draft::get()
            .list(list)
            .refuse(id, &["F-2", "Variant"], "request_components_unexpected")
    };
    let four = r#""@method" "@authority" "@path" "@query""#;
    vec![
        list("a-blank-before-the-list-ends", &format!("({four} )")),
        list("a-blank-where-the-list-begins", &format!("( {four})")),
        list(
            "two-blanks-in-the-list",
            &format!("({})", four.replace("\" \"@path", "\"  \"@path")),
        ),
        list("a-component-twice", &format!("({four} \"@method\")")),
        list(
            "an-unknown-derived-component",
            &format!("({four} \"@status\")"),
        ),
        list("the-signature-itself", &format!("({four} \"signature\")")),
        list("a-field-in-capitals", &format!("({four} \"Date\")")),
        list("a-component-without-a-name", &format!("({four} \"\")")),
        list("a-component-that-is-a-token", &format!("({four} date)")),
        list("a-component-with-req", &format!("({four} \"date\";req)")),
        list("a-component-with-sf", &format!("({four} \"date\";sf)")),
        list("a-component-with-bs", &format!("({four} \"date\";bs)")),
        list("a-component-with-tr", &format!("({four} \"date\";tr)")),
        list(
            "a-component-with-key",
            &format!("({four} \"date\";key=\"a\")"),
        ),
        list(
            "a-derived-component-with-a-parameter",
            &format!("({four} \"@scheme\";name=\"a\")"),
        ),
        list(
            "a-parameter-of-the-query-without-its-name",
            &format!("({four} \"@query-param\")"),
        ),
        list(
            "more-components-than-24",
            &format!(
                "({four} {})",
                (0..21)
                    .map(|n| format!("\"a{n}\""))
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
        ),
        Draft::get().member("\"a\"").refuse(
            "no-list",
            &["F-1", "Variant"],
            "request_components_unexpected",
        ),
        Draft::get().beside(r"b=()", "b=:AA==:").refuse(
            "two-signatures-and-no-tag",
            &["F-1", "Ambiguous"],
            "request_signature_repeated",
        ),
        Draft::get().policy(json!({"tag": "shop"})).refuse(
            "no-signature-of-the-tag",
            &["F-1", "Uncovered"],
            "request_signature_missing",
        ),
    ]
}

fn required() -> Vec<Foreign> {
    let without = |id: &str, component: &str, line: &str| {
        let draft = Draft::get();
        let list = draft
            .list
            .replace(&format!("\"{component}\""), "")
            .replace("  ", " ");
        let list = list.replace("( ", "(").replace(" )", ")");
        let lines = draft.lines.lines().filter(|other| !other.starts_with(line));
        let lines = lines.collect::<Vec<_>>().join("\n");
        Draft::get().list(&list).lines(&lines).refuse(
            id,
            &["F-2", "Uncovered"],
            "request_components_unexpected",
        )
    };
    vec![
        without("no-method", "@method", "\"@method"),
        without("no-authority", "@authority", "\"@authority"),
        without("no-path", "@path", "\"@path"),
        without("no-query-covered", "@query", "\"@query"),
        Draft::get()
            .policy(json!({"require": ["@method", "date"]}))
            .refuse("no-date-where-the-policy-requires-it", &["F-2", "Uncovered"], "request_components_unexpected"),
        Draft::get()
            .policy(json!({"require": ["date", "@target-uri"]}))
            .with("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
            .list(r#"("date" "@target-uri")"#)
            .lines("\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@target-uri\": https://api.example/v1/jobs?state=open")
            .accept("what-the-policy-requires-and-no-more", &["F-2", "Usual"]),
        Draft::get()
            .authority("other.example")
            .policy(json!({"require": ["@path"]}))
            .list(r#"("@path")"#)
            .lines("\"@path\": /v1/jobs")
            .refuse("another-authority-that-is-not-covered", &["F-2", "Uncovered"], "request_authority_unknown"),
    ]
}

fn queries() -> Vec<Foreign> {
    let draft = |query: &str, value: &str| {
        Draft::get()
            .query(query)
            .policy(json!({"require": ["@path", "@query-param;name=\"page\""]}))
            .list(r#"("@path" "@query-param";name="page")"#)
            .lines(&format!(
                "\"@path\": /v1/jobs\n\"@query-param\";name=\"page\": {value}"
            ))
    };
    let refused = |id: &str, query: &str, value: &str| {
        draft(query, value).refuse(id, &["F-4", "Ambiguous"], "request_components_unexpected")
    };
    vec![
        draft("a=1&page=2&b=3", "2").accept("a-parameter-of-the-query", &["F-4", "Usual"]),
        draft("page=", "").accept("a-parameter-without-a-value", &["F-4", "Usual"]),
        draft("page", "").accept("a-parameter-that-is-a-name-alone", &["F-4", "Usual"]),
        draft("page=a-b._~", "a-b._~")
            .accept("a-parameter-of-unreserved-characters", &["F-4", "Usual"]),
        refused("a-parameter-that-is-not-there", "a=1", ""),
        refused("a-parameter-twice", "page=1&page=2", "1"),
        refused("a-parameter-once-more-encoded", "page=1&p%61ge=2", "1"),
        refused("a-parameter-with-an-encoded-value", "page=%32", "2"),
        refused("a-parameter-with-a-plus", "page=a+b", "a%20b"),
        refused("a-parameter-with-a-reserved-character", "page=a=b", "a%3Db"),
        draft("page=3", "2").refuse(
            "another-value-of-the-parameter",
            &["F-4", "Changed"],
            "request_mac_mismatch",
        ),
    ]
}

fn parameters() -> Vec<Foreign> {
    let with = |id: &str, params: &str, code: &str| {
        Draft::get()
            .params(params)
            .refuse(id, &["F-5", "Variant"], code)
    };
    let unexpected = "request_parameters_unexpected";
    let more = |more: &str| format!(r#";created=1800000000;nonce="n-1";keyid="worker-7"{more}"#);
    vec![
        with("an-unknown-parameter", &more(";context=1"), unexpected),
        with(
            "a-parameter-without-a-value-in-the-list",
            &more(";q"),
            unexpected,
        ),
        with("created-twice", &more(";created=1800000000"), unexpected),
        with("the-key-id-twice", &more(";keyid=\"worker-7\""), unexpected),
        with(
            "a-blank-between-parameters",
            &more("; alg=\"hmac-sha256\""),
            unexpected,
        ),
        with(
            "another-algorithm",
            &more(";alg=\"hmac-sha512\""),
            unexpected,
        ),
        with(
            "an-algorithm-that-is-a-token",
            &more(";alg=hmac-sha256"),
            unexpected,
        ),
        with(
            "the-tag-of-the-strict-profile",
            &more(";tag=\"counterseal/1\""),
            unexpected,
        ),
        with(
            "the-tag-of-responses",
            &more(";tag=\"counterseal/1/response\""),
            unexpected,
        ),
        with(
            "an-escape-in-a-string",
            &more(";tag=\"a\\\\b\""),
            unexpected,
        ),
    ]
}

fn times_and_names() -> Vec<Foreign> {
    let with = |id: &str, params: &str, code: &str| {
        Draft::get()
            .params(params)
            .refuse(id, &["F-5", "Variant"], code)
    };
    let unexpected = "request_parameters_unexpected";
    let more = |more: &str| format!(r#";created=1800000000;nonce="n-1";keyid="worker-7"{more}"#);
    vec![
        with(
            "created-is-missing",
            r#";nonce="n-1";keyid="worker-7""#,
            "request_created_invalid",
        ),
        with(
            "created-is-text",
            r#";created="1800000000";nonce="n-1";keyid="worker-7""#,
            unexpected,
        ),
        with(
            "created-is-negative",
            r#";created=-1;nonce="n-1";keyid="worker-7""#,
            "request_created_invalid",
        ),
        with(
            "created-has-a-fraction",
            r#";created=1800000000.5;nonce="n-1";keyid="worker-7""#,
            "request_created_invalid",
        ),
        with(
            "created-with-a-leading-zero",
            r#";created=01800000000;nonce="n-1";keyid="worker-7""#,
            "request_created_invalid",
        ),
        with(
            "an-end-at-the-beginning",
            &more(";expires=1800000000"),
            "request_expires_invalid",
        ),
        with(
            "an-end-with-a-leading-zero",
            &more(";expires=01800000030"),
            "request_expires_invalid",
        ),
        with(
            "no-nonce",
            r#";created=1800000000;keyid="worker-7""#,
            "request_nonce_invalid",
        ),
        with(
            "an-empty-nonce",
            r#";created=1800000000;nonce="";keyid="worker-7""#,
            "request_nonce_invalid",
        ),
        with(
            "a-nonce-of-129-characters",
            &format!(
                r#";created=1800000000;nonce="{}";keyid="worker-7""#,
                "n".repeat(129)
            ),
            "request_nonce_invalid",
        ),
        Draft::get()
            .params(&format!(
                r#";created=1800000000;nonce="{}";keyid="worker-7""#,
                "n".repeat(128)
            ))
            .accept("a-nonce-of-128-characters", &["F-5", "Edge"]),
        with(
            "no-key-id",
            r#";created=1800000000;nonce="n-1""#,
            "request_key_id_invalid",
        ),
        with(
            "a-key-id-with-a-blank",
            r#";created=1800000000;nonce="n-1";keyid="worker 7""#,
            "request_key_id_invalid",
        ),
    ]
}

fn content() -> Vec<Foreign> {
    let uncovered = |id: &str| {
        Draft::post()
            .list(r#"("@method" "@authority" "@path" "@query")"#)
            .lines("\"@method\": POST\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?state=open")
            .named(id)
    };
    let sha512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    vec![
        uncovered("content-without-a-covered-digest")
            .refuse_named(&["F-6", "Uncovered"], "request_digest_missing"),
        uncovered("content-without-a-digest-where-the-policy-does-without")
            .policy(json!({"require_digest": false}))
            .accept_named(&["F-6", "Usual"]),
        Draft::post()
            .body("{\"hello\": \"world\"}")
            .digest(sha512)
            .accept("a-digest-of-sha-512", &["F-6", "Usual"]),
        Draft::post()
            .digest("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:")
            .refuse(
                "a-digest-of-md5",
                &["F-6", "Variant"],
                "request_digest_invalid",
            ),
        Draft::post().body("{\"job\":43}").refuse(
            "other-content",
            &["F-6", "Changed"],
            "request_body_mismatch",
        ),
        Draft::post().without("content-digest").refuse(
            "a-covered-digest-that-is-not-there",
            &["F-6", "Uncovered"],
            "request_digest_missing",
        ),
        Draft::post().with("content-encoding", "gzip").refuse(
            "a-content-coding",
            &["F-6", "Uncovered"],
            "request_content_encoding_uncovered",
        ),
    ]
}

fn fields() -> Vec<Foreign> {
    let dated = || {
        Draft::get()
            .list(r#"("@method" "@authority" "@path" "@query" "x-b")"#)
            .lines(
                "\"@method\": GET\n\"@authority\": api.example\n\"@path\": /v1/jobs\n\"@query\": ?state=open\n\"x-b\": a b",
            )
    };
    vec![
        dated()
            .with("X-B", " a b\t")
            .accept("a-field", &["F-3", "Usual"]),
        dated().refuse(
            "a-field-that-is-not-there",
            &["F-3", "Uncovered"],
            "request_header_missing",
        ),
        dated().with("x-b", "a b").with("x-b", "a b").refuse(
            "a-field-twice",
            &["F-3", "Ambiguous"],
            "request_header_repeated",
        ),
        dated().with("x-b", "a b").with("x_b", "c").refuse(
            "a-look-alike-of-a-field",
            &["F-3", "Ambiguous"],
            "request_header_repeated",
        ),
        dated().with("x-b", "a\u{e9}").refuse(
            "a-field-that-is-not-ascii",
            &["F-3", "Ambiguous"],
            "request_header_invalid",
        ),
        dated().with("x-b", "a c").refuse(
            "another-value-of-a-field",
            &["F-3", "Changed"],
            "request_mac_mismatch",
        ),
    ]
}

fn changed() -> Vec<Foreign> {
    let late = |id: &str, now: i64, flag| {
        let mut draft = Draft::get();
        draft.now = now;
        (draft, id.to_owned(), flag)
    };
    let (edge, edge_id, _) = late("at-the-end-of-the-window", NOW + 60_000, "Edge");
    let (over, over_id, _) = late("after-the-window", NOW + 61_000, "Edge");
    let mut unknown = Draft::get();
    unknown.key.id = "worker-8".into();
    vec![
        Draft::get().path("/v1/Jobs").refuse(
            "another-path",
            &["F-3", "Changed"],
            "request_mac_mismatch",
        ),
        Draft::get().query("state=shut").refuse(
            "another-query",
            &["F-3", "Changed"],
            "request_mac_mismatch",
        ),
        edge.accept(&edge_id, &["F-5", "Edge"]),
        over.refuse(&over_id, &["F-5", "Edge"], "request_outside_window"),
        unknown.refuse(
            "a-key-that-is-not-known",
            &["F-5", "Key"],
            "request_key_unknown",
        ),
    ]
}

fn claims() -> Vec<Foreign> {
    let answered = |id: &str, reply: Reply, code: &str| {
        let mut case = Draft::get().refuse(id, &["F-7", "Replay"], code);
        case.replies = vec![reply];
        case
    };
    vec![
        answered("a-replay", Reply::Held, "request_replayed"),
        answered("a-full-store", Reply::Full, "request_store_full"),
        answered(
            "a-store-that-does-not-answer",
            Reply::Unavailable,
            "request_store_unavailable",
        ),
    ]
}

fn policies() -> Vec<Foreign> {
    let policy = |id: &str, members: Value, code: &str| {
        Draft::get()
            .policy(members)
            .refuse(id, &["F-8", "Policy"], code)
    };
    vec![
        policy(
            "no-authorities",
            json!({"authorities": []}),
            "request_policy_authorities",
        ),
        policy("an-empty-tag", json!({"tag": ""}), "request_policy_tag"),
        policy(
            "a-tag-with-a-quote",
            json!({"tag": "a\"b"}),
            "request_policy_tag",
        ),
        policy(
            "a-tag-of-65-characters",
            json!({"tag": "t".repeat(65)}),
            "request_policy_tag",
        ),
        policy(
            "the-strict-tag-in-a-policy",
            json!({"tag": "counterseal/1"}),
            "request_policy_tag",
        ),
        policy(
            "a-required-component-twice",
            json!({"require": ["@path", "@path"]}),
            "request_policy_cover",
        ),
        policy(
            "a-required-component-that-is-unknown",
            json!({"require": ["@status"]}),
            "request_policy_cover",
        ),
        policy(
            "a-required-field-in-capitals",
            json!({"require": ["Date"]}),
            "request_policy_cover",
        ),
        policy(
            "a-required-field-with-a-quote",
            json!({"require": ["a\" \"b"]}),
            "request_policy_cover",
        ),
        policy(
            "a-window-of-nothing",
            json!({"past_seconds": 0}),
            "request_policy_limits",
        ),
        policy(
            "a-memory-too-short",
            json!({"retain_seconds": 179}),
            "request_policy_limits",
        ),
    ]
}

const NOW: i64 = 1_800_000_000_000;
