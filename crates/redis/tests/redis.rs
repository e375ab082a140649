//! The store on a real server: the suite, start-up checks, and what is lost on the way.

use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use counterseal_core::{Claimed, Op, Refusal, Run, RunAsync, Span, Time, Unavailable};
use counterseal_redis::{Redis, RedisError};
use counterseal_servers::redis::Server;
use counterseal_testkit::claims::claim;
use counterseal_testkit::{
    Cut, NOW, SPACES, WINDOW, charge_tests, claim_tests, edit_tests, ended_tests, linked_tests,
    row_tests, together_tests,
};
use redis::Client;
use redis::aio::ConnectionManagerConfig;
use tokio::runtime::Runtime;

charge_tests!(make);
claim_tests!(make);
row_tests!(make);
edit_tests!(make);
ended_tests!(make);
linked_tests!(make);
together_tests!(make);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads"));

/// The store, waited for, and its server.
struct Waited {
    store: Redis,
    server: Server,
}

impl<O: Op> Run<O> for Waited
where
    Redis: RunAsync<O>,
{
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        RUNTIME.block_on(self.store.run(op))
    }
}

fn make(now: Time) -> Waited {
    let server = Server::start();
    let (host, port) = server.address();
    let store = store(&format!("{host}:{port}"));
    RUNTIME.block_on(store.migrate(now)).expect("an epoch");
    Waited { store, server }
}

fn store(address: &str) -> Redis {
    let client = Client::open(format!("redis://{address}/")).expect("an address");
    let config = ConnectionManagerConfig::new()
        .set_min_delay(Duration::from_millis(5))
        .set_max_delay(Duration::from_millis(20));
    let connection = client.get_connection_manager_with_config(config);
    let connection = RUNTIME.block_on(connection).expect("a connection");
    Redis::new(connection, SPACES, WINDOW).with_clock(|| NOW.plus(Span::from_seconds(1)))
}

/// Waits until it is so.
fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "it never was so");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn h25_a_flush_and_a_restart_are_noticed_and_the_store_begins_anew_by_itself() {
    let redis = make(NOW);
    let mut minutes = 0;
    for lose in [
        |server: &Server| drop(server.command("FLUSHALL")),
        |server: &Server| {
            server.kill();
            server.run();
        },
    ] {
        minutes += 3;
        let used = claim(1, NOW.plus(Span::from_minutes(minutes)), 0);
        assert_eq!(redis.run(used), Ok(Claimed::Fresh));
        lose(&redis.server);
        // The connection is found to be gone, and mended.
        until(|| redis.run(claim(1, NOW, 1)).is_ok());
        let begun = redis.run(claim(1, NOW, 2));
        assert_eq!(
            begun,
            Ok(Claimed::Stale),
            "what it may have forgotten is refused"
        );
        let later = claim(1, NOW.plus(Span::from_minutes(minutes + 1)), 3);
        assert_eq!(redis.run(later), Ok(Claimed::Fresh));
        assert_eq!(redis.run(later), Ok(Claimed::Held));
    }
}

/// What stands in front of the servers sends the clients to the one that was promoted: it has the old one's address.
#[test]
fn h25_a_promoted_replica_is_noticed_and_the_store_begins_anew_by_itself() {
    let (server, replica) = (Server::start(), Server::start());
    let (host, port) = server.address();
    replica.command(&format!("REPLICAOF {host} {port}"));
    until(|| replica.info("master_link_status") == "up");
    let redis = store(&format!("{host}:{port}"));
    RUNTIME.block_on(redis.migrate(NOW)).expect("an epoch");
    let run = |claim| RUNTIME.block_on(redis.run(claim));
    let used: Vec<_> = (0..50).map(|nonce| claim(1, NOW, nonce)).collect();
    for claim in &used {
        assert_eq!(run(*claim), Ok(Claimed::Fresh));
    }
    // All came there, and the history does not tell: another one may have been lost.
    until(|| replica.command("DBSIZE") == server.command("DBSIZE"));
    server.kill();
    assert_eq!(run(used[0]), Err(Unavailable));
    replica.command("REPLICAOF NO ONE");
    replica.command(&format!("CONFIG SET port {port}"));
    until(|| run(used[0]).is_ok());
    for claim in &used {
        assert_eq!(run(*claim), Ok(Claimed::Stale));
    }
    let later = claim(1, NOW.plus(Span::from_minutes(3)), 7);
    assert_eq!(run(later), Ok(Claimed::Fresh));
    assert_eq!(run(later), Ok(Claimed::Held));
}

#[test]
fn h26_an_answer_that_is_lost_in_mid_claim_opens_nothing_and_the_connection_mends_itself() {
    let near = make(NOW);
    let (host, port) = near.server.address();
    let server = format!("{host}:{port}").parse().expect("an address");
    let (cut, far) = Cut::tcp(server).expect("a free port");
    let far = store(&far.to_string()).patient(Duration::from_secs(2));
    let run = |claim| RUNTIME.block_on(far.run(claim));
    assert_eq!(run(claim(1, NOW, 1_000)), Ok(Claimed::Fresh));
    for nonce in 1..=10 {
        let claim = claim(1, NOW, nonce);
        cut.after(1);
        assert_eq!(run(claim), Err(Unavailable));
        assert_eq!(near.run(claim), Ok(Claimed::Held), "it was claimed");
        until(|| run(claim).is_ok());
        assert_eq!(run(claim), Ok(Claimed::Held), "and honest traffic goes on");
    }
    assert_eq!(cut.cuts(), 10);
}

#[test]
fn a_server_that_cannot_serve_is_named() {
    let redis = make(NOW);
    let check = || RUNTIME.block_on(redis.store.check());
    assert_eq!(check(), Ok(()));
    redis
        .server
        .command("CONFIG SET maxmemory-policy allkeys-lru");
    assert_eq!(check(), Err(RedisError::Evicts));
    assert_eq!(
        RUNTIME.block_on(redis.store.migrate(NOW)),
        Err(RedisError::Evicts)
    );
    redis
        .server
        .command("CONFIG SET maxmemory-policy noeviction");
    redis.server.command("REPLICAOF 127.0.0.1 1");
    assert_eq!(check(), Err(RedisError::Standby));
    redis.server.kill();
    assert_eq!(check(), Err(RedisError::Unreachable));
    for code in RedisError::CODES {
        assert!(code.name.starts_with("redis_") && code.http == 503);
    }
    assert!(RedisError::Version.code().fix.contains('7'));
}
