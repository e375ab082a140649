//! Bytes that must not leak: no `Debug`, no `==`, no `Clone`, wiped when dropped.

use alloc::vec::Vec;
use zeroize::Zeroize;

/// Secret bytes. The only way out is [`Secret::expose`].
///
/// Wiping does not reach copies that the caller, the compiler or the operating system made.
///
/// ```compile_fail
/// let secret = counterseal_core::Secret::new(vec![1; 32]);
/// println!("{secret:?}");
/// ```
/// ```compile_fail
/// let secret = counterseal_core::Secret::new(vec![1; 32]);
/// let _ = secret.clone();
/// ```
/// ```compile_fail
/// let (a, b) = (counterseal_core::Secret::new(vec![1]), counterseal_core::Secret::new(vec![1]));
/// let _ = a == b;
/// ```
pub struct Secret(Vec<u8>);

/// Randomness as a value: `N` unpredictable bytes that serve once.
///
/// Minting takes a seed, so that equal inputs give equal outputs; the caller draws it from a
/// cryptographic generator for each use.
///
/// ```compile_fail
/// let seed = counterseal_core::Seed::new([1; 16]);
/// let _ = seed.clone();
/// ```
pub struct Seed<const N: usize>([u8; N]);

impl Secret {
    /// Takes over `bytes`; they are wiped when the secret is dropped.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Secret(bytes)
    }

    /// The bytes. Keep the use on one line and never store them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> Seed<N> {
    /// Takes over `bytes`, which must come from a cryptographic random generator.
    pub const fn new(bytes: [u8; N]) -> Self {
        Seed(bytes)
    }

    /// The bytes. Keep the use on one line.
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Drop for Seed<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
