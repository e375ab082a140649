//! When something is fetched, and how long keys are used.

use serde_json::json;

use super::{Cause, Fetch, Story, answer, of_header, set, story, with};

pub(super) fn cases() -> Vec<Fetch> {
    [
        unknown(),
        absent(),
        refreshes(),
        pauses(),
        late(),
        ages(),
        clocks(),
    ]
    .concat()
}

fn unknown() -> Vec<Fetch> {
    let one = |id: &str| with(id, &["I-4"], &["k1"]);
    let none = |id: &str, token: &str| one(id).wants_of(token.into(), false).told();
    vec![
        one("a-key-that-is-there").wants("k1", true).told(),
        one("o03-one-order-at-a-time")
            .at(1_000)
            .fetches("k2")
            .wants("k3", true)
            .at(2_000)
            .wants("k4", true)
            .wants("k1", true)
            .told(),
        one("o03-a-pause-after-a-success")
            .fetches("k2")
            .at(4_000)
            .same_set(2, &["k1"])
            .wants("k3", false)
            .at(33_999)
            .wants("k3", false)
            .at(34_000)
            .fetches("k3")
            .told(),
        one("o03-a-pause-after-a-failure")
            .fetches("k2")
            .at(4_000)
            .fails(2, Cause::Connection)
            .wants("k2", false)
            .at(33_999)
            .wants("k2", false)
            .at(34_000)
            .fetches("k2")
            .told(),
        one("o03-a-pause-after-an-answer-that-is-no-set")
            .fetches("k2")
            .at(4_000)
            .responds(answer(2, ""), Some("jwt_fetch_keys"), false)
            .wants("k2", false)
            .at(34_000)
            .fetches("k2")
            .told(),
        one("o03-a-pause-after-no-answer-at-all")
            .fetches("k2")
            .at(10_000)
            .idle()
            .failed(Some("jwt_fetch_timeout"))
            .at(39_999)
            .wants("k3", false)
            .at(40_000)
            .fetches("k3")
            .told(),
        one("o03-a-pause-after-a-key-that-was-there")
            .fetches("k2")
            .new_set(2, &["k1", "k2"])
            .wants("k2", true)
            .wants("k3", false)
            .at(30_000)
            .fetches("k3")
            .told(),
        {
            let mut longer = one("o03-a-longer-pause");
            longer.fetcher.cool_down_seconds = Some(600);
            let longer = longer.fetches("k2").same_set(2, &["k1"]);
            longer
                .at(599_999)
                .wants("k3", false)
                .at(600_000)
                .fetches("k3")
                .told()
        },
        flood(false),
        flood(true),
        none("o03-a-text-that-is-no-token", "x"),
        none("o03-a-token-of-two-parts", "e30.e30"),
        none(
            "o03-a-token-without-a-kid",
            &of_header(&json!({"alg": "EdDSA"})),
        ),
        none("o03-a-kid-that-is-a-number", &of_header(&json!({"kid": 1}))),
        none("o03-a-kid-that-is-empty", &of_header(&json!({"kid": ""}))),
        none(
            "o03-a-kid-of-256-letters",
            &of_header(&json!({"kid": "k".repeat(256)})),
        ),
        one("o03-a-kid-of-255-letters")
            .fetches(&"k".repeat(255))
            .told(),
        none(
            "o03-a-token-that-is-too-long",
            &format!("{}.{}.AA", "A".repeat(20), "A".repeat(8_200)),
        ),
    ]
}

/// A token with another unknown key in each second of 90, and a fetch for three of them.
fn flood(fails: bool) -> Fetch {
    let id = if fails {
        "o03-a-flood-while-the-issuer-is-away"
    } else {
        "o03-a-flood"
    };
    let mut story = with(id, &["I-4"], &["k1"]);
    for second in 0..90 {
        let kid = format!("random-{second}");
        story = story.at(second * 1_000);
        if second % 30 != 0 {
            story = story.wants(&kid, false);
            continue;
        }
        story = story.fetches(&kid);
        let order = story.orders;
        story = if fails {
            story.fails(order, Cause::Tls)
        } else {
            story.same_set(order, &["k1"])
        };
    }
    story.has(&["k1"], 1).told()
}

