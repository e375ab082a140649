//! Whose sessions they are, how they begin and end, and what cannot be set up.

use serde_json::json;

use super::LATER;
use super::story::{DAY, Sessions, Story, numbered, of_number};
use super::token::Token;
use crate::Hex;
use crate::refresh::{Does, SecretsInput, WhichInput};

pub(in crate::generate) fn cases() -> Vec<Sessions> {
    [
        holders(),
        ends(),
        changes(),
        feeds(),
        begins(),
        rolls(),
        setups(),
    ]
    .concat()
}

/// S-7: whose token it is, and from where.
fn holders() -> Vec<Sessions> {
    let device = Some(Hex(vec![1; 16]));
    let other = Some(Hex(vec![2; 16]));
    let key = Some(Hex(vec![3; 32]));
    let mut cases = Vec::new();
    let mut client = Story::new("r10-a-token-of-another-client", &["S-7", "S-12"]);
    let mut told = client.begins();
    client
        .at(LATER)
        .of_client("app")
        .refuses(&told.token.text(), "refresh_holder");
    client.does_not_mint(&told.token.text(), "refresh_holder");
    client.of_client("web").rotates(&mut told);
    cases.push(client.told());
    for (id, bound, shown) in [
        (
            "a-device-and-nothing-is-shown",
            (&device, &None),
            (&None, &None),
        ),
        (
            "a-device-and-another-is-shown",
            (&device, &None),
            (&other, &None),
        ),
        (
            "a-device-and-a-key-is-shown",
            (&device, &None),
            (&None, &key),
        ),
        ("a-key-and-nothing-is-shown", (&None, &key), (&None, &None)),
    ] {
        let mut story = Story::new(&format!("r10-bound-to-{id}"), &["S-7"]);
        (story.holder.device_secret, story.holder.key) = (bound.0.clone(), bound.1.clone());
        let mut told = story.begins();
        (story.holder.device_secret, story.holder.key) = (shown.0.clone(), shown.1.clone());
        story
            .at(LATER)
            .refuses(&told.token.text(), "refresh_holder");
        (story.holder.device_secret, story.holder.key) = (bound.0.clone(), bound.1.clone());
        cases.push(story.rotates(&mut told).told());
    }
    let mut more = Story::new(
        "r10-a-session-that-is-bound-to-nothing-takes-what-is-shown",
        &["S-7"],
    );
    let mut told = more.begins();
    more.holder.key.clone_from(&key);
    cases.push(more.at(LATER).rotates(&mut told).told());
    let mut none =
        Story::new("a-policy-that-binds-nothing", &["S-7"]).policy(json!({"binding": "none"}));
    none.holder.key = key;
    let mut told = none.begins();
    none.holder.key = None;
    cases.push(none.at(LATER).rotates(&mut told).told());
    // A thief without the key ends nothing, not even with an old token.
    let mut thief = Story::new("r10-who-is-no-holder-ends-nothing", &["S-7"]);
    thief.holder.device_secret = device;
    let mut told = thief.begins();
    let first = told.token.text();
    thief
        .at(LATER)
        .rotates(&mut told)
        .at(2 * LATER)
        .rotates(&mut told);
    let shown = thief.holder.device_secret.take();
    thief.refuses(&first, "refresh_holder");
    thief.holder.device_secret = shown;
    cases.push(thief.at(3 * LATER).rotates(&mut told).told());
    cases
}

/// S-7: clocks, lives, and the subject.
fn ends() -> Vec<Sessions> {
    let mut cases = Vec::new();
    let short = json!({"idle_seconds": 90_000, "absolute_seconds": 100_000});
    let begun = |id: &str| {
        let mut story = Story::new(id, &["S-7", "Edge"]).policy(short.clone());
        let told = story.begins();
        (story, told)
    };
    let (mut story, mut told) = begun("a-session-that-was-not-used");
    story
        .at(90_000_000)
        .refuses(&told.token.text(), "refresh_expired")
        .lists(&[]);
    story.at(89_999_999).rotates(&mut told);
    cases.push(story.told());
    let (mut story, mut told) = begun("r11-a-session-that-was-used-all-the-time");
    story.at(80_000_000).rotates(&mut told).lists(&[&told]);
    story.at(99_999_999).rotates(&mut told);
    story
        .at(100_000_000)
        .refuses(&told.token.text(), "refresh_expired");
    cases.push(story.told());

    let (mut story, mut told) = begun("a-clock-that-is-a-little-behind");
    story.at(LATER).rotates(&mut told);
    story
        .at(LATER - 5_000)
        .stays(&told)
        .retries(&told, "retried", false);
    story
        .at(LATER - 5_001)
        .refuses(&told.token.text(), "refresh_clock");
    cases.push(story.told());

    for (id, code, does) in [
        (
            "r14-a-session-of-an-earlier-version",
            "refresh_user_ver",
            Story::bumps as fn(&mut Story) -> &mut Story,
        ),
        (
            "r14-a-disabled-subject",
            "refresh_subject_disabled",
            Story::disables,
        ),
    ] {
        let mut story = Story::new(id, &["S-7", "S-12"]);
        let mut told = story.begins();
        story.at(LATER).rotates(&mut told);
        let parent = told.parent.expect("it was rotated").text();
        does(&mut story);
        story
            .refuses(&told.token.text(), code)
            .refuses(&parent, code);
        story.does_not_mint(&told.token.text(), code);
        story.at(2 * LATER).refuses(&told.token.text(), code);
        cases.push(story.told());
    }
    let mut story = Story::new(
        "the-store-knows-an-earlier-version-than-the-session",
        &["S-7", "S-12"],
    );
    story.new.user_ver = 2;
    let told = story.begins();
    story
        .bumps()
        .at(LATER)
        .refuses(&told.token.text(), "refresh_store_behind");
    cases.push(story.told());
    cases
}

