//! What a token is answered with, by its text and by where it stands.

use serde_json::json;

use super::story::{self, DAY, Sessions, Story};
use super::token::{Token, spelled};
use super::{LATER, W};

pub(in crate::generate) fn cases() -> Vec<Sessions> {
    [texts(), places()].concat()
}

/// S-1: what is no token of ours is refused before anything is asked of a store.
fn texts() -> Vec<Sessions> {
    let of = |id: &str, code: &str, edit: &dyn Fn(&Token) -> String| {
        let mut story = Story::new(id, &["S-1", "Variant"]);
        let told = story.begins();
        let text = edit(&told.token);
        story
            .fails()
            .refuses(&text, code)
            .fails()
            .does_not_mint(&text, code);
        story.told()
    };
    let malformed = |id: &str, edit: &dyn Fn(String) -> String| {
        of(id, "refresh_malformed", &|token| edit(token.text()))
    };
    let changed = |at: usize| {
        move |token: &Token| {
            let mut bytes = token.bytes();
            bytes[at] ^= 1;
            spelled(&bytes)
        }
    };
    vec![
        malformed("an-empty-text", &|_| String::new()),
        malformed("a-letter-less", &|text| text[..88].into()),
        malformed("a-letter-more", &|text| text + "A"),
        malformed("a-padded-text", &|text| text + "="),
        malformed("another-prefix", &|text| text.replace("csrt1_", "csrt2_")),
        malformed("a-prefix-in-capitals", &|text| {
            text.replace("csrt1_", "CSRT1_")
        }),
        malformed("a-blank-behind", &|text| text + " "),
        malformed("a-blank-before", &|text| format!(" {text}")),
        malformed("bits-left-over-in-the-last-letter", &|text| {
            let last = text.as_bytes()[88];
            format!("{}{}", &text[..88], char::from(last + 1))
        }),
        of("another-version", "refresh_malformed", &changed(0)),
        of(
            "a-secret-that-is-not-there",
            "refresh_secret_unknown",
            &changed(1),
        ),
        of("another-session", "refresh_forged", &changed(2)),
        of("another-generation", "refresh_forged", &changed(21)),
        of("another-secret", "refresh_forged", &changed(22)),
        of("another-tag", "refresh_forged", &changed(61)),
    ]
}

/// S-4, S-7, S-8: by the place of a token, and the clock.
fn places() -> Vec<Sessions> {
    let mut cases = Vec::new();
    for (id, at) in [("at-once", 0), ("at-the-end-of-two-windows", 2 * W)] {
        let mut story = Story::new(&format!("the-newest-token-stays-{id}"), &["S-7", "Edge"]);
        let told = story.begins();
        cases.push(story.at(at).stays(&told).told());
    }
    let rotated = |id: &str, flags: &[&'static str]| {
        let mut story = Story::new(id, flags);
        let mut told = story.begins();
        story.at(LATER).rotates(&mut told);
        (story, told)
    };
    let (story, _) = rotated("a-token-is-rotated-after-two-windows", &["S-7", "Edge"]);
    cases.push(story.told());

    let (mut story, mut told) = rotated("and-again-and-again", &["S-4", "Usual"]);
    for turn in 2..6 {
        story.at(turn * LATER).rotates(&mut told);
    }
    cases.push(story.told());

    for (id, after) in [("at-once", 0), ("at-the-end-of-the-window", W)] {
        let (mut story, told) =
            rotated(&format!("r03-the-same-answer-again-{id}"), &["S-4", "S-7"]);
        story.at(LATER + after).retries(&told, "retried", false);
        cases.push(story.told());
    }
    let (mut story, told) = rotated("r03-each-answer-opens-a-window", &["S-8", "Edge"]);
    for turn in 1..4 {
        story.at(LATER + turn * W).retries(&told, "retried", false);
    }
    cases.push(story.told());

    for (id, after) in [("after-the-window", W + 1), ("after-a-day", DAY)] {
        let (mut story, told) = rotated(&format!("r07-the-answer-was-lost-{id}"), &["S-7", "Edge"]);
        story
            .at(LATER + after)
            .retries(&told, "retried_late", false);
        story.retries(&told, "retried", false);
        cases.push(story.told());
    }
    let (mut story, mut told) = rotated("nobody-shows-to-have-the-newest-token", &["S-7", "Edge"]);
    let parent = told.parent.expect("it was rotated").text();
    story.at(LATER + DAY + 1);
    story.ends(&mut told, &parent, "refresh_unconfirmed", "unconfirmed");
    story.refuses(&told.token.text(), "refresh_ended");
    cases.push(story.told());

    cases.extend(confirmed(&rotated));
    cases.extend(budgets(&rotated));
    cases.extend(stolen(&rotated));
    cases.extend(minted(&rotated));
    cases.push(followed());
    cases
}

