//! Claims that are not as they must be: the rows C.

use serde_json::json;

use super::Verify;
use super::draft::{Draft, ISSUER, NOW, SECONDS, draft};

pub(super) fn cases() -> Vec<Verify> {
    [
        types_of_times(),
        edges(),
        lives(),
        audiences(),
        issuers(),
        payloads(),
        orders(),
    ]
    .concat()
}

fn claimed(id: impl Into<String>, flags: &[&'static str], name: &str, value: &str) -> Draft {
    draft(id, flags).claim(name, value)
}

fn types_of_times() -> Vec<Verify> {
    let wrong = [
        ("c01", "a-text", "\"1800000600\""),
        ("c01", "a-word", "\"never\""),
        ("c03", "true", "true"),
        ("c03", "null", "null"),
        ("c03", "a-list", "[1800000600]"),
        ("c03", "an-object", "{}"),
        ("c04", "negative", "-1"),
        ("c04", "zero", "0"),
        ("c04", "minus-zero", "-0"),
        ("c05", "with-an-exponent", "1.8e9"),
        ("c05", "a-whole-number-with-an-exponent", "18e8"),
        ("c06", "2-to-the-63-less-1", "9223372036854775807"),
        ("c06", "2-to-the-64", "18446744073709551616"),
        ("c06", "the-year-10000", "253402300800"),
        ("c06", "of-30-digits", "180000060000000000000000000000"),
        ("c08", "of-ten-digits-of-a-second", "1800000600.1234567890"),
    ];
    let mut cases = Vec::new();
    for (row, what, value) in wrong {
        for name in ["exp", "iat", "nbf"] {
            // Another type of `nbf` is a row of its own.
            let row = if name == "nbf" && (row == "c01" || row == "c03") {
                "c02"
            } else {
                row
            };
            let row = if name == "iat" && row == "c01" {
                "c12"
            } else {
                row
            };
            let id = format!("{row}-{name}-that-is-{what}");
            cases.push(claimed(id, &["T-7", "Claim"], name, value).refused("jwt_claim"));
        }
    }
    let digits = "9".repeat(400);
    for (what, value) in [
        ("infinity", "Infinity"),
        ("no-number", "NaN"),
        ("1e400", "1e400"),
        ("minus-1e400", "-1e400"),
        ("400-digits", &digits),
    ] {
        let row = if what == "400-digits" { "c06" } else { "c05" };
        let id = format!("{row}-exp-that-is-{what}");
        cases.push(claimed(id, &["T-5", "Ambiguous"], "exp", value).refused("jwt_payload"));
    }
    let elsewhere = claimed(
        "c05-a-claim-of-others-that-is-1e400",
        &["T-5", "Ambiguous"],
        "n",
        "1e400",
    );
    cases.push(elsewhere.refused("jwt_payload"));
    for (id, value) in [
        ("c25-a-number-with-a-leading-zero", "01800000600"),
        ("c25-a-number-with-a-plus", "+1800000600"),
        ("c25-a-number-in-hexadecimal", "0x6b49d200"),
        ("c25-a-number-with-no-digit-behind-its-point", "1800000600."),
    ] {
        cases.push(claimed(id, &["T-5", "Variant"], "exp", value).refused("jwt_payload"));
    }
    for (row, name) in [("c09", "exp"), ("c12", "iat")] {
        let id = format!("{row}-no-{name}");
        cases.push(
            draft(id, &["T-7", "Claim"])
                .without(name)
                .refused("jwt_claim_missing"),
        );
    }
    cases
}

fn edges() -> Vec<Verify> {
    let edge = |id: &str| draft(id, &["T-7", "Window", "Edge"]);
    let exp = |id: &str, value: &str| edge(id).claim("exp", value);
    let end = NOW + 600_000;
    let begins =
        |id: &str, name: &str, ahead: i64| edge(id).claim(name, &(SECONDS + ahead).to_string());
    let from = |ahead: i64| json!({"begins": NOW + ahead * 1_000});
    vec![
        exp("c08-half-a-second", "1800000600.5").says(&json!({"expires": end + 500})),
        exp("c08-half-a-second-is-valid-to-its-end", "1800000600.5").at(end + 30_499).says(&json!({"expires": end + 500})),
        exp("c08-half-a-second-is-over", "1800000600.5").at(end + 30_500).refused("jwt_expired"),
        exp("c08-nine-digits-of-a-second", "1800000600.123999999").says(&json!({"expires": end + 123})),
        exp("c08-a-fraction-of-zero", "1800000600.0").says(&json!({"expires": end})),
        edge("c10-at-the-end").at(end).accepted(),
        edge("c10-in-the-last-millisecond-of-the-leeway").at(end + 29_999).accepted(),
        edge("c10-at-the-end-of-the-leeway").at(end + 30_000).refused("jwt_expired"),
        edge("c10-a-minute-later").at(end + 60_000).refused("jwt_expired"),
        edge("c10-issued-at-the-edge-of-the-leeway").at(NOW - 30_000).accepted(),
        edge("c10-issued-a-millisecond-beyond-the-leeway").at(NOW - 30_001).refused("jwt_not_yet_valid"),
        begins("c10-nbf-at-the-edge-of-the-leeway", "nbf", 30).says(&from(30)),
        begins("c10-nbf-a-second-beyond-the-leeway", "nbf", 31).refused("jwt_not_yet_valid"),
        begins("c10-nbf-before-iat", "nbf", -600).accepted(),
        begins("c10-nbf-that-is-iat", "nbf", 0).accepted(),
        begins("c12-iat-at-the-edge-of-the-leeway", "iat", 30)
            .says(&json!({"issued": NOW + 30_000, "begins": NOW + 30_000})),
        begins("c12-iat-a-second-beyond-the-leeway", "iat", 31).refused("jwt_not_yet_valid"),
        begins("c12-iat-in-an-hour", "iat", 3_600).claim("exp", "1800003900").refused("jwt_not_yet_valid"),
        edge("a-clock-at-1970").at(0).refused("jwt_not_yet_valid"),
        edge("a-clock-at-the-end-of-the-year-9999").at(253_402_300_799_999).refused("jwt_expired"),
        edge("c06-the-last-second-of-the-year-9999")
            .claim("iat", "253402300000")
            .claim("exp", "253402300799")
            .at(253_402_300_000_000)
            .says(&json!({
                "issued": 253_402_300_000_000_i64, "begins": 253_402_300_000_000_i64, "expires": 253_402_300_799_000_i64,
            })),
    ]
}

fn lives() -> Vec<Verify> {
    let life = |id: &str, exp: &str| claimed(id, &["T-8", "Window", "Edge"], "exp", exp);
    vec![
        life("c13-a-life-of-30-minutes", "1800001800").says(&json!({"expires": NOW + 1_800_000})),
        life(
            "c13-a-life-of-30-minutes-and-a-millisecond",
            "1800001800.001",
        )
        .refused("jwt_lifetime"),
        life("c13-a-life-of-a-year", "1831536000").refused("jwt_lifetime"),
        life("c13-a-life-of-nothing", "1800000000").refused("jwt_lifetime"),
        life("c13-a-life-of-a-second", "1800000001").says(&json!({"expires": NOW + 1_000})),
        life("c13-an-end-before-the-begin", "1799999999").refused("jwt_lifetime"),
        life("c13-a-long-life-that-is-nearly-over", "1800001801")
            .at(NOW + 1_800_000)
            .refused("jwt_lifetime"),
    ]
}

fn audiences() -> Vec<Verify> {
    let mut cases = Vec::new();
    for (id, aud) in [
        ("c14-a-list-with-ours", "[\"x\",\"api\"]"),
        ("c14-a-list-of-ours", "[\"api\"]"),
        ("c14-a-list-with-blanks", "[ \"api\" , \"x\" ]"),
        ("c14-an-audience-with-an-escape", "\"\\u0061pi\""),
    ] {
        cases.push(claimed(id, &["T-6", "Usual"], "aud", aud).accepted());
    }
    for (what, aud) in [
        ("the-begin-of-ours", "\"ap\""),
        ("ours-and-more", "\"api-admin\""),
        ("ours-in-capitals", "\"API\""),
        ("ours-and-a-blank", "\"api \""),
        ("ours-and-a-nul", "\"api\\u0000\""),
        ("ours-with-a-letter-that-looks-alike", "\"\u{430}pi\""),
        ("two-in-one-text", "\"api x\""),
        ("an-empty-text", "\"\""),
        ("a-list-of-others", "[\"x\"]"),
        ("a-list-of-nothing-but-an-empty-text", "[\"\"]"),
    ] {
        cases.push(
            claimed(format!("c15-{what}"), &["T-6", "Claim"], "aud", aud).refused("jwt_audience"),
        );
    }
    for (what, aud) in [
        ("an-empty-list", "[]"),
        ("null", "null"),
        ("an-object", "{\"api\":1}"),
        ("a-list-in-a-list", "[[\"api\"]]"),
        ("a-list-with-a-number", "[\"api\",1]"),
        ("a-list-with-null", "[\"api\",null]"),
        ("a-number", "1"),
        ("true", "true"),
    ] {
        cases.push(
            claimed(format!("c17-{what}"), &["T-6", "Claim"], "aud", aud).refused("jwt_claim"),
        );
    }
    cases.push(
        draft("c16-no-audience", &["T-6", "Claim"])
            .without("aud")
            .refused("jwt_claim_missing"),
    );
    cases
}

fn issuers() -> Vec<Verify> {
    let mut cases = Vec::new();
    for (what, iss) in [
        ("the-begin-of-ours", "https://iss.exampl"),
        ("ours-and-more", "https://iss.example.evil.test"),
        ("ours-and-a-slash", "https://iss.example/"),
        ("ours-in-capitals", "https://ISS.example"),
        ("ours-without-tls", "http://iss.example"),
        ("ours-with-a-port", "https://iss.example:443"),
        ("ours-as-user", "https://iss.example@evil.test"),
        ("ours-and-a-blank", "https://iss.example "),
        ("an-empty-text", ""),
    ] {
        let value = json!(iss).to_string();
        cases.push(
            claimed(format!("c19-{what}"), &["T-6", "Claim"], "iss", &value).refused("jwt_issuer"),
        );
    }
    let list = json!([ISSUER, "https://evil.test"]).to_string();
    for (what, iss) in [
        ("a-list-with-ours", list.as_str()),
        ("a-list-of-ours", "[\"https://iss.example\"]"),
        ("a-number", "42"),
        ("null", "null"),
        ("an-object", "{}"),
    ] {
        cases.push(
            claimed(format!("c19-{what}"), &["T-6", "Claim"], "iss", iss).refused("jwt_claim"),
        );
    }
    cases.push(
        draft("c19-no-issuer", &["T-6", "Claim"])
            .without("iss")
            .refused("jwt_claim_missing"),
    );
    cases
}

/// Payloads that are not one object in the form that is read here.
fn payloads() -> Vec<Verify> {
    let open = draft("x", &[]).open_claims();
    let wrong = |id: &str, payload: Vec<u8>| {
        draft(id, &["T-5", "Ambiguous"])
            .payload(payload)
            .refused("jwt_payload")
    };
    let mut cases = Vec::new();
    for (id, end) in [
        ("c22-exp-twice", ",\"exp\":1800000060}"),
        ("c22-exp-twice-and-the-same", ",\"exp\":1800000600}"),
        (
            "c22-exp-twice-once-with-an-escape",
            ",\"\\u0065xp\":1800000060}",
        ),
        ("c22-aud-twice", ",\"aud\":\"x\"}"),
        (
            "c22-a-claim-of-others-twice",
            ",\"role\":\"user\",\"role\":\"admin\"}",
        ),
        ("c22-a-name-twice-in-an-object", ",\"a\":{\"b\":1,\"b\":2}}"),
        ("c22-a-name-twice-in-a-list", ",\"a\":[{\"b\":1,\"b\":2}]}"),
        ("c25-a-comma-at-the-end", ",}"),
        ("c25-an-object-and-another-one", "}{}"),
        ("c25-a-comment", "}/* */"),
        ("c25-a-comment-inside", ",/* */\"a\":1}"),
        ("c25-a-nul-at-the-end", "}\0"),
        ("c25-no-end", ""),
        ("c25-a-line-end-in-a-text", ",\"a\":\"\n\"}"),
        ("c25-half-a-surrogate", ",\"a\":\"\\ud800\"}"),
        ("c25-the-other-half-of-a-surrogate", ",\"a\":\"\\udc00\"}"),
        ("c25-an-escape-that-is-none", ",\"a\":\"\\x41\"}"),
        ("c25-single-quotes", ",'a':1}"),
        ("c25-a-name-without-quotes", ",a:1}"),
        ("c25-a-word-that-is-none", ",\"a\":undefined}"),
    ] {
        cases.push(wrong(id, format!("{open}{end}").into_bytes()));
    }
    for (id, payload) in [
        ("c24-a-list-as-payload", "[\"a\",\"b\"]"),
        (
            "c24-a-list-with-the-claims",
            "[{\"iss\":\"https://iss.example\"}]",
        ),
        ("c25-null", "null"),
        ("c25-a-text", "\"x\""),
        ("c25-a-number", "1800000000"),
        ("c25-true", "true"),
        ("c25-a-blank", " "),
    ] {
        cases.push(wrong(id, payload.into()));
    }
    cases.extend([
        wrong(
            "c25-a-mark-of-byte-order",
            format!("\u{feff}{open}}}").into_bytes(),
        ),
        wrong(
            "c25-bytes-that-are-no-text",
            [open.as_bytes(), b",\"a\":\"\xff\"}"].concat(),
        ),
        wrong(
            "c25-a-surrogate-in-utf-8",
            [open.as_bytes(), b",\"a\":\"\xed\xa0\x80\"}"].concat(),
        ),
        wrong(
            "c25-a-letter-in-too-many-bytes",
            [open.as_bytes(), b",\"a\":\"\xc1\xa1\"}"].concat(),
        ),
        draft("c25-an-empty-object", &["T-6", "Claim"])
            .payload("{}")
            .refused("jwt_claim_missing"),
    ]);
    cases
}

/// Two rules fail, and the first one is named.
fn orders() -> Vec<Verify> {
    let two = |id: &str| draft(id, &["T-11", "Order"]);
    vec![
        two("another-issuer-and-another-audience")
            .claim("iss", "\"x\"")
            .claim("aud", "\"x\"")
            .refused("jwt_issuer"),
        two("another-audience-of-a-token-that-is-over")
            .claim("aud", "\"x\"")
            .at(NOW + 3_600_000)
            .refused("jwt_audience"),
        two("a-token-that-is-over-and-lived-too-long")
            .claim("exp", "1800002000")
            .at(NOW + 3_600_000)
            .refused("jwt_expired"),
        two("a-token-that-is-over-and-begins-later")
            .claim("exp", "1799990000")
            .claim("nbf", "1800009000")
            .refused("jwt_expired"),
        two("a-token-that-lives-too-long-and-has-no-id")
            .claim("exp", "1800002000")
            .without("jti")
            .refused("jwt_lifetime"),
        two("a-claim-of-another-type-and-no-subject")
            .claim("cnf", "1")
            .without("sub")
            .refused("jwt_claim"),
    ]
}
