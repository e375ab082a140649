//! The requests that RFC 9421 prints.

use serde_json::json;

use super::Foreign;
use super::draft::Draft;

/// RFC 9421 appendix B.2: the HMAC as published, and the bases of the others under this key.
pub(super) fn cases() -> Vec<Foreign> {
    let draft = |list: &str, lines: &str, params: &str| {
        let mut draft = Draft::published();
        draft.params = params.into();
        draft.list(list).lines(lines)
    };
    let loose =
        json!({"require": [], "require_nonce": false, "require_digest": false, "past_seconds": 60});
    let date = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT";
    let digest = "\"content-digest\": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    let b25 = draft(
        r#"("date" "@authority" "content-type")"#,
        &format!("{date}\n\"@authority\": example.com\n\"content-type\": application/json"),
        r#";created=1618884473;keyid="test-shared-secret""#,
    );
    assert_eq!(
        b25.signature(),
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
        "as the RFC prints it"
    );
    let id = r#";created=1618884473;keyid="test-shared-secret""#;
    vec![
        draft("()", "", &format!(r#"{id};nonce="b3k2pp5k7z-50gnwp.yemd""#))
            .policy(loose.clone())
            .accept("rfc-9421-b-2-1", &["F-3", "Usual"]),
        draft(
            r#"("@authority" "content-digest" "@query-param";name="Pet")"#,
            &format!("\"@authority\": example.com\n{digest}\n\"@query-param\";name=\"Pet\": dog"),
            &format!(r#"{id};tag="header-example""#),
        )
        .policy(loose.clone())
        .accept("rfc-9421-b-2-2", &["F-3", "Usual"]),
        draft(
            r#"("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")"#,
            &format!(
                "{date}\n\"@method\": POST\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\"@authority\": example.com\n\
                 \"content-type\": application/json\n{digest}\n\"content-length\": 18"
            ),
            id,
        )
        .policy(loose.clone())
        .accept("rfc-9421-b-2-3", &["F-3", "Usual"]),
        b25.policy(loose.clone()).accept("rfc-9421-b-2-5", &["F-3", "Usual"]),
        draft(
            r#"("date" "@method" "@path" "@authority" "content-type" "content-length")"#,
            &format!(
                "{date}\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n\
                 \"content-type\": application/json\n\"content-length\": 18"
            ),
            id,
        )
        .policy(loose)
        .accept("rfc-9421-b-2-6", &["F-3", "Usual"]),
    ]
}
