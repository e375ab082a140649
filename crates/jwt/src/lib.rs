//! Access tokens: compact JWS with claims (RFC 7515, RFC 7519, RFC 9068), verified strictly and minted reproducibly.
//!
//! [`TokenVerifier::verify`] looks at size and form, at a header that may have `alg`, `kid` and `typ` and nothing else, at the one
//! algorithm that the key is pinned to, at the signature, and only then at claims. Issuer, audience, times and id are always
//! required. What it ends in is a proof: claims cannot be reached before it.
//!
//! [`StandingPolicy`] then asks a store, in one look, whether the token may still act: its subject, the token itself and the key
//! that opened its session. [`StandingCache`] remembers that for some seconds.
//!
//! What it does not protect: a token that was stolen is genuine until it is over, or taken back; keep them short.
//!
//! Codes: [`JwtError::CODES`], [`JwtSetupError::CODES`], [`StandingError::CODES`], [`StandingWriteError::CODES`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod algorithm;
mod bearer;
mod binding;
mod claims;
mod error;
mod header;
mod json;
mod jwk;
mod key;
mod mint;
mod policy;
mod standing;
mod standing_cache;
mod standing_error;
mod standing_record;
mod standing_write;
mod verified;
mod verify;

pub use algorithm::TokenAlgorithm;
pub use bearer::bearer;
pub use binding::Binding;
pub use error::{JwtError, JwtSetupError};
pub use key::{TokenKey, TokenKeys, TokenSigner};
pub use mint::{Claims, Minter};
pub use policy::{Audience, TokenPolicy};
pub use standing::{Genuine, LiveToken, PendingStanding, StandingPolicy};
pub use standing_cache::StandingCache;
pub use standing_error::{StandingError, StandingWriteError};
pub use standing_record::{AccessKey, Denied};
pub use standing_write::{
    AccessKeyEdit, ChangeAccessKey, ChangeSubject, DenyEdit, DenyToken, Edit, StandingWrite,
    SubjectEdit,
};
pub use verified::VerifiedToken;
pub use verify::{TokenSpace, TokenVerifier};
