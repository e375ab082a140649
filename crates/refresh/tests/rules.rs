//! The rule at its edges, and what a store that was changed comes to.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod common;

use common::*;
use counterseal_core::{Carry, Purpose, Record, Seed, Span, Value, read, write};
use counterseal_refresh::{
    BindingRule, Bound, End, How, NewSession, OnReuse, RefreshError, RefreshFamily, SessionError,
};
use counterseal_testkit::NOW;
use proptest::prelude::*;

#[test]
fn a_rule_of_binding_is_kept_when_a_session_begins() {
    let seed = || Seed::new([3; 40]);
    let bound = NewSession {
        bound: Some(Bound::Key([4; 32])),
        ..NEW
    };
    let required = World::with(policy().with_binding(BindingRule::Require));
    let refused = required.refresher.begin_session(&NEW, NOW, &seed());
    assert_eq!(refused.err(), Some(SessionError::Binding));
    assert!(
        required
            .refresher
            .begin_session(&bound, NOW, &seed())
            .is_ok()
    );
    let none = World::with(policy().with_binding(BindingRule::None));
    let (id, _) = none.begin(&bound, NOW);
    assert_eq!(none.session(id).bound, None);
}

#[test]
fn r11_a_session_is_over_however_often_it_is_used() {
    let day = 86_400;
    let world = World::with(
        policy()
            .with_lives(Span::from_seconds(2 * day), Span::from_seconds(5 * day))
            .unwrap(),
    );
    let (id, first) = world.begin(&NEW, NOW);
    let mut token = first;
    for days in 1..5 {
        token = world.rotated(&token, at(days * day));
    }
    assert_eq!(world.session(id).absolute_end, at(5 * day));
    let last = at(5 * day).minus(Span::from_millis(1));
    assert!(world.refresh(&token, last).is_ok());
    assert_eq!(
        refused(world.refresh(&token, at(5 * day))),
        ("refresh_expired", true)
    );
    assert_eq!(
        refused(world.refresh(&token, at(500 * day))),
        ("refresh_expired", true)
    );
}

#[test]
fn a_session_is_over_when_it_is_not_used() {
    let day = 86_400;
    let world = World::new();
    let (_, first) = world.begin(&NEW, NOW);
    let last = at(14 * day).minus(Span::from_millis(1));
    assert!(world.mint(&first, last).is_ok());
    assert_eq!(
        refused(world.refresh(&first, at(14 * day))),
        ("refresh_expired", true)
    );
}

#[test]
fn r14_a_session_of_an_earlier_version_or_a_disabled_subject_is_refused() {
    let world = World::new();
    world.subject(4, None);
    let new = NewSession { user_ver: 4, ..NEW };
    let (_, first) = world.begin(&new, NOW);
    assert!(world.mint(&first, at(1)).is_ok());
    world.subject(4, Some(at(2)));
    assert_eq!(
        refused(world.refresh(&first, at(60))),
        ("refresh_subject_disabled", true)
    );
    world.subject(5, None);
    assert_eq!(
        refused(world.refresh(&first, at(60))),
        ("refresh_user_ver", true)
    );
    assert_eq!(
        refused(world.mint(&first, at(60))),
        ("refresh_user_ver", true)
    );
    world.subject(3, None);
    assert_eq!(
        refused(world.refresh(&first, at(60))),
        ("refresh_store_behind", false)
    );
}

#[test]
fn reuse_ends_all_sessions_of_the_subject_where_the_policy_says_so() {
    let world = World::with(policy().on_reuse(OnReuse::EndSubject));
    let (_, phone) = world.begin(
        &NewSession {
            device: "phone",
            ..NEW
        },
        NOW,
    );
    let (_, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    world.rotated(&second, at(120));
    assert_eq!(
        refused(world.refresh(&first, at(200))),
        ("refresh_replayed", true)
    );
    assert_eq!(
        refused(world.refresh(&phone, at(201))),
        ("refresh_user_ver", true)
    );
    let (_, again) = world.begin(&NewSession { user_ver: 1, ..NEW }, at(202));
    assert!(world.refresh(&again, at(300)).is_ok());
}

#[test]
fn r19_nothing_in_the_row_is_a_token_and_a_row_that_was_changed_is_refused() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    let stored = format!("{:?}", world.row(id));
    for token in [&first, &second] {
        assert!(!stored.contains(&token[40..60]));
    }
    let (other, _) = world.begin(
        &NewSession {
            subject: "eve",
            access: "**",
            ..NEW
        },
        NOW,
    );
    let genuine = world.row(id);
    // Eve's row under Ada's id: her name, her grants, with Ada's token.
    world.write(id, world.row(other));
    assert_eq!(
        refused(world.refresh(&second, at(120))),
        ("refresh_row_tampered", false)
    );
    world.write(id, genuine);
    assert!(world.refresh(&second, at(120)).is_ok());
}

