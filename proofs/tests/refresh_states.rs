//! The refresher beside a model of it in some thirty lines, on every store: whatever is asked in whatever order, both say the same.

#![allow(clippy::unwrap_used, clippy::panic)] // tests: what fails is seen

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use counterseal_core::{Load, Refusal, Row, RowOp, Span, Subject, Swap, Time, drive};
use counterseal_refresh::{
    Confirmation, FeedError, NewSession, RefreshPolicy, Refresher, SessionFeed, SessionId, Which,
};
use proptest::collection::vec;
use proptest::prelude::*;

#[path = "../src/databases.rs"]
#[allow(dead_code, unreachable_pub)]
mod databases;
#[path = "../src/issuer.rs"]
#[allow(dead_code)]
mod issuer;
#[path = "../src/uses.rs"]
#[allow(dead_code)]
mod uses;

use databases::{Database, Store};
use issuer::{BEGINNING, NEW, WEB, secrets, seed, text};

/// What is asked. Sessions are numbered from 0, modulo how many there are.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Begin,
    /// A token, so many generations back; on a host whose clock is behind by some seconds.
    Refresh(usize, u32, i64),
    Mint(usize, u32),
    Confirm(usize, u32),
    End(usize),
    EndAll,
    /// A new version of the subject.
    Bump,
    Sweep,
    /// Seconds pass.
    Tick(i64),
}

/// The model: seconds and flags.
#[derive(Clone, Debug, Default)]
struct Model {
    now: i64,
    version: i64,
    sessions: Vec<Modelled>,
    /// Whether rows leave by their server's clock, and not when they are swept.
    keeps: bool,
}

#[derive(Clone, Debug)]
struct Modelled {
    version: i64,
    generation: u32,
    rotated: i64,
    window: i64,
    retries: i64,
    is_confirmed: bool,
    idle_end: i64,
    absolute_end: i64,
    ended: Option<i64>,
    is_gone: bool,
}

impl Modelled {
    fn begun(now: i64, version: i64) -> Self {
        Modelled {
            version,
            generation: 0,
            rotated: now,
            window: now,
            retries: 0,
            is_confirmed: false,
            idle_end: now + IDLE,
            absolute_end: now + ABSOLUTE,
            ended: None,
            is_gone: false,
        }
    }

    /// What a token so many generations back is answered with.
    fn look(&self, back: u32, now: i64) -> &'static str {
        let latest = self.rotated.max(self.window);
        let at = now.max(latest);
        let in_window = at - self.window <= WINDOW;
        match back {
            _ if self.is_gone => "refresh_unknown",
            _ if latest - now > SKEW => "refresh_clock",
            _ if self.ended.is_some() => "refresh_ended",
            _ if at >= self.idle_end.min(self.absolute_end) => "refresh_expired",
            0 if at - latest <= 2 * WINDOW => "same",
            0 => "rotated",
            1 if in_window && self.retries < RETRIES => "retried",
            1 if in_window => "refresh_busy",
            1 if !self.is_confirmed && at - self.rotated <= WITHIN => "retried_late",
            1 if !self.is_confirmed => "refresh_unconfirmed",
            _ => "refresh_replayed",
        }
    }

    fn refresh(&mut self, back: u32, now: i64, version: i64) -> &'static str {
        let said = self.look(back, now);
        let at = now.max(self.rotated).max(self.window);
        let gives = ["same", "rotated", "retried", "retried_late"];
        if gives.contains(&said) && version > self.version {
            return "refresh_user_ver";
        }
        match said {
            "same" => self.is_confirmed = true,
            "rotated" => {
                *self = Modelled {
                    generation: self.generation + 1,
                    absolute_end: self.absolute_end,
                    idle_end: (at + IDLE).min(self.absolute_end),
                    ..Modelled::begun(at, self.version)
                };
            }
            "retried" => {
                self.retries += 1;
                self.window = if self.is_confirmed { self.window } else { at };
            }
            "retried_late" => (self.retries, self.window) = (0, at),
            "refresh_replayed" | "refresh_unconfirmed" => self.ended = Some(at),
            _ => {}
        }
        said
    }

    fn mint(&self, back: u32, now: i64, version: i64) -> &'static str {
        match self.look(back, now) {
            "refresh_replayed" | "refresh_unconfirmed" => "refresh_superseded",
            "same" | "rotated" | "retried" | "retried_late" => {
                if version > self.version {
                    return "refresh_user_ver";
                }
                "minted"
            }
            refused => refused,
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let session = || 0_usize..3;
    let back = || prop_oneof![5 => Just(0_u32), 4 => Just(1), 1 => 2_u32..5];
    let seconds = prop_oneof![
        4 => 0_i64..12,
        4 => 18_i64..24,
        2 => 55_i64..65,
        1 => Just(IDLE),
        1 => Just(3_600_i64),
    ];
    let refresh = (session(), back(), 0_i64..8);
    prop_oneof![
        2 => Just(Asked::Begin),
        12 => refresh.prop_map(|(session, back, behind)| Asked::Refresh(session, back, behind)),
        2 => (session(), back()).prop_map(|(session, back)| Asked::Mint(session, back)),
        3 => (session(), back()).prop_map(|(session, back)| Asked::Confirm(session, back)),
        1 => session().prop_map(Asked::End),
        1 => Just(Asked::EndAll),
        1 => Just(Asked::Bump),
        1 => Just(Asked::Sweep),
        10 => seconds.prop_map(Asked::Tick),
    ]
}

