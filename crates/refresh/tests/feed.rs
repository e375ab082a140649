//! What verifiers of access tokens know of sessions that have ended.

#![allow(clippy::panic, clippy::unwrap_used)] // tests: what fails is seen

mod common;

use common::*;
use counterseal_core::{Ended, Pending, Refusal, Span, Step, Time, Unavailable, drive};
use counterseal_refresh::{
    EndedSessions, FeedError, NewSession, ReadFeed, SessionFeed, SessionId, Which,
};
use counterseal_testkit::NOW;

#[test]
fn an_access_token_ends_with_its_session_however_that_ended() {
    let world = World::new();
    let (lives, _) = world.begin(&NEW, NOW);
    let (out, _) = world.begin(&NEW, NOW);
    let (revoked, _) = world.begin(&NEW, NOW);
    let (stolen, first) = world.begin(&NEW, NOW);
    let (others, _) = world.begin(&of("grace"), NOW);
    let before = read(&world, at(99)).unwrap();
    assert!(before.is_empty() && before.read_at() == at(99));
    drive(&world.store, world.refresher.log_out(out, at(100))).unwrap();
    drive(&world.store, world.refresher.revoke(revoked, at(100))).unwrap();
    drive(
        &world.store,
        world
            .refresher
            .revoke_all("login", "grace", Which::All, at(100)),
    )
    .unwrap();
    world.rotated(&first, at(50));
    world.confirm(stolen, 1, at(51));
    assert_eq!(
        refused(world.refresh(&first, at(200))),
        ("refresh_replayed", true)
    );
    let feed = read(&world, at(201)).unwrap();
    assert_eq!(feed.len(), 4);
    for session in [out, revoked, stolen, others] {
        let ended = Err(FeedError::Ended { session });
        assert_eq!(check(&feed, session, at(201)), ended);
        assert_eq!(check(&before, session, at(99)), Ok(()));
    }
    assert_eq!(check(&feed, lives, at(201)), Ok(()));
}

#[test]
fn what_ended_longer_ago_than_a_token_lives_is_not_read() {
    let world = World::new();
    let (session, _) = world.begin(&NEW, NOW);
    drive(&world.store, world.refresher.log_out(session, NOW)).unwrap();
    let forty = 40 * 60;
    assert_eq!(read(&world, at(forty)).unwrap().len(), 1);
    assert_eq!(read(&world, at(forty + 1)).unwrap().len(), 0);
    // A verifier whose clock is behind reads it, too.
    assert_eq!(read(&world, at(-600)).unwrap().len(), 1);
}

#[test]
fn a_feed_that_is_too_old_or_of_a_clock_ahead_says_nothing_good() {
    let world = World::new();
    let (lives, _) = world.begin(&NEW, NOW);
    let (ended, _) = world.begin(&NEW, NOW);
    drive(&world.store, world.refresher.log_out(ended, NOW)).unwrap();
    let feed = read(&world, at(10)).unwrap();
    for seconds in [9, 10, 40] {
        assert_eq!(check(&feed, lives, at(seconds)), Ok(()));
    }
    for (millis, age) in [(8_999, -1_001), (40_001, 30_001)] {
        let now = NOW.plus(Span::from_millis(millis));
        let age = Span::from_millis(age);
        assert_eq!(check(&feed, lives, now), Err(FeedError::Stale { age }));
        // An end is final.
        assert_eq!(
            check(&feed, ended, now),
            Err(FeedError::Ended { session: ended })
        );
    }
}

#[test]
fn a_token_that_names_no_session_is_refused() {
    let feed = read(&World::new(), NOW).unwrap();
    let long = "A".repeat(23);
    for text in [
        None,
        Some(""),
        Some("session"),
        Some(&*long),
        Some("AAAAAAAAAAAAAAAAAAAAAB"),
    ] {
        assert_eq!(feed.check(text, NOW), Err(FeedError::Unnamed), "{text:?}");
    }
    assert_eq!(feed.check(Some("AAAAAAAAAAAAAAAAAAAAAA"), NOW), Ok(()));
}

