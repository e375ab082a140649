//! What a refresher would do with a token, told without doing it.

#![allow(clippy::panic, clippy::unwrap_used)] // tests: what fails is seen

mod common;

use counterseal_core::{
    Carry, LinkedOp, Pending, Record, Refusal, Seed, Span, Step, Time, Unavailable, Value, drive,
    read, write,
};
use counterseal_refresh::{
    Bound, End, ExplainRefresh, Holder, How, NewSession, OnReuse, RefreshCheck, RefreshExplanation,
    RefreshFamily, RefreshSecrets, Refresher, Session, SessionId,
};
use counterseal_testkit::NOW;
use proptest::prelude::*;

use common::{NEW, WEB, World, at, policy, refused, secret, text};

impl World {
    fn explain(&self, token: &str, now: Time) -> RefreshExplanation {
        self.explain_as(token, &WEB, now)
    }

    fn explain_as(&self, token: &str, holder: &Holder<'_>, now: Time) -> RefreshExplanation {
        drive(&self.store, self.refresher.explain(token, holder, now))
    }

    /// Somebody writes a column of the table.
    fn change(&self, id: SessionId, column: &str, value: Value) {
        let mut values = write(&self.row(id));
        values[RefreshFamily::TABLE.position(column).unwrap()] = value;
        self.write(id, read(&values, Carry::Binary).unwrap());
    }
}

fn pending(step: Step<ExplainRefresh>) -> ExplainRefresh {
    match step {
        Step::Need(pending) => pending,
        Step::Done(explained) => panic!("nothing was asked: {explained}"),
    }
}

#[track_caller]
fn assert_refused(explained: &RefreshExplanation, check: &str, code: &str, ends: Option<End>) {
    let by = explained.refused_by().map(RefreshCheck::name);
    let refusal = explained.refusal().map(|error| error.code().name);
    assert_eq!((by, refusal), (Some(check), Some(code)), "{explained}");
    assert_eq!(explained.ends(), ends, "{explained}");
    assert_eq!(explained.how(), None);
}

/// A session of two generations, and the tokens of both; the second is of the instant 41.
fn rotated(world: &World) -> (SessionId, String, String) {
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(41));
    (id, first, second)
}

#[test]
fn each_check_is_told_with_what_it_compared() {
    let world = World::new();
    let (id, first, second) = rotated(&world);
    let expected = format!(
        "taken: rotated\n\
         nothing is written; it is 2049-03-22T04:28:02Z\n\
         passed form: 62 bytes of version 1\n\
         passed secret: number 7; 7 signs\n\
         passed tag: by secret 7\n\
         passed session: {id} is stored\n\
         passed seal: by secret 7\n\
         passed row: newest is generation 1, made at 2049-03-22T04:27:21Z; 0 generations in a row before it were retried late\n\
         passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
         passed clock: the row's last instant is 2049-03-22T04:27:21Z\n\
         passed end: has not ended\n\
         passed expiry: idle end 2049-04-05T04:27:21Z, absolute end 2049-06-20T04:26:40Z\n\
         passed place: generation 1 for 1, the newest; new for 40 s, and that for 41 s\n\
         passed subject: version 0 for 0, the subject is not disabled\n\
         passed state: secret 7 signs\n\
         passed successor: none is given again"
    );
    assert_eq!(world.explain(&second, at(82)).to_string(), expected);
    let late = world.explain(&first, at(100)).to_string();
    assert!(late.starts_with("taken: retried_late\n"), "{late}");
    assert!(
        late.contains(
            "\npassed place: generation 0 for 1, the parent of the newest; answered 59 s ago in a window of 20 s, \
             retried 0 of 32 times; rotated 59 s ago, and the newest is not confirmed, waited for 86400 s\n"
        ),
        "{late}"
    );
    assert!(
        late.ends_with("\npassed successor: the newest follows from this token"),
        "{late}"
    );
}

