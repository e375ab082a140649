//! Fetching keys, step by step: the rows O03 to O07.

mod answers;
mod paces;
mod setups;

pub(in crate::generate) use answers::cases as answers;

use serde_json::{Value, json};

use super::draft::{NOW, encoded, refusal};
use super::secrets::By;
use crate::generate::limit::{accepted, case};
use crate::jwt::{Answer, Cause, FetchDoes as Does, FetchInput, FetchStep, FetcherInput};
use crate::{Case, Hex};

type Fetch = Case<FetchInput>;

pub(in crate::generate) fn cases() -> Vec<Fetch> {
    [paces::cases(), setups::cases()].concat()
}

/// Steps on their way, and what each of them comes to.
struct Story {
    id: String,
    flags: Vec<&'static str>,
    fetcher: FetcherInput,
    now: i64,
    orders: usize,
    steps: Vec<FetchStep>,
    told: Vec<Value>,
    chance: Chance,
}

const URL: &str = "https://iss.example/keys";
const JSON: &str = "application/json";
const SEED: [u8; 8] = [7; 8];

fn story(id: &str, flags: &[&'static str]) -> Story {
    Story {
        id: id.into(),
        flags: flags.into(),
        fetcher: FetcherInput {
            issuer: "https://iss.example".into(),
            url: URL.into(),
            ..FetcherInput::default()
        },
        now: NOW,
        orders: 0,
        steps: Vec::new(),
        told: Vec::new(),
        chance: Chance(u64::from_le_bytes(SEED)),
    }
}

/// These keys were asked for, and were there, at the beginning.
fn with(id: &str, flags: &[&'static str], kids: &[&str]) -> Story {
    let mut story = story(id, flags).due().new_set(1, kids);
    // The first refresh was brought forward by chance.
    story.chance.below(60_000);
    story
}

impl Story {
    /// The clock shows so many milliseconds more than at the beginning.
    const fn at(mut self, millis: i64) -> Self {
        self.now = NOW + millis;
        self
    }

    fn step(mut self, does: Does, told: Value) -> Self {
        self.steps.push(FetchStep { at: self.now, does });
        self.told.push(told);
        self
    }

    /// The next order.
    fn ordered(&mut self) -> Value {
        self.orders += 1;
        let timeout = self.fetcher.timeout_seconds.unwrap_or(5) * 1_000;
        json!({"number": self.orders, "url": self.fetcher.url, "timeout": timeout, "max_bytes": 262_144})
    }

    /// The time has come, and something is ordered.
    fn due(mut self) -> Self {
        let order = self.ordered();
        self.step(Does::Timeout, json!({"order": order}))
    }

    /// The time has not come.
    fn idle(self) -> Self {
        self.step(Does::Timeout, json!({"order": null}))
    }

    /// A token names this key, which is fetched.
    fn fetches(mut self, kid: &str) -> Self {
        let order = self.ordered();
        let told = json!({"hope": true, "order": order});
        self.step(Does::Wanted { token: token(kid) }, told)
    }

    /// A token names this key, and nothing is ordered for it.
    fn wants(self, kid: &str, hope: bool) -> Self {
        self.wants_of(token(kid), hope)
    }

    fn wants_of(self, token: String, hope: bool) -> Self {
        self.step(Does::Wanted { token }, json!({"hope": hope, "order": null}))
    }

    fn new_set(self, order: usize, kids: &[&str]) -> Self {
        self.responds(answer(order, &set(kids)), None, true)
    }

    /// The set is the one that is there, or comes too late.
    fn same_set(self, order: usize, kids: &[&str]) -> Self {
        self.responds(answer(order, &set(kids)), None, false)
    }

    fn responds(self, answer: Answer, code: Option<&str>, is_new: bool) -> Self {
        let told = json!({"code": code, "is_new": is_new, "order": null});
        self.step(Does::Response(answer), told)
    }

    fn fails(self, order: usize, cause: Cause) -> Self {
        self.step(Does::Failure { order, cause }, json!({"order": null}))
    }

    fn has(self, kids: &[&str], generation: u64) -> Self {
        let told = json!({"code": null, "ids": kids, "generation": generation});
        self.step(Does::Keys, told)
    }

    fn has_none(self, code: &str) -> Self {
        self.step(Does::Keys, json!({"code": code}))
    }

    fn failed(self, code: Option<&str>) -> Self {
        self.step(Does::Error, json!({"code": code}))
    }

    /// The next timeout is so many milliseconds after the beginning.
    fn next(self, millis: i64) -> Self {
        self.step(Does::Next, json!({"next": NOW + millis}))
    }

    fn told(self) -> Fetch {
        let told = json!({"steps": self.told});
        accepted(self.case(), told)
    }

    fn refused(self, code: &str) -> Fetch {
        Case {
            expect: refusal(code),
            ..self.case()
        }
    }

    fn case(self) -> Fetch {
        let (fetcher, steps) = (self.fetcher, self.steps);
        Case {
            now: NOW,
            seed: Hex(SEED.into()),
            ..case(&self.id, &self.flags, FetchInput { fetcher, steps })
        }
    }
}

/// The chance that docs/spec/issuers.md I-5 has (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let first = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let second = (first ^ first >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(most).expect("a span");
        i64::try_from((second ^ second >> 31) % most).expect("it is below it")
    }
}

fn answer(order: usize, body: &str) -> Answer {
    Answer {
        order,
        status: 200,
        content_type: Some(JSON.into()),
        body: body.into(),
        ..Answer::default()
    }
}

fn set(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| By::EdDsa.jwk(kid)).collect();
    json!({"keys": keys}).to_string()
}

/// A token in form, which nobody has signed.
fn token(kid: &str) -> String {
    of_header(&json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"}))
}

fn of_header(header: &Value) -> String {
    let payload = json!({"iss": "https://evil.example"});
    format!(
        "{}.{}.AA",
        encoded(header.to_string()),
        encoded(payload.to_string())
    )
}
