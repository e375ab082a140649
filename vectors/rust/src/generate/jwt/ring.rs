//! The keys of an issuer, published and rotated: the rows O01, O15 and O20.
//!
//! Thumbprints, documents, tags and times are worked out here from the specification.

use counterseal::core::sha256;
use serde_json::{Value, json};

use super::draft::{NOW, encoded, refusal};
use super::secrets::{By, pem};
use crate::Case;
use crate::generate::limit::{accepted, case};
use crate::jwt::{RingDoes as Does, RingInput, RingMembers, RingStep};

type Ring = Case<RingInput>;

pub(in crate::generate) fn cases() -> Vec<Ring> {
    [
        published(),
        asked(),
        rotated(),
        policies(),
        revoked(),
        setups(),
        minted(),
        vec![full()],
    ]
    .concat()
}

/// How long a key is published before it signs, and after it has signed last, in milliseconds.
const LEAD: i64 = (600 + 450 + 300) * 1_000;
const KEEP: i64 = (1_800 + 180) * 1_000;

fn published() -> Vec<Ring> {
    let one = |id: &str, by: By| story(id, &["T-20"]).rotates(by).shows(&[by], 300).told();
    vec![
        one("o15-a-key-of-ed25519", By::EdDsa),
        one("o15-a-key-of-p-256", By::Es256),
        one("o15-a-key-of-p-384", By::Es384),
        story("o15-two-keys-in-the-order-in-which-they-sign", &["T-20"])
            .rotates(By::Es256)
            .rotates(By::EdDsa)
            .shows(&[By::Es256, By::EdDsa], 300)
            .told(),
    ]
}

fn asked() -> Vec<Ring> {
    let tag = tag(&body(&[By::EdDsa]));
    let bare = tag.trim_matches('"').to_owned();
    let mut cases = Vec::new();
    for (what, lines, is_known) in [
        ("the-tag", vec![tag.clone()], true),
        ("any-tag", vec!["*".into()], true),
        ("any-tag-with-blanks", vec![" * ".into()], true),
        ("the-weak-tag", vec![format!("W/{tag}")], true),
        (
            "the-tag-in-a-list",
            vec![format!("\"a\", W/{tag} ,\"b\"")],
            true,
        ),
        (
            "the-tag-in-the-second-line",
            vec!["\"a\"".into(), tag.clone()],
            true,
        ),
        ("another-tag", vec!["\"a\"".into()], false),
        ("an-empty-line", vec![String::new()], false),
        ("an-empty-tag", vec!["\"\"".into()], false),
        ("the-tag-without-quotes", vec![bare.clone()], false),
        (
            "the-weak-tag-in-lower-case",
            vec![format!("w/{tag}")],
            false,
        ),
        (
            "half-of-the-tag",
            vec![format!("\"{}\"", &bare[..11])],
            false,
        ),
        ("two-stars", vec!["**".into()], false),
    ] {
        let id = format!("a-client-with-{what}");
        let story = story(&id, &["T-20"]).rotates(By::EdDsa);
        cases.push(story.shows_to(&[By::EdDsa], 300, lines, is_known).told());
    }
    cases
}

fn rotated() -> Vec<Ring> {
    let two = |id: &str| story(id, &["T-21"]).rotates(By::Es256).rotates(By::EdDsa);
    let gone = LEAD + KEEP;
    let first = |state: &str| key(By::Es256, state, [0, 0], Some([LEAD, gone]));
    let second = |state: &str| key(By::EdDsa, state, [0, LEAD], None);
    let both = &[By::Es256, By::EdDsa];
    vec![
        story("o20-the-first-key-signs-at-once", &["T-21"])
            .rotates(By::Es256)
            .has(&[key(By::Es256, "active", [0, 0], None)])
            .told(),
        two("o20-a-key-is-published-before-it-signs")
            .has(&[first("active"), second("announced")])
            .at(LEAD - 1)
            .has(&[first("active"), second("announced")])
            .at(LEAD)
            .has(&[first("retiring"), second("active")])
            .told(),
        two("o20-a-key-stays-published-while-its-tokens-live")
            .at(gone - 1)
            .has(&[first("retiring"), second("active")])
            .shows(both, 0)
            .at(gone)
            .shows(&[By::EdDsa], 300)
            .told(),
        two("o20-a-copy-is-good-until-a-key-is-gone")
            .at(LEAD)
            .shows(both, 300)
            .at(gone - 300_000)
            .shows(both, 300)
            .at(gone - 299_999)
            .shows(both, 299)
            .at(gone - 1_000)
            .shows(both, 1)
            .at(gone - 999)
            .shows(both, 0)
            .told(),
        two("o20-one-key-waits-at-a-time")
            .refuses(By::Es384, "jwt_ring_announced")
            .at(LEAD - 1)
            .refuses(By::Es384, "jwt_ring_announced")
            .at(LEAD)
            .rotates(By::Es384)
            .told(),
        two("o01-a-key-is-published-once")
            .at(LEAD)
            .rotates(By::Es256)
            .rotates(By::EdDsa)
            .shows(both, 300)
            .told(),
        two("o20-a-key-that-is-gone-may-come-again")
            .at(gone)
            .rotates(By::Es256)
            .shows(&[By::EdDsa, By::Es256], 300)
            .told(),
    ]
}

