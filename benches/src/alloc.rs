//! An allocator that counts, while it is asked to; at other times it costs a look at a flag.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

pub struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicI64 = AtomicI64::new(0);
static CALLS: AtomicI64 = AtomicI64::new(0);

/// What `work` returns, how many bytes it leaves allocated, and how often it allocates.
pub fn counted<R>(work: impl FnOnce() -> R) -> (R, i64, i64) {
    let before = (BYTES.load(Relaxed), CALLS.load(Relaxed));
    IS_COUNTING.store(true, Relaxed);
    let result = work();
    IS_COUNTING.store(false, Relaxed);
    let (bytes, calls) = (BYTES.load(Relaxed), CALLS.load(Relaxed));
    (result, bytes - before.0, calls - before.1)
}

fn count(bytes: usize, sign: i64) {
    if IS_COUNTING.load(Relaxed) {
        BYTES.fetch_add(sign * bytes as i64, Relaxed);
        CALLS.fetch_add(i64::from(sign > 0), Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as of the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        // SAFETY: as of the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
