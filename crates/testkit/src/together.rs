//! What every store of rows that are read together must do; each function makes the stores that it needs and panics when
//! one does otherwise.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use counterseal_core::{Load, LoadTogether, Row, RowOp, Run, Swap, Time, Together};

use crate::{NOW, Note, race};

/// Three notes.
type Three = Together<Note, Note, Note>;

/// A store of rows that threads share, and that are read together.
pub trait Joined: Run<RowOp<Note>> + Run<LoadTogether<Note, Note, Note>> + Sync {}

impl<S: Run<RowOp<Note>> + Run<LoadTogether<Note, Note, Note>> + Sync> Joined for S {}

/// Each row is the one that a look of its own finds, whichever of them are there and whichever are asked for.
pub fn rows_together_are_the_rows<S: Joined>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let ids = [[1; 16], [2; 16], [3; 16]];
    assert_eq!(together(&store, ids.map(Some)), (None, None, None));
    for (at, id) in ids.into_iter().enumerate() {
        let count = i64::try_from(at).expect("few notes") + 10;
        write(&store, 0, id, count);
        for asked in 0..8_u8 {
            let id = |at: usize| (asked >> at & 1 == 1).then_some(ids[at]);
            let alone = |at| id(at).and_then(|id| load(&store, id));
            let found = together(&store, [id(0), id(1), id(2)]);
            assert_eq!(found, (alone(0), alone(1), alone(2)));
        }
    }
    let same = together(&store, [Some(ids[1]); 3]);
    assert!(same.0.is_some() && same.0 == same.1 && same.1 == same.2);
}

/// Nothing is written between the reads: of two counters of which the first is always raised first, the second is never ahead,
/// whichever of them is read first.
pub fn rows_together_are_of_one_instant<S: Joined>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (first, second, over) = ([1; 16], [2; 16], AtomicBool::new(false));
    let writer = || {
        for count in 0..ROUNDS {
            write(&store, count, first, count + 1);
            write(&store, count, second, count + 1);
        }
        over.store(true, SeqCst);
    };
    let reader = || {
        while !over.load(SeqCst) {
            let (a, b, _) = together(&store, [Some(first), Some(second), None]);
            assert_order(count(a.as_ref()), count(b.as_ref()));
            let (_, b, a) = together(&store, [None, Some(second), Some(first)]);
            assert_order(count(a.as_ref()), count(b.as_ref()));
        }
    };
    race(3, |racer| if racer == 0 { writer() } else { reader() });
}

#[track_caller]
fn assert_order(first: i64, second: i64) {
    let is_of_one_instant = first == second || first == second + 1;
    assert!(is_of_one_instant, "{first} and {second} never were at once");
}

fn count(row: Option<&Row<Note>>) -> i64 {
    row.map_or(0, |row| row.record.count)
}

fn together<S: Joined>(store: &S, ids: [Option<[u8; 16]>; 3]) -> Three {
    store
        .run(LoadTogether::new(ids))
        .expect("a store that answers")
}

fn load<S: Joined>(store: &S, id: [u8; 16]) -> Option<Row<Note>> {
    let load = RowOp::Load(Load::new(id));
    store.run(load).expect("a store that answers")
}

fn write<S: Joined>(store: &S, expected: i64, id: [u8; 16], count: i64) {
    let record = Note {
        count,
        ..Note::new(id)
    };
    let swap = RowOp::Swap(Swap {
        id,
        expected,
        record,
    });
    store.run(swap).expect("a store that answers");
}

const ROUNDS: i64 = 60;
