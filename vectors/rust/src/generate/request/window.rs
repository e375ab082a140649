//! The signed time and its end against the verifier's clock.

use serde_json::json;

use crate::generate::draft::{CREATED, Draft, RequestCase};

pub(super) fn cases() -> Vec<RequestCase> {
    [created(), expires(), policies(), clocks()].concat()
}

fn living(seconds: u8) -> Draft {
    Draft::get().flag("Window").edit(|d| d.life = seconds)
}

fn created() -> Vec<RequestCase> {
    let after = |ms| living(120).sign().after(ms);
    let outside = "request_outside_window";
    vec![
        after(60_000).flag("Edge").accept("h15-signed-60-s-ago"),
        after(60_001)
            .flag("Edge")
            .refuse("h15-signed-60001-ms-ago", outside),
        after(60_999).refuse("h15-signed-60999-ms-ago", outside),
        after(61_000).refuse("h15-signed-61-s-ago", outside),
        after(-60_000).flag("Edge").accept("h15-signed-60-s-ahead"),
        after(-60_001)
            .flag("Edge")
            .refuse("h15-signed-60001-ms-ahead", outside),
        after(-61_000).refuse("h15-signed-61-s-ahead", outside),
    ]
}

fn expires() -> Vec<RequestCase> {
    let after = |life, ms| living(life).flag("Edge").sign().after(ms);
    vec![
        after(1, 1000).accept("a-life-of-1-s-at-its-end"),
        after(1, 1001).refuse(
            "a-life-of-1-s-is-over-a-millisecond-later",
            "request_expired",
        ),
        after(30, 30_000).accept("a-life-of-30-s-at-its-end"),
        after(30, 30_001).refuse(
            "a-life-of-30-s-is-over-a-millisecond-later",
            "request_expired",
        ),
        after(60, 60_000).accept("a-life-as-long-as-the-window-at-its-end"),
    ]
}

fn policies() -> Vec<RequestCase> {
    let past = |seconds: u32, ms| {
        let policy = json!({"past_seconds": seconds, "retain_seconds": 420});
        living(120).flag("Edge").policy(policy).sign().after(ms)
    };
    let future = |seconds: u32, ms: i64| {
        let policy = json!({"future_seconds": seconds, "retain_seconds": 420});
        living(120).flag("Edge").policy(policy).sign().after(-ms)
    };
    let outside = "request_outside_window";
    vec![
        past(1, 1000).accept("past-window-of-1-s-at-its-edge"),
        past(1, 1001).refuse("past-window-of-1-s-over-its-edge", outside),
        past(300, 120_000).accept("past-window-of-300-s-ends-with-the-signatures-life"),
        past(300, 120_001).refuse(
            "past-window-of-300-s-does-not-lengthen-a-life",
            "request_expired",
        ),
        future(1, 1000).accept("future-window-of-1-s-at-its-edge"),
        future(1, 1001).refuse("future-window-of-1-s-over-its-edge", outside),
        future(300, 300_000).accept("future-window-of-300-s-at-its-edge"),
        future(300, 300_001).refuse("future-window-of-300-s-over-its-edge", outside),
    ]
}

fn clocks() -> Vec<RequestCase> {
    let at = |signed_at| living(60).edit(|d| (d.signed_at, d.now) = (signed_at, signed_at));
    let outside = "request_outside_window";
    vec![
        at(CREATED * 1000 + 999)
            .sign()
            .accept("created-is-rounded-down-to-seconds"),
        at(0).sign().accept("created-0-is-a-time"),
        at(999_999_999_999_999)
            .edit(|d| d.now = CREATED * 1000)
            .sign()
            .refuse("a-time-in-12-digits-is-far-ahead", outside),
        living(60)
            .sign()
            .swap(
                "created=1800000000;expires=1800000060",
                "created=999999999999900;expires=999999999999960",
            )
            .refuse("h15-a-time-in-15-digits-is-far-ahead", outside),
        living(60)
            .sign()
            .edit(|d| d.now = 0)
            .refuse("a-verifier-whose-clock-is-unset", outside),
        living(60)
            .sign()
            .edit(|d| d.now = 253_402_300_799_999)
            .refuse("a-verifier-in-the-year-9999", outside),
    ]
}
