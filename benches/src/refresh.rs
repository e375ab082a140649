//! Rotations of refresh tokens, each store's beside the same statement issued by hand: the same text and kinds of values, by the same
//! driver over one connection, from a pool where the store has one, and every column of the answer read.
//!
//! The servers are private, on this host, and wait for no disk, so that nothing hides behind it. `aged` is a session that was rotated ten
//! thousand times before; `look_and_swap` is what a rotation is where it is not one step.

use std::collections::HashMap;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Mutex;

use counterseal_core::{
    Linked, LinkedOp, List, ListOp, Op, Pending, Record, Row, RowOp, Run, RunAsync, Secret, Seed,
    Span, Step, Subject, Table, Time, Unavailable, Value, drive,
};
use counterseal_memory::Memory;
use counterseal_postgres::Postgres;
use counterseal_redis::Redis;
use counterseal_refresh::{
    Confirmation, Holder, How, NewSession, RefreshFamily, RefreshPolicy, RefreshSecrets, Refresher,
};
use counterseal_replay::Window;
use counterseal_servers::{postgres, redis as servers};
use counterseal_sqlite::Sqlite;
use counterseal_store::{Dialect, Stated, Statement};
use counterseal_testkit::Scratch;
use deadpool_postgres::{Manager, Pool};
use rusqlite::Connection;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls};

use crate::bound;
use crate::harness::Bench;
use crate::peer::{Peer, at};

const TABLES: &[Table] = &[RefreshFamily::TABLE, Subject::TABLE];
const BEGUN: Time = Time::from_seconds(2_500_000_000);
const HOLDER: Holder<'_> = Holder {
    client: "web",
    bound: None,
};
/// Longer than a token settles.
const TURN: Span = Span::from_seconds(3);
/// As many rotations as a session may have before one that is called young begins anew.
const YOUNG: u64 = 1_000;
const OLD: u64 = 10_000;

type Rows = Linked<RefreshFamily, Subject>;

/// A store of sessions.
trait Sessions: Run<LinkedOp<RefreshFamily, Subject>> + Run<RowOp<RefreshFamily>> {}

impl<S: Run<LinkedOp<RefreshFamily, Subject>> + Run<RowOp<RefreshFamily>>> Sessions for S {}

/// A session whose client refreshes as often as it may.
struct Client<S> {
    store: Rc<S>,
    refresher: Refresher,
    subject: &'static str,
    token: String,
    now: Time,
    turns: u64,
}

impl<S: Sessions> Client<S> {
    fn begin(store: &Rc<S>, subject: &'static str) -> Self {
        let mut client = Client {
            store: Rc::clone(store),
            refresher: refresher(),
            subject,
            token: String::new(),
            now: BEGUN,
            turns: 0,
        };
        client.log_in();
        client
    }

    fn log_in(&mut self) {
        let new = NewSession {
            tenant: "login",
            subject: self.subject,
            user_ver: 0,
            client: HOLDER.client,
            device: "laptop",
            access: "orders:*",
            bound: None,
        };
        let seed = self.seed();
        let step = self.refresher.begin_session(&new, self.now, &seed);
        let begun = drive(&*self.store, step.expect("a session"));
        self.token = text(begun.expect("it begins").token());
    }

    fn rotate(&mut self) {
        self.now = self.now.plus(TURN);
        let seed = self.seed();
        let step = self
            .refresher
            .refresh(&self.token, &HOLDER, self.now, &seed);
        let refreshed = drive(&*self.store, step.expect("a token of ours"));
        let refreshed = refreshed.expect("it goes on");
        assert_eq!(refreshed.how(), How::Rotated);
        self.token = text(refreshed.token().expect("a new token"));
    }

    /// Numbers that differ.
    fn seed<const N: usize>(&mut self) -> Seed<N> {
        self.turns += 1;
        let mut bytes = [9; N];
        bytes[..8].copy_from_slice(&self.turns.to_le_bytes());
        bytes[8..11].copy_from_slice(&self.subject.as_bytes()[..3]);
        Seed::new(bytes)
    }

