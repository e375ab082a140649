//! Databases with sessions, each of its own and through the crates that are shipped.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use ::redis::aio::ConnectionManagerConfig;
use counterseal_core::{
    LinkedOp, ListEnded, ListOp, Op, Record, RowOp, Run, RunAsync, Subject, SweepRows, Table,
    Unavailable,
};
use counterseal_memory::Memory;
use counterseal_postgres::Postgres;
use counterseal_redis::Redis;
use counterseal_refresh::RefreshFamily;
use counterseal_servers::{postgres, redis};
use counterseal_sqlite::Sqlite;
use counterseal_testkit::Scratch;
use tokio::runtime::Runtime;

use crate::uses::{BEGINNING, WINDOW};

/// All that is asked of a store of sessions.
pub(crate) trait Sessions:
    Run<LinkedOp<RefreshFamily, Subject>>
    + Run<ListEnded<RefreshFamily>>
    + Run<ListOp<RefreshFamily>>
    + Run<RowOp<RefreshFamily>>
    + Run<RowOp<Subject>>
    + Run<SweepRows<RefreshFamily>>
    + Send
    + Sync
{
}

impl<S> Sessions for S where
    S: Run<LinkedOp<RefreshFamily, Subject>>
        + Run<ListEnded<RefreshFamily>>
        + Run<ListOp<RefreshFamily>>
        + Run<RowOp<RefreshFamily>>
        + Run<RowOp<Subject>>
        + Run<SweepRows<RefreshFamily>>
        + Send
        + Sync
{
}

pub(crate) type Store = Arc<dyn Sessions>;

/// A database, which ends with this value.
pub(crate) enum Database {
    Memory(Arc<Memory>),
    /// And the options of its connections.
    Postgres(Box<postgres::Server>, String),
    Redis(redis::Server),
    Sqlite(Scratch),
}

/// Where another process finds a database.
#[derive(Clone)]
pub(crate) enum Address {
    /// The directory of its socket, and the options of a connection.
    Postgres(String, String),
    /// Its URL.
    Redis(String),
    /// Its file.
    Sqlite(String),
}

impl Database {
    pub(crate) fn memory() -> Self {
        Database::Memory(Arc::new(Memory::new(WINDOW, 10, BEGINNING)))
    }

    pub(crate) fn postgres() -> Self {
        let server = postgres::Server::start();
        let schema = server.schema();
        let options = schema.config().get_options().expect("a search path");
        let store = Waited(pool(server.directory(), options));
        let migrated = RUNTIME.block_on(store.0.migrate(TABLES, BEGINNING));
        migrated.expect("a role that may make tables");
        let options = options.to_owned();
        Database::Postgres(Box::new(server), options)
    }

    pub(crate) fn redis() -> Self {
        Database::Redis(redis::Server::durable())
    }

    pub(crate) fn sqlite() -> Self {
        Database::Sqlite(Scratch::new())
    }

    /// How each kind is made.
    pub(crate) const ALL: [fn() -> Self; 4] =
        [Self::memory, Self::sqlite, Self::postgres, Self::redis];

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Database::Memory(_) => "memory",
            Database::Postgres(..) => "Postgres",
            Database::Redis(_) => "Redis",
            Database::Sqlite(_) => "SQLite",
        }
    }

    /// Where other processes find it; they do not find a memory.
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Database::Memory(_) => None,
            Database::Postgres(server, options) => {
                let directory = server.directory().to_owned();
                Some(Address::Postgres(directory, options.clone()))
            }
            Database::Redis(server) => {
                let (host, port) = server.address();
                Some(Address::Redis(format!("redis://{host}:{port}/")))
            }
            Database::Sqlite(scratch) => {
                let file = scratch.file("sessions.db");
                let file = file.to_str().expect("a path that is text");
                Some(Address::Sqlite(file.into()))
            }
        }
    }

    /// The store of a host of its own.
    pub(crate) fn open(&self) -> Store {
        match self {
            Database::Memory(memory) => Arc::new(Yielding(memory.clone())),
            other => other.address().expect("not a memory").open(),
        }
    }

    /// The server is killed, and begins anew with what it has on its disk. Files have no server.
    pub(crate) fn kill(&self) {
        match self {
            Database::Postgres(server, _) => {
                server.kill();
                server.run();
            }
            Database::Redis(server) => {
                server.kill();
                server.run();
            }
            Database::Memory(_) | Database::Sqlite(_) => {}
        }
    }
}

impl Address {
    pub(crate) fn open(&self) -> Store {
        match self {
            Address::Postgres(directory, options) => Arc::new(Waited(pool(directory, options))),
            Address::Redis(url) => {
                let client = ::redis::Client::open(url.as_str()).expect("a URL");
                let patient = ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
                let connection = client.get_connection_manager_with_config(patient);
                let connection = RUNTIME.block_on(connection).expect("a server");
                let redis = Redis::new(connection, &[], WINDOW);
                Arc::new(Waited(redis.patient(PATIENCE)))
            }
            Address::Sqlite(file) => {
                let sqlite = Sqlite::open(Path::new(file), TABLES, &[], WINDOW, BEGINNING);
                Arc::new(sqlite.expect("a file that may be used"))
            }
        }
    }

    /// The same database through transactions that are isolated like this; Postgres only.
    pub(crate) fn isolated(&self, level: &str) -> Option<Self> {
        let Address::Postgres(directory, options) = self else {
            return None;
        };
        let options = format!("{options} -cdefault_transaction_isolation={level}");
        Some(Address::Postgres(directory.clone(), options))
    }

    /// The words by which a process is told.
    pub(crate) fn words(&self) -> [&str; 3] {
        match self {
            Address::Postgres(directory, options) => ["postgres", directory, options],
            Address::Redis(url) => ["redis", url, ""],
            Address::Sqlite(file) => ["sqlite", file, ""],
        }
    }

    pub(crate) fn read(words: &[String]) -> Option<Self> {
        let [kind, first, second] = words else {
            return None;
        };
        match kind.as_str() {
            "postgres" => Some(Address::Postgres(first.clone(), second.clone())),
            "redis" => Some(Address::Redis(first.clone())),
            "sqlite" => Some(Address::Sqlite(first.clone())),
            _ => None,
        }
    }
}

/// A store in this process, which answers too soon for others to come between two steps, unless they are let.
struct Yielding(Arc<Memory>);

impl<O: Op> Run<O> for Yielding
where
    Memory: Run<O>,
{
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        thread::yield_now();
        Run::run(&*self.0, op)
    }
}

/// A store that is awaited.
struct Waited<S>(S);

impl<O: Op, S: RunAsync<O>> Run<O> for Waited<S> {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        RUNTIME.block_on(self.0.run(op))
    }
}

fn pool(directory: &str, options: &str) -> Postgres {
    let mut config = tokio_postgres::Config::new();
    config.user("test").dbname("postgres").options(options);
    config.host_path(directory);
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(CONNECTIONS);
    let pool = pool.build().expect("a pool without timeouts");
    Postgres::new(pool, &[], WINDOW).patient(PATIENCE)
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("threads that a system has"));
const TABLES: &[Table] = &[RefreshFamily::TABLE, Subject::TABLE];
/// Of one host.
const CONNECTIONS: usize = 8;
/// No proof depends on how long a step takes.
const PATIENCE: Duration = Duration::from_secs(60);
