//! Storage steps on Postgres 15 or later, for all hosts of a service.
//!
//! ```no_run
//! use counterseal_core::{Claim, Claimed, RunAsync, Space, Time};
//! use counterseal_postgres::Postgres;
//! use counterseal_replay::Window;
//! use deadpool_postgres::{Config, Runtime};
//! use tokio_postgres::NoTls;
//!
//! # async fn example(claim: Claim, now: Time) -> Result<(), Box<dyn std::error::Error>> {
//! const USES: Space = Space::new("example");
//! let mut config = Config::new();
//! config.url = Some("postgres://service@/jobs?host=/run/postgresql".into());
//! let pool = config.create_pool(Some(Runtime::Tokio1), NoTls)?;
//! let store = Postgres::new(pool, &[USES], Window::MINUTE);
//! store.migrate(&[], now).await?; // once for each release, by whoever may make tables
//! assert_eq!(store.run(claim).await?, Claimed::Fresh);
//! # Ok(())
//! # }
//! ```
//!
//! Claims lie in tables that Postgres empties after a crash and does not send to standbys, so nothing of them waits for a
//! disk. The store notices that they are gone, begins anew, and refuses until nothing older can come: for a minute and a few
//! seconds where the window is a minute. Rows, such as keys, are as durable as the database makes them.
//!
//! What it does not protect: an old primary that goes on answering some hosts while a new one answers others; fence it. A dump
//! that is restored with its claims (leave them out: `pg_dump --no-unlogged-table-data`). Hosts whose clocks differ by more than
//! 5 s. Who
//! may write to the tables can change every answer; give them to one role.
//!
//! Codes: [`PostgresError::CODES`]. Spec: `docs/spec/replay.md` (claims in a database).
#![forbid(unsafe_code)]

mod error;
mod value;

pub use error::PostgresError;

use std::future::Future;
use std::time::{Duration, SystemTime};

use counterseal_core::{Op, RunAsync, Space, Table, Time, Unavailable, Value};
use counterseal_replay::{Start, Window};
use counterseal_store::{
    COLD, Dialect, Epoch, ExecuteAsync, Rows, Stated, Statement, migrations, run_async,
};
use deadpool_postgres::{Object, Pool};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::value::{Bound, Cell};

/// A database, through a pool of its own: each statement takes a connection and is committed by itself.
pub struct Postgres {
    pool: Pool,
    spaces: Vec<Space>,
    window: Window,
    patience: Duration,
    clock: fn() -> Time,
}

impl Postgres {
    /// The database of this pool, for claims in these spaces that are born within `window` of the verifiers' clocks.
    /// A step that takes more than 5 s, waiting for a connection included, has no answer.
    pub fn new(pool: Pool, spaces: &[Space], window: Window) -> Self {
        Postgres {
            pool,
            spaces: spaces.into(),
            window,
            patience: Duration::from_secs(5),
            clock: host_time,
        }
    }

    /// The same, with another time after which a step has no answer.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same, with another clock for the beginning after a loss.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Time) -> Self {
        self.clock = clock;
        self
    }

    /// Whether the database is one that answers claims, and has their tables.
    ///
    /// # Errors
    ///
    /// [`PostgresError`] names what is in the way.
    pub async fn check(&self) -> Result<(), PostgresError> {
        self.check_server().await?;
        let has = async |question| {
            let rows = self.rows(question, &[]).await;
            let rows = rows.map_err(|Unavailable| PostgresError::Unreachable)?;
            Ok(rows == [[Value::Int(1)]])
        };
        if !has(HAS_TABLES).await? {
            return Err(PostgresError::Missing);
        }
        if !has(MAY_WRITE).await? {
            return Err(PostgresError::Privileges);
        }
        Ok(())
    }

    async fn check_server(&self) -> Result<(), PostgresError> {
        let rows = self.rows(CHECK, &[]).await;
        let rows = rows.map_err(|Unavailable| PostgresError::Unreachable)?;
        let [
            Value::Int(version),
            Value::Text(recovers),
            Value::Text(isolation),
            Value::Text(commit),
        ] = rows.first().map_or(&[][..], Vec::as_slice)
        else {
            return Err(PostgresError::Unreachable);
        };
        if *version < OLDEST {
            return Err(PostgresError::Version { number: *version });
        }
        if recovers == "true" {
            return Err(PostgresError::Standby);
        }
        if isolation != "read committed" {
            return Err(PostgresError::Isolation);
        }
        if commit == "off" {
            return Err(PostgresError::Commit);
        }
        Ok(())
    }

    /// Makes the tables of claims and of these records, brings them up to date, and begins where nothing has begun.
    /// It may be run again, and by many at once.
    ///
    /// # Errors
    ///
    /// As [`Postgres::check`]; [`PostgresError::Tables`] when the role may not make them.
    pub async fn migrate(&self, tables: &[Table], now: Time) -> Result<(), PostgresError> {
        self.check_server().await?;
        let client = self.pool.get().await;
        let mut client = client.map_err(|_| PostgresError::Unreachable)?;
        let made = async {
            let transaction = client.transaction().await?;
            transaction.batch_execute(MIGRATING).await?;
            for text in migrations(tables, Dialect::Postgres, 0) {
                transaction.batch_execute(&text).await?;
            }
            transaction.commit().await
        };
        made.await.map_err(|_| PostgresError::Tables)?;
        self.begin(now)
            .await
            .map_err(|Unavailable| PostgresError::Tables)
    }

    /// Begins each space, unless it has begun.
    async fn begin(&self, now: Time) -> Result<(), Unavailable> {
        let Start { began, floor } = Start::cold(now, self.window);
        for space in &self.spaces {
            let epoch = Epoch::survived(*space, began, floor).statement(Dialect::Postgres);
            self.rows(&epoch.text, &epoch.values).await?;
        }
        Ok(())
    }

    async fn rows(&self, text: &str, values: &[Value]) -> Result<Rows, Unavailable> {
        let answer = timeout(self.patience, async {
            let client = self.pool.get().await.map_err(|_| Unavailable)?;
            let mut lent = Lent(Some(client));
            let rows = lent.query(text, values).await;
            if rows.is_ok() {
                lent.give_back();
            }
            rows
        });
        answer.await.unwrap_or(Err(Unavailable))
    }
}

