//! Tokens: verified, minted, and found in a request; and their keys.
//!
//! Headers, payloads and signatures are worked out here from the specification, not by the room.

mod accepted;
mod bearer;
mod cached;
mod claims;
mod draft;
mod encoding;
mod fetch;
mod header;
mod jwks;
mod keys;
mod mint;
mod oidc;
mod require;
mod ring;
mod secrets;
mod standing;
mod svid;

pub(super) use bearer::cases as fields;
pub(super) use cached::cases as kept;
pub(super) use fetch::{answers as fetch_answers, cases as fetches};
pub(super) use keys::cases as key_sets;
pub(super) use mint::cases as minted;
pub(super) use oidc::{code as job_code, jobs, nearest, others, setups as rules};
pub(super) use require::{cases as requirements, challenges};
pub(super) use ring::cases as rings;
pub(super) use standing::{cases as standings, steps as standing_steps};

use crate::Case;
use crate::jwt::VerifyInput;

type Verify = Case<VerifyInput>;

/// The cases of `verify`, by the file that they stand in.
pub(super) fn verified() -> [(&'static str, Vec<Verify>); 5] {
    [
        ("claims", claims::cases()),
        ("encoding", encoding::cases()),
        ("header", header::cases()),
        ("svid", svid::cases()),
        ("verify", [accepted::cases(), accepted::policies()].concat()),
    ]
}
