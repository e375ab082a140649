//! What is taken back, and what is kept of a look for a while: steps over one store.

use serde_json::{Value, json};

use crate::Case;
use crate::generate::jwt::draft::{Draft, NOW, draft, refusal};
use crate::generate::limit::accepted;
use crate::jwt::{Does, StandingInput, StandingStep, StandingStepsInput};

type Steps = Case<StandingStepsInput>;

pub(in crate::generate) fn cases() -> Vec<Steps> {
    [
        subjects(),
        denials(),
        access_keys(),
        failures(),
        caches(),
        forgetting(),
        races(),
        setups(),
    ]
    .concat()
}

const LIVE: Option<&str> = None;
const OVER: Option<&str> = Some("jwt_user_ver");

fn subjects() -> Vec<Steps> {
    let disabled = Some("jwt_subject_disabled");
    vec![
        story("c31-a-bump-ends-what-was-issued-before", &["A-10"])
            .token("user_ver", "0")
            .token("user_ver", "1")
            .does(register("user-7"), None)
            .asks(0, LIVE)
            .asks(1, Some("jwt_user_ver_ahead"))
            .does(bump("user-7"), None)
            .asks(0, OVER)
            .asks(1, LIVE)
            .told(),
        story("c31-a-bump-of-a-subject-that-is-not-stored", &["A-10"])
            .token("user_ver", "0")
            .token("user_ver", "1")
            .does(bump("user-7"), None)
            .asks(0, OVER)
            .asks(1, LIVE)
            .told(),
        story("c31-a-bump-of-another-subject", &["A-10"])
            .token("user_ver", "0")
            .does(register("user-7"), None)
            .does(register("user-8"), None)
            .does(bump("user-8"), None)
            .asks(0, LIVE)
            .told(),
        story("registering-twice-changes-nothing", &["A-10"])
            .token("user_ver", "1")
            .does(bump("user-7"), None)
            .does(register("user-7"), None)
            .asks(0, LIVE)
            .told(),
        story("r14-disabled-and-enabled-again", &["A-10"])
            .token("user_ver", "0")
            .token("user_ver", "1")
            .does(register("user-7"), None)
            .does(disable("user-7"), None)
            .asks(0, disabled)
            .asks(1, disabled)
            .does(disable("user-7"), None)
            .does(enable("user-7"), None)
            .asks(0, OVER)
            .asks(1, LIVE)
            .does(enable("user-7"), None)
            .asks(1, LIVE)
            .told(),
        story("r14-disabled-before-it-was-stored", &["A-10"])
            .token("user_ver", "0")
            .does(disable("user-7"), None)
            .asks(0, disabled)
            .told(),
        story("enabling-a-subject-that-is-not-stored", &["A-10"])
            .token("user_ver", "0")
            .does(enable("user-7"), Some("jwt_standing_missing"))
            .asks(0, Some("jwt_subject_unknown"))
            .told(),
        story("registering-does-not-enable", &["A-10"])
            .token("user_ver", "1")
            .does(disable("user-7"), None)
            .does(register("user-7"), None)
            .asks(0, disabled)
            .told(),
    ]
}

fn denials() -> Vec<Steps> {
    let deny = |id: &str, expires: i64| Does::Deny {
        id: id.into(),
        expires,
    };
    vec![
        story("e15-a-denial-is-of-an-id", &["A-10"])
            .token("user_ver", "0")
            .token("nick", "\"another-text\"")
            .token("jti", "\"id-2\"")
            .does(register("user-7"), None)
            .does(deny("id-1", NOW + 600_000), None)
            .asks(0, Some("jwt_denied"))
            .asks(1, Some("jwt_denied"))
            .asks(2, LIVE)
            .told(),
        story("e15-a-denial-of-the-other-case", &["A-10", "Variant"])
            .token("user_ver", "0")
            .does(register("user-7"), None)
            .does(deny("ID-1", NOW + 600_000), None)
            .asks(0, LIVE)
            .told(),
        story("denying-twice", &["A-10"])
            .token("user_ver", "0")
            .does(register("user-7"), None)
            .does(deny("id-1", NOW + 600_000), None)
            .does(deny("id-1", NOW), None)
            .asks(0, Some("jwt_denied"))
            .told(),
    ]
}

