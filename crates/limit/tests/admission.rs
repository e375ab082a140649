//! Decisions of limits, on stores that answer, that race, and that do not answer.

use std::net::{IpAddr, Ipv6Addr};

use counterseal_core::{
    Charge, Charged, KeyId, Refusal, Run, Seed, Span, Step, Time, Unavailable, drive,
};
use counterseal_limit::{Admitted, Limit, LimitError, LimitSetupError};
use counterseal_memory::Memory;
use counterseal_replay::PrivateCells;
use counterseal_testkit::{NOW, Scripted, WINDOW, race};

fn limit() -> Limit {
    Limit::new("login", 5, 1_000).expect("a limit")
}

fn cells() -> PrivateCells {
    PrivateCells::new(1 << 16, &Seed::new([7; 16]))
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A segment of a site of version 6.
fn segment(site: u16, segment: u16) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, site, segment, 0, 0, 0, 1).into()
}

fn ask(store: &impl Run<Charge>, client: IpAddr, now: Time) -> Result<Admitted, LimitError> {
    drive(store, limit().by_address(client, 1, now))
}

#[test]
fn a_client_that_waits_as_long_as_it_is_told_is_served() {
    let (cells, client) = (cells(), address("192.0.2.7"));
    let mut now = NOW;
    for _ in 0..200 {
        now = now.plus(Span::from_millis(137));
        if let Err(refused) = ask(&cells, client, now) {
            assert_eq!(refused.code().name, "limit_exceeded");
            let wait = refused.retry_after(now).expect("a wait");
            now = now.plus(Span::from_seconds(wait));
            assert!(ask(&cells, client, now).is_ok());
        }
    }
}

#[test]
fn p07_of_64_racers_a_burst_passes() {
    let memory = Memory::new(WINDOW, 1_000, NOW);
    for client in [address("192.0.2.7"), segment(1, 2)] {
        let passed = race(64, |_| ask(&memory, client, NOW).is_ok());
        assert_eq!(passed.into_iter().filter(|passed| *passed).count(), 5);
    }
}

#[test]
fn p08_addresses_of_one_segment_share_and_segments_of_one_site_too() {
    let cells = cells();
    let passed = |client: &IpAddr| ask(&cells, *client, NOW).is_ok();
    let host = |host| Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, host).into();
    assert_eq!((0..1_000).map(host).filter(passed).count(), 5);
    let segments = (0..10_000).map(|number| segment(2, number));
    assert_eq!(segments.filter(passed).count(), 5 * 16);
    assert!(passed(&segment(3, 0)), "another site");
    assert!(passed(&address("192.0.2.7")));
}

#[test]
fn p10_spellings_of_a_name_share() {
    let cells = cells();
    let ask = |name: &str| drive(&cells, limit().by_name(name, 1, NOW));
    let spellings = ["alice", "Alice", " alice ", "\u{ff41}lice", "al\u{200b}ice"];
    for (left, name) in (0..5).rev().zip(spellings) {
        assert_eq!(ask(name).expect("within").left(), Some(left));
    }
    assert!(ask("ALICE").is_err());
    assert!(ask("bob").is_ok());
}

#[test]
fn names_keys_addresses_and_limits_are_apart() {
    let cells = cells();
    let other = Limit::new("other", 5, 1_000).expect("a limit");
    let client = address("192.0.2.7");
    let key = KeyId::parse("192.0.2.7").expect("an id");
    for limit in [limit(), other] {
        let all = [
            drive(&cells, limit.by_address(client, 5, NOW)),
            drive(&cells, limit.by_key(&key, 5, NOW)),
            drive(&cells, limit.by_name("192.0.2.7", 5, NOW)),
        ];
        assert!(all.iter().all(Result::is_ok), "{all:?}");
    }
}

#[test]
fn what_is_left_is_what_the_fuller_cell_has() {
    let (within, retry_at) = (
        |left| Ok(Charged::Within { left }),
        NOW.plus(Span::from_millis(1_500)),
    );
    let store = Scripted::new([within(3), within(9)]);
    let admitted = ask(&store, segment(1, 1), NOW).expect("within");
    assert_eq!(admitted.left(), Some(3));
    let store = Scripted::new([within(3), Ok(Charged::Over { retry_at })]);
    let refused = ask(&store, segment(1, 1), NOW).expect_err("over");
    assert_eq!(refused.retry_after(NOW), Some(2));
}

#[test]
fn a_store_that_does_not_answer_refuses_unless_the_limit_admits() {
    let silent = || Scripted::new([Ok(Charged::Within { left: 3 }), Err(Unavailable)]);
    let refused = ask(&silent(), segment(1, 1), NOW).expect_err("unknown");
    assert_eq!(refused, LimitError::Unavailable);
    assert_eq!(
        (refused.retry_after(NOW), refused.fields(NOW)),
        (None, None)
    );
    let limit = limit().or_admit();
    let admitted = drive(&silent(), limit.by_address(segment(1, 1), 1, NOW));
    let admitted = admitted.expect("it admits");
    assert_eq!((admitted.left(), admitted.fields()), (None, None));
}

#[test]
fn a02_the_event_says_which_limit_and_nothing_of_the_caller() {
    let cells = cells();
    let ask = || drive(&cells, limit().by_name("Mallory\n\u{1b}[31m", 5, NOW));
    ask().expect("within");
    let refused = ask().expect_err("over");
    assert_eq!(
        refused.to_string(),
        "more requests came than the limit lets pass (login)"
    );
    assert_eq!(
        refused.event(NOW).to_string(),
        r#"{"at":2500000000000,"event":"limit_exceeded","blame":"peer","limit":"login","retry_at":2500000005000}"#
    );
}

#[test]
fn a_limit_that_yields_steps_aside_in_a_crowd_and_others_stay() {
    let (stays, yields) = (limit(), limit().yielding());
    let asks = |limit: Limit| matches!(limit.by_address(segment(1, 1), 1, NOW), Step::Need(_));
    assert!(asks(stays.in_crowd(true)) && asks(yields.in_crowd(false)) && asks(yields));
    let Step::Done(Ok(admitted)) = yields.in_crowd(true).by_address(segment(1, 1), 1, NOW) else {
        panic!("nothing to ask")
    };
    assert!(admitted.stepped_aside());
    assert_eq!((admitted.left(), admitted.fields()), (None, None));
}

#[test]
fn p07_what_cannot_be_a_limit_is_refused_with_its_code() {
    let code = |name, burst, every_ms| {
        Limit::new(name, burst, every_ms).map_err(|error| error.code().name)
    };
    for name in [
        "",
        "Login",
        "a b",
        "a.b",
        "\u{e4}",
        "abcdefghijklmnopqrstuvwxy",
    ] {
        assert_eq!(code(name, 1, 1), Err("limit_name_invalid"), "{name}");
    }
    for (burst, every_ms) in [(0, 1), (1, 0), (u32::MAX, u32::MAX)] {
        assert_eq!(code("a", burst, every_ms), Err("limit_rate_invalid"));
        assert_eq!(
            limit().with_site(burst, every_ms),
            Err(LimitSetupError::Rate)
        );
    }
    assert!(code("a", u32::MAX, 1).is_ok() && code("a", 1, u32::MAX).is_ok());
    for (cost, fits) in [
        (0, false),
        (1, true),
        (5, true),
        (6, false),
        (u32::MAX, false),
    ] {
        assert_eq!(limit().check_cost(cost).is_ok(), fits, "{cost}");
    }
    let error = limit().check_cost(0).unwrap_err();
    assert_eq!(error.code().name, "limit_cost_invalid");
}
