//! The keys of an issuer of ours: which one signs, which are published, and until when.

mod document;
mod error;
mod host;
mod jwk;
mod key;
mod policy;
mod record;
mod rotation;
mod text;
mod vault;

pub use document::JwksDocument;
pub use error::{RingError, RingSetupError};
pub use host::{KeyFacts, KeyRing};
pub use jwk::PublicJwk;
pub use policy::RotationPolicy;
pub use record::KeyRingRecord;
pub use rotation::{KeyState, Rotation, Turn};
pub use vault::{ChangeRing, LoadRing, RingVault};
