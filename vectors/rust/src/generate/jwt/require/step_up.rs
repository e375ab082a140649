//! How fresh the authentication behind a token is, and what its bearer is told.

use serde_json::json;

use super::{Ask, Require, ask, read};
use crate::generate::jwt::draft::{NOW, SECONDS};

pub(super) fn cases() -> Vec<Require> {
    [ages(), methods(), proofs()].concat()
}

/// What the client is told, whether it may or not.
pub(in crate::generate) fn challenges() -> Vec<Require> {
    let stepping =
        |id: &str, members: &serde_json::Value| ask(id, &["A-6"], members).scope("docs:erase");
    let anew = "Bearer error=\"insufficient_user_authentication\"";
    let short = "Bearer error=\"insufficient_scope\"";
    let method = json!({"max_age_seconds": 300, "methods": ["otp", "hwk"]});
    let level = json!({"max_age_seconds": 1, "levels": ["urn:high"]});
    let levels = json!({"max_age_seconds": 86_400, "methods": ["otp"], "levels": ["urn:high", "urn:higher"]});
    vec![
        read("told-nothing-where-it-is-granted", &["A-6", "Usual"])
            .scope("docs:read")
            .told(None, None),
        read("told-that-a-permission-is-missing", &["A-6"])
            .scope("docs:list")
            .told(Some("jwt_permission_missing"), Some(short)),
        read("told-that-the-root-is-not-taken", &["A-6"])
            .scope("**")
            .told(Some("jwt_root_grant"), Some(short)),
        read("told-that-grants-are-malformed", &["A-6"])
            .scope("docs:")
            .told(Some("jwt_grants"), Some("Bearer error=\"invalid_token\"")),
        stepping("told-to-authenticate-anew", &method).told(
            Some("jwt_mfa_required"),
            Some(&format!("{anew}, amr_values=\"otp hwk\", max_age=\"300\"")),
        ),
        stepping("told-of-a-level", &level).told(
            Some("jwt_mfa_required"),
            Some(&format!("{anew}, acr_values=\"urn:high\", max_age=\"1\"")),
        ),
        stepping("told-of-several-levels", &levels).told(
            Some("jwt_mfa_required"),
            Some(&format!(
                "{anew}, acr_values=\"urn:high urn:higher\", amr_values=\"otp\", max_age=\"86400\""
            )),
        ),
    ]
}

