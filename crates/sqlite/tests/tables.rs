//! Tables of records: how they come about, grow and refuse what makes no sense.

mod common;

use common::{open, raw};
use counterseal_core::{Load, Record, Run, Swap, Unavailable, Value};
use counterseal_sqlite::Sqlite;
use counterseal_store::{Dialect, Execute, Statement};
use counterseal_testkit::{NOW, Note, SPACES, Scratch, WINDOW};

const ID: [u8; 16] = [1; 16];

fn insert(note: &str) -> String {
    format!(
        "INSERT INTO counterseal_note (id, text, blob, count, version) \
         VALUES (x'01010101010101010101010101010101', {note}, 1)"
    )
}

#[test]
fn a_table_of_an_older_version_grows_and_keeps_its_rows() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let old = Sqlite::open(&path, &[Note::FIRST_TABLE], SPACES, WINDOW, NOW).unwrap();
    raw(&path)
        .execute_batch(&insert("'first', x'', 7"))
        .unwrap();
    let new = open(&path);
    let row = new.run(Load::<Note>::new(ID)).unwrap().unwrap();
    assert_eq!((row.version, row.record.count), (1, 7));
    assert_eq!(row.record.topic, "", "a column that came later is empty");

    let older = raw(&path);
    older.execute_batch("DELETE FROM counterseal_note").unwrap();
    older.execute_batch(&insert("'still', x'', 8")).unwrap();
    assert_eq!(
        new.run(Load::<Note>::new(ID)).unwrap().unwrap().record.text,
        "still"
    );
    drop(old);
    drop(open(&path));
}

#[test]
fn a_table_can_join_a_database_later() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    drop(Sqlite::open(&path, &[], SPACES, WINDOW, NOW).unwrap());
    let store = open(&path);
    let swap = Swap {
        id: ID,
        expected: 0,
        record: Note::new(ID),
    };
    assert_eq!(store.run(swap).unwrap().unwrap().version, 1);
    let indexes =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%counterseal_note%'";
    let indexes: i64 = raw(&path).query_row(indexes, [], |row| row.get(0)).unwrap();
    assert_eq!(indexes, 2);
}

#[test]
fn cells_of_a_wrong_type_are_no_answer() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let table = "CREATE TABLE counterseal_note (id, text, blob, count, gone, topic, version)";
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let raw = raw(&path);
    raw.execute_batch(table).unwrap();
    let store = open(&path);
    let load = || store.run(Load::<Note>::new(ID));
    let put = |version: &str, cells: &str| {
        let id = "x'01010101010101010101010101010101'";
        raw.execute_batch(&format!(
            "DELETE FROM counterseal_note; INSERT INTO counterseal_note VALUES ({id}, {cells}, {version})"
        ))
        .unwrap();
    };
    put("1", "'text', x'00', 1, NULL, ''");
    assert_eq!(load().unwrap().unwrap().record.text, "text");
    for cells in [
        "'text', x'00', 1.5, NULL, ''",
        "'text', x'00', 1e300, NULL, ''",
        "'text', x'00', NULL, NULL, ''",
        "'text', x'00', '01', NULL, ''",
        "'text', '00', 1, NULL, ''",
        "1, x'00', 1, NULL, ''",
        "CAST(x'ff' AS TEXT), x'00', 1, NULL, ''",
        "'text', x'00', 1, 0.0, ''",
        "'text', x'00', 1, NULL, NULL",
    ] {
        put("1", cells);
        assert_eq!(load(), Err(Unavailable), "{cells}");
    }
    for version in ["0", "-1", "NULL", "1.0", "'x'"] {
        put(version, "'text', x'00', 1, NULL, ''");
        assert_eq!(load(), Err(Unavailable), "version {version}");
    }
}

#[test]
fn a_strict_table_takes_no_other_types() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    drop(open(&path));
    for note in [
        "x'00', x'', 1",
        "'', '', 1",
        "'', x'', 1.5",
        "'', x'', 'x'",
        "NULL, x'', 1",
    ] {
        assert!(raw(&path).execute_batch(&insert(note)).is_err(), "{note}");
    }
}

#[test]
fn a_statement_that_fails_is_no_answer_and_the_next_one_works() {
    let scratch = Scratch::new();
    let store = open(&scratch.file("store.db"));
    let run = |text: &'static str, values| {
        store.execute(&Statement {
            name: "test".into(),
            text: text.into(),
            values,
        })
    };
    assert_eq!(Sqlite::DIALECT, Dialect::Sqlite);
    assert_eq!(run("SELECT", vec![]), Err(Unavailable));
    assert_eq!(run("SELECT ?1, ?2", vec![Value::Int(1)]), Err(Unavailable));
    assert_eq!(run("SELECT 1.5", vec![]), Err(Unavailable));
    let values = vec![
        Value::Null,
        Value::Int(i64::MIN),
        Value::Text("a\0b".into()),
        Value::Bytes(vec![0, 255]),
    ];
    let rows = run("SELECT ?1, ?2, ?3, ?4", values.clone());
    assert_eq!(rows, Ok(vec![values]));
}

#[test]
fn a_version_that_cannot_rise_is_no_answer() {
    let scratch = Scratch::new();
    let path = scratch.file("store.db");
    let store = open(&path);
    raw(&path)
        .execute_batch(&insert("'', x'', 1").replace(", 1)", ", 9223372036854775807)"))
        .unwrap();
    let swap = Swap {
        id: ID,
        expected: i64::MAX,
        record: Note::new(ID),
    };
    assert_eq!(store.run(swap), Err(Unavailable));
    let row = store.run(Load::<Note>::new(ID)).unwrap().unwrap();
    assert_eq!(row.version, i64::MAX, "{}", Note::TABLE.name);
}
