//! Keys as JWK, and sets of them.

use counterseal_testkit::keys as texts;
use counterseal_testkit::signatures::bytes;
use serde_json::{Value, json};

use super::draft::encoded;
use super::keys::{Keys, each, made, refused};
use super::secrets::{By, hmac_key, jwk_key, rsa_jwk, rsa_modulus, secret};
use crate::generate::limit::{accepted, case};
use crate::jwt::{JwksInput, KeysInput, TokenKeyInput, TokenKeysInput};

pub(super) fn cases() -> Vec<Keys> {
    [
        members(),
        points_and_texts(),
        jwks_of_rsa(),
        sets(),
        bounds(),
    ]
    .concat()
}

fn jwk(id: impl Into<String>, key: &Value, code: &str) -> Keys {
    refused(each(id, &["T-14", "Key"], [jwk_key(key)]), code)
}

fn with(by: By, name: &str, value: Value) -> Value {
    let mut jwk = by.jwk("k1");
    jwk[name] = value;
    jwk
}

fn without(by: By, name: &str) -> Value {
    let mut jwk = by.jwk("k1");
    let members = jwk.as_object_mut().expect("an object");
    members.remove(name);
    jwk
}

fn members() -> Vec<Keys> {
    let ec = By::Es256;
    let mut cases = Vec::new();
    for name in ["kty", "crv", "alg", "kid", "x", "y"] {
        cases.push(jwk(
            format!("o12-no-{name}"),
            &without(ec, name),
            "jwt_setup_jwk",
        ));
        cases.push(jwk(
            format!("o12-{name}-that-is-a-number"),
            &with(ec, name, json!(1)),
            "jwt_setup_jwk",
        ));
    }
    for (id, name, value) in [
        ("o12-another-kty", "kty", json!("RSA")),
        ("o12-another-curve", "crv", json!("P-384")),
        (
            "o12-a-curve-that-is-not-known-here",
            "crv",
            json!("secp256k1"),
        ),
        ("j01-a-jwk-for-none", "alg", json!("none")),
        (
            "o12-a-jwk-for-an-algorithm-that-is-not-known-here",
            "alg",
            json!("ES512"),
        ),
        ("o12-a-jwk-for-hmac-that-is-a-pair", "alg", json!("HS256")),
        ("a-jwk-for-encryption", "use", json!("enc")),
        ("a-jwk-whose-use-is-a-list", "use", json!(["sig"])),
        ("a-jwk-for-other-operations", "key_ops", json!(["encrypt"])),
        ("a-jwk-for-no-operations", "key_ops", json!([])),
        (
            "a-jwk-whose-operations-are-a-text",
            "key_ops",
            json!("verify"),
        ),
        ("a-jwk-with-an-empty-kid", "kid", json!("")),
        (
            "a-jwk-with-a-kid-of-256-bytes",
            "kid",
            json!("k".repeat(256)),
        ),
        ("o12-x-of-31-bytes", "x", json!(encoded([1; 31]))),
        ("o12-x-of-33-bytes", "x", json!(encoded([1; 33]))),
        ("o12-x-with-padding", "x", json!(encoded([1; 32]) + "=")),
        ("o12-x-that-is-empty", "x", json!("")),
        ("o12-y-that-is-no-base64", "y", json!("*")),
        (
            "o15-a-jwk-with-its-private-part",
            "d",
            json!(encoded([1; 32])),
        ),
        (
            "o15-a-jwk-with-a-private-part-that-is-null",
            "d",
            Value::Null,
        ),
    ] {
        cases.push(jwk(id, &with(ec, name, value), "jwt_setup_jwk"));
    }
    cases
}

