//! The ring: its decision, and words that others wrote.

use std::collections::HashSet;

use counterseal::core::{Charge, Charged, Claim, Claimed, Rate, Seed, Space, Span, Time};
use counterseal::replay::{CellPlan, Cells, Plan, PrivateRing, Ring, Shape, Window, Word};

use crate::bytes::Bytes;

/// A ring of few kilobytes, in which lines are full and owners at their cap after few claims.
pub(crate) const SMALL: Shape = Shape {
    slots: 64,
    owner_slots: 16,
    owner_cap: 32,
    ..Shape::for_rate(1)
};
const BEGUN: Time = Time::from_seconds(1_800_000_000);

/// Nothing is used twice, whatever the order of the claims and of the times they were born at.
pub fn replay_ring_claim(data: &[u8]) {
    let ring = PrivateRing::new(SMALL, Window::MINUTE, BEGUN, &Seed::new([1; 16]));
    let ring = ring.expect("a shape for the default window");
    let mut bytes = Bytes::new(data);
    let mut used = HashSet::new();
    while !bytes.is_empty() {
        let claim = claim(&mut bytes);
        if ring.claim(&claim) == Claimed::Fresh {
            assert!(used.insert(claim.key), "a key was fresh twice");
        }
    }
}

/// Words of any content neither panic nor hang, whether they attach or not.
pub fn replay_ring_attach(data: &[u8]) {
    let plan = Plan::new(SMALL, Window::MINUTE, &Seed::new([1; 16]));
    let plan = plan.expect("a shape for the default window");
    let mut bytes = Bytes::new(data);
    let claims = [claim(&mut bytes), claim(&mut bytes)];
    let words: Vec<Word> = (0..plan.words())
        .map(|_| Word::new(bytes.i64().cast_unsigned()))
        .collect();
    let Ok(ring) = Ring::attach(&plan, &words) else {
        return;
    };
    for claim in claims {
        let _ = ring.claim(&claim);
    }
    let _ = (ring.gauge(), ring.newest(), ring.floor());
    ring.sweep();
}

/// Cells of any content neither panic nor hang, and what passes at one instant is a burst at most.
pub fn replay_cells_over(data: &[u8]) {
    let plan = CellPlan::new(1, &Seed::new([1; 16]));
    let mut bytes = Bytes::new(data);
    let Some(rate) = Rate::new(bytes.u16().into(), bytes.u32()) else {
        return;
    };
    let (key, cost, now) = ([bytes.byte(); 16], bytes.byte().into(), bytes.i64());
    let charge = Charge {
        space: Space::new("fuzz"),
        key,
        cost,
        rate,
        now: Time::from_millis(now),
    };
    let words = (0..plan.words()).map(|_| Word::new(bytes.i64().cast_unsigned()));
    let words: Vec<Word> = words.collect();
    let cells = Cells::over(&plan, &words).expect("the planned length");
    let charges = (0..1_000).map(|_| cells.charge(&charge));
    let passed = charges.filter(|answer| matches!(answer, Charged::Within { .. }));
    assert!(cost == 0 || passed.count() <= (rate.burst() / cost) as usize);
    let _ = cells.gauge(charge.now);
}

/// A claim of few keys and owners, born around the beginning of the ring or long after it. Its key covers `born`.
pub(crate) fn claim(bytes: &mut Bytes<'_>) -> Claim {
    let born = BEGUN.plus(Span::from_millis(
        i64::from(bytes.u32() % 2_000_000) - 400_000,
    ));
    let (nonce, owner) = (bytes.byte(), bytes.byte() % 4);
    let mut key = [nonce; 16];
    key[..8].copy_from_slice(&born.millis().to_le_bytes());
    let since = if owner == 0 { BEGUN } else { Time::EPOCH };
    let until = born.plus(Span::from_seconds(300));
    Claim {
        space: Space::new("fuzz"),
        owner: owner.into(),
        key,
        since,
        born,
        until,
    }
}
