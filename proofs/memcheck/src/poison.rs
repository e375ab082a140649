//! Marks memory as undefined, by valgrind's client requests.

/// Marks these bytes as undefined.
pub(crate) fn poison(bytes: &mut [u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_ptr() as usize, bytes.len());
}

/// Whether valgrind runs this.
pub(crate) fn is_watched() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// A client request: instructions that do nothing on a processor, and that valgrind knows (its `valgrind.h`).
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
fn request(code: usize, first: usize, second: usize) -> usize {
    let arguments = [code, first, second, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: outside of valgrind the rotations add up to none and the exchange is with itself; inside, the request
    // reads `arguments`, which outlives it, and changes what valgrind knows of memory, never memory.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            inout("rdx") answer,
            in("rax") arguments.as_ptr(),
            out("rdi") _,
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// The first of memcheck's own, and the next.
const MAKE_MEM_UNDEFINED: usize = ((b'M' as usize) << 24 | (b'C' as usize) << 16) + 1;
