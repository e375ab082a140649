//! Rate limits: whom a request counts for, whether it passes, and what the caller is told.
//!
//! ```
//! use counterseal_core::{Refusal, Seed, Time, drive};
//! use counterseal_limit::{Limit, client_address};
//! use counterseal_replay::PrivateCells;
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! // Two requests at once from each address, and one more every 10 s.
//! let limit = Limit::new("login", 2, 10_000)?;
//! let cells = PrivateCells::new(65_536, &Seed::new([7; 16]));
//!
//! // One proxy of ours stands before the service, and has added the last entry.
//! let client = client_address("10.0.0.1".parse()?, ["9.9.9.9, 192.0.2.7"], 1);
//! assert_eq!(client.to_string(), "192.0.2.7");
//! for _ in 0..2 {
//!     drive(&cells, limit.by_address(client, 1, now))?;
//! }
//! let refused = drive(&cells, limit.by_address(client, 1, now)).unwrap_err();
//! assert_eq!(refused.code().name, "limit_exceeded");
//! assert_eq!(refused.retry_after(now), Some(10));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A limit by address comes before the request is verified, so that it never tells a stranger whether a key exists; a
//! limit by identity comes after it. The arithmetic is [`Gcra`](counterseal_core::Gcra), whoever keeps the cells.
//!
//! What it does not protect: addresses are cheap to those who have many, and a number of trusted hops that is too high lets
//! every client choose its own address. A database that keeps cells grows with the addresses that come, a table of cells in
//! memory does not.
//!
//! Codes: [`CODES`]. Spec: `docs/spec/limit.md`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod admission;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod error;
mod fields;
mod forwarded;
mod identity;
mod limit;
mod name;

pub use address::client_address;
pub use admission::{Admission, Admitted};
pub use error::{CODES, LimitError, LimitSetupError};
pub use fields::Fields;
pub use forwarded::forwarded_address;
pub use limit::Limit;
pub use name::LimitName;
