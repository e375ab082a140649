//! Instants and spans, in milliseconds, from the caller's clock.

/// An instant: milliseconds since the Unix epoch on the caller's clock.
///
/// Nothing in Counterseal asks the world for the time; `now` is always an argument.
/// All arithmetic saturates, so a hostile number cannot wrap into a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A length of time in milliseconds; it may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Time {
    /// The Unix epoch; also the `since` of a key that has always been there.
    pub const EPOCH: Time = Time(0);
    /// Later than everything; the `until` of what has no end.
    pub const NEVER: Time = Time(i64::MAX);

    /// The instant `ms` milliseconds after the epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Time(ms)
    }

    /// The instant `seconds` seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Time(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down (also before the epoch).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by `span`.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Time(self.0.saturating_add(span.0))
    }

    /// This instant moved back by `span`.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Time(self.0.saturating_sub(span.0))
    }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of `ms` milliseconds.
    pub const fn from_millis(ms: i64) -> Self {
        Span(ms)
    }

    /// A span of `seconds` seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Span(seconds.saturating_mul(1000))
    }

    /// A span of `minutes` minutes.
    pub const fn from_minutes(minutes: i64) -> Self {
        Span(minutes.saturating_mul(60_000))
    }

    /// The span in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The span in whole seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Both spans together.
    #[must_use]
    pub const fn plus(self, other: Span) -> Self {
        Span(self.0.saturating_add(other.0))
    }

    /// This span repeated `times` times.
    #[must_use]
    pub const fn times(self, times: i64) -> Self {
        Span(self.0.saturating_mul(times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::NEVER.plus(Span::from_seconds(1)), Time::NEVER);
        assert_eq!(
            Time::from_millis(i64::MIN).minus(Span::from_seconds(1)),
            Time::from_millis(i64::MIN)
        );
        assert_eq!(Time::from_seconds(i64::MAX), Time::NEVER);
        assert_eq!(
            Time::NEVER.since(Time::from_millis(i64::MIN)),
            Span::from_millis(i64::MAX)
        );
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Time::from_millis(1999).seconds(), 1);
        assert_eq!(Time::from_millis(-1).seconds(), -1);
    }
}
