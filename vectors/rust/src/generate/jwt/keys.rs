//! Keys: one by one and as sets, as JWK and as PEM.

use serde_json::{Value, json};

use counterseal_testkit::keys as texts;
use counterseal_testkit::signatures::bytes;

use super::draft::{encoded, refusal};
use super::secrets::{By, RSA, hmac_key, jwk_key, pem, pem_key, rsa_jwk, rsa_modulus, secret};
use crate::generate::limit::{accepted, case};
use crate::jwt::{JwksInput, KeysInput, TokenKeyInput, TokenKeysInput};
use crate::{Case, Expect};

type Keys = Case<KeysInput>;

pub(in crate::generate) fn cases() -> Vec<Keys> {
    [
        kinds(),
        secrets(),
        pems(),
        jwks_of_ec(),
        jwks_of_rsa(),
        sets(),
    ]
    .concat()
}

fn each(
    id: impl Into<String>,
    flags: &[&'static str],
    keys: impl Into<Vec<TokenKeyInput>>,
) -> Keys {
    let keys = TokenKeysInput::Each(keys.into());
    case(&id.into(), flags, KeysInput { keys })
}

fn made(case: Keys, keys: &[(&str, &str)]) -> Keys {
    let ids: Vec<_> = keys.iter().map(|(id, _)| *id).collect();
    let algorithms: Vec<_> = keys.iter().map(|(_, algorithm)| *algorithm).collect();
    accepted(case, json!({"ids": ids, "algorithms": algorithms}))
}

fn refused(mut case: Keys, code: &str) -> Keys {
    let expect: Expect = refusal(code);
    case.expect = expect;
    case
}

fn kinds() -> Vec<Keys> {
    let mut cases = Vec::new();
    for by in By::ALL {
        let id = format!("a-key-of-{}", by.name().to_lowercase());
        cases.push(made(
            each(id, &["T-13", "Usual"], [by.key("k1")]),
            &[("k1", by.name())],
        ));
    }
    for by in [By::EdDsa, By::Es256, By::Es384] {
        let id = format!("a-jwk-of-{}", by.name().to_lowercase());
        let key = each(id, &["T-14", "Usual"], [jwk_key(&by.jwk("k1"))]);
        cases.push(made(key, &[("k1", by.name())]));
    }
    for algorithm in ["RS256", "PS256"] {
        let lower = algorithm.to_lowercase();
        let as_pem = each(
            format!("a-key-of-{lower}"),
            &["T-13", "Usual"],
            [pem_key("k1", algorithm, RSA)],
        );
        cases.push(made(as_pem, &[("k1", algorithm)]));
        let jwk = rsa_jwk("k1", algorithm, &rsa_modulus());
        let as_jwk = each(
            format!("a-jwk-of-{lower}"),
            &["T-14", "Usual"],
            [jwk_key(&jwk)],
        );
        cases.push(made(as_jwk, &[("k1", algorithm)]));
    }
    let oct = json!({"kty": "oct", "alg": "HS256", "kid": "k1", "k": encoded(secret(32)), "key_ops": ["sign", "verify"]});
    let short = json!({"kty": "oct", "alg": "HS256", "kid": "k1", "k": encoded(secret(31))});
    cases.extend([
        made(
            each("a-jwk-of-hs256", &["T-14", "Usual"], [jwk_key(&oct)]),
            &[("k1", "HS256")],
        ),
        refused(
            each("j34-a-jwk-of-31-bytes", &["T-14", "Key"], [jwk_key(&short)]),
            "key_too_short",
        ),
        made(
            each(
                "keys-of-several-kinds",
                &["T-13", "Usual"],
                By::ALL.map(|by| by.key(by.name())),
            ),
            &By::ALL.map(|by| (by.name(), by.name())),
        ),
    ]);
    cases
}

fn secrets() -> Vec<Keys> {
    let mut cases = Vec::new();
    let of = |algorithm: &str, len: usize| {
        let id = format!("j34-{len}-bytes-for-{}", algorithm.to_lowercase());
        each(
            id,
            &["T-13", "Key", "Edge"],
            [hmac_key("k1", algorithm, &secret(len))],
        )
    };
    for (algorithm, lens) in [
        ("HS256", &[0, 1, 16, 31][..]),
        ("HS384", &[0, 32, 47]),
        ("HS512", &[0, 32, 63]),
    ] {
        for len in lens {
            cases.push(refused(of(algorithm, *len), "key_too_short"));
        }
    }
    for (algorithm, len) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        cases.push(made(of(algorithm, len), &[("k1", algorithm)]));
    }
    let named = |id: &str, key: TokenKeyInput| each(id, &["T-13", "Setup"], [key]);
    for (id, algorithm) in [
        ("j01-a-key-for-none", "none"),
        ("j02-a-key-for-no-letters", ""),
        ("a-key-for-an-algorithm-in-lower-case", "hs256"),
        ("a-key-for-an-algorithm-that-is-not-known-here", "ES512"),
        ("a-secret-for-an-algorithm-of-key-pairs", "ES256"),
    ] {
        cases.push(refused(
            named(id, hmac_key("k1", algorithm, &secret(64))),
            "jwt_setup_algorithm",
        ));
    }
    let longest = "k".repeat(64);
    cases.extend([
        made(
            each(
                "the-longest-id",
                &["T-13", "Edge"],
                [hmac_key(&longest, "HS256", &secret(32))],
            ),
            &[(&longest, "HS256")],
        ),
        refused(
            named(
                "an-id-of-65-letters",
                hmac_key(&"k".repeat(65), "HS256", &secret(32)),
            ),
            "key_id_invalid",
        ),
        refused(
            named("an-empty-id", hmac_key("", "HS256", &secret(32))),
            "key_id_invalid",
        ),
        refused(
            named(
                "j22-an-id-that-is-a-path",
                hmac_key("../dev/null", "HS256", &secret(32)),
            ),
            "key_id_invalid",
        ),
    ]);
    cases
}

