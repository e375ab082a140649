//! A row with the row that it names, and the rows of one owner.

use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::{Edit, Op, Record, Row, Swap};

/// A record that names a row of another table, of the same [`GROUP`](Record::GROUP), so that a cluster has both on one node.
pub trait Links<B: Record>: Record {
    /// The column, 16 bytes, that holds the other row's id.
    const LINK: &'static str;
}

/// Reads a row and the row that it names, as they were at one instant. Only a server that takes writes answers: one that follows
/// another may not have seen what was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct LoadLinked<A, B> {
    /// The first row's id.
    pub id: [u8; 16],
    records: PhantomData<fn() -> (A, B)>,
}

/// What is answered: a row, and the one that it names. The second is missing where the first is.
pub type Linked<A, B> = (Option<Row<A>>, Option<Row<B>>);

/// The one op of a machine that reads a row with the one that it names, edits the first, and swaps either. A swap answers with its own
/// row, or with nothing when it lost.
#[derive(Clone, Debug)]
pub enum LinkedOp<A, B> {
    /// Edits the first.
    Edit(Edit<A, B>),
    /// Reads both.
    Load(LoadLinked<A, B>),
    /// Compares and swaps the first.
    Swap(Swap<A>),
    /// Compares and swaps the one that is named.
    SwapNamed(Swap<B>),
}

/// Reads the rows of one owner, those whose [`LISTED`](Record::LISTED) column says so, in the order of their ids. As with
/// [`LoadLinked`], only a server that takes writes answers.
#[derive(Clone, Copy, Debug)]
pub struct List<R> {
    /// Whose rows.
    pub owner: [u8; 16],
    /// Rows with a greater id than this; none for the first page.
    pub after: Option<[u8; 16]>,
    /// At most this many.
    pub limit: u32,
    record: PhantomData<fn() -> R>,
}

/// The one op of a machine that lists rows and swaps them. A swap answers with its row, or with nothing when it lost.
#[derive(Clone, Debug)]
pub enum ListOp<R> {
    /// Reads.
    List(List<R>),
    /// Compares and swaps.
    Swap(Swap<R>),
}

impl<A: Links<B>, B: Record> LoadLinked<A, B> {
    /// Reads the row `id`, and the one that it names.
    pub const fn new(id: [u8; 16]) -> Self {
        const {
            assert!(
                crate::together::same(A::GROUP, B::GROUP),
                "tables of one group"
            );
        };
        LoadLinked {
            id,
            records: PhantomData,
        }
    }
}

impl<R: Record> List<R> {
    /// Reads rows of `owner`. Records that are not listed do not compile.
    pub const fn new(owner: [u8; 16], after: Option<[u8; 16]>, limit: u32) -> Self {
        const { assert!(R::LISTED.is_some(), "rows that are listed") };
        List {
            owner,
            after,
            limit,
            record: PhantomData,
        }
    }
}

impl<A: Links<B>, B: Record> Op for LoadLinked<A, B> {
    type Reply = Linked<A, B>;
}

impl<A: Links<B>, B: Record> Op for LinkedOp<A, B> {
    type Reply = Linked<A, B>;
}

impl<R: Record> Op for List<R> {
    type Reply = Vec<Row<R>>;
}

impl<R: Record> Op for ListOp<R> {
    type Reply = Vec<Row<R>>;
}
