//! Stores against a memory that forgets nothing.

use std::collections::HashSet;

use counterseal_core::{Claim, Claimed, Span, Sweep, Time};
use counterseal_replay::Start;

use crate::claims::{Claims, claim};
use crate::random::Random;
use crate::{NOW, SPACES, WINDOW};

/// Long runs of random claims, replays, sweeps and clock steps, as a verifier would let them through.
///
/// What a naive memory knows as used is never fresh; what it does not know is never held, and is fresh
/// whenever the clock is where it never was before. In every second run the clock is set back and ahead.
pub fn only_what_a_naive_memory_would_accept_is_accepted<S: Claims>(make: impl Fn(Time) -> S) {
    for seed in 0..RUNS {
        let mut model = Model::new(seed, make(NOW));
        for _ in 0..STEPS {
            model.step();
        }
        let enough = model.used.len() > STEPS / 4 || model.leaps();
        assert!(enough, "run {seed} accepted too few");
    }
}

struct Model<S> {
    seed: u64,
    random: Random,
    store: S,
    now: Time,
    /// The latest that the clock ever was.
    latest: Time,
    presented: Vec<Claim>,
    used: HashSet<[u8; 16]>,
}

impl<S: Claims> Model<S> {
    fn new(seed: u64, store: S) -> Self {
        Model {
            seed,
            random: Random(seed),
            store,
            now: NOW,
            latest: NOW,
            presented: Vec::new(),
            used: HashSet::new(),
        }
    }

    fn step(&mut self) {
        match self.random.below(40) {
            0..20 => self.claim(),
            20..30 => self.replay(),
            30..37 => self.move_clock(0, 15_000),
            37..39 => self.sweep(),
            _ if self.leaps() => self.move_clock(-4_000_000, 4_000_000),
            _ => self.move_clock(0, 400_000),
        }
    }

    /// Whether the clock of this run is set back and ahead.
    const fn leaps(&self) -> bool {
        self.seed % 2 == 1
    }

    fn claim(&mut self) {
        let (owner, nonce) = (self.random.below(50), self.random.next());
        let (past, future) = (WINDOW.past.millis(), WINDOW.future.millis());
        let ahead = Span::from_millis(self.random.between(-past, future));
        let mut claim = claim(owner, self.now.plus(ahead), nonce);
        if owner < 10 {
            claim.since = Time::EPOCH;
        }
        if owner % 2 == 0 {
            claim.until = claim.born.plus(Span::from_minutes(5));
        }
        self.presented.push(claim);
        self.present(&claim);
    }

    fn replay(&mut self) {
        let (now, oldest) = (self.now, self.now.minus(WINDOW.past));
        let recent = self.presented.iter().rev().take(100);
        let inside = |c: &&Claim| c.born >= oldest && c.born <= now.plus(WINDOW.future);
        let inside: Vec<Claim> = recent.filter(inside).copied().collect();
        if inside.is_empty() {
            return;
        }
        let at = self.random.below(inside.len() as u64);
        self.present(&inside[usize::try_from(at).expect("an index")]);
    }

    fn present(&mut self, claim: &Claim) {
        let answer = self.store.run(*claim).expect("a store that answers");
        let allowed = self.allowed(claim);
        let at = self.presented.len();
        assert!(
            allowed.contains(&answer),
            "{answer:?} where {allowed:?} is right, in run {} at claim {at}: {claim:?}",
            self.seed
        );
        if answer == Claimed::Fresh {
            self.used.insert(claim.key);
        }
    }

    fn allowed(&self, claim: &Claim) -> &'static [Claimed] {
        let start = Start::cold(NOW, WINDOW);
        if self.used.contains(&claim.key) {
            return &[Claimed::Held, Claimed::Stale];
        }
        if claim.since < start.began && claim.born <= start.floor {
            return &[Claimed::Stale];
        }
        // A file that others may have open for a moment asks for 2 s more.
        let near = claim.since < start.began && claim.born <= start.floor.plus(OVERLAP);
        if near || self.now < self.latest {
            return &[Claimed::Fresh, Claimed::Stale];
        }
        &[Claimed::Fresh]
    }

    fn sweep(&mut self) {
        let sweep = Sweep {
            space: SPACES[0],
            before: self.now,
            limit: 100,
        };
        self.store.run(sweep).expect("a store that answers");
    }

    fn move_clock(&mut self, from: i64, to: i64) {
        let by = Span::from_millis(self.random.between(from, to));
        self.now = self.now.plus(by);
        self.latest = self.latest.max(self.now);
    }
}

const OVERLAP: Span = Span::from_seconds(2);
const RUNS: u64 = 20;
const STEPS: usize = 600;
