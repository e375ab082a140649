//! Signed HTTP requests that cannot be replayed.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod base;
mod codes;
mod digest;
mod error;
mod key;
mod message;
mod policy;
mod presented;
mod sf;
mod sign;
mod verify;

pub use codes::CODES;
pub use digest::DigestAlgorithm;
pub use error::RequestError;
pub use key::{Key, KeyError, KeySet, Keys};
pub use message::{Request, Scheme};
pub use policy::{Audience, Policy, PolicyError, PolicyParts, Profile, ProfileParts};
pub use sign::{SignError, Signed, Signer};
pub use verify::{PendingRequest, Verified, Verifier};
