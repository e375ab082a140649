//! Counterseal: the life of the credentials that services use.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub use counterseal_core as core;
#[cfg(feature = "request")]
pub use counterseal_request as request;

#[cfg(feature = "document")]
pub mod document;
mod lists;

pub use lists::{CODES, TABLES};
