//! The rows O03 to O07 of the catalogue.

use super::*;

#[test]
fn o03_a_flood_of_unknown_kids_has_one_fetch_in_each_pause() {
    for fails in [false, true] {
        let (mut fetcher, mut count) = (with(&["k1"]), 0);
        for sent in 0..10_000 {
            // 10 000 tokens in 90 s: one fetch at once, and one after each 30 s.
            let now = NOW.plus(Span::from_millis(sent * 9));
            let _ = fetcher.handle_wanted(&format!("random-{sent}"), now);
            if let Some(order) = fetcher.poll_output() {
                count += 1;
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
        assert_eq!(count, 3, "{fails}");
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
    let outcome = fetcher.handle_response(id, &answer(&set(&["k1"])), &Ring, when);
    assert_eq!(outcome, Ok(Fetched::Same));
    // And a refresh leaves the next unknown id its own fetch.
    assert_eq!(fetcher.handle_wanted("k3", when), Wanted::Fetching);
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
fn o06_an_answer_from_elsewhere_or_of_another_kind_keeps_the_old_set() {
    let good = set(&["k2"]);
    let ok = answer(&good);
    for status in [0, 100, 204, 206, 401, 404, 500, 999] {
        keeps_the_old_set("jwt_fetch_status", &FetchResponse { status, ..ok });
    }
    for (status, url) in [
        (302, Some("http://169.254.169.254/")),
        (301, Some(URL)),
        (304, None),
        (200, Some("http://127.0.0.1/keys")),
        (200, Some("https://iss.example/keys/")),
    ] {
        keeps_the_old_set("jwt_fetch_redirect", &FetchResponse { status, url, ..ok });
    }
    for content_type in [
        None,
        Some(""),
        Some("text/html"),
        Some("application/jsonp"),
        Some("text/html, application/json"),
    ] {
        keeps_the_old_set(
            "jwt_fetch_content_type",
            &FetchResponse { content_type, ..ok },
        );
    }
    for content_type in ["application/jwk-set+json", "APPLICATION/JSON ;x=y"] {
        let mut fetcher = with(&["k1"]);
        let id = due(&mut fetcher, at(600));
        let response = FetchResponse {
            content_type: Some(content_type),
            url: Some(URL),
            ..ok
        };
        let outcome = fetcher.handle_response(id, &response, &Ring, at(600));
        assert_eq!(outcome, Ok(Fetched::New));
    }
}

#[test]
fn o06_a_body_that_is_no_set_of_public_keys_keeps_the_old_one() {
    let padded = |len: usize| {
        let set = set(&["k2"]);
        let rest = len - set.len();
        set + &" ".repeat(rest)
    };
    let many = |count: i32| {
        let keys: Vec<_> = (0..count).map(|at| jwk(&at.to_string())).collect();
        set_of(&keys)
    };
    let none: Vec<_> = (0..10_000)
        .map(|at| json!({"kid": at.to_string()}))
        .collect();
    for body in [padded(256 * 1024 + 1), many(65), set_of(&none)] {
        keeps_the_old_set("jwt_fetch_too_large", &answer(&body));
    }
    for body in [padded(256 * 1024), many(64)] {
        let mut fetcher = with(&["k1"]);
        let id = due(&mut fetcher, at(600));
        let outcome = fetcher.handle_response(id, &answer(&body), &Ring, at(600));
        assert_eq!(outcome, Ok(Fetched::New));
    }
    let mut secret = jwk("k2");
    secret["d"] = json!("AAAA");
    let sealing = json!({"kty": "RSA", "use": "enc", "kid": "e", "d": "AAAA"});
    let oct = json!({"kty": "oct", "alg": "HS256", "kid": "k3", "k": encoded([7; 32])});
    for key in [
        secret,
        sealing,
        oct,
        json!({"kty": "oct"}),
        json!({"k": "AAAA"}),
    ] {
        keeps_the_old_set("jwt_fetch_secret", &answer(&set_of(&[jwk("k2"), key])));
    }
    let mut off = jwk("k2");
    off["y"] = json!(encoded([1; 32]));
    for body in [
        set(&["k2", "k2"]),
        set_of(&[jwk("k3"), off]),
        set_of(&[]),
        set_of(&[json!({"kid": "k2"})]),
        set_of(&[json!("k2")]),
        "[]".into(),
        "{}".into(),
        String::new(),
    ] {
        keeps_the_old_set("jwt_fetch_keys", &answer(&body));
    }
    let no_text = FetchResponse {
        body: &[0xff, 0xfe],
        ..answer("")
    };
    keeps_the_old_set("jwt_fetch_keys", &no_text);
}

/// This answer is refused with this code, and changes nothing until the hard limit.
fn keeps_the_old_set(code: &str, response: &FetchResponse<'_>) {
    let mut fetcher = with(&["k1"]);
    let id = due(&mut fetcher, at(600));
    let refused = fetcher.handle_response(id, response, &Ring, at(601));
    assert_eq!(refused.unwrap_err().code().name, code);
    assert_eq!(fetcher.last_error().unwrap().code().name, code);
    let left = (kids(&fetcher, at(3_599)), fetcher.generation());
    assert_eq!(left, (vec!["k1".into()], 1));
    let stale = fetcher.keys(at(3_600)).unwrap_err();
    assert_eq!(stale.code().name, "jwt_keys_stale");
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
    let outcome = fetcher.handle_response(newer, &answer(&set(&["new"])), &Ring, when);
    assert_eq!(outcome, Ok(Fetched::New));
    let late = fetcher.handle_response(slow, &answer(&set(&["old"])), &Ring, when);
    assert_eq!(
        (late, kids(&fetcher, when)),
        (Ok(Fetched::Ignored), vec!["new".into()])
    );

    // What is no set changes nothing when it is late.
    let mut fetcher = with(&["k1"]);
    let slow = due(&mut fetcher, at(600));
    fetcher.handle_timeout(at(610));
    let next = fetcher.poll_timeout();
    let late = fetcher.handle_response(slow, &answer("[]"), &Ring, at(610));
    assert_eq!(late.unwrap_err().code().name, "jwt_fetch_keys");
    assert_eq!(fetcher.last_error(), Some(&FetchError::Timeout));
    assert_eq!(fetcher.poll_timeout(), next);

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
    let outcome = fetcher.handle_response(id, &answer(&set(&["k2"])), &Ring, at(600));
    assert_eq!(
        (outcome, kids(&fetcher, at(600))),
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
fn o07_a_clock_that_leaps_to_its_ends_counts_on() {
    let mut fetcher = with(&["k1"]);
    for end in [i64::MIN, i64::MAX, i64::MIN, i64::MAX] {
        fetcher.handle_timeout(Time::from_millis(end));
        if let Some(order) = fetcher.poll_output() {
            let now = Time::from_millis(end);
            let outcome = fetcher.handle_response(order.id, &answer(&set(&["k1"])), &Ring, now);
            assert_eq!(outcome, Ok(Fetched::Same));
        }
    }
    fetcher.handle_timeout(NOW);
    assert!(fetcher.keys(at(3_599)).is_ok() && fetcher.keys(at(3_600)).is_err());
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
