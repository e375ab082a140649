//! How large a ring is, and for how long it remembers.

use core::fmt;

use counterseal_core::{Code, Refusal, Span};

use crate::sync::LINE;

/// The sizes of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How much signed time one generation remembers, in milliseconds: 1 ms to 1 hour.
    pub bucket: Span,
    /// How many generations take turns: 2 to 4 096. `bucket` times `generations` is what the ring
    /// remembers.
    pub generations: u32,
    /// Words of one generation; rounded up to lines of 8. It works best up to six tenths full.
    pub slots: u32,
    /// Counters of owners in one generation, for the cap; rounded up to lines of 8. An owner has two
    /// of them.
    pub owner_slots: u32,
    /// How many claims one owner may win in one generation. No cap when it is at least `slots`.
    pub owner_cap: u64,
}

/// How far from the verifier's clock a claim's `born` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How old it may be.
    pub past: Span,
    /// How far ahead it may be.
    pub future: Span,
}

/// Why a ring cannot have this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeError {
    /// The ring would forget claims that are still inside the window.
    RetentionShort {
        /// What the generations remember together.
        remembered: Span,
        /// What the window needs: past, future, one bucket and [`MARGIN`].
        needed: Span,
    },
    /// A size is 0, negative or too large.
    SizeInvalid {
        /// The field.
        field: &'static str,
    },
}

impl Shape {
    /// The shape for `per_second` claims in each second, whoever makes them: 15 s times 26
    /// generations, six tenths full at that rate; one owner may use a quarter of it.
    ///
    /// It takes 13.7 bytes for each nonce that it remembers, and a little over 100 kB at least. A
    /// service with fewer than four keys should raise [`Shape::owner_cap`].
    #[must_use]
    pub const fn for_rate(per_second: u32) -> Self {
        Self::for_bucket(per_second as u64 * 15)
    }

    /// The shape that remembers `nonces` in all, used at a constant rate.
    #[must_use]
    pub const fn for_retained(nonces: u64) -> Self {
        Self::for_bucket(nonces.div_ceil(GENERATIONS as u64 - 1))
    }

    /// The same shape, where one owner may win `cap` claims in each generation.
    #[must_use]
    pub const fn with_owner_cap(self, cap: u64) -> Self {
        Shape {
            owner_cap: cap,
            ..self
        }
    }

    /// The same shape with as many more generations as a longer window needs.
    #[must_use]
    pub const fn covering(self, window: Window) -> Self {
        let needed = needed(window, self.bucket).millis();
        let bucket = self.bucket.millis();
        if bucket < 1 || needed < 1 {
            return self;
        }
        let generations = in_range(
            needed.unsigned_abs().div_ceil(bucket.unsigned_abs()),
            2,
            4_096,
        );
        if generations <= self.generations {
            return self;
        }
        Shape {
            generations,
            ..self
        }
    }

    const fn for_bucket(nonces: u64) -> Self {
        // Six tenths full.
        let slots = in_range(nonces.saturating_mul(5).div_ceil(3), 512, MAX_SLOTS);
        Shape {
            bucket: Span::from_seconds(15),
            generations: GENERATIONS,
            slots,
            owner_slots: in_range(slots as u64 / 128, 64, 8_192),
            owner_cap: slots as u64 * 3 / 20,
        }
    }

    /// How much signed time the generations remember together.
    pub const fn remembered(&self) -> Span {
        self.bucket.times(self.generations as i64)
    }

    pub(crate) const fn lines(&self) -> u64 {
        (self.slots as u64).div_ceil(LINE as u64)
    }

    pub(crate) const fn owner_lines(&self) -> u64 {
        (self.owner_slots as u64).div_ceil(LINE as u64)
    }

    /// Whether a ring of this shape is exact and available for `window`.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    //= docs/spec/replay.md#R-3
    pub fn check(&self, window: Window) -> Result<(), ShapeError> {
        let invalid = |field| Err(ShapeError::SizeInvalid { field });
        if !(1..=3_600_000).contains(&self.bucket.millis()) {
            return invalid("bucket");
        }
        if !(2..=4_096).contains(&self.generations) {
            return invalid("generations");
        }
        if !(1..=MAX_SLOTS).contains(&u64::from(self.slots)) {
            return invalid("slots");
        }
        if !(1..=MAX_SLOTS).contains(&u64::from(self.owner_slots)) {
            return invalid("owner_slots");
        }
        if self.owner_cap == 0 {
            return invalid("owner_cap");
        }
        if window.past < Span::ZERO || window.future < Span::ZERO {
            return invalid("window");
        }
        self.check_retention(window)
    }

    fn check_retention(&self, window: Window) -> Result<(), ShapeError> {
        let needed = needed(window, self.bucket);
        let remembered = self.remembered();
        if remembered < needed {
            return Err(ShapeError::RetentionShort { remembered, needed });
        }
        Ok(())
    }
}

impl Window {
    /// A minute either way.
    pub const MINUTE: Window = Window {
        past: Span::from_minutes(1),
        future: Span::from_minutes(1),
    };
}

