//! Keys as JSON, and the public cases of signatures by them.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // tests: what fails is seen, and how many cases there were is a figure

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{PublicKey, PublicKeyError, PublicNumbers, Refusal};
use counterseal_crypto_ring::Ring;
use counterseal_jwt::{JwtSetupError, TokenKey, TokenKeys};
use counterseal_testkit::keys;
use counterseal_testkit::signatures::bytes;
use serde_json::{Value, json};

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ec() -> Value {
    let key = PublicKey::from_pem(keys::P256_PUBLIC).unwrap();
    let PublicNumbers::P256(point) = key.numbers() else {
        unreachable!("a key on P-256")
    };
    let (x, y) = point[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k1", "x": encoded(x), "y": encoded(y)})
}

fn rsa(modulus: &[u8]) -> Value {
    json!({"kty": "RSA", "alg": "RS256", "kid": "k1", "n": encoded(modulus), "e": "AQAB", "use": "sig"})
}

fn with(mut key: Value, member: &str, value: Value) -> Value {
    key[member] = value;
    key
}

fn without(mut key: Value, member: &str) -> Value {
    key.as_object_mut().unwrap().remove(member);
    key
}

fn outcome(key: &Value) -> Result<TokenKey, JwtSetupError> {
    TokenKey::from_jwk(&key.to_string(), &Ring)
}

#[test]
fn keys_are_read_each_with_its_algorithm() {
    let key = PublicKey::from_der(&bytes(keys::RSA_PUBLIC)).unwrap();
    let PublicNumbers::Rsa(modulus) = key.numbers() else {
        unreachable!("an RSA key")
    };
    let okp = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k1", "x": encoded(&bytes(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))});
    let oct = json!({"kty": "oct", "alg": "HS256", "kid": "k1", "k": encoded(&[7; 32]), "key_ops": ["sign", "verify"]});
    for (key, name) in [
        (ec(), "ES256"),
        (rsa(modulus), "RS256"),
        (with(rsa(modulus), "alg", "PS256".into()), "PS256"),
        (okp, "EdDSA"),
        (oct, "HS256"),
    ] {
        let read = outcome(&key).unwrap();
        assert_eq!((read.algorithm().name(), read.id().as_str()), (name, "k1"));
    }
}

#[test]
fn o12_o15_a_jwk_that_is_not_one_public_key_for_signatures_is_refused() {
    let member = |key: Value| match outcome(&key).unwrap_err() {
        JwtSetupError::Jwk { member } => member,
        other => unreachable!("{other}"),
    };
    for name in ["kty", "crv", "alg", "kid", "x", "y"] {
        assert_eq!(member(without(ec(), name)), name);
        assert_eq!(member(with(ec(), name, json!(1))), name);
    }
    for (name, value) in [
        ("kty", json!("RSA")),
        ("crv", json!("P-384")),
        ("alg", json!("none")),
        ("alg", json!("ES512")),
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("d", json!("AAAA")),
        ("kid", json!("")),
        ("x", json!(encoded(&[1; 31]))),
        ("x", json!(encoded(&[1; 33]))),
        ("y", json!("AA==")),
    ] {
        assert_eq!(member(with(ec(), name, value)), name);
    }
    let off = with(ec(), "y", json!(encoded(&[1; 32])));
    assert_eq!(
        outcome(&off).unwrap_err(),
        JwtSetupError::PublicKey(PublicKeyError::Point)
    );
    let weak = rsa(&bytes(keys::ROCA_MODULUS));
    assert_eq!(
        outcome(&weak).unwrap_err().code().name,
        "public_key_rsa_weak"
    );
    let short = json!({"kty": "oct", "alg": "HS256", "kid": "k1", "k": encoded(&[7; 31])});
    assert_eq!(outcome(&short).unwrap_err().code().name, "key_too_short");
    assert!(TokenKey::from_jwk("[]", &Ring).is_err() && TokenKey::from_jwk("", &Ring).is_err());
    let twice = ec().to_string().replace("\"kid\"", "\"kid\":\"a\",\"kid\"");
    assert!(TokenKey::from_jwk(&twice, &Ring).is_err());
}

#[test]
fn o01_a_set_has_each_id_once_and_what_is_not_for_signatures_is_left_out() {
    let read =
        |keys: Value| TokenKeys::from_jwks(&json!({"keys": keys, "more": 1}).to_string(), &Ring);
    let other = with(ec(), "kid", json!("k2"));
    let foreign = json!({"kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "k1"});
    let sealing = with(with(ec(), "use", json!("enc")), "kid", json!("k1"));
    let keys = read(json!([ec(), foreign, other, sealing, {}])).unwrap();
    let ids: Vec<_> = keys.iter().map(|key| key.id().as_str()).collect();
    assert_eq!(ids, ["k1", "k2"]);
    assert_eq!(read(json!([ec(), ec()])).err(), Some(JwtSetupError::Keys));
    assert_eq!(read(json!([])).err(), Some(JwtSetupError::Keys));
    assert_eq!(
        read(json!([1])).err(),
        Some(JwtSetupError::Jwk { member: "keys" })
    );
    assert_eq!(
        read(json!({})).err(),
        Some(JwtSetupError::Jwk { member: "keys" })
    );
    assert!(read(json!([ec(), with(other_key(), "d", json!("AAAA"))])).is_err());
    let many: Vec<_> = (0..65)
        .map(|at| with(ec(), "kid", json!(format!("k{at}"))))
        .collect();
    assert_eq!(read(json!(many)).err(), Some(JwtSetupError::Keys));
    let long = "x".repeat(256 * 1024);
    assert!(TokenKeys::from_jwks(&json!({"keys": [ec()], "x": long}).to_string(), &Ring).is_err());
}

fn other_key() -> Value {
    with(ec(), "kid", json!("k2"))
}

/// Cases of padding whose text has none: it is a good signature.
const DAMAGED: [u64; 2] = [367, 370];

/// Cases that are valid there, and why they are refused here.
const STRICTER: [(core::ops::RangeInclusive<u64>, &str); 6] = [
    (264..=271, "RS384 and RS512 are not known here"),
    (320..=323, "nor is PS384"),
    (325..=328, "nor is PS512"),
    (346..=347, "PS384 and ES512 are not known here"),
    (350..=351, "likewise"),
    (372..=373, "the text has a character that is not base64url"),
];

/// The cases are read from the file `wycheproof-json-web-signature.json` (C2SP/wycheproof) below the directory that
/// `COUNTERSEAL_EXTRA_VECTORS` names, or `../shared/data` beside the project.
#[test]
fn public_cases_of_signatures_end_as_they_should() {
    let Some(groups) = groups() else {
        println!(
            "left out: the cases of github.com/C2SP/wycheproof; see COUNTERSEAL_EXTRA_VECTORS"
        );
        return;
    };
    let (mut valid, mut invalid, mut stricter) = (0, 0, BTreeSet::new());
    for group in &groups {
        let key = group.get("public").unwrap_or(&group["private"]);
        let read = TokenKey::from_jwk(&key.to_string(), &Ring);
        for case in group["tests"].as_array().unwrap() {
            let id = case["tcId"].as_u64().unwrap();
            let token = case["jws"]
                .as_str()
                .map_or(case["jws"].to_string(), String::from);
            let is_accepted = read.as_ref().is_ok_and(|key| is_signed(&token, key));
            match case["result"].as_str().unwrap() {
                "valid" if is_accepted => valid += 1,
                "valid" => {
                    stricter.insert(id);
                }
                _ => {
                    assert!(
                        !is_accepted || DAMAGED.contains(&id),
                        "{id}: {}",
                        case["comment"]
                    );
                    invalid += 1;
                }
            }
        }
    }
    println!(
        "{valid} accepted, {invalid} refused, {} stricter and declared",
        stricter.len()
    );
    let declared: BTreeSet<u64> = STRICTER.iter().flat_map(|(ids, _)| ids.clone()).collect();
    assert_eq!(
        stricter, declared,
        "a declared difference is none any more, or one is not declared"
    );
    assert!(valid >= 23 && invalid >= 130);
}

fn groups() -> Option<Vec<Value>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let directory =
        std::env::var_os("COUNTERSEAL_EXTRA_VECTORS").map_or(PathBuf::from(beside), PathBuf::from);
    let text = fs::read(directory.join("wycheproof-json-web-signature.json")).ok()?;
    let list: Value = serde_json::from_slice(&text).unwrap();
    list["testGroups"].as_array().cloned()
}

/// Whether it is a JWS of three parts, with a header of the members that are known here, signed with this key.
fn is_signed(token: &str, key: &TokenKey) -> bool {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return false;
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let (Some(text), Some(_), Some(signature)) =
        (decoded(header), decoded(payload), decoded(signature))
    else {
        return false;
    };
    let Ok(Value::Object(members)) = serde_json::from_slice(&text) else {
        return false;
    };
    let is_known = members
        .keys()
        .all(|name| ["alg", "kid", "typ"].contains(&name.as_str()));
    let signed = format!("{header}.{payload}");
    let is_signed = key.verify_signature(signed.as_bytes(), &signature).is_ok();
    is_known && members["alg"] == key.algorithm().name() && is_signed
}
