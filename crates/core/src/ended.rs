//! The rows that ended lately.

use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::{Op, Record, Time};

/// Reads which rows ended, those whose [`ENDED`](Record::ENDED) column says when, in the order in which they did and of their ids. As
/// with [`LoadLinked`](crate::LoadLinked), only a server that takes writes answers.
///
/// Ends of more than an hour ago may be missing, and so may those that were written while pages were read.
#[derive(Clone, Copy, Debug)]
pub struct ListEnded<R> {
    /// Ends after this one; for the first page, an instant and the least id.
    pub after: Ended,
    /// At most this many.
    pub limit: u32,
    record: PhantomData<fn() -> R>,
}

/// An end: when, and of which row.
pub type Ended = (Time, [u8; 16]);

impl<R: Record> ListEnded<R> {
    /// Reads ends after `after`. Records whose end is not known do not compile.
    pub const fn new(after: Ended, limit: u32) -> Self {
        const { assert!(R::ENDED.is_some(), "rows whose end is known") };
        ListEnded {
            after,
            limit,
            record: PhantomData,
        }
    }
}

impl<R: Record> Op for ListEnded<R> {
    type Reply = Vec<Ended>;
}
