//! Instants and spans, in milliseconds, from the caller's clock.

use alloc::{format, string::String};

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

    /// As people read it, in whole seconds and in UTC: `2027-01-15T08:00:00Z`, by the proleptic calendar of Gregory.
    pub fn calendar(self) -> String {
        let seconds = self.seconds();
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Days since the first of March of the year 0, in eras of 400 years; so a leap day is the last of its year.
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let date = day - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        let year = year + era * 400 + carry;
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
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
    fn instants_are_those_of_the_calendar() {
        for (seconds, text) in [
            (-1, "1969-12-31T23:59:59Z"),
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Time::from_seconds(seconds).calendar(), text);
        }
        assert!(Time::NEVER.calendar().ends_with('Z'));
        assert!(Time::from_millis(i64::MIN).calendar().ends_with('Z'));
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Time::from_millis(1999).seconds(), 1);
        assert_eq!(Time::from_millis(-1).seconds(), -1);
    }
}
