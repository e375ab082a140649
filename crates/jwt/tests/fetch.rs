//! Fetching keys: the rows O03 to O07 of the catalogue, and what an answer may be.

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
    let fetched = fetcher.handle_response(id, &answer(&set(kids)), &Ring, NOW);
    assert_eq!(fetched, Ok(Fetched::New));
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

#[test]
fn o03_a_flood_of_unknown_kids_has_one_fetch_in_each_pause() {
    for fails in [false, true] {
        let (mut fetcher, mut fetches) = (with(&["k1"]), 0);
        for count in 0..10_000 {
            // 10 000 tokens in 90 s: one fetch at once, and one after each 30 s.
            let now = NOW.plus(Span::from_millis(count * 9));
            let _ = fetcher.handle_wanted(&format!("random-{count}"), now);
            if let Some(order) = fetcher.poll_output() {
                fetches += 1;
                assert_eq!(order.why, Why::Kid);
                if fails {
                    let _ = fetcher.handle_failure(order.id, FetchCause::Connection, now);
                } else {
                    let same =
                        fetcher.handle_response(order.id, &answer(&set(&["k1"])), &Ring, now);
                    assert_eq!(same, Ok(Fetched::Same));
                }
            }
        }
        assert_eq!(fetches, 3, "{fails}");
    }
}

#[test]
fn o03_the_pause_counts_from_the_end_of_a_fetch_and_has_no_part_in_refreshing() {
    let mut fetcher = with(&["k1"]);
    assert_eq!(fetcher.handle_wanted("k1", at(1)), Wanted::Known);
    assert_eq!(fetcher.handle_wanted("k2", at(1)), Wanted::Fetching);
    let order = fetcher.poll_output().unwrap();
    assert_eq!(fetcher.handle_wanted("k3", at(2)), Wanted::Fetching);
    assert!(fetcher.poll_output().is_none(), "one at a time");
    let failed = fetcher.handle_failure(order.id, FetchCause::Timeout, at(5));
    assert_eq!(failed, FetchError::Timeout);
    assert_eq!(fetcher.handle_wanted("k3", at(6)), Wanted::Later(at(35)));
    assert_eq!(fetcher.handle_wanted("k3", at(35)), Wanted::Fetching);
    let order = fetcher.poll_output().unwrap();
    let _ = fetcher.handle_failure(order.id, FetchCause::Tls, at(599));
    // The refresh is due by now, and asks nobody.
    assert_eq!(fetcher.handle_wanted("k3", at(600)), Wanted::Later(at(629)));
    let (when, why) = fetcher.poll_timeout().unwrap();
    assert!(when < at(680) && why == Why::Refresh);
    let id = due(&mut fetcher, when);
    let fetched = fetcher.handle_response(id, &answer(&set(&["k1"])), &Ring, when);
    assert_eq!(fetched, Ok(Fetched::Same));
    // And a refresh leaves the next unknown id its own fetch.
    assert_eq!(fetcher.handle_wanted("k3", when), Wanted::Fetching);
}

#[test]
fn a_kid_that_was_not_there_is_not_looked_for_until_the_set_changes() {
    let mut fetcher = with(&["k1"]);
    let _ = fetcher.handle_wanted("k2", at(1));
    let order = fetcher.poll_output().unwrap();
    let same = fetcher.handle_response(order.id, &answer(&set(&["k1"])), &Ring, at(1));
    assert_eq!((same, fetcher.generation()), (Ok(Fetched::Same), 1));
    assert_eq!(fetcher.handle_wanted("k2", at(300)), Wanted::Absent);
    assert_eq!(fetcher.handle_wanted("", at(300)), Wanted::Absent);
    assert_eq!(
        fetcher.handle_wanted(&"k".repeat(256), at(300)),
        Wanted::Absent
    );
    assert!(fetcher.poll_output().is_none());
    assert_eq!(fetcher.handle_wanted("k3", at(300)), Wanted::Fetching);
    let order = fetcher.poll_output().unwrap();
    let new = fetcher.handle_response(order.id, &answer(&set(&["k3"])), &Ring, at(300));
    assert_eq!((new, fetcher.generation()), (Ok(Fetched::New), 2));
    assert_eq!(fetcher.handle_wanted("k3", at(300)), Wanted::Known);
    assert_eq!(fetcher.handle_wanted("k2", at(300)), Wanted::Later(at(330)));

    let mut fetcher = with(&["k1"]);
    let _ = fetcher.handle_wanted("k2", at(1));
    let order = fetcher.poll_output().unwrap();
    let _ = fetcher.handle_response(order.id, &answer(&set(&["k1"])), &Ring, at(1));
    assert_eq!(
        fetcher.handle_wanted("k2", at(301)),
        Wanted::Fetching,
        "300 s are over"
    );
}

