//! Twenty-four secrets through the crates and every store, and everything that is told: `canary SECRETS OUT`.
//!
//! SECRETS is a file with a JSON list of texts; what is told goes to files in OUT, and to standard output and error. So do
//! the statements that the databases were sent, and what they keep. Whoever runs it searches them.

#![allow(clippy::unwrap_used)] // a proof: what fails is seen

#[path = "canary/tokens.rs"]
mod tokens;

use std::error::Error;
use std::fmt::Debug;
use std::fs::{self, DirBuilder};
use std::future::{Future, ready};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use counterseal_core::{
    Claimed, KeyId, Op, Record, Refusal, RowOp, Run, RunAsync, SealKey, Secret, Seed, Space, Span,
    Step, Time, Unavailable, drive, drive_async,
};
use counterseal_limit::{Limit, LimitName, client_address};
use counterseal_memory::Memory;
use counterseal_postgres::Postgres;
use counterseal_redis::Redis;
use counterseal_replay::{Shape, Window};
use counterseal_request::{
    EndKey, ForeignPolicy, ForeignPolicyParts, Key, KeyRecord, KeySet, LoadKey, NewKey,
    PendingRequest, Policy, PolicyParts, Profile, ProfileParts, Request, Response, RotateKey,
    SaveKey, Scheme, Signer, Verifier,
};
use counterseal_shm::SharedRing;
use counterseal_sqlite::Sqlite;
use counterseal_testkit::NOW;
use counterseal_webhook::{Delivery, MessageId, Receiver, Sender, WebhookKey, WebhookPolicy};
use deadpool_postgres::{Manager, Pool};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

const SPACES: &[Space] = &[PendingRequest::SPACE];
const SEED: Seed<16> = Seed::new([7; 16]);

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let (Some(list), Some(out)) = (words.next(), words.next()) else {
        return Err("two words are needed: SECRETS OUT".into());
    };
    let secrets: Vec<String> = serde_json::from_slice(&fs::read(list)?)?;
    let [
        key,
        other,
        next,
        sealing,
        postgres,
        redis,
        hook,
        second_hook,
        rest @ ..,
    ] = &secrets[..]
    else {
        return Err("24 secrets are needed".into());
    };
    let (rest, tokens) = rest.split_at(12);
    let out = Path::new(&out);
    DirBuilder::new().recursive(true).mode(0o700).create(out)?;
    let (mut told, runtime) = (Told(String::new()), Runtime::new()?);
    let keys = Keys::new([key, other, next, sealing]);
    requests(&mut told, &keys, rest, out)?;
    webhooks(&mut told, [hook, second_hook, &rest[6], &rest[7]])?;
    setups(&mut told, &rest[8..]);
    tokens::tell(&mut told, tokens)?;
    let database = Sqlite::open(
        &out.join("keys"),
        &[KeyRecord::TABLE],
        SPACES,
        Window::MINUTE,
        NOW,
    )?;
    runtime.block_on(stored(&mut told, &keys, &AtOnce(database)));
    let server = counterseal_servers::postgres::Server::start();
    runtime.block_on(on_postgres(&mut told, &keys, (&server, postgres), out))?;
    let server = counterseal_servers::redis::Server::start();
    runtime.block_on(on_redis(&mut told, &keys, (&server, redis), out))?;
    fs::write(out.join("told.txt"), told.0)?;
    Ok(())
}

/// All that was told.
struct Told(String);

impl Told {
    /// What a thing shows of itself.
    fn add(&mut self, thing: &dyn Debug) {
        self.0
            .extend([format!("{thing:?}\n"), format!("{thing:#?}\n")]);
    }

    /// What came of a call; what a refusal shows, if it is one.
    fn outcome<T: Debug, E: Debug + ToString + Refusal>(&mut self, outcome: &Result<T, E>) {
        self.add(outcome);
        if let Err(error) = outcome {
            self.0 += &error.to_string();
            self.add(&error.code());
        }
    }
}

