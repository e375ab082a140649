//! Tools for whoever writes a store, or tests a program that has one.
//!
//! A store passes the conformance suite or is none. The suite is a list of functions in [`claims`],
//! [`rows`] and [`charges`], and one macro for each list that makes tests of them:
//!
//! ```no_run
//! # use counterseal_core::{Seed, Time};
//! # use counterseal_replay::{PrivateRing, Shape};
//! use counterseal_testkit::{WINDOW, claim_tests};
//!
//! fn make(now: Time) -> PrivateRing {
//!     PrivateRing::new(Shape::for_rate(1_000), WINDOW, now, &Seed::new([7; 16])).expect("a shape")
//! }
//!
//! claim_tests!(make);
//! ```
//!
//! [`claim_tests!`] is for every store of claims, [`sweep_tests!`] for those that delete, [`full_tests!`]
//! for those that have a bound, [`row_tests!`] for those that keep rows, [`together_tests!`] for those that read them together,
//! [`linked_tests!`] for those that read what a row names and list rows, [`edit_tests!`] for those that edit them, [`ended_tests!`] for those that tell which ended, [`charge_tests!`] for those that
//! keep rate limits and [`cell_tests!`] for those of them that delete. Honest claims must be accepted
//! in all of them, so refusing everything is no way to pass. Nothing sleeps: time is an argument.
//!
//! For tests of decisions there are [`Scripted`], a store that answers from a list, and [`Faulty`], a store
//! that loses steps and answers; for tests of a store over a connection [`Cut`], a line that is cut between a
//! question and its answer.
#![forbid(unsafe_code)]

pub mod charges;
pub mod claims;
mod cut;
pub mod edits;
pub mod ended;
mod faulty;
pub mod forms;
pub mod keys;
mod leaf;
pub mod linked;
mod model;
mod note;
mod race;
mod random;
pub mod rows;
mod scratch;
mod scripted;
pub mod signatures;
mod suite;
pub mod together;

pub use cut::Cut;
pub use faulty::{Fault, Faulty};
pub use leaf::Leaf;
pub use note::Note;
pub use race::race;
pub use scratch::Scratch;
pub use scripted::Scripted;

use counterseal_core::{Space, Time};
use counterseal_replay::Window;

/// When the suite begins: late enough that Redis, which lets rows go by its own clock, keeps them.
pub const NOW: Time = Time::from_seconds(2_500_000_000);

/// The spaces that the suite claims in.
pub const SPACES: &[Space] = &[Space::new("example"), Space::new("other")];

/// The window that the suite keeps to.
pub const WINDOW: Window = Window::MINUTE;
