//! Claiming nonces at a steady state of a million live ones, against the caches and maps that
//! services use for it, and against touching one cache line of a table of the same size.
//!
//! `bytes` is heap bytes per retained nonce: allocated bytes over the nonces that would be refused now.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::alloc::counted;
use crate::harness::Bench;
use crate::live::{Guard, LIFE_MS, Nonce, go_on, moka, ring, steady, touch};

/// A map with a queue in the order of arrival, as it is usually written by hand.
#[derive(Default)]
struct Dashmap {
    map: dashmap::DashMap<Nonce, i64>,
    queue: Mutex<VecDeque<(i64, Nonce)>>,
}

impl Guard for Dashmap {
    fn claim(&self, nonce: Nonce, at: i64) -> bool {
        match self.map.entry(nonce) {
            dashmap::Entry::Occupied(_) => return false,
            dashmap::Entry::Vacant(place) => drop(place.insert(at)),
        }
        let mut queue = self.queue.lock().expect("no panic in here");
        queue.push_back((at, nonce));
        while queue.front().is_some_and(|(then, _)| at >= then + LIFE_MS) {
            let (_, old) = queue.pop_front().expect("there is a front");
            self.map.remove(&old);
        }
        true
    }
}

pub fn claim() -> Bench {
    let (ring_bytes, ring) = measured(ring);
    let (moka_bytes, moka) = measured(moka);
    let (dashmap_bytes, dashmap) = measured(Dashmap::default);
    Bench::new("replay_claim")
        .item("floor", 0.0, touch())
        .batch("counterseal", ring_bytes, ring)
        .batch("moka", moka_bytes, moka)
        .batch("dashmap", dashmap_bytes, dashmap)
}

/// Bytes for each retained nonce, and claims to go on with.
fn measured<G: Guard + 'static>(make: impl FnOnce() -> G) -> (f64, impl FnMut(u64)) {
    let (guard, bytes, _) = counted(|| steady(make()));
    (bytes as f64 / guard.retained() as f64, go_on(guard))
}
