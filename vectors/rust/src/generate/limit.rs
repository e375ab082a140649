//! Rate limits: addresses, charges with the store's answers, and what callers are told.
//!
//! Keys of cells and terms of charges are worked out here from the specification.

mod address;

use counterseal::core::sha256;
use serde_json::{Map, Value, json};

use crate::bytes::hex;
use crate::limit::{AdmitInput, Whom};
use crate::{Case, Expect, Hex, Reply, Verdict};

pub(super) use address::addresses;

type Admit = Case<AdmitInput>;

pub(super) fn admissions() -> Vec<Admit> {
    [by_address(), by_identity(), clocks(), silence(), setups()].concat()
}

fn by_address() -> Vec<Admit> {
    let link = [64, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2];
    let site = [48, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0];
    let six = |draft: Draft| {
        draft
            .charged("address", &link, RATE)
            .charged("address", &site, SITE)
    };
    vec![
        draft(
            "a-client-of-version-4",
            &["L-2", "L-9", "L-11", "Usual"],
            address("192.0.2.7"),
        )
        .charged("address", &[32, 192, 0, 2, 7, 0, 0, 0, 0], RATE)
        .taken([NOW + 1_000])
        .left(4),
        draft(
            "p08-a-client-of-version-4-written-as-6",
            &["L-9", "Variant"],
            address("::ffff:192.0.2.7"),
        )
        .charged("address", &[32, 192, 0, 2, 7, 0, 0, 0, 0], RATE)
        .taken([NOW + 5_000])
        .left(0),
        six(draft(
            "p08-a-client-of-version-6",
            &["L-9", "Usual"],
            address("2001:db8:1:2::7"),
        ))
        .taken([NOW + 3_000, NOW + 1_000])
        .left(2),
        six(draft(
            "p08-another-client-of-the-same-network",
            &["L-9", "Variant"],
            address("2001:db8:1:2:ffff::"),
        ))
        .taken([NOW + 1_000, NOW + 4_875])
        .left(1),
        draft(
            "p08-a-site-with-a-rate-of-its-own",
            &["L-9"],
            address("2001:db8:1:2::7"),
        )
        .policy(json!({"site": {"burst": 10, "every_ms": 500}}))
        .charged("address", &link, RATE)
        .charged("address", &site, (10, 500))
        .taken([NOW + 1_000, NOW + 500])
        .left(4),
        draft(
            "p08-a-network-over-its-limit-takes-nothing-from-its-site",
            &["L-12"],
            address("2001:db8:1:2::7"),
        )
        .answered([Reply::Over(NOW + 5_000)])
        .refused("limit_exceeded"),
        draft(
            "p08-a-site-over-its-limit",
            &["L-12"],
            address("2001:db8:1:2::7"),
        )
        .answered([Reply::Taken(NOW + 1_000), Reply::Over(NOW + 5_000)])
        .refused("limit_exceeded"),
        draft(
            "a-crowded-table-and-a-limit-that-yields",
            &["L-14"],
            address("192.0.2.7"),
        )
        .policy(json!({"yields": true}))
        .crowded()
        .aside(),
        draft(
            "a-crowded-table-and-a-limit-that-stays",
            &["L-14"],
            address("192.0.2.7"),
        )
        .crowded()
        .charged("address", &[32, 192, 0, 2, 7, 0, 0, 0, 0], RATE)
        .taken([NOW + 1_000])
        .left(4),
        draft(
            "a-limit-that-yields-and-no-crowd",
            &["L-14"],
            address("192.0.2.7"),
        )
        .policy(json!({"yields": true}))
        .charged("address", &[32, 192, 0, 2, 7, 0, 0, 0, 0], RATE)
        .taken([NOW + 1_000])
        .left(4),
    ]
}

