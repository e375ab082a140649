//! One table of histories over every store: `vectors/histories.json`.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::sync::{Arc, LazyLock};

use counterseal_core::{
    Claim, KeyId, Refusal, Run, RunAsync, Secret, Seed, Span, Step, Time, Unavailable, drive,
};
use counterseal_memory::Memory;
use counterseal_postgres::Postgres;
use counterseal_redis::Redis;
use counterseal_replay::{PrivateRing, Shape, Window};
use counterseal_request::{
    Key, KeySet, PendingRequest, Policy, Profile, Request, Scheme, Signer, Verifier,
};
use counterseal_shm::SharedRing;
use counterseal_sqlite::Sqlite;
use counterseal_testkit::{NOW, Scratch};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Whatever claims.
type Store = Box<dyn Run<Claim>>;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
const SEED: Seed<16> = Seed::new([7; 16]);
const SPACES: &[counterseal_core::Space] = &[PendingRequest::SPACE];

/// A store that is awaited.
struct Waited<S>(S);

impl<S: RunAsync<Claim>> Run<Claim> for Waited<S> {
    fn run(&self, claim: Claim) -> Result<counterseal_core::Claimed, Unavailable> {
        RUNTIME.block_on(self.0.run(claim))
    }
}

#[test]
fn h21_h25_the_ring() {
    are_as_told(|| {
        let ring = PrivateRing::new(Shape::for_rate(100), Window::MINUTE, NOW, &SEED);
        Box::new(ring.unwrap())
    });
}

#[test]
fn h21_h25_the_mapped_ring() {
    let scratch = Scratch::new();
    let mut number = 0;
    are_as_told(|| {
        number += 1;
        let path = scratch.file(&format!("private/ring-{number}"));
        let ring = SharedRing::open(&path, Shape::for_rate(100), Window::MINUTE, NOW, &SEED);
        Box::new(ring.unwrap())
    });
}

#[test]
fn h21_h25_the_memory() {
    are_as_told(|| Box::new(Memory::new(Window::MINUTE, 10_000, NOW)));
}

#[test]
fn h21_h25_sqlite() {
    let scratch = Scratch::new();
    let mut number = 0;
    are_as_told(|| {
        number += 1;
        let path = scratch.file(&format!("claims-{number}"));
        Box::new(Sqlite::open(&path, &[], SPACES, Window::MINUTE, NOW).unwrap())
    });
}

#[test]
fn h21_h25_postgres() {
    let server = counterseal_servers::postgres::Server::start();
    are_as_told(|| {
        let schema = server.schema();
        let mut config = tokio_postgres::Config::new();
        config.user("test").dbname("postgres");
        config.options(schema.config().get_options().unwrap());
        config.host_path(server.directory());
        let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
        let pool = deadpool_postgres::Pool::builder(manager).build().unwrap();
        let store = Postgres::new(pool, SPACES, Window::MINUTE);
        RUNTIME.block_on(store.migrate(&[], NOW)).unwrap();
        Box::new(Waited(store))
    });
}

#[test]
fn h21_h25_redis() {
    let server = counterseal_servers::redis::Server::start();
    are_as_told(|| {
        server.command("FLUSHALL");
        let (host, port) = server.address();
        let client = redis::Client::open(format!("redis://{host}:{port}/")).unwrap();
        let connection = RUNTIME.block_on(client.get_connection_manager()).unwrap();
        let store = Redis::new(connection, SPACES, Window::MINUTE);
        RUNTIME.block_on(store.migrate(NOW)).unwrap();
        Box::new(Waited(store))
    });
}

/// Each history comes out as it says, on a new store.
fn are_as_told(mut store: impl FnMut() -> Store) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/histories.json");
    let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let histories = table["histories"].as_array().unwrap();
    assert!(histories.len() >= 8);
    for history in histories {
        let store = store();
        for (number, step) in history["steps"].as_array().unwrap().iter().enumerate() {
            let code = outcome(&*store, step);
            assert_eq!(code, step["code"], "{}, step {number}", history["name"]);
        }
    }
}

/// What becomes of a request on this store.
fn outcome(store: &dyn Run<Claim>, step: &Value) -> &'static str {
    let after = |name: &str| NOW.plus(Span::from_millis(step[name].as_i64().unwrap()));
    let key = key(step["key"].as_str().unwrap());
    let plain = Request {
        method: "GET",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/",
        query: b"",
        headers: &[],
        body: b"",
    };
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&step["nonce"].as_u64().unwrap().to_be_bytes());
    let signer = Signer::new(Arc::clone(&key), Profile::default());
    let fields = signer
        .sign(&plain, after("born"), &Seed::new(seed))
        .unwrap();
    let headers: Vec<_> = fields.headers().map(|(n, v)| (n, v.as_bytes())).collect();
    let received = Request {
        headers: &headers,
        ..plain
    };
    let verifier = Verifier::new(Policy::for_authority("api.example").unwrap());
    let keys = KeySet::new([key]).unwrap();
    let step = match verifier.begin(&received, &keys, after("at")) {
        Ok(pending) => Step::Need(pending),
        Err(error) => return error.code().name,
    };
    drive(store, step).map_or_else(|error| error.code().name, |_| "request_accepted")
}

fn key(name: &str) -> Arc<Key> {
    let key = Key::new(KeyId::parse(name).unwrap(), &Secret::new(vec![7; 32])).unwrap();
    let since = if name == "old" { Time::EPOCH } else { NOW };
    Arc::new(key.valid(since, Time::NEVER))
}
