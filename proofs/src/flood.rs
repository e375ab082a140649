//! Floods: strangers write nothing, one key cannot use up the room of others, and what a nonce costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use counterseal_core::{
    Claim, Claimed, KeyId, Run, Secret, Seed, Span, Step, Time, Unavailable, drive,
};
use counterseal_replay::{Plan, PrivateRing, Shape, Window};
use counterseal_request::{Key, KeySet, Policy, Profile, Request, Scheme, Signer, Verifier};
use counterseal_shm::SharedRing;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::fresh::{BEGUN, SERVED, claim};
use crate::report::Report;

pub(crate) fn prove(size: Size, report: &mut Report) {
    strangers(size.pick(100_000, 10_000_000), report);
    one_key(report);
    for (name, ahead) in [("exact clocks", 0), ("a signer 60 s ahead", 60)] {
        price(
            name,
            Span::from_seconds(ahead),
            size.pick(200, 4_000),
            report,
        );
    }
}

/// Counts what a store is asked.
struct Asked<S> {
    store: S,
    asked: AtomicU64,
}

impl<S: Run<Claim>> Run<Claim> for Asked<S> {
    fn run(&self, op: Claim) -> Result<Claimed, Unavailable> {
        self.asked.fetch_add(1, Relaxed);
        self.store.run(op)
    }
}

/// Requests with forged signatures, all different, on a shared ring.
fn strangers(requests: u64, report: &mut Report) {
    let scratch = Scratch::new();
    let path = scratch.path().join("ring").join("file");
    let seed = Seed::new([7; 16]);
    let ring = SharedRing::open(&path, Shape::for_rate(100), Window::MINUTE, BEGUN, &seed);
    let store = Asked {
        store: ring.expect("a ring"),
        asked: AtomicU64::new(0),
    };
    let size = || std::fs::metadata(&path).expect("the file").len();
    let (verifier, keys, forger) = parties();
    let mut refused = 0;
    let mut flood = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            let nonce = Seed::new(u128::from(number).to_be_bytes());
            let accepted = send(&verifier, &keys, &forger, &store, &nonce);
            refused += u64::from(!accepted);
        }
    };
    flood(0..1_000);
    let before = (size(), store.store.gauge(), resident());
    flood(1_000..requests);
    let after = (size(), store.store.gauge(), resident());
    let grown = after.2.saturating_sub(before.2);
    let asked = store.asked.load(Relaxed);
    let holds = refused == requests && asked == 0 && (before.0, before.1) == (after.0, after.1);
    let figures = [
        ("requests", requests),
        ("refused", refused),
        ("asked", asked),
        ("file_bytes", after.0),
        ("grown_bytes", grown),
    ];
    report.check(
        "forged requests ask the store nothing and grow nothing",
        holds && grown < MIB,
        &figures,
    );
}

fn parties() -> (Verifier, KeySet, Signer) {
    let key = |byte| {
        let id = KeyId::parse("worker-7").expect("a key id");
        Arc::new(Key::new(id, &Secret::new(vec![byte; 32])).expect("32 bytes"))
    };
    (
        Verifier::new(Policy::for_authority("api.example").expect("a policy")),
        KeySet::new([key(1)]).expect("one key"),
        Signer::new(key(2), Profile::default()),
    )
}

fn send(
    verifier: &Verifier,
    keys: &KeySet,
    signer: &Signer,
    store: &impl Run<Claim>,
    nonce: &Seed<16>,
) -> bool {
    let fields = signer
        .sign(&PLAIN, SERVED, nonce)
        .expect("it can be signed");
    let headers: Vec<_> = fields.headers().map(|(n, v)| (n, v.as_bytes())).collect();
    let request = Request {
        headers: &headers,
        ..PLAIN
    };
    let pending = verifier.begin(&request, keys, SERVED);
    pending.is_ok_and(|pending| drive(store, Step::Need(pending)).is_ok())
}

/// One key claims until it is refused; others go on, and nothing that was accepted is accepted again.
fn one_key(report: &mut Report) {
    let shape = Shape::for_rate(1_000);
    let ring =
        PrivateRing::new(shape, Window::MINUTE, BEGUN, &Seed::new([7; 16])).expect("a shape");
    let flood: Vec<Claim> = (0..20_000).map(|n| claim(1, BEGUN, SERVED, n)).collect();
    let answers: Vec<_> = flood.iter().map(|c| ring.claim(c)).collect();
    let count = |answer: Claimed| answers.iter().filter(|a| **a == answer).count() as u64;
    let (won, limited) = (count(Claimed::Fresh), count(Claimed::OwnerFull));
    let others =
        (2..502_u64).flat_map(|owner| (0..20).map(move |n| claim(owner, BEGUN, SERVED, n)));
    let unhurt = others.filter(|c| ring.claim(c) == Claimed::Fresh).count() as u64;
    let again = flood
        .iter()
        .filter(|c| ring.claim(c) == Claimed::Fresh)
        .count() as u64;
    let figures = [
        ("won", won),
        ("limited", limited),
        ("others_served", unhurt),
        ("replays_accepted", again),
    ];
    let holds = won + limited == 20_000 && limited > 0 && unhurt == 10_000 && again == 0;
    report.check(
        "a flood by one key is limited to its share, and hurts nobody else",
        holds,
        &figures,
    );
}

/// Mapped bytes for each nonce that is refused again, after three turns at the rate of the shape.
fn price(name: &str, ahead: Span, per_second: u64, report: &mut Report) {
    let shape =
        Shape::for_rate(u32::try_from(per_second).expect("a rate")).with_owner_cap(u64::MAX);
    let seed = Seed::new([7; 16]);
    let bytes = Plan::new(shape, Window::MINUTE, &seed)
        .expect("a shape")
        .words() as u64
        * 8;
    let ring = PrivateRing::new(shape, Window::MINUTE, BEGUN, &seed).expect("a shape");
    let nonces = per_second * TURNS_SECONDS;
    let at = |number: u64| {
        let later = Span::from_millis((number * 1_000 / per_second).cast_signed());
        // One signer in a hundred is ahead, and decides which generations live.
        let own = if number.is_multiple_of(100) {
            ahead
        } else {
            Span::ZERO
        };
        claim(1, Time::EPOCH, SERVED.plus(later).plus(own), number)
    };
    let refused = (0..nonces)
        .filter(|n| ring.claim(&at(*n)) != Claimed::Fresh)
        .count() as u64;
    let held = (0..nonces)
        .filter(|n| ring.claim(&at(*n)) == Claimed::Held)
        .count() as u64;
    let tenths = bytes * 10 / held.max(1);
    let figures = [
        ("nonces", nonces),
        ("refused", refused),
        ("held", held),
        ("tenths_of_a_byte_each", tenths),
    ];
    report.check(name, refused == 0 && tenths <= 170, &figures);
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4_096
}

const MIB: u64 = 1 << 20;
const TURNS_SECONDS: u64 = 3 * 390;
const PLAIN: Request<'static> = Request {
    method: "GET",
    scheme: Scheme::Https,
    authority: "api.example",
    path: b"/v1/jobs",
    query: b"",
    headers: &[],
    body: b"",
};