fn policies() -> Vec<Ring> {
    let mut period = story("o20-a-key-signs-for-its-period", &["T-21"]);
    period.ring.period_seconds = Some(86_400);
    let mut short = story("o20-a-shorter-lead", &["T-21"]);
    short.ring.lead_seconds = Some(600);
    short.ring.tolerance_seconds = Some(0);
    let mut hosts = story("o20-hosts-that-look-again-each-second", &["T-21"]);
    hosts.ring.hosts_seconds = Some(1);
    let mut ages = story("o20-copies-of-an-hour", &["T-21"]);
    ages.ring.max_age_seconds = 3_600;
    vec![
        period
            .rotates(By::Es256)
            .rotates(By::EdDsa)
            .at(86_399_999)
            .has(&[
                key(
                    By::Es256,
                    "active",
                    [0, 0],
                    Some([86_400_000, 86_400_000 + KEEP]),
                ),
                key(By::EdDsa, "announced", [0, 86_400_000], None),
            ])
            .told(),
        short
            .rotates(By::Es256)
            .rotates(By::EdDsa)
            .has(&[
                key(By::Es256, "active", [0, 0], Some([600_000, 2_400_000])),
                key(By::EdDsa, "announced", [0, 600_000], None),
            ])
            .told(),
        hosts
            .rotates(By::Es256)
            .rotates(By::EdDsa)
            .has(&[
                key(
                    By::Es256,
                    "active",
                    [0, 0],
                    Some([1_051_000, 1_051_000 + KEEP]),
                ),
                key(By::EdDsa, "announced", [0, 1_051_000], None),
            ])
            .told(),
        ages.rotates(By::Es256)
            .rotates(By::EdDsa)
            .has(&[
                key(
                    By::Es256,
                    "active",
                    [0, 0],
                    Some([4_350_000, 4_350_000 + KEEP]),
                ),
                key(By::EdDsa, "announced", [0, 4_350_000], None),
            ])
            .shows(&[By::Es256, By::EdDsa], 3_600)
            .told(),
    ]
}

fn revoked() -> Vec<Ring> {
    let two = |id: &str| story(id, &["T-22"]).rotates(By::Es256).rotates(By::EdDsa);
    let only = |state: &str| key(By::EdDsa, state, [0, 1_000], None);
    let mut empty = story("o20-no-key-was-announced", &["T-21"])
        .shows(&[], 0)
        .refused("jwt_ring_empty");
    empty.expect.public = Some("unavailable".into());
    vec![
        two("o20-the-key-that-waits-takes-over-at-once")
            .at(1_000)
            .revokes(By::Es256, None)
            .has(&[only("active")])
            .shows(&[By::EdDsa], 300)
            .told(),
        two("o20-the-key-that-waits-is-revoked")
            .revokes(By::EdDsa, None)
            .at(LEAD)
            .has(&[key(By::Es256, "active", [0, 0], None)])
            .shows(&[By::Es256], 300)
            .told(),
        two("o20-a-key-that-was-revoked-does-not-come-back")
            .revokes(By::EdDsa, None)
            .refuses(By::EdDsa, "jwt_ring_revoked")
            .rotates(By::Es384)
            .told(),
        story("o20-a-change-that-was-begun-before-the-last-one", &["T-21"])
            .rotates(By::Es256)
            .at(120_000)
            .rotates(By::EdDsa)
            .at(59_999)
            .revokes(By::Es256, Some("jwt_ring_late"))
            .at(60_000)
            .revokes(By::Es256, None)
            .told(),
        two("o20-a-key-that-is-not-there")
            .revokes(By::Es384, Some("jwt_ring_missing"))
            .told(),
        two("o20-a-key-is-revoked-after-its-turn")
            .at(LEAD)
            .revokes(By::Es256, None)
            .shows(&[By::EdDsa], 300)
            .told(),
        empty,
        story("o20-every-key-is-revoked", &["T-22"])
            .rotates(By::Es256)
            .revokes(By::Es256, None)
            .shows(&[], 0)
            .rotates(By::EdDsa)
            .has(&[key(By::EdDsa, "active", [0, 0], None)])
            .told(),
    ]
}

