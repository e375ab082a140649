//! The table of errors in `docs/migrate/jsonwebtoken-rust.md`; the code on that page is run as the examples of this crate.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_beside::{Both, keys, now};
use serde_json::{Value, json};

/// What goes wrong with tokens every day: each is a good one with something changed.
fn wrong() -> Vec<String> {
    let at = |seconds: i64| json!(now().seconds() + seconds);
    let claims = [
        ("exp", at(-100)),
        ("nbf", at(3_600)),
        ("aud", json!("other")),
        ("aud", Value::Null),
        ("iss", json!("https://evil.example")),
    ];
    let tokens = claims.map(|(name, value)| token("HS256", &claims_with(name, value)));
    let good = claims_with("role", json!("user"));
    let others = [
        token("HS512", &good),
        token("HS256", "{"),
        format!("{}AAAA", token("HS256", &good)),
        format!("{}!", token("HS256", &good)),
    ];
    tokens.into_iter().chain(others).collect()
}

/// Good claims with this one; null takes it away.
fn claims_with(name: &str, value: Value) -> String {
    let now = now().seconds();
    let mut claims = json!({
        "iss": "https://iss.example", "aud": "api", "sub": "user-7", "jti": "id-1", "iat": now, "exp": now + 600,
    });
    let members = claims.as_object_mut().expect("an object");
    members.insert(name.into(), value);
    members.retain(|_, value| !value.is_null());
    claims.to_string()
}

fn token(algorithm: &str, claims: &str) -> String {
    let header = json!({ "alg": algorithm, "kid": "k1", "typ": "at+jwt" }).to_string();
    let parts = [header.as_str(), claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = parts.join(".");
    let signature = keys()[0].sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn the_errors_of_the_page_are_those_of_the_crate() {
    let both = Both::default();
    let found: BTreeSet<_> = wrong()
        .iter()
        .filter_map(|token| both.errors(token, now()))
        .collect();
    let page = include_str!("../../../docs/migrate/jsonwebtoken-rust.md");
    let (_, table) = page
        .split_once("## Errors")
        .expect("the page has the table");
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix("` |"));
    let rows = rows.filter_map(|row| row.split_once("` | `"));
    let rows: BTreeSet<_> = rows
        .map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()))
        .collect();
    assert_eq!(found, rows);
}