fn access_keys() -> Vec<Steps> {
    let (bad, taken) = (Some("jwt_access_key"), Some("jwt_access_key_taken"));
    let story = |id: &str| {
        let story = story(id, &["A-10"]).token("akid", "\"key-1\"");
        story.does(register("user-7"), None)
    };
    vec![
        story("c32-a-key-is-registered-and-disabled")
            .asks(0, bad)
            .does(register_key("key-1", "user-7"), None)
            .asks(0, LIVE)
            .does(register_key("key-1", "user-7"), None)
            .does(disable_key("key-1"), None)
            .asks(0, bad)
            .does(disable_key("key-1"), None)
            .told(),
        story("c32-a-disabled-key-does-not-come-back")
            .does(register_key("key-1", "user-7"), None)
            .does(disable_key("key-1"), None)
            .does(register_key("key-1", "user-7"), taken)
            .asks(0, bad)
            .told(),
        story("c32-a-key-of-one-subject-is-not-another-ones")
            .does(register_key("key-1", "user-8"), None)
            .asks(0, bad)
            .does(register_key("key-1", "user-7"), taken)
            .asks(0, bad)
            .told(),
        story("c32-disabling-a-key-that-is-not-stored")
            .does(disable_key("key-1"), Some("jwt_standing_missing"))
            .asks(0, bad)
            .told(),
    ]
}

fn failures() -> Vec<Steps> {
    let away = Some("store_unavailable");
    let mut cases = Vec::new();
    let changes: [(&str, Does); 6] = [
        ("register", register("user-7")),
        ("bump", bump("user-7")),
        ("disable", disable("user-7")),
        ("enable", enable("user-7")),
        ("register-key", register_key("key-1", "user-7")),
        ("disable-key", disable_key("key-1")),
    ];
    for (name, change) in changes {
        let id = format!("c31-a-store-that-is-away-while-somebody-would-{name}");
        let told = story(&id, &["A-10"])
            .token("user_ver", "0")
            .does(register("user-7"), None)
            .fails(change, away)
            .asks(0, LIVE)
            .told();
        cases.push(told);
    }
    cases.push(
        cached("c31-a-store-that-is-away-fills-no-cache", 10)
            .silent(0, away)
            .asks(0, LIVE)
            .hits(0)
            .told(),
    );
    cases.push(
        cached(
            "c31-a-store-that-is-away-does-not-matter-while-a-look-is-kept",
            10,
        )
        .asks(0, LIVE)
        .hits(0)
        .at(NOW + 9_999)
        .hits(0)
        .at(NOW + 10_000)
        .silent(0, away)
        .told(),
    );
    cases
}

fn caches() -> Vec<Steps> {
    vec![
        cached("a-look-is-kept-for-its-age", 10)
            .asks(0, LIVE)
            .hits(0)
            .at(NOW + 9_999)
            .hits(0)
            .at(NOW + 10_000)
            .asks(0, LIVE)
            .at(NOW + 19_999)
            .hits(0)
            .told(),
        cached("a-look-is-kept-for-60-s-at-most", 60)
            .asks(0, LIVE)
            .at(NOW + 59_999)
            .hits(0)
            .at(NOW + 60_000)
            .asks(0, LIVE)
            .told(),
        cached("a-look-that-is-not-kept", 0)
            .asks(0, LIVE)
            .asks(0, LIVE)
            .told(),
        cached("a-look-is-of-one-token", 60)
            .token("jti", "\"id-2\"")
            .token("user_ver", "1")
            .token("akid", "\"key-1\"")
            .asks(0, LIVE)
            .asks(1, LIVE)
            .asks(2, Some("jwt_user_ver_ahead"))
            .asks(3, Some("jwt_access_key"))
            .hits(0)
            .hits(1)
            .told(),
        cached("a-refusal-is-not-kept", 60)
            .token("akid", "\"key-1\"")
            .asks(1, Some("jwt_access_key"))
            .does(register_key("key-1", "user-7"), None)
            .asks(1, LIVE)
            .hits(1)
            .told(),
    ]
}

