//! On every store: a rotation in one step is the one that the rule decides on, and a server that follows another gives nothing.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

mod common;

use std::cell::Cell;

use common::{policy, secret, secrets, text};
use counterseal_core::{
    Carry, Linked, LinkedOp, LoadLinked, Record, Refusal, RowOp, Run, Seed, Span, Subject, Swap,
    Table, Time, Unavailable, Value, drive, read, write,
};
use counterseal_memory::Memory;
use counterseal_refresh::{
    Bound, Confirmation, Holder, How, NewSession, RefreshFamily, RefreshPolicy, RefreshSecrets,
    Refresher,
};
use counterseal_servers::{postgres, redis};
use counterseal_sqlite::Sqlite;
use counterseal_store::{Dialect, migrations};
use counterseal_testkit::{NOW, Scratch, WINDOW};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

type Op = LinkedOp<RefreshFamily, Subject>;
type Rows = Linked<RefreshFamily, Subject>;
type Records = (Option<RefreshFamily>, Option<Subject>);
type Outcome = Result<(How, Option<String>), &'static str>;
const TABLES: &[Table] = &[RefreshFamily::TABLE, Subject::TABLE];

#[test]
fn a_rotation_in_one_step_is_the_rules_in_memory() {
    all(&Memory::new(WINDOW, 10, NOW), 10_000);
}

#[test]
fn a_rotation_in_one_step_is_the_rules_on_sqlite() {
    let scratch = Scratch::new();
    let sqlite = Sqlite::open(&scratch.file("sessions.db"), TABLES, &[], WINDOW, NOW);
    all(&sqlite.unwrap(), 300);
}

#[test]
fn a_rotation_in_one_step_is_the_rules_on_postgres() {
    all(&migrated(postgres::Server::shared()), 500);
}

#[test]
fn a_rotation_in_one_step_is_the_rules_on_redis() {
    all(&redis::Redis::new(redis::Server::start()), 2_000);
}

#[test]
fn a_standby_of_postgres_gives_nothing() {
    let primary = postgres::Server::start();
    let store = migrated(&primary);
    begun(&store);
    let standby = primary.standby();
    gives_nothing(&store, &standby.of_schema(&store));
}

