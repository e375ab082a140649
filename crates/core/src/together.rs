//! Rows of up to three tables in one look, and rows that are over.

use core::marker::PhantomData;

use crate::{Op, Record, Row, Time};

/// Reads a row of each of three tables, as they were at one instant: nothing is written between the reads.
///
/// The tables are of one [`GROUP`](Record::GROUP), so that a cluster has them on one node; other ones do not compile.
#[derive(Clone, Debug)]
pub struct LoadTogether<A, B, C> {
    /// The rows' ids; none is not looked up.
    pub ids: [Option<[u8; 16]>; 3],
    records: PhantomData<Tables<A, B, C>>,
}

/// What a [`LoadTogether`] answers: each row as stored, or nothing.
pub type Together<A, B, C> = (Option<Row<A>>, Option<Row<B>>, Option<Row<C>>);

type Tables<A, B, C> = fn() -> (A, B, C);

/// Deletes rows whose [`ENDS`](Record::ENDS) is before `before`, at most `limit` of them; the reply counts them.
///
/// Redis lets them go by itself, an hour after they ended on its own clock, and counts none.
#[derive(Clone, Copy, Debug)]
pub struct SweepRows<R> {
    /// What ended earlier may go.
    pub before: Time,
    /// At most this many in one step.
    pub limit: u32,
    record: PhantomData<fn() -> R>,
}

impl<A: Record, B: Record, C: Record> LoadTogether<A, B, C> {
    /// Reads these rows.
    pub const fn new(ids: [Option<[u8; 16]>; 3]) -> Self {
        const {
            assert!(same(A::GROUP, B::GROUP), "tables of one group");
            assert!(same(B::GROUP, C::GROUP), "tables of one group");
        }
        LoadTogether {
            ids,
            records: PhantomData,
        }
    }
}

impl<R: Record> SweepRows<R> {
    /// Deletes what ended before `before`. Rows that stay do not compile.
    pub const fn new(before: Time, limit: u32) -> Self {
        const { assert!(R::ENDS.is_some(), "rows that end") };
        SweepRows {
            before,
            limit,
            record: PhantomData,
        }
    }
}

impl<A: Record, B: Record, C: Record> Op for LoadTogether<A, B, C> {
    type Reply = Together<A, B, C>;
}

impl<R: Record> Op for SweepRows<R> {
    type Reply = u64;
}

pub(crate) const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
