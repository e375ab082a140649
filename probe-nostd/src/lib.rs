//! Shows by being built that the pure crates need no std. It is never run.

#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

pub use {
    counterseal, counterseal_core, counterseal_jwt, counterseal_limit, counterseal_refresh,
    counterseal_replay, counterseal_request, counterseal_store, counterseal_ttl,
    counterseal_webhook,
};

#[cfg(feature = "poison")]
pub use counterseal_memory;

/// An allocator that has nothing.
struct Nothing;

// SAFETY: a null pointer says that there is no memory, and nothing is ever given back.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
