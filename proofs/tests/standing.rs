//! Whether a token stands, on every store: 64 racers lose no change, and what was taken back stays so.

#![allow(clippy::unwrap_used)] // tests: what fails is seen

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use counterseal_core::{
    Bound, KeyId, Lifetime, LoadTogether, Record, Refusal, RowOp, Run, Secret, Seed, Span, Subject,
    SweepRows, Table, Time, Value, drive,
};
use counterseal_jwt::{
    AccessKey, ChangeAccessKey, ChangeSubject, Claims, Denied, DenyToken, Minter, StandingPolicy,
    StandingWriteError, TokenAlgorithm, TokenKeys, TokenPolicy, TokenSigner, TokenVerifier,
    VerifiedToken,
};
use counterseal_memory::Memory;
use counterseal_servers::{postgres, redis};
use counterseal_sqlite::Sqlite;
use counterseal_store::{Dialect, Stated, migrations};
use counterseal_testkit::{Faulty, NOW, Scratch, WINDOW, race};

const TENANT: &str = "https://iss.example";
const TABLES: &[Table] = &[Subject::TABLE, AccessKey::TABLE, Denied::TABLE];

/// A store of what is needed here.
trait Stands:
    Run<RowOp<Subject>>
    + Run<RowOp<AccessKey>>
    + Run<RowOp<Denied>>
    + Run<LoadTogether<Subject, Denied, AccessKey>>
    + Run<SweepRows<Denied>>
    + Sync
{
}

impl<S> Stands for S where
    S: Run<RowOp<Subject>>
        + Run<RowOp<AccessKey>>
        + Run<RowOp<Denied>>
        + Run<LoadTogether<Subject, Denied, AccessKey>>
        + Run<SweepRows<Denied>>
        + Sync
{
}

#[test]
fn c31_in_memory() {
    all(|| Memory::new(WINDOW, 100, NOW), true);
}

#[test]
fn c31_on_sqlite() {
    let scratch = Scratch::new();
    let mut files = 0;
    let make = || {
        files += 1;
        let path = scratch.file(&format!("{files}.db"));
        Sqlite::open(&path, TABLES, &[], WINDOW, NOW).unwrap()
    };
    all(make, true);
}

#[test]
fn c31_on_postgres() {
    let make = || {
        let postgres = postgres::Server::shared().schema();
        for text in migrations(TABLES, Dialect::Postgres, 0) {
            postgres.client().batch_execute(&text).unwrap();
        }
        postgres
    };
    all(make, true);
}

#[test]
fn c31_on_redis() {
    all(|| redis::Redis::new(redis::Server::start()), false);
}

/// `counts` where a sweep deletes, and not the store by itself.
fn all<S: Stands>(mut make: impl FnMut() -> S, counts: bool) {
    each_refusal(&make());
    racers_lose_nothing(&make());
    a_bump_is_seen_by_all_who_ask_after_it(&make());
    lost_answers_take_nothing_back(make());
    denied_tokens_leave(&make(), counts);
}

fn each_refusal<S: Stands>(store: &S) {
    let keyed = |version| {
        token(
            Claims::of("user-7")
                .at_version(version)
                .by_access_key("key-1"),
            1,
        )
    };
    assert_eq!(ask(store, &keyed(0)), "jwt_subject_unknown");
    drive(store, ChangeSubject::register(TENANT, "user-7", NOW)).unwrap();
    assert_eq!(ask(store, &keyed(0)), "jwt_access_key");
    let register = || {
        drive(
            store,
            ChangeAccessKey::register(TENANT, "key-1", "user-7", NOW),
        )
    };
    register().unwrap();
    assert_eq!(ask(store, &keyed(0)), "live");
    drive(store, ChangeSubject::bump(TENANT, "user-7", NOW)).unwrap();
    let asked = [0, 1, 2].map(|version| ask(store, &keyed(version)));
    assert_eq!(asked, ["jwt_user_ver", "live", "jwt_user_ver_ahead"]);
    let (one, other) = (keyed(1), token(Claims::of("user-7").at_version(1), 2));
    drive(
        store,
        DenyToken::begin(TENANT, one.id().unwrap(), one.expires()),
    )
    .unwrap();
    assert_eq!(
        (ask(store, &one), ask(store, &other)),
        ("jwt_denied", "live")
    );
    drive(store, ChangeAccessKey::disable(TENANT, "key-1", NOW)).unwrap();
    assert_eq!(ask(store, &one), "jwt_access_key");
    assert_eq!(register(), Err(StandingWriteError::KeyTaken));
    drive(store, ChangeSubject::disable(TENANT, "user-7", NOW)).unwrap();
    assert_eq!(ask(store, &other), "jwt_subject_disabled");
    drive(store, ChangeSubject::enable(TENANT, "user-7", NOW)).unwrap();
    assert_eq!(ask(store, &other), "jwt_user_ver");
    assert_eq!(
        ask(store, &token(Claims::of("user-7").at_version(2), 3)),
        "live"
    );
}

/// 64 at once raise one subject's version and deny one token and one of their own.
fn racers_lose_nothing<S: Stands>(store: &S) {
    drive(store, ChangeSubject::register(TENANT, "user-7", NOW)).unwrap();
    let shared = user(0, 200);
    let versions = race(RACERS, |racer| {
        let own = user(0, u8::try_from(racer).unwrap());
        for token in [&own, &shared] {
            drive(
                store,
                DenyToken::begin(TENANT, token.id().unwrap(), token.expires()),
            )
            .unwrap();
        }
        drive(store, ChangeSubject::bump(TENANT, "user-7", NOW))
            .unwrap()
            .user_ver
    });
    let mut sorted = versions;
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(1..=64), "each raised it by one");
    let denied = (0..64).chain([200]).map(|seed| ask(store, &user(64, seed)));
    assert!(denied.into_iter().all(|code| code == "jwt_denied"));
    assert_eq!(ask(store, &user(64, 201)), "live");
}

