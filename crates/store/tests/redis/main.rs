//! Every script of the Redis dialect, on private servers.

mod minutes;
mod replica;

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use counterseal_core::{
    Claim, Claimed, Ended, ListEnded, Load, Run, Space, Span, Swap, Time, Unavailable, Value,
};
use counterseal_replay::Start;
use counterseal_servers::redis::{Redis, Server, eval};
use counterseal_store::{COLD, Dialect, Epoch, Stated};
use counterseal_testkit::claims::claim;
use counterseal_testkit::{
    Cut, NOW, Note, SPACES, WINDOW, charge_tests, claim_tests, edit_tests, ended_tests,
    linked_tests, row_tests, together_tests,
};

charge_tests!(make);
claim_tests!(make);
row_tests!(make);
edit_tests!(make);
ended_tests!(make);
linked_tests!(make);
together_tests!(make);

fn make(now: Time) -> Redis {
    let redis = Redis::new(Server::start());
    begin(&redis, now);
    redis
}

fn begin(redis: &Redis, now: Time) -> Vec<Time> {
    let Start { began, floor } = Start::cold(now, WINDOW);
    let epoch = |space: &Space| Epoch {
        space: *space,
        began,
        floor,
        boot: String::new(),
    };
    let floor = |space: &Space| redis.run(epoch(space)).expect("a floor");
    SPACES.iter().map(floor).collect()
}

/// Whether the server says that it knows of no uses.
fn is_cold(redis: &Redis) -> bool {
    let statement = claim(1, NOW, 77).statement(Dialect::Redis);
    // Connections from before a restart are found to be gone one by one.
    until(|| redis.query(&statement).is_ok());
    let rows = redis.query(&statement).expect("an answer");
    rows == [[Value::Bytes(COLD.into())]]
}

/// What was used before a server lost it is refused, until nothing of it can come any more; then others are served.
fn reopens_nothing(redis: &Redis, used: &[Claim]) {
    assert!(
        is_cold(redis),
        "the server does not know that it lost something"
    );
    let again = |redis: &Redis| {
        used.iter()
            .filter(|used| redis.run(**used) == Ok(Claimed::Fresh))
            .count()
    };
    assert_eq!(again(redis), 0);
    let floor = begin(redis, NOW.plus(Span::from_seconds(1)))[0];
    assert!(floor >= NOW.plus(WINDOW.future));
    assert_eq!(again(redis), 0);
    let honest = claim(1, floor.plus(Span::from_millis(1)), 1_000);
    assert_eq!(redis.run(honest), Ok(Claimed::Fresh), "it resumes");
    assert_eq!(redis.run(honest), Ok(Claimed::Held));
}

/// Claims up to the window's end, all of them used.
fn used(redis: &Redis, count: u64) -> Vec<Claim> {
    let ahead = |nonce: u64| NOW.plus(Span::from_millis((nonce * 1_000).cast_signed() % 60_001));
    let claims: Vec<Claim> = (0..count)
        .map(|nonce| claim(1, ahead(nonce), nonce))
        .collect();
    for claim in &claims {
        assert_eq!(redis.run(*claim), Ok(Claimed::Fresh));
    }
    claims
}

#[test]
fn an_epoch_stays_and_a_floor_never_sinks() {
    let redis = make(NOW);
    let later = NOW.plus(Span::from_minutes(5));
    let floor = Start::cold(NOW, WINDOW).floor;
    assert_eq!(begin(&redis, later), [floor; 2]);
    redis.server.command("REPLICAOF 127.0.0.1 1");
    redis.server.command("REPLICAOF NO ONE");
    assert_eq!(begin(&redis, NOW.minus(Span::from_minutes(5))), [floor; 2]);
}

#[test]
fn h25_a_flush_reopens_nothing() {
    let redis = make(NOW);
    let used = used(&redis, 50);
    redis.server.command("FLUSHALL");
    reopens_nothing(&redis, &used);
}

#[test]
fn h25_a_restart_without_a_dump_reopens_nothing() {
    let redis = make(NOW);
    let used = used(&redis, 50);
    redis.server.kill();
    assert_eq!(redis.run(used[0]), Err(Unavailable));
    redis.server.run();
    reopens_nothing(&redis, &used);
}