/// Points that are none, and texts that are no JWK.
fn points_and_texts() -> Vec<Keys> {
    let ec = By::Es256;
    let mut cases = Vec::new();
    for (id, by, name, bytes) in [
        ("o12-a-point-that-is-not-on-its-curve", ec, "y", vec![1; 32]),
        ("o12-x-beyond-the-field", ec, "x", vec![0xff; 32]),
        (
            "o12-a-point-that-is-not-on-p384",
            By::Es384,
            "y",
            vec![1; 48],
        ),
        (
            "e16-a-key-of-ed25519-of-small-order",
            By::EdDsa,
            "x",
            [vec![1], vec![0; 31]].concat(),
        ),
        ("e16-a-key-of-ed25519-of-zeros", By::EdDsa, "x", vec![0; 32]),
        (
            "e16-a-key-of-ed25519-beyond-the-field",
            By::EdDsa,
            "x",
            [vec![0xff; 31], vec![0x7f]].concat(),
        ),
    ] {
        cases.push(jwk(
            id,
            &with(by, name, json!(encoded(bytes))),
            "public_key_point",
        ));
    }
    let mut origin = with(ec, "x", json!(encoded([0; 32])));
    origin["y"] = json!(encoded([0; 32]));
    cases.push(jwk("o12-a-point-of-zeros", &origin, "public_key_point"));
    let text = |id: &str, text: String| {
        let key = TokenKeyInput {
            jwk: Some(text),
            ..TokenKeyInput::default()
        };
        refused(each(id, &["T-14", "Ambiguous"], [key]), "jwt_setup_jwk")
    };
    let usual = ec.jwk("k1").to_string();
    cases.extend([
        text("a-jwk-that-is-a-list", format!("[{usual}]")),
        text("a-jwk-that-is-nothing", String::new()),
        text(
            "c22-a-jwk-with-kid-twice",
            usual.replace("\"kid\"", "\"kid\":\"a\",\"kid\""),
        ),
        text(
            "c25-a-jwk-with-a-comma-at-the-end",
            usual.replace('}', ",}"),
        ),
        made(
            each(
                "a-jwk-for-signatures",
                &["T-14", "Usual"],
                [jwk_key(&with(ec, "use", json!("sig")))],
            ),
            &[("k1", "ES256")],
        ),
        made(
            each(
                "a-jwk-with-members-of-others",
                &["T-14", "Usual"],
                [jwk_key(&with(ec, "x5t", json!("a")))],
            ),
            &[("k1", "ES256")],
        ),
    ]);
    cases
}

fn jwks_of_rsa() -> Vec<Keys> {
    let of = |modulus: &[u8]| rsa_jwk("k1", "RS256", modulus);
    let usual = rsa_modulus();
    let with = |name: &str, value: &str| {
        let mut jwk = of(&usual);
        jwk[name] = value.into();
        jwk
    };
    let even = [&usual[..255], &[usual[255] & 0xfe]].concat();
    let long = [&[0x80][..], &[1; 1_024]].concat();
    vec![
        jwk(
            "o10-an-rsa-key-of-512-bits",
            &of(&usual[..64]),
            "public_key_rsa_size",
        ),
        jwk(
            "o10-an-rsa-key-of-2040-bits",
            &of(&usual[..255]),
            "public_key_rsa_size",
        ),
        jwk(
            "o10-an-rsa-key-of-8200-bits",
            &of(&long),
            "public_key_rsa_size",
        ),
        jwk(
            "o10-an-rsa-key-that-is-even",
            &of(&even),
            "public_key_rsa_weak",
        ),
        jwk(
            "o10-an-rsa-key-by-a-broken-library",
            &of(&bytes(texts::ROCA_MODULUS)),
            "public_key_rsa_weak",
        ),
        jwk(
            "o10-an-rsa-key-of-close-primes",
            &of(&bytes(texts::CLOSE_MODULUS)),
            "public_key_rsa_weak",
        ),
        jwk(
            "o10-an-rsa-key-with-a-leading-zero",
            &of(&[&[0][..], &usual].concat()),
            "public_key_malformed",
        ),
        jwk(
            "o10-exponent-1",
            &with("e", "AQ"),
            "public_key_rsa_exponent",
        ),
        jwk(
            "o10-exponent-3",
            &with("e", "Aw"),
            "public_key_rsa_exponent",
        ),
        jwk(
            "o10-exponent-65536",
            &with("e", "AQAA"),
            "public_key_rsa_exponent",
        ),
        jwk(
            "o10-exponent-65537-with-a-leading-zero",
            &with("e", "AAEAAQ"),
            "public_key_rsa_exponent",
        ),
        jwk(
            "o15-an-rsa-key-with-a-prime",
            &with("p", "AQAB"),
            "jwt_setup_jwk",
        ),
        jwk(
            "o15-an-rsa-key-with-other-primes",
            &with("oth", ""),
            "jwt_setup_jwk",
        ),
    ]
}

