//! The one kind of atomic word, so that loom can take its place.

#[cfg(not(loom))]
pub use core::sync::atomic::AtomicU64 as Word;
#[cfg(loom)]
pub use loom::sync::atomic::AtomicU64 as Word;

/// Words of one 64-byte line. Under loom lines are short, so that walks cross them.
pub(crate) const LINE: usize = if cfg!(loom) { 2 } else { 8 };