#[test]
fn h25_a_restart_from_an_older_dump_reopens_nothing() {
    let redis = make(NOW);
    let mut all = used(&redis, 20);
    redis.server.command("SAVE");
    let older = fs::read(redis.server.dump()).expect("a dump");
    for nonce in 100..150 {
        let claim = claim(1, NOW, nonce);
        assert_eq!(redis.run(claim), Ok(Claimed::Fresh));
        all.push(claim);
    }
    redis.server.kill();
    fs::write(redis.server.dump(), older).expect("a file");
    redis.server.run();
    reopens_nothing(&redis, &all);
}

#[test]
fn h25_a_promoted_replica_that_lagged_behind_reopens_nothing() {
    let (redis, replica, mut all) = followed();
    // What is used while the replica is cut off never reaches it.
    replica.server.command("REPLICAOF 127.0.0.1 1");
    for nonce in 100..150 {
        let claim = claim(1, NOW, nonce);
        assert_eq!(redis.run(claim), Ok(Claimed::Fresh));
        all.push(claim);
    }
    redis.server.kill();
    replica.server.command("REPLICAOF NO ONE");
    reopens_nothing(&replica, &all);
}

#[test]
fn h26_an_answer_that_is_lost_in_mid_claim_opens_nothing() {
    let redis = make(NOW);
    let (host, port) = redis.server.address();
    let server = format!("{host}:{port}").parse().expect("an address");
    let (cut, far) = Cut::tcp(server).expect("a free port");
    let mut far = redis::Client::open(format!("redis://{far}/"))
        .and_then(|client| client.get_connection())
        .expect("a connection");
    let claim = claim(1, NOW, 1);
    let statement = claim.statement(Dialect::Redis);
    cut.after(1);
    assert!(eval(&statement).query::<redis::Value>(&mut far).is_err());
    assert_eq!(cut.cuts(), 1);
    // It was claimed, and nobody knows; so nobody is served.
    assert_eq!(redis.run(claim), Ok(Claimed::Held));
    let (_, again) = Cut::tcp(server).expect("a free port");
    let mut again = redis::Client::open(format!("redis://{again}/"))
        .and_then(|client| client.get_connection())
        .expect("a connection");
    let rows: Vec<Vec<String>> = eval(&statement).query(&mut again).expect("an answer");
    assert_eq!(rows, [["held"]]);
}

/// A server with a replica, and what was used on it and has come there. Redis begins another history when its first replica
/// comes, so the epoch begins after that.
fn followed() -> (Redis, Redis, Vec<Claim>) {
    let (redis, replica) = (Redis::new(Server::start()), Redis::new(Server::start()));
    follow(&replica.server, &redis.server);
    until(|| replica.server.info("master_link_status") == "up");
    begin(&redis, NOW);
    let used = used(&redis, 20);
    let size = |redis: &Redis| redis.server.command("DBSIZE");
    until(|| size(&replica) == size(&redis));
    (redis, replica, used)
}

/// The server that was replaced takes the place of its own replica, and is promoted again: its process is the old one, and
/// what it holds is not.
#[test]
fn h25_a_server_that_comes_back_by_way_of_its_replica_reopens_nothing() {
    let (redis, other, mut all) = followed();
    other.server.command("REPLICAOF NO ONE");
    let lost = claim(1, NOW, 100);
    assert_eq!(redis.run(lost), Ok(Claimed::Fresh));
    all.push(lost);
    follow(&redis.server, &other.server);
    until(|| redis.server.info("master_link_status") == "up");
    redis.server.command("REPLICAOF NO ONE");
    reopens_nothing(&redis, &all);
}

#[test]
fn a_replica_does_not_answer() {
    let (redis, replica) = (make(NOW), Redis::new(Server::start()));
    follow(&replica.server, &redis.server);
    until(|| replica.server.command("DBSIZE") == redis.server.command("DBSIZE"));
    assert_ne!(replica.run(claim(1, NOW, 0)), Ok(Claimed::Fresh));
}

