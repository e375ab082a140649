//! What honest issuers send, each policy, and keys that are bound.

use counterseal::core::sha256;
use serde_json::{Value, json};

use super::Verify;
use super::draft::{Draft, ISSUER, NOW, SECONDS, draft, encoded, header_of};
use super::secrets::{By, PS256_TOKEN, RS256_TOKEN, RSA, hmac_key, jwk_key, pem_key, secret};
use crate::bytes::hex;

pub(super) fn cases() -> Vec<Verify> {
    [algorithms(), keys(), claims(), names(), bound()].concat()
}

fn usual(id: &str) -> Draft {
    draft(id, &["T-3", "Usual"])
}

fn algorithms() -> Vec<Verify> {
    let by = |by: By| {
        let id = format!("a-token-by-{}", by.name().to_lowercase());
        draft(id, &["T-4", "Usual"]).by(by).accepted()
    };
    let rsa = |algorithm: &str, token: &'static str| {
        let id = format!("a-token-by-{}", algorithm.to_lowercase());
        let keys = [pem_key("rsa", algorithm, RSA)];
        let draft = draft(id, &["T-4", "Usual"]).keys(keys);
        draft.changed(move |_| token.into())
    };
    let mut cases: Vec<_> = By::ALL.map(by).into();
    cases.extend([
        rsa("RS256", RS256_TOKEN).says(&json!({"key_id": "rsa"})),
        rsa("PS256", PS256_TOKEN).says(&json!({"key_id": "rsa"})),
    ]);
    cases
}

fn keys() -> Vec<Verify> {
    let ec = By::Es256;
    let header = header_of("ES256", "k1", "at+jwt");
    let by_ec = |id: &str| usual(id).by(ec);
    let kid = "https://iss.example/keys?id=1&x=\u{e9}";
    let digest = sha256(&[kid.as_bytes()]);
    let called = format!("sha256:{}", hex(&digest[..16]));
    let mut other = ec.jwk("k2");
    other["use"] = "enc".into();
    vec![
        by_ec("a-key-as-jwk")
            .keys([jwk_key(&ec.jwk("k1"))])
            .accepted(),
        by_ec("a-key-as-pem")
            .keys([pem_key("k1", "ES256", &ec.public_pem())])
            .accepted(),
        by_ec("a-set-of-keys")
            .jwks(&json!([By::EdDsa.jwk("ed"), ec.jwk("k1"), other]))
            .accepted(),
        usual("several-keys")
            .keys([
                By::Es256.key("ec"),
                By::Hs256.key("k1"),
                By::Hs512.key("k2"),
            ])
            .accepted(),
        by_ec("a-kid-that-is-any-text")
            .header(header.replace("k1", kid))
            .jwks(&json!([ec.jwk(kid)]))
            .says(&json!({"key_id": called})),
        usual("a-secret-that-is-longer-than-it-must-be")
            .keys([hmac_key("k1", "HS256", &secret(32))])
            .accepted(),
    ]
}

