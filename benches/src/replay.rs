//! Claiming nonces at a steady state of a million live ones, against the caches and maps that
//! services use for it, and against touching one cache line of a table of the same size.
//!
//! `bytes` is heap bytes per retained nonce: allocated bytes over the nonces that would be refused now.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use counterseal_core::{Claim, Claimed, Seed, Space, Span, Time};
use counterseal_replay::{PrivateRing, Shape, Window};

use crate::harness::Bench;

const LIVE: u64 = 1_000_000;
const LIFE_MS: i64 = 300_000;
const SPACE: Space = Space::new("bench");
const BEGUN: Time = Time::from_seconds(1_800_000_000);

type Nonce = [u8; 16];

/// A guard that is asked once per nonce, in the order of their times.
trait Guard {
    fn claim(&self, nonce: Nonce, at: i64) -> bool;

    /// How many nonces it would refuse now.
    fn retained(&self) -> u64 {
        LIVE
    }
}

struct Ring(PrivateRing);

impl Guard for Ring {
    fn claim(&self, nonce: Nonce, at: i64) -> bool {
        let born = BEGUN.plus(Span::from_millis(at));
        let claim = Claim {
            space: SPACE,
            owner: u64::from_le_bytes(*nonce.first_chunk().expect("16 bytes")),
            key: nonce,
            since: BEGUN,
            born,
            until: born.plus(Span::from_millis(LIFE_MS)),
        };
        self.0.claim(&claim) == Claimed::Fresh
    }

    fn retained(&self) -> u64 {
        self.0.gauge().live
    }
}

struct Moka(moka::sync::Cache<Nonce, ()>);

impl Guard for Moka {
    fn claim(&self, nonce: Nonce, _: i64) -> bool {
        self.0.entry(nonce).or_insert(()).is_fresh()
    }
}

/// A map with a queue in the order of arrival, as it is usually written by hand.
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

/// Spreads numbers over nonces.
fn nonce(number: u64) -> Nonce {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let first = mix(number.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15));
    let second = mix(first ^ number.wrapping_add(0x632b_e59b_d9b4_e019));
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&first.to_le_bytes());
    nonce[8..].copy_from_slice(&second.to_le_bytes());
    nonce
}

/// The time at which nonce `number` comes: a million in one life.
fn at(number: u64) -> i64 {
    number as i64 * LIFE_MS / LIVE as i64
}

/// Fills a guard with twice its live nonces, so that it forgets as fast as it learns, and measures on.
fn steady<G: Guard + 'static>(make: impl FnOnce() -> G) -> (f64, impl FnMut(u64)) {
    let before = ALLOCATED.load(Relaxed);
    let guard = make();
    let mut next = 0;
    while next < 2 * LIVE {
        claim_next(&guard, &mut next);
    }
    let bytes = (ALLOCATED.load(Relaxed) - before) as f64 / guard.retained() as f64;
    let claim = move |times: u64| (0..times).for_each(|_| claim_next(&guard, &mut next));
    (bytes, claim)
}

fn claim_next(guard: &impl Guard, next: &mut u64) {
    assert!(
        guard.claim(nonce(*next), at(*next)),
        "a fresh nonce is fresh"
    );
    *next += 1;
}

/// One dependent load of a random line in a table as large as the ring.
fn touch() -> impl FnMut() -> u64 {
    let table: Vec<u64> = (0..LIVE * 2)
        .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect();
    let mut state = 777_u64;
    move || {
        let line = (state >> 20) as usize % table.len() / 8 * 8;
        let read = black_box(table[line]);
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(read);
        state
    }
}

/// Sized for a million in 300 s; every key is an owner of its own, so no owner's cap is met.
fn ring() -> Ring {
    let per_second = u32::try_from(LIVE / 300).expect("a small number");
    let shape = Shape::for_rate(per_second + 1);
    let ring = PrivateRing::new(shape, Window::MINUTE, BEGUN, &Seed::new([7; 16]));
    Ring(ring.expect("a shape for a rate is fine"))
}

fn moka() -> Moka {
    let cache = moka::sync::Cache::builder()
        .max_capacity(LIVE)
        .eviction_policy(moka::policy::EvictionPolicy::lru())
        .time_to_live(Duration::from_millis(LIFE_MS.unsigned_abs()));
    Moka(cache.build())
}

fn dashmap() -> Dashmap {
    Dashmap {
        map: dashmap::DashMap::new(),
        queue: Mutex::default(),
    }
}

pub fn claim() -> Bench {
    let (ring_bytes, ring) = steady(ring);
    let (moka_bytes, moka) = steady(moka);
    let (dashmap_bytes, dashmap) = steady(dashmap);
    Bench::new("replay_claim")
        .item("floor", 0.0, touch())
        .batch("counterseal", ring_bytes, ring)
        .batch("moka", moka_bytes, moka)
        .batch("dashmap", dashmap_bytes, dashmap)
}

/// Counts the bytes that are allocated.
pub struct Counting;

static ALLOCATED: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size() as i64, Relaxed);
        // SAFETY: as of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as i64, Relaxed);
        // SAFETY: as of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}