fn absent() -> Vec<Fetch> {
    let one = |id: &str| {
        let story = with(id, &["I-5"], &["k1"]).at(1_000).fetches("k2");
        story.same_set(2, &["k1"])
    };
    vec![
        one("o03-a-key-that-was-not-there")
            .wants("k2", false)
            .at(300_999)
            .wants("k2", false)
            .at(301_000)
            .fetches("k2")
            .told(),
        one("o03-another-key-than-the-one-that-was-not-there")
            .at(31_000)
            .wants("k2", false)
            .fetches("k3")
            .wants("k2", false)
            .told(),
        one("a-new-set-forgets-which-keys-were-not-there")
            .at(31_000)
            .fetches("k3")
            .new_set(3, &["k1", "k3"])
            .wants("k2", false)
            .at(61_000)
            .fetches("k2")
            .told(),
        one("a-set-that-is-the-same-does-not-forget")
            .at(600_000)
            .due()
            .same_set(3, &["k1"])
            .told(),
        with(
            "only-the-key-that-was-fetched-for-is-remembered",
            &["I-5"],
            &["k1"],
        )
        .fetches("k2")
        .wants("k3", true)
        .same_set(2, &["k1"])
        .at(30_000)
        .wants("k2", false)
        .fetches("k3")
        .told(),
        with("a-key-is-not-remembered-after-a-failure", &["I-5"], &["k1"])
            .fetches("k2")
            .fails(2, Cause::Timeout)
            .at(30_000)
            .fetches("k2")
            .told(),
        with("a-refresh-remembers-no-key", &["I-5"], &["k1"])
            .at(600_000)
            .due()
            .wants("k2", true)
            .same_set(2, &["k1"])
            .fetches("k2")
            .told(),
    ]
}

fn refreshes() -> Vec<Fetch> {
    let said = |id: &str, seconds: i64, span: i64| {
        let mut story = story(id, &["I-7"]).next(0).due().next(10_000);
        let mut good = answer(1, &set(&["k1"]));
        good.max_age_seconds = Some(seconds);
        let earlier = story.chance.below(span / 10);
        let story = story.responds(good, None, true);
        story.next(span - earlier).told()
    };
    let mut usual = story("a-refresh-by-the-clock", &["I-7"]);
    let earlier = usual.chance.below(60_000);
    let due = 600_000 - earlier;
    let mut longer = story("a-refresh-after-an-hour", &["I-7"]);
    longer.fetcher.refresh_seconds = Some(3_600);
    longer.fetcher.limit_seconds = Some(86_400);
    let earlier = longer.chance.below(360_000);
    vec![
        usual
            .due()
            .at(4_000)
            .new_set(1, &["k1"])
            .next(due)
            .at(due - 1)
            .idle()
            .at(due)
            .due()
            .told(),
        longer
            .due()
            .new_set(1, &["k1"])
            .next(3_600_000 - earlier)
            .told(),
        said("a-max-age-of-nothing", 0, 60_000),
        said("a-max-age-of-a-minute", 60, 60_000),
        said("a-max-age-of-two-minutes", 120, 120_000),
        said("a-max-age-of-ten-minutes", 600, 600_000),
        said("a-max-age-of-a-year", 31_536_000, 600_000),
        with(
            "o03-a-refresh-does-not-wait-for-the-pause",
            &["I-4", "I-7"],
            &["k1"],
        )
        .at(599_000)
        .fetches("k2")
        .fails(2, Cause::Tls)
        .at(600_000)
        .wants("k3", false)
        .at(700_000)
        .due()
        .same_set(3, &["k1"])
        .fetches("k3")
        .told(),
        with(
            "o03-a-refresh-takes-no-pause-from-unknown-keys",
            &["I-4", "I-7"],
            &["k1"],
        )
        .at(600_000)
        .due()
        .same_set(2, &["k1"])
        .fetches("k2")
        .told(),
    ]
}

fn pauses() -> Vec<Fetch> {
    let mut story = story("o06-pauses-after-failures-are-doubled", &["I-7"]).due();
    let mut at = 0;
    for (order, pause) in [30, 60, 120, 240, 480, 480, 480].into_iter().enumerate() {
        let pause = pause * 1_000;
        let later = story.chance.below(pause / 4);
        story = story
            .at(at)
            .fails(order + 1, Cause::Connection)
            .next(at + pause + later);
        at += pause + later;
        story = story.at(at - 1).idle().at(at).due();
    }
    vec![story.new_set(8, &["k1"]).has(&["k1"], 1).told()]
}

