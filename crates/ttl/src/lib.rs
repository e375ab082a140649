//! How long credentials are issued for: a policy of named ceilings, which only shortens.
//!
//! [`Purpose`](counterseal_core::Purpose) has the longest life of each credential, [`TtlPolicy`] what an operator makes of that, and
//! [`Ttl`] is what one credential gets: its ceiling, the ends that it must not outlive, and a clamp that says which of them decided.
//!
//! ```
//! use counterseal_core::{Bound, Purpose, Span, Time};
//! use counterseal_ttl::TtlPolicy;
//! # let now = Time::from_seconds(1_800_000_000);
//! # let (session_end, job_end) = (now.plus(Span::from_minutes(10)), now.plus(Span::from_minutes(45)));
//! let ttls = TtlPolicy::new().with(Purpose::Access, Span::from_minutes(15))?;
//!
//! let life = ttls.access().within(Bound::end("session", session_end)).clamp(Span::from_minutes(30), now)?;
//! assert_eq!((life.span(), life.decided_by()), (Span::from_minutes(10), "session"));
//!
//! // A token of a job ends with the token that the job came with: `AdmittedJob::bound` of `counterseal-jwt` is its bound.
//! let life = ttls.job(Bound::end("oidc.exp", job_end)).clamp(Span::from_minutes(120), now)?;
//! assert_eq!(life.decided_by(), "oidc.exp");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not protect: a clock that is wrong makes lives wrong, and a credential that was issued is not shortened by a policy
//! that changes later.
//!
//! Codes: [`TtlError::CODES`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod policy;

pub use error::TtlError;
pub use policy::{Ttl, TtlPolicy};
