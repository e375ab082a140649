//! The storage steps: what a decision may ask of a store, one atomic step at a time.
//!
//! A store never decides. It inserts if absent, compares and swaps one versioned row, adds to one
//! cell, or deletes what is over; each is one conditional write, and its answer is a value.

use core::marker::PhantomData;

use crate::{Record, Time};

/// One atomic step. It is owned and small, so that it outlives any `await`.
pub trait Op: Send + Sync + 'static {
    /// What the store answers.
    type Reply: Send + 'static;
}

/// A name for one kind of single use, so that two rooms can share a store: 1 to 24 of `[a-z_]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space(&'static str);

/// Uses a key once: insert if absent.
///
/// The key is a 16-byte hash that covers owner, `born` and nonce, so equal keys are equal uses.
/// `born` is the time that the peer signed; it picks the generation in which the key is remembered,
/// never a time that policy computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which kind of use this is.
    pub space: Space,
    /// Who uses it, as a hash, for per-owner limits.
    pub owner: u64,
    /// What is used.
    pub key: [u8; 16],
    /// Since when the owner could have made claims; a key younger than the store has no past there.
    pub since: Time,
    /// When the peer says it was made.
    pub born: Time,
    /// Until when it must be remembered, on the verifier's clock.
    pub until: Time,
}

/// The answer to a [`Claim`]. Exhaustive on purpose: it is a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claimed {
    /// It was not used before, and is now.
    Fresh,
    /// It was used before.
    Held,
    /// The store cannot know: the claim is older than what it remembers.
    Stale,
    /// There is no room; nothing was forgotten to make some.
    Full,
    /// This owner has used up its share of the room.
    OwnerFull,
}

/// Reads the row with this id.
#[derive(Clone, Copy, Debug)]
pub struct Load<R> {
    /// The row's id.
    pub id: [u8; 16],
    record: PhantomData<fn() -> R>,
}

/// Writes the row if it still has the version that was read.
#[derive(Clone, Debug)]
pub struct Swap<R> {
    /// The row's id.
    pub id: [u8; 16],
    /// The version that must still be there; 0 means that no row may be there.
    pub expected: i64,
    /// What to write.
    pub record: R,
}

/// A record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<R> {
    /// Counts the writes; 0 is "not stored yet".
    pub version: i64,
    /// What is stored.
    pub record: R,
}

/// The one op of a machine that loads and swaps. Both answer with the row as stored, or with
/// nothing: no such row, or the swap lost.
#[derive(Clone, Debug)]
pub enum RowOp<R> {
    /// Reads.
    Load(Load<R>),
    /// Compares and swaps.
    Swap(Swap<R>),
}

/// Takes from a rate limit's cell. The arithmetic is [`crate::Gcra`], whoever stores the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which limit this is.
    pub space: Space,
    /// Whose cell, as a hash.
    pub key: [u8; 16],
    /// How many requests this counts as.
    pub cost: u32,
    /// The limit.
    pub rate: crate::Rate,
    /// The caller's clock.
    pub now: Time,
}

/// The answer to a [`Charge`]. Exhaustive on purpose: it is a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charged {
    /// Inside the limit.
    Within {
        /// How many more requests would pass now.
        left: u32,
    },
    /// Over the limit; nothing was taken.
    Over {
        /// When the same request would pass.
        retry_at: Time,
    },
}

/// Deletes cells of a rate limit that have been empty since before `before`, at most `limit` of them; the reply
/// counts them. A cell that is not there is an empty one, so this forgets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepCells {
    /// Which limit's cells.
    pub space: Space,
    /// Cells that were empty before this leave.
    pub before: Time,
    /// The most cells to delete.
    pub limit: u32,
}

/// Deletes claims whose `until` is before `before`, at most `limit` of them; the reply counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Which kind of use.
    pub space: Space,
    /// What ended earlier may go.
    pub before: Time,
    /// At most this many in one step.
    pub limit: u32,
}

/// The store did not answer, or not sensibly: what it holds is unknown, so the decision refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unavailable;

impl Space {
    /// The space called `name`.
    ///
    /// # Panics
    ///
    /// At compile time, in a `const`, when the name is not 1 to 24 of `[a-z_]`.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 24, "1 to 24 bytes");
        let mut i = 0;
        while i < bytes.len() {
            assert!(bytes[i].is_ascii_lowercase() || bytes[i] == b'_', "[a-z_]");
            i += 1;
        }
        Space(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl<R> Load<R> {
    /// Reads the row `id`.
    pub const fn new(id: [u8; 16]) -> Self {
        Load {
            id,
            record: PhantomData,
        }
    }
}

impl Op for Claim {
    type Reply = Claimed;
}

impl<R: Record> Op for Load<R> {
    type Reply = Option<Row<R>>;
}

impl<R: Record> Op for Swap<R> {
    type Reply = Option<Row<R>>;
}

impl<R: Record> Op for RowOp<R> {
    type Reply = Option<Row<R>>;
}

impl Op for SweepCells {
    type Reply = u64;
}

impl Op for Charge {
    type Reply = Charged;
}

impl Op for Sweep {
    type Reply = u64;
}

impl core::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the store did not answer")
    }
}

impl core::error::Error for Unavailable {}