/// S-9, S-10, S-11: stores that do not answer, and what others do to sessions.
fn changes() -> Vec<Sessions> {
    let mut cases = Vec::new();
    let mut silent = Story::new("r09-a-store-that-does-not-answer", &["S-9", "S-12"]);
    silent.fails().does_not_begin("store_unavailable");
    let mut told = silent.begins();
    let id = told.token.session_id();
    silent
        .at(LATER)
        .fails()
        .refuses(&told.token.text(), "store_unavailable");
    silent
        .fails()
        .does_not_mint(&told.token.text(), "store_unavailable");
    silent
        .fails()
        .does_not(Does::Revoke { session: id }, "store_unavailable");
    cases.push(silent.rotates(&mut told).told());

    let mut out = Story::new("who-logs-out-is-out", &["S-11"]);
    let mut told = out.begins();
    out.at(5_000).logs_out(&mut told).lists(&[]);
    out.at(6_000).logs_out(&mut told).revokes(&mut told);
    cases.push(out.refuses(&told.token.text(), "refresh_ended").told());

    let mut some = Story::new("sessions-are-ended-by-someone-else", &["S-11"]);
    let (mut one, mut two, mut three) = (
        some.begins(),
        some.at(1_000).begins(),
        some.at(2_000).begins(),
    );
    some.lists(&[&three, &two, &one]);
    some.at(LATER)
        .rotates(&mut one)
        .lists(&[&one, &three, &two]);
    some.revokes(&mut two).lists(&[&one, &three]);
    let but = WhichInput {
        but: Some(one.token.session_id()),
        ..WhichInput::default()
    };
    some.revokes_all(but, 1).lists(&[&one]);
    some.refuses(&three.token.text(), "refresh_ended");
    some.revokes_all(WhichInput::default(), 1).lists(&[]);
    some.revokes_all(WhichInput::default(), 0);
    some.refuses(&one.token.text(), "refresh_ended");
    (one.parent, two.parent, three.parent) = (None, None, None);
    cases.push(some.told());

    let mut by = Story::new("sessions-of-a-client-or-of-a-device", &["S-11"]);
    let web = by.begins();
    let app = by.of_client("app").begins();
    by.new.device = "phone".into();
    let phone = by.begins();
    let of = |client: Option<&str>, device: Option<&str>| WhichInput {
        client: client.map(Into::into),
        device: device.map(Into::into),
        ..WhichInput::default()
    };
    by.revokes_all(of(None, Some("phone")), 1)
        .revokes_all(of(None, Some("tablet")), 0);
    by.revokes_all(of(Some("app"), None), 1);
    by.refuses(&phone.token.text(), "refresh_ended")
        .refuses(&app.token.text(), "refresh_ended");
    by.of_client("web").lists(&[&web]);
    cases.push(by.told());

    let mut unknown = Story::new("a-session-that-is-not-there", &["S-9", "S-12"]);
    let token = Token::first(7, &[200; 40]);
    let session = token.session_id();
    unknown
        .refuses(&token.text(), "refresh_unknown")
        .does_not_mint(&token.text(), "refresh_unknown");
    for does in [
        Does::Confirm {
            session: session.clone(),
            generation: 0,
        },
        Does::LogOut {
            session: session.clone(),
        },
        Does::Revoke { session },
    ] {
        unknown.does_not(does, "refresh_session_unknown");
    }
    cases.push(unknown.lists(&[]).told());
    cases
}

