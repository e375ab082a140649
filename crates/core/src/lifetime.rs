//! How long something may live: a wish, clamped against named bounds, with the trail of what each bound did.
//!
//! ```
//! use counterseal_core::{Bound, Lifetime, Span, Time};
//! let now = Time::from_seconds(1_800_000_000);
//! let bounds = [
//!     Bound::floor("policy.floor", Span::from_minutes(5)),
//!     Bound::ceiling("policy.ci", Span::from_minutes(120)),
//!     Bound::end("job.exp", now.plus(Span::from_minutes(30))),
//! ];
//! let life = Lifetime::clamp(Span::from_minutes(600), &bounds, now)?;
//! assert_eq!(life.until(), now.plus(Span::from_minutes(30)));
//! assert_eq!(life.decided_by(), "job.exp");
//! # Ok::<(), counterseal_core::LifetimeError>(())
//! ```
//!
//! A [`Lifetime`] has no other constructor, so nothing can be minted around the policy.
//! It does not watch the clock: whoever holds it compares `until` with its own `now`.

use core::fmt;

use crate::{Code, Refusal, Span, Time};

/// A named limit of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    name: &'static str,
    limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Ceiling(Span),
    End(Time),
    Floor(Span),
}

/// A lifetime that every bound agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    from: Time,
    until: Time,
    trail: Trail,
}

/// What each bound did to a lifetime, in the order of the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    steps: [Cut; MAX_BOUNDS],
    len: usize,
}

/// One bound that shortened a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The bound's name, as the policy calls it.
    pub name: &'static str,
    /// What was asked of this bound.
    pub asked: Span,
    /// What it left.
    pub granted: Span,
}

/// Why no lifetime came of a wish.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifetimeError {
    /// The wish, or what the bounds left of it, is not longer than zero.
    Empty {
        /// What was left.
        granted: Span,
    },
    /// A floor refuses so short a life; it is never lengthened.
    TooShort {
        /// The floor's name.
        floor: &'static str,
        /// The shortest life that it allows.
        least: Span,
        /// What was left.
        granted: Span,
    },
    /// More than [`MAX_BOUNDS`] bounds were given.
    TooManyBounds,
}

impl Bound {
    /// A life of at most `span`.
    pub const fn ceiling(name: &'static str, span: Span) -> Self {
        Bound {
            name,
            limit: Limit::Ceiling(span),
        }
    }

    /// A life that ends no later than `at`.
    pub const fn end(name: &'static str, at: Time) -> Self {
        Bound {
            name,
            limit: Limit::End(at),
        }
    }

    /// A life of at least `span`, or none.
    pub const fn floor(name: &'static str, span: Span) -> Self {
        Bound {
            name,
            limit: Limit::Floor(span),
        }
    }

    fn ceiling_at(&self, now: Time) -> Option<Span> {
        match self.limit {
            Limit::Ceiling(span) => Some(span),
            Limit::End(at) => Some(at.since(now)),
            Limit::Floor(_) => None,
        }
    }
}

impl Lifetime {
    /// The longest life, at most `asked` from `now` on, that every bound allows.
    ///
    /// Ceilings and ends shorten; floors judge what is left and never lengthen it.
    ///
    /// # Errors
    ///
    /// [`LifetimeError`] when nothing is left, when a floor refuses, or when there are too many bounds.
    pub fn clamp(asked: Span, bounds: &[Bound], now: Time) -> Result<Self, LifetimeError> {
        let mut trail = Trail::new(bounds.len())?;
        let mut granted = asked;
        for bound in bounds {
            if let Some(most) = bound.ceiling_at(now).filter(|most| *most < granted) {
                trail.push(bound.name, granted, most);
                granted = most;
            }
        }
        check_floors(granted, bounds)?;
        Ok(Lifetime {
            from: now,
            until: now.plus(granted),
            trail,
        })
    }

    /// When it begins.
    pub const fn from(&self) -> Time {
        self.from
    }

    /// The first instant at which it is over.
    pub const fn until(&self) -> Time {
        self.until
    }

    /// How long it is.
    pub const fn span(&self) -> Span {
        self.until.since(self.from)
    }

    /// What the bounds cut away.
    pub fn trail(&self) -> &[Cut] {
        &self.trail.steps[..self.trail.len]
    }

    /// The bound that had the last word, or `asked` when none had to shorten it.
    pub fn decided_by(&self) -> &'static str {
        self.trail().last().map_or("asked", |cut| cut.name)
    }
}

impl Trail {
    fn new(bounds: usize) -> Result<Self, LifetimeError> {
        let blank = Cut {
            name: "",
            asked: Span::ZERO,
            granted: Span::ZERO,
        };
        if bounds > MAX_BOUNDS {
            return Err(LifetimeError::TooManyBounds);
        }
        Ok(Trail {
            steps: [blank; MAX_BOUNDS],
            len: 0,
        })
    }

    fn push(&mut self, name: &'static str, asked: Span, granted: Span) {
        self.steps[self.len] = Cut {
            name,
            asked,
            granted,
        };
        self.len += 1;
    }
}

