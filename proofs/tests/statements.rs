//! What statements are called: drivers prepare them by name, and refuse another text under it.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use std::collections::BTreeMap;

use counterseal_core::{
    List, ListEnded, Load, LoadLinked, LoadTogether, Pending, Record, Secret, Seed, Span, Step,
    Subject, Swap, SweepRows, Time, drive,
};
use counterseal_jwt::{AccessKey, Denied};
use counterseal_memory::Memory;
use counterseal_refresh::{
    Confirmation, Holder, NewSession, RefreshFamily, RefreshPolicy, RefreshSecrets, Refresher,
};
use counterseal_replay::Window;
use counterseal_request::KeyRecord;
use counterseal_store::{Dialect, Stated, Statement};

fn of_rows<R: Record>(dialect: Dialect) -> Vec<Statement> {
    let swap = |expected| Swap {
        id: [0; 16],
        expected,
        record: R::blank(),
    };
    vec![
        Load::<R>::new([0; 16]).statement(dialect),
        swap(0).statement(dialect),
        swap(1).statement(dialect),
    ]
}

/// All that is asked of a store of sessions.
fn of_sessions(dialect: Dialect) -> Vec<Statement> {
    let ended = (Time::EPOCH, [0; 16]);
    vec![
        LoadLinked::<RefreshFamily, Subject>::new([0; 16]).statement(dialect),
        List::<RefreshFamily>::new([0; 16], None, 1).statement(dialect),
        ListEnded::<RefreshFamily>::new(ended, 1).statement(dialect),
        SweepRows::<RefreshFamily>::new(Time::EPOCH, 1).statement(dialect),
        rotation(dialect),
    ]
}

/// A refresh token is rotated in one statement.
fn rotation(dialect: Dialect) -> Statement {
    let within = Span::from_seconds(60);
    let policy = RefreshPolicy::new(Confirmation::OnNextUse { within }).unwrap();
    let secrets = RefreshSecrets::signing(1, &Secret::new(vec![7; 32])).unwrap();
    let refresher = Refresher::new(policy, secrets);
    let new = NewSession {
        tenant: "login",
        subject: "ada",
        user_ver: 0,
        client: "web",
        device: "",
        access: "",
        bound: None,
    };
    let begun = refresher.begin_session(&new, Time::EPOCH, &Seed::new([1; 40]));
    let begun = drive(&Memory::new(Window::MINUTE, 1, Time::EPOCH), begun.unwrap()).unwrap();
    let token = std::str::from_utf8(begun.token().expose()).unwrap();
    let holder = Holder {
        client: "web",
        bound: None,
    };
    let step = refresher.refresh(token, &holder, Time::EPOCH, &Seed::new([2; 16]));
    let Step::Need(pending) = step.unwrap() else {
        unreachable!("it asks the store")
    };
    pending.op().statement(dialect)
}

#[test]
fn each_name_has_one_text_and_each_text_one_name() {
    for dialect in [Dialect::Postgres, Dialect::Redis, Dialect::Sqlite] {
        let together = LoadTogether::<Subject, Denied, AccessKey>::new([None; 3]);
        let sweep = SweepRows::<Denied>::new(Time::EPOCH, 1);
        let statements = [
            of_rows::<KeyRecord>(dialect),
            of_rows::<Subject>(dialect),
            of_rows::<Denied>(dialect),
            of_rows::<AccessKey>(dialect),
            of_rows::<RefreshFamily>(dialect),
            of_sessions(dialect),
            vec![together.statement(dialect), sweep.statement(dialect)],
        ]
        .concat();
        let mut texts = BTreeMap::new();
        let mut names = BTreeMap::new();
        for Statement { name, text, .. } in &statements {
            assert!(name.len() <= 63, "{name}");
            assert_eq!(*texts.entry(name).or_insert(text), text, "{name}");
            // Rows of Redis leave by themselves, so every sweep there is this one.
            if text != "return {}" {
                assert_eq!(*names.entry(text).or_insert(name), name, "{text}");
            }
        }
        assert!(texts.len() > 16);
    }
}
