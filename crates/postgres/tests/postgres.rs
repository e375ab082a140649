//! The store on a real server: the suite, start-up checks, and what is lost on the way.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use counterseal_core::{
    Claimed, Load, Op, Record, Refusal, Run, RunAsync, Span, Time, Unavailable,
};
use counterseal_postgres::{Postgres, PostgresError};
use counterseal_servers::postgres::Server;
use counterseal_testkit::claims::claim;
use counterseal_testkit::{
    Leaf, NOW, Note, SPACES, Scratch, WINDOW, cell_tests, charge_tests, claim_tests, edit_tests,
    ended_tests, linked_tests, row_tests, sweep_tests, together_tests,
};
use deadpool_postgres::{Manager, Pool};
use postgres::config::Host;
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;
use tokio_postgres::config::TargetSessionAttrs;

cell_tests!(make);
charge_tests!(make);
claim_tests!(make);
row_tests!(make);
edit_tests!(make);
ended_tests!(make);
linked_tests!(make);
together_tests!(make);
sweep_tests!(make);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));

/// The store, waited for.
struct Waited(Postgres);

impl<O: Op> Run<O> for Waited
where
    Postgres: RunAsync<O>,
{
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        RUNTIME.block_on(self.0.run(op))
    }
}

fn make(now: Time) -> Waited {
    let store = store(Server::shared().schema().config());
    RUNTIME
        .block_on(store.migrate(&[Note::TABLE, Leaf::TABLE], now))
        .expect("tables");
    Waited(store)
}

/// The store of this schema, on whichever of its hosts takes writes.
fn store(config: &postgres::Config) -> Postgres {
    let mut ours = tokio_postgres::Config::new();
    ours.user("test").dbname("postgres");
    if config.get_hosts().len() > 1 {
        ours.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if let Some(options) = config.get_options() {
        ours.options(options);
    }
    for host in config.get_hosts() {
        if let Host::Unix(directory) = host {
            ours.host_path(directory);
        }
    }
    let pool = Pool::builder(Manager::new(ours, NoTls)).max_size(32);
    let pool = pool.build().expect("a pool");
    Postgres::new(pool, SPACES, WINDOW).with_clock(|| NOW.plus(Span::from_seconds(1)))
}

/// Waits until it is so.
fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "it never was so");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn h25_a_crash_is_noticed_and_the_store_begins_anew_by_itself() {
    let server = Server::start();
    let store = Waited(store(server.schema().config()));
    RUNTIME.block_on(store.0.migrate(&[], NOW)).expect("tables");
    let used = claim(1, NOW, 0);
    assert_eq!(store.run(used), Ok(Claimed::Fresh));
    server.crash();
    until(|| store.run(used).is_ok());
    // The first answer says that it is cold, and the store begins; what was used stays refused.
    assert_eq!(store.run(used), Ok(Claimed::Stale));
    let later = claim(1, NOW.plus(Span::from_minutes(3)), 1);
    assert_eq!(store.run(later), Ok(Claimed::Fresh));
    assert_eq!(store.run(later), Ok(Claimed::Held));
}

#[test]
fn h25_a_promotion_is_noticed_and_the_store_begins_anew_by_itself() {
    let primary = Server::start();
    let schema = primary.schema();
    let mut config = schema.config().clone();
    let standby = primary.standby();
    config.host_path(standby.directory());
    let store = Waited(store(&config));
    RUNTIME.block_on(store.0.migrate(&[], NOW)).expect("tables");
    let used: Vec<_> = (0..50).map(|nonce| claim(1, NOW, nonce)).collect();
    for claim in &used {
        assert_eq!(store.run(*claim), Ok(Claimed::Fresh));
    }
    let tables = "SELECT to_regclass('counterseal_epoch') IS NOT NULL";
    let mut followed = standby.of_schema(&schema).client();
    until(|| followed.query_one(tables, &[]).is_ok_and(|row| row.get(0)));
    primary.kill();
    // The process that serves a connection outlives it by a moment, and knows what was claimed.
    until(|| store.run(used[0]) != Ok(Claimed::Held));
    assert_eq!(store.run(used[0]), Err(Unavailable), "nobody takes writes");
    let promoted = standby
        .connect()
        .query_one("SELECT pg_promote(true, 30)", &[]);
    assert!(promoted.expect("an answer").get::<_, bool>(0));
    until(|| store.run(used[0]).is_ok());
    for claim in &used {
        assert_eq!(store.run(*claim), Ok(Claimed::Stale));
    }
    let later = claim(1, NOW.plus(Span::from_minutes(3)), 7);
    assert_eq!(store.run(later), Ok(Claimed::Fresh));
    assert_eq!(store.run(later), Ok(Claimed::Held));
}

