//! The words that every Counterseal room speaks.
//!
//! A room is one decision about credentials (is this request genuine, may this token rotate). Rooms
//! are pure: time and randomness come as arguments, and storage as single atomic steps that the
//! caller runs. This crate holds what they share: [`Time`], [`Lifetime`], [`Purpose`], [`Secret`] and [`Seed`],
//! [`Code`]s, [`AuditEvent`]s, MACs, sealing, keys that sign ([`PublicKey`], [`SignKey`]), names
//! of workloads ([`SpiffeId`]), [`Record`]s, the storage steps ([`Claim`],
//! [`Load`], [`Swap`], [`Charge`], [`Sweep`], [`SweepCells`]) and the shape of a decision ([`Pending`], [`Step`],
//! [`drive`]).
//!
//! It contains no clock, no file, no socket and no thread; `probe-nostd` proves that.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod audit;
mod code;
mod der;
mod edit;
mod ended;
mod id;
mod lifetime;
mod linked;
mod mac;
mod op;
mod pem;
mod pending;
mod private_key;
mod public_key;
mod purpose;
mod rate;
mod row;
mod rsa;
mod seal;
mod secret;
mod signature;
mod spiffe;
mod subject;
mod time;
mod together;
mod token;

pub use audit::{AuditEvent, Fact, FactValue};
pub use code::{
    Blame, Code, PENDING_SPENT, Refusal, STORE_ANSWER_MALFORMED, STORE_CODES, STORE_UNAVAILABLE,
};
pub use edit::{Edit, Put, When};
pub use ended::{Ended, ListEnded};
pub use id::{BadKeyId, KeyId, MAX_KEY_ID};
pub use lifetime::{Bound, Cut, Lifetime, LifetimeError, MAX_BOUNDS, Trail};
pub use linked::{Linked, LinkedOp, Links, List, ListOp, LoadLinked};
pub use mac::{Forged, MIN_KEY, MacKey, TAG, WeakKey, hkdf_sha256, same_bytes, sha256};
pub use op::{
    Charge, Charged, Claim, Claimed, Load, Op, Row, RowOp, Space, Swap, Sweep, SweepCells,
    Unavailable,
};
pub use pending::{Pending, Run, RunAsync, Step, drive, drive_async};
pub use private_key::PrivateKey;
pub use public_key::{PublicKey, PublicKeyError, PublicNumbers, is_small_or_loose};
pub use purpose::Purpose;
pub use rate::{Gcra, Rate, Terms};
pub use row::{BadRow, Carry, Column, Columns, Kind, Record, Table, Value, read, write};
pub use seal::{SealBroken, SealKey};
pub use secret::{Secret, Seed};
pub use signature::{Algorithm, NotSigned, SignKey, Signature, Signatures, VerifyKey};
pub use spiffe::{BadSpiffeId, MAX_SPIFFE_ID, SpiffeId};
pub use subject::{Subject, row_of};
pub use time::{Span, Time};
pub use together::{LoadTogether, SweepRows, Together};
pub use token::{BadToken, LookedUp, TokenId, TokenKind};

/// Every code of this crate, in tables.
pub const CODES: &[&[Code]] = &[
    BadKeyId::CODES,
    BadSpiffeId::CODES,
    BadToken::CODES,
    LifetimeError::CODES,
    PublicKeyError::CODES,
    SealBroken::CODES,
    STORE_CODES,
    WeakKey::CODES,
];
