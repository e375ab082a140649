//! Identities: which spellings of a name count as one.

use alloc::string::String;

/// The form in which names are compared: lower case, without white space, control characters and invisible ones, with
/// the letters of full width as the usual ones, and no longer than 256 letters.
///
/// It is no Unicode normalisation: a letter and the same one with a combining mark are two.
///
/// It is for counting only: two names that differ may count as one, and that is the safe side for a limit.
//= docs/spec/limit.md#L-10
pub(crate) fn normal(name: &str) -> String {
    let seen = name.chars().filter(|letter| !is_invisible(*letter));
    // Lower, upper and lower again: some letters are the same in upper case only ('ς' and 'σ', 'ſ' and 's', 'ẞ' and "ss").
    let lower = seen.map(narrow).flat_map(char::to_lowercase);
    let upper = lower.flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// The letters U+FF01 to U+FF5E are those from `!` to `~` in another width.
fn narrow(letter: char) -> char {
    let narrow = match letter {
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter) - 0xfee0,
        _ => return letter,
    };
    char::from_u32(narrow).unwrap_or(letter)
}

fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || FORMAT
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&letter))
}

/// Letters that change how others look, or are not seen (Unicode's `Default_Ignorable_Code_Point`, and the marks of
/// direction).
const FORMAT: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Longer than names are.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::{LONGEST, normal};
    use proptest::prelude::*;

    #[test]
    fn p10_spellings_of_a_name_count_as_one() {
        for spelling in [
            "alice@example",
            "Alice@Example",
            "ALICE@EXAMPLE",
            " alice@example",
            "alice@example\n",
            "ali ce@example",
            "ali\u{a0}ce@example",
            "ali\u{200b}ce@example",
            "\u{202e}alice@example",
            "\u{feff}alice@example",
            "alice\0@example",
            "\u{ff41}lice\u{ff20}example",
            "ali\u{ad}ce@example",
            "alice@ex\u{2060}ample",
            "alice@example\u{e0041}",
        ] {
            assert_eq!(normal(spelling), "alice@example", "{spelling:?}");
        }
        assert_eq!(normal("ΟΔΟΣ"), normal("οδός".replace('ό', "ο").as_str()));
        assert_ne!(normal("alice@example.org"), normal("alice@example"));
        assert_eq!(normal("\u{130}"), normal("i\u{307}"));
    }

    #[test]
    fn p10_letters_that_are_one_in_upper_case_are_one() {
        for (one, other) in [
            ("stra\u{df}e", "STRASSE"),
            ("STRA\u{1e9e}E", "strasse"),
            ("\u{17f}am", "SAM"),
            ("\u{212a}im", "kim"),
        ] {
            assert_eq!(normal(one), normal(other), "{one}");
        }
    }

    #[test]
    fn names_that_begin_with_the_same_256_letters_are_one() {
        let long = "a".repeat(LONGEST);
        assert_eq!(normal(&(long.clone() + "b")), long);
        assert_ne!(normal(&long[1..]), long);
    }

    proptest! {
        #[test]
        fn a_normal_name_is_its_own_normal_form(name in ".{0,30}") {
            let once = normal(&name);
            prop_assert_eq!(normal(&once), once);
        }
    }
}
