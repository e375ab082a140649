//! Arguments that cannot be, found before they reach a room.

use core::fmt;

use counterseal::core::{Code, Refusal, Seed, Time};

use crate::codes;

/// What is wrong with an argument. It names the argument and what it may be, never what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentFault {
    /// None of the words that it may be.
    Choice {
        /// The argument.
        name: &'static str,
        /// The words, for people.
        wanted: &'static str,
    },
    /// Too few or too many bytes or items.
    Length {
        /// The argument.
        name: &'static str,
        /// How long it is.
        len: usize,
        /// The least that it may be.
        least: usize,
        /// The most that it may be.
        most: usize,
    },
    /// A number outside its range, or with a fraction.
    Range {
        /// The argument.
        name: &'static str,
        /// The least that it may be.
        least: i64,
        /// The most that it may be.
        most: i64,
    },
    /// A text that cannot be written in UTF-8: it has a lone surrogate.
    Text {
        /// The argument.
        name: &'static str,
    },
    /// A value of another type.
    Type {
        /// The argument.
        name: &'static str,
        /// The types that it may have, for people.
        wanted: &'static str,
    },
}

/// The instant `ms`, as an argument called `name`.
///
/// # Errors
///
/// [`ArgumentFault::Range`] outside of 1970 to 9999.
pub fn time(name: &'static str, ms: i64) -> Result<Time, ArgumentFault> {
    number(name, ms, 0, MAX_TIME).map(Time::from_millis)
}

/// `value`, if it is within `least..=most`.
///
/// # Errors
///
/// [`ArgumentFault::Range`] when it is not.
pub fn number(name: &'static str, value: i64, least: i64, most: i64) -> Result<i64, ArgumentFault> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(ArgumentFault::Range { name, least, most })
}

/// The seed of exactly these `N` bytes.
///
/// # Errors
///
/// [`ArgumentFault::Length`] for any other number of bytes.
pub fn seed<const N: usize>(name: &'static str, bytes: &[u8]) -> Result<Seed<N>, ArgumentFault> {
    check_len(name, bytes.len(), N, N)?;
    Ok(Seed::new(bytes.try_into().expect("the length was checked")))
}

/// Checks a length before anything of that length is copied.
///
/// # Errors
///
/// [`ArgumentFault::Length`] outside `least..=most`.
pub fn check_len(
    name: &'static str,
    len: usize,
    least: usize,
    most: usize,
) -> Result<(), ArgumentFault> {
    if (least..=most).contains(&len) {
        return Ok(());
    }
    let fault = ArgumentFault::Length {
        name,
        len,
        least,
        most,
    };
    Err(fault)
}

impl Refusal for ArgumentFault {
    fn code(&self) -> Code {
        match self {
            Self::Choice { .. } => codes::ARGUMENT_CHOICE,
            Self::Length { .. } => codes::ARGUMENT_LENGTH,
            Self::Range { .. } => codes::ARGUMENT_RANGE,
            Self::Text { .. } => codes::ARGUMENT_TEXT,
            Self::Type { .. } => codes::ARGUMENT_TYPE,
        }
    }
}

impl fmt::Display for ArgumentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)?;
        match self {
            Self::Choice { name, wanted } | Self::Type { name, wanted } => {
                write!(f, " ({name}: {wanted})")
            }
            Self::Length {
                name, least, most, ..
            } if least == most => write!(f, " ({name}: exactly {most})"),
            Self::Length { name, most, .. } => write!(f, " ({name}: at most {most})"),
            Self::Range { name, least, most } => write!(f, " ({name}: {least} to {most})"),
            Self::Text { name } => write!(f, " ({name})"),
        }
    }
}

impl core::error::Error for ArgumentFault {}

/// The last millisecond of the year 9999.
pub const MAX_TIME: i64 = 253_402_300_799_999;
/// The most bytes of any one argument: a byte more than any policy's body limit.
pub const MAX_BYTES: usize = 64 * 1024 * 1024 + 1;
/// The most items of any list.
pub const MAX_ITEMS: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b07_a_time_is_within_1970_and_9999() {
        assert!(time("now", 0).is_ok() && time("now", MAX_TIME).is_ok());
        for bad in [-1, MAX_TIME + 1, i64::MAX, i64::MIN] {
            let fault = time("now", bad).unwrap_err();
            assert_eq!(fault.code().name, "binding_argument_range");
        }
    }

    #[test]
    fn a_seed_has_exactly_its_bytes() {
        assert!(seed::<16>("seed", &[0; 16]).is_ok());
        for len in [0, 15, 17] {
            let fault = seed::<16>("seed", &vec![0; len]).err().unwrap();
            assert_eq!(fault.code().name, "binding_argument_length");
        }
    }
}
