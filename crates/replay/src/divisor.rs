//! Exact division by a number that is known early, without a division instruction.

/// Divides by `by`, which is not 0.
#[derive(Clone, Copy)]
pub(crate) struct Divisor {
    by: u64,
    /// 2^64 - 1 over `by`, rounded down: the estimate below is short by at most one.
    inverse: u64,
}

impl Divisor {
    pub(crate) const fn new(by: u64) -> Self {
        Divisor {
            by,
            inverse: u64::MAX / by,
        }
    }

    /// Quotient and remainder of `n`.
    #[inline]
    pub(crate) const fn divide(self, n: u64) -> (u64, u64) {
        let quotient = high(n, self.inverse);
        let rest = n - quotient * self.by;
        if rest >= self.by {
            (quotient + 1, rest - self.by)
        } else {
            (quotient, rest)
        }
    }
}

/// The upper half of a product: `n` scaled into `0..m` when `n` is spread over all of `u64`.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the upper 64 of 128 bits
pub(crate) const fn high(n: u64, m: u64) -> u64 {
    ((n as u128 * m as u128) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_division_of_the_machine(n: u64, by in 1_u64..) {
            prop_assert_eq!(Divisor::new(by).divide(n), (n / by, n % by));
        }

        #[test]
        fn equals_it_for_the_sizes_in_use_too(n in 0_u64..1 << 48, by in 1_u64..100_000) {
            prop_assert_eq!(Divisor::new(by).divide(n), (n / by, n % by));
        }
    }

    #[test]
    fn equals_it_at_the_ends() {
        for by in [1, 2, 3, u64::MAX - 1, u64::MAX] {
            for n in [0, 1, 2, u64::MAX - 1, u64::MAX] {
                assert_eq!(Divisor::new(by).divide(n), (n / by, n % by));
            }
        }
    }
}
