//! The fetch machine under random schedules: any event in any order, on a clock that jumps both ways, beside a naive model of it.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Two sets, with one key each, and what is none.
static BODIES: LazyLock<[String; 3]> = LazyLock::new(|| {
    let set = |kid: &str, x: &str| {
        format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"{kid}","x":"{x}"}}]}}"#
        )
    };
    let (a, b) = (
        "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    );
    [set("0", a), set("1", b), "[]".to_owned()]
});

#[derive(Clone, Copy, Debug)]
enum Event {
    /// The clock goes on, or is set.
    Clock(i64),
    /// The clock goes to where something is due, and the machine is told.
    Due,
    Timeout,
    Wanted(u8),
    /// The order so many before the last one is answered with this body.
    Answer(usize, usize, Option<i64>),
    Failure(usize),
}

#[derive(Clone, Copy)]
struct Asked {
    id: FetchId,
    at: i128,
    why: Why,
    /// When it was answered or given up.
    ended: Option<i128>,
    is_answered: bool,
}

/// What the machine must agree with. Its clock is the sum of the steps forward.
struct Model {
    fetcher: KeyFetcher,
    now: Time,
    seen: Time,
    own: i128,
    asked: Vec<Asked>,
    /// The body of the newest order that was answered with a set, and when that was asked for.
    set: Option<(FetchId, usize, i128)>,
    generation: u64,
}

const COOL: i128 = 30_000;
const GIVEN_UP: i128 = 10_000;
const HARD: i128 = 3_600_000;

fn event() -> impl Strategy<Value = Event> {
    let step = prop_oneof![
        6 => 0..20_000_i64,
        3 => 0..700_000_i64,
        1 => -700_000..0_i64,
        1 => -90_000_000..90_000_000_i64,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX)],
    ];
    let max_age = proptest::option::of(prop_oneof![Just(i64::MIN), Just(i64::MAX), 0..700_000_i64]);
    prop_oneof![
        4 => step.prop_map(Event::Clock),
        2 => Just(Event::Due),
        2 => Just(Event::Timeout),
        4 => (0..6_u8).prop_map(Event::Wanted),
        6 => (0..4_usize, 0..3_usize, max_age).prop_map(|(order, body, age)| Event::Answer(order, body, age)),
        1 => (0..4_usize).prop_map(Event::Failure),
    ]
}

impl Model {
    fn new(seed: u64) -> Self {
        let policy = FetchPolicy::new("https://iss.example", "https://iss.example/keys").unwrap();
        Model {
            fetcher: KeyFetcher::new(policy, &Seed::new(seed.to_le_bytes()), NOW),
            now: NOW,
            seen: NOW,
            own: 0,
            asked: Vec::new(),
            set: None,
            generation: 0,
        }
    }

    /// The machine is about to see the clock.
    fn tick(&mut self) {
        self.own = self.own_now();
        self.seen = self.now;
    }