fn forgetting() -> Vec<Steps> {
    vec![
        cached("c31-a-bump-is-seen-at-once", 60)
            .asks(0, LIVE)
            .hits(0)
            .does(bump("user-7"), None)
            .asks(0, OVER)
            .told(),
        cached("c31-a-bump-that-failed-is-asked-about", 60)
            .asks(0, LIVE)
            .fails(bump("user-7"), Some("store_unavailable"))
            .asks(0, LIVE)
            .hits(0)
            .told(),
        cached("r14-disabling-is-seen-at-once", 60)
            .asks(0, LIVE)
            .does(disable("user-7"), None)
            .asks(0, Some("jwt_subject_disabled"))
            .told(),
        cached("e15-a-denial-is-seen-at-once", 60)
            .token("jti", "\"id-2\"")
            .asks(0, LIVE)
            .asks(1, LIVE)
            .does(
                Does::Deny {
                    id: "id-1".into(),
                    expires: NOW,
                },
                None,
            )
            .asks(0, Some("jwt_denied"))
            .hits(1)
            .told(),
        cached("c32-disabling-a-key-is-seen-at-once", 60)
            .token("akid", "\"key-1\"")
            .does(register_key("key-1", "user-7"), None)
            .asks(0, LIVE)
            .asks(1, LIVE)
            .does(disable_key("key-1"), None)
            .asks(1, Some("jwt_access_key"))
            .hits(0)
            .told(),
        cached("changes-of-others-leave-a-look-as-it-is", 60)
            .asks(0, LIVE)
            .does(bump("user-8"), None)
            .does(register_key("key-2", "user-7"), None)
            .does(
                Does::Deny {
                    id: "id-9".into(),
                    expires: NOW,
                },
                None,
            )
            .hits(0)
            .told(),
        cached("a-clock-that-goes-back-by-a-second-is-none", 60)
            .at(NOW + 5_000)
            .asks(0, LIVE)
            .at(NOW + 4_000)
            .hits(0)
            .at(NOW + 5_000)
            .hits(0)
            .told(),
        cached("a-clock-that-goes-back-empties-the-cache", 60)
            .at(NOW + 5_000)
            .asks(0, LIVE)
            .at(NOW + 3_999)
            .asks(0, LIVE)
            .hits(0)
            .told(),
        cached("ages-count-on-the-latest-clock", 10)
            .asks(0, LIVE)
            .at(NOW + 9_500)
            .hits(0)
            .at(NOW + 10_400)
            .asks(0, LIVE)
            .at(NOW + 9_900)
            .hits(0)
            .told(),
    ]
}

/// A look that began before something was taken back, and ends after it.
fn races() -> Vec<Steps> {
    let (begin, finish) = (|| Does::Begin { token: 0 }, || Does::Finish);
    let stale = || json!({"stored": {"subject": {"user_ver": 0}}});
    let race = |id: &str, change: Does, then: Option<&str>| {
        cached(id, 60)
            .token("user_ver", "1")
            .step(begin(), None, json!({"asked": true}))
            .does(change, None)
            .step(finish(), Some(stale()), json!({"code": null}))
            .asks(0, then)
            .told()
    };
    vec![
        race(
            "c31-a-look-that-began-before-a-bump-is-not-kept",
            bump("user-7"),
            OVER,
        ),
        race(
            "r14-a-look-that-began-before-a-subject-was-disabled-is-not-kept",
            disable("user-7"),
            Some("jwt_subject_disabled"),
        ),
        race(
            "e15-a-look-that-began-before-a-denial-is-not-kept",
            Does::Deny {
                id: "id-1".into(),
                expires: NOW,
            },
            Some("jwt_denied"),
        ),
        // Whom a change is about is not told apart for looks under way.
        race(
            "a-look-that-began-before-a-change-of-another-is-not-kept",
            bump("user-8"),
            LIVE,
        ),
        cached("a-look-counts-from-its-beginning", 10)
            .step(begin(), None, json!({"asked": true}))
            .at(NOW + 9_000)
            .step(finish(), None, json!({"code": null}))
            .hits(0)
            .at(NOW + 10_000)
            .asks(0, LIVE)
            .told(),
        cached("a-look-that-took-longer-than-its-age-is-not-kept", 10)
            .token("jti", "\"id-2\"")
            .step(begin(), None, json!({"asked": true}))
            .at(NOW + 10_000)
            .asks(1, LIVE)
            .step(finish(), None, json!({"code": null}))
            .asks(0, LIVE)
            .told(),
        cached(
            "a-look-that-began-before-the-clock-went-back-is-not-kept",
            60,
        )
        .token("jti", "\"id-2\"")
        .at(NOW + 50_000)
        .step(begin(), None, json!({"asked": true}))
        .at(NOW)
        .asks(1, LIVE)
        .at(NOW + 50_000)
        .step(finish(), None, json!({"code": null}))
        .asks(0, LIVE)
        .told(),
        cached("a-question-about-what-is-kept-is-answered-at-once", 60)
            .asks(0, LIVE)
            .step(begin(), None, json!({"asked": false}))
            .step(finish(), None, json!({"code": null}))
            .told(),
    ]
}