impl ShapeError {
    /// The codes of this error.
    pub const CODES: &'static [Code] = &[RETENTION_SHORT, SIZE_INVALID];
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShapeError::RetentionShort { remembered, needed } => write!(
                f,
                "the ring remembers {} ms and the window needs {} ms",
                remembered.millis(),
                needed.millis()
            ),
            ShapeError::SizeInvalid { field } => write!(f, "{field} is out of range"),
        }
    }
}

impl core::error::Error for ShapeError {}

impl Refusal for ShapeError {
    fn code(&self) -> Code {
        match self {
            ShapeError::RetentionShort { .. } => RETENTION_SHORT,
            ShapeError::SizeInvalid { .. } => SIZE_INVALID,
        }
    }
}

/// What a ring must remember at least.
const fn needed(window: Window, bucket: Span) -> Span {
    window.past.plus(window.future).plus(bucket).plus(MARGIN)
}

#[allow(clippy::cast_possible_truncation)] // at most `most`, which is a u32
const fn in_range(n: u64, least: u32, most: u64) -> u32 {
    if n <= least as u64 {
        least
    } else if n >= most {
        most as u32
    } else {
        n as u32
    }
}

/// How much longer than the window a ring remembers at least: room for clocks that are set back.
pub const MARGIN: Span = Span::from_seconds(60);

const GENERATIONS: u32 = 26;
const MAX_SLOTS: u64 = 1 << 31;

const RETENTION_SHORT: Code = Code::integrator(
    "replay_retention_short",
    "the ring would forget nonces that can still be replayed",
    "let bucket times generations be at least past + future + bucket + 60 s",
);
const SIZE_INVALID: Code = Code::integrator(
    "replay_size_invalid",
    "a size of the ring is 0, negative or too large",
    "size the ring with Shape::for_rate and change single fields from there",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_shape_remembers_five_minutes_and_more() {
        let shape = Shape::for_rate(2_000);
        assert_eq!(shape.remembered(), Span::from_seconds(390));
        assert_eq!(shape.slots, 50_000);
        assert_eq!(shape.check(Window::MINUTE), Ok(()));
    }

    #[test]
    fn h21_a_ring_that_forgets_inside_the_window_is_refused() {
        let shape = |generations| Shape {
            generations,
            ..Shape::for_rate(1)
        };
        assert_eq!(shape(13).check(Window::MINUTE), Ok(()));
        let refused = shape(12).check(Window::MINUTE).unwrap_err();
        assert_eq!(
            refused,
            ShapeError::RetentionShort {
                remembered: Span::from_seconds(180),
                needed: Span::from_seconds(195),
            }
        );
        assert_eq!(refused.code().name, "replay_retention_short");
    }

    #[test]
    fn each_size_has_a_range() {
        let good = Shape::for_rate(1);
        let bad = [
            (
                "bucket",
                Shape {
                    bucket: Span::ZERO,
                    ..good
                },
            ),
            (
                "bucket",
                Shape {
                    bucket: Span::from_millis(-1),
                    ..good
                },
            ),
            (
                "bucket",
                Shape {
                    bucket: Span::from_millis(i64::MAX),
                    ..good
                },
            ),
            (
                "generations",
                Shape {
                    generations: 1,
                    ..good
                },
            ),
            (
                "generations",
                Shape {
                    generations: u32::MAX,
                    ..good
                },
            ),
            ("slots", Shape { slots: 0, ..good }),
            (
                "slots",
                Shape {
                    slots: u32::MAX,
                    ..good
                },
            ),
            (
                "owner_slots",
                Shape {
                    owner_slots: 0,
                    ..good
                },
            ),
            (
                "owner_cap",
                Shape {
                    owner_cap: 0,
                    ..good
                },
            ),
        ];
        for (field, shape) in bad {
            let refused = shape.check(Window::MINUTE).unwrap_err();
            assert_eq!(refused, ShapeError::SizeInvalid { field });
        }
        let past = Span::from_millis(i64::MAX);
        let refused = good.check(Window { past, future: past }).unwrap_err();
        assert_eq!(refused.code().name, "replay_retention_short");
    }

    #[test]
    fn sizes_do_not_overflow() {
        assert_eq!(Shape::for_rate(u32::MAX).slots, 1 << 31);
        assert_eq!(Shape::for_retained(u64::MAX).slots, 1 << 31);
        assert_eq!(Shape::for_retained(0).slots, 512);
    }

    #[test]
    fn a_shape_that_covers_a_window_fits_it_and_is_no_smaller_than_before() {
        let usual = Shape::for_rate(100);
        assert_eq!(usual.covering(Window::MINUTE), usual);
        for minutes in [5, 60] {
            let span = Span::from_minutes(minutes);
            let window = Window {
                past: span,
                future: span,
            };
            let shape = usual.covering(window);
            assert_eq!(shape.check(window), Ok(()));
            let less = Shape {
                generations: shape.generations - 1,
                ..shape
            };
            assert!(less.check(window).is_err());
        }
    }
}