/// S-13: access tokens of sessions that have ended.
fn feeds() -> Vec<Sessions> {
    let mut cases = Vec::new();
    let (ended, unnamed, stale) = (
        Some("refresh_access_ended"),
        Some("refresh_access_unnamed"),
        Some("refresh_feed_stale"),
    );
    let mut ends = Story::new("access-tokens-end-with-their-session", &["S-13"]);
    let lives = ends.begins();
    let (mut out, mut revoked, mut stolen) = (ends.begins(), ends.begins(), ends.begins());
    let [lives, gone, taken, thief] =
        [&lives, &out, &revoked, &stolen].map(|told| told.token.session_id());
    ends.feeds(0, 0, &[(Some(&lives), None), (Some(&gone), None)]);
    ends.at(5_000).logs_out(&mut out).revokes(&mut revoked);
    let first = stolen.token;
    ends.at(LATER).rotates(&mut stolen).confirms(&stolen, 1);
    ends.at(2 * LATER)
        .ends(&mut stolen, &first.text(), "refresh_replayed", "replayed");
    ends.feeds(
        3,
        0,
        &[
            (Some(&lives), None),
            (Some(&gone), ended),
            (Some(&taken), ended),
            (Some(&thief), ended),
        ],
    );
    cases.push(ends.told());

    let mut old = Story::new(
        "what-is-known-of-ended-sessions-grows-old",
        &["S-13", "Edge"],
    );
    let lives = old.begins().token.session_id();
    let mut out = old.begins();
    let gone = out.token.session_id();
    old.logs_out(&mut out);
    for (after, then) in [
        (-1_001, stale),
        (-1_000, None),
        (30_000, None),
        (30_001, stale),
    ] {
        old.feeds(1, after, &[(Some(&lives), then), (Some(&gone), ended)]);
    }
    // An access token lives for half an hour.
    let minutes = 60_000;
    old.at(40 * minutes).feeds(1, 0, &[(Some(&gone), ended)]);
    old.at(40 * minutes + 1).feeds(0, 0, &[(Some(&gone), None)]);
    old.at(-10 * minutes).feeds(1, 0, &[(Some(&gone), ended)]);
    cases.push(old.told());

    let mut unknown = Story::new("an-access-token-that-names-no-session", &["S-13", "Size"]);
    let long = "A".repeat(23);
    unknown.feeds(
        0,
        0,
        &[
            (None, unnamed),
            (Some(""), unnamed),
            (Some("session"), unnamed),
            (Some(&long), unnamed),
            (Some("AAAAAAAAAAAAAAAAAAAAAB"), unnamed),
            (Some("AAAAAAAAAAAAAAAAAAAAAA"), None),
        ],
    );
    let feed = |trusted_for_seconds| Does::Feed {
        trusted_for_seconds,
        asked: Vec::new(),
        after: 0,
    };
    for seconds in [0, 601] {
        unknown.does_not(feed(seconds), "refresh_policy");
    }
    unknown.fails().does_not(feed(600), "store_unavailable");
    cases.push(unknown.told());
    cases
}

/// Sessions that begin, or do not.
fn begins() -> Vec<Sessions> {
    let longest = "a".repeat(255);
    let over = "a".repeat(256);
    let mut names = Story::new("names-of-a-session", &["S-5", "Size"]);
    let edits: [fn(&mut Story, String); 4] = [
        |story, name| story.new.tenant = name,
        |story, name| story.new.subject = name,
        |story, name| story.holder.client = name,
        |story, name| story.new.device = name,
    ];
    for (at, edit) in edits.into_iter().enumerate() {
        let usual = (names.new.clone(), names.holder.clone());
        for bad in [over.clone(), "a\0b".into(), String::new()] {
            edit(&mut names, bad.clone());
            if bad.is_empty() && at == 3 {
                names.begins();
            } else {
                names.does_not_begin("refresh_session_member");
            }
        }
        edit(&mut names, longest.clone());
        names.begins();
        (names.new, names.holder) = usual;
    }
    names.new.access = "a".repeat(4_096);
    names.begins();
    names.new.access.push('a');
    names.does_not_begin("refresh_session_member");

    let mut versions = Story::new("versions-of-a-session", &["S-5", "Edge"]);
    versions.new.user_ver = -1;
    versions.does_not_begin("refresh_session_member");
    versions.new.user_ver = (1 << 53) - 1;
    versions.begins();

    let mut taken = Story::new("a-seed-that-was-used-before", &["S-5"]);
    taken.begins();
    taken.begins_again("refresh_session_taken");

    let mut bare = Story::new("a-policy-that-wants-sessions-bound", &["S-7"])
        .policy(json!({"binding": "require"}));
    bare.does_not_begin("refresh_session_binding");
    bare.holder.key = Some(Hex(vec![3; 32]));
    bare.begins();
    vec![names.told(), versions.told(), taken.told(), bare.told()]
}

