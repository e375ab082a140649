//! Every statement of the Postgres dialect, on a private server.

mod standby;

use std::thread;
use std::time::Duration;

use counterseal_core::{
    Claimed, Load, Record, RowOp, Run, Space, Span, Swap, Sweep, Time, Unavailable, Value,
};
use counterseal_replay::Start;
use counterseal_servers::postgres::{Postgres, Server, query};
use counterseal_store::{COLD, Dialect, Epoch, Stated, migrations};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{
    Leaf, NOW, Note, SPACES, Scratch, WINDOW, cell_tests, charge_tests, claim_tests, edit_tests,
    ended_tests, linked_tests, row_tests, sweep_tests, together_tests,
};
use postgres::types::Type;

cell_tests!(make);
charge_tests!(make);
claim_tests!(make);
row_tests!(make);
edit_tests!(make);
ended_tests!(make);
linked_tests!(make);
together_tests!(make);
sweep_tests!(make);

fn make(now: Time) -> Postgres {
    let postgres = migrated();
    begin(&postgres, now, "");
    postgres
}

fn migrated() -> Postgres {
    let postgres = Server::shared().schema();
    migrate(&postgres, 0);
    postgres
}

fn migrate(postgres: &Postgres, from: u16) {
    let mut client = postgres.client();
    for text in migrations(&[Note::TABLE, Leaf::TABLE], Dialect::Postgres, from) {
        client.batch_execute(&text).expect("a migration");
    }
}

fn begin(postgres: &Postgres, now: Time, boot: &str) -> Vec<Time> {
    let floor = |space: &Space| postgres.run(epoch(*space, now, boot)).expect("a floor");
    SPACES.iter().map(floor).collect()
}

fn epoch(space: Space, now: Time, boot: &str) -> Epoch {
    let Start { began, floor } = Start::cold(now, WINDOW);
    Epoch {
        space,
        began,
        floor,
        boot: boot.into(),
    }
}

fn sweep(before: Time) -> Sweep {
    Sweep {
        space: SPACES[0],
        before,
        limit: 100,
    }
}

#[test]
fn drivers_that_ask_are_told_the_types_of_the_values() {
    let postgres = migrated();
    let types = |op: &dyn Fn(Dialect) -> counterseal_store::Statement| {
        let statement = op(Dialect::Postgres);
        let prepared = postgres
            .client()
            .prepare(&statement.text)
            .expect(&statement.name);
        prepared.params().to_vec()
    };
    let claim = claim(1, NOW, 0);
    let (text, bytes, int) = (Type::TEXT, Type::BYTEA, Type::INT8);
    assert_eq!(
        types(&|d| claim.statement(d)),
        [&text, &bytes, &int, &int, &int].map(Type::clone)
    );
    let epoch = epoch(SPACES[0], NOW, "");
    assert_eq!(
        types(&|d| epoch.statement(d)),
        [&text, &int, &int, &text].map(Type::clone)
    );
    assert_eq!(
        types(&|d| sweep(NOW).statement(d)),
        [&text, &int, &int].map(Type::clone)
    );
    let load = Load::<Note>::new([1; 16]);
    assert_eq!(types(&|d| load.statement(d)), [&bytes].map(Type::clone));
    let columns = [&bytes, &text, &bytes, &int, &int, &text].map(Type::clone);
    let swap = |expected| Swap {
        id: [1; 16],
        expected,
        record: Note::blank(),
    };
    assert_eq!(types(&|d| swap(0).statement(d)), columns);
    assert_eq!(
        types(&|d| RowOp::Swap(swap(7)).statement(d)),
        [&columns[..], &[int]].concat()
    );
}