#[test]
fn a_feed_is_read_page_by_page_and_not_for_ever() {
    let page = |from: u32, count: u32| -> Vec<Ended> {
        let id = |number: u32| u128::from(number).to_be_bytes();
        (from..from + count)
            .map(|number| (NOW, id(number)))
            .collect()
    };
    let (step, _) = finish(begin(), Ok(page(1, 1_000)));
    let step = step.err().unwrap();
    let (done, _) = finish(step, Ok(page(1_001, 999)));
    let feed = done.ok().unwrap().unwrap();
    assert_eq!(feed.len(), 1_999);
    let unavailable = |reply| finish(begin(), reply).0.ok().unwrap().err().unwrap();
    assert_eq!(unavailable(Err(Unavailable)), FeedError::Unavailable);
    assert_eq!(unavailable(Ok(page(1, 1_001))), FeedError::Unavailable);
    let backwards = page(1, 3).into_iter().rev().collect();
    assert_eq!(unavailable(Ok(backwards)), FeedError::Unavailable);
    // The same page once more.
    let (step, asked) = finish(begin(), Ok(page(1, 1_000)));
    assert_eq!(asked, (NOW.minus(Span::from_minutes(40)), [0; 16]));
    let (done, asked) = finish(step.err().unwrap(), Ok(page(1, 1_000)));
    assert_eq!(asked, page(1_000, 1)[0]);
    assert_eq!(done.ok().unwrap().err(), Some(FeedError::Unavailable));
}

#[test]
fn a_feed_that_is_full_is_none() {
    let mut step = begin();
    for page in 0..=1_048 {
        let ends = (1..=1_000).map(|at| (NOW, u128::to_be_bytes(page * 1_000 + at)));
        match finish(step, Ok(ends.collect())).0 {
            Err(next) => step = next,
            Ok(done) => {
                assert_eq!((page, done.err()), (1_048, Some(FeedError::Full)));
                return;
            }
        }
    }
    panic!("it holds as many as there are");
}

#[test]
fn it_is_trusted_for_a_second_to_ten_minutes() {
    for (millis, is_good) in [
        (999, false),
        (1_000, true),
        (600_000, true),
        (600_001, false),
    ] {
        let feed = SessionFeed::new(Span::from_millis(millis));
        assert_eq!(feed.is_ok(), is_good);
        if let Err(error) = feed {
            assert_eq!(
                (error.name, error.code().name),
                ("trusted_for", "refresh_policy")
            );
        }
    }
}

#[test]
fn errors_say_what_they_know() {
    let session = SessionId::new([7; 16]);
    let age = Span::from_seconds(31);
    let told = [
        FeedError::Ended { session },
        FeedError::Full,
        FeedError::Stale { age },
        FeedError::Unavailable,
        FeedError::Unnamed,
    ]
    .map(|error| (error.code().name, error.code().http, error.to_string()));
    assert_eq!(
        told.each_ref().map(|(name, ..)| *name),
        [
            "refresh_access_ended",
            "refresh_feed_full",
            "refresh_feed_stale",
            "store_unavailable",
            "refresh_access_unnamed",
        ]
    );
    assert_eq!(
        told.each_ref().map(|(_, http, _)| *http),
        [401, 503, 503, 503, 401]
    );
    assert_eq!(
        told[2].2,
        "what is known of ended sessions is too old (31000 ms)"
    );
    let event = FeedError::Ended { session }.event(NOW).to_string();
    assert!(event.contains(&session.to_string()), "{event}");
}

fn of(subject: &str) -> NewSession<'_> {
    NewSession { subject, ..NEW }
}

fn read(world: &World, now: Time) -> Result<EndedSessions, FeedError> {
    drive(&world.store, feed().read(now))
}

fn feed() -> SessionFeed {
    SessionFeed::new(Span::from_seconds(30)).unwrap()
}

fn check(feed: &EndedSessions, session: SessionId, now: Time) -> Result<(), FeedError> {
    feed.check(Some(&session.to_string()), now)
}

fn begin() -> ReadFeed {
    match feed().read(NOW) {
        Step::Need(read) => read,
        Step::Done(_) => panic!("it asks first"),
    }
}

/// What it ends in, or how it goes on; and after which end it had asked.
fn finish(
    read: ReadFeed,
    reply: Result<Vec<Ended>, Unavailable>,
) -> (Result<Result<EndedSessions, FeedError>, ReadFeed>, Ended) {
    let asked = read.op().after;
    let step = match read.finish(reply) {
        Step::Done(outcome) => Ok(outcome),
        Step::Need(next) => Err(next),
    };
    (step, asked)
}
