//! Access tokens: compact JWS with claims (RFC 7515, RFC 7519, RFC 9068), verified strictly and minted reproducibly.
//!
//! [`TokenVerifier::verify`] looks at size and form, at a header that may have `alg`, `kid` and `typ` and nothing else, at the one
//! algorithm that the key is pinned to, at the signature, and only then at claims. Issuer, audience, times and id are always
//! required. What it ends in is a proof: claims cannot be reached before it.
//!
//! [`StandingPolicy`] then asks a store, in one look, whether the token may still act: its subject, the token itself and the key
//! that opened its session. [`StandingCache`] remembers that for some seconds.
//!
//! [`Requirement::check`] says whether a genuine token may do something, [`OidcPolicy::verify`] which job of CI may come in, and
//! [`KeyFetcher`] keeps the keys of an issuer of others fresh; its host does the I/O.
//!
//! What it does not protect: a token that was stolen is genuine until it is over, or taken back; keep them short.
//!
//! Codes: [`JwtError::CODES`], [`JwtSetupError::CODES`], [`FetchError::CODES`], [`FetchSetupError::CODES`], [`OidcError::CODES`],
//! [`OidcSetupError::CODES`], [`RequirementError::CODES`], [`RequirementSetupError::CODES`], [`StandingError::CODES`],
//! [`StandingWriteError::CODES`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod algorithm;
mod bearer;
mod binding;
mod caching;
mod claims;
mod error;
mod fetch;
mod fetch_answer;
mod fetch_error;
mod fetch_kids;
mod fetch_pace;
mod fetch_policy;
mod fetch_url;
mod github;
mod header;
mod issuers;
mod json;
mod jwk;
mod key;
mod mint;
mod oidc;
mod oidc_error;
mod oidc_rule;
mod permission;
mod policy;
mod requirement;
mod requirement_error;
mod standing;
mod standing_cache;
mod standing_error;
mod standing_record;
mod standing_write;
mod step_up;
mod verified;
mod verify;

pub use algorithm::TokenAlgorithm;
pub use bearer::bearer;
pub use binding::Binding;
pub use caching::CachingVerifier;
pub use error::{JwtError, JwtSetupError};
pub use fetch::{FetchId, FetchOrder, Fetched, KeyFetcher, Wanted, Why};
pub use fetch_answer::{FetchResponse, KeySnapshot};
pub use fetch_error::{FetchCause, FetchError, FetchSetupError};
pub use fetch_policy::FetchPolicy;
pub use github::GithubRule;
pub use issuers::{Claimed, TrustedIssuers, claimed_issuer, claimed_kid};
pub use key::{TokenKey, TokenKeys, TokenSigner};
pub use mint::{Claims, Minter};
pub use oidc::{AdmittedJob, OidcPolicy};
pub use oidc_error::{OidcError, OidcSetupError};
pub use oidc_rule::ClaimRule;
pub use permission::{Grant, Permission};
pub use policy::{Audience, TokenPolicy};
pub use requirement::{Authorized, MissingPermissions, Requirement};
pub use requirement_error::{RequirementError, RequirementSetupError};
pub use standing::{Genuine, LiveToken, PendingStanding, StandingPolicy};
pub use standing_cache::StandingCache;
pub use standing_error::{StandingError, StandingWriteError};
pub use standing_record::{AccessKey, Denied};
pub use standing_write::{
    AccessKeyEdit, ChangeAccessKey, ChangeSubject, DenyEdit, DenyToken, Edit, StandingWrite,
    SubjectEdit,
};
pub use step_up::{StepUp, StepUpProof, StepUpReason};
pub use verified::VerifiedToken;
pub use verify::{TokenSpace, TokenVerifier};