fn by_identity() -> Vec<Admit> {
    let spelt = |id: &str, name: &str| {
        draft(id, &["L-10", "Variant"], Whom::Name(name.into()))
            .charged("name", b"alice@example", RATE)
            .taken([NOW + 1_000])
            .left(4)
    };
    let name = |id: &str, name: &str, normal: &str| {
        draft(id, &["L-10", "L-11"], Whom::Name(name.into()))
            .charged("name", normal.as_bytes(), RATE)
            .taken([NOW + 1_000])
            .left(4)
    };
    vec![
        spelt("p10-a-name", "alice@example"),
        spelt("p10-a-name-in-upper-case", "ALICE@Example"),
        spelt("p10-a-name-with-blanks", " ali ce@example\n"),
        spelt(
            "p10-a-name-with-a-blank-beyond-ascii",
            "alice\u{a0}@example\u{3000}",
        ),
        spelt(
            "p10-a-name-with-a-character-of-no-width",
            "ali\u{200b}ce@example\u{feff}",
        ),
        spelt("p10-a-name-that-is-turned-round", "\u{202e}alice@example"),
        spelt("p10-a-name-with-a-tag", "alice@example\u{e0041}"),
        spelt("p10-a-name-with-a-control", "alice\u{0}@example"),
        spelt(
            "p10-a-name-in-full-width",
            "\u{ff41}\u{ff4c}\u{ff29}\u{ff43}\u{ff45}\u{ff20}example",
        ),
        name("p10-a-name-with-sharp-s", "Stra\u{df}e", "strasse"),
        name(
            "p10-a-name-with-capital-sharp-s",
            "STRA\u{1e9e}E",
            "strasse",
        ),
        name("p10-a-name-with-long-s", "\u{17f}am", "sam"),
        name("p10-a-name-with-the-sign-of-kelvin", "\u{212a}im", "kim"),
        name(
            "p10-a-name-with-a-final-sigma",
            "\u{3bf}\u{3b4}\u{3bf}\u{3c2}",
            "\u{3bf}\u{3b4}\u{3bf}\u{3c3}",
        ),
        name("a-name-of-nothing", " \u{200b}", ""),
        name("a-name-of-300-letters", &"A".repeat(300), &"a".repeat(256)),
        draft("a-key", &["L-10", "L-11"], Whom::Key("Worker-7".into()))
            .charged("key", b"Worker-7", RATE)
            .taken([NOW + 1_000])
            .left(4),
        draft(
            "another-limit-has-other-cells",
            &["L-11"],
            Whom::Key("Worker-7".into()),
        )
        .policy(json!({"name": "2fa_sms-retry"}))
        .charged("key", b"Worker-7", RATE)
        .taken([NOW + 1_000])
        .left(4),
        draft(
            "a-request-that-counts-as-a-burst",
            &["L-2"],
            Whom::Key("k".into()),
        )
        .costs(5)
        .charged("key", b"k", RATE)
        .taken([NOW + 5_000])
        .left(0),
    ]
}

fn clocks() -> Vec<Admit> {
    let key = |id: &str, rule: &'static str| draft(id, &[rule], Whom::Key("k".into()));
    vec![
        key("p07-a-clock-at-1970", "L-5")
            .at(0)
            .charged("key", b"k", RATE)
            .taken([1_000])
            .left(4),
        key("p07-a-clock-at-the-end-of-the-year-9999", "L-5")
            .at(253_402_300_799_999)
            .charged("key", b"k", RATE)
            .taken([253_402_300_800_999])
            .left(4),
        key("p07-the-largest-burst", "L-5")
            .policy(json!({"burst": u32::MAX, "every_ms": 1}))
            .charged("key", b"k", (i64::from(u32::MAX), 1))
            .taken([NOW + 1])
            .left(u32::MAX - 1),
        key("p07-the-longest-interval", "L-5")
            .policy(json!({"burst": 1, "every_ms": u32::MAX}))
            .charged("key", b"k", (1, i64::from(u32::MAX)))
            .taken([NOW + i64::from(u32::MAX)])
            .left(0),
        key("p07-a-level-that-makes-no-sense-gives-nothing", "L-4")
            .charged("key", b"k", RATE)
            .taken([HUGE])
            .left(0),
        key("p07-a-level-before-the-clock-is-an-empty-cell", "L-2")
            .charged("key", b"k", RATE)
            .taken([0])
            .left(5),
    ]
}

fn silence() -> Vec<Admit> {
    let draft = |id: &str, client: &str| draft(id, &["L-12"], address(client));
    let admits = |draft: Draft| draft.policy(json!({"admits_unknown": true}));
    let silent = [Reply::Unavailable];
    let later = [Reply::Taken(NOW + 1_000), Reply::Unavailable];
    vec![
        draft("a-store-that-is-silent", "192.0.2.7")
            .answered(silent)
            .refused("limit_unavailable"),
        draft("a-store-that-falls-silent", "2001:db8::1")
            .answered(later)
            .refused("limit_unavailable"),
        admits(draft("a-silent-store-and-a-limit-that-admits", "192.0.2.7"))
            .charged("address", &[32, 192, 0, 2, 7, 0, 0, 0, 0], RATE)
            .answered(silent)
            .uncounted(),
        admits(draft(
            "an-exceeded-limit-that-would-admit-when-its-store-is-silent",
            "192.0.2.7",
        ))
        .answered([Reply::Over(NOW + 5_000)])
        .refused("limit_exceeded"),
    ]
}