type Rotated<'r> = &'r dyn Fn(&str, &[&'static str]) -> (Story, story::Told);

/// S-10: who is known to have the newest token does not come with its parent any more.
fn confirmed(rotated: Rotated<'_>) -> Vec<Sessions> {
    let mut cases = Vec::new();
    let (mut story, mut told) = rotated(
        "r02-the-parent-comes-after-its-successor-was-used",
        &["S-7", "S-10"],
    );
    let parent = told.parent.expect("it was rotated").text();
    story
        .at(LATER + 1)
        .stays(&told)
        .at(LATER + W)
        .retries(&told, "retried", false);
    story
        .at(LATER + W + 1)
        .ends(&mut told, &parent, "refresh_replayed", "replayed");
    story
        .refuses(&told.token.text(), "refresh_ended")
        .lists(&[]);
    cases.push(story.told());

    let (mut story, mut told) = rotated(
        "r02-the-parent-comes-after-its-successor-was-confirmed",
        &["S-10"],
    );
    let parent = told.parent.expect("it was rotated").text();
    story.at(LATER + 1).confirms(&told, 1).confirms(&told, 1);
    story
        .at(LATER + W + 1)
        .ends(&mut told, &parent, "refresh_replayed", "replayed");
    story.confirms(&told, 1);
    cases.push(story.told());

    let (mut story, told) = rotated("another-generation-is-confirmed", &["S-10"]);
    story.at(LATER + 1).confirms(&told, 0).confirms(&told, 2);
    story
        .at(LATER + W + 1)
        .retries(&told, "retried_late", false);
    cases.push(story.told());
    cases
}

/// S-7, S-8: how often a parent is answered.
fn budgets(rotated: Rotated<'_>) -> Vec<Sessions> {
    let (mut story, told) = rotated("a-window-has-a-budget", &["S-7", "S-12"]);
    story = story.policy(json!({"retries": 2}));
    let parent = told.parent.expect("it was rotated").text();
    story.at(LATER + 1).confirms(&told, 1);
    story
        .retries(&told, "retried", false)
        .retries(&told, "retried", false);
    story
        .refuses(&parent, "refresh_busy")
        .at(LATER + W)
        .refuses(&parent, "refresh_busy");
    story.stays(&told);
    let (mut late, told) = rotated("each-late-answer-has-a-budget-of-its-own", &["S-8"]);
    late = late.policy(json!({"retries": 1}));
    let parent = told.parent.expect("it was rotated").text();
    late.retries(&told, "retried", false)
        .refuses(&parent, "refresh_busy");
    late.at(LATER + W + 1).retries(&told, "retried_late", false);
    late.retries(&told, "retried", false)
        .refuses(&parent, "refresh_busy");
    vec![story.told(), late.told()]
}

/// S-7: tokens that should not be there.
fn stolen(rotated: Rotated<'_>) -> Vec<Sessions> {
    let mut cases = Vec::new();
    let (mut story, mut told) = rotated("r02-a-token-older-than-the-parent", &["S-7"]);
    let first = told.parent.expect("it was rotated").text();
    story.at(2 * LATER).rotates(&mut told);
    story.ends(&mut told, &first, "refresh_replayed", "replayed");
    story
        .refuses(&told.token.text(), "refresh_ended")
        .refuses(&first, "refresh_ended");
    cases.push(story.told());

    let (mut story, mut told) =
        rotated("a-token-that-the-store-has-not-seen-made", &["S-7", "S-12"]);
    let newer = told.token.next(7, &[99; 16]);
    story.ends(
        &mut told,
        &newer.text(),
        "refresh_store_behind",
        "store_behind",
    );
    story.refuses(&told.token.text(), "refresh_ended");
    cases.push(story.told());

    let (mut story, mut told) = rotated("a-second-successor-of-one-token", &["S-5"]);
    let other = told.parent.expect("it was rotated").next(7, &[99; 16]);
    story.ends(
        &mut told,
        &other.text(),
        "refresh_store_behind",
        "store_behind",
    );
    cases.push(story.told());

    let mut story = story_of_two("r02-reuse-ends-all-sessions-of-the-subject");
    story = story.policy(json!({"on_reuse": "subject"}));
    let (mut one, other) = (story.begins(), story.begins());
    let first = one.token.text();
    story.at(LATER).rotates(&mut one);
    story.at(2 * LATER).rotates(&mut one);
    story.ends(&mut one, &first, "refresh_replayed", "replayed");
    story.refuses(&other.token.text(), "refresh_user_ver");
    cases.push(story.told());

    let mut story = story_of_two("r02-reuse-ends-one-session");
    let (mut one, mut other) = (story.begins(), story.begins());
    let first = one.token.text();
    story.at(LATER).rotates(&mut one);
    story.at(2 * LATER).rotates(&mut one);
    story.ends(&mut one, &first, "refresh_replayed", "replayed");
    story.rotates(&mut other).lists(&[&other]);
    cases.push(story.told());
    cases
}

fn story_of_two(id: &str) -> Story {
    Story::new(id, &["S-11"])
}

/// S-7: where nothing may be written.
fn minted(rotated: Rotated<'_>) -> Vec<Sessions> {
    let (mut story, mut told) = rotated("nothing-is-written-where-nothing-can-be-stored", &["S-7"]);
    let parent = told.parent.expect("it was rotated").text();
    let newest = told.token.text();
    story.mints(&told, &newest).mints(&told, &parent);
    story.at(2 * LATER).mints(&told, &newest).rotates(&mut told);
    story
        .mints(&told, &newest)
        .does_not_mint(&parent, "refresh_superseded");
    story.retries(&told, "retried", false);
    story
        .at(2 * LATER + DAY + 1)
        .does_not_mint(&newest, "refresh_superseded");
    let (mut newer, told) = rotated("a-newer-token-mints-nothing", &["S-7"]);
    let text = told.token.next(7, &[99; 16]).text();
    newer
        .does_not_mint(&text, "refresh_superseded")
        .stays(&told);
    vec![story.told(), newer.told()]
}

/// S-9: somebody may follow with a copy.
fn followed() -> Sessions {
    let mut story = Story::new("three-late-generations-in-a-row-are-told", &["S-9"]);
    let mut told = story.begins();
    for turn in 1..=3 {
        story.at(turn * 3 * LATER).rotates(&mut told);
        story
            .at(turn * 3 * LATER + W + 1)
            .retries(&told, "retried_late", turn == 3);
    }
    story.at(20 * LATER).rotates(&mut told);
    story.retries(&told, "retried", false);
    story.told()
}
