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
//! [`TokenVerifier::explain`] tells an operator what was compared, check by check, and [`inspect`] what stands in a token, verified or not.
//!
//! What it does not protect: a token that was stolen is genuine until it is over, or taken back; keep them short.
//!
//! Codes: [`JwtError::CODES`], [`JwtSetupError::CODES`], [`FetchError::CODES`], [`FetchSetupError::CODES`], [`OidcError::CODES`],
//! [`OidcSetupError::CODES`], [`RequirementError::CODES`], [`RequirementSetupError::CODES`], [`RingError::CODES`],
//! [`RingSetupError::CODES`], [`StandingError::CODES`],
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
mod explain;
mod fetch;
mod header;
mod inspect;
mod json;
mod jwk;
mod key;
mod mint;
mod oidc;
mod policy;
mod requirement;
mod ring;
mod show;
mod standing;
mod verified;
mod verify;

pub use algorithm::TokenAlgorithm;
pub use bearer::bearer;
pub use binding::Binding;
pub use caching::CachingVerifier;
pub use error::{JwtError, JwtSetupError};
pub use explain::{TokenCheck, TokenExplanation};
pub use fetch::{
    Claimed, FetchCause, FetchError, FetchId, FetchOrder, FetchPolicy, FetchResponse,
    FetchSetupError, Fetched, KeyFetcher, KeySnapshot, TrustedIssuers, Wanted, Why, claimed_issuer,
    claimed_kid,
};
pub use inspect::inspect;
pub use key::{TokenKey, TokenKeys, TokenSigner};
pub use mint::{Claims, Minter};
pub use oidc::{AdmittedJob, ClaimRule, GithubRule, OidcError, OidcPolicy, OidcSetupError};
pub use policy::{Audience, TokenPolicy};
pub use requirement::{
    Authorized, Grant, MissingPermissions, Permission, Requirement, RequirementError,
    RequirementSetupError, StepUp, StepUpProof, StepUpReason,
};
pub use ring::{
    ChangeRing, JwksDocument, KeyFacts, KeyRing, KeyRingRecord, KeyState, LoadRing, PublicJwk,
    RingError, RingSetupError, RingVault, Rotation, RotationPolicy, Turn,
};
pub use standing::{
    AccessKey, AccessKeyEdit, ChangeAccessKey, ChangeSubject, Denied, DenyEdit, DenyToken, Edit,
    Genuine, IssueError, LiveToken, PendingStanding, StandingCache, StandingError, StandingPolicy,
    StandingWrite, StandingWriteError, SubjectEdit, SubjectVersion,
};
pub use verified::VerifiedToken;
pub use verify::{TokenSpace, TokenVerifier};
