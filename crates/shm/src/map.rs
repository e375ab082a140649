//! The mapping: the one place with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs::File;
use std::ptr::{self, NonNull};
use std::slice;

use counterseal_replay::Word;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Words of a file, shared with every process that maps it.
pub(crate) struct Map {
    base: NonNull<c_void>,
    bytes: usize,
    skip: usize,
}

// SAFETY: the memory is only ever touched as atomic words, from whichever thread.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    /// Maps the `bytes` of `file`, whose words begin after `skip` of them.
    ///
    /// The file must have that length, and keep it: touching what lies beyond its end ends the process.
    pub(crate) fn new(file: &File, bytes: usize, skip: usize) -> Result<Self, Errno> {
        assert!(skip <= bytes && skip.is_multiple_of(64), "whole lines");
        let (rights, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping at an address of the system's choice overlaps nothing.
        let base = unsafe { mmap(ptr::null_mut(), bytes, rights, flags, file, 0) }?;
        Ok(Map {
            base: NonNull::new(base).ok_or(Errno::NOMEM)?,
            bytes,
            skip,
        })
    }

    /// The words.
    #[inline]
    pub(crate) fn words(&self) -> &[Word] {
        let words = (self.bytes - self.skip) / size_of::<Word>();
        // SAFETY: the mapping has `bytes` bytes for as long as `self` lives and begins at a page, so the
        // words after `skip` (whole lines) are in it and aligned. All bit patterns are words, and all
        // access, in this process and in others, is by atomic words of this size.
        unsafe { slice::from_raw_parts(self.base.as_ptr().byte_add(self.skip).cast(), words) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are those of `mmap`, and no borrow of the words outlives `self`.
        let gone = unsafe { munmap(self.base.as_ptr(), self.bytes) };
        debug_assert!(gone.is_ok(), "the mapping was whole");
    }
}
