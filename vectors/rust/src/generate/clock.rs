//! Vectors of the service's clock.

use serde_json::json;

use super::limit::accepted;
use super::response::{Answer, Draft, NOW, edit, invalid, latin};

/// Refusals that tell the service's clock.
pub(super) fn clocks() -> Vec<Answer> {
    let told = |id: &str, round_trip: i64| {
        let case = Draft::clock().case(id, &["P-5", "Usual"]);
        let output = json!({"clock": NOW, "sign_anew": false});
        accepted(after(case, round_trip), output)
    };
    let told_of = |id: &str, method: &'static str| {
        let case = Draft::clock().of(method).case(id, &["P-5", "Usual"]);
        let output = json!({"clock": NOW, "sign_anew": false});
        accepted(after(case, 100), output)
    };
    let anew = |id: &str, draft: &Draft| {
        let case = draft.case(id, &["P-5", "Usual"]);
        accepted(after(case, 100), json!({"clock": NOW, "sign_anew": true}))
    };
    let with = |id: &str, code: &str, edit: fn(&mut Draft)| {
        let mut draft = Draft::clock();
        edit(&mut draft);
        invalid(after(draft.case(id, &["P-5", "Changed"]), 100), code)
    };
    let changed = |id: &str, code: &str, edit: fn(&mut Answer)| {
        let mut case = Draft::clock().case(id, &["P-5", "Changed"]);
        edit(&mut case);
        invalid(after(case, 100), code)
    };
    let late = Draft::clock().case("a-clock-after-more-than-five-seconds", &["P-5", "Edge"]);
    let mac = "response_mac_mismatch";
    vec![
        told("a-clock", 100),
        told("a-clock-after-five-seconds", 5_000),
        invalid(after(late, 5_001), "response_clock_late"),
        anew("a-clock-of-a-request-that-is-over", &Draft::over()),
        anew("a-clock-of-a-request-that-reads", &Draft::clock().of("GET")),
        anew(
            "a-clock-of-a-request-for-the-head",
            &Draft::clock().of("HEAD"),
        ),
        anew(
            "a-clock-of-a-request-for-options",
            &Draft::clock().of("OPTIONS"),
        ),
        changed(
            "a-clock-that-was-made-to-say-that-the-request-is-over",
            mac,
            |case| {
                edit(&mut case.input.headers, "signature-input", |v| {
                    v.replace("1/clock", "1/over")
                });
            },
        ),
        told_of("a-clock-of-a-request-that-deletes", "DELETE"),
        with(
            "an-answer-that-is-no-clock",
            "response_signature_unexpected",
            |d| {
                d.signs.edit = |v| v.replace("1/clock", "1/response");
            },
        ),
        with("a-clock-for-another-request", mac, |d| d.signs.seed = 8),
        with("a-clock-by-another-key", mac, |d| d.signs.secret = 9),
        with("a-clock-by-the-key-of-requests", mac, |d| {
            d.signs.is_derived = false;
        }),
        with("a-clock-with-another-status", mac, |d| {
            d.signs.status = Some(403);
        }),
        changed("a-clock-with-a-wrong-digit", mac, |case| {
            edit(&mut case.input.headers, "signature-input", |v| {
                v.replace("1800000000", "1800000001")
            });
        }),
        changed(
            "a-clock-with-other-content",
            "response_body_mismatch",
            |case| case.input.body = latin("{}"),
        ),
    ]
}

/// What services sign of their refusals.
pub(super) fn refusals() -> Vec<Answer> {
    let at = |id: &str, served_at: i64, mut draft: Draft| {
        draft.created = (served_at / 1000).to_string();
        let fields = draft.fields();
        let mut case = draft.case(id, &["P-5", "Sign"]);
        case.input.headers = Vec::new();
        case.input.served_at = Some(served_at);
        (case, fields)
    };
    let clock = |id: &str, served_at: i64| {
        let (case, fields) = at(id, served_at, Draft::clock());
        accepted(case, json!({"headers": fields}))
    };
    let over = |id: &str, served_at: i64| {
        let (case, fields) = at(id, served_at, Draft::over());
        accepted(case, json!({"headers": fields}))
    };
    let unsigned = |id: &str, served_at: i64| {
        let (case, _) = at(id, served_at, Draft::clock());
        accepted(case, json!({"headers": null}))
    };
    vec![
        clock("a-refusal-of-a-request-from-the-past", NOW + 60_001),
        clock(
            "a-refusal-of-a-request-that-was-served-ten-seconds-ago-at-most",
            NOW + 70_000,
        ),
        over("a-refusal-of-a-request-that-is-over", NOW + 70_001),
        over("a-refusal-a-day-later", NOW + 86_400_000),
        clock("a-refusal-of-a-request-from-the-future", NOW - 60_001),
        clock("a-refusal-of-a-request-of-tomorrow", NOW - 86_400_000),
        unsigned("no-refusal-at-the-end-of-the-window", NOW + 60_000),
        unsigned("no-refusal-of-a-request-in-time", NOW),
    ]
}

fn after(mut case: Answer, round_trip: i64) -> Answer {
    case.input.round_trip = Some(round_trip);
    case
}