fn set(id: &str, keys: &Value) -> Keys {
    let jwks = json!({"keys": keys, "more": 1}).to_string();
    let keys = TokenKeysInput::Set(JwksInput { jwks });
    case(id, &["T-14"], KeysInput { keys })
}

fn changed(kid: &str, name: &str, value: &str) -> Value {
    let mut jwk = By::Es256.jwk(kid);
    jwk[name] = value.into();
    jwk
}

fn sets() -> Vec<Keys> {
    let ec = || By::Es256.jwk("k1");
    let unknown = json!({"kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "k1"});
    let others = json!([
        ec(),
        unknown,
        By::EdDsa.jwk("k2"),
        changed("k1", "use", "enc"),
        {}
    ]);
    let taken = |id: &str, keys: &Value| accepted(set(id, keys), json!({"ids": ["k1", "k2"]}));
    let bad = |id: &str, keys: &Value, code: &str| refused(set(id, keys), code);
    let text = |id: &str, jwks: &str| {
        let keys = TokenKeysInput::Set(JwksInput { jwks: jwks.into() });
        let case = case(id, &["T-14", "Ambiguous"], KeysInput { keys });
        refused(case, "jwt_setup_jwk")
    };
    let damaged = json!([ec(), changed("k2", "x", "AA")]);
    let private = json!([ec(), changed("k2", "d", "AAAA")]);
    vec![
        taken("a-set-of-two", &json!([ec(), By::EdDsa.jwk("k2")])),
        taken("o01-keys-that-are-not-for-signatures-are-left-out", &others),
        bad(
            "o01-one-id-twice-in-a-set",
            &json!([ec(), ec()]),
            "jwt_setup_keys",
        ),
        bad(
            "o01-one-id-for-two-kinds",
            &json!([ec(), By::EdDsa.jwk("k1")]),
            "jwt_setup_keys",
        ),
        bad("j33-a-set-of-no-keys", &json!([]), "jwt_setup_keys"),
        bad(
            "j33-a-set-of-other-keys",
            &json!([unknown]),
            "jwt_setup_keys",
        ),
        bad("o12-a-damaged-key-in-a-set", &damaged, "jwt_setup_jwk"),
        bad("o15-a-private-part-in-a-set", &private, "jwt_setup_jwk"),
        text("a-set-that-is-a-list", &json!([ec()]).to_string()),
        text("a-set-without-keys", "{}"),
        text("a-set-whose-keys-are-an-object", r#"{"keys":{}}"#),
        text("a-set-with-a-number", r#"{"keys":[1]}"#),
        text("c22-a-set-with-keys-twice", r#"{"keys":[],"keys":[]}"#),
        text("a-set-that-is-nothing", ""),
    ]
}

/// How many keys there may be, each with an id of its own.
fn bounds() -> Vec<Keys> {
    let ids: Vec<_> = (0..65).map(|at| format!("k{at}")).collect();
    let jwks = |count: usize| {
        let keys = ids[..count].iter().map(|id| By::EdDsa.jwk(id));
        json!(keys.collect::<Vec<_>>())
    };
    let secrets = |count: usize| {
        let keys = ids[..count]
            .iter()
            .map(|id| hmac_key(id, "HS256", &secret(32)));
        keys.collect::<Vec<_>>()
    };
    let named: Vec<_> = ids[..64].iter().map(|id| (id.as_str(), "HS256")).collect();
    let bad = |id: &str, flag: &'static str, keys: Vec<TokenKeyInput>| {
        refused(each(id, &["T-13", flag], keys), "jwt_setup_keys")
    };
    let two = |other: By| vec![By::Hs256.key("k1"), other.key("k1")];
    vec![
        bad("o01-one-id-for-two-secrets", "Ambiguous", two(By::Hs512)),
        bad(
            "o01-one-id-for-a-secret-and-a-pair",
            "Ambiguous",
            two(By::Es256),
        ),
        bad("j33-a-list-of-no-keys", "Setup", Vec::new()),
        bad("65-keys", "Edge", secrets(65)),
        made(each("64-keys", &["T-13", "Edge"], secrets(64)), &named),
        accepted(set("a-set-of-64", &jwks(64)), json!({"ids": ids[..64]})),
        refused(set("a-set-of-65", &jwks(65)), "jwt_setup_keys"),
    ]
}
