//! Counterseal: the life of the credentials that services use.
//!
//! This crate is one name for the family, with a feature for each part.
//!
//! | feature | part |
//! |---|---|
//! | always | [`core`]: times, lifetimes, secrets, codes, audit events, storage steps |
//! | `request` (default) | [`request`]: signed HTTP requests |
//! | `replay` (default) | [`replay`]: the ring that remembers used nonces |
//! | `jwt` | [`jwt`]: access tokens |
//! | `limit` | [`limit`]: rate limits |
//! | `arbitrary` | values of the public types, for fuzzing what handles them |
//! | `document` | [`document`]: policies as JSON |
//! | `refresh` | [`refresh`]: sessions that go on by refresh tokens |
//! | `store` | [`store`]: storage steps as SQL statements |
//! | `ttl` | [`ttl`]: how long credentials are issued for |
//! | `webhook` | [`webhook`]: Standard Webhooks |
//!
//! A feature adds names and changes nothing else. Databases and the ring that processes share are
//! crates of their own: `counterseal-sqlite`, `counterseal-postgres`, `counterseal-redis`, `counterseal-memory`,
//! `counterseal-shm`.
//!
//! A signed request, refused when it comes again:
//!
//! ```
//! use std::sync::Arc;
//! use counterseal::core::{KeyId, Refusal, Secret, Seed, Step, Time, drive};
//! use counterseal::replay::{PrivateRing, Shape, Window};
//! use counterseal::request::{Key, KeySet, Policy, Profile, Request, Scheme, Signer, Verifier};
//!
//! # let now = Time::from_seconds(1_800_000_000);
//! let key = Arc::new(Key::new(KeyId::parse("worker-7")?, &Secret::new(vec![7; 32]))?.valid(now, Time::NEVER));
//! let plain = Request {
//!     method: "GET", scheme: Scheme::Https, authority: "api.example",
//!     path: b"/v1/jobs", query: b"state=open", headers: &[], body: b"",
//! };
//! let signed = Signer::new(key.clone(), Profile::default()).sign(&plain, now, &Seed::new([9; 16]))?;
//! let headers: Vec<_> = signed.headers().map(|(name, value)| (name, value.as_bytes())).collect();
//! let received = Request { headers: &headers, ..plain };
//!
//! let ring = PrivateRing::new(Shape::for_rate(100), Window::MINUTE, now, &Seed::new([7; 16]))?;
//! let verifier = Verifier::new(Policy::for_authority("api.example")?);
//! let keys = KeySet::new([key])?;
//! let verified = drive(&ring, Step::Need(verifier.begin(&received, &keys, now)?))?;
//! assert_eq!(verified.component("@path"), Some("/v1/jobs"));
//!
//! let again = drive(&ring, Step::Need(verifier.begin(&received, &keys, now)?));
//! assert_eq!(again.unwrap_err().code().name, "request_replayed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not protect stands in the documentation of each part.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub use counterseal_core as core;
#[cfg(feature = "jwt")]
pub use counterseal_jwt as jwt;
#[cfg(feature = "limit")]
pub use counterseal_limit as limit;
#[cfg(feature = "refresh")]
pub use counterseal_refresh as refresh;
#[cfg(feature = "replay")]
pub use counterseal_replay as replay;
#[cfg(feature = "request")]
pub use counterseal_request as request;
#[cfg(feature = "store")]
pub use counterseal_store as store;
#[cfg(feature = "ttl")]
pub use counterseal_ttl as ttl;
#[cfg(feature = "webhook")]
pub use counterseal_webhook as webhook;

#[cfg(feature = "document")]
pub mod document;
mod lists;

pub use lists::{SPACES, TABLES, codes};