#[test]
fn the_first_check_that_refuses_is_the_last_that_is_made() {
    let world = World::new();
    let (_, first, _) = rotated(&world);
    let explained = world.explain_as(
        &first,
        &Holder {
            client: "app",
            bound: None,
        },
        at(50),
    );
    assert_refused(&explained, "holder", "refresh_holder", None);
    let told = explained.to_string();
    assert!(told.starts_with("refused: refresh_holder\n"), "{told}");
    assert!(
        told.contains(
            "\nREFUSED holder: of client \"web\", and another one was shown; bound to nothing, nothing was shown\n\
             skipped clock\nskipped end\n"
        ),
        "{told}"
    );
    assert_eq!(told.lines().count(), 2 + explained.checks().count());
}

#[test]
fn a_text_that_is_no_token_of_ours_asks_nothing_of_a_store() {
    let world = World::new();
    let (_, token) = world.begin(&NEW, NOW);
    let other = RefreshSecrets::signing(8, &secret(7)).unwrap();
    let forger = RefreshSecrets::signing(7, &secret(9)).unwrap();
    for (text, refresher, check, code) in [
        (&token[1..], &world.refresher, "form", "refresh_malformed"),
        (
            &token,
            &Refresher::new(policy(), other),
            "secret",
            "refresh_secret_unknown",
        ),
        (
            &token,
            &Refresher::new(policy(), forger),
            "tag",
            "refresh_forged",
        ),
    ] {
        let Step::Done(explained) = refresher.explain(text, &WEB, at(1)) else {
            panic!("{check}: a store was asked")
        };
        assert_refused(&explained, check, code, None);
        let seed = Seed::new([1; 16]);
        let refused = refresher.refresh(text, &WEB, at(1), &seed).err();
        assert_eq!(explained.refusal(), refused.as_ref());
    }
}

#[test]
fn a_row_that_is_not_there_or_was_changed_is_told() {
    let world = World::new();
    let (id, token) = world.begin(&NEW, NOW);
    let genuine = world.row(id);
    let explained = World::new().explain(&token, at(1));
    assert_refused(&explained, "session", "refresh_unknown", None);
    let silent = pending(world.refresher.explain(&token, &WEB, at(1)));
    let Step::Done(explained) = silent.finish(Err(Unavailable)) else {
        panic!("a store that is away ends it")
    };
    assert_refused(&explained, "session", "store_unavailable", None);
    for (column, value, check, code) in [
        (
            "access",
            Value::Text("**".into()),
            "seal",
            "refresh_row_tampered",
        ),
        ("sealed_by", Value::Int(8), "seal", "refresh_secret_unknown"),
        ("ended", Value::Int(9), "row", "refresh_row_tampered"),
    ] {
        world.write(id, genuine.clone());
        world.change(id, column, value);
        assert_refused(&world.explain(&token, at(1)), check, code, None);
        assert_eq!(refused(world.refresh(&token, at(1))).0, code);
    }
    let told = world.explain(&token, at(1)).to_string();
    assert!(
        told.contains("\nREFUSED row: ended_at cannot be read\n"),
        "{told}"
    );
}

#[test]
fn a_successor_that_does_not_follow_is_told() {
    let world = World::new();
    let (id, first, _) = rotated(&world);
    world.change(id, "salt", Value::Bytes(vec![0; 16]));
    let explained = world.explain(&first, at(50));
    assert_refused(&explained, "successor", "refresh_broken", None);
    assert_eq!(refused(world.refresh(&first, at(50))).0, "refresh_broken");
}

