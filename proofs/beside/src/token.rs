//! A genuine token with a few things changed, as bytes decide; nearly all of them are signed after the change, so that what
//! is compared lies behind the signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_testkit::forms::{ed25519_plus_order, p256_twin};

use crate::choices::{About, Choices};
use crate::keys::{Key, keys};
use crate::object::Object;
use crate::{AUDIENCE, ISSUER};

/// The token that these bytes make, for a clock of so many seconds. No bytes make a good one.
pub fn token(data: &[u8], now: i64) -> String {
    let mut choices = Choices::new(data);
    let key = &keys()[usize::from(choices.one_of(&KEYS))];
    let (header, payload) = (header(&mut choices, key, now), payload(&mut choices, now));
    let header = encoded(&mut choices, &header);
    let payload = encoded(&mut choices, &payload);
    let signed = format!("{header}.{payload}");
    let signature = signature(&mut choices, key, signed.as_bytes());
    let signature = encoded(&mut choices, &signature);
    whole(&mut choices, &signed, &signature)
}

/// HMAC most of the time, since it is quick.
const KEYS: [u8; 24] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2,
];

fn header(choices: &mut Choices<'_>, key: &Key, now: i64) -> Vec<u8> {
    let mut header = Object::new(&[
        ("alg", quoted(key.algorithm)),
        ("kid", quoted(key.id)),
        ("typ", quoted("at+jwt")),
    ]);
    for _ in 0..choices.few(About::Header) {
        header.change(choices, &HEADER, now);
    }
    header.written(choices)
}

/// Claims with a few changes, or bytes that were never claims.
fn payload(choices: &mut Choices<'_>, now: i64) -> Vec<u8> {
    if choices.seldom(8) == Some(0) {
        return choices.rest().into();
    }
    let mut claims = Object::new(&[
        ("iss", quoted(ISSUER)),
        ("sub", quoted("user-7")),
        ("aud", quoted(AUDIENCE)),
        ("iat", (now - 300).to_string()),
        ("nbf", (now - 300).to_string()),
        ("exp", (now + 300).to_string()),
        ("jti", quoted("id-1")),
        ("role", quoted("user")),
    ]);
    for _ in 0..choices.few(About::Claims) {
        claims.change(choices, &CLAIMS, now);
    }
    claims.written(choices)
}

/// Names that a change is about, those that matter most several times.
const HEADER: [&str; 16] = [
    "alg", "alg", "kid", "kid", "typ", "typ", "typ", "crit", "b64", "jku", "jwk", "x5u", "x5c",
    "zip", "cty", "a",
];
const CLAIMS: [&str; 18] = [
    "iss", "iss", "sub", "sub", "aud", "aud", "iat", "iat", "nbf", "exp", "exp", "jti", "role",
    "sid", "akid", "user_ver", "gen", "cnf",
];

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Base64url in its one form most of the time.
fn encoded(choices: &mut Choices<'_>, part: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(part);
    match choices.seldom(FORMS) {
        Some(0) => text.push('='),
        Some(1) => text.push_str("=="),
        Some(2) => text = text.replace('-', "+").replace('_', "/"),
        Some(3) => text.push('\n'),
        Some(4) => text.insert(0, ' '),
        Some(5) => text = with_bits_left_over(&text),
        Some(6) => text.clear(),
        Some(7) => drop(text.pop()),
        Some(8) => text.insert(text.len() / 2, '.'),
        Some(9) => text.insert(text.len() / 2, '\n'),
        Some(10) => text.push('A'),
        _ => {}
    }
    text
}

const FORMS: usize = 11;

/// The same bytes to who does not look at the last bits.
fn with_bits_left_over(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = text.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut().filter(|_| !text.len().is_multiple_of(4))
        && let Some(at) = LETTERS.iter().position(|letter| letter == last)
    {
        *last = LETTERS[at | 1];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn signature(choices: &mut Choices<'_>, key: &Key, signed: &[u8]) -> Vec<u8> {
    let mut signature = key.sign(signed);
    match choices.seldom(8) {
        Some(0) => signature[0] ^= 1,
        Some(1) => drop(signature.pop()),
        Some(2) => signature.push(0),
        Some(3) => signature.fill(0),
        Some(4) => signature.clear(),
        Some(5) => signature = keys()[choices.below(keys().len())].sign(signed),
        Some(6) if key.algorithm == "ES256" => signature = p256_twin(&signature),
        Some(6) if key.algorithm == "EdDSA" => signature = ed25519_plus_order(&signature),
        Some(7) => signature = keys()[0].sign(&signed[..signed.len() - 1]),
        _ => {}
    }
    signature
}

/// The parts with what stands between and around them.
fn whole(choices: &mut Choices<'_>, signed: &str, signature: &str) -> String {
    match choices.seldom(8) {
        Some(0) => format!("{signed}.{signature}."),
        Some(1) => format!("{signed}.{signature}.e30"),
        Some(2) => signed.to_owned(),
        Some(3) => format!("Bearer {signed}.{signature}"),
        Some(4) => format!("{signed}.{signature}\n"),
        Some(5) => format!(" {signed}.{signature}"),
        Some(6) => format!(".{signed}.{signature}"),
        _ => format!("{signed}.{signature}"),
    }
}