#[test]
fn a_replica_of_redis_gives_nothing() {
    let [store, replica] = [0; 2].map(|_| redis::Redis::new(redis::Server::start()));
    begun(&store);
    let (host, port) = store.server.address();
    replica.server.command(&format!("REPLICAOF {host} {port}"));
    while replica.server.command("DBSIZE") != store.server.command("DBSIZE") {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    gives_nothing(&store, &replica);
}

/// A token is *same* on the primary, and may be minted from; the server that follows it has the row and says neither, nor that it knows
/// no such session.
fn gives_nothing<S: Run<Op>, F: Run<Op>>(primary: &S, follower: &F) {
    let refresher = Refresher::new(policy(), secrets());
    let holder = Holder {
        client: "web",
        bound: None,
    };
    let token = text(drive_begin(&Memory::new(WINDOW, 10, NOW), &refresher).token());
    let refresh = || refresher.refresh(&token, &holder, NOW, &Seed::new([2; 16]));
    let mint = || refresher.mint(&token, &holder, NOW);
    for how in [
        drive(primary, refresh().unwrap()),
        drive(primary, mint().unwrap()),
    ] {
        assert!(matches!(how.unwrap().how(), How::Same | How::Minted));
    }
    let later = NOW.plus(Span::from_minutes(5));
    let rotate = refresher.refresh(&token, &holder, later, &Seed::new([2; 16]));
    for step in [refresh(), mint(), rotate] {
        let refused = drive(follower, step.unwrap()).err().unwrap();
        assert_eq!(refused.code().name, "store_unavailable");
        assert!(!refused.clears_cookies());
    }
}

/// The session that [`gives_nothing`] asks for.
fn begun<S: Run<RowOp<RefreshFamily>>>(store: &S) {
    drive_begin(store, &Refresher::new(policy(), secrets()));
}

fn drive_begin<S: Run<RowOp<RefreshFamily>>>(
    store: &S,
    refresher: &Refresher,
) -> counterseal_refresh::Begun {
    let step = refresher.begin_session(&common::NEW, NOW, &Seed::new([1; 40]));
    drive(store, step.unwrap()).unwrap()
}

fn migrated(server: &postgres::Server) -> postgres::Postgres {
    let store = server.schema();
    for text in migrations(TABLES, Dialect::Postgres, 0) {
        store.client().batch_execute(&text).unwrap();
    }
    store
}

/// A session and its subject as they may be stored, and who comes when.
#[derive(Clone, Debug)]
struct Case {
    /// The version that the session began with.
    user_ver: i64,
    is_bound: bool,
    /// Which of the tokens, of which the third is the newest.
    token: usize,
    /// How far the row's generation is from the newest token's.
    apart: i64,
    client: &'static str,
    shown: Option<Bound>,
    now: Time,
    /// How long before the newest was made, and its parent was answered last.
    ages: (i64, i64),
    /// How long after that the session is over.
    idle: i64,
    ended: (i64, Option<i64>),
    /// Confirmed, retries, late, followed.
    counts: [i64; 4],
    is_tampered: bool,
    /// As it is stored, if it is.
    subject: Option<(i64, Option<Time>)>,
    secrets: u8,
}

/// Mostly what goes on, and beside it each thing that does not; and instants on both sides of each bound.
fn cases() -> impl Strategy<Value = Case> {
    let ages = || mostly(100_000, &[40_001, 40_000, 39_999, 20_000, 0, -1, -5_001]);
    let session = (
        [0..2_i64, 0..2, 0..2],
        (mostly(2, &[0, 1, 3, 4]), mostly(0, &[-1, 1])),
        mostly("web", &["app"]),
        mostly(Some(OURS), &[None, Some(OTHER)]),
    );
    let times = (
        mostly(500_000, &[LIFE - 1, LIFE, LIFE + 1, LIFE - 600_000]),
        (ages(), ages()),
        mostly(600_000, &[1, 0, -1]),
        mostly((0, None), &[(0, Some(7)), (2, Some(7)), (3, None)]),
    );
    let rest = (
        (0..2_i64, 0..3_i64, mostly(0, &[1, 2]), 0..3_i64),
        mostly(false, &[true]),
        (mostly(0, &[-1, 1]), mostly(None, &[Some(NOW)])),
        mostly(0, &[1, 2]),
    );
    (session, times, rest).prop_map(|(session, times, rest)| {
        let ([user_ver, bound, known], (token, apart), client, shown) = session;
        let (now, ages, idle, ended) = times;
        let ((confirmed, retries, late, followed), is_tampered, (newer, disabled), secrets) = rest;
        Case {
            user_ver,
            is_bound: bound == 1,
            subject: (known == 1).then_some((user_ver + newer, disabled)),
            token,
            apart,
            client,
            shown,
            now: NOW.plus(Span::from_millis(now)),
            ages,
            idle,
            ended,
            counts: [confirmed, retries, late, followed],
            is_tampered,
            secrets,
        }
    })
}

fn mostly<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    others: &[T],
) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(usual), 2 => select(others.to_vec())]
}

/// Each case is refreshed twice, by a rotation in one step and without: with one outcome, and one row after it. And the one step was
/// made exactly where the rule rotates and the parent was not retried late.
fn all<S: Run<Op>>(store: &S, cases: u32) {
    let (sessions, made) = (Sessions::new(), Cell::new(0));
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let held = TestRunner::new(config).run(&self::cases(), |case| {
        let session = sessions.of(&case);
        let (is_made, at_once, row) = session.at_once(store, &case, None);
        let (rotates, in_turn, other) = session.in_turn(store, &case);
        made.set(made.get() + u32::from(is_made));
        prop_assert_eq!(&at_once, &in_turn);
        if case.is_tampered {
            let is_refused = at_once.is_err_and(|code| code.starts_with("refresh_"));
            prop_assert!(is_refused, "nothing is given");
            return Ok(());
        }
        prop_assert_eq!(is_made, rotates);
        prop_assert_eq!(row, other);
        Ok(())
    });
    held.unwrap();
    let made = made.get();
    assert!(made > cases / 50, "{made} of {cases} rotated at once");
}

#[test]
fn each_condition_of_the_one_step_is_needed() {
    let (store, sessions) = (Memory::new(WINDOW, 10, NOW), Sessions::new());
    let mut runner = TestRunner::deterministic();
    let mut cases = || cases().new_tree(&mut runner).unwrap().current();
    for left_out in 0..CONDITIONS {
        let is_found_out = (0..20_000).any(|_| {
            let case = cases();
            let session = sessions.of(&case);
            let (is_made, ..) = session.at_once(&store, &case, Some(left_out));
            let (rotates, ..) = session.in_turn(&store, &case);
            !case.is_tampered && is_made != rotates
        });
        assert!(is_found_out, "nothing rests on condition {left_out}");
    }
}

