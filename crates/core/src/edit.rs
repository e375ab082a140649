//! Columns of a row are set where the row, and the one that it names, are as somebody takes them to be: a look and a write in one
//! step. It is data, so that each store says it in its own words; what it means is said here, once.

use alloc::{boxed::Box, vec::Vec};
use core::marker::PhantomData;

use crate::{Links, Op, Record, Value};

/// Sets columns of a row if it, and the row that it names, are as all of `when` say; and answers with both as they are then, edited
/// or not. What was set tells which.
///
/// A store may leave out the row that is named where it edited, and both where it did not: then it did not look, and
/// [`LoadLinked`](crate::LoadLinked) is asked.
/// Columns by which rows are found, listed, told as ended and let go are not set.
#[derive(Clone, Debug)]
pub struct Edit<A, B> {
    /// What it does, in one word of `[a-z_]` for each list of columns.
    pub name: &'static str,
    /// The row's id.
    pub id: [u8; 16],
    /// What must hold.
    pub when: Vec<When>,
    /// What is set.
    pub puts: Vec<Put>,
    records: PhantomData<fn() -> (A, B)>,
}

/// What must hold of a column. Nothing is equal to, less or greater than what is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// It is absent.
    Absent(&'static str),
    /// It is one of two.
    Either(&'static str, Box<[Value; 2]>),
    /// It is a greater number.
    Greater(&'static str, i64),
    /// It is this.
    Is(&'static str, Value),
    /// It is a smaller number.
    Less(&'static str, i64),
    /// This column of the row that is named is absent, or that row is.
    NamedAbsent(&'static str),
    /// This column of the row that is named, 0 without that row, is the same number as a column of the first row.
    NamedSame(&'static str, &'static str),
}

/// What a column is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// This number, or a number of the same row where that is smaller.
    AtMost(&'static str, i64, &'static str),
    /// This.
    To(&'static str, Value),
}

impl<A: Links<B>, B: Record> Edit<A, B> {
    /// Sets columns of the row `id`.
    pub const fn new(name: &'static str, id: [u8; 16], when: Vec<When>, puts: Vec<Put>) -> Self {
        Edit {
            name,
            id,
            when,
            puts,
            records: PhantomData,
        }
    }

    /// Whether it edits these rows: their values without versions, in the order of their tables.
    pub fn holds(&self, row: &[Value], named: Option<&[Value]>) -> bool {
        let ours = |name| cell::<A>(row, name);
        let theirs = |name| named.map(|named| cell::<B>(named, name));
        self.when.iter().all(|when| match when {
            When::Absent(name) => ours(name) == Some(&Value::Null),
            When::Either(name, either) => either.iter().any(|value| is(ours(name), value)),
            When::Greater(name, than) => int(ours(name)) > Some(*than),
            When::Is(name, value) => is(ours(name), value),
            When::Less(name, than) => int(ours(name)).is_some_and(|number| number < *than),
            When::NamedAbsent(name) => theirs(name).is_none_or(|cell| cell == Some(&Value::Null)),
            When::NamedSame(name, same) => {
                let number = theirs(name).map_or(Some(0), int);
                number.is_some() && number == int(ours(same))
            }
        })
    }

    /// Sets the columns of this row.
    pub fn apply(&self, row: &mut [Value]) {
        for put in &self.puts {
            let (name, value) = match put {
                Put::AtMost(name, most, of) => {
                    let bound = int(cell::<A>(row, of)).unwrap_or(i64::MAX);
                    (name, Value::Int(bound.min(*most)))
                }
                Put::To(name, value) => (name, value.clone()),
            };
            let at = A::TABLE.position(name);
            if let Some(cell) = at.and_then(|at| row.get_mut(at)) {
                *cell = value;
            }
        }
    }
}

impl<A: Links<B>, B: Record> Op for Edit<A, B> {
    type Reply = crate::Linked<A, B>;
}

fn cell<'a, R: Record>(row: &'a [Value], name: &str) -> Option<&'a Value> {
    row.get(R::TABLE.position(name)?)
}

fn is(cell: Option<&Value>, value: &Value) -> bool {
    cell == Some(value) && *value != Value::Null
}

fn int(cell: Option<&Value>) -> Option<i64> {
    cell.and_then(Value::as_int)
}