    /// A client whose session is never older than [`YOUNG`] rotations.
    fn young(mut self) -> impl FnMut() {
        let mut rotated = 0;
        move || {
            if rotated % YOUNG == 0 {
                self.log_in();
            }
            rotated += 1;
            self.rotate();
        }
    }

    /// What a store is asked for when the session is rotated.
    fn asks(&mut self) -> LinkedOp<RefreshFamily, Subject> {
        let now = self.now.plus(TURN);
        let seed = self.seed();
        match self.refresher.refresh(&self.token, &HOLDER, now, &seed) {
            Ok(Step::Need(pending)) => pending.op(),
            _ => panic!("a token of ours"),
        }
    }

    /// A client whose session was rotated [`OLD`] times, and has one row.
    fn old(mut self) -> impl FnMut()
    where
        S: Run<ListOp<RefreshFamily>>,
    {
        (0..OLD).for_each(|_| self.rotate());
        let owner = Subject::row_of("login", self.subject);
        let rows = self.store.run(ListOp::List(List::new(owner, None, 10)));
        assert_eq!(rows.expect("an answer").len(), 1, "one row for a session");
        move || self.rotate()
    }
}

fn refresher() -> Refresher {
    let within = Span::from_seconds(60);
    let policy = RefreshPolicy::new(Confirmation::OnNextUse { within }).expect("a policy");
    let policy = policy.with_window(Span::from_seconds(1)).expect("a window");
    // Long enough for every rotation of a run.
    let days = |days: i64| Span::from_minutes(days * 24 * 60);
    let policy = policy.with_lives(days(14), days(400)).expect("lives");
    let secrets = RefreshSecrets::signing(1, &Secret::new(vec![7; 32]));
    Refresher::new(policy, secrets.expect("32 bytes"))
}

fn text(token: &Secret) -> String {
    String::from_utf8(token.expose().to_vec()).expect("a text")
}

fn bench<S: Sessions + Run<ListOp<RefreshFamily>> + 'static>(
    name: &'static str,
    store: S,
    floor: impl FnMut() + 'static,
) -> Bench {
    let store = Rc::new(store);
    let in_turn = Rc::new(InTurn(Rc::clone(&store)));
    Bench::new(name)
        .item("floor", 0.0, floor)
        .item("counterseal", 0.0, Client::begin(&store, "ada").young())
        .item("aged", 0.0, Client::begin(&store, "methuselah").old())
        .item(
            "look_and_swap",
            0.0,
            Client::begin(&in_turn, "noah").young(),
        )
}

/// The floor is a write in a map under a lock, and as many MACs. The peer is asked over HTTP, and the cheapest request of the same server
/// is taken off.
pub fn memory() -> Bench {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
    let rows = Mutex::new(HashMap::from([([1_u8; 16], [0_u8; 320])]));
    let floor = move || {
        let mut tag = [0; 62];
        for _ in 0..5 {
            let next = ring::hmac::sign(&key, black_box(&tag));
            tag[..32].copy_from_slice(next.as_ref());
        }
        let seal = ring::hmac::sign(&key, black_box(&[7; 256]));
        let mut rows = rows.lock().expect("nobody panics");
        let row = rows.get_mut(black_box(&[1; 16])).expect("a row");
        row[..62].copy_from_slice(&tag);
        row[62..94].copy_from_slice(seal.as_ref());
    };
    let store = Memory::new(Window::MINUTE, 10, BEGUN);
    let mut peer = Peer::start("node", &[&at("target/npm-peers/rotate.mjs")]);
    bench("refresh_rotate_memory", store, floor).timed(
        "oidc_provider_above_http",
        0.0,
        move |times| peer.work(times),
    )
}

/// A commit waits for the disk, as it does for whoever uses the store.
pub fn sqlite() -> Bench {
    on_sqlite("refresh_rotate_sqlite", &Rc::new(Scratch::new()))
}

