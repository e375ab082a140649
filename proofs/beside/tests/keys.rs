//! What `jsonwebtoken` takes for a key, and we do not.

use counterseal_core::Refusal;
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::TokenKeys;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, JwkSet};

const X: &str = "NT_s-Jz4XXp_uDdgINpCnbudLd2nXY-3ZDgAD8i4rBE";
const Y: &str = "BG0mTugtEIa940FRx2mK6oa__584sTD3UV5Ey3wDE-I";

/// A JWK with the point of a key on P-256, and whatever else it says.
fn jwk(curve: &str, more: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"{curve}","alg":"ES256","kid":"a","x":"{X}","y":"{Y}"{more}}}"#)
}

fn refused(keys: &str) -> &'static str {
    let set = TokenKeys::from_jwks(&format!(r#"{{"keys":[{keys}]}}"#), &RustCrypto);
    set.err().expect("it is refused").code().name
}

fn set(keys: &str) -> JwkSet {
    serde_json::from_str(&format!(r#"{{"keys":[{keys}]}}"#)).expect("it parses there")
}

#[test]
fn the_curve_and_the_use_of_a_jwk_are_not_looked_at_there() {
    let odd = jwk("P-384", r#","use":"enc""#);
    let theirs: Jwk = serde_json::from_str(&odd).expect("it parses there");
    assert!(DecodingKey::from_jwk(&theirs).is_ok());
    assert_eq!(refused(&jwk("P-384", "")), "jwt_setup_jwk");
}

#[test]
fn a_set_with_a_private_key_parses_there() {
    let private = jwk("P-256", &format!(r#","d":"{X}""#));
    assert_eq!(set(&private).keys.len(), 1);
    assert_eq!(refused(&private), "jwt_setup_jwk");
}

#[test]
fn of_two_keys_of_one_id_the_first_one_is_found_there() {
    let two = format!("{},{}", jwk("P-256", ""), jwk("P-256", r#","use":"sig""#));
    let theirs = set(&two);
    assert_eq!(theirs.keys.len(), 2);
    assert_eq!(theirs.find("a"), theirs.keys.first());
    assert_eq!(refused(&two), "jwt_setup_keys");
}
