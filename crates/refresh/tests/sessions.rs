//! Secrets, texts, and sessions as they are begun, listed and ended.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod common;

use common::*;
use counterseal_core::{
    Carry, Pending, Record, Refusal, Run, Secret, Seed, Span, Step, Value, drive, read, write,
};
use counterseal_memory::Memory;
use counterseal_refresh::{
    BadRefreshSecrets, Confirmation, NewSession, RefreshError, RefreshFamily, RefreshPolicy,
    RefreshSecrets, Refresher, SessionError, SessionId, Which,
};
use counterseal_testkit::{NOW, WINDOW};

#[test]
fn a_secret_is_changed_without_logging_anybody_out() {
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    let rolled = |refresher| World {
        refresher,
        seed: std::cell::Cell::new(99),
        store: Memory::new(WINDOW, 10, NOW),
    };
    let secrets = || {
        RefreshSecrets::signing(8, &secret(8))
            .unwrap()
            .verifying(7, &secret(7))
            .unwrap()
    };
    let world = World {
        store: world.store,
        ..rolled(Refresher::new(policy(), secrets()))
    };
    // An answer that was lost before the change comes after it, to the byte.
    let again = world.refresh(&first, at(70)).unwrap();
    assert_eq!(text(again.token().unwrap()), second);
    let third = world.rotated(&second, at(120));
    let again = world.refresh(&second, at(130)).unwrap();
    assert_eq!(text(again.token().unwrap()), third);
    let fourth = world.rotated(&third, at(200));
    // The old one only detects: nobody goes on from it, and a token of it that is used again is found.
    let detecting = RefreshSecrets::signing(8, &secret(8))
        .unwrap()
        .detecting(7, &secret(7))
        .unwrap();
    let world = World {
        store: world.store,
        ..rolled(Refresher::new(policy(), detecting))
    };
    assert!(world.refresh(&fourth, at(210)).is_ok());
    assert_eq!(
        refused(world.refresh(&second, at(300))),
        ("refresh_replayed", true)
    );
    // Without it, its tokens are unknown, and so are sessions that it began.
    let gone = RefreshSecrets::signing(8, &secret(8)).unwrap();
    let world = World {
        store: world.store,
        ..rolled(Refresher::new(policy(), gone))
    };
    for token in [&first, &second, &fourth] {
        assert_eq!(
            refused(world.refresh(token, at(310))),
            ("refresh_secret_unknown", true)
        );
    }
}

#[test]
fn a_text_that_is_no_token_of_ours_asks_nothing_of_the_store() {
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let begin = |text: &str| {
        world
            .refresher
            .refresh(text, &WEB, NOW, &Seed::new([1; 16]))
            .err()
    };
    assert_eq!(first.len(), 89);
    assert!(first.starts_with("csrt1_"));
    for at in 6..first.len() {
        let mut bytes = first.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let edited = String::from_utf8(bytes).unwrap();
        assert!(begin(&edited).is_some(), "letter {at}");
    }
    for bad in [
        "",
        "csrt1_",
        "csrt2_",
        &first[..88],
        &format!("{first}A"),
        &format!("{first}="),
        &first.replace("csrt1", "csbt1"),
        &first.to_uppercase(),
        &format!(" {first}"),
    ] {
        assert_eq!(begin(bad), Some(RefreshError::Malformed), "{bad}");
    }
    let other = Refresher::new(policy(), RefreshSecrets::signing(7, &secret(9)).unwrap());
    assert_eq!(
        other.refresh(&first, &WEB, NOW, &Seed::new([1; 16])).err(),
        Some(RefreshError::Forged)
    );
    let other = Refresher::new(policy(), RefreshSecrets::signing(9, &secret(7)).unwrap());
    assert_eq!(
        other.refresh(&first, &WEB, NOW, &Seed::new([1; 16])).err(),
        Some(RefreshError::SecretUnknown)
    );
}

#[test]
fn secrets_have_numbers_of_their_own_and_32_bytes() {
    let signing = || RefreshSecrets::signing(7, &secret(7)).unwrap();
    let taken = Some(BadRefreshSecrets::Number { number: 7 });
    assert_eq!(signing().verifying(7, &secret(8)).err(), taken);
    assert_eq!(signing().detecting(7, &secret(7)).err(), taken);
    let weak = RefreshSecrets::signing(7, &Secret::new(vec![7; 31])).err();
    assert_eq!(weak.unwrap().code().name, "key_too_short");
}

#[test]
fn rows_that_make_no_sense_are_not_ended() {
    let world = World::new();
    world.begin(&NEW, NOW);
    let step = world.refresher.revoke_all("login", "ada", Which::All, NOW);
    let Step::Need(listing) = step else {
        unreachable!("it lists")
    };
    let mut rows = world.store.run(listing.op()).unwrap();
    let mut values = write(&rows[0].record);
    let ended = RefreshFamily::TABLE
        .columns
        .iter()
        .position(|column| column.name == "ended");
    values[ended.unwrap()] = Value::Int(9);
    rows[0].record = read(&values, Carry::Binary).unwrap();
    let Step::Done(outcome) = listing.finish(Ok(rows)) else {
        unreachable!("it refuses")
    };
    assert_eq!(outcome, Err(SessionError::Unavailable));
}

#[test]
fn an_unknown_session_is_refused() {
    let (world, elsewhere) = (World::new(), World::new());
    let (_, first) = elsewhere.begin(&NEW, NOW);
    assert_eq!(
        refused(world.refresh(&first, NOW)),
        ("refresh_unknown", true)
    );
    let unknown = drive(
        &world.store,
        world.refresher.revoke(SessionId::new([1; 16]), NOW),
    );
    assert_eq!(unknown.err(), Some(SessionError::Unknown));
}

