//! Uses of nonces that every process can work out for itself: batches of them, each verified at one moment.

use counterseal_core::{Claim, Space, Span, Time};
use counterseal_replay::Window;

/// Uses that are claimed together.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) number: u64,
    /// What the verifier's clock says.
    pub(crate) now: Time,
    /// How many uses there are, at most 2^20.
    pub(crate) count: u64,
    /// Whether the signers' clocks are up to 59 s off; else they are exact.
    pub(crate) spread: bool,
}

/// The window of all proofs.
pub(crate) const WINDOW: Window = Window::MINUTE;

/// When the first store begins.
pub(crate) const BEGINNING: Time = Time::from_seconds(2_500_000_000);

/// When keys that are older than every store may be served: the floors have passed.
pub(crate) const WARM: Time = BEGINNING.plus(Span::from_minutes(10));

impl Batch {
    /// The claims of this batch, each with its name.
    pub(crate) fn claims(self) -> impl Iterator<Item = (u64, Claim)> {
        (0..self.count).map(move |at| {
            let name = self.number << 20 | at;
            (name, self.claim(name))
        })
    }

    /// Most keys are older than every store. Every eighth is made as it signs, so its clock is exact.
    fn claim(self, name: u64) -> Claim {
        let is_young = name.is_multiple_of(8);
        let off = if self.spread && !is_young {
            Span::from_millis((mix(name) % 118_000).cast_signed() - 59_000)
        } else {
            Span::ZERO
        };
        let since = if is_young { self.now } else { Time::EPOCH };
        use_of(mix(name) % OWNERS, name, since, self.now.plus(off))
    }
}

/// The use of a nonce that `name` names.
pub(crate) fn use_of(owner: u64, name: u64, since: Time, born: Time) -> Claim {
    let key = u128::from(mix(name)) << 64 | u128::from(mix(!name));
    Claim {
        space: Space::new("example"),
        owner,
        key: key.to_be_bytes(),
        since,
        born,
        until: born.plus(WINDOW.past),
    }
}

/// Numbers that look random (the mixer of `SplitMix64`); different names give different numbers.
pub(crate) fn mix(name: u64) -> u64 {
    let mut word = name.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

const OWNERS: u64 = 97;
