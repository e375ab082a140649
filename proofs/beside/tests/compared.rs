//! What the columns about Rust of the table of tokens in `docs/compare.md` say, shown on the released crate.
//!
//! It is told the issuer, the audience and the algorithm, and nothing else.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_beside::{AUDIENCE, ISSUER, now};
use counterseal_core::{KeyId, MacKey, Refusal, Secret};
use counterseal_jwt::{TokenAlgorithm, TokenKey, TokenKeys, TokenPolicy, TokenVerifier};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

#[test]
fn the_column_of_jsonwebtoken_says_what_it_does() {
    assert_eq!(measured(theirs), column("`jsonwebtoken` 11.1.0 (Rust)"));
}

#[test]
fn our_column_says_what_we_do() {
    assert_eq!(measured(ours), column("Counterseal"));
}

fn theirs(token: &str, secret: &[u8]) -> String {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    match decode::<Map<String, Value>>(token, &DecodingKey::from_secret(secret), &validation) {
        Ok(_) => "accepted".into(),
        Err(_) => "refused".into(),
    }
}

fn ours(token: &str, secret: &[u8]) -> String {
    let id = KeyId::parse("k1").expect("a key id");
    let key = TokenKey::hmac(id, TokenAlgorithm::Hs256, &Secret::new(secret.into()));
    let key = match key {
        Ok(key) => key,
        Err(error) => return format!("`{}`", error.code().name),
    };
    let keys = TokenKeys::new([key]).expect("one key");
    let policy = TokenPolicy::access(ISSUER, AUDIENCE).expect("a policy");
    match TokenVerifier::new(policy).verify(token, &keys, now()) {
        Ok(_) => "accepted".into(),
        Err(error) => format!("`{}`", error.code().name),
    }
}

/// What a library makes of each row.
fn measured(look: impl Fn(&str, &[u8]) -> String) -> BTreeMap<String, String> {
    let made: Value = serde_json::from_str(include_str!("../tokens.json")).expect("JSON");
    let rows = made["rows"].as_array().expect("rows");
    let outcome = |row: &Value| {
        let secret = secret(&made, row);
        let found = look(&token(&made, row, &secret), &secret);
        (row["row"].as_str().expect("a name").to_owned(), found)
    };
    rows.iter().map(outcome).collect()
}

fn secret(made: &Value, row: &Value) -> Vec<u8> {
    let hex = row.get("secret").unwrap_or(&made["secret"]);
    let hex = hex.as_str().expect("hexadecimal");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}

fn token(made: &Value, row: &Value, secret: &[u8]) -> String {
    let more = row["more"].as_str().unwrap_or_default();
    let header = written(&made["header"], &row["header"], "");
    let claims = written(&made["claims"], &row["claims"], more);
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = signed.join(".");
    let signature = URL_SAFE_NO_PAD.encode(tag(signed.as_bytes(), secret));
    match row["signature"].as_str().unwrap_or_default() {
        "~" => {
            let (rest, last) = signature.split_at(signature.len() - 1);
            // Only letters that have one after them are last: two bits of it are not read.
            let next = char::from(last.as_bytes()[0] + 1);
            format!("{signed}.{rest}{next}")
        }
        spoiled => format!("{signed}.{signature}{spoiled}"),
    }
}

/// A tag of a secret of any length, which no key of ours has.
fn tag(message: &[u8], secret: &[u8]) -> [u8; 32] {
    if let Ok(key) = MacKey::new(&Secret::new(secret.into())) {
        return key.tag(message);
    }
    let encoding = jsonwebtoken::EncodingKey::from_secret(secret);
    let signed = jsonwebtoken::crypto::sign(message, &encoding, Algorithm::HS256);
    let signed = URL_SAFE_NO_PAD.decode(signed.expect("a tag"));
    signed.expect("base64url").try_into().expect("32 bytes")
}

/// An object of members that are JSON already, those of `changes` in the place of the others.
fn written(members: &Value, changes: &Value, more: &str) -> String {
    let mut members = members.as_object().expect("members").clone();
    members.extend(changes.as_object().cloned().unwrap_or_default());
    let listed = members
        .iter()
        .filter_map(|(name, value)| Some(format!("\"{name}\":{}", value.as_str()?)));
    let listed: Vec<_> = listed.collect();
    let text = format!("{{{}{more}}}", listed.join(","));
    filled(
        &filled(&text, "$", |number| (now().seconds() + number).to_string()),
        "@",
        |number| "a".repeat(usize::try_from(number).expect("a length")),
    )
}

/// The text with what stands for each number after a mark.
fn filled(text: &str, mark: &str, with: impl Fn(i64) -> String) -> String {
    let mut pieces = text.split(mark);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_number = |letter: char| letter.is_ascii_digit() || "+-".contains(letter);
        let end = piece
            .find(|letter| !is_number(letter))
            .unwrap_or(piece.len());
        filled += &with(piece[..end].parse().expect("a number"));
        filled += &piece[end..];
    }
    filled
}

/// What the page says of a library, by row.
fn column(library: &str) -> BTreeMap<String, String> {
    let page = include_str!("../../../docs/compare.md");
    let (_, table) = page
        .split_once("<!-- tokens -->")
        .expect("the page has the table");
    let (table, _) = table.split_once("<!-- / -->").expect("the table ends");
    let lines: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .collect();
    let at = lines[0]
        .iter()
        .position(|cell| *cell == library)
        .expect("a column");
    let cells = lines[1..]
        .iter()
        .map(|line| (line[0].to_owned(), line[at].to_owned()));
    cells.collect()
}
