//! RSA moduli that can be factored by anyone.

use num_bigint::BigUint;

use crate::PublicKeyError;

/// Refuses a modulus of the wrong size, and one that is known to be weak.
pub(crate) fn check_modulus(modulus: &[u8]) -> Result<(), PublicKeyError> {
    let zeros = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(zeros as usize);
    if !SIZES.contains(&bits) {
        return Err(PublicKeyError::RsaSize { bits });
    }
    let n = BigUint::from_bytes_be(modulus);
    if !n.bit(0) || is_roca(&n) || has_close_factors(&n) {
        return Err(PublicKeyError::RsaWeak);
    }
    Ok(())
}

/// Whether the modulus has the shape that Infineon's library gave its keys (CVE-2017-15361): modulo each of these primes it
/// is a power of 65537, as one of other keys is with a chance below 2^-27.
fn is_roca(n: &BigUint) -> bool {
    ROCA_PRIMES.iter().all(|prime| {
        let left = remainder(n, *prime);
        let mut power = 1;
        for _ in 0..*prime {
            if power == left {
                return true;
            }
            power = power * 65_537 % prime;
        }
        false
    })
}

/// Whether Fermat's method factors it in a hundred steps: its primes are close (CVE-2022-26320).
fn has_close_factors(n: &BigUint) -> bool {
    let mut a = n.sqrt();
    if &a * &a < *n {
        a += 1_u32;
    }
    let mut square = &a * &a - n;
    for _ in 0..FERMAT_STEPS {
        if may_be_square(&square) && square.sqrt().pow(2) == square {
            return true;
        }
        square += &a * 2_u32 + 1_u32;
        a += 1_u32;
    }
    false
}

/// False for most numbers that are no squares, for one division in the place of a root.
fn may_be_square(number: &BigUint) -> bool {
    let left = remainder(number, MODULI.iter().product());
    let is_square_of =
        |modulus: &u64| (0..*modulus).any(|root| root * root % modulus == left % modulus);
    MODULI.iter().all(is_square_of)
}

fn remainder(number: &BigUint, modulus: u64) -> u64 {
    let left = number % modulus;
    left.iter_u64_digits().next().unwrap_or(0)
}

const SIZES: core::ops::RangeInclusive<usize> = 2_048..=8_192;
const FERMAT_STEPS: usize = 100;
/// Without common factors.
const MODULI: [u64; 7] = [64, 9, 5, 7, 11, 13, 17];
/// Modulo these primes 65537 does not reach every number.
const ROCA_PRIMES: [u64; 17] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
];
