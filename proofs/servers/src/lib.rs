//! Private databases, each on a free port or socket and ended with its value, for the tests of every store.
#![forbid(unsafe_code)]

pub mod postgres;
pub mod redis;