#[test]
fn o04_nothing_of_a_token_becomes_a_url() {
    let mut issuers = TrustedIssuers::new([fetcher()]).unwrap();
    for (issuer, more) in [
        ("https://evil.example", json!({})),
        ("https://evil.example/../iss.example", json!({})),
        (ISSUER, json!({"jku": "https://evil.example/keys"})),
        (ISSUER, json!({"x5u": "https://evil.example/keys"})),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "https://evil.example/keys", "typ": "JWT"});
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let token = signed(&header, &json!({"iss": issuer}));
        let said = claimed_issuer(&token).unwrap();
        match issuers.find_mut(said.as_str()) {
            None => assert_ne!(issuer, ISSUER),
            Some(fetcher) => {
                let kid = claimed_kid(&token).unwrap();
                let _ = fetcher.handle_wanted(kid.as_str(), NOW);
                let order = fetcher.poll_output();
                assert!(order.is_none_or(|order| &*order.url == URL));
            }
        }
    }
    assert!(
        issuers
            .iter_mut()
            .all(|fetcher| fetcher.policy().url() == URL)
    );
}

#[test]
fn o05_issuers_are_compared_letter_by_letter() {
    let issuers = TrustedIssuers::new([fetcher()]).unwrap();
    assert!(issuers.find(ISSUER).is_some());
    for issuer in [
        "",
        "https://iss.example/",
        "https://iss.example.evil.test",
        "https://iss.example@evil.test",
        "https://iss.example%2f.evil",
        "https://iss.example:443",
        "HTTPS://iss.example",
        "https://ISS.example",
        "http://iss.example",
        "https://iss.example ",
        "https://iss.example\0",
        "https://iss\u{2e}example\u{200b}",
    ] {
        assert!(issuers.find(issuer).is_none(), "{issuer}");
        let is_same = issuer.is_empty();
        assert_eq!(
            claimed_issuer(&signed(&json!({}), &json!({"iss": issuer}))).is_none(),
            is_same
        );
    }
    assert!(TrustedIssuers::new([]).is_err());
    let twice = TrustedIssuers::new([fetcher(), fetcher()]);
    assert_eq!(twice.err(), Some(FetchSetupError::Issuers));
    let many = |count: usize| {
        TrustedIssuers::new((0..count).map(|at| {
            let policy = FetchPolicy::new(&format!("https://iss{at}.example"), URL).unwrap();
            KeyFetcher::new(policy, &Seed::new([1; 8]), NOW)
        }))
    };
    assert!(many(64).is_ok() && many(65).is_err());
}

#[test]
fn o05_a_policy_has_a_plain_url_and_spans_within_bounds() {
    for issuer in [
        "accounts.example",
        ISSUER,
        "https://iss.example/tenant/7",
        "spiffe-7",
        "http://127.0.0.1:80000x",
    ] {
        let is_good = !issuer.ends_with('x');
        assert_eq!(FetchPolicy::new(issuer, URL).is_ok(), is_good, "{issuer}");
    }
    for issuer in [
        "",
        "https://iss.example@evil.test",
        "https://iss.example?x",
        "https://iss.example#x",
        "http://iss.example",
        "a b",
        "//x",
    ] {
        let refused = FetchPolicy::new(issuer, URL).unwrap_err();
        assert_eq!(refused.code().name, "jwt_fetch_setup_issuer", "{issuer}");
    }
    for url in [
        "http://iss.example/keys",
        "http://127.0.0.1/keys",
        "https://a@iss.example/keys",
        "file:///etc/passwd",
    ] {
        let refused = FetchPolicy::new(ISSUER, url).unwrap_err();
        assert_eq!(refused.code().name, "jwt_fetch_setup_url", "{url}");
    }
    assert!(FetchPolicy::loopback_for_tests(ISSUER, "http://127.0.0.1:8080/keys").is_ok());
    assert!(FetchPolicy::loopback_for_tests(ISSUER, URL).is_err());
    let (minute, hour) = (Span::from_minutes(1), Span::from_minutes(60));
    assert!(policy().with_ages(minute, hour.times(24)).is_ok());
    for (refresh, limit) in [
        (minute, minute),
        (hour, hour),
        (Span::ZERO, hour),
        (minute, hour.times(25)),
        (hour.times(2), hour.times(3)),
    ] {
        let refused = policy().with_ages(refresh, limit).unwrap_err();
        assert_eq!(refused.code().name, "jwt_fetch_setup_window");
    }
    for seconds in [-1, 0, 86_400] {
        let span = Span::from_seconds(seconds);
        assert!(policy().with_timeout(span).is_err());
        assert!(policy().with_cool_down(span).is_err());
        assert!(policy().with_negative(span).is_err());
    }
}

