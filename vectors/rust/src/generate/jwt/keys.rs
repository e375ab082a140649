//! Keys: one by one, as secrets and as PEM. Those as JWK and sets of them stand in their own file.

use counterseal_testkit::keys as texts;
use counterseal_testkit::signatures::bytes;
use serde_json::json;

use super::draft::{encoded, refusal};
use super::secrets::{By, RSA, hmac_key, jwk_key, pem, pem_key, rsa_jwk, rsa_modulus, secret};
use super::{jwks, svid};
use crate::generate::limit::{accepted, case};
use crate::jwt::{KeysInput, TokenKeyInput, TokenKeysInput};
use crate::{Case, Expect};

pub(super) type Keys = Case<KeysInput>;

pub(in crate::generate) fn cases() -> Vec<Keys> {
    [
        kinds(),
        secrets(),
        pems(),
        jwks::cases(),
        svid::bundles(),
        svid::refused_bundles(),
    ]
    .concat()
}

pub(super) fn each(
    id: impl Into<String>,
    flags: &[&'static str],
    keys: impl Into<Vec<TokenKeyInput>>,
) -> Keys {
    let keys = TokenKeysInput::Each(keys.into());
    case(&id.into(), flags, KeysInput { keys })
}

pub(super) fn made(case: Keys, keys: &[(&str, &str)]) -> Keys {
    let ids: Vec<_> = keys.iter().map(|(id, _)| *id).collect();
    let algorithms: Vec<_> = keys.iter().map(|(_, algorithm)| *algorithm).collect();
    accepted(case, json!({"ids": ids, "algorithms": algorithms}))
}

pub(super) fn refused(mut case: Keys, code: &str) -> Keys {
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
