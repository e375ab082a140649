//! What operators see of a token in a log, without any secret.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod common;

use counterseal_core::{Seed, drive};
use counterseal_refresh::inspect;
use counterseal_testkit::NOW;
use proptest::prelude::*;

use common::{NEW, World, at, text};

/// A token no part of which looks like another part.
fn token() -> String {
    let world = World::new();
    let seed = Seed::new(core::array::from_fn(|at| {
        u8::try_from(at * 5 + 3).unwrap_or(0)
    }));
    let step = world.refresher.begin_session(&NEW, NOW, &seed).unwrap();
    text(drive(&world.store, step).unwrap().token())
}

/// Whether a part of `text` that is worth something stands in `told`.
fn is_echoed(text: &str, told: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let mut parts = letters.windows(8).map(String::from_iter);
    parts.any(|part| told.contains(&part))
}

#[test]
fn a_token_is_told_by_its_number_session_and_generation() {
    let world = World::new();
    let (id, first) = world.begin(&NEW, NOW);
    let second = world.rotated(&first, at(41));
    for (token, generation) in [(first, 0), (second, 1)] {
        let told = format!(
            "nothing of this is checked: anybody may have written it\n\
             a refresh token: 62 bytes of version 1\n\
             secret number 7\n\
             session {id}\n\
             generation {generation}\n\
             own secret: 24 bytes, not shown\n\
             tag: 16 bytes, not shown"
        );
        assert_eq!(inspect(&token), told);
    }
}

#[test]
fn neither_secret_nor_tag_is_shown() {
    let token = token();
    let told = inspect(&token);
    assert!(told.contains("generation 0"), "{told}");
    assert!(!is_echoed(&token, &told), "{told}");
}

#[test]
fn nothing_is_checked_of_a_token_that_anybody_has_written() {
    let told = inspect(&format!("csrt1_AQ{}w", "_".repeat(80)));
    assert!(told.contains("secret number 15\n"), "{told}");
    assert!(told.contains("generation 4294967295\n"), "{told}");
}

#[test]
fn a_text_that_is_no_token_is_told_by_the_first_fault() {
    let token = token();
    for (text, fault) in [
        (String::new(), "it does not begin with csrt1_"),
        (token[..4].into(), "it does not begin with csrt1_"),
        (format!(" {token}"), "it does not begin with csrt1_"),
        (format!("\"{token}\""), "it does not begin with csrt1_"),
        (
            token.replace("csrt1_", "CSRT1_"),
            "it does not begin with csrt1_",
        ),
        ("csrt1_".into(), "it has 6 bytes in the place of 89"),
        (token[..88].into(), "it has 88 bytes in the place of 89"),
        (format!("{token}="), "it has 90 bytes in the place of 89"),
        (
            format!("{}=", &token[..88]),
            "it is not base64url in its one form",
        ),
        (
            format!("{}\u{e9}", &token[..87]),
            "it is not base64url in its one form",
        ),
        (
            format!("{}_", &token[..88]),
            "it is not base64url in its one form",
        ),
        (
            token.replace("csrt1_A", "csrt1_D"),
            "it is not of version 1",
        ),
    ] {
        let told = inspect(&text);
        let notice = "nothing of this is checked: anybody may have written it";
        assert_eq!(told, format!("{notice}\nno refresh token: {fault}"));
        assert!(!is_echoed(&text, &told) || text == "csrt1_", "{told}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_none_is_echoed(text in "(csrt1_)?\\PC{0,100}") {
        let told = inspect(&text);
        prop_assert!(!is_echoed(&text, &told), "{}", told);
    }

    #[test]
    fn what_has_the_form_is_what_is_not_malformed(text in "csrt1_A[A-Za-z0-9_-]{81}[AQgwBC]") {
        let world = World::new();
        let refused = world.refresh(&text, NOW).err();
        let is_malformed = refused == Some(counterseal_refresh::RefreshError::Malformed);
        prop_assert_eq!(inspect(&text).contains("no refresh token"), is_malformed);
    }
}
