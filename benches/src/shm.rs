//! Claims in the file that all processes of a host map, against what several processes share otherwise: LMDB,
//! SQLite, and Redis over loopback, each with a million nonces in it.
//!
//! The peers are asked as little as they can be: they do not delete what is over, LMDB and SQLite do not wait for the
//! disk, and Redis keeps no file.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::thread::sleep;
use std::time::Duration;

use counterseal_core::{Claimed, Seed};
use counterseal_replay::Window;
use counterseal_shm::SharedRing;
use counterseal_testkit::Scratch;
use heed::types::{Bytes, U64};
use heed::{EnvFlags, EnvOpenOptions, PutFlags};

use crate::harness::Bench;
use crate::live::{self, BEGUN, Guard, LIFE_MS, LIVE, Nonce, at, go_on, nonce, steady, touch};

/// A file that all processes of a host map, in a directory that is removed with it.
struct Shared(
    SharedRing,
    #[expect(dead_code, reason = "it is held")] Rc<Scratch>,
);

impl Guard for Shared {
    fn claim(&self, nonce: Nonce, at: i64) -> bool {
        self.0.claim(&live::claim(nonce, at)) == Ok(Claimed::Fresh)
    }
}

pub fn claim() -> Bench {
    let scratch = Rc::new(Scratch::new());
    let held = || Rc::clone(&scratch);
    Bench::new("shm_claim")
        .item("floor", 0.0, touch())
        .batch("counterseal", 0.0, go_on(steady(shared(held()))))
        .item("lmdb", 0.0, lmdb(held()))
        .item("sqlite", 0.0, sqlite(held()))
        .item("redis", 0.0, redis())
}

fn shared(scratch: Rc<Scratch>) -> Shared {
    let path = scratch.file("own/ring");
    let seed = Seed::new([7; 16]);
    let ring = SharedRing::open(&path, live::shape(), Window::MINUTE, BEGUN, &seed);
    Shared(ring.expect("a ring"), scratch)
}

/// One transaction for each nonce, in a mapped file that is written without waiting for the disk.
fn lmdb(scratch: Rc<Scratch>) -> impl FnMut() {
    let path = scratch.file("lmdb");
    fs::create_dir(&path).expect("a directory");
    let mut options = EnvOpenOptions::new();
    options.map_size(1 << 30);
    // SAFETY: nobody else opens it, and a file that is damaged by a crash of the system is not opened again.
    let env = unsafe {
        options.flags(EnvFlags::NO_SYNC | EnvFlags::WRITE_MAP);
        options.open(path).expect("an environment")
    };
    let mut filling = env.write_txn().expect("a transaction");
    let made = env.create_database::<Bytes, U64<heed::byteorder::NativeEndian>>(&mut filling, None);
    let claims = made.expect("a database");
    let once = PutFlags::NO_OVERWRITE;
    for number in 0..LIVE {
        let put = claims.put_with_flags(&mut filling, once, &nonce(number), &until(number));
        put.expect("a fresh nonce is fresh");
    }
    filling.commit().expect("it is written");
    let mut numbers = LIVE..;
    move || {
        let number = next(&mut numbers, &scratch);
        let mut writing = env.write_txn().expect("a transaction");
        let put = claims.put_with_flags(&mut writing, once, &nonce(number), &until(number));
        put.expect("a fresh nonce is fresh");
        writing.commit().expect("it is written");
    }
}

/// One prepared statement for each nonce, in a transaction of its own.
fn sqlite(scratch: Rc<Scratch>) -> impl FnMut() {
    let database = rusqlite::Connection::open(scratch.file("sqlite")).expect("a database");
    database.execute_batch(TABLE).expect("a table");
    let insert = move |database: &rusqlite::Connection, number: u64| {
        let mut insert = database.prepare_cached(INSERT).expect("a statement");
        let row = (&nonce(number)[..], until(number).cast_signed());
        assert_eq!(insert.execute(row), Ok(1), "a fresh nonce is fresh");
    };
    database.execute_batch("BEGIN").expect("a transaction");
    (0..LIVE).for_each(|number| insert(&database, number));
    database.execute_batch("COMMIT").expect("it is written");
    let mut numbers = LIVE..;
    move || insert(&database, next(&mut numbers, &scratch))
}

/// `SET NX PX` for each nonce, over one connection to a server of our own.
fn redis() -> impl FnMut() {
    let server = Server::start();
    let mut connection = server.connect();
    let numbers: Vec<u64> = (0..LIVE).collect();
    for some in numbers.chunks(1_000) {
        let mut pipeline = redis::pipe();
        for number in some {
            pipeline.add_command(set(*number)).ignore();
        }
        pipeline.exec(&mut connection).expect("they are set");
    }
    let mut numbers = LIVE..;
    move || {
        let number = next(&mut numbers, &server);
        let fresh: Option<String> = set(number).query(&mut connection).expect("an answer");
        assert!(fresh.is_some(), "a fresh nonce is fresh");
    }
}

fn set(number: u64) -> redis::Cmd {
    let mut set = redis::cmd("SET");
    set.arg(&nonce(number)[..]).arg(1).arg("NX");
    // Longer than any run, so that nothing is deleted meanwhile.
    set.arg("PX").arg(12 * LIFE_MS);
    set
}

/// A server on loopback that keeps no file, for as long as this lives.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--save", "", "--appendonly", "no"]);
        let process = command.stdout(Stdio::null()).spawn();
        let process = process.expect("redis-server can be run");
        Server { process, port }
    }

    fn connect(&self) -> redis::Connection {
        let address = format!("redis://127.0.0.1:{}/", self.port);
        let client = redis::Client::open(address).expect("an address");
        for _ in 0..100 {
            match client.get_connection() {
                Ok(connection) => return connection,
                Err(_) => sleep(Duration::from_millis(50)),
            }
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next number; what it is taken for is held until then.
fn next<H>(numbers: &mut std::ops::RangeFrom<u64>, _: &H) -> u64 {
    numbers.next().expect("numbers do not end")
}

/// When nonce `number` is over, in milliseconds.
fn until(number: u64) -> u64 {
    (at(number) + LIFE_MS).unsigned_abs()
}

const TABLE: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE claims (nonce BLOB PRIMARY KEY, until INTEGER) WITHOUT ROWID;";
const INSERT: &str = "INSERT INTO claims VALUES (?1, ?2) ON CONFLICT DO NOTHING";