fn setups() -> Vec<Steps> {
    let of = |id: &str, seconds: i64| {
        let case = cached(id, seconds).told();
        Case {
            flags: vec!["A-11".into(), "Setup".into()],
            expect: refusal("jwt_setup_window"),
            ..case
        }
    };
    vec![of("a-cache-of-61-s", 61)]
}

fn register(subject: &str) -> Does {
    let subject = subject.into();
    Does::Register { subject }
}

fn bump(subject: &str) -> Does {
    let subject = subject.into();
    Does::Bump { subject }
}

fn disable(subject: &str) -> Does {
    let subject = subject.into();
    Does::Disable { subject }
}

fn enable(subject: &str) -> Does {
    let subject = subject.into();
    Does::Enable { subject }
}

fn register_key(id: &str, subject: &str) -> Does {
    let (access_key, subject) = (id.into(), subject.into());
    Does::RegisterKey {
        access_key,
        subject,
    }
}

fn disable_key(id: &str) -> Does {
    let access_key = id.into();
    Does::DisableKey { access_key }
}

/// Steps on their way, and what each of them comes to.
struct Story {
    id: String,
    flags: Vec<&'static str>,
    standing: StandingInput,
    tokens: Vec<Draft>,
    now: i64,
    steps: Vec<StandingStep>,
    told: Vec<Value>,
}

fn story(id: &str, flags: &[&'static str]) -> Story {
    Story {
        id: id.into(),
        flags: flags.into(),
        standing: StandingInput {
            tenant: "login".into(),
            ..StandingInput::default()
        },
        tokens: Vec::new(),
        now: NOW,
        steps: Vec::new(),
        told: Vec::new(),
    }
}

/// A token of a subject that is stored, and a cache.
fn cached(id: &str, seconds: i64) -> Story {
    let mut story = story(id, &["A-11"]).token("user_ver", "0");
    story.standing.cache_seconds = Some(seconds);
    story.does(register("user-7"), None)
}

impl Story {
    /// One more token: the good one with this claim.
    fn token(mut self, name: &str, value: &str) -> Self {
        self.tokens.push(draft(&self.id, &[]).claim(name, value));
        self
    }

    const fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    fn step(mut self, does: Does, reply: Option<Value>, told: Value) -> Self {
        let reply = reply.map(|reply| serde_json::from_value(reply).expect("a reply"));
        self.steps.push(StandingStep {
            at: self.now,
            does,
            reply,
        });
        self.told.push(told);
        self
    }

    fn does(self, change: Does, code: Option<&str>) -> Self {
        self.step(change, None, json!({"code": code}))
    }

    /// The same where the store is away.
    fn fails(self, change: Does, code: Option<&str>) -> Self {
        self.step(change, Some(json!("unavailable")), json!({"code": code}))
    }

    fn asks(self, token: usize, code: Option<&str>) -> Self {
        self.step(
            Does::Stand { token },
            None,
            json!({"asked": true, "code": code}),
        )
    }

    fn silent(self, token: usize, code: Option<&str>) -> Self {
        let told = json!({"asked": true, "code": code});
        self.step(Does::Stand { token }, Some(json!("unavailable")), told)
    }

    /// It was found to stand a moment ago.
    fn hits(self, token: usize) -> Self {
        self.step(
            Does::Stand { token },
            None,
            json!({"asked": false, "code": null}),
        )
    }

    fn told(self) -> Steps {
        let mut tokens = self.tokens.into_iter().map(Draft::accepted);
        let first = tokens.next().expect("a token");
        let rest: Vec<_> = tokens.map(|case| case.input.token).collect();
        let (standing, steps) = (self.standing, self.steps);
        let case = first.of(|verify| StandingStepsInput {
            tokens: std::iter::once(verify.token).chain(rest).collect(),
            keys: verify.keys,
            standing,
            steps,
        });
        let case = Case {
            id: self.id,
            flags: self.flags.iter().map(|flag| (*flag).into()).collect(),
            ..case
        };
        accepted(case, json!({"steps": self.told}))
    }
}