/// Whoever begins to ask after a bump was answered finds the old version over.
fn a_bump_is_seen_by_all_who_ask_after_it<S: Stands>(store: &S) {
    drive(store, ChangeSubject::register(TENANT, "user-7", NOW)).unwrap();
    let (token, is_over) = (user(0, 1), AtomicBool::new(false));
    race(8, |racer| {
        if racer == 0 {
            drive(store, ChangeSubject::bump(TENANT, "user-7", NOW)).unwrap();
            is_over.store(true, SeqCst);
            return;
        }
        for _ in 0..20 {
            let was_over = is_over.load(SeqCst);
            let code = ask(store, &token);
            assert!(
                code == "jwt_user_ver" || code == "live" && !was_over,
                "{code}"
            );
        }
    });
}

/// Through a store that loses steps and answers: no token that was taken back stands, and honest ones do once it answers.
fn lost_answers_take_nothing_back<S: Stands>(store: S) {
    let store = Faulty::new(store, 7);
    let (mut version, token) = (0, |version| user(version, 1));
    for _ in 0..40 {
        if let Ok(subject) = drive(&store, ChangeSubject::bump(TENANT, "user-7", NOW)) {
            assert!(subject.user_ver > version, "a version came twice");
            version = subject.user_ver;
            assert_eq!(ask(store.inner(), &token(version - 1)), "jwt_user_ver");
            assert_eq!(ask(store.inner(), &token(version)), "live");
            let code = ask(&store, &token(version - 1));
            assert!(
                ["jwt_user_ver", "store_unavailable"].contains(&code),
                "{code}"
            );
        }
    }
    assert!(version > 5, "the schedule let nothing through");
}

fn denied_tokens_leave<S: Stands>(store: &S, counts: bool) {
    let deny = |id: u8| {
        let end = NOW.plus(Span::from_minutes(id.into()));
        drive(store, DenyToken::begin(TENANT, &format!("id-{id}"), end))
            .unwrap()
            .until
    };
    let ends: Vec<Time> = (0..6).map(deny).collect();
    let sweep = |before, limit| store.run(SweepRows::<Denied>::new(before, limit)).unwrap();
    let left = [(ends[0], 10), (ends[3], 2), (ends[3], 2), (Time::NEVER, 10)];
    let left = left.map(|(before, limit)| sweep(before, limit));
    assert_eq!(left, if counts { [0, 2, 1, 3] } else { [0; 4] });
}

#[test]
fn rows_that_are_read_together_have_one_hash_tag_and_those_that_end_leave_redis() {
    let statement =
        LoadTogether::<Subject, Denied, AccessKey>::new([Some([1; 16]), None, Some([3; 16])])
            .statement(Dialect::Redis);
    let [Value::Int(3), keys @ ..] = statement.values.as_slice() else {
        panic!("three keys: {:?}", statement.values)
    };
    assert_eq!(keys.len(), 3);
    for key in keys {
        let text = key.as_text().unwrap();
        assert!(text.starts_with("cs:{counterseal_standing}:"), "{text}");
    }
    let server = redis::Redis::new(redis::Server::start());
    drive(&server, ChangeSubject::register(TENANT, "user-7", NOW)).unwrap();
    let denied = drive(&server, DenyToken::begin(TENANT, "id-1", NOW)).unwrap();
    let hour = Span::from_minutes(60);
    let expiry = |name: &str, id: [u8; 16]| {
        let id = format!("{:032x}", u128::from_be_bytes(id));
        let key = format!("cs:{{counterseal_standing}}:{name}:{id}");
        format!("{:?}", server.server.command(&format!("PEXPIRETIME {key}")))
    };
    let leaves = expiry(Denied::TABLE.name, denied.row());
    assert!(
        leaves.contains(&denied.until.plus(hour).millis().to_string()),
        "{leaves}"
    );
    let stays = expiry(Subject::TABLE.name, Subject::row_of(TENANT, "user-7"));
    assert!(stays.contains("-1"), "{stays}");
}

fn ask<S: Run<LoadTogether<Subject, Denied, AccessKey>>>(
    store: &S,
    token: &VerifiedToken<'_>,
) -> &'static str {
    let policy = StandingPolicy::new(TENANT).unwrap();
    let outcome = drive(store, policy.begin(token));
    outcome.map_or_else(|error| error.code().name, |_| "live")
}

fn user(version: i64, seed: u8) -> VerifiedToken<'static> {
    token(Claims::of("user-7").at_version(version), seed)
}

/// A genuine token with these claims; its id is the same for the same seed.
#[allow(clippy::needless_pass_by_value)] // a builder, made where it is used
fn token(claims: Claims, seed: u8) -> VerifiedToken<'static> {
    let policy = TokenPolicy::access(TENANT, "api").unwrap();
    let bounds = [Bound::ceiling("test", Span::from_minutes(30))];
    let life = Lifetime::clamp(Span::from_minutes(10), &bounds, NOW).unwrap();
    let id = KeyId::parse("k1").unwrap();
    let signer = TokenSigner::hmac(id, TokenAlgorithm::Hs256, &Secret::new(vec![7; 32])).unwrap();
    let keys = TokenKeys::new([signer.key().clone()]).unwrap();
    let minted = Minter::new(signer, &policy)
        .mint(&claims, &life, &Seed::new([seed; 16]))
        .unwrap();
    let text = std::str::from_utf8(minted.expose()).unwrap();
    let verifier = TokenVerifier::new(policy);
    verifier.verify(text, &keys, NOW).unwrap().into_owned()
}

const RACERS: usize = 64;
