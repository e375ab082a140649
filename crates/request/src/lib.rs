//! Signed HTTP requests that cannot be replayed.
//!
//! A worker signs method, authority, path, query, content and chosen fields with HMAC-SHA256; a
//! verifier accepts each signed request once, in time, and from keys that it knows. The wire format
//! is a closed profile of RFC 9421 (signatures) and RFC 9530 (digests): one request has exactly one
//! encoding.
//!
//! ```
//! use std::sync::Arc;
//! use counterseal_core::{Claimed, KeyId, Secret, Seed, Time};
//! use counterseal_request::{Key, KeySet, Policy, Profile, Request, Scheme, Signer, Verifier};
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! let key = Arc::new(Key::new(KeyId::parse("worker-7")?, &Secret::new(vec![7; 32]))?);
//! let plain = Request {
//!     method: "GET", scheme: Scheme::Https, authority: "api.example",
//!     path: b"/v1/jobs", query: b"state=open", headers: &[], body: b"",
//! };
//! // The signer: three fields to set. The seed is 16 fresh random bytes.
//! let signed = Signer::new(key.clone(), Profile::default()).sign(&plain, now, &Seed::new([9; 16]))?;
//!
//! // The verifier: pure checks, one claim on a replay store, and the proof.
//! let headers: Vec<_> = signed.headers().map(|(name, value)| (name, value.as_bytes())).collect();
//! let received = Request { headers: &headers, ..plain };
//! let verifier = Verifier::new(Policy::for_authority("api.example")?);
//! let keys = KeySet::new([key])?;
//! let pending = verifier.begin(&received, &keys, now)?;
//! let claim = pending.claim(); // what the store is asked; here it answers:
//! let verified = pending.finish(Ok(Claimed::Fresh))?;
//! assert_eq!(verified.component("@path"), Some("/v1/jobs"));
//!
//! // The same request again: the store says that it holds the nonce.
//! let again = verifier.begin(&received, &keys, now)?;
//! assert_eq!(again.claim(), claim);
//! assert!(again.finish(Ok(Claimed::Held)).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not protect: confidentiality (use TLS), fields that are not covered, and anything
//! against who holds the shared secret, since whoever can verify can also sign.
//!
//! Storage: one [`Claim`](counterseal_core::Claim) per request; [`KeyRecord`]s by load and swap.
//! Codes: [`CODES`]. Specification: RFC 9421, RFC 9530, `docs/spec/request.md`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod base;
mod codes;
mod content;
mod covered;
mod digest;
mod error;
mod explain;
mod foreign;
mod foreign_read;
mod key;
mod key_store;
mod keyring;
mod message;
mod policy;
mod presented;
mod read;
mod record;
mod response;
mod response_error;
mod sf;
mod sign;
mod verified;
mod verify;

#[cfg(feature = "arbitrary")]
pub use arbitrary::AnyRequest;
pub use codes::CODES;
pub use content::PendingContent;
pub use digest::DigestAlgorithm;
pub use error::RequestError;
pub use explain::{Difference, Explanation};
pub use foreign::{ForeignPolicy, ForeignPolicyParts};
pub use key::{Key, KeyError, KeySet, Keys};
pub use key_store::{EndKey, LoadKey, RotateKey, SaveKey};
pub use keyring::{BURST, COOL_DOWN, Keyring};
pub use message::{Request, Scheme};
pub use policy::{Audience, Policy, PolicyError, PolicyParts, Profile, ProfileParts};
pub use record::{KeyRecord, KeyRecordError, NewKey};
pub use response::{Response, Sent, ServiceClock, SignedResponse, VerifiedResponse};
pub use response_error::ResponseError;
pub use sign::{SignError, Signed, Signer};
pub use verified::{PendingRequest, Verified};
pub use verify::Verifier;