/// No token outlives its key.
fn minted() -> Vec<Ring> {
    let ring = |id: &str, life: i64| {
        let mut story = story(id, &["T-21"]).rotates(By::Es256);
        story.ring.life_seconds = life;
        story
    };
    vec![
        ring("o20-a-token-lives-as-the-ring-has-it", 1_800)
            .mints(1_800, 1_800, "asked")
            .mints(1_801, 1_800, "ring")
            .told(),
        ring("o20-a-token-lives-as-its-policy-has-it", 86_400)
            .mints(7_200, 7_200, "asked")
            .mints(7_201, 7_200, "policy")
            .told(),
    ]
}

/// Eight keys are published, and no ninth.
fn full() -> Ring {
    let mut story = story("o20-a-ninth-key", &["T-21"]);
    story.ring.life_seconds = 86_400;
    for turn in 0..8 {
        story = story
            .rotates_to(&ed25519(turn), None)
            .at(LEAD * (i64::from(turn) + 1));
    }
    story.rotates_to(&ed25519(8), Some("jwt_ring_full")).told()
}

/// The key of Ed25519 whose seed is these bytes, as PEM (RFC 8410 section 7).
fn ed25519(seed: u8) -> String {
    const BEFORE: &[u8] = &[
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let der = [BEFORE, &[seed; 32]].concat();
    pem(&der).replace("PUBLIC", "PRIVATE")
}

fn setups() -> Vec<Ring> {
    let of = |id: &str, change: fn(&mut RingMembers), is_good: bool| {
        let mut story = story(id, &["T-21", "Setup"]);
        change(&mut story.ring);
        if is_good {
            story.told()
        } else {
            story.refused("jwt_ring_setup_window")
        }
    };
    let led = |id: &str, seconds, tolerance, is_good: bool| {
        let mut story = story(id, &["T-21", "Setup"]);
        story.ring.lead_seconds = Some(seconds);
        story.ring.tolerance_seconds = Some(tolerance);
        if is_good {
            story.told()
        } else {
            story.refused("jwt_ring_setup_window")
        }
    };
    vec![
        of(
            "tokens-that-live-for-nothing",
            |it| it.life_seconds = 0,
            false,
        ),
        of(
            "tokens-that-live-for-a-day",
            |it| it.life_seconds = 86_400,
            true,
        ),
        of(
            "tokens-that-live-for-more-than-a-day",
            |it| it.life_seconds = 86_401,
            false,
        ),
        of("copies-of-nothing", |it| it.max_age_seconds = 0, false),
        of("copies-of-an-hour", |it| it.max_age_seconds = 3_600, true),
        of(
            "copies-of-more-than-an-hour",
            |it| it.max_age_seconds = 3_601,
            false,
        ),
        of(
            "hosts-that-never-look",
            |it| it.hosts_seconds = Some(0),
            false,
        ),
        of(
            "hosts-that-look-each-hour",
            |it| it.hosts_seconds = Some(3_600),
            true,
        ),
        of(
            "hosts-that-look-less-often",
            |it| it.hosts_seconds = Some(3_601),
            false,
        ),
        of(
            "a-period-of-a-leap-year",
            |it| it.period_seconds = Some(366 * 86_400),
            true,
        ),
        led("a-lead-of-a-copy-and-a-host", 600, 0, true),
        led("a-lead-of-a-second-less", 599, 0, false),
        led("a-lead-of-25-h", 90_000, 600, true),
        led("a-lead-of-more-than-25-h", 90_001, 600, false),
        led("a-tolerance-of-more-than-10-min", 600, 601, false),
    ]
}

/// Steps on their way, and what each of them comes to.
struct Story {
    id: String,
    flags: Vec<&'static str>,
    ring: RingMembers,
    now: i64,
    steps: Vec<RingStep>,
    told: Vec<Value>,
}

fn story(id: &str, flags: &[&'static str]) -> Story {
    Story {
        id: id.into(),
        flags: flags.into(),
        ring: RingMembers {
            life_seconds: 1_800,
            max_age_seconds: 300,
            ..RingMembers::default()
        },
        now: NOW,
        steps: Vec::new(),
        told: Vec::new(),
    }
}

impl Story {
    /// The clock shows so many milliseconds more than at the beginning.
    const fn at(mut self, millis: i64) -> Self {
        self.now = NOW + millis;
        self
    }

    fn step(mut self, does: Does, told: Value) -> Self {
        self.steps.push(RingStep { at: self.now, does });
        self.told.push(told);
        self
    }

    fn rotates(self, by: By) -> Self {
        self.rotates_to(by.private_pem().expect("a key pair"), None)
    }

    fn refuses(self, by: By, code: &str) -> Self {
        self.rotates_to(by.private_pem().expect("a key pair"), Some(code))
    }

    fn rotates_to(self, pem: &str, code: Option<&str>) -> Self {
        let pem = pem.into();
        self.step(Does::Rotate { pem }, json!({"code": code}))
    }

    fn mints(self, life_seconds: i64, lives: i64, decided_by: &str) -> Self {
        let expires = self.now + lives * 1_000;
        let told = json!({"expires": expires, "decided_by": decided_by});
        self.step(Does::Mint { life_seconds }, told)
    }

    fn revokes(self, by: By, code: Option<&str>) -> Self {
        self.step(Does::Revoke { id: print(by) }, json!({"code": code}))
    }

    fn has(self, keys: &[Value]) -> Self {
        self.step(Does::Keys, json!({"keys": keys}))
    }

    /// These keys are published, and a copy is good for so many seconds.
    fn shows(self, keys: &[By], age: i64) -> Self {
        self.shows_to(keys, age, Vec::new(), false)
    }

    fn shows_to(self, keys: &[By], age: i64, if_none_match: Vec<String>, is_known: bool) -> Self {
        let body = body(keys);
        let told = json!({
            "etag": tag(&body),
            "body": body,
            "content_type": "application/jwk-set+json",
            "cache_control": format!("public, max-age={age}, must-revalidate"),
            "is_known": is_known,
        });
        self.step(Does::Published { if_none_match }, told)
    }

    fn told(self) -> Ring {
        let told = json!({"steps": self.told});
        accepted(self.case(), told)
    }

    fn refused(self, code: &str) -> Ring {
        Case {
            expect: refusal(code),
            ..self.case()
        }
    }

    fn case(self) -> Ring {
        let (ring, steps) = (self.ring, self.steps);
        Case {
            now: NOW,
            ..case(&self.id, &self.flags, RingInput { ring, steps })
        }
    }
}

fn key(by: By, state: &str, [announced, active]: [i64; 2], over: Option<[i64; 2]>) -> Value {
    let at = |millis: i64| NOW + millis;
    json!({
        "id": print(by), "state": state, "announced": at(announced), "active": at(active),
        "ends": over.map(|over| at(over[0])), "gone": over.map(|over| at(over[1])),
    })
}

fn body(keys: &[By]) -> String {
    let texts = keys.iter().map(|by| {
        let mut jwk = by.jwk(&print(*by));
        jwk["use"] = "sig".into();
        // In the order of their names.
        jwk.to_string()
    });
    format!("{{\"keys\":[{}]}}", texts.collect::<Vec<_>>().join(","))
}

/// The thumbprint (RFC 7638): of the members that must be there, in the order of their names.
fn print(by: By) -> String {
    let jwk = by.jwk("any");
    let names = ["crv", "kty", "x", "y"];
    let members = names.into_iter().filter(|name| jwk.get(name).is_some());
    let members = members.map(|name| format!("\"{name}\":{}", jwk[name]));
    let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    encoded(sha256(&[text.as_bytes()]))
}

fn tag(body: &str) -> String {
    let digest = encoded(sha256(&[body.as_bytes()]));
    format!("\"{}\"", &digest[..22])
}