/// No commit waits for a disk, whatever each has asked for. The peer is asked without HTTP.
pub fn sqlite_in_memory() -> Bench {
    let scratch = Rc::new(Scratch::in_memory());
    let program = at("target/venv-peers/bin/python");
    let words = [at("benches/python/rotate.py"), scratch.file("peer.db")];
    let mut peer = Peer::start(program, &words.each_ref().map(|word| word.as_path()));
    on_sqlite("refresh_rotate_sqlite_in_memory", &scratch).timed(
        "django_oauth_toolkit",
        0.0,
        move |times| peer.work(times),
    )
}

fn on_sqlite(name: &'static str, scratch: &Rc<Scratch>) -> Bench {
    let open = |name: &str| {
        let path = scratch.file(name);
        let store = Sqlite::open(&path, TABLES, &[], Window::MINUTE, BEGUN);
        (path, store.expect("a database"))
    };
    let (path, made) = open("floor.db");
    let mut hand = Hand::of(made, Dialect::Sqlite);
    let connection = Connection::open(path).expect("a database");
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    connection.execute_batch(pragmas).expect("pragmas");
    let (_, store) = open("ours.db");
    let held = Rc::clone(scratch);
    bench(name, store, move || {
        let statement = hand.next(&held);
        let mut update = connection
            .prepare_cached(&statement.text)
            .expect("it is prepared");
        let columns = update.column_count();
        let values = rusqlite::params_from_iter(statement.values.iter().map(bound::Sqlite));
        let mut rows = update.query(values).expect("an answer");
        let row = rows.next().expect("an answer").expect("it rotates");
        for column in 0..columns {
            black_box(row.get::<_, rusqlite::types::Value>(column)).expect("a value");
        }
        assert!(rows.next().expect("an answer").is_none());
    })
}

pub fn postgres() -> Bench {
    let server = Rc::new(postgres::Server::start());
    let runtime = Rc::new(runtime());
    let store = |schema: &postgres::Postgres| {
        let store = Postgres::new(pool(&server, schema), &[], Window::MINUTE);
        runtime
            .block_on(store.migrate(TABLES, BEGUN))
            .expect("tables");
        Waited(store, Rc::clone(&runtime))
    };
    let schema = server.schema();
    let mut hand = Hand::of(store(&schema), Dialect::Postgres);
    let pool = pool(&server, &schema);
    let by_hand = Rc::clone(&runtime);
    bench(
        "refresh_rotate_postgres",
        store(&server.schema()),
        move || {
            let statement = hand.next(&server);
            let values: Vec<_> = statement.values.iter().map(bound::Bound).collect();
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
            let rows = by_hand.block_on(async {
                let client = pool.get().await.expect("a connection");
                let prepared = client.prepare_cached(&statement.text).await;
                client
                    .query(&prepared.expect("it is prepared"), &values)
                    .await
            });
            let rows = rows.expect("an answer");
            assert!(rows.len() == 1);
            for column in 0..rows[0].len() {
                black_box(rows[0].get::<_, bound::Cell>(column).0);
            }
        },
    )
}

pub fn redis() -> Bench {
    let server = Rc::new(servers::Server::start());
    let runtime = Rc::new(runtime());
    let (host, port) = server.address();
    let connect = || {
        let client = redis::Client::open(format!("redis://{host}:{port}/")).expect("an address");
        runtime
            .block_on(client.get_connection_manager())
            .expect("a server")
    };
    let store = || {
        Waited(
            Redis::new(connect(), &[], Window::MINUTE),
            Rc::clone(&runtime),
        )
    };
    let mut hand = Hand::of(store(), Dialect::Redis);
    let script = redis::Script::new(&hand.statement.text);
    let (mut connection, by_hand) = (connect(), Rc::clone(&runtime));
    bench("refresh_rotate_redis", store(), move || {
        let statement = hand.next(&server);
        let call = bound::call(&script, &statement.values);
        let rows: Vec<Vec<redis::Value>> = by_hand
            .block_on(call.invoke_async(&mut connection))
            .expect("an answer");
        assert!(rows.len() == 2);
        black_box(rows);
    })
}