/// Keys, and the vault that they lie in.
struct Keys {
    now: Arc<Key>,
    other: Arc<Key>,
    secret: String,
    next: String,
    sealer: Arc<SealKey>,
}

impl Keys {
    fn new([now, other, next, sealing]: [&String; 4]) -> Self {
        Keys {
            now: key("worker-7", now),
            other: key("worker-8", other),
            secret: now.clone(),
            next: next.clone(),
            sealer: Arc::new(
                SealKey::new(&Secret::new(sealing.as_bytes()[..32].to_vec())).unwrap(),
            ),
        }
    }

    fn record(&self, id: &str, secret: &str) -> KeyRecord {
        KeyRecord::seal(new_key(id, secret), &self.sealer, &Seed::new([1; 12])).unwrap()
    }
}

fn new_key(id: &str, text: &str) -> NewKey {
    NewKey {
        id: id_of(id),
        secret: secret(text),
        since: NOW,
        until: NOW.plus(Span::from_minutes(60)),
        scope: "jobs".into(),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn id_of(id: &str) -> KeyId {
    KeyId::parse(id).unwrap()
}

fn key(id: &str, text: &str) -> Arc<Key> {
    let key = Key::new(id_of(id), &secret(text)).unwrap();
    Arc::new(key.valid(NOW, Time::NEVER))
}

type Fields = Vec<(String, String)>;

/// What a service and its client say to each other, and what is changed on the way.
fn requests(
    told: &mut Told,
    keys: &Keys,
    secrets: &[String],
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let [authorization, cookie, token, covered, body, junk, ..] = secrets else {
        return Err("six are needed".into());
    };
    let ring = SharedRing::open(
        &out.join("ring"),
        Shape::for_rate(100),
        Window::MINUTE,
        NOW,
        &SEED,
    )?;
    let parts = || ProfileParts {
        cover: vec!["idempotency-key".into()],
        ..ProfileParts::default()
    };
    let policy = Policy::new(PolicyParts {
        authorities: vec!["api.example".into()],
        profile: parts(),
        ..PolicyParts::default()
    })?;
    let (verifier, signer) = (
        Verifier::new(policy),
        Signer::new(Arc::clone(&keys.now), Profile::new(parts())?),
    );
    let known = KeySet::new([Arc::clone(&keys.now), Arc::clone(&keys.other)])?;
    told.add(&ring);
    let query = format!("token={token}");
    let mut fields: Fields = [
        ("authorization", format!("Bearer {authorization}")),
        ("cookie", format!("session={cookie}")),
        ("idempotency-key", covered.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let (added, sent) = with(&fields, &query, body, |plain| {
        signer.send(plain, NOW, &SEED)
    })?;
    told.add(&added);
    fields.extend(
        added
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );

    let mut changed = vec![
        (fields.clone(), body.clone()),
        (fields.clone(), junk.clone()),
    ];
    for (at, (name, _)) in fields.iter().enumerate() {
        let mut other = fields.clone();
        other[at].1 = if name == "signature-input" {
            fields[at].1.replace("worker-7", "nobody")
        } else {
            junk.clone()
        };
        changed.push((other, body.clone()));
    }
    for (fields, body) in &changed {
        for now in [NOW, NOW.plus(Span::from_minutes(60))] {
            with(fields, &query, body, |request| {
                told.outcome(&verifier.explain(request));
                told.outcome(&verifier.begin_content(request, &known, now));
                let begun = verifier.begin(request, &known, now);
                told.outcome(&begun.as_ref().map(|_| ()).map_err(Clone::clone));
                match begun {
                    Ok(pending) => told.outcome(&drive(&ring, Step::Need(pending))),
                    Err(error) => told.add(&error.event(now)),
                }
                told.add(&verifier.sign_refusal(request, &known, now, 401, junk.as_bytes()));
            });
        }
    }
    let proof = with(&fields, &query, body, |request| {
        verifier
            .begin(request, &known, NOW)
            .unwrap()
            .finish(Ok(Claimed::Fresh))
    })?;
    told.add(&proof);
    told.add(&proof.event(NOW));
    let answer = proof.sign_response(200, junk.as_bytes(), NOW)?;
    told.add(&answer);
    let headers: Vec<_> = answer
        .headers()
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    for body in [junk, body] {
        told.outcome(&sent.check(&Response {
            status: 200,
            headers: &headers,
            body: body.as_bytes(),
        }));
    }
    Ok(())
}

/// The request with these fields, handed to `use_it`.
fn with<T>(fields: &Fields, query: &str, body: &str, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
    let headers: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    use_it(&Request {
        method: "POST",
        scheme: Scheme::Https,
        authority: "api.example",
        path: b"/v1/jobs",
        query: query.as_bytes(),
        headers: &headers,
        body: body.as_bytes(),
    })
}

/// Deliveries of two secrets, genuine and forged.
fn webhooks(told: &mut Told, secrets: [&String; 4]) -> Result<(), Box<dyn Error>> {
    let [one, two, message, junk] = secrets;
    let keys = || [one, two].map(|text| WebhookKey::new(&secret(text)).unwrap());
    let sender = Sender::new(keys())?;
    let receiver = Receiver::new(id_of("billing"), keys(), WebhookPolicy::default())?;
    let memory = Memory::new(Window::MINUTE, 100, NOW.minus(Span::from_minutes(15)));
    told.add(&keys());
    let signed = sender.sign(&MessageId::parse("msg_1")?, message.as_bytes(), NOW)?;
    told.add(&signed.headers().collect::<Vec<_>>());
    for (body, changed) in [
        (message, None),
        (junk, None),
        (message, Some(0)),
        (message, Some(1)),
        (message, Some(2)),
    ] {
        let headers = signed.headers().map(|(name, text)| (name, text.as_bytes()));
        let mut headers: Vec<_> = headers.collect();
        if let Some(at) = changed {
            headers[at].1 = junk.as_bytes();
        }
        let delivery = Delivery {
            headers: &headers,
            body: body.as_bytes(),
        };
        match receiver.begin(&delivery, NOW) {
            Ok(pending) => told
                .outcome(&drive(&memory, Step::Need(pending)).map(|received| received.event(NOW))),
            Err(error) => {
                told.add(&error.event(NOW));
                told.outcome(&Err::<(), _>(error));
            }
        }
    }
    Ok(())
}

/// What is set up with what it cannot be.
fn setups(told: &mut Told, junk: &[String]) {
    let many = |text: &str| text.repeat(10);
    for text in junk {
        told.outcome(&Policy::for_authority(&many(text)));
        told.outcome(&Profile::new(ProfileParts {
            cover: vec![format!("{text} ")],
            ..ProfileParts::default()
        }));
        told.outcome(&ForeignPolicy::new(ForeignPolicyParts {
            tag: Some(format!("{text}\"")),
            ..ForeignPolicyParts::default()
        }));
        told.outcome(&KeyId::parse(&format!("{text} ")));
        told.outcome(
            &Key::new(id_of("a"), &Secret::new(text.as_bytes()[..31].to_vec())).map(|_| ()),
        );
        told.outcome(&WebhookKey::parse(&format!("whsec_{text}")));
        told.outcome(&MessageId::parse(&format!("{text}.")));
        told.outcome(&LimitName::parse(&format!("{text} ")));
        told.outcome(&SealKey::new(&Secret::new(text.as_bytes()[..31].to_vec())).map(|_| ()));
        let peer: IpAddr = [127, 0, 0, 1].into();
        told.add(&client_address(peer, [text.as_str()], 1));
        let limit = Limit::new("login", 1, 60_000).unwrap();
        let memory = Memory::new(Window::MINUTE, 100, NOW);
        for _ in 0..2 {
            let admitted = drive(&memory, limit.by_name(text, 1, NOW));
            told.outcome(&admitted.map(|admitted| admitted.left()));
        }
    }
}

/// A store that answers at once.
struct AtOnce(Sqlite);

impl<O: Op> RunAsync<O> for AtOnce
where
    Sqlite: Run<O>,
{
    fn run(&self, op: O) -> impl Future<Output = Result<O::Reply, Unavailable>> + Send {
        ready(self.0.run(op))
    }
}

/// Keys are saved, rotated, loaded and revoked, and some are not there.
async fn stored<S: RunAsync<RowOp<KeyRecord>>>(told: &mut Told, keys: &Keys, store: &S) {
    let record = keys.record("worker-7", &keys.secret);
    told.add(&record);
    for _ in 0..2 {
        told.outcome(&drive_async(store, SaveKey::begin(record.clone())).await);
    }
    let next = keys.record("worker-9", &keys.next);
    let until = NOW.plus(Span::from_seconds(60));
    told.outcome(&drive_async(store, RotateKey::begin(id_of("worker-7"), next, until)).await);
    let stranger = SealKey::new(&secret(&keys.next[..32]))
        .map(Arc::new)
        .unwrap();
    for (id, sealer) in [
        ("worker-9", &keys.sealer),
        ("worker-9", &stranger),
        ("nobody", &keys.sealer),
    ] {
        let loaded = drive_async(store, LoadKey::begin(id_of(id), Arc::clone(sealer))).await;
        told.outcome(&loaded.map(|key| key.scope().to_owned()));
    }
    told.outcome(&drive_async(store, EndKey::revoke(id_of("worker-9"), NOW)).await);
}

/// The server writes down each statement and its values.
async fn on_postgres(
    told: &mut Told,
    keys: &Keys,
    (server, password): (&counterseal_servers::postgres::Server, &str),
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let config = |directory: &str| {
        let mut config = tokio_postgres::Config::new();
        config
            .user("test")
            .dbname("postgres")
            .password(password)
            .host_path(directory);
        config.options("-clog_statement=all -clog_parameter_max_length=-1");
        let pool = Pool::builder(Manager::new(config, NoTls)).build().unwrap();
        Postgres::new(pool, SPACES, Window::MINUTE).patient(Duration::from_secs(5))
    };
    told.outcome(&config("/nowhere").check().await);
    let store = config(server.directory());
    told.outcome(&store.check().await);
    told.outcome(&store.migrate(&[KeyRecord::TABLE], NOW).await);
    stored(told, keys, &store).await;
    let log = fs::read(Path::new(server.directory()).join("log"))?;
    let is_whole = log
        .windows(24)
        .any(|words| words == b"counterseal_request_key ");
    assert!(is_whole, "the server wrote down what it was sent");
    fs::write(out.join("postgres.log"), log)?;
    let dump = Command::new("pg_dump")
        .args(["--username=test", "--host", server.directory(), "postgres"])
        .output()?;
    assert!(dump.status.success());
    fs::write(out.join("postgres.sql"), dump.stdout)?;
    Ok(())
}

/// The server tells each command that it gets.
async fn on_redis(
    told: &mut Told,
    keys: &Keys,
    (server, password): (&counterseal_servers::redis::Server, &str),
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    server.command(&format!("ACL SETUSER app on >{password} ~* &* +@all"));
    let (host, port) = server.address();
    let log = out.join("redis.log");
    let mut monitor = Command::new("redis-cli")
        .args(["-p", &port.to_string(), "MONITOR"])
        .stdout(fs::File::create(&log)?)
        .spawn()?;
    while fs::metadata(&log)?.len() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let client = redis::Client::open(format!("redis://app:{password}@{host}:{port}/"))?;
    let store = Redis::new(
        client.get_connection_manager().await?,
        SPACES,
        Window::MINUTE,
    );
    told.outcome(&store.check().await);
    told.outcome(&store.migrate(NOW).await);
    stored(told, keys, &store).await;
    server.command("CONFIG SET rdbcompression no");
    server.command("SAVE");
    fs::copy(server.dump(), out.join("redis.rdb"))?;
    server.command("CONFIG SET maxmemory-policy allkeys-lru");
    told.outcome(&store.check().await);
    monitor.kill()?;
    monitor.wait()?;
    let text = fs::read_to_string(&log)?;
    assert!(
        text.contains("worker-9"),
        "the server told what it was sent"
    );
    Ok(())
}