/// A fresh authentication within 300 s, by `otp` or `hwk` or at the level `urn:high`.
fn erase(id: impl Into<String>, flags: &[&'static str]) -> Ask {
    let members = json!({
        "permissions": ["docs:erase"], "max_age_seconds": 300, "methods": ["otp", "hwk"], "levels": ["urn:high"],
    });
    ask(id, flags, &members)
        .scope("docs:erase")
        .claim("sid", "\"s-1\"")
}

const MFA: &str = "jwt_mfa_required";

fn ages() -> Vec<Require> {
    let edge = |id: &str, at: i64| {
        let case = erase(id, &["A-5", "Window", "Edge"]);
        case.claim("amr", r#"["otp"]"#)
            .claim("auth_time", &at.to_string())
    };
    let odd = |id: &str, at: &str| {
        let case = erase(id, &["A-5", "Claim"]);
        case.claim("amr", r#"["otp"]"#).claim("auth_time", at)
    };
    let ago = SECONDS - 300;
    let day =
        json!({"permissions": ["docs:erase"], "max_age_seconds": 86_400, "levels": ["urn:high"]});
    let second =
        json!({"permissions": ["docs:erase"], "max_age_seconds": 1, "levels": ["urn:high"]});
    let levelled = |id: &str, members: &serde_json::Value, at: i64| {
        let case = ask(id, &["A-5", "Window", "Edge"], members).scope("docs:erase");
        case.claim("acr", "\"urn:high\"")
            .claim("auth_time", &at.to_string())
    };
    vec![
        edge("p05-an-authentication-just-now", SECONDS).granted_since(NOW),
        edge("p05-an-authentication-of-the-greatest-age", ago).granted_since(ago * 1_000),
        edge("p05-an-authentication-a-millisecond-too-old", ago)
            .at(NOW + 1)
            .refused(MFA),
        edge("p05-an-authentication-a-second-too-old", ago - 1).refused(MFA),
        edge(
            "p05-an-authentication-at-the-edge-of-the-leeway",
            SECONDS + 30,
        )
        .granted_since(NOW + 30_000),
        edge(
            "p05-an-authentication-a-second-beyond-the-leeway",
            SECONDS + 31,
        )
        .refused(MFA),
        edge("p05-an-authentication-in-an-hour", SECONDS + 3_600).refused(MFA),
        levelled("p05-an-authentication-of-a-day-ago", &day, SECONDS - 86_400)
            .granted_since((SECONDS - 86_400) * 1_000),
        levelled(
            "p05-an-authentication-of-more-than-a-day-ago",
            &day,
            SECONDS - 86_401,
        )
        .refused(MFA),
        levelled(
            "p05-an-authentication-of-a-second-ago",
            &second,
            SECONDS - 1,
        )
        .granted_since(NOW - 1_000),
        levelled(
            "p05-an-authentication-of-two-seconds-ago",
            &second,
            SECONDS - 2,
        )
        .refused(MFA),
        odd("p05-an-authentication-with-a-fraction", "1799999700.5")
            .granted_since(ago * 1_000 + 500),
        odd(
            "p05-an-authentication-whose-fraction-is-too-old",
            "1799999699.9",
        )
        .refused(MFA),
        odd("p05-an-authentication-as-a-text", "\"1800000000\"").refused(MFA),
        odd("p05-an-authentication-with-an-exponent", "1.8e9").refused(MFA),
        odd("p05-an-authentication-at-zero", "0").refused(MFA),
        odd("p05-an-authentication-before-1970", "-1").refused(MFA),
        odd("p05-an-authentication-that-is-true", "true").refused(MFA),
        odd("p05-an-authentication-that-is-null", "null").refused(MFA),
        odd("p05-an-authentication-beyond-the-year-9999", "253402300800").refused(MFA),
        erase("p05-an-authentication-without-a-time", &["A-5"])
            .claim("amr", r#"["otp"]"#)
            .refused(MFA),
    ]
}

fn methods() -> Vec<Require> {
    let by = |id: &str, flags: &[&'static str]| {
        erase(id, flags).claim("auth_time", &SECONDS.to_string())
    };
    let (usual, odd) = (["A-5", "Usual"], ["A-5", "Claim"]);
    let only = |id: &str, member: &str| {
        let mut members = json!({"permissions": ["docs:erase"], "max_age_seconds": 300});
        members[member] = json!(["otp"]);
        let case = ask(id, &["A-5"], &members).scope("docs:erase");
        case.claim("auth_time", &SECONDS.to_string())
    };
    let refused = |case: Ask| case.refused(MFA);
    let taken = |case: Ask| case.granted_since(NOW);
    vec![
        taken(by("by-the-first-method", &usual).claim("amr", r#"["otp"]"#)),
        taken(by("by-the-second-method", &usual).claim("amr", r#"["hwk"]"#)),
        taken(by("by-one-method-of-several", &usual).claim("amr", r#"["pwd","hwk","user"]"#)),
        taken(by("at-a-level", &usual).claim("acr", "\"urn:high\"")),
        taken(
            by("at-a-level-by-another-method", &usual)
                .claim("acr", "\"urn:high\"")
                .claim("amr", r#"["pwd"]"#),
        ),
        taken(
            by("by-a-method-at-another-level", &usual)
                .claim("acr", "\"urn:low\"")
                .claim("amr", r#"["otp"]"#),
        ),
        taken(
            by("at-a-level-beside-a-malformed-list", &usual)
                .claim("acr", "\"urn:high\"")
                .claim("amr", "[1]"),
        ),
        refused(by("p05-by-another-method", &["A-5"]).claim("amr", r#"["pwd"]"#)),
        refused(by("p05-by-no-method", &["A-5"]).claim("amr", "[]")),
        refused(by("p05-neither-method-nor-level", &["A-5"])),
        refused(by("p05-by-a-method-in-capitals", &["A-5", "Variant"]).claim("amr", r#"["OTP"]"#)),
        refused(by("p05-at-another-level", &["A-5"]).claim("acr", "\"urn:low\"")),
        refused(
            by("p05-at-a-level-that-begins-alike", &["A-5", "Variant"])
                .claim("acr", "\"urn:higher\""),
        ),
        refused(by("p05-by-a-method-that-is-a-text", &odd).claim("amr", "\"otp\"")),
        refused(by("p05-by-a-method-beside-a-number", &odd).claim("amr", r#"["otp",1]"#)),
        refused(by("p05-by-a-method-in-a-list-in-a-list", &odd).claim("amr", r#"[["otp"]]"#)),
        refused(by("p05-at-a-level-in-a-list", &odd).claim("acr", r#"["urn:high"]"#)),
        refused(by("p05-a-level-as-a-method", &["A-5"]).claim("amr", r#"["urn:high"]"#)),
        refused(only("p05-a-level-where-methods-count", "methods").claim("acr", "\"otp\"")),
        refused(only("p05-a-method-where-levels-count", "levels").claim("amr", r#"["otp"]"#)),
        taken(only("by-a-method-where-methods-count", "methods").claim("amr", r#"["otp"]"#)),
        taken(only("at-a-level-where-levels-count", "levels").claim("acr", "\"otp\"")),
        by(
            "p05-who-may-not-is-not-sent-to-authenticate",
            &["A-3", "Order"],
        )
        .scope("docs:read")
        .refused("jwt_permission_missing"),
        by("p05-malformed-grants-before-a-step-up", &["A-3", "Order"])
            .scope("docs:erase docs:")
            .refused("jwt_grants"),
        ask(
            "no-step-up-and-a-stale-authentication",
            &["A-5"],
            &json!({"permissions": ["docs:read"]}),
        )
        .scope("docs:read")
        .claim("auth_time", "1")
        .granted(),
    ]
}

fn proofs() -> Vec<Require> {
    let by = |id: &str, flags: &[&'static str]| erase(id, flags);
    let (usual, edge) = (["A-7", "Usual"], ["A-7", "Window", "Edge"]);
    let fresh = |case: Ask| {
        case.claim("amr", r#"["otp"]"#)
            .claim("auth_time", &SECONDS.to_string())
    };
    vec![
        by("a-proof-just-now", &usual)
            .proof("s-1", "user-7", "hwk", NOW)
            .granted_since(NOW),
        by("a-proof-of-the-greatest-age", &edge)
            .proof("s-1", "user-7", "otp", NOW - 300_000)
            .granted_since(NOW - 300_000),
        by("p05-a-proof-a-millisecond-too-old", &edge)
            .proof("s-1", "user-7", "otp", NOW - 300_001)
            .refused(MFA),
        by("a-proof-at-the-edge-of-the-leeway", &edge)
            .proof("s-1", "user-7", "otp", NOW + 30_000)
            .granted_since(NOW + 30_000),
        by("p05-a-proof-a-millisecond-beyond-the-leeway", &edge)
            .proof("s-1", "user-7", "otp", NOW + 30_001)
            .refused(MFA),
        by("p05-a-proof-of-another-session", &["A-7"])
            .proof("s-2", "user-7", "hwk", NOW)
            .refused(MFA),
        by("p05-a-proof-of-another-subject", &["A-7"])
            .proof("s-1", "user-8", "hwk", NOW)
            .refused(MFA),
        by("p05-a-proof-by-another-method", &["A-7"])
            .proof("s-1", "user-7", "pwd", NOW)
            .refused(MFA),
        by("p05-a-proof-at-a-level", &["A-7"])
            .proof("s-1", "user-7", "urn:high", NOW)
            .refused(MFA),
        fresh(by(
            "p05-a-proof-of-another-session-for-a-token-that-would-do",
            &["A-7"],
        ))
        .proof("s-2", "user-7", "hwk", NOW)
        .refused(MFA),
        fresh(by("p05-an-old-proof-for-a-token-that-would-do", &["A-7"]))
            .proof("s-1", "user-7", "hwk", NOW - 600_000)
            .refused(MFA),
        by("p05-a-proof-for-a-token-without-a-session", &["A-7"])
            .without("sid")
            .proof("", "user-7", "hwk", NOW)
            .refused(MFA),
        by("p05-a-proof-of-who-may-not", &["A-3", "Order"])
            .scope("docs:read")
            .proof("s-1", "user-7", "hwk", NOW)
            .refused("jwt_permission_missing"),
        read("a-proof-that-nobody-asked-for", &["A-7"])
            .scope("docs:read")
            .proof("s-2", "user-8", "hwk", 0)
            .granted(),
    ]
}