#[test]
fn h26_an_answer_that_is_lost_in_mid_claim_opens_nothing_and_the_pool_mends_itself() {
    let server = Server::start();
    let schema = server.schema();
    let near = Waited(store(schema.config()));
    RUNTIME.block_on(near.0.migrate(&[], NOW)).expect("tables");
    let scratch = Scratch::new();
    let (cut, far) = server.cut(&schema, &scratch);
    let far = Waited(store(far.config()));
    assert_eq!(far.run(claim(1, NOW, 1_000)), Ok(Claimed::Fresh));
    for nonce in 1..=10 {
        let claim = claim(1, NOW, nonce);
        cut.after(1);
        assert_eq!(far.run(claim), Err(Unavailable));
        assert_eq!(near.run(claim), Ok(Claimed::Held), "it was claimed");
        assert_eq!(
            far.run(claim),
            Ok(Claimed::Held),
            "and honest traffic goes on"
        );
    }
    assert_eq!(cut.cuts(), 10);
}

#[test]
fn a_step_that_takes_too_long_has_no_answer_and_its_connection_is_let_go() {
    let server = Server::start();
    let schema = server.schema();
    let store = Waited(store(schema.config()).patient(Duration::from_millis(300)));
    RUNTIME.block_on(store.0.migrate(&[], NOW)).expect("tables");
    let mut other = schema.client();
    let mut locking = other.transaction().expect("a transaction");
    locking
        .batch_execute("LOCK TABLE counterseal_claim")
        .expect("a lock");
    assert_eq!(store.run(claim(1, NOW, 1)), Err(Unavailable));
    locking.rollback().expect("it ends");
    // Whether the one before was claimed after all, nobody knows; the next one is served.
    assert_eq!(store.run(claim(1, NOW, 2)), Ok(Claimed::Fresh));
}

#[test]
fn a_server_that_cannot_serve_is_named() {
    let server = Server::start();
    let schema = server.schema();
    let check = |store: &Postgres| RUNTIME.block_on(store.check());
    let with = |option: &str| {
        let mut config = schema.config().clone();
        let known = config.get_options().expect("a search path").to_owned();
        config.options(&format!("{known} {option}"));
        store(&config)
    };
    assert_eq!(check(&store(schema.config())), Err(PostgresError::Missing));
    let migrate = |store: &Postgres| RUNTIME.block_on(store.migrate(&[], NOW));
    let hasty = with("-csynchronous_commit=off");
    assert_eq!(migrate(&hasty), Err(PostgresError::Commit));
    assert_eq!(migrate(&store(schema.config())), Ok(()));
    assert_eq!(check(&store(schema.config())), Ok(()));
    assert_eq!(check(&hasty), Err(PostgresError::Commit));
    let reading = with("-cdefault_transaction_read_only=on");
    assert_eq!(check(&reading), Err(PostgresError::Privileges));
    let strict = with("-cdefault_transaction_isolation=serializable");
    assert_eq!(check(&strict), Err(PostgresError::Isolation));
    let standby = server.standby();
    let followed = store(standby.of_schema(&schema).config());
    assert_eq!(check(&followed), Err(PostgresError::Standby));
    server.kill();
    let gone = check(&store(schema.config()).patient(Duration::from_secs(1)));
    assert_eq!(gone, Err(PostgresError::Unreachable));
    assert_eq!(
        Waited(store(schema.config())).run(Load::<Note>::new([1; 16])),
        Err(Unavailable)
    );
    for code in PostgresError::CODES {
        assert!(code.name.starts_with("postgres_"));
        assert!([500, 503].contains(&code.http));
    }
    let old = PostgresError::Version { number: 140_005 };
    assert!(old.to_string().contains("140005") && old.code().fix.contains("15"));
}
