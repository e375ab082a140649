//! Answers of a database.

use counterseal::core::{Claim, Load, RowOp, Swap, Sweep};
use counterseal::request::KeyRecord;
use counterseal::store::{Epoch, Rows, Stated};

use crate::bytes::Bytes;
use crate::request::row;

/// Rows that make no sense are refused by each step, and a version is never below 1.
pub fn store_stated_reply(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let count = bytes.byte() % 4;
    let rows: Rows = (0..count).map(|_| row(&mut bytes)).collect();
    let _ = Claim::reply(&rows);
    let _ = Epoch::reply(&rows);
    if let Ok(deleted) = Sweep::reply(&rows) {
        assert_eq!(deleted, u64::from(count));
    }
    let stored = Load::<KeyRecord>::reply(&rows);
    assert_eq!(stored, Swap::<KeyRecord>::reply(&rows));
    assert_eq!(stored, RowOp::<KeyRecord>::reply(&rows));
    if let Ok(Some(stored)) = stored {
        assert!(stored.version > 0);
    }
}
