//! The replay ring, and the cells of rate limits, in files that all worker processes of a host map.
//!
//! ```
//! use counterseal_core::{Claim, Claimed, Run, Seed, Space, Span, Time};
//! use counterseal_replay::{Shape, Window};
//! use counterseal_shm::SharedRing;
//!
//! # let place = std::env::temp_dir().join(format!("counterseal-doc-{}", std::process::id()));
//! # let path = place.join("ring");
//! # let now = Time::from_seconds(1_800_000_000);
//! // Every worker opens the same path; whoever comes first makes the file.
//! let ring = SharedRing::open(&path, Shape::for_rate(100), Window::MINUTE, now, &Seed::new([7; 16]))?;
//! let other = SharedRing::open(&path, Shape::for_rate(100), Window::MINUTE, now, &Seed::new([8; 16]))?;
//!
//! let until = now.plus(Span::from_minutes(5));
//! let claim = Claim { space: Space::new("example"), owner: 1, key: [9; 16], since: now, born: now, until };
//! assert_eq!(ring.run(claim), Ok(Claimed::Fresh));
//! assert_eq!(other.run(claim), Ok(Claimed::Held));
//! # std::fs::remove_dir_all(place)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing blocks between processes, and a process that is killed at any instruction leaves a ring that is
//! as good as before. The file outlives its processes, so a restart reopens nothing; after a boot of the
//! host it begins anew, with a floor. A file that is deleted or replaced while processes have it open is
//! noticed within a second of signed time, and no nonce is accepted twice: `docs/spec/replay.md` says why.
//! Claims go on by themselves in the file that took its place, once its floor has passed.
//!
//! [`SharedCells`] are rate limits in a file of their own, under the same rules of who may have it; what is lost with it
//! are cells, which gives each client one burst more.
//!
//! It does not protect across hosts, nor across containers that do not share the directory, nor against
//! programs of the same user: they may write to the file, cut it short, which kills whoever reads it, or
//! put an older one back.
//!
//! All `unsafe` of this family stands in `map.rs`. Codes: [`ShmError::CODES`]. Spec: `docs/spec/replay.md`, `docs/spec/limit.md`.
#![deny(unsafe_code)]

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("counterseal-shm needs Linux or macOS; use counterseal-sqlite on other systems");

mod boot;
mod cells;
mod clock;
mod disk;
mod error;
mod file;
mod folder;
mod header;
mod map;
mod ring;
mod table;
mod watch;

pub use cells::SharedCells;
pub use error::ShmError;
pub use ring::SharedRing;