fn late() -> Vec<Fetch> {
    let first = |id: &str| story(id, &["I-8"]).due().next(10_000);
    // The refresh comes again 30 s after the order was given up, and a little later by chance.
    let again = |story: &mut Story| 40_000 + story.chance.below(7_500);
    let mut newer = first("a-late-answer-after-a-newer-set");
    let newer_at = again(&mut newer);
    let mut between = first("a-late-answer-while-another-order-is-under-way");
    let between_at = again(&mut between);
    let mut bad = first("a-late-answer-that-is-no-set");
    let bad_at = again(&mut bad);
    vec![
        first("an-order-is-given-up-after-twice-its-time")
            .at(9_999)
            .idle()
            .failed(None)
            .at(10_000)
            .idle()
            .failed(Some("jwt_fetch_timeout"))
            .told(),
        first("an-answer-in-the-last-millisecond")
            .at(9_999)
            .new_set(1, &["k1"])
            .failed(None)
            .told(),
        first("a-late-answer-counts-yet")
            .at(10_000)
            .idle()
            .at(12_000)
            .new_set(1, &["k1"])
            .has(&["k1"], 1)
            .failed(None)
            .told(),
        newer
            .at(10_000)
            .idle()
            .at(newer_at)
            .due()
            .new_set(2, &["k2"])
            .same_set(1, &["k1"])
            .has(&["k2"], 1)
            .told(),
        between
            .at(10_000)
            .idle()
            .at(between_at)
            .due()
            .new_set(1, &["k1"])
            .has(&["k1"], 1)
            .new_set(2, &["k2"])
            .has(&["k2"], 2)
            .told(),
        bad.at(10_000)
            .idle()
            .at(bad_at)
            .due()
            .responds(answer(1, ""), Some("jwt_fetch_keys"), false)
            .failed(Some("jwt_fetch_timeout"))
            .new_set(2, &["k2"])
            .told(),
        first("an-answer-that-comes-twice")
            .new_set(1, &["k1"])
            .same_set(1, &["k2"])
            .has(&["k1"], 1)
            .told(),
        first("a-failure-after-an-answer")
            .new_set(1, &["k1"])
            .fails(1, Cause::Tls)
            .failed(None)
            .has(&["k1"], 1)
            .told(),
    ]
}

fn ages() -> Vec<Fetch> {
    let stale = "jwt_keys_stale";
    let aged = |id: &str| with(id, &["I-6", "Edge"], &["k1"]);
    let mut day = aged("o07-keys-at-a-limit-of-a-day");
    day.fetcher.limit_seconds = Some(86_400);
    vec![
        aged("o07-keys-at-the-limit")
            .at(3_599_999)
            .has(&["k1"], 1)
            .at(3_600_000)
            .has_none(stale)
            .told(),
        day.at(86_399_999)
            .has(&["k1"], 1)
            .at(86_400_000)
            .has_none(stale)
            .told(),
        story("o07-the-age-counts-from-the-order", &["I-6", "Edge"])
            .due()
            .at(9_000)
            .new_set(1, &["k1"])
            .at(3_599_999)
            .has(&["k1"], 1)
            .at(3_600_000)
            .has_none(stale)
            .told(),
        aged("o07-a-set-that-is-the-same-is-fresh")
            .at(600_000)
            .due()
            .same_set(2, &["k1"])
            .at(4_199_999)
            .has(&["k1"], 1)
            .at(4_200_000)
            .has_none(stale)
            .told(),
        aged("o07-failures-do-not-make-keys-younger")
            .at(600_000)
            .due()
            .fails(2, Cause::Connection)
            .at(3_599_999)
            .has(&["k1"], 1)
            .at(3_600_000)
            .has_none(stale)
            .told(),
        aged("keys-come-back-after-the-limit")
            .at(3_600_000)
            .has_none(stale)
            .due()
            .same_set(2, &["k1"])
            .has(&["k1"], 1)
            .told(),
    ]
}

fn clocks() -> Vec<Fetch> {
    let of = |id: &str| with(id, &["I-9", "Window"], &["k1"]);
    vec![
        of("o07-a-clock-that-is-set-back-makes-no-key-younger")
            .at(3_000_000)
            .wants("k1", true)
            .at(0)
            .wants("k1", true)
            .at(599_999)
            .has(&["k1"], 1)
            .at(600_000)
            .has_none("jwt_keys_stale")
            .told(),
        of("o03-a-clock-that-is-set-back-makes-no-pause-longer")
            .at(100_000)
            .fetches("k2")
            .fails(2, Cause::Tls)
            .at(0)
            .wants("k2", false)
            .at(29_999)
            .wants("k2", false)
            .at(30_000)
            .fetches("k2")
            .told(),
        of("a-clock-that-leaps-forward")
            .at(400_000_000)
            .has_none("jwt_keys_stale")
            .due()
            .same_set(2, &["k1"])
            .has(&["k1"], 1)
            .told(),
    ]
}
