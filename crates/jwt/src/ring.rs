//! The keys of an issuer of ours: which one signs, which are published, and until when.

mod error;
mod policy;
mod rotation;

pub use error::{RingError, RingSetupError};
pub use policy::RotationPolicy;
pub use rotation::Rotation;
