//! Storage steps on Redis 7 or later, for all hosts of a service: each is one script.
//!
//! ```no_run
//! use counterseal_core::{Claim, Claimed, RunAsync, Space, Time};
//! use counterseal_redis::Redis;
//! use counterseal_replay::Window;
//!
//! # async fn example(claim: Claim, now: Time) -> Result<(), Box<dyn std::error::Error>> {
//! const USES: Space = Space::new("example");
//! let client = redis::Client::open("redis://127.0.0.1/")?;
//! let store = Redis::new(client.get_connection_manager().await?, &[USES], Window::MINUTE);
//! store.migrate(now).await?;
//! assert_eq!(store.run(claim).await?, Claimed::Fresh);
//! # Ok(())
//! # }
//! ```
//!
//! After a restart, a flush or a fail-over Redis may have lost claims; the store notices, begins anew, and refuses until
//! nothing older can come: for a minute and a few seconds where the window is a minute. The connection mends itself.
//!
//! What it does not protect: an old primary that goes on answering some hosts while a new one answers others; set
//! `min-replicas-to-write`. A `SWAPDB`. Hosts whose clocks differ by more than 5 s. Rows, such as keys, are as durable as the server's own persistence. A server that may evict has
//! no epoch, so it serves nobody.
//!
//! Codes: [`RedisError::CODES`]. Spec: `docs/spec/replay.md` (claims in Redis).
#![forbid(unsafe_code)]

mod error;

pub use error::RedisError;

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use counterseal_core::{Op, RunAsync, Space, Time, Unavailable, Value};
use counterseal_replay::{Start, Window};
use counterseal_store::{COLD, Dialect, Epoch, ExecuteAsync, Rows, Stated, Statement, run_async};
use redis::aio::ConnectionManager;
use redis::{Script, Value as Reply};
use tokio::time::timeout;

/// A server, over a connection that all steps share.
pub struct Redis {
    connection: ConnectionManager,
    spaces: Vec<Space>,
    window: Window,
    patience: Duration,
    clock: fn() -> Time,
    /// By the names of their statements, with their texts.
    scripts: Mutex<HashMap<Text, (Text, Arc<Script>)>>,
}

type Text = Cow<'static, str>;

impl Redis {
    /// The server of this connection, for claims in these spaces that are born within `window` of the verifiers' clocks.
    /// A step that takes more than 5 s has no answer. The connection has a limit of its own, half a second where its configuration does not
    /// say otherwise; the shorter one holds.
    pub fn new(connection: ConnectionManager, spaces: &[Space], window: Window) -> Self {
        Redis {
            connection,
            spaces: spaces.into(),
            window,
            patience: Duration::from_secs(5),
            clock: host_time,
            scripts: Mutex::default(),
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

    /// Whether the server is one that answers claims.
    ///
    /// # Errors
    ///
    /// [`RedisError`] names what is in the way.
    pub async fn check(&self) -> Result<(), RedisError> {
        let info = self.info().await.ok_or(RedisError::Unreachable)?;
        let line = |name: &str| {
            let mut lines = info.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(known, _)| *known == name);
            found.map_or("", |(_, value)| value.trim())
        };
        let major = line("redis_version").split('.').next().unwrap_or_default();
        if !major.parse::<u32>().is_ok_and(|major| major >= OLDEST) {
            return Err(RedisError::Version);
        }
        if line("role") == "slave" {
            return Err(RedisError::Standby);
        }
        if line("maxmemory_policy") != "noeviction" {
            return Err(RedisError::Evicts);
        }
        Ok(())
    }

    /// Begins each space, unless it has begun. It may be run again, and by many at once.
    ///
    /// # Errors
    ///
    /// As [`Redis::check`].
    pub async fn migrate(&self, now: Time) -> Result<(), RedisError> {
        self.check().await?;
        let begun = self.begin(now).await;
        begun.map_err(|Unavailable| RedisError::Unreachable)
    }

    async fn begin(&self, now: Time) -> Result<(), Unavailable> {
        let Start { began, floor } = Start::cold(now, self.window);
        for space in &self.spaces {
            let epoch = Epoch::survived(*space, began, floor);
            self.rows(&epoch.statement(Dialect::Redis)).await?;
        }
        Ok(())
    }

    async fn info(&self) -> Option<String> {
        let mut connection = self.connection.clone();
        let command = redis::cmd("INFO");
        let answer = timeout(self.patience, command.query_async(&mut connection));
        answer.await.ok()?.ok()
    }

    /// The script of this statement, whose digest is made once.
    fn script(&self, statement: &Statement) -> Arc<Script> {
        let scripts = self.scripts.lock();
        let mut scripts = scripts.unwrap_or_else(PoisonError::into_inner);
        let (name, text) = (&statement.name, &statement.text);
        if let Some((known, script)) = scripts.get(name)
            && known == text
        {
            return Arc::clone(script);
        }
        let script = Arc::new(Script::new(text));
        scripts.insert(name.clone(), (text.clone(), Arc::clone(&script)));
        script
    }

    async fn rows(&self, statement: &Statement) -> Result<Rows, Unavailable> {
        let script = self.script(statement);
        let mut call = script.prepare_invoke();
        // The first value says how many of those after it are keys.
        let (count, values) = statement.values.split_first().ok_or(Unavailable)?;
        let Value::Int(count) = count else {
            return Err(Unavailable);
        };
        let keys = usize::try_from(*count).map_err(|_| Unavailable)?;
        for (at, value) in values.iter().enumerate() {
            match value {
                Value::Text(text) if at < keys => call.key(text),
                Value::Text(text) => call.arg(text),
                Value::Int(number) => call.arg(*number),
                // No step carries these to Redis.
                Value::Null | Value::Bytes(_) => return Err(Unavailable),
            };
        }
        let mut connection = self.connection.clone();
        let answer = timeout(self.patience, call.invoke_async(&mut connection));
        let rows: Vec<Vec<Reply>> = answer
            .await
            .map_err(|_| Unavailable)?
            .map_err(|_| Unavailable)?;
        rows.into_iter()
            .map(|row| row.into_iter().map(cell).collect())
            .collect()
    }
}

impl ExecuteAsync for Redis {
    const DIALECT: Dialect = Dialect::Redis;

    async fn execute(&self, statement: Statement) -> Result<Rows, Unavailable> {
        let rows = self.rows(&statement).await?;
        if rows.iter().flatten().map(Value::as_text).eq([Some(COLD)]) {
            // What was asked stays refused, and whoever asks next finds out if this failed.
            let _ = self.begin((self.clock)()).await;
        }
        Ok(rows)
    }
}

impl<O: Op + Stated + Send + Sync> RunAsync<O> for Redis {
    fn run(&self, op: O) -> impl Future<Output = Result<O::Reply, Unavailable>> + Send {
        run_async(self, op)
    }
}

fn cell(reply: Reply) -> Result<Value, Unavailable> {
    match reply {
        Reply::Int(number) => Ok(Value::Int(number)),
        Reply::BulkString(bytes) => Ok(Value::Bytes(bytes)),
        Reply::SimpleString(text) => Ok(Value::Text(text)),
        Reply::Nil => Ok(Value::Null),
        _ => Err(Unavailable),
    }
}

fn host_time() -> Time {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Time::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

const OLDEST: u32 = 7;
