//! A million live nonces: what all benches of claims begin with.

use std::hint::black_box;
use std::time::Duration;

use counterseal_core::{Claim, Claimed, Seed, Space, Span, Time};
use counterseal_replay::{PrivateRing, Shape, Window};

pub const LIVE: u64 = 1_000_000;
pub const LIFE_MS: i64 = 300_000;
pub const BEGUN: Time = Time::from_seconds(1_800_000_000);
const SPACE: Space = Space::new("bench");

pub type Nonce = [u8; 16];

/// A guard that is asked once per nonce, in the order of their times.
pub trait Guard {
    fn claim(&self, nonce: Nonce, at: i64) -> bool;

    /// How many nonces it would refuse now.
    fn retained(&self) -> u64 {
        LIVE
    }
}

impl Guard for PrivateRing {
    fn claim(&self, nonce: Nonce, at: i64) -> bool {
        PrivateRing::claim(self, &claim(nonce, at)) == Claimed::Fresh
    }

    fn retained(&self) -> u64 {
        self.gauge().live
    }
}

pub type Moka = moka::sync::Cache<Nonce, ()>;

impl Guard for Moka {
    fn claim(&self, nonce: Nonce, _: i64) -> bool {
        self.entry(nonce).or_insert(()).is_fresh()
    }
}

/// The claim of a nonce that is an owner of its own, so that no owner's cap is met.
pub fn claim(nonce: Nonce, at: i64) -> Claim {
    let born = BEGUN.plus(Span::from_millis(at));
    Claim {
        space: SPACE,
        owner: u64::from_le_bytes(*nonce.first_chunk().expect("16 bytes")),
        key: nonce,
        since: BEGUN,
        born,
        until: born.plus(Span::from_millis(LIFE_MS)),
    }
}

/// Spreads numbers over nonces.
pub fn nonce(number: u64) -> Nonce {
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
pub fn at(number: u64) -> i64 {
    number as i64 * LIFE_MS / LIVE as i64
}

/// A guard after twice its live nonces, so that it forgets as fast as it learns.
pub fn steady<G: Guard>(guard: G) -> G {
    (0..STEADY).for_each(|number| claim_next(&guard, number));
    guard
}

/// Claims on, from where [`steady`] ended.
pub fn go_on(guard: impl Guard + 'static) -> impl FnMut(u64) {
    let mut numbers = STEADY..;
    move |times| {
        let next = numbers.by_ref().take(times as usize);
        next.for_each(|number| claim_next(&guard, number));
    }
}

fn claim_next(guard: &impl Guard, number: u64) {
    let fresh = guard.claim(nonce(number), at(number));
    assert!(fresh, "a fresh nonce is fresh");
}

/// One dependent load of a random line in a table as large as the ring.
pub fn touch() -> impl FnMut() -> u64 {
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

/// Sized for a million in 300 s.
pub fn shape() -> Shape {
    let per_second = u32::try_from(LIVE / 300).expect("a small number");
    Shape::for_rate(per_second + 1)
}

pub fn ring() -> PrivateRing {
    let ring = PrivateRing::new(shape(), Window::MINUTE, BEGUN, &Seed::new([7; 16]));
    ring.expect("a shape for a rate is fine")
}

pub fn moka() -> Moka {
    let cache = moka::sync::Cache::builder()
        .max_capacity(LIVE)
        .eviction_policy(moka::policy::EvictionPolicy::lru())
        .time_to_live(Duration::from_millis(LIFE_MS.unsigned_abs()));
    cache.build()
}

/// How many nonces [`steady`] claims.
pub const STEADY: u64 = 2 * LIVE;