/// A connection that goes back to the pool only once its statement was answered.
struct Lent(Option<Object>);

impl Lent {
    async fn query(&self, text: &str, values: &[Value]) -> Result<Rows, Unavailable> {
        let client = self.0.as_ref().ok_or(Unavailable)?;
        let statement = client.prepare_cached(text).await.map_err(|_| Unavailable)?;
        let values: Vec<Bound<'_>> = values.iter().map(Bound).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        let rows = client.query(&statement, &values).await;
        let rows = rows.map_err(|_| Unavailable)?;
        let rows: Result<Rows, _> = rows.iter().map(cells).collect();
        rows.map_err(|_| Unavailable)
    }

    fn give_back(&mut self) {
        self.0 = None;
    }
}

fn cells(row: &Row) -> Result<Vec<Value>, tokio_postgres::Error> {
    let mut cells = Vec::with_capacity(row.len());
    for at in 0..row.len() {
        let Cell(value) = row.try_get(at)?;
        cells.push(value);
    }
    Ok(cells)
}

impl Drop for Lent {
    /// Whoever asks next must not wait for an answer that nobody wants.
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

impl ExecuteAsync for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    async fn execute(&self, statement: Statement) -> Result<Rows, Unavailable> {
        let rows = self.rows(&statement.text, &statement.values).await?;
        if rows.iter().flatten().map(Value::as_text).eq([Some(COLD)]) {
            // What was asked stays refused, and whoever asks next finds out if this failed.
            let _ = self.begin((self.clock)()).await;
        }
        Ok(rows)
    }
}

impl<O: Op + Stated + Send + Sync> RunAsync<O> for Postgres {
    fn run(&self, op: O) -> impl Future<Output = Result<O::Reply, Unavailable>> + Send {
        run_async(self, op)
    }
}

fn host_time() -> Time {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Time::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

const OLDEST: i64 = 150_000;
const CHECK: &str = "SELECT current_setting('server_version_num')::bigint, pg_is_in_recovery()::text, \
                     current_setting('default_transaction_isolation'), current_setting('synchronous_commit')";
const HAS_TABLES: &str = "SELECT (to_regclass('counterseal_epoch') IS NOT NULL AND to_regclass('counterseal_claim') IS NOT NULL \
                          AND to_regclass('counterseal_cell') IS NOT NULL \
                          AND to_regprocedure('counterseal_swept(text)') IS NOT NULL)::int::bigint";
const MAY_WRITE: &str = "SELECT (current_setting('transaction_read_only') = 'off' \
                         AND has_table_privilege('counterseal_claim', 'SELECT') AND has_table_privilege('counterseal_claim', 'INSERT') \
                         AND has_table_privilege('counterseal_epoch', 'SELECT') AND has_table_privilege('counterseal_epoch', 'INSERT') \
                         AND has_table_privilege('counterseal_epoch', 'UPDATE') AND has_table_privilege('counterseal_cell', 'SELECT') \
                         AND has_table_privilege('counterseal_cell', 'INSERT') AND has_table_privilege('counterseal_cell', 'UPDATE') \
                         AND has_function_privilege('counterseal_swept(text)', 'EXECUTE'))::int::bigint";
/// The lock under which migrations are run one after the other: `cseal/pg`.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(7166182901177872487)";
