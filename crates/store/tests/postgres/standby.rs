//! A standby may not have seen what was acknowledged: what a decision rests on is not read there.

use std::thread;
use std::time::Duration;

use counterseal_core::{
    Edit, LinkedOp, List, ListEnded, ListOp, Load, LoadLinked, Put, Record, Row, Run, Swap,
    Unavailable, Value,
};
use counterseal_servers::postgres::{Postgres, Server, query};
use counterseal_store::{Dialect, Stated};
use counterseal_testkit::{Leaf, NOW, Note};

use crate::migrate;

type Linked = LinkedOp<Leaf, Note>;

#[test]
fn a_standby_answers_no_load_of_linked_rows_no_list_and_no_edit() {
    let primary = Server::start();
    let postgres = primary.schema();
    migrate(&postgres, 0);
    let swap = Swap {
        id: [1; 16],
        expected: 0,
        record: Leaf::blank(),
    };
    postgres.run(Linked::Swap(swap)).expect("a row");
    let standby = primary.standby();
    let followed = standby.of_schema(&postgres);
    until_there(&followed, 1);
    for asked in asked() {
        assert!(postgres.run(asked.clone()).is_ok());
        assert_eq!(followed.run(asked), Err(Unavailable));
    }
    for owner in [[0; 16], [7; 16]] {
        let list = || ListOp::<Leaf>::List(List::new(owner, None, 10));
        assert!(postgres.run(list()).is_ok());
        assert_eq!(followed.run(list()), Err(Unavailable));
    }
    let ended = || ListEnded::<Note>::new((NOW, [0; 16]), 10);
    assert!(postgres.run(ended()).is_ok());
    assert_eq!(followed.run(ended()), Err(Unavailable));
    let load = LoadLinked::<Leaf, Note>::new([1; 16]).statement(Dialect::Postgres);
    let error = query(&mut followed.client(), &load).expect_err("it follows");
    let said = error
        .as_db_error()
        .expect("an error of the server")
        .message();
    assert!(said.contains("asked of the primary"), "{said}");
    until_there(&followed, 2);
    promote(&standby);
    let load = || Linked::Load(LoadLinked::new([1; 16]));
    while followed.run(load()).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    let found = followed.run(load()).expect("it takes writes").0;
    assert_eq!(found.map(|row: Row<Leaf>| row.version), Some(2));
}

/// Of a row that is there, and of one that is not: nothing there is no answer either. The edit raises the version.
fn asked() -> [Linked; 4] {
    let edit = |id| {
        let puts = vec![Put::To("count", Value::Int(1))];
        LinkedOp::Edit(Edit::new("edit", id, Vec::new(), puts))
    };
    let load = |id| LinkedOp::Load(LoadLinked::new(id));
    [load([1; 16]), load([2; 16]), edit([1; 16]), edit([2; 16])]
}

/// Waits for this version of the row.
fn until_there(followed: &Postgres, version: i64) {
    let load = || followed.run(Load::<Leaf>::new([1; 16]));
    while !matches!(load(), Ok(Some(row)) if row.version == version) {
        thread::sleep(Duration::from_millis(20));
    }
}

fn promote(standby: &Server) {
    let promote = "SELECT pg_promote(true, 30)";
    let promoted = standby.connect().query_one(promote, &[]);
    assert!(promoted.expect("an answer").get::<_, bool>(0));
}