/// A store that tells whether an edit was made; and may leave out one of its conditions.
struct Fused<'a, S> {
    store: &'a S,
    left_out: Option<usize>,
    is_made: Cell<bool>,
}

/// A store that edits nothing, and does not look then.
struct Plain<'a, S>(&'a S);

impl<S: Run<Op>> Run<Op> for Fused<'_, S> {
    fn run(&self, op: Op) -> Result<Rows, Unavailable> {
        let LinkedOp::Edit(mut edit) = op else {
            return self.store.run(op);
        };
        assert_eq!(edit.when.len(), CONDITIONS);
        self.left_out.map(|at| edit.when.remove(at));
        let id = edit.id;
        let version = || load(self.store, id).0.map(|row| row.version);
        let before = version();
        let answer = self.store.run(LinkedOp::Edit(edit));
        self.is_made.set(version() != before);
        answer
    }
}

impl<S: Run<Op>> Run<Op> for Plain<'_, S> {
    fn run(&self, op: Op) -> Result<Rows, Unavailable> {
        match op {
            LinkedOp::Edit(_) => Ok((None, None)),
            other => self.0.run(other),
        }
    }
}

/// Sessions of both versions, bound and not, of subjects that are stored and of others.
struct Sessions(Vec<Session>);

/// A session at its third token, as it was written; with these, the one that comes next, and one that would have been the third.
struct Session {
    kind: (i64, bool, bool),
    subject: Subject,
    id: [u8; 16],
    record: RefreshFamily,
    tokens: [String; 5],
}

impl Sessions {
    fn new() -> Self {
        let kinds = (0..8_u8).map(|kind| (i64::from(kind & 1), kind & 2 > 0, kind & 4 > 0));
        Sessions(kinds.map(Session::new).collect())
    }

    fn of(&self, case: &Case) -> &Session {
        let kind = (case.user_ver, case.is_bound, case.subject.is_some());
        let found = self.0.iter().find(|session| session.kind == kind);
        found.unwrap()
    }
}

impl Session {
    fn new(kind: (i64, bool, bool)) -> Self {
        let (store, refresher) = (Memory::new(WINDOW, 10, NOW), refresher(0));
        let (user_ver, is_bound, is_known) = kind;
        let (bound, name) = (is_bound.then_some(OURS), format!("{kind:?}"));
        let new = NewSession {
            subject: &name,
            user_ver,
            bound,
            ..common::NEW
        };
        let mut subject = Subject::new("login", &name, NOW);
        subject.user_ver = user_ver;
        put(&store, &subject);
        let mark = name.bytes().fold(0, u8::wrapping_add) ^ u8::from(is_known);
        let step = refresher.begin_session(&new, NOW, &Seed::new([mark; 40]));
        let begun = drive(&store, step.unwrap()).unwrap();
        let id = begun.session().id.bytes();
        let mut tokens = [0; 5].map(|_| text(begun.token()));
        let holder = Holder {
            client: "web",
            bound,
        };
        let mut record = RefreshFamily::blank();
        for (minutes, at, parent, seed) in [(2, 1, 0, 4), (4, 4, 1, 5), (4, 2, 1, 4), (8, 3, 2, 4)]
        {
            let (now, seed) = (NOW.plus(Span::from_minutes(minutes)), Seed::new([seed; 16]));
            let step = refresher.refresh(&tokens[parent], &holder, now, &seed);
            let before = load(&store, id).0.unwrap().record;
            tokens[at] = text(drive(&store, step.unwrap()).unwrap().token().unwrap());
            // The one that would have been is of a store that was set back.
            if at == 4 {
                set_back(&store, before);
            } else {
                record = before;
            }
        }
        Session {
            kind,
            subject,
            id,
            record,
            tokens,
        }
    }

    /// Writes the rows of this case over whatever is there.
    fn write<S: Run<Op>>(&self, store: &S, case: &Case) {
        let (row, _) = load(store, self.id);
        let swap = Swap {
            id: self.id,
            expected: row.map_or(0, |row| row.version),
            record: self.record(case),
        };
        store.run(LinkedOp::Swap(swap)).unwrap().0.unwrap();
        if let Some((version, disabled)) = case.subject {
            let mut subject = self.subject.clone();
            (subject.user_ver, subject.disabled) = (version, disabled);
            let (_, named) = load(store, self.id);
            let swap = Swap {
                id: subject.row(),
                expected: named.map_or(0, |row| row.version),
                record: subject,
            };
            store.run(Op::SwapNamed(swap)).unwrap().1.unwrap();
        }
    }