#[test]
fn o06_an_answer_that_is_no_set_keeps_the_old_one_until_the_hard_limit() {
    let good = set(&["k2"]);
    let large = format!("{good}{}", " ".repeat(256 * 1024));
    let many: Vec<_> = (0..10_000)
        .map(|at| json!({"kid": at.to_string()}))
        .collect();
    let (many, mut secret) = (set_of(&many), jwk("k2"));
    secret["d"] = json!("AAAA");
    let sealing = json!({"kty": "RSA", "use": "enc", "kid": "e", "d": "AAAA"});
    let oct = json!({"kty": "oct", "alg": "HS256", "kid": "k3", "k": encoded([7; 32])});
    let bodies = [
        set_of(&[secret]),
        set_of(&[jwk("k2"), sealing]),
        set_of(&[jwk("k2"), oct]),
    ];
    let mut off = jwk("k2");
    off["y"] = json!(encoded([1; 32]));
    let broken = [
        set(&["k2", "k2"]),
        set_of(&[off]),
        set_of(&[]),
        "[]".into(),
        "{}".into(),
        String::new(),
    ];
    let ok = answer(&good);
    let mut cases = vec![
        ("jwt_fetch_status", FetchResponse { status: 500, ..ok }),
        ("jwt_fetch_status", FetchResponse { status: 206, ..ok }),
        ("jwt_fetch_status", FetchResponse { status: 0, ..ok }),
        (
            "jwt_fetch_redirect",
            FetchResponse {
                status: 302,
                url: Some("http://169.254.169.254/"),
                ..ok
            },
        ),
        ("jwt_fetch_redirect", FetchResponse { status: 304, ..ok }),
        (
            "jwt_fetch_redirect",
            FetchResponse {
                url: Some("http://127.0.0.1/keys"),
                ..ok
            },
        ),
        (
            "jwt_fetch_redirect",
            FetchResponse {
                url: Some("https://iss.example/keys/"),
                ..ok
            },
        ),
        (
            "jwt_fetch_content_type",
            FetchResponse {
                content_type: None,
                ..ok
            },
        ),
        (
            "jwt_fetch_content_type",
            FetchResponse {
                content_type: Some("text/html"),
                ..ok
            },
        ),
        (
            "jwt_fetch_content_type",
            FetchResponse {
                content_type: Some("application/jsonp"),
                ..ok
            },
        ),
        (
            "jwt_fetch_content_type",
            FetchResponse {
                content_type: Some("text/html, application/json"),
                ..ok
            },
        ),
        ("jwt_fetch_too_large", answer(&large)),
        ("jwt_fetch_too_large", answer(&many)),
        (
            "jwt_fetch_keys",
            FetchResponse {
                body: &[0xff, 0xfe],
                ..ok
            },
        ),
    ];
    cases.extend(bodies.iter().map(|body| ("jwt_fetch_secret", answer(body))));
    cases.extend(broken.iter().map(|body| ("jwt_fetch_keys", answer(body))));
    for (code, response) in cases {
        let mut fetcher = with(&["k1"]);
        let id = due(&mut fetcher, at(600));
        let refused = fetcher.handle_response(id, &response, &Ring, at(601));
        assert_eq!(refused.unwrap_err().code().name, code);
        assert_eq!(fetcher.last_error().unwrap().code().name, code);
        assert_eq!(
            (kids(&fetcher, at(3_599)), fetcher.generation()),
            (vec!["k1".into()], 1)
        );
        let stale = fetcher.keys(at(3_600)).unwrap_err();
        assert_eq!(stale.code().name, "jwt_keys_stale");
    }
    for (kind, url) in [
        ("application/jwk-set+json", URL),
        ("APPLICATION/JSON ;x=y", URL),
    ] {
        let mut fetcher = with(&["k1"]);
        let id = due(&mut fetcher, at(600));
        let response = FetchResponse {
            content_type: Some(kind),
            url: Some(url),
            ..ok
        };
        assert_eq!(
            fetcher.handle_response(id, &response, &Ring, at(600)),
            Ok(Fetched::New)
        );
    }
}