fn pems() -> Vec<Keys> {
    let text = By::Es256.public_pem();
    let ec = |id: &str, text: &str| each(id, &["T-14", "Variant"], [pem_key("k1", "ES256", text)]);
    let of = |id: &str, algorithm: &str, text: &str| {
        each(id, &["T-14", "Key"], [pem_key("k1", algorithm, text)])
    };
    let mut cases = Vec::new();
    for (id, text) in [
        ("j05-a-comment-before-a-key", format!("# mine\n{text}")),
        ("j05-a-nul-before-a-key", format!("\0{text}")),
        ("j05-an-escape-before-a-key", format!("\u{1b}{text}")),
        (
            "j05-a-character-of-no-width-before-a-key",
            format!("\u{200b}{text}"),
        ),
        (
            "j05-a-field-before-a-key",
            format!("Proc-Type: 4\n\n{text}"),
        ),
        ("j05-a-text-behind-a-key", format!("{text}x")),
        ("j05-two-keys", format!("{text}{text}")),
        ("j05-no-key", String::new()),
        (
            "j05-another-label",
            text.replace("PUBLIC KEY", "CERTIFICATE"),
        ),
        ("j05-half-a-key", text[..60].into()),
        ("j05-no-end", text.replace("-----END PUBLIC KEY-----\n", "")),
        ("o15-a-private-key-as-a-public-one", texts::P256.into()),
    ] {
        cases.push(refused(ec(id, &text), "public_key_malformed"));
    }
    for (id, algorithm, by) in [
        ("j09-a-key-on-p256-for-es384", "ES384", By::Es256),
        ("j09-a-key-on-p384-for-es256", "ES256", By::Es384),
        ("j09-a-key-on-p256-for-eddsa", "EdDSA", By::Es256),
        ("j09-a-key-on-p256-for-rs256", "RS256", By::Es256),
        ("j09-a-key-of-ed25519-for-es256", "ES256", By::EdDsa),
    ] {
        cases.push(refused(
            of(id, algorithm, &by.public_pem()),
            "public_key_algorithm",
        ));
    }
    cases.push(refused(
        of("j09-an-rsa-key-for-es256", "ES256", RSA),
        "public_key_algorithm",
    ));
    let short = pem(&bytes(texts::RSA_SHORT));
    let three = pem(&bytes(texts::RSA_EXPONENT_3));
    cases.extend([
        refused(
            of("j04-a-public-key-for-hs256", "HS256", &text),
            "jwt_setup_algorithm",
        ),
        refused(
            of("o10-an-rsa-key-of-1024-bits-as-pem", "RS256", &short),
            "public_key_rsa_size",
        ),
        refused(
            of("o10-an-rsa-key-with-exponent-3-as-pem", "RS256", &three),
            "public_key_rsa_exponent",
        ),
    ]);
    cases
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

fn jwks_of_ec() -> Vec<Keys> {
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

fn sets() -> Vec<Keys> {
    let set = |id: &str, keys: &Value| {
        let jwks = json!({"keys": keys, "more": 1}).to_string();
        let keys = TokenKeysInput::Set(JwksInput { jwks });
        case(id, &["T-14"], KeysInput { keys })
    };
    let text = |id: &str, jwks: &str| {
        let keys = TokenKeysInput::Set(JwksInput { jwks: jwks.into() });
        refused(
            case(id, &["T-14", "Ambiguous"], KeysInput { keys }),
            "jwt_setup_jwk",
        )
    };
    let ec = || By::Es256.jwk("k1");
    let changed = |kid: &str, name: &str, value: &str| {
        let mut jwk = By::Es256.jwk(kid);
        jwk[name] = value.into();
        jwk
    };
    let many = |count: usize| {
        json!(
            (0..count)
                .map(|at| By::EdDsa.jwk(&format!("k{at}")))
                .collect::<Vec<_>>()
        )
    };
    let ids: Vec<_> = (0..64).map(|at| format!("k{at}")).collect();
    let secrets = |count: usize| {
        let keys = (0..count).map(|at| hmac_key(&format!("k{at}"), "HS256", &secret(32)));
        keys.collect::<Vec<_>>()
    };
    let unknown = json!({"kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "k1"});
    let others = json!([
        ec(),
        unknown,
        By::EdDsa.jwk("k2"),
        changed("k1", "use", "enc"),
        {}
    ]);
    let named: Vec<_> = ids.iter().map(|id| (id.as_str(), "HS256")).collect();
    vec![
        accepted(
            set("a-set-of-two", &json!([ec(), By::EdDsa.jwk("k2")])),
            json!({"ids": ["k1", "k2"]}),
        ),
        accepted(
            set("o01-keys-that-are-not-for-signatures-are-left-out", &others),
            json!({"ids": ["k1", "k2"]}),
        ),
        refused(
            set("o01-one-id-twice-in-a-set", &json!([ec(), ec()])),
            "jwt_setup_keys",
        ),
        refused(
            set(
                "o01-one-id-for-two-kinds",
                &json!([ec(), By::EdDsa.jwk("k1")]),
            ),
            "jwt_setup_keys",
        ),
        refused(
            each(
                "o01-one-id-for-two-secrets",
                &["T-13", "Ambiguous"],
                [By::Hs256.key("k1"), By::Hs512.key("k1")],
            ),
            "jwt_setup_keys",
        ),
        refused(
            each(
                "o01-one-id-for-a-secret-and-a-pair",
                &["T-13", "Ambiguous"],
                [By::Hs256.key("k1"), By::Es256.key("k1")],
            ),
            "jwt_setup_keys",
        ),
        refused(
            each("j33-a-list-of-no-keys", &["T-13", "Setup"], []),
            "jwt_setup_keys",
        ),
        refused(set("j33-a-set-of-no-keys", &json!([])), "jwt_setup_keys"),
        refused(
            set("j33-a-set-of-other-keys", &json!([unknown])),
            "jwt_setup_keys",
        ),
        refused(
            set(
                "o12-a-damaged-key-in-a-set",
                &json!([ec(), changed("k2", "x", "AA")]),
            ),
            "jwt_setup_jwk",
        ),
        refused(
            set(
                "o15-a-private-part-in-a-set",
                &json!([ec(), changed("k2", "d", "AAAA")]),
            ),
            "jwt_setup_jwk",
        ),
        accepted(set("a-set-of-64", &many(64)), json!({"ids": ids})),
        refused(set("a-set-of-65", &many(65)), "jwt_setup_keys"),
        made(each("64-keys", &["T-13", "Edge"], secrets(64)), &named),
        refused(
            each("65-keys", &["T-13", "Edge"], secrets(65)),
            "jwt_setup_keys",
        ),
        text("a-set-that-is-a-list", &json!([ec()]).to_string()),
        text("a-set-without-keys", "{}"),
        text("a-set-whose-keys-are-an-object", r#"{"keys":{}}"#),
        text("a-set-with-a-number", r#"{"keys":[1]}"#),
        text("c22-a-set-with-keys-twice", r#"{"keys":[],"keys":[]}"#),
        text("a-set-that-is-nothing", ""),
    ]
}