#[test]
fn each_part_of_the_rule_is_told_by_its_check() {
    let world = World::with(policy().with_retries(1).unwrap());
    let (id, first, second) = rotated(&world);
    let slow = at(41).minus(Span::from_millis(5_001));
    let explained = world.explain(&second, slow);
    assert_refused(&explained, "clock", "refresh_clock", None);
    let told = explained.to_string();
    assert!(
        told.contains(", this clock is 5.001 s behind, 5 s at most\n"),
        "{told}"
    );
    let explained = world.explain(&second, at(41 + 14 * 86_400));
    assert_refused(&explained, "expiry", "refresh_expired", None);

    world.refresh(&first, at(41)).unwrap();
    let explained = world.explain(&first, at(42));
    assert_refused(&explained, "place", "refresh_busy", None);
    let explained = world.explain(&first, at(42 + 86_400));
    let by = Some(End::Unconfirmed);
    assert_refused(&explained, "place", "refresh_unconfirmed", by);
    world.confirm(id, 1, at(43));
    let explained = world.explain(&first, at(62));
    assert_refused(&explained, "place", "refresh_replayed", Some(End::Replayed));
    let told = explained.to_string();
    assert!(
        told.starts_with("refused: refresh_replayed, and the session would end\n"),
        "{told}"
    );
    assert_eq!(world.session(id).ended, None);

    drive(&world.store, world.refresher.log_out(id, at(70))).unwrap();
    let explained = world.explain(&second, at(100));
    assert_refused(&explained, "end", "refresh_ended", None);
    let told = explained.to_string();
    assert!(
        told.contains("\nREFUSED end: logged_out at 2049-03-22T04:27:50Z\n"),
        "{told}"
    );
}

#[test]
fn what_ends_all_sessions_of_a_subject_is_told_and_ends_none() {
    let world = World::with(policy().on_reuse(OnReuse::EndSubject));
    let (id, first, second) = rotated(&world);
    world.rotated(&second, at(82));
    let explained = world.explain(&first, at(200));
    assert_refused(&explained, "place", "refresh_replayed", Some(End::Replayed));
    let told = explained.to_string();
    let verdict = "refused: refresh_replayed, and all sessions of the subject would end\n";
    assert!(told.starts_with(verdict), "{told}");
    assert!(
        told.contains("\nREFUSED place: generation 0 for 2, older than the parent of the newest\n"),
        "{told}"
    );
    assert_eq!(world.session(id).ended, None);
}

#[test]
fn a_store_that_was_set_back_is_told() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let before = world.row(id);
    let second = world.rotated(&first, at(41));
    world.write(id, before);
    let explained = world.explain(&second, at(100));
    assert_refused(
        &explained,
        "place",
        "refresh_store_behind",
        Some(End::StoreBehind),
    );
    world.subject(1, None);
    let (_, of_1) = world.begin(&NewSession { user_ver: 1, ..NEW }, NOW);
    world.subject(0, None);
    let explained = world.explain(&of_1, at(100));
    assert_refused(&explained, "subject", "refresh_store_behind", None);
}

#[test]
fn a_subject_that_changed_is_told() {
    let world = World::new();
    let (_, token) = world.begin(&NEW, NOW);
    world.subject(0, Some(at(2)));
    let explained = world.explain(&token, at(100));
    assert_refused(&explained, "subject", "refresh_subject_disabled", None);
    let told = explained.to_string();
    assert!(
        told.contains("the subject is disabled since 2049-03-22T04:26:42Z\n"),
        "{told}"
    );
    world.subject(1, None);
    let explained = world.explain(&token, at(100));
    assert_refused(&explained, "subject", "refresh_user_ver", None);
}

#[test]
fn a_secret_that_only_detects_is_told_after_the_rule() {
    let mut world = World::new();
    let (_, first, second) = rotated(&world);
    let secrets = RefreshSecrets::signing(8, &secret(8)).unwrap();
    let secrets = secrets.detecting(7, &secret(7)).unwrap();
    world.refresher = Refresher::new(policy(), secrets);
    let explained = world.explain(&second, at(100));
    assert_refused(&explained, "state", "refresh_secret_unknown", None);
    let told = explained.to_string();
    assert!(
        told.contains("\npassed secret: number 7; 8 signs, 7 only detects\n"),
        "{told}"
    );
    assert!(
        told.contains("\nREFUSED state: secret 7 only detects\n"),
        "{told}"
    );
    let explained = world.explain(&first, at(100 + 86_400));
    assert_refused(
        &explained,
        "place",
        "refresh_unconfirmed",
        Some(End::Unconfirmed),
    );
}

