//! What can be fetched, and what cannot: the row O05.

use super::{Fetch, story};
use crate::jwt::FetcherInput;

pub(super) fn cases() -> Vec<Fetch> {
    [urls(), loopbacks(), issuers(), spans()].concat()
}

fn made(id: &str, code: Option<&str>, change: impl FnOnce(&mut FetcherInput)) -> Fetch {
    let mut story = story(id, &["I-1", "Setup"]);
    change(&mut story.fetcher);
    match code {
        Some(code) => story.refused(code),
        None => story.told(),
    }
}

fn urls() -> Vec<Fetch> {
    let good = [
        ("with-a-path", "https://iss.example/.well-known/jwks.json"),
        ("with-a-query", "https://iss.example/keys?v=2"),
        ("with-a-port", "https://iss.example:8443/keys"),
    ];
    let bad = [
        ("without-tls", "http://iss.example/keys"),
        ("of-this-machine-without-tls", "http://127.0.0.1:8080/keys"),
        ("with-a-user", "https://iss.example@evil.example/keys"),
        (
            "with-a-user-and-a-password",
            "https://iss.example:x@evil.example/keys",
        ),
        (
            "with-an-encoded-slash-in-its-host",
            "https://iss.example%2f.evil.example/keys",
        ),
        (
            "with-a-backslash",
            "https://iss.example\\.evil.example/keys",
        ),
        ("with-a-host-in-capitals", "https://ISS.example/keys"),
        ("with-a-scheme-in-capitals", "HTTPS://iss.example/keys"),
        ("with-an-address", "https://169.254.169.254/keys"),
        ("with-an-address-as-a-number", "https://2852039166/keys"),
        ("with-an-address-of-version-6", "https://[::1]/keys"),
        ("with-a-point-behind-its-host", "https://iss.example./keys"),
        ("with-the-usual-port", "https://iss.example:443/keys"),
        ("with-a-fragment", "https://iss.example/keys#x"),
        ("with-a-dot-segment", "https://iss.example/a/../keys"),
        (
            "with-an-encoded-dot-segment",
            "https://iss.example/%2e%2e/keys",
        ),
        ("without-a-path", "https://iss.example"),
        ("without-a-host", "https:///keys"),
        ("with-a-blank", "https://iss.example/ke ys"),
        ("with-a-line-end", "https://iss.example/keys\nx"),
        (
            "with-a-letter-beyond-ascii",
            "https://\u{ef}ss.example/keys",
        ),
        ("that-is-empty", ""),
    ];
    let of = |id: String, url: &str, code| made(&id, code, |it| it.url = url.into());
    let good = good.map(|(what, url)| of(format!("a-url-{what}"), url, None));
    let code = Some("jwt_fetch_setup_url");
    let bad = bad.map(|(what, url)| of(format!("o05-a-url-{what}"), url, code));
    good.into_iter().chain(bad).collect()
}

fn loopbacks() -> Vec<Fetch> {
    let all = [
        ("this-machine", "http://127.0.0.1:8080/keys", None),
        ("this-machine-by-name", "http://localhost:8080/keys", None),
        ("this-machine-of-version-6", "http://[::1]:8080/keys", None),
        (
            "a-host-that-begins-like-this-machine",
            "http://127.0.0.1.evil.example/keys",
            Some("jwt_fetch_setup_url"),
        ),
        (
            "a-user-that-is-this-machine",
            "http://localhost@evil.example/keys",
            Some("jwt_fetch_setup_url"),
        ),
        (
            "another-machine",
            "http://10.0.0.1/keys",
            Some("jwt_fetch_setup_url"),
        ),
        (
            "tls",
            "https://127.0.0.1:8443/keys",
            Some("jwt_fetch_setup_url"),
        ),
    ];
    let of = |(what, url, code): (&str, &str, Option<&str>)| {
        made(&format!("o05-for-tests-{what}"), code, |it| {
            it.url = url.into();
            it.loopback = true;
        })
    };
    all.map(of).into()
}

fn issuers() -> Vec<Fetch> {
    let all = [
        ("that-is-a-name", "issuer-7", None),
        ("with-a-path", "https://iss.example/tenant", None),
        ("that-is-empty", "", Some("jwt_fetch_setup_issuer")),
        (
            "with-a-query",
            "https://iss.example?x",
            Some("jwt_fetch_setup_issuer"),
        ),
        (
            "with-a-user",
            "https://iss.example@evil.example",
            Some("jwt_fetch_setup_issuer"),
        ),
        (
            "with-an-encoded-slash",
            "https://iss.example%2f.evil",
            Some("jwt_fetch_setup_issuer"),
        ),
        (
            "with-a-blank",
            "iss example",
            Some("jwt_fetch_setup_issuer"),
        ),
        (
            "without-tls",
            "http://iss.example",
            Some("jwt_fetch_setup_issuer"),
        ),
    ];
    let of = |(what, issuer, code): (&str, &str, Option<&str>)| {
        made(&format!("o05-an-issuer-{what}"), code, |it| {
            it.issuer = issuer.into();
        })
    };
    all.map(of).into()
}

fn spans() -> Vec<Fetch> {
    let good = |id: &str, change: fn(&mut FetcherInput)| made(id, None, change);
    let bad =
        |id: &str, change: fn(&mut FetcherInput)| made(id, Some("jwt_fetch_setup_window"), change);
    vec![
        bad("0-s-for-an-answer", |it| it.timeout_seconds = Some(0)),
        good("1-s-for-an-answer", |it| it.timeout_seconds = Some(1)),
        good("30-s-for-an-answer", |it| it.timeout_seconds = Some(30)),
        bad("31-s-for-an-answer", |it| it.timeout_seconds = Some(31)),
        bad("a-pause-of-4-s", |it| it.cool_down_seconds = Some(4)),
        good("a-pause-of-5-s", |it| it.cool_down_seconds = Some(5)),
        good("a-pause-of-600-s", |it| it.cool_down_seconds = Some(600)),
        bad("a-pause-of-601-s", |it| it.cool_down_seconds = Some(601)),
        bad("keys-for-59-s", |it| it.refresh_seconds = Some(59)),
        good("keys-for-60-s", |it| it.refresh_seconds = Some(60)),
        bad("keys-for-an-hour-and-a-limit-of-one", |it| {
            it.refresh_seconds = Some(3_600);
        }),
        bad("a-limit-that-is-the-time-until-a-refresh", |it| {
            it.limit_seconds = Some(600);
        }),
        good("a-limit-that-is-a-second-more", |it| {
            it.limit_seconds = Some(601);
        }),
        good("a-limit-of-a-day", |it| it.limit_seconds = Some(86_400)),
        bad("a-limit-of-more-than-a-day", |it| {
            it.limit_seconds = Some(86_401);
        }),
    ]
}