#[test]
fn migrations_can_be_run_again() {
    let postgres = make(NOW);
    assert_eq!(postgres.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
    for from in [0, 1, 2] {
        migrate(&postgres, from);
    }
    assert_eq!(postgres.run(claim(1, NOW, 0)), Ok(Claimed::Held));
}

#[test]
fn a_table_of_an_older_version_grows_and_keeps_its_rows() {
    let postgres = Server::shared().schema();
    let mut client = postgres.client();
    for text in migrations(&[Note::FIRST_TABLE], Dialect::Postgres, 0) {
        client.batch_execute(&text).expect("a migration");
    }
    let mut insert = |id: u8| {
        let insert = "INSERT INTO counterseal_note (id, text, blob, count, version) VALUES ($1, 'first', '\\x', 7, 1)";
        client
            .execute(insert, &[&vec![id; 16]])
            .expect("a row of the older version");
    };
    insert(1);
    migrate(&postgres, 1);
    insert(2);
    for id in [1, 2] {
        let row = postgres.run(Load::<Note>::new([id; 16])).unwrap().unwrap();
        assert_eq!(
            (row.version, &*row.record.text, &*row.record.topic),
            (1, "first", "")
        );
    }
}

#[test]
fn an_epoch_stays_until_another_boot() {
    let postgres = migrated();
    let floor = |now| Start::cold(now, WINDOW).floor;
    let (later, latest) = (
        NOW.plus(Span::from_minutes(1)),
        NOW.plus(Span::from_minutes(2)),
    );
    assert_eq!(begin(&postgres, NOW, "a"), [floor(NOW); 2]);
    assert_eq!(begin(&postgres, later, "a"), [floor(NOW); 2]);
    assert_eq!(begin(&postgres, latest, "b"), [floor(latest); 2]);
    assert_eq!(
        begin(&postgres, later, "c"),
        [floor(latest); 2],
        "a floor never sinks"
    );
}

#[test]
fn a_space_without_an_epoch_refuses() {
    let postgres = migrated();
    assert_eq!(postgres.run(claim(1, NOW, 0)), Ok(Claimed::Stale));
    postgres.run(epoch(SPACES[1], NOW, "")).unwrap();
    assert_eq!(postgres.run(claim(1, NOW, 0)), Ok(Claimed::Stale));
}

#[test]
fn a_replay_that_waits_for_a_sweep_is_refused() {
    let postgres = make(NOW);
    let (used, other) = (
        claim(1, NOW, 0),
        claim(1, NOW.plus(Span::from_seconds(1)), 0),
    );
    assert_eq!(postgres.run(used), Ok(Claimed::Fresh));
    let mut sweeper = postgres.client();
    let mut sweeping = sweeper.transaction().unwrap();
    let over = used.until.plus(Span::from_millis(1));
    let swept = sweep(over).statement(Dialect::Postgres);
    let over = over.millis();
    let values: Vec<&(dyn postgres::types::ToSql + Sync)> = vec![&"example", &over, &100_i64];
    assert_eq!(sweeping.query(&*swept.text, &values).unwrap().len(), 1);
    thread::scope(|scope| {
        let replay = scope.spawn(|| postgres.run(used));
        while !is_waiting(&postgres) {
            thread::sleep(Duration::from_millis(5));
        }
        sweeping.commit().unwrap();
        assert_eq!(replay.join().unwrap(), Ok(Claimed::Stale));
    });
    assert_eq!(postgres.run(used), Ok(Claimed::Stale));
    assert_eq!(postgres.run(other), Ok(Claimed::Fresh));
}

/// Whether a statement of this schema waits for another transaction.
fn is_waiting(postgres: &Postgres) -> bool {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE wait_event_type = 'Lock' AND query LIKE 'WITH epoch%'";
    let waiting = postgres.client().query_one(waiting, &[]);
    waiting.expect("a count").get::<_, i64>(0) > 0
}

#[test]
fn where_transactions_are_isolated_more_strictly_nothing_is_fresh() {
    let postgres = make(NOW);
    let mut client = postgres.client();
    for level in ["repeatable read", "serializable"] {
        let set = format!("SET default_transaction_isolation = '{level}'");
        client.batch_execute(&set).unwrap();
        let claim = claim(1, NOW, level.len() as u64);
        let rows = query(&mut client, &claim.statement(Dialect::Postgres)).unwrap();
        assert_eq!(claim.reply(&rows), Ok(Claimed::Stale), "{level}");
    }
}

#[test]
fn a_text_that_postgres_cannot_hold_is_no_answer() {
    let postgres = make(NOW);
    let record = Note {
        text: "\0".into(),
        ..Note::new([1; 16])
    };
    let swap = Swap {
        id: [1; 16],
        expected: 0,
        record,
    };
    assert_eq!(postgres.run(swap), Err(Unavailable));
    assert_eq!(postgres.run(Load::<Note>::new([1; 16])), Ok(None));
}

#[test]
fn h25_a_crash_of_the_server_empties_claims_and_epoch_together() {
    let server = Server::start();
    let postgres = server.schema();
    migrate(&postgres, 0);
    begin(&postgres, NOW, "");
    let used = claim(1, NOW, 0);
    assert_eq!(postgres.run(used), Ok(Claimed::Fresh));
    server.crash();
    while postgres.run(used).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(postgres.run(used), Ok(Claimed::Stale), "there is no epoch");
    let rows = query(&mut postgres.client(), &used.statement(Dialect::Postgres)).unwrap();
    assert_eq!(rows, [[Value::Text(COLD.into())]], "and it says so");
    begin(&postgres, NOW.plus(Span::from_seconds(1)), "");
    assert_eq!(
        postgres.run(used),
        Ok(Claimed::Stale),
        "it is below the floor"
    );
}

#[test]
fn h25_a_promoted_standby_reopens_nothing_and_serves_what_comes_later() {
    let primary = Server::start();
    let postgres = primary.schema();
    migrate(&postgres, 0);
    begin(&postgres, NOW, "");
    let standby = primary.standby();
    let used: Vec<_> = (0..50).map(|nonce| claim(1, NOW, nonce)).collect();
    for claim in &used {
        assert_eq!(postgres.run(*claim), Ok(Claimed::Fresh));
    }
    let followed = standby.of_schema(&postgres);
    let note = Swap {
        id: [1; 16],
        expected: 0,
        record: Note::new([1; 16]),
    };
    postgres.run(note).expect("a row");
    while !matches!(followed.run(Load::<Note>::new([1; 16])), Ok(Some(_))) {
        thread::sleep(Duration::from_millis(20));
    }
    // While it only follows it cannot know about claims, and does not answer.
    assert_eq!(followed.run(used[0]), Err(Unavailable));
    primary.kill();
    let mut client = standby.connect();
    let promote = "SELECT pg_promote(true, 30)";
    let promoted = client.query_one(promote, &[]).expect("an answer");
    assert!(promoted.get::<_, bool>(0));
    while followed.run(used[0]).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    let cold = query(
        &mut followed.client(),
        &used[0].statement(Dialect::Postgres),
    );
    assert_eq!(
        cold.unwrap(),
        [[Value::Text(COLD.into())]],
        "and it says so"
    );
    begin(&followed, NOW.plus(Span::from_seconds(1)), "");
    for claim in &used {
        assert_eq!(followed.run(*claim), Ok(Claimed::Stale));
    }
    // Rows of keys are there, and claims that nothing was lost of are served.
    assert!(matches!(
        followed.run(Load::<Note>::new([1; 16])),
        Ok(Some(_))
    ));
    let later = claim(1, NOW.plus(Span::from_minutes(3)), 7);
    assert_eq!(followed.run(later), Ok(Claimed::Fresh));
    assert_eq!(followed.run(later), Ok(Claimed::Held));
}

#[test]
fn h26_an_answer_that_is_lost_in_mid_claim_opens_nothing() {
    let server = Server::start();
    let postgres = server.schema();
    migrate(&postgres, 0);
    begin(&postgres, NOW, "");
    let scratch = Scratch::new();
    let (cut, far) = server.cut(&postgres, &scratch);
    assert_eq!(far.run(claim(1, NOW, 1_000)), Ok(Claimed::Fresh));
    // A claim is prepared and then executed: at any answer between its first and its last.
    let mut lost = 0;
    for answer in 1..=4 {
        let claim = claim(1, NOW, answer.into());
        cut.after(answer);
        let first = far.run(claim);
        if first == Err(Unavailable) {
            lost += 1;
            // Whether it was claimed or not: at most one caller is served, and the next ones are told so.
            let again = far.run(claim);
            let known = postgres.run(claim);
            assert!(
                [again, known]
                    .iter()
                    .filter(|a| **a == Ok(Claimed::Fresh))
                    .count()
                    <= 1
            );
            assert_eq!(postgres.run(claim), Ok(Claimed::Held));
        } else {
            assert_eq!(first, Ok(Claimed::Fresh));
        }
        cut.after(0);
    }
    assert!(lost >= 2, "only {lost} answers were lost");
    assert_eq!(cut.cuts(), lost);
    assert_eq!(
        far.run(claim(1, NOW, 2_000)),
        Ok(Claimed::Fresh),
        "honest traffic goes on"
    );
}
