//! Headers that are none of the profile: the rows J.

use serde_json::json;

use super::Verify;
use super::draft::{Draft, HEADER, draft, encoded, header_of};
use super::secrets::{By, RS256_TOKEN, RSA, hmac_key, pem_key, secret};

pub(super) fn cases() -> Vec<Verify> {
    [algorithms(), confusions(), members(), kids(), forms()].concat()
}

fn headed(id: impl Into<String>, header: impl Into<Vec<u8>>) -> Draft {
    draft(id, &["T-2", "Header"]).header(header)
}

fn algorithms() -> Vec<Verify> {
    let mut cases = Vec::new();
    for (name, alg) in [
        ("j01-none", "none"),
        ("j02-none-with-a-capital", "None"),
        ("j02-none-in-mixed-case", "nOnE"),
        ("j02-none-in-capitals", "NONE"),
        ("j02-no-letters", ""),
        ("j02-none-with-a-blank", "none "),
    ] {
        let header = header_of(alg, "k1", "at+jwt");
        let with =
            |what: &str| draft(format!("{name}-{what}"), &["T-3", "Header"]).header(header.clone());
        cases.push(with("with-a-signature").refused("jwt_algorithm"));
        let bare = with("and-no-signature").changed(|token| {
            let (signed, _) = token.rsplit_once('.').expect("three parts");
            format!("{signed}.")
        });
        cases.push(bare.refused("jwt_algorithm"));
    }
    for (name, value) in [
        ("a-number", "256"),
        ("a-list", "[\"HS256\"]"),
        ("null", "null"),
        ("true", "true"),
        ("an-object", "{}"),
    ] {
        let header = format!(r#"{{"alg":{value},"kid":"k1","typ":"at+jwt"}}"#);
        cases.push(headed(format!("j10-alg-is-{name}"), header).refused("jwt_header"));
    }
    cases.push(headed("j10-no-alg", r#"{"kid":"k1","typ":"at+jwt"}"#).refused("jwt_header"));
    let escaped = headed(
        "an-algorithm-with-an-escape",
        HEADER.replace("HS256", "HS\\u003256"),
    );
    cases.push(escaped.accepted());
    let spaced = "{ \"typ\" : \"at+jwt\", \"kid\":\"k1\",\n\"alg\":\"HS256\" }";
    cases.push(
        draft("a-header-in-another-order", &["T-2", "Usual"])
            .header(spaced)
            .accepted(),
    );
    cases
}

/// A key for another algorithm than it is pinned to.
fn confusions() -> Vec<Verify> {
    let pinned = |id: &str, alg: &str, by: By| {
        draft(id, &["T-3", "Key"])
            .header(header_of(alg, "k1", "at+jwt"))
            .signed_by(by)
    };
    let public = By::Es256.public_pem();
    vec![
        pinned("j04-the-public-key-as-secret", "HS256", By::Hs256)
            .keys([By::Es256.key("k1")])
            .changed(hmac_by(public.into_bytes()))
            .refused("jwt_algorithm"),
        pinned("j04-the-public-rsa-key-as-secret", "HS256", By::Hs256)
            .keys([pem_key("k1", "RS256", RSA)])
            .changed(hmac_by(RSA.into()))
            .refused("jwt_algorithm"),
        pinned("j08-hs512-for-a-key-of-hs256", "HS512", By::Hs512)
            .keys([hmac_key("k1", "HS256", &secret(64))])
            .refused("jwt_algorithm"),
        pinned("j08-hs256-for-a-key-of-hs512", "HS256", By::Hs256)
            .keys([By::Hs512.key("k1")])
            .refused("jwt_algorithm"),
        pinned("j08-hs384-for-a-key-of-hs256", "HS384", By::Hs384).refused("jwt_algorithm"),
        draft("j08-rs256-for-a-key-of-ps256", &["T-3", "Key"])
            .keys([pem_key("rsa", "PS256", RSA)])
            .changed(|_| RS256_TOKEN.into())
            .refused("jwt_algorithm"),
        pinned(
            "j08-a-signature-of-hs512-under-the-name-hs256",
            "HS256",
            By::Hs512,
        )
        .refused("jwt_signature"),
        pinned("j09-es384-for-a-key-on-p256", "ES384", By::Es384)
            .keys([By::Es256.key("k1")])
            .refused("jwt_algorithm"),
        pinned("j09-es256-for-a-key-on-p384", "ES256", By::Es256)
            .keys([By::Es384.key("k1")])
            .refused("jwt_algorithm"),
        pinned("j09-eddsa-for-a-key-on-p256", "EdDSA", By::EdDsa)
            .keys([By::Es256.key("k1")])
            .refused("jwt_algorithm"),
        pinned("j09-an-algorithm-in-lower-case", "hs256", By::Hs256).refused("jwt_algorithm"),
        pinned(
            "j09-an-algorithm-that-is-not-known-here",
            "ES512",
            By::Hs256,
        )
        .refused("jwt_algorithm"),
        pinned("j09-es256-for-a-key-of-eddsa", "ES256", By::Es256)
            .keys([pem_key("k1", "EdDSA", &By::EdDsa.public_pem())])
            .refused("jwt_algorithm"),
    ]
}

/// Signs with HMAC-SHA256 under these bytes instead.
fn hmac_by(secret: Vec<u8>) -> impl Fn(&str) -> String {
    use counterseal::core::{MacKey, Secret};
    move |token| {
        let (signed, _) = token.rsplit_once('.').expect("three parts");
        let key = MacKey::new(&Secret::new(secret.clone())).expect("long enough");
        format!("{signed}.{}", encoded(key.tag(signed.as_bytes())))
    }
}

/// Members beside `alg`, `kid` and `typ`.
fn members() -> Vec<Verify> {
    let jwk = By::Es256.jwk("k1").to_string();
    let more = [
        ("j11-an-unknown-crit", r#""crit":["x-mfa"]"#.to_owned()),
        (
            "j11-a-crit-that-is-known-elsewhere",
            r#""crit":["exp"],"exp":1"#.into(),
        ),
        ("j12-an-empty-crit", r#""crit":[]"#.into()),
        ("j12-a-crit-that-is-null", r#""crit":null"#.into()),
        ("j17-the-member-b64", r#""b64":false"#.into()),
        (
            "j17-the-member-b64-with-crit",
            r#""b64":false,"crit":["b64"]"#.into(),
        ),
        (
            "j17-the-member-b64-that-changes-nothing",
            r#""b64":true"#.into(),
        ),
        (
            "j20-the-url-of-keys",
            r#""jku":"http://127.0.0.1:1/""#.into(),
        ),
        (
            "j20-the-url-of-a-certificate",
            r#""x5u":"http://127.0.0.1:1/""#.into(),
        ),
        ("a-chain-of-certificates", r#""x5c":[]"#.into()),
        ("the-thumbprint-of-a-certificate", r#""x5t":"a""#.into()),
        ("j30-zip", r#""zip":"DEF""#.into()),
        ("j30-enc", r#""enc":"A256GCM""#.into()),
        ("j31-p2c", r#""p2c":2147483647,"p2s":"AAAA""#.into()),
        ("a-cty", r#""cty":"JWT""#.into()),
        ("a-member-of-nobody", r#""x":1"#.into()),
        (
            "a-claim-in-the-header",
            r#""iss":"https://iss.example""#.into(),
        ),
        ("a-member-without-a-name", r#""":1"#.into()),
    ];
    let mut cases: Vec<_> = more
        .map(|(id, more)| {
            headed(id, HEADER.replace('}', &format!(",{more}}}"))).refused("jwt_header")
        })
        .into();
    let embedded = header_of("ES256", "k1", "at+jwt").replace('}', &format!(",\"jwk\":{jwk}}}"));
    let by_its_own = headed("j19-a-key-in-the-header", embedded).signed_by(By::Es256);
    cases.push(by_its_own.keys([By::EdDsa.key("k1")]).refused("jwt_header"));
    cases
}

fn kids() -> Vec<Verify> {
    let unknown = [
        ("j22-a-kid-that-is-a-path", "../../../../dev/null"),
        ("j22-a-kid-that-is-a-query", "' OR 1=1 --"),
        ("j25-an-unknown-kid", "k2"),
        ("j25-a-kid-in-capitals", "K1"),
        ("j25-a-kid-with-a-blank", "k1 "),
        ("j25-a-kid-with-a-nul", "k1\\u0000"),
        ("j25-an-empty-kid", ""),
        ("j25-the-begin-of-a-kid", "k"),
    ];
    let mut cases: Vec<_> = unknown
        .map(|(id, kid)| {
            let header = header_of("HS256", kid, "at+jwt");
            draft(id, &["T-3", "Key"])
                .header(header)
                .refused("jwt_key_unknown")
        })
        .into();
    for (what, kid) in [
        ("a-number", "1"),
        ("an-object", "{}"),
        ("a-list", "[\"k1\"]"),
        ("null", "null"),
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":{kid},"typ":"at+jwt"}}"#);
        cases.push(headed(format!("j24-a-kid-that-is-{what}"), header).refused("jwt_header"));
    }
    cases.extend([
        headed("j24-no-kid", r#"{"alg":"HS256","typ":"at+jwt"}"#).refused("jwt_header"),
        draft("j25-a-kid-with-an-escape", &["T-3", "Usual"])
            .header(HEADER.replace("k1", "\\u006b1"))
            .accepted(),
        draft("j25-the-kid-of-another-key", &["T-4", "Key"])
            .header(header_of("HS256", "k2", "at+jwt"))
            .keys([By::Hs256.key("k1"), hmac_key("k2", "HS256", &[8; 32])])
            .refused("jwt_signature"),
    ]);
    cases
}

/// What is no object with these three members, each once; and other kinds of tokens.
fn forms() -> Vec<Verify> {
    let mut cases = Vec::new();
    for (id, header) in [
        (
            "j26-alg-twice",
            r#"{"alg":"none","alg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        ),
        (
            "j26-alg-twice-and-the-same",
            r#"{"alg":"HS256","alg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        ),
        (
            "j26-kid-twice",
            r#"{"alg":"HS256","kid":"k2","kid":"k1","typ":"at+jwt"}"#,
        ),
        (
            "j26-alg-twice-once-with-an-escape",
            r#"{"\u0061lg":"none","alg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        ),
        (
            "j26-a-name-with-an-escape",
            r#"{"\u0061lg":"HS256","kid":"k1","typ":"at+jwt"}"#,
        ),
        ("j32-a-list", "[]"),
        ("j32-null", "null"),
        ("j32-a-text", "\"x\""),
        ("j32-an-empty-object", "{}"),
        ("j32-half-an-object", "{"),
        (
            "j32-a-mark-of-byte-order",
            "\u{feff}{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}",
        ),
        (
            "j32-two-objects",
            "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}{}",
        ),
        (
            "j32-a-comma-at-the-end",
            "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\",}",
        ),
        ("j28-no-typ", r#"{"alg":"HS256","kid":"k1"}"#),
        (
            "j28-a-typ-that-is-a-number",
            r#"{"alg":"HS256","kid":"k1","typ":1}"#,
        ),
    ] {
        cases.push(headed(id, header).refused("jwt_header"));
    }
    let not_text = b"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\xff\"}";
    cases.push(headed("j32-bytes-that-are-no-text", not_text).refused("jwt_header"));
    for (what, typ) in [
        ("of-security-events", "secevent+jwt"),
        ("of-any-kind", "JWT"),
        ("of-a-logout", "logout+jwt"),
        ("of-a-proof", "dpop+jwt"),
        ("of-another-service-of-ours", "cs-prov+jwt"),
        ("in-capitals", "AT+JWT"),
        ("with-its-long-name", "application/at+jwt"),
        ("with-a-blank", "at+jwt "),
        ("that-is-empty", ""),
    ] {
        let header = header_of("HS256", "k1", typ);
        cases.push(
            draft(format!("j28-a-typ-{what}"), &["T-2", "Header"])
                .header(header)
                .refused("jwt_type"),
        );
    }
    let other = |id: &str| draft(id, &["T-11", "Order"]);
    cases.extend([
        other("another-typ-and-an-unknown-key")
            .header(header_of("HS256", "k2", "JWT"))
            .refused("jwt_type"),
        other("an-unknown-key-and-another-algorithm")
            .header(header_of("none", "k2", "at+jwt"))
            .refused("jwt_key_unknown"),
        other("another-algorithm-and-a-bad-signature")
            .header(header_of("HS512", "k1", "at+jwt"))
            .refused("jwt_algorithm"),
        other("a-bad-signature-and-a-payload-that-is-no-json")
            .payload("x")
            .signature(|_| vec![0; 32])
            .refused("jwt_signature"),
        other("a-bad-signature-of-a-token-that-is-over")
            .claim("exp", "1")
            .signature(|_| vec![0; 32])
            .refused("jwt_signature"),
        other("a-key-that-cannot-be-and-a-token-that-is-none")
            .keys([hmac_key("k1", "HS256", &secret(31))])
            .changed(|_| "x".into())
            .refused("key_too_short"),
        other("a-policy-that-cannot-be-and-a-token-that-is-none")
            .policy(&json!({"issuer": ""}))
            .changed(|_| "x".into())
            .refused("jwt_setup_text"),
    ]);
    cases
}
