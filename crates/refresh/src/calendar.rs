//! Instants for operators.

use alloc::format;
use alloc::string::String;

use counterseal_core::{Span, Time};

/// An instant as a calendar has it, in whole seconds and in UTC.
pub(crate) fn calendar(time: Time) -> String {
    let seconds = time.seconds();
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

/// A span in seconds, to the millisecond where that is not zero.
pub(crate) fn seconds(span: Span) -> String {
    let millis = span.millis();
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    match millis % 1_000 {
        0 => format!("{sign}{} s", millis / 1_000),
        rest => format!("{sign}{}.{rest:03} s", millis / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_those_of_the_calendar() {
        for (seconds, text) in [
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(calendar(Time::from_seconds(seconds)), text);
        }
    }

    #[test]
    fn the_first_and_the_last_instant_have_a_text() {
        assert!(calendar(Time::NEVER).ends_with('Z'));
        assert!(calendar(Time::from_millis(i64::MIN)).ends_with('Z'));
    }

    #[test]
    fn spans_are_told_to_the_millisecond() {
        for (millis, text) in [
            (0, "0 s"),
            (30_000, "30 s"),
            (30_001, "30.001 s"),
            (-5_010, "-5.010 s"),
            (i64::MIN, "-9223372036854775.808 s"),
        ] {
            assert_eq!(seconds(Span::from_millis(millis)), text);
        }
    }
}
