//! The native half of the Node package `counterseal`: conversions, and nothing else.
//!
//! The facade (`index.cjs`) checks the types of all arguments, so that what arrives here has the type
//! that it is declared with. Each exported function runs inside [`counterseal_shared::guard`], under
//! the name by which JavaScript calls it, and returns its refusals (see `answer.rs`): the facade throws
//! them. Decisions, checks and codes come from `counterseal-shared`.

#![allow(clippy::needless_pass_by_value)] // how napi calls

mod answer;
mod key;
mod key_fetcher;
mod limit;
mod message;
mod oidc;
mod policy;
mod refresh;
mod requirement;
mod response;
mod session_feed;
mod sign;
mod standing;
mod store;
mod token_key;
mod token_mint;
mod token_ring;
mod token_verify;
mod vault;
mod verify;
mod waiting;
mod webhook;
