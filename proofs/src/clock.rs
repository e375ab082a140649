//! Clock steps: a verifier's clock jumps an hour ahead and back, and an hour back and ahead, while
//! signers keep time, a thief replays what fits the clock, and the store sweeps.

use std::sync::Arc;

use counterseal_core::{Claim, KeyId, Run, Secret, Seed, Span, Step, Sweep, Time, drive};
use counterseal_memory::Memory;
use counterseal_replay::{PrivateRing, Shape, Window};
use counterseal_request::{
    Key, KeySet, PendingRequest, Policy, Profile, Request, Scheme, Signed, Signer, Verifier,
};
use counterseal_shm::SharedRing;
use counterseal_sqlite::Sqlite;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::fresh::{BEGUN, spread};
use crate::report::Report;

pub(crate) fn prove(size: Size, report: &mut Report) {
    let scratch = Scratch::new();
    let shape = || Shape::for_rate(200).with_owner_cap(u64::MAX);
    let ring = PrivateRing::new(shape(), Window::MINUTE, BEGUN, &Seed::new([7; 16]));
    play("ring", &ring.expect("a shape"), size, report);
    let path = scratch.path().join("ring").join("file");
    let shared = SharedRing::open(&path, shape(), Window::MINUTE, BEGUN, &Seed::new([7; 16]));
    play("shared ring", &shared.expect("a ring"), size, report);
    let memory = Memory::new(Window::MINUTE, 1_000_000, BEGUN).with_owner_cap(1_000_000);
    play("memory", &memory, size, report);
    let spaces = [PendingRequest::SPACE];
    let sqlite = Sqlite::open(
        &scratch.file("store.db"),
        &[],
        &spaces,
        Window::MINUTE,
        BEGUN,
    );
    play("sqlite", &sqlite.expect("a database"), size, report);
}

fn play(name: &str, store: &(impl Run<Claim> + Run<Sweep>), size: Size, report: &mut Report) {
    let mut world = World::new(store, size.pick(1, 4), size.pick(10, 100));
    let length = 4 * HOUR;
    for second in 0..length {
        world.live(second);
    }
    let figures = [
        ("replays", world.replays),
        ("false_accepts", world.false_accepts),
        ("honest", world.honest),
        ("honest_refused", world.honest_refused),
        ("refused_while_away", world.refused_while_away),
    ];
    let holds = world.false_accepts == 0
        && world.honest_refused == 0
        && world.honest > 0
        && world.refused_while_away > 0;
    report.check(name, holds, &figures);
}

/// Signers, a thief, a verifier, and its store.
struct World<'s, S> {
    store: &'s S,
    verifier: Verifier,
    keys: KeySet,
    signers: Vec<Signer>,
    each_second: u64,
    replays_each_second: u64,
    sent: Vec<Sent>,
    replays: u64,
    false_accepts: u64,
    honest: u64,
    honest_refused: u64,
    refused_while_away: u64,
}

/// A request that the thief has seen.
struct Sent {
    signed: Signed,
    created: Time,
    accepted: bool,
}

impl<'s, S: Run<Claim> + Run<Sweep>> World<'s, S> {
    fn new(store: &'s S, each_second: u64, replays_each_second: u64) -> Self {
        let key = |number: u8| {
            let id = KeyId::parse(&format!("worker-{number}")).expect("a key id");
            Arc::new(Key::new(id, &Secret::new(vec![number; 32])).expect("32 bytes"))
        };
        let keys: Vec<_> = (0..8).map(key).collect();
        World {
            store,
            verifier: Verifier::new(Policy::for_authority("api.example").expect("a policy")),
            signers: keys
                .iter()
                .map(|k| Signer::new(k.clone(), Profile::default()))
                .collect(),
            keys: KeySet::new(keys).expect("different keys"),
            each_second,
            replays_each_second,
            sent: Vec::new(),
            replays: 0,
            false_accepts: 0,
            honest: 0,
            honest_refused: 0,
            refused_while_away: 0,
        }
    }

    /// One second of true time.
    fn live(&mut self, second: u64) {
        let truth = BEGUN.plus(Span::from_seconds(second.cast_signed()));
        let clock = truth.plus(Span::from_seconds(offset(second)));
        for _ in 0..self.each_second {
            self.send(second, truth, clock);
        }
        for _ in 0..self.replays_each_second {
            self.replay(clock);
        }
        if second.is_multiple_of(60) {
            let (space, limit) = (PendingRequest::SPACE, 10_000);
            let sweep = Sweep {
                space,
                before: clock,
                limit,
            };
            self.store.run(sweep).expect("a store that answers");
        }
    }

    /// An honest request, by a signer whose clock is up to 5 s off.
    fn send(&mut self, second: u64, truth: Time, clock: Time) {
        let number = self.sent.len() as u64;
        let off = spread(number) % 11;
        let created = truth.plus(Span::from_seconds(off.cast_signed() - 5));
        let signer = &self.signers[usize::try_from(number % 8).expect("small")];
        let nonce = Seed::new(u128::from(spread(number)).to_be_bytes());
        let fields = signer
            .sign(&PLAIN, created, &nonce)
            .expect("it can be signed");
        let accepted = self.accepts(&fields, clock);
        self.sent.push(Sent {
            signed: fields,
            created,
            accepted,
        });
        if offset(second) != 0 {
            self.refused_while_away += u64::from(!accepted);
        } else if is_counted(second) {
            self.honest += 1;
            self.honest_refused += u64::from(!accepted);
        }
    }

    /// The thief sends again something whose time fits the verifier's clock.
    fn replay(&mut self, clock: Time) {
        let from = clock.minus(Span::from_seconds(66));
        let to = clock.plus(Span::from_seconds(66));
        let first = self.sent.partition_point(|sent| sent.created < from);
        let end = self.sent.partition_point(|sent| sent.created <= to);
        if first >= end {
            return;
        }
        self.replays += 1;
        let at = first + usize::try_from(spread(self.replays)).unwrap_or(0) % (end - first);
        let accepted = self.accepts(&self.sent[at].signed, clock);
        if accepted && self.sent[at].accepted {
            self.false_accepts += 1;
        }
        self.sent[at].accepted |= accepted;
    }

    fn accepts(&self, signed: &Signed, clock: Time) -> bool {
        let headers: Vec<_> = signed.headers().map(|(n, v)| (n, v.as_bytes())).collect();
        let request = Request {
            headers: &headers,
            ..PLAIN
        };
        let pending = self.verifier.begin(&request, &self.keys, clock);
        pending.is_ok_and(|pending| drive(self.store, Step::Need(pending)).is_ok())
    }
}

/// How far the verifier's clock is off: ahead for ten minutes after 70 minutes, back for ten minutes after
/// two and a half hours.
const fn offset(second: u64) -> i64 {
    match second {
        4_200..4_800 => HOUR.cast_signed(),
        9_000..9_600 => -HOUR.cast_signed(),
        _ => 0,
    }
}

/// Honest requests count after a start, and once the clock is back for as long as signers may be ahead of
/// what was swept.
const fn is_counted(second: u64) -> bool {
    !matches!(second, 0..80 | 4_800..4_820 | 9_600..9_620)
}

const HOUR: u64 = 3_600;
const PLAIN: Request<'static> = Request {
    method: "GET",
    scheme: Scheme::Https,
    authority: "api.example",
    path: b"/v1/jobs",
    query: b"",
    headers: &[],
    body: b"",
};
