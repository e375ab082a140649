//! Storage steps as data: what a database runs, and how its rows are read.
//!
//! Each step of `counterseal-core` becomes one [`Statement`] of a [`Dialect`], and its answer is read
//! from rows; a database crate, or a host language with a driver of its own, only runs statements.
//! It knows no room: tables come from [`Record`](counterseal_core::Record)s.
//!
//! ```
//! use counterseal_core::{Claim, Claimed, Space, Time, Value};
//! use counterseal_store::{Dialect, Stated};
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! let space = Space::new("example");
//! let claim = Claim { space, owner: 1, key: [9; 16], since: now, born: now, until: now };
//! let statement = claim.statement(Dialect::Sqlite);
//! // The driver runs statement.text with statement.values and hands back the rows:
//! let rows = vec![vec![Value::Text("fresh".into())]];
//! assert_eq!(claim.reply(&rows), Ok(Claimed::Fresh));
//! assert!(claim.reply(&vec![vec![Value::Int(1)]]).is_err());
//! ```
//!
//! What it does not protect: a table that others write to. Give the tables to one role.
//! Spec: `docs/spec/replay.md` (claims in a database).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod charge;
mod claim;
mod edit;
mod ended;
mod execute;
mod linked;
mod redis;
mod row;
mod setup;
mod statement;
mod sweep;
mod texts;
mod together;

pub use claim::COLD;
pub use execute::{Execute, ExecuteAsync, run, run_async};
pub use setup::{Epoch, checks, migrations};
pub use statement::{Dialect, Rows, Stated, Statement};