#[test]
fn o06_an_answer_that_drips_is_given_up_and_counts_only_if_nothing_newer_came() {
    let mut fetcher = with(&["k1"]);
    let slow = due(&mut fetcher, at(600));
    assert_eq!(fetcher.poll_timeout(), Some((at(610), Why::Overdue)));
    fetcher.handle_timeout(at(609));
    assert_eq!(fetcher.last_error(), None);
    fetcher.handle_timeout(at(610));
    assert_eq!(fetcher.last_error(), Some(&FetchError::Timeout));
    let (when, _) = fetcher.poll_timeout().unwrap();
    assert!(
        (at(640)..at(648)).contains(&when),
        "a pause, and a little more"
    );
    let newer = due(&mut fetcher, when);
    let fetched = fetcher.handle_response(newer, &answer(&set(&["new"])), &Ring, when);
    assert_eq!(fetched, Ok(Fetched::New));
    let late = fetcher.handle_response(slow, &answer(&set(&["old"])), &Ring, when);
    assert_eq!(
        (late, kids(&fetcher, when)),
        (Ok(Fetched::Ignored), vec!["new".into()])
    );

    // Without a newer set it counts, from when it was asked for.
    let mut fetcher = with(&["k1"]);
    let slow = due(&mut fetcher, at(600));
    fetcher.handle_timeout(at(610));
    let late = fetcher.handle_response(slow, &answer(&set(&["old"])), &Ring, at(1_000));
    assert_eq!(late, Ok(Fetched::New));
    assert_eq!(fetcher.keys(at(1_000)).unwrap().fetched(), at(600));
    assert!(fetcher.keys(at(4_199)).is_ok() && fetcher.keys(at(4_200)).is_err());
    let again = fetcher.handle_response(slow, &answer(&set(&["k9"])), &Ring, at(1_000));
    assert_eq!(again, Ok(Fetched::Ignored));
}

#[test]
fn o07_a_key_that_was_taken_back_is_gone_with_the_next_set_or_at_the_limit() {
    let mut fetcher = with(&["k1", "k2"]);
    let held = fetcher.keys(NOW).unwrap();
    let token = token("k1");
    assert_eq!(verified(&token, held.keys(NOW).unwrap(), NOW), "accepted");
    let id = due(&mut fetcher, at(600));
    let fetched = fetcher.handle_response(id, &answer(&set(&["k2"])), &Ring, at(600));
    assert_eq!(
        (fetched, kids(&fetcher, at(600))),
        (Ok(Fetched::New), vec!["k2".into()])
    );
    let snapshot = fetcher.keys(at(600)).unwrap();
    let outcome = verified(&token, snapshot.keys(at(600)).unwrap(), at(600));
    assert_eq!(outcome, "jwt_key_unknown");
    // Whoever holds the old set is told at its own limit, on whatever side of it the clock is.
    assert!(held.keys(at(3_599)).is_ok());
    assert_eq!(
        held.keys(at(3_600)).err().unwrap().code().name,
        "jwt_keys_stale"
    );
    assert_eq!(
        held.keys(at(-1)).err().unwrap().code().name,
        "jwt_keys_stale"
    );
    assert_ne!(held.generation(), snapshot.generation());
}

#[test]
fn o07_a_clock_that_is_set_back_makes_no_key_younger() {
    let mut fetcher = with(&["k1"]);
    fetcher.handle_timeout(at(599));
    let order = fetcher.poll_output();
    if let Some(order) = order {
        let _ = fetcher.handle_failure(order.id, FetchCause::Connection, at(599));
    }
    fetcher.handle_timeout(at(-100_000));
    assert!(fetcher.keys(at(-100_000 + 3_000)).is_ok());
    let stale = fetcher.keys(at(-100_000 + 3_001)).unwrap_err();
    assert_eq!(
        stale,
        FetchError::Stale {
            age: Span::from_seconds(3_600)
        }
    );
}

