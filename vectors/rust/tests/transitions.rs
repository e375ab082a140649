//! The diagram of the rule of refresh tokens is found by asking the rule.

use counterseal_vectors::{Lengths, transitions};

#[test]
fn each_row_of_the_rule_is_somewhere_in_the_diagram() {
    let text = transitions(&Lengths::SMALL);
    assert!(text.contains("[*] --> same_retry\n"), "{text}");
    for answer in [
        "/ refresh_holder",
        "/ refresh_clock",
        "/ refresh_ended",
        "/ refresh_expired",
        "newer / refresh_store_behind",
        "older / refresh_replayed",
        "parent / retry",
        "parent / refresh_busy",
        "parent / refresh_replayed",
        "parent / late retry",
        "parent / refresh_unconfirmed",
        "newest / same",
        "newest / rotate",
    ] {
        assert!(text.contains(answer), "{answer} is not in\n{text}");
    }
}

#[test]
fn other_lengths_have_another_diagram() {
    // Whoever is not waited for any longer than a window has no late retry.
    let text = transitions(&Lengths {
        unconfirmed: Lengths::SMALL.window,
        ..Lengths::SMALL
    });
    assert!(text.contains("same_unconfirmed"), "{text}");
    assert!(!text.contains("late"), "{text}");
    // With one retry in a window, the next one is busy.
    let once = transitions(&Lengths {
        retries: 1,
        ..Lengths::SMALL
    });
    let again = "same_retry --> same_retry";
    assert!(!once.contains(again), "{once}");
    assert!(transitions(&Lengths::SMALL).contains(again));
}
