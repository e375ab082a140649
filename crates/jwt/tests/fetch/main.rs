//! Fetching keys: attacks, rules, and random schedules.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::{
    Algorithm, PrivateKey, PublicKey, PublicNumbers, Refusal, Secret, Seed, Signatures, Span, Time,
};
use counterseal_crypto_ring::Ring;
use counterseal_crypto_rustcrypto::RustCrypto;
use counterseal_jwt::{
    FetchCause, FetchError, FetchId, FetchPolicy, FetchResponse, FetchSetupError, Fetched,
    KeyFetcher, TokenKeys, TokenPolicy, TokenVerifier, TrustedIssuers, Wanted, Why, claimed_issuer,
    claimed_kid,
};
use counterseal_testkit::{NOW, keys};
use serde_json::{Value, json};

mod attacks;
mod rules;
mod schedules;

const ISSUER: &str = "https://iss.example";
const URL: &str = "https://iss.example/keys";

fn at(seconds: i64) -> Time {
    NOW.plus(Span::from_seconds(seconds))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwk(kid: &str) -> Value {
    let key = PublicKey::from_pem(keys::P256_PUBLIC).unwrap();
    let PublicNumbers::P256(point) = key.numbers() else {
        unreachable!("a key on P-256")
    };
    let (x, y) = point[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": encoded(x), "y": encoded(y)})
}

fn set_of(jwks: &[Value]) -> String {
    json!({ "keys": jwks }).to_string()
}

fn set(kids: &[&str]) -> String {
    let jwks: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    set_of(&jwks)
}

fn answer(body: &str) -> FetchResponse<'_> {
    FetchResponse {
        status: 200,
        content_type: Some("application/json; charset=utf-8"),
        body: body.as_bytes(),
        ..FetchResponse::default()
    }
}

fn policy() -> FetchPolicy {
    FetchPolicy::new(ISSUER, URL).unwrap()
}

fn fetcher() -> KeyFetcher {
    KeyFetcher::new(policy(), &Seed::new([7; 8]), NOW)
}

/// A fetcher with these keys, asked for and there at `NOW`.
fn with(kids: &[&str]) -> KeyFetcher {
    let mut fetcher = fetcher();
    let id = due(&mut fetcher, NOW);
    let outcome = fetcher.handle_response(id, &answer(&set(kids)), &Ring, NOW);
    assert_eq!(outcome, Ok(Fetched::New));
    fetcher
}

fn due(fetcher: &mut KeyFetcher, now: Time) -> FetchId {
    fetcher.handle_timeout(now);
    let order = fetcher.poll_output().expect("a fetch is due");
    assert_eq!((&*order.url, order.max_bytes), (URL, 256 * 1024));
    assert!(fetcher.poll_output().is_none(), "each order once");
    order.id
}

fn kids(fetcher: &KeyFetcher, now: Time) -> Vec<String> {
    let snapshot = fetcher.keys(now).unwrap();
    let keys = snapshot.keys(now).unwrap();
    keys.iter().map(|key| key.kid().to_owned()).collect()
}

/// A token of this header and these claims, signed with the key of the sets.
fn signed(header: &Value, claims: &Value) -> String {
    let text = format!(
        "{}.{}",
        encoded(header.to_string()),
        encoded(claims.to_string())
    );
    let private = PrivateKey::from_pem(&Secret::new(keys::P256.into())).unwrap();
    let key = RustCrypto.sign_key(Algorithm::Es256, &private).unwrap();
    format!(
        "{text}.{}",
        encoded(key.sign(text.as_bytes()).unwrap().as_bytes())
    )
}

fn token(kid: &str) -> String {
    let header = json!({"alg": "ES256", "kid": kid, "typ": "JWT"});
    let now = NOW.seconds();
    signed(
        &header,
        &json!({"iss": ISSUER, "aud": "api", "sub": "user", "iat": now, "exp": now + 7_200}),
    )
}

fn verified(token: &str, keys: &TokenKeys, now: Time) -> &'static str {
    let verifier = TokenVerifier::new(TokenPolicy::openid(ISSUER, "api").unwrap());
    match verifier.verify(token, keys, now) {
        Ok(_) => "accepted",
        Err(error) => error.code().name,
    }
}