/// How a schema is reached: over one connection.
fn pool(server: &postgres::Server, schema: &postgres::Postgres) -> Pool {
    let theirs = schema.config();
    let mut config = Config::new();
    config.user("test").dbname("postgres");
    config.options(theirs.get_options().expect("a search path"));
    config.host_path(server.directory());
    let pool = Pool::builder(Manager::new(config, NoTls)).max_size(1);
    pool.build().expect("a pool")
}

/// A store that edits nothing, so that its rows are looked at, and swapped.
struct InTurn<S>(Rc<S>);

impl<S: Sessions> Run<LinkedOp<RefreshFamily, Subject>> for InTurn<S> {
    fn run(&self, op: LinkedOp<RefreshFamily, Subject>) -> Result<Rows, Unavailable> {
        match op {
            LinkedOp::Edit(_) => Ok((None, None)),
            other => self.0.run(other),
        }
    }
}

impl<S: Sessions> Run<RowOp<RefreshFamily>> for InTurn<S> {
    fn run(&self, op: RowOp<RefreshFamily>) -> Result<Option<Row<RefreshFamily>>, Unavailable> {
        self.0.run(op)
    }
}

/// A store that is waited for.
struct Waited<S>(S, Rc<Runtime>);

impl<O: Op, S: RunAsync<O>> Run<O> for Waited<S> {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        self.1.block_on(self.0.run(op))
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

/// The statement of a rotation, whose values follow from those of the one before. Its sessions are as young as those that are compared
/// with it: what a row costs depends on those that lie beside it.
struct Hand<S> {
    client: Client<S>,
    statement: Statement,
    dialect: Dialect,
    turns: u64,
}

impl<S: Sessions> Hand<S> {
    /// Rotates sessions of this store, which only begins them.
    fn of(store: S, dialect: Dialect) -> Self {
        let mut client = Client::begin(&Rc::new(store), "eve");
        let statement = client.asks().statement(dialect);
        Hand {
            client,
            statement,
            dialect,
            turns: 0,
        }
    }

    /// The next one; what it is asked of is held until then.
    fn next<H>(&mut self, _: &H) -> &Statement {
        self.turns += 1;
        if self.turns % YOUNG == 1 {
            self.client.log_in();
            self.statement = self.client.asks().statement(self.dialect);
            return &self.statement;
        }
        let places = if self.dialect == Dialect::Redis {
            &OF_SCRIPT
        } else {
            &OF_SQL
        };
        let values = &mut self.statement.values;
        for at in places.times {
            raise(&mut values[at], TURN.millis());
        }
        for at in places.generations {
            raise(&mut values[at], 1);
        }
        let [current, next, parent] = places.macs;
        values[current] = values[next].clone();
        values[parent] = values[next].clone();
        match &mut values[next] {
            Value::Bytes(mac) => mac[..8].copy_from_slice(&self.turns.to_le_bytes()),
            Value::Text(mac) => mac.replace_range(1..17, &format!("{:016x}", self.turns)),
            Value::Int(_) | Value::Null => panic!("a MAC"),
        }
        &self.statement
    }
}

fn raise(number: &mut Value, by: i64) {
    match number {
        Value::Int(number) => *number += by,
        Value::Text(text) => {
            let number: i64 = text[1..].parse().expect("a number after its sign");
            *text = format!("={}", number + by);
        }
        Value::Bytes(_) | Value::Null => panic!("a number"),
    }
}

/// Where a statement has its values.
struct Places {
    /// Ends and times of rotation that are compared, and those that are set.
    times: [usize; 7],
    /// The generation that is compared, and the one that is set.
    generations: [usize; 2],
    /// The MAC that is compared, and the newest and the parent's that are set.
    macs: [usize; 3],
}

/// What is set comes first.
const OF_SQL: Places = Places {
    times: [6, 7, 11, 16, 17, 20, 21],
    generations: [1, 18],
    macs: [19, 2, 4],
};

/// After the number of keys, the key and its like; what is compared comes first.
const OF_SCRIPT: Places = Places {
    times: [7, 8, 11, 12, 19, 20, 24],
    generations: [9, 14],
    macs: [10, 15, 17],
};
