//! What is given again, and what ends a session: the rows of R in the catalogue.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod common;

use common::*;
use counterseal_core::{Pending, Run, Seed, Span, Step, Unavailable, drive};
use counterseal_refresh::{
    Bound, End, Holder, How, NewSession, RefreshError, Refresher, SessionError, SessionId,
};
use counterseal_testkit::NOW;

#[test]
fn r02_a_token_that_comes_after_its_successor_was_used_ends_the_session() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    let third = world.rotated(&second, at(120));
    for old in [&first, &second] {
        let is_parent = old == &second;
        if is_parent {
            world.confirm(id, 2, at(180));
        }
        assert_eq!(
            refused(world.refresh(old, at(200))),
            if is_parent {
                ("refresh_ended", true)
            } else {
                ("refresh_replayed", true)
            }
        );
    }
    assert_eq!(
        refused(world.refresh(&third, at(201))),
        ("refresh_ended", true)
    );
    assert_eq!(world.session(id).ended, Some((End::Replayed, at(200))));
}

#[test]
fn r02_the_parent_ends_the_session_once_its_successor_is_known_to_be_stored() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    world.rotated(&first, at(60));
    world.confirm(id, 1, at(61));
    assert_eq!(world.refresh(&first, at(80)).unwrap().how(), How::Retried);
    assert_eq!(
        refused(world.refresh(&first, at(81))),
        ("refresh_replayed", true)
    );
}

#[test]
fn r03_r07_a_lost_answer_is_given_again_to_the_byte_after_any_delay() {
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    for (seconds, how) in [
        (60, How::Retried),
        (80, How::Retried),
        (121, How::RetriedLate),
        (122, How::Retried),
        (3_600, How::RetriedLate),
        (86_000, How::RetriedLate),
    ] {
        let again = world.refresh(&first, at(seconds)).unwrap();
        assert_eq!(
            (again.how(), text(again.token().unwrap())),
            (how, second.clone())
        );
    }
    let third = world.rotated(&second, at(86_100));
    assert_ne!(third, second);
}

#[test]
fn r03_tabs_that_come_one_after_the_other_share_a_token() {
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    for second_after in 61..=80 {
        let same = world.refresh(&second, at(second_after)).unwrap();
        assert_eq!(same.how(), How::Same);
        assert!(same.token().is_none(), "its client keeps what it has");
        let sibling = world.refresh(&first, at(second_after)).unwrap();
        assert_eq!(text(sibling.token().unwrap()), second);
    }
}

#[test]
fn r03_over_the_budget_is_busy_and_no_theft() {
    let world = World::with(policy().with_retries(3).unwrap());
    let (id, first) = world.begin(&NEW, NOW);
    world.rotated(&first, at(60));
    for _ in 0..3 {
        assert_eq!(world.refresh(&first, at(61)).unwrap().how(), How::Retried);
    }
    let error = world.refresh(&first, at(62)).err().unwrap();
    let retry_at = at(81).plus(Span::from_millis(1));
    assert_eq!(
        error,
        RefreshError::Busy {
            session: id,
            retry_at
        }
    );
    assert!(!error.clears_cookies());
    assert_eq!(
        world.refresh(&first, retry_at).unwrap().how(),
        How::RetriedLate
    );
}

#[test]
fn r03_who_was_told_to_wait_asks_with_what_is_stored_by_then() {
    let world = World::with(policy().with_retries(1).unwrap());
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    assert_eq!(world.refresh(&first, at(61)).unwrap().how(), How::Retried);
    let error = world.refresh(&first, at(62)).err().unwrap();
    let RefreshError::Busy { retry_at, .. } = error else {
        unreachable!("over the budget")
    };
    // A sibling has stored the second token meanwhile.
    world.confirm(id, 1, at(63));
    assert_eq!(world.refresh(&second, retry_at).unwrap().how(), How::Same);
    assert_eq!(
        refused(world.refresh(&first, retry_at)),
        ("refresh_replayed", true)
    );
}

#[test]
fn r01_of_many_one_rotates_and_all_get_the_same() {
    for _ in 0..20 {
        let world = std::sync::Arc::new(World::new().store);
        let refresher = Refresher::new(policy(), secrets());
        let step = refresher
            .begin_session(&NEW, NOW, &Seed::new([9; 40]))
            .unwrap();
        let first = text(drive(&*world, step).unwrap().token());
        let answers = counterseal_testkit::race(33, |racer| {
            let seed = Seed::new([u8::try_from(racer).unwrap(); 16]);
            let step = refresher.refresh(&first, &WEB, at(60), &seed).unwrap();
            let answer = drive(&*world, step).unwrap();
            (answer.how(), text(answer.token().unwrap()))
        });
        let rotated = answers.iter().filter(|(how, _)| *how == How::Rotated);
        assert_eq!(rotated.count(), 1);
        assert!(answers.iter().all(|(_, token)| *token == answers[0].1));
    }
}

