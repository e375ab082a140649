//! What every store of rows must do; each function makes the stores that it needs and panics when one
//! does otherwise.

use counterseal_core::{Load, Row, RowOp, Run, Swap, Time, Unavailable};

use crate::{Faulty, NOW, Note, race};

/// A store of rows that threads share.
pub trait Rows: Run<RowOp<Note>> + Sync {}

impl<S: Run<RowOp<Note>> + Sync> Rows for S {}

/// What was never written is not there, and cannot be replaced.
pub fn a_row_that_was_not_written_is_not_there<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    assert_eq!(load(&store, ID), Ok(None));
    for expected in [1, 2, -1, i64::MAX, i64::MIN] {
        assert_eq!(swap(&store, expected, &Note::new(ID)), Ok(None));
    }
    assert_eq!(load(&store, ID), Ok(None));
}

/// Versions count the writes, from 1, and every answer is the row as stored.
pub fn versions_count_the_writes<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for version in 1..=20 {
        let note = counted(version);
        let row = Some(Row {
            version,
            record: note.clone(),
        });
        assert_eq!(swap(&store, version - 1, &note), Ok(row.clone()));
        assert_eq!(load(&store, ID), Ok(row));
    }
}

/// Every value comes back as it was written.
pub fn rows_come_back_as_they_were_written<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let texts = [
        "",
        " ",
        "'; --",
        "0123",
        "1e3",
        "\u{1f512} \u{202e}",
        "\\x00",
    ];
    let counts = [i64::MIN, -1, 0, 1, i64::MAX];
    let blobs = [vec![], vec![0], (0..=255).collect(), vec![b'0'; 10_000]];
    let gone = [None, Some(Time::EPOCH), Some(Time::NEVER)];
    for (at, text) in texts.into_iter().enumerate() {
        let note = Note {
            id: [u8::try_from(at).expect("few texts"); 16],
            text: text.into(),
            blob: blobs[at % blobs.len()].clone(),
            count: counts[at % counts.len()],
            gone: gone[at % gone.len()],
            topic: texts[texts.len() - 1 - at].into(),
        };
        let id = note.id;
        let row = Some(Row {
            version: 1,
            record: note,
        });
        let record = &row.as_ref().expect("a row").record;
        assert_eq!(swap(&store, 0, record), Ok(row.clone()));
        assert_eq!(load(&store, id), Ok(row));
    }
}

/// A swap of another version answers with nothing and writes nothing.
pub fn a_lost_swap_changes_nothing<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    put(&store, 0, &counted(1));
    let row = put(&store, 1, &counted(2));
    for expected in [0, 1, 3, -2] {
        assert_eq!(swap(&store, expected, &counted(9)), Ok(None));
    }
    assert_eq!(load(&store, ID), Ok(Some(row)));
}

/// Rows whose ids differ in one bit are two rows.
pub fn rows_are_apart<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let ids: Vec<[u8; 16]> = (0..128).map(|bit| (1_u128 << bit).to_be_bytes()).collect();
    for id in &ids {
        let row = put(&store, 0, &Note::new(*id));
        assert_eq!(row.record.id, *id);
    }
    put(&store, 1, &Note::new(ids[0]));
    for id in &ids[1..] {
        let row = load(&store, *id).expect("a store that answers");
        assert_eq!(row.expect("the row").version, 1);
    }
}

/// A row is stored under the id of the swap, whatever the record says.
pub fn the_id_of_the_swap_is_the_rows_id<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for expected in 0..2 {
        let record = Note::new([9; 16]);
        let swap = Swap {
            id: ID,
            expected,
            record,
        };
        let row = store.run(RowOp::Swap(swap)).expect("a store that answers");
        assert_eq!(row.expect("a won swap").record.id, ID);
    }
    assert_eq!(load(&store, [9; 16]), Ok(None));
}

/// Of many that swap one version at once, one wins.
pub fn of_many_swaps_of_one_version_one_wins<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    for version in 0..30 {
        let record = |racer: usize| counted(i64::try_from(racer).expect("few racers"));
        let run = |racer| swap(&store, version, &record(racer)).expect("a store that answers");
        let winners: Vec<Row<Note>> = race(RACERS, run).into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "at version {version}");
        assert_eq!(load(&store, ID), Ok(Some(winners[0].clone())));
    }
}

/// Counting by load and swap counts everything, however many count.
pub fn no_update_is_lost<S: Rows>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    race(RACERS, |_| {
        for _ in 0..EACH {
            increment(&store);
        }
    });
    let row = load(&store, ID).expect("a store that answers");
    let row = row.expect("the row");
    assert_eq!((row.record.count, row.version), (TOTAL, TOTAL));
}

/// After a swap whose answer was lost, the row is the one before or the one that was written.
pub fn a_lost_answer_leaves_the_old_row_or_the_new<S: Rows>(make: impl Fn(Time) -> S) {
    let store = Faulty::new(make(NOW), 2);
    let mut stored = put(store.inner(), 0, &counted(0));
    for count in 1..200 {
        let answer = swap(&store, stored.version, &counted(count));
        let after = load(store.inner(), ID).expect("a store that answers");
        let after = after.expect("the row");
        match answer {
            Ok(row) => assert_eq!(row.as_ref(), Some(&after)),
            Err(Unavailable) => assert!(after == stored || after.record == counted(count)),
        }
        stored = after;
    }
}

fn counted(count: i64) -> Note {
    Note {
        count,
        ..Note::new(ID)
    }
}

fn load<S: Rows>(store: &S, id: [u8; 16]) -> Result<Option<Row<Note>>, Unavailable> {
    store.run(RowOp::Load(Load::new(id)))
}

fn swap<S: Run<RowOp<Note>>>(
    store: &S,
    expected: i64,
    note: &Note,
) -> Result<Option<Row<Note>>, Unavailable> {
    store.run(RowOp::Swap(Swap {
        id: note.id,
        expected,
        record: note.clone(),
    }))
}

#[track_caller]
fn put<S: Rows>(store: &S, expected: i64, note: &Note) -> Row<Note> {
    let row = swap(store, expected, note).expect("a store that answers");
    row.expect("a swap that nobody contends")
}

fn increment<S: Rows>(store: &S) {
    loop {
        let row = load(store, ID).expect("a store that answers");
        let (version, count) = row.map_or((0, 0), |row| (row.version, row.record.count));
        let won = swap(store, version, &counted(count + 1)).expect("a store that answers");
        if won.is_some() {
            return;
        }
    }
}

const ID: [u8; 16] = [7; 16];
const RACERS: usize = 8;
const EACH: i64 = 25;
const TOTAL: i64 = 200;