    fn record(&self, case: &Case) -> RefreshFamily {
        let mut values = write(&self.record);
        let mut set = |name, value| {
            values[RefreshFamily::TABLE.position(name).unwrap()] = value;
        };
        set("generation", Value::Int(2 + case.apart));
        let int = |at: Time| Value::Int(at.millis());
        let before = |age| int(case.now.minus(Span::from_millis(age)));
        set("rotated_at", before(case.ages.0));
        set("window_at", before(case.ages.1));
        set("idle_end", int(case.now.plus(Span::from_millis(case.idle))));
        set("ended", Value::Int(case.ended.0));
        set("ended_at", case.ended.1.map_or(Value::Null, Value::Int));
        for (name, count) in ["confirmed", "retries", "late", "followed"]
            .into_iter()
            .zip(case.counts)
        {
            set(name, Value::Int(count));
        }
        if case.is_tampered {
            set("access", Value::Text("everything".into()));
        }
        read(&values, Carry::Binary).unwrap()
    }

    /// Whether the step was made, what came of it, and what is stored then.
    fn at_once<S: Run<Op>>(
        &self,
        store: &S,
        case: &Case,
        left_out: Option<usize>,
    ) -> (bool, Outcome, Records) {
        self.write(store, case);
        let fused = Fused {
            store,
            left_out,
            is_made: Cell::new(false),
        };
        let outcome = self.refresh(&fused, case);
        (fused.is_made.get(), outcome, self.records(store))
    }

    /// Whether the step is to be made, by the rule.
    fn in_turn<S: Run<Op>>(&self, store: &S, case: &Case) -> (bool, Outcome, Records) {
        self.write(store, case);
        let outcome = self.refresh(&Plain(store), case);
        let rotates = matches!(&outcome, Ok((How::Rotated, _))) && case.counts[2] == 0;
        (rotates, outcome, self.records(store))
    }

    fn records<S: Run<Op>>(&self, store: &S) -> Records {
        let (row, subject) = load(store, self.id);
        (row.map(|row| row.record), subject.map(|row| row.record))
    }

    /// How it was answered, and the token that was given; or the code of the refusal.
    fn refresh<S: Run<Op>>(&self, store: &S, case: &Case) -> Outcome {
        let holder = Holder {
            client: case.client,
            bound: case.shown,
        };
        let token = &self.tokens[case.token];
        let step = refresher(case.secrets).refresh(token, &holder, case.now, &Seed::new([6; 16]));
        let outcome = step.and_then(|step| drive(store, step));
        let given = outcome.map(|refreshed| (refreshed.how(), refreshed.token().map(text)));
        given.map_err(|refused| refused.code().name)
    }
}

fn set_back(store: &Memory, record: RefreshFamily) {
    let (row, _) = load(store, record.row());
    let swap = Swap {
        id: record.row(),
        expected: row.unwrap().version,
        record,
    };
    store.run(Op::Swap(swap)).unwrap();
}

fn put(store: &Memory, subject: &Subject) {
    let swap = Swap {
        id: subject.row(),
        expected: 0,
        record: subject.clone(),
    };
    store.run(Op::SwapNamed(swap)).unwrap();
}

fn load<S: Run<Op>>(store: &S, id: [u8; 16]) -> Rows {
    store.run(LinkedOp::Load(LoadLinked::new(id))).unwrap()
}

/// Secret 7 signs, or verifies, or detects.
fn refresher(number: u8) -> Refresher {
    let within = Span::from_seconds(60);
    let policy = RefreshPolicy::new(Confirmation::OnNextUse { within }).unwrap();
    let policy = policy.with_window(Span::from_seconds(20)).unwrap();
    let lives = policy.with_lives(Span::from_seconds(600), Span::from_millis(LIFE));
    let other = || RefreshSecrets::signing(8, &secret(8)).unwrap();
    let secrets = match number {
        0 => secrets(),
        1 => other().verifying(7, &secret(7)).unwrap(),
        _ => other().detecting(7, &secret(7)).unwrap(),
    };
    Refresher::new(lives.unwrap(), secrets)
}

const OURS: Bound = Bound::Device([1; 32]);
const OTHER: Bound = Bound::Key([1; 32]);
const LIFE: i64 = 1_000_000;
const CONDITIONS: usize = 13;
