//! The verifier's clock alone steps an hour forward and back, over every store, through the real verifier.
//!
//! Whoever listens on the wire replays what fits the clock, and the store is swept by the wrong clock too.

use counterseal_core::{Claim, Run, Seed, Span, Sweep, Time};
use counterseal_memory::Memory;
use counterseal_replay::{PrivateRing, Shape};
use counterseal_request::PendingRequest;
use counterseal_shm::SharedRing;
use counterseal_sqlite::Sqlite;
use counterseal_testkit::Scratch;

use crate::Size;
use crate::broken::Evicts;
use crate::honest::{Sent, Site};
use crate::report::Report;
use crate::uses::{BEGINNING, WARM, WINDOW, mix};

pub(crate) fn prove(size: Size, report: &mut Report) {
    if size == Size::Broken {
        return Story::new(&Evicts::default(), 2, 0).tell("a store that evicts", report);
    }
    let scratch = Scratch::new();
    let per_second = if size == Size::Full { 20 } else { 2 };
    let mut prove = |name, store: &dyn Store, warm_up| {
        Story::new(store, per_second, warm_up).tell(name, report);
    };
    let (shape, seed) = (Shape::for_rate(100), Seed::new([7; 16]));
    let ring = PrivateRing::new(shape, WINDOW, BEGINNING, &seed).expect("a shape");
    prove("ring", &ring, 0);
    let path = scratch.path().join("private").join("ring");
    let shared = SharedRing::open(&path, shape, WINDOW, BEGINNING, &seed).expect("a ring");
    prove("shared ring", &shared, 0);
    let (path, spaces) = (scratch.file("claims.db"), [PendingRequest::SPACE]);
    let sqlite = Sqlite::open(&path, &[], &spaces, WINDOW, BEGINNING).expect("a database");
    // What the wrong clock swept is refused until signed times are past it.
    prove("sqlite", &sqlite, 60);
    prove("memory", &Memory::new(WINDOW, 1_000_000, BEGINNING), 60);
}

/// A store that is swept.
trait Store: Run<Claim> + Run<Sweep> {}

impl<S: Run<Claim> + Run<Sweep>> Store for S {}

/// What happens to one verifier.
struct Story<'a> {
    store: &'a dyn Store,
    /// For how many seconds after a step back to the right time honest requests do not count.
    warm_up: i64,
    site: Site,
    per_second: u64,
    kept: Vec<Kept>,
    honest: u64,
    accepted: u64,
    replays: u64,
    false_accepts: u64,
}

/// How long the clock is off by how much.
const CHAPTERS: [(i64, i64); 11] = [
    (4_000, 0),
    (30, 3_600),
    (200, 0),
    (30, -3_600),
    (200, 0),
    (5, 3_600),
    (5, -3_600),
    (200, 0),
    (150, 300),
    (150, -300),
    (200, 0),
];

impl<'a> Story<'a> {
    fn new(store: &'a dyn Store, per_second: u64, warm_up: i64) -> Self {
        Story {
            store,
            warm_up,
            site: Site::new(CLIENTS),
            per_second,
            kept: Vec::new(),
            honest: 0,
            accepted: 0,
            replays: 0,
            false_accepts: 0,
        }
    }

    fn tell(&mut self, name: &str, report: &mut Report) {
        let mut second = 0;
        for (length, off) in CHAPTERS {
            for past in 0..length {
                let (time, off) = (Span::from_seconds(second), Span::from_seconds(off));
                let counts = off == Span::ZERO && past >= self.warm_up;
                self.pass(WARM.plus(time), off, counts);
                second += 1;
            }
        }
        report.check(
            name,
            self.false_accepts == 0 && self.accepted == self.honest,
            [
                ("warm_up_seconds", self.warm_up.into()),
                ("honest", self.honest.into()),
                ("accepted", self.accepted.into()),
                ("replays", self.replays.into()),
                ("false_accepts", self.false_accepts.into()),
            ],
        );
    }

    /// One second of true time.
    fn pass(&mut self, time: Time, off: Span, counts: bool) {
        let now = time.plus(off);
        for _ in 0..self.per_second {
            let (nonce, client) = (self.kept.len() as u64, self.kept.len() % CLIENTS);
            let skew = (mix(nonce) % 50_000).cast_signed() - 25_000;
            let sent = self
                .site
                .sign(client, time.plus(Span::from_millis(skew)), nonce);
            let accepted = self.site.verify(self.store, &sent, now).is_ok();
            self.honest += u64::from(counts);
            self.accepted += u64::from(counts && accepted);
            self.kept.push(Kept { sent, accepted });
        }
        let every = if off == Span::ZERO { 37 } else { 1 };
        self.replay(now, every);
        let sweep = Sweep {
            space: PendingRequest::SPACE,
            before: now,
            limit: 100,
        };
        let swept = self.store.run(sweep);
        swept.expect("a store that answers");
    }

    /// Sends again what is in the window by the verifier's clock, or a share of it.
    fn replay(&mut self, now: Time, every: usize) {
        let (oldest, newest) = (now.minus(WINDOW.past), now.plus(WINDOW.future));
        let in_window =
            |sent: &&mut Kept| sent.sent.created >= oldest && sent.sent.created <= newest;
        for kept in self.kept.iter_mut().filter(in_window).step_by(every) {
            let again = self.site.verify(self.store, &kept.sent, now).is_ok();
            self.replays += u64::from(kept.accepted);
            self.false_accepts += u64::from(kept.accepted && again);
            kept.accepted |= again;
        }
    }
}

/// What somebody on the wire has kept.
struct Kept {
    sent: Sent,
    accepted: bool,
}

const CLIENTS: usize = 8;
