//! What every store must do that reads a row with the one that it names, and rows by their owner; each function makes the stores
//! that it needs and panics when one does otherwise.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use counterseal_core::{
    Linked, LinkedOp, List, ListOp, LoadLinked, Record, Row, Run, Span, Swap, Time,
};

use crate::{Leaf, NOW, Note, race};

/// A store of leaves and notes that threads share.
pub trait Leaves: Run<LinkedOp<Leaf, Note>> + Run<ListOp<Leaf>> + Sync {}

impl<S: Run<LinkedOp<Leaf, Note>> + Run<ListOp<Leaf>> + Sync> Leaves for S {}

/// A row comes with the one that it names, if that is there, and never with another.
pub fn a_row_comes_with_the_one_that_it_names<S: Leaves>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (id, note) = ([1; 16], [2; 16]);
    assert_eq!(load(&store, id), (None, None));
    write_note(&store, 0, note, 5);
    assert_eq!(load(&store, id), (None, None), "nothing names the note");
    let leaf = write(&store, 0, &leaf(id, note, 7));
    let (found, named) = load(&store, id);
    assert_eq!(found, Some(leaf));
    assert_eq!(
        named.map(|row| (row.version, row.record.count)),
        Some((1, 5))
    );
    write_note(&store, 1, note, 6);
    let (_, named) = load(&store, id);
    assert_eq!(
        named.map(|row| (row.version, row.record.count)),
        Some((2, 6))
    );
    let alone = write(&store, 0, &self::leaf([3; 16], [4; 16], 1));
    assert_eq!(load(&store, [3; 16]), (Some(alone), None));
}

/// Each swap is one of its own table and answers with its own row; one that lost answers with nothing.
pub fn swaps_of_linked_rows_are_apart<S: Leaves>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let id = [1; 16];
    let first = write(&store, 0, &leaf(id, id, 1));
    write_note(&store, 0, id, 2);
    let lost = LinkedOp::Swap(swap(0, &leaf(id, id, 9)));
    assert_eq!(store.run(lost), Ok((None, None)));
    let lost = LinkedOp::SwapNamed(Swap {
        id,
        expected: 7,
        record: Note::new(id),
    });
    assert_eq!(store.run(lost), Ok((None, None)));
    let (found, named) = load(&store, id);
    assert_eq!(found, Some(first));
    assert_eq!(named.map(|row| row.record.count), Some(2));
}

/// Both rows are of one instant: of two counters of which the first is always raised first, the second is never ahead.
pub fn linked_rows_are_of_one_instant<S: Leaves>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (id, over) = ([1; 16], AtomicBool::new(false));
    write(&store, 0, &leaf(id, id, 0));
    write_note(&store, 0, id, 0);
    let writer = || {
        for count in 1..ROUNDS {
            write(&store, count, &leaf(id, id, count));
            write_note(&store, count, id, count);
        }
        over.store(true, SeqCst);
    };
    let reader = || {
        while !over.load(SeqCst) {
            let (first, second) = load(&store, id);
            let first = first.expect("the leaf").record.count;
            let second = second.expect("the note").record.count;
            let is_of_one_instant = first == second || first == second + 1;
            assert!(is_of_one_instant, "{first} and {second} never were at once");
        }
    };
    race(3, |racer| if racer == 0 { writer() } else { reader() });
}

/// Rows of an owner come in the order of their ids, page by page, as they are stored now, and nobody else's.
pub fn rows_of_an_owner_are_listed<S: Leaves>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (ours, theirs) = ([7; 16], [8; 16]);
    assert_eq!(list(&store, ours, None, 10), []);
    let mut rows = Vec::new();
    for count in [5, 1, 4, 2, 3, 255, 0, 128] {
        let id = [u8::try_from(count).expect("few leaves"); 16];
        rows.push(write(&store, 0, &leaf(id, ours, count)));
        write(&store, 0, &leaf([id[0] ^ 0x40; 16], theirs, count));
    }
    rows.sort_by_key(|row| row.record.id);
    assert_eq!(list(&store, ours, None, 10), rows);
    assert_eq!(list(&store, ours, None, 3), rows[..3]);
    let mut paged = Vec::new();
    for _ in 0..=rows.len().div_ceil(3) {
        paged.extend(list(&store, ours, paged.last().map(id_of), 3));
    }
    assert_eq!(paged, rows);
    rows[2] = write(&store, 1, &leaf(rows[2].record.id, ours, 99));
    assert_eq!(list(&store, ours, None, 10), rows);
    assert_eq!(list(&store, ours, Some([255; 16]), 10), []);
    assert_eq!(list(&store, ours, None, 0), []);
}

fn id_of(row: &Row<Leaf>) -> [u8; 16] {
    row.record.id
}

fn leaf(id: [u8; 16], note: [u8; 16], count: i64) -> Leaf {
    Leaf {
        id,
        count,
        note,
        ends: NOW.plus(Span::from_minutes(60)),
        ..Leaf::blank()
    }
}

fn load<S: Leaves>(store: &S, id: [u8; 16]) -> Linked<Leaf, Note> {
    let load = LinkedOp::Load(LoadLinked::new(id));
    store.run(load).expect("a store that answers")
}

fn list<S: Leaves>(
    store: &S,
    owner: [u8; 16],
    after: Option<[u8; 16]>,
    limit: u32,
) -> Vec<Row<Leaf>> {
    let list = ListOp::List(List::new(owner, after, limit));
    store.run(list).expect("a store that answers")
}

fn swap(expected: i64, leaf: &Leaf) -> Swap<Leaf> {
    Swap {
        id: leaf.id,
        expected,
        record: leaf.clone(),
    }
}

/// By one op and the other in turn.
#[track_caller]
fn write<S: Leaves>(store: &S, expected: i64, leaf: &Leaf) -> Row<Leaf> {
    let swap = swap(expected, leaf);
    let row = if leaf.count % 2 == 0 {
        let answer = store
            .run(LinkedOp::Swap(swap))
            .expect("a store that answers");
        assert_eq!(answer.1, None);
        answer.0
    } else {
        let mut rows = store.run(ListOp::Swap(swap)).expect("a store that answers");
        rows.pop()
    };
    row.expect("a swap that nobody contends")
}

#[track_caller]
fn write_note<S: Leaves>(store: &S, expected: i64, id: [u8; 16], count: i64) {
    let record = Note {
        count,
        ..Note::new(id)
    };
    let swap = LinkedOp::SwapNamed(Swap {
        id,
        expected,
        record,
    });
    let (leaf, note) = store.run(swap).expect("a store that answers");
    assert!(
        leaf.is_none() && note.is_some(),
        "a swap that nobody contends"
    );
}

const ROUNDS: i64 = 60;
