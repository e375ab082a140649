//! The keys of an issuer of ours: which one signs, which are published, and until when.

mod document;
mod error;
mod jwk;
mod policy;
mod rotation;

pub use document::JwksDocument;
pub use error::{RingError, RingSetupError};
pub use jwk::PublicJwk;
pub use policy::RotationPolicy;
pub use rotation::{KeyState, Rotation, Turn};
