//! The vectors of Counterseal: their format, the runner for Rust, and the code that writes them.
//!
//! A runner observes and does not judge: [`run`] says what the crates answered to a [`Case`], and
//! [`difference`] compares that with what the case expects. The format is described in
//! `vectors/README.md`, for runners in any language.
#![forbid(unsafe_code)]

mod bytes;
mod file;
mod foreign;
pub mod generate;
mod http;
mod jwt;
mod layout;
mod limit;
mod refresh;
mod request;
mod response;
mod runner;
mod transitions;
mod webhook;

pub use bytes::{Bytes, Hex};
pub use file::{
    Case, Expect, File, FileError, KeyMembers, Layer, Reply, Socket, Stored, StoredAccessKey,
    StoredSubject, Verdict,
};
pub use http::{from_wire, to_wire};
pub use jwt::explain_token;
pub use layout::text_of;
pub use request::RequestInput;
pub use runner::{CaseError, Observation, difference, run, run_again, run_in_pieces};
pub use transitions::{Lengths, transitions};