fn claims() -> Vec<Verify> {
    let about = |id: &str| draft(id, &["T-6", "Usual"]);
    let depth = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let breadth = |count: usize| {
        (0..count).fold(draft("x", &[]), |draft, at| {
            draft.claim(&format!("n{at}"), "1")
        })
    };
    let filled = |id: &str, flags: &[&'static str], count: usize| {
        let wide = breadth(count - 6).open_claims() + "}";
        draft(id, flags).payload(wide)
    };
    vec![
        about("a-payload-with-blanks-and-another-order")
            .payload(format!(
                "\n{{ \"jti\" :\"id-1\",\t\"exp\":{},\"iat\":{SECONDS} ,\"aud\":\"api\",\"sub\":\"user-7\",\r\n\"iss\":\"{ISSUER}\"}} ",
                SECONDS + 600
            ))
            .accepted(),
        about("a-payload-with-escapes")
            .claim("iss", r#""https:\/\/iss\u002eexample""#)
            .claim("sub", r#""user\u002d7""#)
            .accepted(),
        about("a-name-of-a-claim-with-an-escape")
            .payload(draft("x", &[]).without("sub").open_claims() + r#","\u0073ub":"user-7"}"#)
            .accepted(),
        about("claims-of-others").claim("scope", "\"a b\"").claim("n", "[1,null,{\"x\":-1.5e3}]").accepted(),
        about("a-number-that-a-double-holds").claim("n", "1e300").accepted(),
        draft("c28-eight-levels", &["T-5", "Edge", "Usual"]).claim("deep", &depth(7)).accepted(),
        draft("c28-nine-levels", &["T-5", "Edge", "Size"]).claim("deep", &depth(8)).refused("jwt_payload"),
        draft("c28-lists-in-lists", &["T-5", "Size"]).claim("deep", &depth(2_000)).refused("jwt_payload"),
        draft("c28-objects-in-objects", &["T-5", "Size"])
            .claim("deep", &format!("{}1{}", "{\"a\":".repeat(300), "}".repeat(300)))
            .refused("jwt_payload"),
        filled("c28-64-members", &["T-5", "Edge", "Usual"], 64).accepted(),
        filled("c28-65-members", &["T-5", "Edge", "Size"], 65).refused("jwt_payload"),
        draft("c29-the-name-of-an-inherited-member", &["T-5", "Usual"])
            .claim("__proto__", "{\"isAdmin\":true}")
            .claim("constructor", "1")
            .accepted(),
    ]
}

/// Texts of 1 to 255 bytes, and counts.
fn names() -> Vec<Verify> {
    let longest = "x".repeat(255);
    let named = |id: &str| draft(id, &["T-9", "Usual"]);
    let mut cases = vec![
        named("all-claims-of-ours")
            .claim("sid", "\"s-1\"")
            .claim("akid", "\"key-1\"")
            .claim("user_ver", "3")
            .claim("gen", "0")
            .says(&json!({"session": "s-1", "access_key": "key-1", "user_ver": 3, "generation": 0})),
        named("a-subject-in-any-language")
            .claim("sub", "\"\u{e9}\u{1f600}\\ud83d\\ude00\\\"\\n\"")
            .says(&json!({"subject": "\u{e9}\u{1f600}\u{1f600}\"\n"})),
        named("c21-the-longest-subject").claim("sub", &json!(longest).to_string()).says(&json!({"subject": longest})),
        named("c21-the-longest-id").claim("jti", &json!(longest).to_string()).says(&json!({"id": longest})),
        named("the-largest-count")
            .claim("user_ver", "9007199254740991")
            .claim("gen", "9007199254740991")
            .says(&json!({"user_ver": 9_007_199_254_740_991_i64, "generation": 9_007_199_254_740_991_i64})),
    ];
    let long = json!("x".repeat(256)).to_string();
    let wrong = ["1", "\"\"", "null", "[]", "{}", "true", &long];
    for name in ["jti", "sub", "sid", "akid"] {
        for (value, what) in wrong.iter().zip([
            "a-number",
            "empty",
            "null",
            "a-list",
            "an-object",
            "true",
            "too-long",
        ]) {
            let row = if name == "jti" || name == "sub" {
                "c21-"
            } else {
                ""
            };
            let id = format!("{row}{name}-that-is-{what}");
            cases.push(
                draft(id, &["T-9", "Claim"])
                    .claim(name, value)
                    .refused("jwt_claim"),
            );
        }
    }
    let counts = [
        ("negative", "-1"),
        ("minus-zero", "-0"),
        ("a-fraction", "1.0"),
        ("with-an-exponent", "1e2"),
        ("2-to-the-53", "9007199254740992"),
        ("2-to-the-64", "18446744073709551616"),
        ("a-text", "\"1\""),
        ("null", "null"),
        ("true", "true"),
    ];
    for (claim, name) in [("user_ver", "user-ver"), ("gen", "gen")] {
        for (what, value) in counts {
            let id = format!("{name}-that-is-{what}");
            cases.push(
                draft(id, &["T-9", "Claim"])
                    .claim(claim, value)
                    .refused("jwt_claim"),
            );
        }
    }
    for name in ["jti", "sub"] {
        let id = format!("c21-no-{name}");
        cases.push(
            draft(id, &["T-9", "Claim"])
                .without(name)
                .refused("jwt_claim_missing"),
        );
    }
    cases
}

fn bound() -> Vec<Verify> {
    let (print, other) = ([9; 32], [8; 32]);
    let text = encoded(print);
    let to = |id: &str, name: &str| {
        draft(id, &["T-10", "Bound"]).claim("cnf", &json!({name: text}).to_string())
    };
    let cnf = |id: &str, value: &str| {
        draft(id, &["T-10", "Claim"])
            .claim("cnf", value)
            .shows_key(print)
            .refused("jwt_claim")
    };
    vec![
        to("a-token-that-is-bound-to-a-certificate", "x5t#S256")
            .shows_certificate(print)
            .says(&json!({"bound_by": "x5t#S256"})),
        to("a-token-that-is-bound-to-a-key", "jkt")
            .shows_key(print)
            .says(&json!({"bound_by": "jkt"})),
        to("a-bound-token-without-its-certificate", "x5t#S256").refused("jwt_binding"),
        to("a-bound-token-without-its-key", "jkt").refused("jwt_binding"),
        to("a-bound-token-with-another-certificate", "x5t#S256")
            .shows_certificate(other)
            .refused("jwt_binding"),
        to("a-bound-token-with-another-key", "jkt")
            .shows_key(other)
            .refused("jwt_binding"),
        to("a-certificate-where-a-key-is-bound", "jkt")
            .shows_certificate(print)
            .refused("jwt_binding"),
        to("a-key-where-a-certificate-is-bound", "x5t#S256")
            .shows_key(print)
            .refused("jwt_binding"),
        draft(
            "a-certificate-beside-a-token-that-is-not-bound",
            &["T-10", "Bound"],
        )
        .shows_certificate(print)
        .refused("jwt_binding"),
        draft("a-key-beside-a-token-that-is-not-bound", &["T-10", "Bound"])
            .shows_key(print)
            .refused("jwt_binding"),
        cnf("cnf-that-is-a-text", "\"jkt\""),
        cnf("cnf-that-is-a-list", "[]"),
        cnf("cnf-that-is-null", "null"),
        cnf("cnf-that-is-empty", "{}"),
        cnf(
            "cnf-with-a-key-instead-of-its-thumbprint",
            "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
        ),
        cnf("cnf-with-the-id-of-a-key", "{\"kid\":\"k1\"}"),
        cnf(
            "cnf-with-two-members",
            &json!({"jkt": text, "x5t#S256": text}).to_string(),
        ),
        cnf(
            "cnf-with-31-bytes",
            &json!({"jkt": encoded([9; 31])}).to_string(),
        ),
        cnf(
            "cnf-with-33-bytes",
            &json!({"jkt": encoded([9; 33])}).to_string(),
        ),
        cnf(
            "cnf-with-padding",
            &json!({"jkt": format!("{text}=")}).to_string(),
        ),
        cnf("cnf-with-a-number", "{\"jkt\":1}"),
        draft(
            "a-bound-token-that-is-over-without-its-key",
            &["T-11", "Order"],
        )
        .claim("cnf", &json!({"jkt": text}).to_string())
        .at(NOW + 3_600_000)
        .refused("jwt_expired"),
    ]
}

/// What each profile takes, and policies that cannot be.
pub(super) fn policies() -> Vec<Verify> {
    [profiles(), longest_lives(), audiences(), setups()].concat()
}

fn profiles() -> Vec<Verify> {
    let of = |id: &str, profile: &str, typ: &str| {
        draft(id, &["T-12", "Usual"])
            .policy(&json!({"profile": profile}))
            .header(header_of("HS256", "k1", typ))
    };
    let openid = |id: &str, header: &str| {
        draft(id, &["T-12", "Usual"])
            .policy(&json!({"profile": "openid"}))
            .header(header)
            .without("jti")
    };
    let without_kid = r#"{"alg":"HS256","typ":"JWT"}"#;
    let id = json!({"id": null});
    vec![
        of("a-token-of-an-application", "app", "JWT").accepted(),
        of("a-token-of-an-application-without-kid", "app", "JWT")
            .header(without_kid)
            .accepted(),
        of("no-kid-and-two-keys", "app", "JWT")
            .header(without_kid)
            .keys([By::Hs256.key("k1"), By::Hs512.key("k2")])
            .refused("jwt_header"),
        of("no-kid-and-one-key-of-another-algorithm", "app", "JWT")
            .header(without_kid)
            .keys([By::Es256.key("k1")])
            .refused("jwt_algorithm"),
        of("a-token-of-an-application-with-another-kid", "app", "JWT")
            .header(header_of("HS256", "k2", "JWT"))
            .refused("jwt_key_unknown"),
        openid(
            "a-token-of-openid-without-typ",
            r#"{"alg":"HS256","kid":"k1"}"#,
        )
        .says(&id),
        openid(
            "a-token-of-openid-with-typ",
            &header_of("HS256", "k1", "JWT"),
        )
        .says(&id),
        openid(
            "a-token-of-openid-with-thumbprints",
            r#"{"typ":"JWT","alg":"HS256","x5t":"a","x5t#S256":"b","kid":"k1"}"#,
        )
        .says(&id),
        openid(
            "a-token-of-openid-with-thumbprints-that-are-no-text",
            r#"{"alg":"HS256","x5t":[1],"kid":"k1"}"#,
        )
        .says(&id),
        openid(
            "a-token-of-openid-with-another-typ",
            &header_of("HS256", "k1", "at+jwt"),
        )
        .refused("jwt_type"),
        openid("a-token-of-openid-without-kid", without_kid).refused("jwt_header"),
        openid(
            "j20-a-token-of-openid-with-the-url-of-a-key",
            r#"{"alg":"HS256","kid":"k1","jku":"http://127.0.0.1:1/"}"#,
        )
        .refused("jwt_header"),
        openid(
            "a-token-of-openid-with-an-id",
            r#"{"alg":"HS256","kid":"k1"}"#,
        )
        .claim("jti", "\"id-1\"")
        .accepted(),
        openid(
            "c21-a-token-of-openid-with-an-empty-id",
            r#"{"alg":"HS256","kid":"k1"}"#,
        )
        .claim("jti", "\"\"")
        .refused("jwt_claim"),
        openid(
            "a-token-of-openid-whose-claims-are-not-ours",
            r#"{"alg":"HS256","kid":"k1"}"#,
        )
        .claim("sid", "5")
        .claim("akid", "[]")
        .claim("user_ver", "\"x\"")
        .claim("gen", "-1")
        .claim("cnf", "7")
        .says(&id),
        of("a-token-of-a-typ-of-its-own", "access", "report+jwt")
            .policy(&json!({"typ": "report+jwt"}))
            .accepted(),
        of(
            "j28-the-usual-typ-where-there-is-one-of-its-own",
            "access",
            "at+jwt",
        )
        .policy(&json!({"typ": "report+jwt"}))
        .refused("jwt_type"),
    ]
}

/// The longest life of each profile, and a second more.
fn longest_lives() -> Vec<Verify> {
    let mut cases = Vec::new();
    for (profile, typ, most) in [
        ("access", "at+jwt", 1_800),
        ("app", "JWT", 1_800),
        ("provisioner", "cs-prov+jwt", 120),
        ("job", "cs-job+jwt", 7_200),
        ("openid", "JWT", 86_400),
    ] {
        let lives = |what: &str, seconds: i64| {
            draft(
                format!("c13-{what}-of-{profile}"),
                &["T-12", "Window", "Edge"],
            )
            .policy(&json!({"profile": profile}))
            .header(header_of("HS256", "k1", typ))
            .claim("exp", &(SECONDS + seconds).to_string())
        };
        let longest = lives("the-longest-life", most);
        cases.push(longest.says(&json!({"expires": NOW + most * 1_000})));
        cases.push(lives("a-longer-life", most + 1).refused("jwt_lifetime"));
    }
    cases
}

fn audiences() -> Vec<Verify> {
    let matched = |id: &str, rule: &str, names: Value, aud: &str| {
        draft(id, &["T-6", "Usual"])
            .policy(&json!({"audience": names, "match_audience": rule}))
            .claim("aud", aud)
    };
    let two = || json!(["api", "jobs"]);
    vec![
        matched("any-of-two-audiences", "any", two(), "\"jobs\"").accepted(),
        matched(
            "any-of-two-audiences-and-others",
            "any",
            two(),
            "[\"x\",\"jobs\"]",
        )
        .accepted(),
        matched("none-of-two-audiences", "any", two(), "[\"x\",\"y\"]").refused("jwt_audience"),
        matched(
            "all-of-two-audiences",
            "all",
            two(),
            "[\"jobs\",\"x\",\"api\"]",
        )
        .accepted(),
        matched(
            "one-of-two-audiences-that-must-both-be-there",
            "all",
            two(),
            "[\"api\",\"x\"]",
        )
        .refused("jwt_audience"),
        matched("only-our-audiences", "only", two(), "[\"jobs\"]").accepted(),
        matched(
            "our-audience-and-another-one",
            "only",
            two(),
            "[\"api\",\"x\"]",
        )
        .refused("jwt_audience"),
        matched(
            "an-audience-twice-in-the-list",
            "only",
            two(),
            "[\"api\",\"api\"]",
        )
        .accepted(),
    ]
}

fn setups() -> Vec<Verify> {
    let with = |id: &str, policy: Value| draft(id, &["T-12", "Setup"]).policy(&policy);
    let names = |count: usize| json!((0..count).map(|at| format!("api{at}")).collect::<Vec<_>>());
    let text = |len: usize| json!("i".repeat(len));
    let nine = |id: &str, count: usize| {
        with(id, json!({"audience": names(count)})).claim("aud", "\"api0\"")
    };
    let issuer = |id: &str, len: usize| {
        with(id, json!({"issuer": text(len)})).claim("iss", &text(len).to_string())
    };
    let life = |id: &str, seconds: i64| with(id, json!({"life_seconds": seconds}));
    let leeway = |id: &str, seconds: i64| with(id, json!({"leeway_seconds": seconds}));
    vec![
        with("j33-an-empty-issuer", json!({"issuer": ""})).refused("jwt_setup_text"),
        with("j33-an-empty-audience", json!({"audience": [""]})).refused("jwt_setup_text"),
        with("j33-no-audience", json!({"audience": []})).refused("jwt_setup_audience"),
        with("j33-no-keys", json!({}))
            .keys([])
            .refused("jwt_setup_keys"),
        nine("eight-audiences", 8).accepted(),
        nine("nine-audiences", 9).refused("jwt_setup_audience"),
        issuer("the-longest-issuer", 512).accepted(),
        issuer("a-longer-issuer", 513).refused("jwt_setup_text"),
        with("an-empty-typ", json!({"typ": ""})).refused("jwt_setup_text"),
        with("a-typ-with-a-quote", json!({"typ": "a\"b"})).refused("jwt_setup_text"),
        with("a-typ-with-a-blank", json!({"typ": "at jwt"})).refused("jwt_setup_text"),
        with("a-typ-beyond-ascii", json!({"typ": "\u{e9}"})).refused("jwt_setup_text"),
        leeway("the-longest-leeway", 120)
            .at(NOW + 719_999)
            .accepted(),
        leeway("the-longest-leeway-is-over", 120)
            .at(NOW + 720_000)
            .refused("jwt_expired"),
        leeway("a-longer-leeway", 121).refused("jwt_setup_window"),
        leeway("no-leeway", 0).at(NOW + 599_999).accepted(),
        leeway("no-leeway-is-over", 0)
            .at(NOW + 600_000)
            .refused("jwt_expired"),
        life("a-life-of-nothing", 0).refused("jwt_setup_window"),
        life("a-life-of-more-than-a-day", 86_401).refused("jwt_setup_window"),
        life("c13-the-life-of-the-policy", 600).accepted(),
        life("c13-longer-than-the-life-of-the-policy", 599).refused("jwt_lifetime"),
        life("c13-a-life-of-a-day", 86_400)
            .claim("exp", &(SECONDS + 86_400).to_string())
            .says(&json!({"expires": NOW + 86_400_000})),
    ]
}
