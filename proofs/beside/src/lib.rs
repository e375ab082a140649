//! Our verifier of tokens beside the crate `jsonwebtoken`: both look at the same tokens, and where they differ `docs/compare.md`
//! has to say why.
//!
//! [`token`] makes tokens out of bytes, [`Both::judge`] shows one to both. The tests run some thousands of them, `cargo xtask prove
//! jwt-beside` as many as are wanted, and the fuzz target `jwt_beside_jsonwebtoken` as long as it is let.
#![forbid(unsafe_code)]

mod choices;
mod keys;
mod object;
mod page;
mod peer;
mod random;
mod token;
mod verdict;

use std::time::SystemTime;

use counterseal_core::Time;

pub use keys::{Key, keys};
pub use page::page;
pub use peer::Peer;
pub use random::Random;
pub use token::token;
pub use verdict::{Both, Verdict};

/// The second that it is: the peer asks the machine, and cannot be told.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Time::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Who issues, to both sides.
pub const ISSUER: &str = "https://iss.example";
/// For whom, to both sides.
pub const AUDIENCE: &str = "api";

/// The page about coming from `jsonwebtoken`, whose code is run with the examples of the docs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrate/jsonwebtoken-rust.md")]
struct Migrate;