impl Model {
    fn live(&self) -> Vec<(usize, u32)> {
        let is_live =
            |one: &Modelled| one.ended.is_none() && self.now < one.idle_end.min(one.absolute_end);
        let sessions = self.sessions.iter().enumerate();
        let live = sessions.filter(|(_, one)| is_live(one));
        live.map(|(number, one)| (number, one.generation)).collect()
    }

    /// The sessions whose access tokens are over with them.
    fn ended(&self) -> Vec<usize> {
        let is_told =
            |one: &Modelled| !one.is_gone && one.ended.is_some_and(|at| self.now - at <= TOLD);
        let sessions = self.sessions.iter().enumerate();
        let told = sessions.filter(|(_, one)| is_told(one));
        told.map(|(number, _)| number).collect()
    }

    /// What is answered.
    fn apply(&mut self, asked: Asked) -> &'static str {
        let (now, version) = (self.now, self.version);
        let count = self.sessions.len();
        let session = |number: usize| number % count;
        match asked {
            Asked::Begin => self.sessions.push(Modelled::begun(now, version)),
            Asked::Tick(seconds) => self.now += seconds,
            Asked::Bump => self.version += 1,
            Asked::EndAll => {
                for one in &mut self.sessions {
                    one.ended.get_or_insert(now);
                }
            }
            Asked::Sweep => {
                for one in &mut self.sessions {
                    one.is_gone |= !self.keeps && one.absolute_end + KEPT < now;
                }
            }
            _ if count == 0 => {}
            Asked::End(number) => {
                self.sessions[session(number)].ended.get_or_insert(now);
            }
            Asked::Confirm(number, back) => {
                self.sessions[session(number)].is_confirmed |= back == 0;
            }
            Asked::Mint(number, back) => {
                let one = &self.sessions[session(number)];
                return one.mint(back.min(one.generation), now, version);
            }
            Asked::Refresh(number, back, behind) => {
                let one = &mut self.sessions[session(number)];
                return one.refresh(back.min(one.generation), now - behind, version);
            }
        }
        "done"
    }
}

/// The real one.
struct Real {
    store: Store,
    refresher: Refresher,
    subject: String,
    now: i64,
    version: i64,
    sessions: Vec<(SessionId, Vec<String>)>,
    drawn: u64,
}

thread_local! {
    /// One database for all cases of a test; each has a subject of its own there.
    static DATABASE: OnceCell<Database> = const { OnceCell::new() };
}

static CASES: AtomicU64 = AtomicU64::new(0);

/// Asks both.
fn are_the_same(make: fn() -> Database, asked: &[Asked]) {
    let (name, store) = DATABASE.with(|cell| {
        let database = cell.get_or_init(make);
        (database.name(), database.open())
    });
    let mut real = Real::new(store);
    let mut model = Model {
        keeps: name == "Redis",
        ..Model::default()
    };
    for (step, asked) in asked.iter().enumerate() {
        let said = real.apply(*asked);
        assert_eq!(said, model.apply(*asked), "step {step}, {asked:?}");
        assert_eq!(real.live(), model.live(), "step {step}, {asked:?}");
        assert_eq!(real.ended(), model.ended(), "step {step}, {asked:?}");
    }
}

impl Real {
    fn new(store: Store) -> Self {
        let number = CASES.fetch_add(1, Relaxed);
        Real {
            store,
            refresher: Refresher::new(policy(), secrets()),
            subject: format!("subject-{number}"),
            now: 0,
            version: 0,
            sessions: Vec::new(),
            drawn: number << 32,
        }
    }

    /// The sessions that are listed, by their numbers, and their generations.
    fn live(&self) -> Vec<(usize, u32)> {
        let step = self
            .refresher
            .sessions(NEW.tenant, &self.subject, at(self.now));
        let listed = drive(&*self.store, step).unwrap();
        let number = |id| self.sessions.iter().position(|(other, _)| *other == id);
        let of = listed
            .iter()
            .map(|one| (number(one.id).unwrap(), one.generation));
        let mut live: Vec<_> = of.collect();
        live.sort_unstable();
        live
    }