/// S-2: secrets that follow one another.
fn rolls() -> Vec<Sessions> {
    let then = |verifying: &[u8], detecting: &[u8]| SecretsInput {
        signing: numbered(8),
        verifying: verifying.iter().map(|number| numbered(*number)).collect(),
        detecting: detecting.iter().map(|number| numbered(*number)).collect(),
    };
    let mut over = Story::new("a-session-moves-to-the-new-secret", &["S-2"]);
    let mut told = over.begins();
    over.at(LATER).rotates(&mut told).rolls(then(&[7], &[]));
    over.stays(&told).retries(&told, "retried", false);
    over.at(3 * LATER)
        .rotates(&mut told)
        .retries(&told, "retried", false);
    over.at(5 * LATER).rotates(&mut told);
    let mut lost = Story::new(
        "an-answer-that-was-lost-while-the-secret-changed",
        &["S-2", "S-4"],
    );
    let mut lost_told = lost.begins();
    lost.at(LATER)
        .rotates(&mut lost_told)
        .rolls(then(&[7], &[]));
    lost.at(LATER + DAY)
        .retries(&lost_told, "retried_late", false);
    let mut only = Story::new("a-secret-that-only-detects", &["S-2"]);
    let mut told = only.begins();
    let first = told.token.text();
    only.at(LATER)
        .rotates(&mut told)
        .at(2 * LATER)
        .rotates(&mut told)
        .rolls(then(&[], &[7]));
    let newest = told.token.text();
    only.at(3 * LATER)
        .refuses(&newest, "refresh_secret_unknown");
    only.does_not_mint(&newest, "refresh_secret_unknown");
    only.ends(&mut told, &first, "refresh_replayed", "replayed");
    only.refuses(&newest, "refresh_ended");
    let mut gone = Story::new("a-secret-that-is-gone", &["S-2"]);
    let told = gone.begins();
    gone.rolls(then(&[], &[]))
        .fails()
        .refuses(&told.token.text(), "refresh_secret_unknown");
    vec![over.told(), lost.told(), only.told(), gone.told()]
}

/// What cannot be set up.
fn setups() -> Vec<Sessions> {
    let day = DAY / 1_000;
    let mut cases = Vec::new();
    for (id, policy) in [
        ("a-window-of-no-time", json!({"window_seconds": 0})),
        (
            "a-window-of-more-than-ten-minutes",
            json!({"window_seconds": 601}),
        ),
        (
            "more-than-a-week-unconfirmed",
            json!({"within_seconds": 7 * day + 1}),
        ),
        (
            "more-than-ten-minutes-on-next-use",
            json!({"confirmation": "on_next_use", "within_seconds": 601}),
        ),
        (
            "unconfirmed-for-less-than-a-window",
            json!({"within_seconds": 10}),
        ),
        ("no-retries", json!({"retries": 0})),
        ("too-many-retries", json!({"retries": 1_025})),
        (
            "idle-for-less-than-unconfirmed",
            json!({"idle_seconds": day}),
        ),
        (
            "idle-for-longer-than-it-lasts",
            json!({"idle_seconds": 3 * day, "absolute_seconds": 2 * day}),
        ),
        (
            "longer-than-400-days",
            json!({"absolute_seconds": 400 * day + 1}),
        ),
        (
            "clocks-more-than-a-minute-apart",
            json!({"skew_seconds": 61}),
        ),
    ] {
        let story = Story::new(id, &["Setup"]).policy(policy);
        cases.push(story.refused("refresh_policy"));
    }
    let twice = SecretsInput {
        verifying: vec![numbered(7)],
        ..of_number(7)
    };
    let weak = SecretsInput {
        signing: (7, Hex(vec![7; 31])),
        ..SecretsInput::default()
    };
    cases.push(
        Story::new("two-secrets-of-one-number", &["S-2", "Setup"])
            .secrets(twice)
            .refused("refresh_secret_number"),
    );
    cases.push(
        Story::new("a-secret-of-31-bytes", &["S-2", "Setup"])
            .secrets(weak)
            .refused("key_too_short"),
    );
    let mut widest = Story::new("the-widest-policy", &["Setup", "Edge"]).policy(json!({
        "within_seconds": 7 * day, "window_seconds": 600, "retries": 1_024,
        "idle_seconds": 400 * day, "absolute_seconds": 400 * day, "skew_seconds": 60,
    }));
    widest.begins();
    cases.push(widest.told());
    cases
}
