//! What every store must do that tells which rows ended; each function makes the stores that it needs and panics when one does
//! otherwise.

use counterseal_core::{Ended, ListEnded, RowOp, Run, Span, Swap, Time};

use crate::{NOW, Note};

/// A store of rows that threads share, and that tells which ended.
pub trait Ends: Run<RowOp<Note>> + Run<ListEnded<Note>> + Sync {}

impl<S: Run<RowOp<Note>> + Run<ListEnded<Note>> + Sync> Ends for S {}

/// An end is told as soon as it is written, and as it was written; rows without one are not.
pub fn an_end_is_told_with_its_row<S: Ends>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    assert_eq!(ended(&store, (Time::EPOCH, [0; 16]), 10), []);
    write(&store, 0, 1, None);
    write(&store, 0, 2, None);
    assert_eq!(ended(&store, (Time::EPOCH, [0; 16]), 10), []);
    write(&store, 1, 1, Some(NOW));
    let told = [(NOW, [1; 16])];
    assert_eq!(ended(&store, (Time::EPOCH, [0; 16]), 10), told);
    // What goes on to be written of a row that has ended does not end it once more.
    write(&store, 2, 1, Some(NOW));
    assert_eq!(ended(&store, (Time::EPOCH, [0; 16]), 10), told);
    let lost = swap(&store, 7, 2, Some(NOW));
    assert!(!lost, "a swap that lost");
    assert_eq!(ended(&store, (Time::EPOCH, [0; 16]), 10), told);
}

/// Ends are in the order of their times, those of one instant in that of their ids, and no page misses one.
pub fn ends_are_told_in_order_and_page_by_page<S: Ends>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let at = |seconds| NOW.plus(Span::from_seconds(seconds));
    let written = [
        (9, 30),
        (1, 10),
        (7, 20),
        (3, 20),
        (200, 20),
        (4, 30),
        (10, 20),
        (5, 0),
    ];
    for (id, seconds) in written {
        write(&store, 0, id, Some(at(seconds)));
    }
    let all: Vec<Ended> = [
        (5, 0),
        (1, 10),
        (3, 20),
        (7, 20),
        (10, 20),
        (200, 20),
        (4, 30),
        (9, 30),
    ]
    .map(|(id, seconds)| (at(seconds), [id; 16]))
    .into();
    for size in [1, 2, 3, 100] {
        let mut paged = Vec::new();
        let mut after = (at(-1), [255; 16]);
        loop {
            let page = ended(&store, after, size);
            let Some(last) = page.last() else { break };
            assert!(page.len() <= usize::try_from(size).expect("few"));
            after = *last;
            paged.extend(page);
        }
        assert_eq!(paged, all, "pages of {size}");
    }
    assert_eq!(ended(&store, (at(20), [7; 16]), 100), all[4..]);
    assert_eq!(ended(&store, (at(20), [8; 16]), 100), all[4..]);
    assert_eq!(ended(&store, (at(30), [9; 16]), 100), []);
    assert_eq!(ended(&store, (at(0), [0; 16]), 0), []);
}

fn ended<S: Ends>(store: &S, after: Ended, limit: u32) -> Vec<Ended> {
    let list = ListEnded::<Note>::new(after, limit);
    store.run(list).expect("a store that answers")
}

#[track_caller]
fn write<S: Ends>(store: &S, expected: i64, id: u8, gone: Option<Time>) {
    assert!(
        swap(store, expected, id, gone),
        "a swap that nobody contends"
    );
}

fn swap<S: Ends>(store: &S, expected: i64, id: u8, gone: Option<Time>) -> bool {
    let id = [id; 16];
    let record = Note {
        gone,
        ..Note::new(id)
    };
    let swap = RowOp::Swap(Swap {
        id,
        expected,
        record,
    });
    store.run(swap).expect("a store that answers").is_some()
}