    /// The sessions whose access tokens a verifier refuses, by their numbers.
    fn ended(&self) -> Vec<usize> {
        let feed = SessionFeed::new(Span::from_seconds(1)).unwrap();
        let feed = drive(&*self.store, feed.read(at(self.now))).unwrap();
        let is_refused = |id: SessionId| match feed.check(Some(&id.to_string()), at(self.now)) {
            Ok(()) => false,
            Err(FeedError::Ended { session }) => session == id,
            Err(other) => panic!("{other}"),
        };
        let sessions = self.sessions.iter().enumerate();
        let refused = sessions.filter(|(_, (id, _))| is_refused(*id));
        refused.map(|(number, _)| number).collect()
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    fn apply(&mut self, asked: Asked) -> &'static str {
        let now = at(self.now);
        let count = self.sessions.len();
        match asked {
            Asked::Begin => self.begin(now),
            Asked::Tick(seconds) => self.now += seconds,
            Asked::Bump => self.bump(now),
            Asked::EndAll => {
                let all = self
                    .refresher
                    .revoke_all(NEW.tenant, &self.subject, Which::All, now);
                drive(&*self.store, all).unwrap();
            }
            Asked::Sweep => {
                self.store.run(self.refresher.sweep(now, 100)).unwrap();
            }
            _ if count == 0 => {}
            Asked::End(number) => {
                // One that was swept is unknown.
                let step = self.refresher.revoke(self.sessions[number % count].0, now);
                let _ = drive(&*self.store, step);
            }
            Asked::Confirm(number, back) => {
                let (id, tokens) = &self.sessions[number % count];
                if let Some(generation) = (tokens.len() - 1).checked_sub(back as usize) {
                    let generation = u32::try_from(generation).unwrap();
                    let _ = drive(&*self.store, self.refresher.confirm(*id, generation, now));
                }
            }
            Asked::Mint(number, back) => return self.ask(number % count, back, now, true),
            Asked::Refresh(number, back, behind) => {
                let clock = at(self.now - behind);
                return self.ask(number % count, back, clock, false);
            }
        }
        "done"
    }

    fn begin(&mut self, now: Time) {
        let drawn = seed(self.draw());
        let new = NewSession {
            subject: &self.subject,
            user_ver: self.version,
            ..NEW
        };
        let step = self.refresher.begin_session(&new, now, &drawn);
        let begun = drive(&*self.store, step.unwrap()).unwrap();
        self.sessions
            .push((begun.session().id, vec![text(begun.token())]));
    }

    /// A token that was given in one generation is given in it for ever.
    fn ask(&mut self, number: usize, back: u32, now: Time, mints: bool) -> &'static str {
        let salt = seed(self.draw());
        let tokens = &mut self.sessions[number].1;
        let token = &tokens[(tokens.len() - 1).saturating_sub(back as usize)];
        let step = if mints {
            self.refresher.mint(token, &WEB, now)
        } else {
            self.refresher.refresh(token, &WEB, now, &salt)
        };
        let outcome = step.and_then(|step| drive(&*self.store, step));
        let refreshed = match outcome {
            Ok(refreshed) => refreshed,
            Err(error) => return error.code().name,
        };
        if let Some(token) = refreshed.token().map(text) {
            let generation = refreshed.session().generation as usize;
            if tokens.len() == generation {
                tokens.push(token.clone());
            }
            assert_eq!(tokens.get(generation), Some(&token));
        }
        refreshed.how().name()
    }

    fn bump(&mut self, now: Time) {
        self.version += 1;
        let mut record = Subject::new(NEW.tenant, &self.subject, now);
        record.user_ver = self.version;
        let id = record.row();
        let row: Option<Row<Subject>> = self.store.run(RowOp::Load(Load::new(id))).unwrap();
        let swap = Swap {
            id,
            expected: row.map_or(0, |row| row.version),
            record,
        };
        self.store.run(RowOp::Swap(swap)).unwrap().unwrap();
    }
}

fn policy() -> RefreshPolicy {
    let span = Span::from_seconds;
    let within = span(WITHIN);
    RefreshPolicy::new(Confirmation::Wired { within })
        .and_then(|policy| policy.with_window(span(WINDOW)))
        .and_then(|policy| policy.with_lives(span(IDLE), span(ABSOLUTE)))
        .and_then(|policy| policy.with_skew(span(SKEW)))
        .and_then(|policy| policy.with_retries(u32::try_from(RETRIES).unwrap()))
        .unwrap()
}

fn at(seconds: i64) -> Time {
    BEGINNING.plus(Span::from_seconds(seconds))
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(300))]
    #[test]
    fn the_refresher_says_what_its_model_says_in_memory(asked in vec(asked(), 1..120)) {
        are_the_same(Database::memory, &asked);
    }
}

proptest! {
    #![proptest_config(config(30))]
    #[test]
    fn the_refresher_says_what_its_model_says_on_sqlite(asked in vec(asked(), 1..120)) {
        are_the_same(Database::sqlite, &asked);
    }

    #[test]
    fn the_refresher_says_what_its_model_says_on_postgres(asked in vec(asked(), 1..120)) {
        are_the_same(Database::postgres, &asked);
    }

    #[test]
    fn the_refresher_says_what_its_model_says_on_redis(asked in vec(asked(), 1..120)) {
        are_the_same(Database::redis, &asked);
    }
}

const WINDOW: i64 = 10;
const WITHIN: i64 = 60;
const RETRIES: i64 = 3;
const IDLE: i64 = 200;
const ABSOLUTE: i64 = 900;
const SKEW: i64 = 5;
/// For how long an end is told.
const TOLD: i64 = 40 * 60;
/// How long a row stays after its session.
const KEPT: i64 = 40 * 60;