    fn own_now(&self) -> i128 {
        let passed = i128::from(self.now.millis()) - i128::from(self.seen.millis());
        self.own + passed.max(0)
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Clock(step) => self.now = self.now.plus(Span::from_millis(step)),
            Event::Due => {
                let (when, why) = self.fetcher.poll_timeout().unwrap();
                self.now = when;
                self.timeout();
                if why == Why::Refresh && when < Time::NEVER {
                    self.check();
                    let last = self.asked.last().unwrap();
                    assert!(
                        last.at == self.own && last.ended.is_none(),
                        "what is due is ordered"
                    );
                }
            }
            Event::Timeout => self.timeout(),
            Event::Wanted(kid) => self.wanted(kid),
            Event::Answer(order, body, age) => self.answer(order, body, age),
            Event::Failure(order) => {
                let Some(at) = self.pick(order) else { return };
                self.tick();
                let id = self.asked[at].id;
                let _ = self
                    .fetcher
                    .handle_failure(id, FetchCause::Connection, self.now);
                self.end(at);
            }
        }
    }

    fn pick(&self, before: usize) -> Option<usize> {
        self.asked.len().checked_sub(1 + before)
    }

    fn end(&mut self, at: usize) {
        let asked = &mut self.asked[at];
        asked.ended.get_or_insert(self.own);
        asked.is_answered = true;
    }

    fn timeout(&mut self) {
        self.tick();
        self.fetcher.handle_timeout(self.now);
        if let Some(last) = self.asked.last_mut()
            && self.own >= last.at + GIVEN_UP
        {
            last.ended.get_or_insert(self.own);
        }
    }

    fn wanted(&mut self, kid: u8) {
        self.tick();
        let wanted = self.fetcher.handle_wanted(&kid.to_string(), self.now);
        let is_there = self
            .set
            .is_some_and(|(_, body, _)| body == usize::from(kid));
        assert_eq!(wanted == Wanted::Known, is_there);
    }

    fn answer(&mut self, order: usize, body: usize, age: Option<i64>) {
        let Some(at) = self.pick(order) else { return };
        let response = FetchResponse {
            status: 200,
            content_type: Some("application/json"),
            body: BODIES[body].as_bytes(),
            max_age: age.map(Span::from_millis),
            url: None,
        };
        self.tick();
        let asked = self.asked[at];
        let outcome = self
            .fetcher
            .handle_response(asked.id, &response, &Ring, self.now);
        let is_newer = self.set.is_none_or(|(from, _, _)| from < asked.id);
        if asked.is_answered || !is_newer {
            assert!(outcome == Ok(Fetched::Ignored) || (body == 2 && outcome.is_err()));
        }
        if matches!(outcome, Ok(Fetched::New | Fetched::Same)) {
            let is_same = self.set.is_some_and(|(_, old, _)| old == body);
            assert_eq!(outcome == Ok(Fetched::Same), is_same);
            self.generation += u64::from(!is_same);
            self.set = Some((asked.id, body, asked.at));
        }
        self.end(at);
    }

    fn check(&mut self) {
        if let Some(order) = self.fetcher.poll_output() {
            let (id, why) = (order.id, order.why);
            self.orders(id, why);
        }
        assert!(self.fetcher.poll_output().is_none());
        assert_eq!(self.fetcher.generation(), self.generation);
        self.keys();
    }

    /// Never two at once, never more than one in each pause, and ids that only grow.
    fn orders(&mut self, id: FetchId, why: Why) {
        if let Some(last) = self.asked.last() {
            assert!(last.ended.is_some() && id > last.id);
        }
        let before = self.asked.iter().rev().find(|asked| asked.why == why);
        if let Some(before) = before {
            let ended = before.ended.unwrap();
            assert!(self.own >= ended + COOL, "{why:?} within the pause");
        }
        self.asked.push(Asked {
            id,
            at: self.own,
            why,
            ended: None,
            is_answered: false,
        });
    }

    /// The set of the newest order, never at the hard limit, and always before it.
    fn keys(&self) {
        let snapshot = self.fetcher.keys(self.now);
        let Some((_, body, asked)) = self.set else {
            assert_eq!(snapshot.err(), Some(FetchError::Unavailable));
            return;
        };
        let is_old = self.own_now() - asked >= HARD;
        assert_eq!(snapshot.is_err(), is_old);
        if let Ok(snapshot) = snapshot {
            assert_eq!(snapshot.generation(), self.generation);
            assert!(snapshot.good_until().since(self.now) <= Span::from_minutes(60));
            if self.now.millis().unsigned_abs() < 1 << 62 {
                let keys = snapshot.keys(self.now).unwrap();
                assert!(keys.find(&body.to_string()).is_some() && keys.iter().count() == 1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn o03_o06_o07_no_schedule_fetches_too_often_or_keeps_keys_too_long(
        seed: u64, events in proptest::collection::vec(event(), 1..120),
    ) {
        let mut model = Model::new(seed);
        for event in events {
            model.happens(event);
            model.check();
        }
    }
}

/// An issuer that is away for a day is asked at a bounded rate, and its keys come back with its answers.
#[test]
fn a_day_of_failures_ends_with_the_first_answer() {
    let (mut model, mut count) = (Model::new(7), 0);
    let end = NOW.plus(Span::from_minutes(24 * 60));
    while model.now < end {
        model.happens(Event::Due);
        model.check();
        model.happens(Event::Failure(0));
        count += 1;
    }
    assert!((140..=190).contains(&count), "{count}");
    model.happens(Event::Due);
    model.check();
    model.happens(Event::Answer(0, 1, None));
    model.check();
    assert!(model.fetcher.keys(model.now).is_ok() && model.fetcher.last_error().is_none());
}
