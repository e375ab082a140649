//! JWT-SVIDs: the rows F.

use counterseal::core::MAX_SPIFFE_ID;
use serde_json::{Value, json};

use super::Verify;
use super::draft::{Draft, NOW, SECONDS, draft, encoded, header_of};
use super::keys::{Keys, refused as refused_keys};
use super::secrets::{By, rsa_jwk, rsa_modulus, secret};
use crate::generate::limit::{accepted, case};
use crate::jwt::{BundleInput, KeysInput, TokenKeysInput};

pub(super) fn cases() -> Vec<Verify> {
    [headers(), claims(), times(), subjects(), setups()].concat()
}

/// A good JWT-SVID, as an issuer of others writes it: without `iss` and `jti`.
fn svid(id: impl Into<String>, flags: &[&'static str]) -> Draft {
    draft(id, flags)
        .policy(&json!({"profile": "svid", "issuer": DOMAIN}))
        .by(By::Es256)
        .header(header_of("ES256", "k1", "JWT"))
        .claim("sub", &json!(WORKER).to_string())
        .without("iss")
        .without("jti")
}

fn said(change: &Value) -> Value {
    let mut said = json!({"subject": WORKER, "id": null});
    for (name, value) in change.as_object().into_iter().flatten() {
        said[name] = value.clone();
    }
    said
}

fn taken(draft: Draft) -> Verify {
    draft.says(&said(&json!({})))
}

fn headers() -> Vec<Verify> {
    let header = |id: &str, header: &str| svid(id, &["T-17", "Header"]).header(header);
    let by = |id: &str, by: By| {
        svid(id, &["T-17", "Key"])
            .by(by)
            .header(header_of(by.name(), "k1", "JWT"))
    };
    let mut cases = vec![
        taken(svid("a-svid", &["T-17", "Usual"])),
        taken(by("a-svid-by-es384", By::Es384)),
        by("f13-a-svid-by-eddsa", By::EdDsa).refused("jwt_algorithm"),
        by("f13-a-svid-by-hs256", By::Hs256).refused("jwt_algorithm"),
        by("f13-a-svid-by-hs384", By::Hs384).refused("jwt_algorithm"),
        by("f13-a-svid-by-hs512", By::Hs512).refused("jwt_algorithm"),
        // Written otherwise than we write it, so that all of it is read.
        by("f13-a-svid-by-hs256-without-typ", By::Hs256)
            .header(r#"{"alg":"HS256","kid":"k1"}"#)
            .refused("jwt_algorithm"),
        taken(header(
            "a-svid-without-typ",
            r#"{"alg":"ES256","kid":"k1"}"#,
        )),
        taken(header(
            "f13-a-svid-of-typ-jose",
            &header_of("ES256", "k1", "JOSE"),
        )),
        taken(
            header(
                "a-svid-of-typ-jwt-where-jose-is-written",
                &header_of("ES256", "k1", "JWT"),
            )
            .policy(&json!({"typ": "JOSE"})),
        ),
        header("f13-a-svid-without-kid", r#"{"alg":"ES256","typ":"JWT"}"#).refused("jwt_header"),
        header(
            "a-svid-with-the-url-of-a-key",
            r#"{"alg":"ES256","kid":"k1","jku":"https://a.example"}"#,
        )
        .refused("jwt_header"),
    ];
    for (name, typ) in [("at-jwt", "at+jwt"), ("lower-case", "jwt"), ("nothing", "")] {
        let header = header(
            &format!("f13-a-svid-of-typ-{name}"),
            &header_of("ES256", "k1", typ),
        );
        cases.push(header.refused("jwt_type"));
    }
    cases
}

fn claims() -> Vec<Verify> {
    let with = |id: &str, name: &str, value: &str| svid(id, &["T-17", "Claim"]).claim(name, value);
    let without = |id: &str, name: &str| svid(id, &["T-17", "Claim"]).without(name);
    vec![
        without("f13-a-svid-without-aud", "aud").refused("jwt_claim_missing"),
        with("f13-a-svid-for-others", "aud", "[\"b\",\"c\"]").refused("jwt_audience"),
        with("f13-a-svid-for-nobody", "aud", "[]").refused("jwt_claim"),
        taken(with("a-svid-for-us-and-others", "aud", "[\"b\",\"api\"]")),
        without("f13-a-svid-without-exp", "exp").refused("jwt_claim_missing"),
        without("f13-a-svid-without-sub", "sub").refused("jwt_claim_missing"),
        with(
            "f13-a-svid-whose-sub-is-a-list",
            "sub",
            &json!([WORKER]).to_string(),
        )
        .refused("jwt_claim"),
        taken(with(
            "a-svid-with-an-issuer",
            "iss",
            "\"https://oidc.example\"",
        )),
        taken(with("a-svid-whose-issuer-is-no-text", "iss", "7")),
        with("a-svid-with-an-id", "jti", "\"id-1\"").says(&said(&json!({"id": "id-1"}))),
        with("c21-a-svid-with-an-empty-id", "jti", "\"\"").refused("jwt_claim"),
        taken(
            with("a-svid-whose-claims-are-not-ours", "sid", "5")
                .claim("akid", "[]")
                .claim("user_ver", "\"x\"")
                .claim("gen", "-1"),
        ),
        with(
            "a-svid-bound-to-a-key-that-was-not-shown",
            "cnf",
            &json!({"jkt": encoded([9; 32])}).to_string(),
        )
        .refused("jwt_binding"),
        with(
            "a-svid-bound-in-a-way-that-is-not-known",
            "cnf",
            "{\"kid\":\"k1\"}",
        )
        .refused("jwt_claim"),
    ]
}

/// Without `iat`: as early as the end allows.
fn times() -> Vec<Verify> {
    let ends = |id: &str, seconds: i64| {
        svid(id, &["T-17", "Window"])
            .without("iat")
            .claim("exp", &(SECONDS + seconds).to_string())
    };
    let since = |seconds: i64| NOW + (seconds - HOUR) * 1_000;
    let from = |seconds: i64, begins: i64| {
        let expires = NOW + seconds * 1_000;
        said(&json!({"expires": expires, "issued": begins, "begins": begins}))
    };
    vec![
        ends("a-svid-without-iat", 600).says(&from(600, since(600))),
        ends("a-svid-without-iat-of-the-longest-life", HOUR).says(&from(HOUR, NOW)),
        ends("a-svid-without-iat-with-the-leeway", HOUR + 30).says(&from(HOUR + 30, NOW + 30_000)),
        ends("c13-a-svid-without-iat-that-lives-too-long", HOUR + 31).refused("jwt_lifetime"),
        ends("c13-a-svid-without-iat-in-a-year", 31_536_000).refused("jwt_lifetime"),
        ends("a-svid-without-iat-that-is-over", -30).refused("jwt_expired"),
        ends("a-svid-with-nbf-alone", 600)
            .claim("nbf", &(SECONDS - 60).to_string())
            .says(&from(600, NOW - 60_000)),
        ends("a-svid-with-nbf-alone-in-the-future", 600)
            .claim("nbf", &(SECONDS + 31).to_string())
            .refused("jwt_not_yet_valid"),
        ends("c13-a-svid-with-nbf-alone-that-lives-too-long", 600)
            .claim("nbf", &(SECONDS + 600 - HOUR - 1).to_string())
            .refused("jwt_lifetime"),
        svid("c12-a-svid-whose-iat-is-a-text", &["T-17", "Claim"])
            .claim("iat", "\"x\"")
            .refused("jwt_claim"),
    ]
}

fn subjects() -> Vec<Verify> {
    let longest = format!("{DOMAIN}/{}", "p".repeat(MAX_SPIFFE_ID - DOMAIN.len() - 1));
    let mut cases: Vec<_> = [
        (
            "a-svid-of-many-segments",
            "spiffe://td.example/ns/a-b/sa/C_d.e",
        ),
        ("f05-three-dots-in-a-svid", "spiffe://td.example/..."),
        ("the-longest-id-of-a-svid", &longest),
    ]
    .map(|(id, subject)| {
        let draft = svid(id, &["T-17", "Usual"]).claim("sub", &json!(subject).to_string());
        draft.says(&said(&json!({"subject": subject})))
    })
    .into();
    let long = format!("{longest}p");
    for (id, subject) in [
        ("f01-a-svid-of-another-scheme", "https://td.example/worker"),
        (
            "f01-a-svid-of-a-scheme-in-capitals",
            "Spiffe://td.example/worker",
        ),
        ("f01-a-svid-with-one-slash", "spiffe:/td.example/worker"),
        ("f02-a-svid-with-capitals", "spiffe://TD.example/worker"),
        (
            "f02-a-svid-with-a-percent-sign",
            "spiffe://td%2eexample/worker",
        ),
        ("f03-a-svid-with-a-port", "spiffe://td.example:443/worker"),
        ("f03-a-svid-with-a-user", "spiffe://a@td.example/worker"),
        ("f04-a-svid-without-a-path", DOMAIN),
        ("f04-a-svid-of-a-slash", "spiffe://td.example/"),
        (
            "f04-a-svid-with-a-slash-at-the-end",
            "spiffe://td.example/worker/",
        ),
        (
            "f04-a-svid-with-an-empty-segment",
            "spiffe://td.example//worker",
        ),
        ("f05-a-svid-with-a-dot", "spiffe://td.example/./worker"),
        (
            "f05-a-svid-with-two-dots",
            "spiffe://td.example/a/../worker",
        ),
        ("f06-a-svid-with-a-star", "spiffe://td.example/*"),
        ("f06-a-svid-beyond-ascii", "spiffe://td.example/w\u{f6}rker"),
        ("f06-a-svid-with-a-line-end", "spiffe://td.example/worker\n"),
        ("f07-a-svid-with-a-query", "spiffe://td.example/worker?a=b"),
        ("f07-a-svid-with-a-fragment", "spiffe://td.example/worker#a"),
        ("f13-a-svid-whose-sub-is-a-name", "worker"),
        ("f13-a-svid-whose-sub-is-empty", ""),
        ("a-svid-with-a-longer-id", &long),
    ] {
        let draft = svid(id, &["T-17", "Claim"]).claim("sub", &json!(subject).to_string());
        cases.push(draft.refused("jwt_spiffe_id"));
    }
    for (id, subject) in [
        (
            "a-svid-of-another-trust-domain",
            "spiffe://other.example/worker",
        ),
        (
            "a-svid-of-a-trust-domain-below",
            "spiffe://a.td.example/worker",
        ),
        (
            "a-svid-of-a-longer-trust-domain",
            "spiffe://td.example.org/worker",
        ),
        ("a-svid-of-a-shorter-trust-domain", "spiffe://td.exampl/e"),
    ] {
        let draft = svid(id, &["T-17", "Claim"]).claim("sub", &json!(subject).to_string());
        cases.push(draft.refused("jwt_trust_domain"));
    }
    let order = |id: &str| svid(id, &["T-11", "Order"]).claim("sub", "\"worker\"");
    cases.push(
        order("a-svid-of-no-workload-for-others")
            .claim("aud", "\"b\"")
            .refused("jwt_audience"),
    );
    cases.push(
        order("a-svid-of-no-workload-that-is-over")
            .at(NOW + 3_600_000)
            .refused("jwt_expired"),
    );
    cases.push(
        order("a-svid-of-no-workload-with-an-empty-id")
            .claim("jti", "\"\"")
            .refused("jwt_spiffe_id"),
    );
    cases
}

fn setups() -> Vec<Verify> {
    let with = |id: &str, policy: Value| svid(id, &["T-12", "Setup"]).policy(&policy);
    let mut cases: Vec<_> = [
        (
            "an-issuer-of-svids-without-a-scheme",
            "td.example",
            "spiffe_scheme",
        ),
        ("an-issuer-of-svids-with-a-path", WORKER, "spiffe_path"),
        (
            "an-issuer-of-svids-with-a-slash",
            "spiffe://td.example/",
            "spiffe_empty_segment",
        ),
        (
            "an-issuer-of-svids-with-dots",
            "spiffe://td.example/..",
            "spiffe_dots",
        ),
        (
            "an-issuer-of-svids-in-capitals",
            "spiffe://TD.example",
            "spiffe_trust_domain",
        ),
        (
            "an-issuer-of-svids-with-a-star",
            "spiffe://td.example/*",
            "spiffe_character",
        ),
    ]
    .map(|(id, issuer, code)| with(id, json!({"issuer": issuer})).refused(code))
    .into();
    let long = format!("{DOMAIN}/{}", "p".repeat(MAX_SPIFFE_ID));
    cases
        .push(with("a-longer-issuer-of-svids", json!({"issuer": long})).refused("spiffe_too_long"));
    cases.push(with("f13-svids-of-typ-at-jwt", json!({"typ": "at+jwt"})).refused("jwt_setup_text"));
    let life = |id: &str, seconds: i64| {
        svid(id, &["T-12", "Window", "Edge"]).claim("exp", &(SECONDS + seconds).to_string())
    };
    let expires = said(&json!({"expires": NOW + HOUR * 1_000}));
    cases.push(life("c13-the-longest-life-of-svid", HOUR).says(&expires));
    cases.push(life("c13-a-longer-life-of-svid", HOUR + 1).refused("jwt_lifetime"));
    cases
}

/// A set of keys as a trust domain publishes it.
fn bundle(id: &str, flags: &[&'static str], keys: &Value) -> Keys {
    let members = json!({"spiffe_sequence": 7, "spiffe_refresh_hint": 300, "keys": keys});
    let bundle = members.to_string();
    let keys = TokenKeysInput::Bundle(BundleInput { bundle });
    case(id, flags, KeysInput { keys })
}

fn key_of(by: By, id: &str, change: &Value) -> Value {
    changed(by.jwk(id), change)
}

fn ours(by: By, id: &str) -> Value {
    key_of(by, id, &json!({"use": "jwt-svid", "alg": null}))
}

pub(super) fn bundles() -> Vec<Keys> {
    let has = |id: &str, keys: &Value, ids: &[&str]| {
        accepted(bundle(id, &["T-18", "Usual"], keys), json!({"ids": ids}))
    };
    let rsa = |id: &str| {
        changed(
            rsa_jwk(id, "RS256", &rsa_modulus()),
            &json!({"use": "jwt-svid", "alg": null}),
        )
    };
    let es256 = ours(By::Es256, "k1");
    vec![
        has("a-bundle-of-one-key", &json!([es256]), &["k1"]),
        has(
            "a-bundle-of-keys-of-three-kinds",
            &json!([es256, ours(By::Es384, "k2"), rsa("k3")]),
            &["k1", "k2", "k3"],
        ),
        has(
            "a-bundle-with-algorithms",
            &json!([
                key_of(By::Es256, "k1", &json!({"use": "jwt-svid"})),
                changed(rsa("k2"), &json!({"alg": "PS256"}))
            ]),
            &["k1", "k2"],
        ),
        has(
            "a-bundle-with-keys-of-certificates",
            &json!([certificate(), es256]),
            &["k1"],
        ),
        has(
            "a-bundle-with-keys-that-are-not-known-here",
            &json!([
                es256,
                {"use": "jwt-svid", "kty": "EC", "crv": "P-521", "kid": "k2", "x": "a", "y": "b"},
                {"use": "jwt-svid", "kty": "PQ", "kid": "k3"},
                {"use": "jwt-svid", "kty": "EC", "crv": "P-256", "kid": "k4", "alg": "ES512", "x": "a", "y": "b"},
                {"use": "sig", "kty": "EC", "crv": "P-256", "kid": "k5", "x": "a", "y": "b"},
                {"kty": "EC", "crv": "P-256", "kid": "k6", "x": "a", "y": "b"},
                ours(By::EdDsa, "k7"),
                key_of(By::EdDsa, "k8", &json!({"use": "jwt-svid"})),
                hmac(),
            ]),
            &["k1"],
        ),
    ]
}

pub(super) fn refused_bundles() -> Vec<Keys> {
    let refused =
        |id: &str, keys: &Value, code: &str| refused_keys(bundle(id, &["T-18", "Key"], keys), code);
    let es256 = ours(By::Es256, "k1");
    let with = |change: Value| json!([changed(es256.clone(), &change)]);
    vec![
        refused("a-bundle-of-secrets", &json!([hmac()]), "jwt_setup_keys"),
        refused(
            "a-bundle-without-keys-for-tokens",
            &json!([certificate()]),
            "jwt_setup_keys",
        ),
        refused("a-bundle-of-nothing", &json!([]), "jwt_setup_keys"),
        refused(
            "a-bundle-with-one-id-twice",
            &json!([es256, ours(By::Es384, "k1")]),
            "jwt_setup_keys",
        ),
        refused(
            "a-bundle-without-an-id",
            &with(json!({"kid": null})),
            "jwt_setup_jwk",
        ),
        refused(
            "o15-a-private-part-in-a-bundle",
            &with(json!({"d": "AA"})),
            "jwt_setup_jwk",
        ),
        refused(
            "o12-a-point-of-31-bytes-in-a-bundle",
            &with(json!({"x": encoded([7; 31])})),
            "jwt_setup_jwk",
        ),
        refused(
            "o12-another-point-in-a-bundle",
            &with(json!({"x": encoded([7; 32])})),
            "public_key_point",
        ),
        refused(
            "a-bundle-for-another-operation",
            &with(json!({"key_ops": ["sign"]})),
            "jwt_setup_jwk",
        ),
        refused(
            "a-bundle-whose-keys-are-an-object",
            &json!({}),
            "jwt_setup_jwk",
        ),
        refused("a-bundle-with-a-number", &json!([7]), "jwt_setup_jwk"),
    ]
}

fn certificate() -> Value {
    json!({"use": "x509-svid", "kty": "EC", "crv": "P-256", "x": "a", "y": "b", "x5c": ["AAAA"]})
}

fn hmac() -> Value {
    json!({"use": "jwt-svid", "kty": "oct", "alg": "HS256", "kid": "k1", "k": encoded(secret(32))})
}

/// The same with these members; null takes one away.
fn changed(mut jwk: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().into_iter().flatten() {
        jwk[name] = value.clone();
    }
    let members = jwk.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    jwk
}

pub(super) const DOMAIN: &str = "spiffe://td.example";
pub(super) const WORKER: &str = "spiffe://td.example/worker/7";
/// The longest life of a JWT-SVID, in seconds.
const HOUR: i64 = 3_600;
