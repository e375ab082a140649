//! Claims leave by the births of later ones; no clock of the server has a part in it.

#![allow(clippy::panic)] // a helper of tests

use counterseal_core::{Claimed, Run, Span, Unavailable};
use counterseal_testkit::NOW;
use counterseal_testkit::claims::claim;
use redis::Value as Reply;

use crate::make;
use counterseal_servers::redis::Redis;

fn names(redis: &Redis) -> Vec<String> {
    let Reply::Array(names) = redis.server.command("KEYS cs:{example}:*") else {
        panic!("names")
    };
    let text = |name: Reply| redis::from_redis_value(name).expect("text");
    names.into_iter().map(text).collect()
}

fn minute_of_now() -> String {
    format!("cs:{{example}}:born:{}", NOW.millis().div_euclid(60_000))
}

#[test]
fn h24_no_key_of_claims_expires() {
    let redis = make(NOW);
    for nonce in 0..20 {
        assert_eq!(redis.run(claim(1, NOW, nonce)), Ok(Claimed::Fresh));
    }
    let names = names(&redis);
    assert_eq!(names.len(), 2);
    for name in names {
        let left = redis.server.command(&format!("PTTL {name}"));
        assert_eq!(left, Reply::Int(-1), "{name}");
    }
}

#[test]
fn a_minute_leaves_when_it_is_over_on_every_clock_and_not_before() {
    let redis = make(NOW);
    let used = claim(1, NOW, 0);
    assert_eq!(redis.run(used), Ok(Claimed::Fresh));
    let last = used.until.plus(Span::from_minutes(5));
    assert_eq!(redis.run(claim(1, last, 1)), Ok(Claimed::Fresh));
    assert_eq!(redis.run(used), Ok(Claimed::Held));
    let over = last.plus(Span::from_minutes(1));
    assert_eq!(redis.run(claim(1, over, 2)), Ok(Claimed::Fresh));
    assert!(!names(&redis).contains(&minute_of_now()));
    assert_eq!(redis.run(used), Ok(Claimed::Stale));
}

#[test]
fn days_of_claims_take_the_room_of_minutes() {
    let redis = make(NOW);
    for minute in 0..3_000 {
        let born = NOW.plus(Span::from_minutes(minute));
        assert_eq!(redis.run(claim(1, born, 0)), Ok(Claimed::Fresh));
    }
    let kept = names(&redis).len();
    assert!(kept < 12, "{kept} keys");
    let Reply::Int(fields) = redis.server.command("HLEN cs:{example}:epoch") else {
        panic!("a number")
    };
    assert!(fields < 16, "{fields} fields");
}

#[test]
fn h25_a_minute_that_was_lost_is_refused_and_the_next_is_served() {
    let redis = make(NOW);
    let used = claim(1, NOW, 0);
    assert_eq!(redis.run(used), Ok(Claimed::Fresh));
    redis.server.command(&format!("DEL {}", minute_of_now()));
    assert_eq!(redis.run(used), Ok(Claimed::Stale));
    assert_eq!(redis.run(used), Ok(Claimed::Stale));
    let next = NOW.plus(Span::from_minutes(1));
    assert_eq!(redis.run(claim(1, next, 1)), Ok(Claimed::Fresh));
}

#[test]
fn h25_a_policy_that_is_changed_later_reopens_nothing() {
    for policy in ["volatile-random", "allkeys-random", "allkeys-lru"] {
        let redis = make(NOW);
        let used = claim(1, NOW, 0);
        assert_eq!(redis.run(used), Ok(Claimed::Fresh));
        redis
            .server
            .command(&format!("CONFIG SET maxmemory-policy {policy}"));
        redis.server.command("CONFIG SET maxmemory 2mb");
        let mut nonces = 1..40_000;
        let refused = nonces.any(|nonce| redis.run(claim(1, NOW, nonce)) != Ok(Claimed::Fresh));
        assert!(refused, "{policy}: memory never ran out");
        redis.server.command("CONFIG SET maxmemory 0");
        assert_ne!(redis.run(used), Ok(Claimed::Fresh), "{policy}");
    }
}

#[test]
fn without_memory_a_loss_is_refused_too() {
    let redis = make(NOW);
    let used = claim(1, NOW, 0);
    assert_eq!(redis.run(used), Ok(Claimed::Fresh));
    redis.server.command("CONFIG SET maxmemory 1mb");
    redis.server.command(&format!("DEL {}", minute_of_now()));
    assert_eq!(redis.run(used), Err(Unavailable));
    redis.server.command("CONFIG SET maxmemory 0");
    assert_eq!(redis.run(used), Ok(Claimed::Stale));
}