type Ending = fn(&World, SessionId);

#[test]
fn r08_nothing_is_given_after_an_end() {
    let world = World::new();
    let ends: [(Ending, End); 2] = [
        (
            |world, id| drop(drive(&world.store, world.refresher.log_out(id, at(70))).unwrap()),
            End::LoggedOut,
        ),
        (
            |world, id| drop(drive(&world.store, world.refresher.revoke(id, at(70))).unwrap()),
            End::Revoked,
        ),
    ];
    for (end, how) in ends {
        let (id, first) = world.begin(&NEW, NOW);
        let second = world.rotated(&first, at(60));
        end(&world, id);
        for token in [&first, &second] {
            let error = world.refresh(token, at(71)).err().unwrap();
            assert_eq!(
                error,
                RefreshError::Ended {
                    session: id,
                    end: how,
                    at: at(70)
                }
            );
            assert_eq!(world.mint(token, at(71)).err(), Some(error));
        }
        assert_eq!(
            drive(&world.store, world.refresher.revoke(id, at(80)))
                .unwrap()
                .ended,
            Some((how, at(70)))
        );
    }
}

#[test]
fn r08_an_end_between_reading_and_writing_wins() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let step = world
        .refresher
        .refresh(&first, &WEB, at(60), &Seed::new([5; 16]))
        .unwrap();
    let Step::Need(trying) = step else {
        unreachable!("it looks")
    };
    let Step::Need(reading) = trying.finish(Ok((None, None))) else {
        unreachable!("it looks, where the store did not")
    };
    let row = world.store.run(reading.op());
    let Step::Need(writing) = reading.finish(row) else {
        unreachable!("it writes")
    };
    drive(&world.store, world.refresher.revoke(id, at(60))).unwrap();
    let outcome = drive(&world.store, Step::Need(writing));
    assert_eq!(refused(outcome), ("refresh_ended", true));
}

#[test]
fn r09_a_store_that_does_not_answer_refuses_and_ends_nothing() {
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let step = world
        .refresher
        .refresh(&first, &WEB, at(60), &Seed::new([5; 16]))
        .unwrap();
    let Step::Need(reading) = step else {
        unreachable!("it looks")
    };
    let Step::Done(outcome) = reading.finish(Err(Unavailable)) else {
        unreachable!("it refuses")
    };
    assert_eq!(refused(outcome), ("store_unavailable", false));
    let Step::Need(ending) = world.refresher.revoke(SessionId::new([1; 16]), NOW) else {
        unreachable!("it looks")
    };
    let Step::Done(outcome) = ending.finish(Err(Unavailable)) else {
        unreachable!("it refuses")
    };
    assert_eq!(outcome.err(), Some(SessionError::Unavailable));
}

#[test]
fn r10_another_client_or_another_binding_is_refused_and_harms_nobody() {
    let world = World::new();
    let key = Some(Bound::Key([4; 32]));
    let new = NewSession { bound: key, ..NEW };
    let (_, first) = world.begin(&new, NOW);
    let holder = Holder {
        client: "web",
        bound: key,
    };
    for wrong in [
        Holder {
            client: "app",
            bound: key,
        },
        Holder {
            client: "",
            bound: key,
        },
        Holder {
            client: "web",
            bound: None,
        },
        Holder {
            client: "web",
            bound: Some(Bound::Key([5; 32])),
        },
        Holder {
            client: "web",
            bound: Some(Bound::Device([4; 32])),
        },
        Holder {
            client: "web",
            bound: Some(Bound::device(&[4; 32])),
        },
    ] {
        assert_eq!(
            refused(world.refresh_as(&first, &wrong, at(60))),
            ("refresh_holder", false)
        );
    }
    let second = world.refresh_as(&first, &holder, at(60)).unwrap();
    let second = text(second.token().unwrap());
    // Nor does a thief without the key end it by an old token.
    world.refresh_as(&second, &holder, at(200)).unwrap();
    let thief = Holder {
        client: "web",
        bound: None,
    };
    assert_eq!(
        refused(world.refresh_as(&first, &thief, at(300))),
        ("refresh_holder", false)
    );
    world.refresh_as(&second, &holder, at(301)).unwrap();
}