fn setups() -> Vec<Admit> {
    let set = |id: &str, policy: Value, code: &'static str| {
        draft(id, &["Setup"], Whom::Key("k".into()))
            .policy(policy)
            .refused(code)
    };
    let cost = |id: &str, cost: u32| {
        draft(id, &["Setup"], Whom::Key("k".into()))
            .costs(cost)
            .refused("limit_cost_invalid")
    };
    vec![
        set(
            "a-limit-without-a-name",
            json!({"name": ""}),
            "limit_name_invalid",
        ),
        set(
            "a-limit-with-a-name-in-upper-case",
            json!({"name": "Login"}),
            "limit_name_invalid",
        ),
        set(
            "a-limit-with-a-blank-in-its-name",
            json!({"name": "a b"}),
            "limit_name_invalid",
        ),
        set(
            "a-limit-with-a-quote-in-its-name",
            json!({"name": "a\""}),
            "limit_name_invalid",
        ),
        set(
            "a-limit-with-a-name-of-25-letters",
            json!({"name": "a".repeat(25)}),
            "limit_name_invalid",
        ),
        set(
            "p07-a-burst-of-0",
            json!({"burst": 0}),
            "limit_rate_invalid",
        ),
        set(
            "p07-an-interval-of-0",
            json!({"every_ms": 0}),
            "limit_rate_invalid",
        ),
        set(
            "p07-a-bucket-that-overflows",
            json!({"burst": u32::MAX, "every_ms": u32::MAX}),
            "limit_rate_invalid",
        ),
        set(
            "p07-a-site-with-a-burst-of-0",
            json!({"site": {"burst": 0, "every_ms": 1}}),
            "limit_rate_invalid",
        ),
        cost("p07-a-cost-of-0", 0),
        cost("p07-a-cost-of-more-than-a-burst", 6),
        cost("p07-the-largest-cost", u32::MAX),
        draft(
            "a-key-with-an-id-that-is-none",
            &["Setup"],
            Whom::Key("a b".into()),
        )
        .refused("key_id_invalid"),
    ]
}

pub(super) fn answers() -> Vec<Admit> {
    let one = |id: &str| draft(id, &["L-13"], address("192.0.2.7"));
    let policy = "\"login\";q=5;w=5";
    vec![
        one("told-that-4-are-left")
            .answered([Reply::Taken(NOW + 1_000)])
            .told(None, policy, "\"login\";r=4;t=1", None),
        one("told-that-none-is-left")
            .answered([Reply::Taken(NOW + 5_000)])
            .told(None, policy, "\"login\";r=0;t=5", None),
        one("told-to-wait-for-whole-seconds")
            .answered([Reply::Over(NOW + 5_000)])
            .told(
                Some("limit_exceeded"),
                policy,
                "\"login\";r=0;t=1",
                Some("1"),
            ),
        one("told-to-wait-for-a-second-where-less-would-do")
            .answered([Reply::Over(NOW + 4_001)])
            .told(
                Some("limit_exceeded"),
                policy,
                "\"login\";r=0;t=1",
                Some("1"),
            ),
        one("told-to-wait-rounded-up")
            .costs(3)
            .answered([Reply::Over(NOW + 3_001)])
            .told(
                Some("limit_exceeded"),
                policy,
                "\"login\";r=0;t=2",
                Some("2"),
            ),
        one("told-a-window-rounded-up")
            .policy(json!({"burst": 10, "every_ms": 1_234}))
            .answered([Reply::Taken(NOW + 1_234)])
            .told(None, "\"login\";q=10;w=13", "\"login\";r=9;t=2", None),
        one("told-by-a-limit-faster-than-a-second")
            .policy(json!({"burst": 3, "every_ms": 1}))
            .answered([Reply::Over(NOW + 3)])
            .told(
                Some("limit_exceeded"),
                "\"login\";q=3;w=1",
                "\"login\";r=0;t=1",
                Some("1"),
            ),
        one("told-of-the-largest-bucket")
            .policy(json!({"burst": 1 << 20, "every_ms": 1_u32 << 31}))
            .answered([Reply::Taken(NOW + (1 << 31))])
            .told(
                None,
                "\"login\";q=1048576;w=2251799813686",
                "\"login\";r=1048575;t=2147484",
                None,
            ),
        one("p07-told-to-wait-for-a-bucket-after-the-clock-was-set-back")
            .answered([Reply::Over(HUGE)])
            .told(
                Some("limit_exceeded"),
                policy,
                "\"login\";r=0;t=1",
                Some("1"),
            ),
        one("told-nothing-when-the-store-is-silent")
            .answered([Reply::Unavailable])
            .told_nothing(Some("limit_unavailable")),
        one("told-nothing-by-a-limit-that-admits-when-the-store-is-silent")
            .policy(json!({"admits_unknown": true}))
            .answered([Reply::Unavailable])
            .told_nothing(None),
        one("told-nothing-by-a-limit-that-steps-aside")
            .policy(json!({"yields": true}))
            .crowded()
            .told_nothing(None),
        one("told-nothing-of-a-limit-that-cannot-be")
            .policy(json!({"burst": 0}))
            .refused("limit_rate_invalid"),
    ]
}

