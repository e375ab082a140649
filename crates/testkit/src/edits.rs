//! What every store must do that edits rows; each function makes the stores that it needs and panics when one does otherwise.

use counterseal_core::{
    Carry, Edit, Linked, LinkedOp, LoadLinked, Put, Row, Run, Swap, Time, Value, When, read, write,
};

use crate::random::Random;
use crate::{Leaf, NOW, Note, race};

/// A store of leaves and notes that threads share.
pub trait Edits: Run<LinkedOp<Leaf, Note>> + Sync {}

impl<S: Run<LinkedOp<Leaf, Note>> + Sync> Edits for S {}

/// Random rows meet random edits: each writes where [`Edit::holds`] says so, what [`Edit::apply`] says, and nothing else; it answers
/// with what is there then, or, where it wrote nothing, with nothing.
pub fn an_edit_writes_where_core_says_and_nowhere_else<S: Edits>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let (mut random, mut writes) = (Random(7), 0);
    let nowhere = edit(&mut random, [9; 16]);
    assert_eq!(run(&store, LinkedOp::Edit(nowhere)), (None, None));
    for number in 0..RUNS {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let named = random.below(3) > 0;
        rows(&store, &mut random, id, named);
        let (before, note) = load(&store, id);
        let before = before.expect("the leaf");
        let edit = edit(&mut random, id);
        let expected = edited(&edit, &before, note.as_ref());
        let answer = run(&store, LinkedOp::Edit(edit.clone()));
        let after = (Some(expected.clone()), note);
        assert_eq!(load(&store, id), after, "{edit:?} of {before:?}");
        if expected == before {
            assert!(answer == after || answer == (None, None), "{answer:?}");
        } else {
            writes += 1;
            assert_eq!(answer.0, after.0, "{edit:?} of {before:?}");
        }
    }
    assert!(
        (RUNS / 5..RUNS).contains(&writes),
        "{writes} edits were made"
    );
}

/// Racers raise one number, each by an edit of what it has read: none is lost, and none is taken for another's.
pub fn of_many_edits_of_one_row_one_is_made<S: Edits>(make: impl Fn(Time) -> S) {
    let store = make(NOW);
    let id = [1; 16];
    rows(&store, &mut Random(1), id, false);
    let begun = load(&store, id).0.expect("the leaf").record.count;
    let wins = race(RACERS, |racer| {
        let mut wins = 0;
        for turn in 0..TURNS {
            let count = load(&store, id).0.expect("the leaf").record.count;
            let mark = format!("{racer}, {turn}");
            let when = vec![When::Is("count", Value::Int(count))];
            let puts = vec![
                Put::To("count", Value::Int(count + 1)),
                Put::To("text", Value::Text(mark.clone())),
            ];
            let edit = LinkedOp::Edit(Edit::new("raise", id, when, puts));
            let row = run(&store, edit).0;
            wins += i64::from(row.is_some_and(|row| row.record.text == mark));
        }
        wins
    });
    let ended = load(&store, id).0.expect("the leaf").record.count;
    assert_eq!(ended - begun, wins.into_iter().sum::<i64>());
    assert!(ended - begun >= TURNS, "somebody wins each turn");
}

/// What core says of this edit of these rows.
fn edited(edit: &Edit<Leaf, Note>, leaf: &Row<Leaf>, note: Option<&Row<Note>>) -> Row<Leaf> {
    let mut values = write(&leaf.record);
    let note = note.map(|note| write(&note.record));
    if !edit.holds(&values, note.as_deref()) {
        return leaf.clone();
    }
    edit.apply(&mut values);
    Row {
        version: leaf.version + 1,
        record: read(&values, Carry::Binary).expect("values of a leaf"),
    }
}

/// A leaf, and the note that it names if it is there, of few values each.
fn rows<S: Edits>(store: &S, random: &mut Random, id: [u8; 16], named: bool) {
    let record = Leaf {
        id,
        count: number(random),
        note: id,
        ends: NOW,
        text: text(random),
        gone: maybe(random),
    };
    let expected = 0;
    let swap = Swap {
        id,
        expected,
        record,
    };
    assert!(run(store, LinkedOp::Swap(swap)).0.is_some());
    if named {
        let record = Note {
            count: number(random),
            gone: maybe(random),
            ..Note::new(id)
        };
        let swap = Swap {
            id,
            expected,
            record,
        };
        assert!(run(store, LinkedOp::SwapNamed(swap)).1.is_some());
    }
}

/// Some conditions of each kind, and some columns of each kind.
fn edit(random: &mut Random, id: [u8; 16]) -> Edit<Leaf, Note> {
    let values = [number(random), number(random)].map(Value::Int);
    let texts = [text(random), text(random)].map(Value::Text);
    let when = vec![
        When::Absent("gone"),
        When::Either("count", values.into()),
        When::Either("text", texts.into()),
        When::Greater("count", number(random)),
        When::Greater("gone", number(random)),
        When::Is("count", Value::Int(number(random))),
        When::Is("gone", Value::Null),
        When::Is("note", Value::Bytes(id.into())),
        When::Is("text", Value::Text(text(random))),
        When::Less("count", number(random)),
        When::NamedAbsent("gone"),
        When::NamedSame("count", "count"),
    ];
    let gone = maybe(random).map_or(Value::Null, |at| Value::Int(at.millis()));
    let puts = vec![
        Put::AtMost("count", number(random), "count"),
        Put::To("text", Value::Text(text(random))),
        Put::To("gone", gone),
    ];
    let when = when.into_iter().filter(|_| random.below(8) == 0).collect();
    let puts = puts.into_iter().filter(|_| random.below(3) > 0).collect();
    Edit::new("edit", id, when, puts)
}

fn number(random: &mut Random) -> i64 {
    random.between(-1, 2)
}

fn text(random: &mut Random) -> String {
    ["", "-", "=", "a"][usize::try_from(random.below(4)).expect("an index")].into()
}

fn maybe(random: &mut Random) -> Option<Time> {
    (random.below(2) == 0).then(|| Time::from_millis(number(random)))
}

fn load<S: Edits>(store: &S, id: [u8; 16]) -> Linked<Leaf, Note> {
    run(store, LinkedOp::Load(LoadLinked::new(id)))
}

fn run<S: Edits>(store: &S, op: LinkedOp<Leaf, Note>) -> Linked<Leaf, Note> {
    store.run(op).expect("a store that answers")
}

const RUNS: u64 = 400;
const RACERS: usize = 4;
const TURNS: i64 = 25;