#[test]
fn the_order_of_keys_is_no_change_and_max_age_only_brings_forward() {
    let mut fetcher = with(&["k1", "k2"]);
    let id = due(&mut fetcher, at(600));
    let body = set(&["k2", "k1"]);
    let response = FetchResponse {
        max_age: Some(Span::ZERO),
        ..answer(&body)
    };
    assert_eq!(
        fetcher.handle_response(id, &response, &Ring, at(600)),
        Ok(Fetched::Same)
    );
    let (when, _) = fetcher.poll_timeout().unwrap();
    assert!((at(654)..=at(660)).contains(&when));
    let id = due(&mut fetcher, when);
    let response = FetchResponse {
        max_age: Some(Span::from_minutes(10_000)),
        ..answer(&body)
    };
    assert_eq!(
        fetcher.handle_response(id, &response, &Ring, when),
        Ok(Fetched::Same)
    );
    let (next, _) = fetcher.poll_timeout().unwrap();
    let wait = next.since(when);
    assert!((Span::from_minutes(9)..=Span::from_minutes(10)).contains(&wait));
}

#[test]
fn a_kid_may_be_any_text_and_is_written_in_no_log() {
    let odd = "a/b+c=@ \"ü\u{1}\",\"jku\":\"x";
    for kid in [odd, "plain", &"k".repeat(255)] {
        let fetcher = with(&[kid, "other"]);
        let snapshot = fetcher.keys(NOW).unwrap();
        let keys = snapshot.keys(NOW).unwrap();
        assert_eq!(verified(&token(kid), keys, NOW), "accepted", "{kid}");
        let key = keys.find(kid).unwrap();
        let id = key.id().as_str();
        assert!(id == kid || (id.starts_with("sha256:") && id.len() == 39));
        assert_eq!(
            keys.find(id).is_some(),
            id == kid,
            "what logs call it is no kid"
        );
        assert_eq!(claimed_kid(&token(kid)).unwrap().as_str(), kid);
    }
    let (mut fetcher, long) = (fetcher(), "k".repeat(256));
    let id = due(&mut fetcher, NOW);
    let refused = fetcher.handle_response(id, &answer(&set(&[&long])), &Ring, NOW);
    assert_eq!(refused.unwrap_err().code().name, "jwt_fetch_keys");
}

#[test]
fn what_a_token_claims_is_read_from_tokens_in_form_only() {
    let of = |header: Value| signed(&header, &json!({"iss": 7}));
    assert!(claimed_kid(&token("k1")).is_some());
    for header in [
        json!({}),
        json!({"kid": 1}),
        json!({"kid": ""}),
        json!({"kid": "k".repeat(256)}),
        json!([]),
        json!(null),
    ] {
        assert!(claimed_kid(&of(header)).is_none());
    }
    assert!(claimed_issuer(&of(json!({"kid": "k1"}))).is_none());
    let long = format!("{}.{}.AA", encoded(r#"{"kid":"k1"}"#), "A".repeat(8_192));
    let twice = format!("{}.AA.AA", encoded(r#"{"kid":"k1","kid":"k2"}"#));
    for token in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "e30=.e30.AA",
        &long,
        &twice,
    ] {
        assert!(claimed_kid(token).is_none() && claimed_issuer(token).is_none());
    }
    let said = claimed_kid(&token("canary")).unwrap();
    assert_eq!(format!("{said:?}"), "Claimed(..)");
}

#[test]
fn before_the_first_set_there_are_no_keys() {
    let mut fetcher = fetcher();
    assert_eq!(fetcher.poll_timeout(), Some((NOW, Why::Refresh)));
    assert_eq!(fetcher.keys(NOW).unwrap_err(), FetchError::Unavailable);
    let id = due(&mut fetcher, NOW);
    for (cause, code) in [
        (FetchCause::Redirect, "jwt_fetch_redirect"),
        (FetchCause::TooLarge, "jwt_fetch_too_large"),
    ] {
        let error = fetcher.handle_failure(id, cause, NOW);
        assert_eq!((error.code().name, fetcher.generation()), (code, 0));
    }
    assert_eq!(
        fetcher.last_error(),
        Some(&FetchError::Redirect),
        "an order ends once"
    );
    let (when, _) = fetcher.poll_timeout().unwrap();
    assert!((at(30)..at(38)).contains(&when));
}