#[test]
fn what_a_session_is_bound_to_is_told_without_it() {
    let world = World::new();
    let bound = Some(Bound::Key([0xa7; 32]));
    let (_, token) = world.begin(&NewSession { bound, ..NEW }, NOW);
    for (client, bound, told) in [
        (
            "web",
            None,
            "and it was shown; bound to a key, nothing was shown",
        ),
        (
            "web",
            Some(Bound::device(&[7; 16])),
            "and it was shown; bound to a key, another one was shown",
        ),
        (
            "\u{202e}app",
            bound,
            "and another one was shown; bound to a key, and it was shown",
        ),
    ] {
        let explained = world.explain_as(&token, &Holder { client, bound }, at(1));
        assert_refused(&explained, "holder", "refresh_holder", None);
        let line = format!("\nREFUSED holder: of client \"web\", {told}\n");
        assert!(explained.to_string().contains(&line), "{explained}");
    }
    let holder = Holder {
        client: "web",
        bound,
    };
    assert_eq!(
        world.explain_as(&token, &holder, at(1)).how(),
        Some(How::Same)
    );
}

#[test]
fn no_explanation_holds_a_part_of_a_token() {
    let world = World::new();
    let seed = Seed::new(core::array::from_fn(|at| u8::try_from(at * 5 + 3).unwrap()));
    let step = world.refresher.begin_session(&NEW, NOW, &seed).unwrap();
    let first = text(drive(&world.store, step).unwrap().token());
    let second = world.rotated(&first, at(41));
    let parts: Vec<String> = [&first, &second]
        .into_iter()
        .flat_map(|token| token.as_bytes().windows(8))
        .map(|part| String::from_utf8(part.to_vec()).unwrap())
        .collect();
    for (token, now) in [(&first, at(42)), (&first, at(100)), (&second, at(100))] {
        let explained = world.explain(token, now);
        assert_eq!(explained.refused_by(), None);
        let told = format!("{explained}{explained:?}");
        assert!(!parts.iter().any(|part| told.contains(part)), "{told}");
    }
}

proptest! {
    /// Whatever happened before, refreshing does what was told, and telling it wrote nothing.
    #[test]
    fn refreshing_does_what_was_told(
        is_subject in any::<bool>(),
        steps in proptest::collection::vec((0..8_usize, 0..4_i64, 0..60_i64), 1..40),
    ) {
        let reuse = if is_subject { OnReuse::EndSubject } else { OnReuse::EndSession };
        let world = World::with(policy().on_reuse(reuse).with_retries(2).unwrap());
        let (id, first) = world.begin(&NEW, NOW);
        let mut tokens = vec![first];
        let mut seconds = 0;
        for (does, which, wait) in steps {
            seconds += wait;
            let now = at(seconds);
            match does {
                0 => world.confirm(id, world.session(id).generation, now),
                1 if which == 0 => world.subject(wait % 2, None),
                2 if which == 0 => seconds += 86_400,
                _ => {}
            }
            let client = if does == 3 { "app" } else { "web" };
            let holder = Holder { client, ..WEB };
            let now = if does == 4 { now.minus(Span::from_seconds(which * 3)) } else { now };
            let token = tokens[tokens.len().saturating_sub(1 + usize::try_from(which).unwrap())].clone();
            let step = world.refresher.explain(&token, &holder, now);
            let pending = pending(step);
            prop_assert!(matches!(pending.op(), LinkedOp::Load(_)));
            let before = world.row(id);
            let explained = drive(&world.store, Step::Need(pending));
            prop_assert_eq!(&world.row(id), &before);
            let refreshed = world.refresh_as(&token, &holder, now);
            let ended = world.session(id).ended.filter(|_| Session::try_from(before.clone()).is_ok_and(|before| before.ended.is_none()));
            prop_assert_eq!(explained.ends(), ended.map(|(end, _)| end));
            match refreshed {
                Ok(refreshed) => {
                    prop_assert_eq!(explained.how(), Some(refreshed.how()));
                    if let (How::Rotated, Some(token)) = (refreshed.how(), refreshed.token()) {
                        tokens.push(text(token));
                    }
                }
                Err(error) => prop_assert_eq!(explained.refusal(), Some(&error)),
            }
        }
    }
}
