//! The rows of R in the catalogue, on a store in memory: what is refused, what is given again, and what ends a session.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use counterseal_core::{
    Load, Pending, Purpose, Refusal, RowOp, Run, Secret, Seed, Span, Step, Subject, Swap, Time,
    Unavailable, drive,
};
use counterseal_memory::Memory;
use counterseal_refresh::{
    BindingRule, Bound, Confirmation, End, Holder, How, NewSession, OnReuse, RefreshError,
    RefreshFamily, RefreshPolicy, RefreshSecrets, Refreshed, Refresher, Session, SessionError,
    SessionId, Which,
};
use counterseal_testkit::{NOW, WINDOW};
use proptest::prelude::*;

const WEB: Holder<'_> = Holder {
    client: "web",
    bound: None,
};
const NEW: NewSession<'_> = NewSession {
    tenant: "login",
    subject: "ada",
    user_ver: 0,
    client: "web",
    device: "laptop",
    access: "orders:*",
    bound: None,
};

struct World {
    store: Memory,
    refresher: Refresher,
    seed: std::cell::Cell<u8>,
}

type Outcome = Result<Refreshed, RefreshError>;

impl World {
    fn new() -> Self {
        Self::with(policy())
    }

    fn with(policy: RefreshPolicy) -> Self {
        World {
            store: Memory::new(WINDOW, 10, NOW),
            refresher: Refresher::new(policy, secrets()),
            seed: std::cell::Cell::new(1),
        }
    }

    fn drawn(&self) -> u8 {
        self.seed.replace(self.seed.get().wrapping_add(1))
    }

    fn begin(&self, new: &NewSession<'_>, now: Time) -> (SessionId, String) {
        let seed = Seed::new([self.drawn(); 40]);
        let step = self.refresher.begin_session(new, now, &seed).unwrap();
        let begun = drive(&self.store, step).unwrap();
        (begun.session().id, text(begun.token()))
    }

    fn refresh(&self, token: &str, now: Time) -> Outcome {
        self.refresh_as(token, &WEB, now)
    }

    fn refresh_as(&self, token: &str, holder: &Holder<'_>, now: Time) -> Outcome {
        let seed = Seed::new([self.drawn(); 16]);
        let step = self.refresher.refresh(token, holder, now, &seed)?;
        drive(&self.store, step)
    }

    fn mint(&self, token: &str, now: Time) -> Outcome {
        drive(&self.store, self.refresher.mint(token, &WEB, now)?)
    }

    /// The token that follows this one.
    #[track_caller]
    fn rotated(&self, token: &str, now: Time) -> String {
        let refreshed = self.refresh(token, now).unwrap();
        assert_eq!(refreshed.how(), How::Rotated);
        text(refreshed.token().unwrap())
    }

    fn confirm(&self, id: SessionId, generation: u32, now: Time) {
        drive(&self.store, self.refresher.confirm(id, generation, now)).unwrap();
    }

    fn row(&self, id: SessionId) -> RefreshFamily {
        let load = RowOp::Load(Load::new(id.bytes()));
        self.store.run(load).unwrap().unwrap().record
    }

    fn session(&self, id: SessionId) -> Session {
        Session::try_from(&self.row(id)).unwrap()
    }

    fn write(&self, id: SessionId, record: RefreshFamily) {
        let load: RowOp<RefreshFamily> = RowOp::Load(Load::new(id.bytes()));
        let expected = self.store.run(load).unwrap().unwrap().version;
        let id = id.bytes();
        let swap = Swap {
            id,
            expected,
            record,
        };
        self.store.run(RowOp::Swap(swap)).unwrap().unwrap();
    }

    fn subject(&self, user_ver: i64, disabled: Option<Time>) {
        let mut record = Subject::new("login", "ada", NOW);
        record.user_ver = user_ver;
        record.disabled = disabled;
        let id = record.row();
        let load: RowOp<Subject> = RowOp::Load(Load::new(id));
        let expected = self.store.run(load).unwrap().map_or(0, |row| row.version);
        let swap = Swap {
            id,
            expected,
            record,
        };
        self.store.run(RowOp::Swap(swap)).unwrap().unwrap();
    }
}

fn policy() -> RefreshPolicy {
    let policy = RefreshPolicy::new(Confirmation::Wired { within: DAY }).unwrap();
    policy.with_window(Span::from_seconds(20)).unwrap()
}

fn secrets() -> RefreshSecrets {
    RefreshSecrets::signing(7, &secret(7)).unwrap()
}

fn secret(byte: u8) -> Secret {
    Secret::new(vec![byte; 32])
}

fn text(token: &Secret) -> String {
    String::from_utf8(token.expose().to_vec()).unwrap()
}

#[track_caller]
fn refused(outcome: Outcome) -> (&'static str, bool) {
    let error = outcome.err().unwrap();
    (error.code().name, error.clears_cookies())
}

/// Seconds after the session began.
fn at(seconds: i64) -> Time {
    NOW.plus(Span::from_seconds(seconds))
}

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
            let refreshed = drive(&*world, step).unwrap();
            (refreshed.how(), text(refreshed.token().unwrap()))
        });
        let rotated = answers.iter().filter(|(how, _)| *how == How::Rotated);
        assert_eq!(rotated.count(), 1);
        assert!(answers.iter().all(|(_, token)| *token == answers[0].1));
    }
}

#[test]
fn r08_nothing_is_given_after_an_end() {
    let world = World::new();
    let ends: [(fn(&World, SessionId), End); 2] = [
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
    let Step::Need(reading) = step else {
        unreachable!("it looks")
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
fn r15_reuse_ends_all_sessions_of_the_subject_where_the_policy_says_so() {
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
fn i7_a_text_that_is_no_token_of_ours_asks_nothing_of_the_store() {
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

const DAY: Span = Span::from_minutes(24 * 60);