/// A case on its way: a limit of 5 at once and one more each second, unless it is told otherwise.
struct Draft {
    case: Admit,
    charges: Vec<Value>,
}

fn draft(id: &str, flags: &[&'static str], whom: Whom) -> Draft {
    let input = AdmitInput {
        whom,
        cost: 1,
        is_crowded: false,
    };
    let case = case(id, flags, input);
    Draft {
        case: Case {
            policy: Some(members(
                json!({"name": "login", "burst": 5, "every_ms": 1_000}),
            )),
            now: NOW,
            ..case
        },
        charges: Vec::new(),
    }
}

impl Draft {
    fn policy(mut self, more: Value) -> Self {
        let policy = self.case.policy.as_mut();
        policy.expect("a limit").extend(members(more));
        self
    }

    fn at(mut self, now: i64) -> Self {
        self.case.now = now;
        self
    }

    fn costs(mut self, cost: u32) -> Self {
        self.case.input.cost = cost;
        self
    }

    fn crowded(mut self) -> Self {
        self.case.input.is_crowded = true;
        self
    }

    /// One more charge is made, at this rate: the burst, and the interval.
    fn charged(mut self, kind: &str, whom: &[u8], (burst, every): (i64, i64)) -> Self {
        let name = self
            .case
            .policy
            .as_ref()
            .and_then(|policy| policy["name"].as_str());
        let name = name.expect("a name").as_bytes();
        let key = sha256(&[b"cs-limit/1 ", name, b" ", kind.as_bytes(), b" ", whom]);
        let (now, bucket) = (self.case.now.max(0), burst * every);
        let need = (i64::from(self.case.input.cost) * every).min(bucket + 1);
        self.charges.push(json!({
            "space": "limit",
            "key": hex(&key[..16]),
            "now": now,
            "full": now + bucket,
            "last": now + bucket - need,
            "need": need,
            "jumped": now + bucket + bucket.max(10_000),
        }));
        self
    }

    fn answered(mut self, replies: impl IntoIterator<Item = Reply>) -> Self {
        self.case.replies = replies.into_iter().collect();
        self
    }

    fn taken<const N: usize>(self, levels: [i64; N]) -> Self {
        self.answered(levels.map(Reply::Taken))
    }

    fn left(self, left: u32) -> Admit {
        self.admitted(Some(left), false)
    }

    fn uncounted(self) -> Admit {
        self.admitted(None, false)
    }

    fn aside(self) -> Admit {
        self.admitted(None, true)
    }

    fn admitted(self, left: Option<u32>, stepped_aside: bool) -> Admit {
        let output = json!({"charges": self.charges, "left": left, "stepped_aside": stepped_aside});
        accepted(self.case, output)
    }

    fn told(self, code: Option<&str>, policy: &str, limit: &str, wait: Option<&str>) -> Admit {
        let mut headers = vec![["ratelimit-policy", policy], ["ratelimit", limit]];
        headers.extend(wait.map(|wait| ["retry-after", wait]));
        accepted(self.case, json!({"code": code, "headers": headers}))
    }

    fn told_nothing(self, code: Option<&str>) -> Admit {
        accepted(self.case, json!({"code": code, "headers": []}))
    }

    fn refused(self, code: &'static str) -> Admit {
        let public = match code {
            "limit_exceeded" => code,
            "limit_unavailable" => "unavailable",
            _ => "internal_error",
        };
        let expect = Expect {
            verdict: Verdict::Reject,
            code: Some(code.into()),
            public: Some(public.into()),
            output: Value::Null,
        };
        Case {
            expect,
            ..self.case
        }
    }
}

fn address(text: &str) -> Whom {
    Whom::Address(text.parse().expect("an address"))
}

pub(super) fn accepted<I>(case: Case<I>, output: Value) -> Case<I> {
    let expect = Expect {
        verdict: Verdict::Accept,
        code: None,
        public: None,
        output,
    };
    Case { expect, ..case }
}

pub(super) fn case<I>(id: &str, flags: &[&'static str], input: I) -> Case<I> {
    Case {
        id: id.into(),
        flags: flags.iter().map(|flag| (*flag).into()).collect(),
        policy: None,
        now: 0,
        seed: Hex(Vec::new()),
        keys: Vec::new(),
        input,
        raw: None,
        sockets: std::collections::BTreeMap::new(),
        replies: Vec::new(),
        expect: Expect {
            verdict: Verdict::Accept,
            code: None,
            public: None,
            output: Value::Null,
        },
    }
}

pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => unreachable!("an object"),
    }
}

const NOW: i64 = 1_800_000_000_000;
/// The largest whole number that is exact in a double.
const HUGE: i64 = (1 << 53) - 1;
/// The burst and the interval of the limit, and of a site's.
const RATE: (i64, i64) = (5, 1_000);
const SITE: (i64, i64) = (80, 62);