#[test]
fn sessions_are_listed_and_ended_by_subject_device_and_client() {
    let world = World::new();
    let mut ids = Vec::new();
    for (device, client) in [
        ("laptop", "web"),
        ("phone", "app"),
        ("phone", "web"),
        ("tablet", "app"),
    ] {
        ids.push(
            world
                .begin(
                    &NewSession {
                        device,
                        client,
                        ..NEW
                    },
                    NOW,
                )
                .0,
        );
    }
    world.begin(
        &NewSession {
            subject: "eve",
            ..NEW
        },
        NOW,
    );
    let listed = |now| drive(&world.store, world.refresher.sessions("login", "ada", now)).unwrap();
    let ended = |which| {
        drive(
            &world.store,
            world.refresher.revoke_all("login", "ada", which, at(10)),
        )
        .unwrap()
    };
    assert_eq!(listed(NOW).len(), 4);
    assert_eq!(ended(Which::OfDevice("phone".into())), 2);
    assert_eq!(ended(Which::OfDevice("phone".into())), 0);
    assert_eq!(ended(Which::OfClient("app".into())), 1);
    assert_eq!(
        listed(NOW)
            .iter()
            .map(|session| session.id)
            .collect::<Vec<_>>(),
        [ids[0]]
    );
    assert_eq!(ended(Which::AllBut(ids[0])), 0);
    assert_eq!(ended(Which::All), 1);
    assert_eq!(listed(NOW), []);
    let eve = drive(&world.store, world.refresher.sessions("login", "eve", NOW)).unwrap();
    assert_eq!(eve.len(), 1);
    let over = drive(
        &world.store,
        world
            .refresher
            .sessions("login", "eve", NOW.plus(DAY.times(90))),
    )
    .unwrap();
    assert_eq!(over, []);
}

#[test]
fn more_sessions_than_a_page_are_listed_and_ended() {
    let world = World::new();
    for session in 0..250_u8 {
        let mut seed = [session; 40];
        seed[1] = 1;
        let step = world
            .refresher
            .begin_session(&NEW, NOW, &Seed::new(seed))
            .unwrap();
        drive(&world.store, step).unwrap();
    }
    let listed = || drive(&world.store, world.refresher.sessions("login", "ada", NOW)).unwrap();
    assert_eq!(listed().len(), 250);
    let all = world
        .refresher
        .revoke_all("login", "ada", Which::All, at(1));
    assert_eq!(drive(&world.store, all).unwrap(), 250);
    assert_eq!(listed(), []);
}

#[test]
fn rows_leave_when_the_last_access_token_is_over() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let end = world.session(id).absolute_end;
    let sweep = |now| world.store.run(world.refresher.sweep(now, 10)).unwrap();
    assert_eq!(sweep(end.plus(Span::from_minutes(40))), 0);
    assert_eq!(
        refused(world.refresh(&first, end)),
        ("refresh_expired", true)
    );
    assert_eq!(sweep(end.plus(Span::from_minutes(41))), 1);
    assert_eq!(
        refused(world.refresh(&first, end)),
        ("refresh_unknown", true)
    );
}

#[test]
fn names_have_bounds() {
    let world = World::new();
    let long = "x".repeat(256);
    let cases = [
        (NewSession { tenant: "", ..NEW }, "tenant"),
        (
            NewSession {
                subject: &long,
                ..NEW
            },
            "subject",
        ),
        (NewSession { client: "", ..NEW }, "client"),
        (
            NewSession {
                device: &long,
                ..NEW
            },
            "device",
        ),
        (
            NewSession {
                subject: "a\0",
                ..NEW
            },
            "subject",
        ),
        (
            NewSession {
                user_ver: -1,
                ..NEW
            },
            "user_ver",
        ),
        (
            NewSession {
                user_ver: 1 << 53,
                ..NEW
            },
            "user_ver",
        ),
    ];
    for (new, name) in cases {
        let refused = world
            .refresher
            .begin_session(&new, NOW, &Seed::new([1; 40]))
            .err();
        assert_eq!(refused, Some(SessionError::Member { name }));
    }
    let seed = || Seed::new([1; 40]);
    drive(
        &world.store,
        world.refresher.begin_session(&NEW, NOW, &seed()).unwrap(),
    )
    .unwrap();
    let again = drive(
        &world.store,
        world.refresher.begin_session(&NEW, NOW, &seed()).unwrap(),
    );
    assert_eq!(again.err(), Some(SessionError::Taken));
}

#[test]
fn a_policy_has_bounds() {
    let minute = Span::from_minutes(1);
    let name = |policy: Result<RefreshPolicy, _>| {
        policy
            .err()
            .map(|bad: counterseal_refresh::BadRefreshPolicy| bad.name)
    };
    assert_eq!(
        name(RefreshPolicy::new(Confirmation::OnNextUse {
            within: minute.times(11)
        })),
        Some("confirmation")
    );
    assert_eq!(
        name(RefreshPolicy::new(Confirmation::Wired {
            within: Span::ZERO
        })),
        Some("confirmation")
    );
    assert_eq!(
        name(RefreshPolicy::new(Confirmation::Wired {
            within: Span::from_seconds(29)
        })),
        Some("confirmation")
    );
    assert_eq!(name(policy().with_window(Span::ZERO)), Some("window"));
    assert_eq!(name(policy().with_retries(0)), Some("retries"));
    assert_eq!(name(policy().with_lives(DAY, DAY.times(2))), Some("idle"));
    assert_eq!(
        name(policy().with_lives(DAY.times(3), DAY.times(2))),
        Some("idle")
    );
    assert_eq!(
        name(policy().with_lives(DAY.times(3), DAY.times(401))),
        Some("absolute")
    );
    assert_eq!(name(policy().with_skew(minute.times(2))), Some("skew"));
}