/// Somebody wrote the table: nothing is given, though the chain went on; and when it is mended its client goes on, with what was made then.
#[test]
fn r19_a_row_that_was_changed_and_is_mended_goes_on() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let more = |access: &str| {
        let mut values = write(&world.row(id));
        values[RefreshFamily::TABLE.position("access").unwrap()] = Value::Text(access.into());
        world.write(id, read(&values, Carry::Binary).unwrap());
    };
    more("**");
    for seconds in [60, 61, 200] {
        let refused = refused(world.refresh(&first, at(seconds)));
        assert_eq!(refused, ("refresh_row_tampered", false));
    }
    assert_eq!(world.session(id).generation, 1);
    more(NEW.access);
    let second = world.refresh(&first, at(300)).unwrap();
    assert_eq!(second.how(), How::RetriedLate);
    world.rotated(&text(second.token().unwrap()), at(400));
}

#[test]
fn r13_what_a_session_grants_does_not_change() {
    let world = World::new();
    let (_, mut token) = world.begin(&NEW, NOW);
    for round in 1..5 {
        let refreshed = world.refresh(&token, at(round * 60)).unwrap();
        assert_eq!(refreshed.session().access, "orders:*");
        assert_eq!(
            refreshed.session().generation,
            u32::try_from(round).unwrap()
        );
        token = text(refreshed.token().unwrap());
    }
}

#[test]
fn a_store_that_was_set_back_is_noticed_and_the_session_does_not_go_on() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    let before = world.row(id);
    let third = world.rotated(&second, at(120));
    world.write(id, before);
    assert_eq!(
        refused(world.refresh(&third, at(200))),
        ("refresh_store_behind", false)
    );
    for token in [&first, &second, &third] {
        assert_eq!(
            refused(world.refresh(token, at(300))),
            ("refresh_ended", true)
        );
    }
    assert_eq!(world.session(id).ended, Some((End::StoreBehind, at(200))));
}

#[test]
fn minting_writes_nothing_and_confirms_nothing() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    world.rotated(&first, at(60));
    let before = world.row(id);
    for (seconds, how) in [(61, How::Minted), (3_600, How::Minted)] {
        let minted = world.mint(&first, at(seconds)).unwrap();
        assert_eq!((minted.how(), minted.token().is_none()), (how, true));
    }
    assert_eq!(world.row(id), before);
    world.confirm(id, 1, at(70));
    assert_eq!(
        refused(world.mint(&first, at(3_600))),
        ("refresh_superseded", false)
    );
    assert_eq!(world.session(id).ended, None);
    assert_eq!(Purpose::ReadOnlyMint.longest(), Span::from_seconds(60));
}

#[test]
fn a_host_whose_clock_is_behind_does_not_set_time_back() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(60));
    assert_eq!(world.refresh(&first, at(55)).unwrap().how(), How::Retried);
    assert_eq!(world.refresh(&second, at(55)).unwrap().how(), How::Same);
    let behind = Span::from_millis(5_001);
    let error = world.refresh(&second, at(60).minus(behind)).err();
    assert_eq!(
        error,
        Some(RefreshError::Clock {
            session: id,
            behind
        })
    );
}

#[test]
fn nobody_who_never_shows_to_have_the_newest_token_goes_on_for_ever() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    world.rotated(&first, at(60));
    let last = at(60).plus(DAY);
    assert_eq!(world.refresh(&first, last).unwrap().how(), How::RetriedLate);
    let over = last.plus(Span::from_seconds(21));
    assert_eq!(
        refused(world.refresh(&first, over)),
        ("refresh_unconfirmed", true)
    );
    assert_eq!(world.session(id).ended, Some((End::Unconfirmed, over)));
}

#[test]
fn three_late_generations_in_a_row_raise_an_alarm_and_end_nothing() {
    let world = World::new();
    let (_, mut token) = world.begin(&NEW, NOW);
    for round in 0..4 {
        let begin = 60 + round * 200;
        let next = world.rotated(&token, at(begin));
        let late = world.refresh(&token, at(begin + 100)).unwrap();
        assert_eq!(late.how(), How::RetriedLate);
        assert_eq!(late.is_followed(), round >= 2);
        token = next;
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".*", tail in "[A-Za-z0-9_-]{83}") {
        let world = World::new();
        for text in [text, format!("csrt1_{tail}")] {
            let _ = world.refresher.refresh(&text, &WEB, NOW, &Seed::new([1; 16]));
        }
    }

    /// Of one token, whatever happens in between, at most one successor is ever handed out.
    #[test]
    fn a_token_has_one_successor(steps in proptest::collection::vec((0..4_usize, 1..100_i64), 1..60)) {
        let world = World::new();
        let (id, first) = world.begin(&NEW, NOW);
        let mut tokens = vec![first];
        let mut seconds = 0;
        for (which, wait) in steps {
            seconds += wait;
            if which == 3 {
                world.confirm(id, world.session(id).generation, at(seconds));
                continue;
            }
            let from = tokens.len().saturating_sub(1 + which);
            let Ok(refreshed) = world.refresh(&tokens[from], at(seconds)) else { continue };
            let Some(token) = refreshed.token() else { continue };
            let token = text(token);
            match tokens.get(from + 1) {
                Some(known) => prop_assert_eq!(known, &token),
                None => tokens.push(token),
            }
        }
    }
}