#[test]
fn a_server_without_memory_refuses_and_forgets_nothing() {
    let redis = make(NOW);
    let used = used(&redis, 50);
    redis
        .server
        .command("CONFIG SET maxmemory-policy noeviction");
    redis.server.command("CONFIG SET maxmemory 1mb");
    assert_eq!(redis.run(claim(1, NOW, 1_000)), Err(Unavailable));
    redis.server.command("CONFIG SET maxmemory 0");
    for claim in used {
        assert_eq!(redis.run(claim), Ok(Claimed::Held));
    }
    assert_eq!(redis.run(claim(1, NOW, 1_000)), Ok(Claimed::Fresh));
}

#[test]
fn a_server_that_may_evict_has_no_epoch() {
    let redis = Redis::new(Server::start());
    let epoch = |now| Epoch {
        space: SPACES[0],
        began: now,
        floor: now,
        boot: String::new(),
    };
    for policy in ["allkeys-lru", "volatile-ttl", "volatile-random"] {
        redis
            .server
            .command(&format!("CONFIG SET maxmemory-policy {policy}"));
        assert_eq!(redis.run(epoch(NOW)), Err(Unavailable), "{policy}");
        assert!(is_cold(&redis), "{policy}");
    }
    redis
        .server
        .command("CONFIG SET maxmemory-policy noeviction");
    assert_eq!(redis.run(epoch(NOW)), Ok(NOW));
}

/// On the earlier of two clocks, so that neither lets go of what the other still asks for.
#[test]
fn ends_of_the_last_hour_are_kept_and_old_ones_leave() {
    let redis = make(NOW);
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    let now = Time::from_seconds(i64::try_from(now).expect("a clock"));
    for (id, seconds) in (1..).zip([-10_000, -7_300, -7_100, -3_600, 0]) {
        end(&redis, id, now.plus(Span::from_seconds(seconds)));
    }
    let told = |redis: &Redis| {
        let asked = ListEnded::<Note>::new((Time::EPOCH, [0; 16]), 10);
        redis.run(asked).expect("an answer")
    };
    let ids = |ended: Vec<Ended>| ended.iter().map(|(_, id)| id[0]).collect::<Vec<_>>();
    assert_eq!(ids(told(&redis)), [3, 4, 5]);
    // A clock that is far ahead lets nothing go before the server's does.
    end(&redis, 6, Time::NEVER);
    assert!(ids(told(&redis)).ends_with(&[5, 6]));
    // One that is far behind lets nothing go at all.
    end(&redis, 7, Time::from_seconds(9_000));
    assert_eq!(ids(told(&redis)).first(), Some(&7));
}

fn end(redis: &Redis, id: u8, at: Time) {
    let (id, expected) = ([id; 16], 0);
    let record = Note {
        gone: Some(at),
        ..Note::new(id)
    };
    let swap = Swap {
        id,
        expected,
        record,
    };
    assert!(redis.run(swap).expect("an answer").is_some());
}

#[test]
fn texts_of_every_kind_come_back_and_nothing_is_not_an_empty_text() {
    let redis = make(NOW);
    for (at, text) in ["", "-", "=", "hex", "\0", "\r\n", "\u{1f512}"]
        .into_iter()
        .enumerate()
    {
        let id = [u8::try_from(at).expect("few"); 16];
        let record = Note {
            text: text.into(),
            ..Note::new(id)
        };
        let (expected, wanted) = (0, record.clone());
        let row = redis
            .run(Swap {
                id,
                expected,
                record,
            })
            .expect("an answer");
        assert_eq!(row.expect("a won swap").record, wanted);
        let row = redis.run(Load::<Note>::new(id)).expect("an answer");
        assert_eq!(row.expect("the row").record, wanted);
    }
}

fn follow(replica: &Server, master: &Server) {
    let (host, port) = master.address();
    replica.command(&format!("REPLICAOF {host} {port}"));
}

fn until(happened: impl Fn() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it never happened"
        );
        thread::sleep(Duration::from_millis(10));
    }
}
