//! What statements are called: drivers prepare them by name, and refuse another text under it.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use std::collections::BTreeMap;

use counterseal_core::{Load, LoadTogether, Record, Subject, Swap, SweepRows, Time};
use counterseal_jwt::{AccessKey, Denied};
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
            vec![together.statement(dialect), sweep.statement(dialect)],
        ]
        .concat();
        let mut texts = BTreeMap::new();
        let mut names = BTreeMap::new();
        for Statement { name, text, .. } in &statements {
            assert!(name.len() <= 63, "{name}");
            assert_eq!(*texts.entry(name).or_insert(text), text, "{name}");
            assert_eq!(*names.entry(text).or_insert(name), name, "{text}");
        }
        assert!(texts.len() > 8);
    }
}
