//! What the machine does where nobody attacks, and what may be a `kid`.

use super::*;

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
        let other = verified(&token(id), keys, NOW);
        assert_eq!(other == "accepted", id == kid, "nor in a header");
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
