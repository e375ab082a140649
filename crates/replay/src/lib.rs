//! A bounded, exact, lock-free memory of used nonces: the ring.
//!
//! ```
//! use counterseal_core::{Claim, Claimed, Seed, Space, Span, Time};
//! use counterseal_replay::{PrivateRing, Shape, Window};
//!
//! const USES: Space = Space::new("example");
//! let now = Time::from_seconds(1_800_000_000);
//! let ring = PrivateRing::new(Shape::for_rate(100), Window::MINUTE, now, &Seed::new([7; 16]))?;
//!
//! let claim = Claim {
//!     space: USES,
//!     owner: 1,
//!     key: [9; 16],
//!     since: now,
//!     born: now,
//!     until: now.plus(Span::from_minutes(1)),
//! };
//! assert_eq!(ring.claim(&claim), Claimed::Fresh);
//! assert_eq!(ring.claim(&claim), Claimed::Held);
//! # Ok::<(), counterseal_replay::ShapeError>(())
//! ```
//!
//! Time is cut into buckets, and `generations` tables of words take turns in remembering one bucket
//! each. Words are only ever added to a table while its bucket lives, so two claims of one key meet
//! at the same first free word and one compare-and-swap decides. A table is reused by the first
//! claim of a newer bucket; there is no clock, no lock, no clearing phase and no eviction. A process
//! that is killed at any instruction leaves a ring that is as good as before.
//!
//! [`Ring`] works over any borrowed words, [`PrivateRing`] owns them, and `counterseal-shm` puts them
//! into a file that all workers of a host map. The rules by which words are read are in [`word`].
//!
//! [`Cells`] are rate limits on the same bones: a fixed number of words, two for each key, and no memory of who
//! they were for.
//!
//! It does not protect across hosts, and a private ring does not protect across processes. It
//! believes `born`: whoever claims must have checked, against an authenticated message, that it is
//! inside the window that the ring was built for. What was used before the ring began is refused by
//! the floor, not remembered.
//!
//! Codes: [`CODES`]. Spec: `docs/spec/replay.md`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod cells;
mod divisor;
mod gauge;
mod plan;
mod private;
mod ring;
mod shape;
mod start;
mod sweep;
mod sync;
pub mod word;

pub use cells::{CellGauge, CellPlan, Cells, PrivateCells};
pub use gauge::Gauge;
pub use plan::Plan;
pub use private::PrivateRing;
pub use ring::{Ring, RingError, retire};
pub use shape::{MARGIN, Shape, ShapeError, Window};
pub use start::{SKEW, Start};
pub use sync::Word;

use counterseal_core::Code;

/// Every code of this crate, in tables.
pub const CODES: &[&[Code]] = &[RingError::CODES, ShapeError::CODES];
