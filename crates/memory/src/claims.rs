//! Claims: insert if absent, where the store can know and has room.

use std::collections::{BTreeSet, HashMap};

use counterseal_core::{Claim, Claimed, Space, Span, Sweep, Time};
use counterseal_replay::{Start, Window};

pub(crate) struct Claims {
    start: Start,
    future: Span,
    capacity: usize,
    pub(crate) owner_cap: usize,
    kept: HashMap<Use, Kept>,
    by_until: BTreeSet<(Time, Use)>,
    owned: HashMap<(Space, u64), usize>,
    /// The newest birth among the claims that left.
    swept: HashMap<Space, Time>,
}

type Use = (Space, [u8; 16]);

struct Kept {
    owner: u64,
    born: Time,
    until: Time,
}

impl Claims {
    pub(crate) fn new(window: Window, capacity: usize, now: Time) -> Self {
        Claims {
            start: Start::cold(now, window),
            future: window.future,
            capacity,
            owner_cap: (capacity / 4).max(1),
            kept: HashMap::new(),
            by_until: BTreeSet::new(),
            owned: HashMap::new(),
            swept: HashMap::new(),
        }
    }

    pub(crate) fn claim(&mut self, claim: &Claim) -> Claimed {
        if !self.admits(claim) {
            return Claimed::Stale;
        }
        if self.kept.contains_key(&(claim.space, claim.key)) {
            return Claimed::Held;
        }
        self.forget(claim.born.minus(self.future));
        if self.kept.len() >= self.capacity {
            return Claimed::Full;
        }
        let owned = self.owned.get(&(claim.space, claim.owner));
        if owned.copied().unwrap_or(0) >= self.owner_cap {
            return Claimed::OwnerFull;
        }
        self.keep(claim);
        Claimed::Fresh
    }

    pub(crate) fn sweep(&mut self, sweep: &Sweep) -> u64 {
        let over = self.by_until.iter();
        let over = over.take_while(|(until, _)| *until < sweep.before);
        let over = over.map(|(_, used)| *used);
        let over = over.filter(|(space, _)| *space == sweep.space);
        let over: Vec<Use> = over.take(sweep.limit as usize).collect();
        for used in &over {
            self.remove(used);
        }
        over.len() as u64
    }

    /// Whether this store knows of every earlier use of the claim's key.
    fn admits(&self, claim: &Claim) -> bool {
        let swept = self.swept.get(&claim.space);
        swept.is_none_or(|swept| claim.born > *swept)
            && (claim.born > self.start.floor || claim.since >= self.start.began)
    }

    fn keep(&mut self, claim: &Claim) {
        let used = (claim.space, claim.key);
        let (owner, born, until) = (claim.owner, claim.born, claim.until);
        self.kept.insert(used, Kept { owner, born, until });
        self.by_until.insert((until, used));
        *self.owned.entry((claim.space, owner)).or_default() += 1;
    }

    /// Lets go of what was over when a claim came in: `now` is at least its birth less the window's future.
    fn forget(&mut self, now: Time) {
        while let Some((until, used)) = self.by_until.first().copied() {
            if until >= now {
                return;
            }
            self.remove(&used);
        }
    }

    fn remove(&mut self, used: &Use) {
        let Some(kept) = self.kept.remove(used) else {
            return;
        };
        self.by_until.remove(&(kept.until, *used));
        self.disown((used.0, kept.owner));
        let swept = self.swept.entry(used.0).or_insert(kept.born);
        *swept = kept.born.max(*swept);
    }

    fn disown(&mut self, owner: (Space, u64)) {
        let Some(count) = self.owned.get_mut(&owner) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.owned.remove(&owner);
        }
    }
}