impl LifetimeError {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[EMPTY, TOO_SHORT, TOO_MANY_BOUNDS];
}

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { granted } => {
                write!(f, "a life of {} ms is no life", granted.millis())
            }
            Self::TooShort {
                floor,
                least,
                granted,
            } => write!(
                f,
                "{floor} wants at least {} ms, {} ms are left",
                least.millis(),
                granted.millis()
            ),
            Self::TooManyBounds => write!(f, "more than {MAX_BOUNDS} bounds"),
        }
    }
}

impl core::error::Error for LifetimeError {}

impl Refusal for LifetimeError {
    fn code(&self) -> Code {
        match self {
            Self::Empty { .. } => EMPTY,
            Self::TooShort { .. } => TOO_SHORT,
            Self::TooManyBounds => TOO_MANY_BOUNDS,
        }
    }
}

fn check_floors(granted: Span, bounds: &[Bound]) -> Result<(), LifetimeError> {
    if granted <= Span::ZERO {
        return Err(LifetimeError::Empty { granted });
    }
    for bound in bounds {
        match bound.limit {
            Limit::Floor(least) if granted < least => {
                return Err(LifetimeError::TooShort {
                    floor: bound.name,
                    least,
                    granted,
                });
            }
            Limit::Floor(_) | Limit::Ceiling(_) | Limit::End(_) => {}
        }
    }
    Ok(())
}

/// The most bounds one clamp takes.
pub const MAX_BOUNDS: usize = 8;

const EMPTY: Code = Code::integrator(
    "lifetime_empty",
    "nothing is left of the lifetime that was asked for",
    "ask for more than zero, and check that no bound ends in the past",
);
const TOO_SHORT: Code = Code::integrator(
    "lifetime_too_short",
    "the bounds leave less than the floor allows",
    "compare the ceilings with the floor that is named; a floor refuses, it never lengthens",
);
const TOO_MANY_BOUNDS: Code = Code::integrator(
    "lifetime_too_many_bounds",
    "more bounds were given than one clamp takes",
    "meet bounds of the same kind before clamping",
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time::from_seconds(1_800_000_000);

    #[test]
    fn the_tightest_bound_has_the_last_word() {
        let bounds = [
            Bound::ceiling("a", Span::from_seconds(90)),
            Bound::end("b", NOW.plus(Span::from_seconds(30))),
            Bound::ceiling("c", Span::from_seconds(60)),
        ];
        let life = Lifetime::clamp(Span::from_seconds(100), &bounds, NOW).unwrap();
        assert_eq!(life.span(), Span::from_seconds(30));
        assert_eq!(life.decided_by(), "b");
        assert_eq!(life.trail().len(), 2);
    }

    #[test]
    fn a_wish_inside_all_bounds_is_granted_as_asked() {
        let bounds = [Bound::ceiling("a", Span::from_seconds(90))];
        let life = Lifetime::clamp(Span::from_seconds(90), &bounds, NOW).unwrap();
        assert_eq!(life.decided_by(), "asked");
    }

    #[test]
    fn a_floor_refuses_and_never_lengthens() {
        let bounds = [
            Bound::floor("least", Span::from_seconds(300)),
            Bound::ceiling("most", Span::from_seconds(299)),
        ];
        let refused = Lifetime::clamp(Span::from_seconds(1000), &bounds, NOW).unwrap_err();
        assert_eq!(refused.code().name, "lifetime_too_short");
    }

    #[test]
    fn a_bound_in_the_past_leaves_nothing() {
        let bounds = [Bound::end("over", NOW)];
        let refused = Lifetime::clamp(Span::from_seconds(1), &bounds, NOW).unwrap_err();
        assert_eq!(refused.code().name, "lifetime_empty");
        assert!(Lifetime::clamp(Span::from_millis(-1), &[], NOW).is_err());
    }

    #[test]
    fn a_ninth_bound_is_refused() {
        let bounds = [Bound::ceiling("a", Span::from_seconds(9)); MAX_BOUNDS + 1];
        let refused = Lifetime::clamp(Span::from_seconds(1), &bounds, NOW).unwrap_err();
        assert_eq!(refused, LifetimeError::TooManyBounds);
    }

    proptest! {
        #[test]
        fn clamping_never_lengthens_and_obeys_each_bound(
            asked in any::<i64>(), most in any::<i64>(), end in any::<i64>(), now in any::<i64>(),
        ) {
            let now = Time::from_millis(now);
            let bounds = [Bound::ceiling("c", Span::from_millis(most)), Bound::end("e", Time::from_millis(end))];
            if let Ok(life) = Lifetime::clamp(Span::from_millis(asked), &bounds, now) {
                prop_assert!(life.span() <= Span::from_millis(asked));
                prop_assert!(life.span() <= Span::from_millis(most));
                prop_assert!(life.until() <= Time::from_millis(end));
                prop_assert!(life.until() >= life.from());
            }
        }
    }
}
